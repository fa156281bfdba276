//! What people give to make or change things: every field may be missing, and every problem is named at once with its path.
//!
//! The same input serves creating, changing and importing. A missing field leaves things as they are; `Some(None)` clears what can be
//! empty. Nothing here reads a database: what must be known beforehand comes in as [`Known`].

mod calendar;
mod company;
mod contact;
mod dealer;
mod groups;
mod job;
mod known;
mod lead;
mod person;
mod problems;
mod user;

pub use calendar::CalendarEventInput;
pub use company::CompanyInput;
pub use contact::{ContactInput, ContactSurroundings};
pub use dealer::{BRANDS_MAX, DealerInput, NUMBER_LENGTH_MAX, TERRITORY_MAX};
pub use groups::{CategoryInput, GroupInput};
pub use job::JobInput;
pub use known::{Known, Located, PointInput};
pub use lead::LeadPatch;
pub use person::{email, mobile};
pub use problems::Problems;
pub use user::UserInput;
