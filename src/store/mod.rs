//! WHAT IS SAVED: the only room with sea-orm and SQL.
//!
//! Every read starts from a [`Scope`] or a tenant; there is no unscoped find. Verbs are fixed: `lookup` (id → Option), `find` (other
//! key), `list` (page), `count`, `insert`, `update`, `remove`.

pub mod assignments;
pub mod backtests;
mod bulk;
pub mod calendar;
pub mod categories;
pub mod changes;
pub mod companies;
pub mod conn;
pub mod contacts;
pub mod dealers;
pub mod decisions;
pub mod deliveries;
pub mod downloads;
pub mod error;
pub mod events;
pub mod fields;
pub mod file_imports;
pub mod groups;
pub mod health;
pub mod idempotency;
pub mod imports;
pub mod interfaces;
pub mod jobs;
pub mod leads;
pub mod lists;
mod map;
pub mod notes;
pub mod offers;
pub mod operations;
pub mod page;
mod placed;
pub mod postal;
pub mod progress;
pub mod pushes;
pub mod requests;
pub mod rotations;
mod rows;
pub mod rule;
pub mod runs;
pub mod schema;
pub mod scope;
pub mod tenants;
pub mod uploads;
pub mod users;
pub mod wire;

pub use changes::Change;
pub use conn::{Conn, Store, Tx};
pub use error::StoreError;
pub use page::{Key, KeyPart, Order, Page, PageRequest};
pub use scope::{Reach, Scope};
