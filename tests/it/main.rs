//! Baton as a whole, on real databases: one file per use. Nothing here waits for time to pass.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::format_collect,
    reason = "a test fails loudly, its helpers too, and it may be wasteful"
)]

mod adf;
mod api;
mod app_outbox;
mod app_pages;
mod app_running;
mod assignments;
mod backtests;
mod balanced;
mod crm;
mod crm_documents;
mod crm_endpoints;
mod demo;
mod export;
mod export_results;
mod graphql_audits;
mod graphql_http;
mod graphql_server;
mod graphql_socket;
mod grids;
mod handing_on;
mod interfaces;
mod jobs;
mod killed;
mod labels;
mod leaving;
mod lists;
mod live;
mod live_servers;
mod migrations;
mod network_api;
mod network_import;
mod network_write;
mod networks;
mod notes;
mod older_networks;
mod operations;
mod operations_ahead;
mod operations_digest;
mod operations_fair;
mod operations_killed;
mod operations_undo;
mod races;
mod references;
mod rotation;
mod rules_golden;
mod rules_plans;
mod rules_properties;
mod rules_sql;
mod schema;
mod set_aside;
mod story;
mod summaries;
mod support;
mod uploads;
mod who_may;
