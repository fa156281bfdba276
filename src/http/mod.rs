//! HOW IT IS REACHED: the routes of the server.
//!
//! Nothing here decides what may be done: a route reads its request, makes one call, writes the answer.

pub mod graphql;
pub mod playground;
