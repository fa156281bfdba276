//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`rules`]: WHAT A RULE MEANS

pub mod domain;
pub mod rules;

pub mod clock;
