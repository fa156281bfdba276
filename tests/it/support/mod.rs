//! What the tests stand on; never what they test.

pub mod app;
pub mod crm;
pub mod dice;
pub mod http;
pub mod network;
pub mod operations;
pub mod postgres;
pub mod rules;
pub mod socket;
pub mod terms;
pub mod words;
pub mod world;
