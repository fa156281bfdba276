//! HOW IT FITS TOGETHER: builds the rooms from the configuration.
//!
//! Nothing here listens, waits for a signal or prints: `http` and `commands` do. Tests build the same [`App`], with a clock that they
//! set and a mailbox in place of a mail server.

mod build;
mod changes;
mod error;
mod keys;

pub use build::{App, Outside, SchemaPolicy, connect};
pub use error::AppError;
