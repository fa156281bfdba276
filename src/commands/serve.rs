//! `baton serve`, `baton work` and `baton migrate`: what runs on a server.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::running::{Running, Work};
use crate::app::{App, Outside, SchemaPolicy, connect};
use crate::config::Config;
use crate::telemetry;

/// Lists migrations instead of applying them.
#[derive(Args)]
pub struct Migrate {
    /// Shows each migration and whether the database has it; changes nothing.
    #[arg(long)]
    list: bool,
}

/// Serves requests, and works unless `workers.enabled` is false; until SIGTERM or SIGINT.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    let app = Arc::new(App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await?);
    let address = app.config.server.listen;
    let listener = TcpListener::bind(address).with_context(|| format!("can't listen on {address}"))?;
    let address = listener.local_addr()?;
    let works = app.config.workers.enabled;
    let running = Running::start(&app, Work { listener: Some(listener), works })?;
    tracing::info!(address = %address, workers = works, "serving");
    until_stopped(running).await
}

/// Works, without serving requests; until SIGTERM or SIGINT.
pub async fn work(config: Config) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    let app = Arc::new(App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await?);
    let running = Running::start(&app, Work { listener: None, works: true })?;
    tracing::info!("working");
    until_stopped(running).await
}

/// Brings the schema up to date, or lists its migrations. A database of a newer Baton is refused.
pub async fn migrate(config: Config, options: Migrate) -> anyhow::Result<()> {
    let store = connect(&config).await?;
    let before = store.migrations().await?;
    if options.list {
        for migration in &before {
            let mark = if migration.applied { "applied" } else { "missing" };
            println!("{:04}  {mark}  {}", migration.number, migration.name);
        }
        return Ok(());
    }
    store.migrate().await?;
    let missing: Vec<_> = before.iter().filter(|migration| !migration.applied).collect();
    for migration in &missing {
        println!("{:04}  applied now  {}", migration.number, migration.name);
    }
    if missing.is_empty() {
        println!("The schema is up to date: {} migrations.", before.len());
    }
    Ok(())
}

/// Waits for a signal, then drains.
pub(super) async fn until_stopped(mut running: Running) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ended = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        what = running.ended() => Some(what),
    };
    tracing::info!("stopping");
    running.stop().await;
    match ended {
        None => {
            tracing::info!("stopped");
            Ok(())
        }
        Some(what) => anyhow::bail!("{what} ended by itself, see the log"),
    }
}
