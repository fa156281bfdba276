//! Leads: grids and chains, single copies, deadlines, and how many a recipient has.

mod deadline;
mod load;
mod read;
mod row;
mod write;

pub use deadline::{DueKind, claim_due, next_due, rearm};
pub use load::{RecipientLoad, count_open, loads};
pub use read::{
    Among, LeadFilter, LeadSort, Mark, Selected, Waiting, chains, count, find_request, list, list_marks, list_matching,
    list_selected, list_summaries, list_waiting, lookup, lookup_many, lookup_summaries, plan,
};
pub use write::{Expiry, expire, insert, quiet, rearm_at, set_aside, update, warned};
