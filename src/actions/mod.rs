//! WHAT MAY BE DONE: one file per intent: may this actor, load, decide, write, deliveries; one transaction.
//!
//! Only this room and `jobs` begin a transaction. What a user can cause is [`ActionError::Refused`]; only faults are other errors.

pub mod adf;
pub mod amend;
pub mod answer;
mod aside;
pub mod assign;
pub mod backtests;
pub mod calendar;
pub mod catalogs;
pub mod context;
pub mod due;
pub mod error;
pub mod export;

pub mod handover;
pub mod held;
pub mod import;
pub mod intake;
pub mod interfaces;
pub mod jobs;
pub mod links;
pub mod lists;
pub mod loads;
pub mod manual_runs;
pub mod messages;
pub mod network;
pub mod networks;
pub mod notes;
pub mod operations;
pub mod permit;
pub mod reassign;
pub mod respond;
pub mod sight;
pub mod work;

pub use context::Context;
pub use error::ActionError;
pub use networks::{Networks, NetworksUsage};
pub use permit::{Permission, permit};
pub use sight::Sight;
pub use work::{Begun, Call, Work};
