//! WHAT MAY BE DONE: one file per intent: may this actor, load, decide, write, deliveries; one transaction.
//!
//! Only this room and `jobs` begin a transaction. What a user can cause is [`ActionError::Refused`]; only faults are other errors.

pub mod context;
pub mod error;
pub mod networks;
pub mod permit;
pub mod work;

pub use context::Context;
pub use error::ActionError;
pub use networks::Networks;
pub use permit::{Permission, permit};
pub use work::{Begun, Call, Work};
