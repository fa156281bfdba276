//! Leads, what customers asked for, and what happened to them.

mod event;
mod filter;
mod lead;
mod query;
mod request;

pub use event::Event;
pub use lead::Lead;
pub use query::LeadQuery;
pub use request::Request;
