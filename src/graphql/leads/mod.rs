//! Leads, what customers asked for, and what happened to them.

mod audit;
mod event;
mod filter;
mod lead;
mod message;
mod mutation;
mod query;
mod request;

pub use audit::{AuditQuery, Role};
pub use event::Event;
pub use filter::SortDirection;
pub use lead::Lead;
pub use message::{Delivery, MessageMutation, MessageQuery, Offer};
pub use mutation::{LeadMutation, PointInput};
pub use query::LeadQuery;
pub use request::{Point, Request};
