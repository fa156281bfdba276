//! WHAT CAN BE COMMANDED: one file per subcommand: reads its options, makes a call or two into the other rooms, prints.
//!
//! Output that somebody asked for goes to standard output; log lines go to standard error.

pub mod check;
pub mod demo;
pub mod export;
pub mod import;
mod running;
pub mod schema;
pub mod serve;
pub mod tenant;
pub mod token;

use std::future::Future;

use anyhow::Context;

pub use running::{Running, Work};

/// Runs a command that waits for others.
pub fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads can be started")?;
    runtime.block_on(command)
}
