//! Reassignment jobs: making, changing, switching on and off, removing, the shares of a rotation, and asking for a run.
//!
//! A job never acts here; it says what the workers do when leads fall due.

mod edit;
mod switch;
mod weights;

pub use edit::{create_job, remove_job, update_job};
pub use switch::{dry_run, run_now, switch_job};
pub use weights::{Weight, set_weights};
