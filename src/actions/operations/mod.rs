//! Bulk changes of leads: planned, looked at, run, watched, undone (SPEC §7).
//!
//! ```text
//! prepare ─▶ plan: chunk by chunk, leads and versions pinned ─▶ READY ─▶ run ─▶ work: chunk by chunk, each in one transaction ─▶ digest ─▶ end
//! ```
//!
//! A plan is never changed and a lead is changed once: what a chunk does and that it is done become true together. Each kind of change
//! has a file of its own, which plans a lead and carries the plan out.

mod ahead;
mod asking;
mod control;
mod digest;
mod end;
mod fields;
mod goal;
mod plan;
mod prepare;
mod reassign;
mod selection;
mod share_out;
mod step;
mod turns;
mod undo;
mod work;

pub use control::{cancel, pause, resume, run};
pub use goal::NewTarget;
pub use prepare::{New, NewChange, prepare, prepare_departure, prepare_retry, prepare_undo};
pub use selection::Wanted;
pub use step::step;
pub use turns::Turns;

use crate::domain::actor::{Actor, Role};
use crate::domain::operation::Operation;

/// Leads per chunk: a transaction of a tenth of a second at most, so that neither a link nor a deadline waits long for a request that
/// it holds.
pub const CHUNK: u64 = 500;

/// Whether somebody sees an operation: whoever reads all of the tenant, and whoever asked for it.
pub fn is_shown(actor: &Actor, operation: &Operation) -> bool {
    matches!(actor.role, Role::Admin | Role::Auditor) || operation.actor.subject == actor.subject
}
