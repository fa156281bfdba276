//! The network: dealers with their contacts, users and groups, companies, categories, custom fields, calendar events.
//!
//! Staff see all of it. A dealer's credential sees its own dealer; of others' dealers and of staff it sees, on its leads, only what a
//! business card would say.

mod calendar;
mod calendar_mutation;
mod company;
mod contact;
mod dealer;
mod dealer_input;
mod dealer_mutation;
mod definition;
mod definition_mutation;
mod group;
mod loaders;
mod node;
mod payload;
mod query;
mod staff_mutation;
mod user;
mod user_input;

pub use calendar::CalendarEvent;
pub use calendar_mutation::CalendarMutation;
pub use company::{Company, CompanyMutation, CompanyQuery};
pub use contact::Contact;
pub use dealer::Dealer;
pub use dealer_mutation::DealerMutation;
pub use definition::{Category, CustomField};
pub use definition_mutation::DefinitionMutation;
pub use group::Group;
pub use loaders::{CalendarKey, CompanyKey, UserKey};
pub use node::find_node;
pub use query::NetworkQuery;
pub use staff_mutation::StaffMutation;
pub use user::User;
