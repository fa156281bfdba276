//! Bulk operations: their plans, how far they have come, what became of each lead, and asking for them.
//!
//! Staff who read the whole tenant see all of them, managers those that they asked for.

mod change;
mod input;
mod item;
mod loaders;
mod mutation;
mod operation;
mod query;
mod subscription;

pub use item::ResultOutcome;
pub use loaders::OperationKey;
pub use mutation::OperationMutation;
pub use operation::Operation;
pub use query::{OperationQuery, find_operation};
pub use subscription::OperationSubscription;
