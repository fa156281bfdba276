//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`store`]: WHAT IS SAVED

pub mod actions;
pub mod domain;
pub mod store;

pub mod clock;
