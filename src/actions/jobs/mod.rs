//! Reassignment jobs: making, changing, switching on and off, removing, and asking for a run.
//!
//! A job never acts here; it says what the workers do when leads fall due.

mod edit;
mod switch;

pub use edit::{create_job, remove_job, update_job};
pub use switch::{dry_run, run_now, switch_job};
