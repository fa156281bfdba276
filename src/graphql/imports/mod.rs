//! Importing uploaded files: prepare, look at what would come of it, run, follow.

mod import;
mod mutation;
mod query;

pub use import::FileImport;
pub use mutation::ImportMutation;
pub use query::{ImportQuery, find_node};
