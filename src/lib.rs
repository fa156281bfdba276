//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//!
//! Beside them: [`config`] (what an operator may set), [`telemetry`] (what the server says about itself), [`clock`] (the
//! only place that asks the time or for randomness), [`auth`] (whose request it is).

pub mod domain;

pub mod auth;
pub mod clock;
pub mod config;
pub mod telemetry;
