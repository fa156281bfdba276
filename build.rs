//! Tells cargo when the embedded playground has changed: a folder that the compiler only meets in a macro.
//!
//! It builds nothing and needs no Node: without `playground/dist` the binary says how to build it.

use std::path::Path;

fn main() {
    // A watched path that is missing would rebuild the package each time, so its parent stands in for it.
    let built = Path::new("playground/dist");
    let watched = if built.exists() { built } else { Path::new("playground") };
    println!("cargo:rerun-if-changed={}", watched.display());
    println!("cargo:rerun-if-changed=build.rs");
}
