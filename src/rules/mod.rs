//! WHAT A RULE MEANS: expression text → checked tree → its value over one row.
//!
//! The text is a subset of CEL, the Common Expression Language. It is read once, when saved: [`check`] parses it, finds every
//! name in the tenant's [`Catalog`], types every term and reports all problems at once. What comes out, [`Checked`], holds a
//! typed tree ([`Node`]) that evaluates over anything that implements [`Values`], prints itself as canonical text, and knows
//! which fields it reads. Missing values follow CEL's error absorption, which is Kleene's logic and SQL's own.
//!
//! Three rules hold everywhere, whoever evaluates the tree: text compares by code point; numbers never overflow silently, an
//! overflow, a division by zero or a double that is not finite is unknown; unknown does not match.
//!
//! Conditions can also be given as data ([`typed`]); they become the same tree. `docs/rules.md` tells admins and clients how to write
//! either, and what of CEL is not supported and why.
//!
//! Nothing here knows SQL, reads a clock, or stores anything.

pub mod builtin;
pub mod catalog;
pub mod error;
pub mod limits;
pub mod meaning;
pub mod reasons;
pub mod sort;
pub mod terms;
pub mod tree;
pub mod typed;
pub mod value;

mod arithmetic;
mod build;
mod check;
mod disguise;
mod effort;
mod eval;
mod lex;
mod literal;
mod moments;
mod print;
mod scan;
mod source;
mod syntax;
mod zones;

pub use builtin::{DealerField, LeadField, UserField};
pub use catalog::{Catalog, CatalogParts, CategoryGroup, Context, Field, FieldId, FieldSource, Root};
pub use check::{Expect, check};
pub use error::Diagnostic;
pub use eval::{eval, truth};
pub use literal::{ListLiteral, Literal, quoted};
pub use meaning::meaning;
pub use moments::Part;
pub use reasons::{ReadValue, Reason};
pub use sort::{Direction, Nulls, SortKey};
pub use terms::{Checked, ReadField, Term};
pub use tree::{Arithmetic, Comparison, Function, Item, Kind, Node, Pattern, Span, Type};
pub use value::{List, Truth, Value, Values};
pub use zones::{ClockChange, clock_changes};
