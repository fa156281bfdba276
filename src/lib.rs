//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`places`]: WHERE THINGS ARE

pub mod domain;
pub mod places;

pub mod clock;
