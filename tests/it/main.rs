//! One integration binary: each module shows one use of the server from outside.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect; clippy's own exception does not reach the helpers of tests"
)]

mod graphql_audits;
mod graphql_http;
mod graphql_server;
