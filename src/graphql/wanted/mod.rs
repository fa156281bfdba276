//! Which rows a grid shows: by `where`, a typed input, or by `filter`, an expression; never by both.
//!
//! The input types are made from the expression language's own list of fields and operators, so a new field can be asked at once.
//! Nothing here decides what a condition means: both forms become the same checked rule.

mod argument;
mod shape;

pub use argument::{DealerWhere, GridWhere, LeadWhere, UserWhere, Wanted, rows_of, search_text};
