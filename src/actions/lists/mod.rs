//! Lists: saved views over leads. Keeping them, and which leads one shows to whom.

pub mod columns;
mod edit;
mod filter;
mod opened;
mod share;

pub use columns::{Column, ColumnSource};
pub use edit::{ListChange, create_list, remove_list, update_list};
pub use filter::GivenFilter;
pub use opened::{Opened, condition, open, opened};
pub use share::set_list_shares;
