//! Leads, what customers asked for, and what happened to them.

mod event;
mod filter;
mod lead;
mod mutation;
mod query;
mod request;

pub use event::Event;
pub use filter::SortDirection;
pub use lead::Lead;
pub use mutation::LeadMutation;
pub use query::LeadQuery;
pub use request::Request;
