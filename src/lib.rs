//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`delivery`]: WHAT GOES OUT
//! - [`http`]: HOW IT IS REACHED

pub mod delivery;
pub mod domain;
pub mod http;

pub mod clock;
