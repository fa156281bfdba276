//! Leads, what customers asked for, and what happened to them.

mod assignment;
mod audit;
mod event;
mod lead;
mod message;
mod mutation;
mod note;
mod order;
mod query;
mod request;
mod subscription;
mod target;
mod update_input;

pub use assignment::{AssignmentsInput, AssignmentsKey};
pub use audit::{AuditQuery, Role};
pub use event::Event;
pub use lead::Lead;
pub use message::{Delivery, MessageMutation, MessageQuery, Offer};
pub use mutation::{LeadMutation, PointInput};
pub use note::{LeadNote, LeadNoteInput, NoteMutation};
pub use order::{LeadOrder, LeadSortField, SortDirection};
pub use query::LeadQuery;
pub use request::{Point, Request};
pub use subscription::LeadSubscription;
pub use target::{DealerNumber, InterfaceTarget};
pub use update_input::LeadVisibility;
