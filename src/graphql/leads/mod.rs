//! Leads, what customers asked for, and what happened to them.

mod assignment;
mod audit;
mod event;
mod lead;
mod message;
mod mutation;
mod order;
mod query;
mod request;
mod subscription;
mod target;

pub use assignment::{AssignmentsInput, AssignmentsKey};
pub use audit::{AuditQuery, Role};
pub use event::Event;
pub use lead::Lead;
pub use message::{Delivery, MessageMutation, MessageQuery, Offer};
pub use mutation::{LeadMutation, PointInput};
pub use order::{LeadOrder, LeadSortField, SortDirection};
pub use query::LeadQuery;
pub use request::{Point, Request};
pub use subscription::LeadSubscription;
pub use target::{DealerNumber, InterfaceTarget};
