//! Baton as a whole, on real databases: one file per use. Nothing here waits for time to pass.

mod support;
