//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`places`]: WHERE THINGS ARE
//! - [`store`]: WHAT IS SAVED
//! - [`actions`]: WHAT MAY BE DONE
//! - [`graphql`]: WHAT IS ASKED

pub mod domain;
// In the order in which to read them, not in that of the alphabet.
pub mod places;

pub mod store;

pub mod actions;

pub mod graphql;

pub mod clock;
