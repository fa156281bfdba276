//! Reassignment jobs and their runs.
//!
//! Staff who read the configuration see all of it, everybody else nothing.

mod dry_run;
mod job;
mod job_input;
mod loaders;
mod mutation;
mod query;
mod rotation;
mod run;
mod subscription;

pub use job::ReassignmentJob;
pub use mutation::JobMutation;
pub use query::{JobQuery, find_node};
pub use run::JobRun;
pub use subscription::JobSubscription;
