//! WHAT THINGS ARE: the nouns of the field, valid by construction.
//!
//! A value of these types can only be made valid; nothing here reads a clock, a database or the network.

pub mod actor;
pub mod assignment;
pub mod backtest;
pub mod calendar;
pub mod category;
pub mod company;
pub mod custom_field;
pub mod dealer;
pub mod decision;
pub mod delivery;
pub mod download;
pub mod error;
pub mod event;
pub mod field;
pub mod file_import;
pub mod id;
pub mod input;
pub mod interface;
pub mod job;
pub mod label;
pub mod language;
pub mod lead;
pub mod link;
pub mod list;
pub mod message;
pub mod note;
pub mod offer;
pub mod operation;
pub mod place;
pub mod request;
pub mod rotation;
pub mod sort;
pub mod tenant;
pub mod time;
pub mod user;

pub use actor::{Actor, Role};
pub use error::{Invalid, InvalidCode};
pub use place::{CountryCode, Point, PostalCode};
pub use time::Timestamp;
