//! What the tests stand on; never what they test.

pub mod postgres;
