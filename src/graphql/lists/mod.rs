//! Lists: saved views over leads, with their shares and the leads that they show to whoever opens them.

mod export;
mod input;
mod list;
mod mutation;
mod query;

pub use export::ExportMutation;
pub use list::{LeadList, told};
pub use mutation::ListMutation;
pub use query::{ListQuery, find_node};
