//! WHAT RUNS LATER: what falls due, job runs that somebody asked for, and the outbox.
//!
//! Nothing is decided here: each step calls an action or sends a message and writes down how that went. The rows themselves are the
//! queue, so a worker that dies loses nothing: what it had in hand is taken over when its transaction or its lease has ended.

mod endpoints;
mod error;
mod loops;
mod outbox;
mod parcels;
mod record;
mod trouble;
mod wake;
mod worker;

pub use error::JobError;
pub use outbox::{LEASE, Outbox, Posted, Senders};
pub use wake::Wake;
pub use worker::{Stepped, Worker, WorkerSettings};
