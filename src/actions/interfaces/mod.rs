//! Reassignment Interfaces: drafts, published versions, previews, and why somebody is or is not a candidate.
//!
//! Nothing is saved whose expressions do not check against the tenant's words; every problem is named at once.

mod backtest;
pub mod check;
mod edit;
mod preview;
mod publish;

pub use crate::routing::{DefinitionProblem, Explanation, Problem};
pub(in crate::actions) use backtest::leads_of;
pub use backtest::{NewBacktest, cancel_backtest, start_backtest};
pub use edit::{InterfaceChange, NewInterface, create_interface, discard_draft, remove_interface, update_interface};
pub use preview::{Asked, For, Place, Preview, explain, preview};
pub use publish::{publish_interface, restore_version};
