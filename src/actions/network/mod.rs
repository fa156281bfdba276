//! The network's own intents: dealers, contacts, users, groups, companies, categories, custom fields.
//!
//! Each raises the network's version in its transaction, so that no candidate is found in a snapshot that is out of date.

pub mod categories;
mod changes;
pub mod companies;
pub mod contacts;
pub mod dealers;
pub mod fields;
mod ground;
pub mod groups;
mod leaving;
mod target;
mod usage;
pub mod users;

pub use changes::changes;
pub use fields::FieldChange;
pub use ground::Ground;
pub use leaving::{check_may_leave, come_back, leave, rules_naming};
pub use target::{Target, taken};
pub use usage::Definitions;
