//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`graphql`]: WHAT IS ASKED
//! - [`http`]: HOW IT IS REACHED

pub mod domain;
pub mod graphql;
pub mod http;

pub mod clock;
