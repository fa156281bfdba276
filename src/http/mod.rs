//! HOW IT IS REACHED: what a browser or a program gets over HTTP.
//!
//! Nothing here decides anything: a route reads the request, makes one call, shows the answer.

mod adf;
mod admission;
mod body;
mod downloads;
pub mod graphql;
mod health;
pub mod links;
mod mailbox;
pub mod pages;
pub mod playground;
mod problem;
pub mod rate;
mod request_id;
mod server;
mod sheet;
mod uploads;

pub use server::server;
