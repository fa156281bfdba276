//! WHAT THINGS ARE: the nouns of the field, valid by construction.
//!
//! A value of these types can only be made valid; nothing here reads a clock, a database or the network.

pub mod error;
pub mod field;
pub mod id;
pub mod place;
pub mod time;

pub use error::{Invalid, InvalidCode};
pub use place::{CountryCode, Point, PostalCode};
pub use time::Timestamp;
