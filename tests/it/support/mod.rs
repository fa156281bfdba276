//! What the tests stand on; never what they test.

pub mod app;
pub mod graphql;
pub mod postgres;
