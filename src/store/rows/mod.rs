//! The tables, row by row, as sea-orm sees them. Nothing outside `store` sees these.

pub mod backtest;
pub mod backtest_share;
pub mod calendar_event;
pub mod category;
pub mod contact;
pub mod custom_field;
pub mod dealer;
pub mod decision;
pub mod delivery;
pub mod delivery_attempt;
pub mod event;
pub mod group;
pub mod idempotency_key;
pub mod import;
pub mod interface;
pub mod interface_version;
pub mod job;
pub mod job_run;
pub mod lead;
pub mod membership;
pub mod offer;
pub mod postal_code;
pub mod request;
pub mod tenant;
pub mod user;
