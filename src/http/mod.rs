//! HOW IT IS REACHED: what a browser or a program gets over HTTP.
//!
//! Nothing here decides anything: a route reads the request, makes one call, shows the answer.

mod admission;
pub mod graphql;
mod health;
pub mod links;
mod mailbox;
pub mod pages;
pub mod playground;
mod request_id;
mod server;
mod sheet;

pub use server::server;
