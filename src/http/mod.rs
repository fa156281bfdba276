//! HOW IT IS REACHED: what a browser or a program gets over HTTP.
//!
//! Nothing here decides anything: a route reads the request, makes one call, shows the answer.

pub mod graphql;
pub mod pages;
pub mod playground;
