//! Baton: no sales lead is left waiting.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`domain`]: WHAT THINGS ARE
//! - [`places`]: WHERE THINGS ARE
//! - [`rules`]: WHAT A RULE MEANS
//! - [`routing`]: WHO GETS IT
//! - [`store`]: WHAT IS SAVED
//! - [`actions`]: WHAT MAY BE DONE
//! - [`delivery`]: WHAT GOES OUT
//! - [`jobs`]: WHAT RUNS LATER
//! - [`live`]: WHAT IS TOLD AT ONCE
//! - [`graphql`]: WHAT IS ASKED
//! - [`demo`]: WHAT CAN BE TRIED
//! - [`http`]: HOW IT IS REACHED
//! - [`commands`]: WHAT CAN BE COMMANDED
//!
//! Beside them: [`app`] (how it fits together), [`config`] (what an operator may set), [`telemetry`] (what the server says
//! about itself), [`clock`] (the only place that asks the time or for randomness), [`auth`] (whose request it is).

// In the order in which to read them, not in that of the alphabet.
pub mod domain;

pub mod places;

pub mod rules;

pub mod routing;

pub mod store;

pub mod actions;

pub mod delivery;

pub mod jobs;

pub mod live;

pub mod graphql;

pub mod demo;

pub mod http;

pub mod commands;

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod telemetry;
