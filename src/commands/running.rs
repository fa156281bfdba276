//! What runs until it is told to stop: the server, the worker, the refresh of public keys. Stopping drains and loses nothing.
//!
//! ```text
//! stop ─▶ sockets are closed ─▶ no new connections ─▶ requests under way are answered ─▶ worker ends its step, messages in hand are sent and recorded
//! ```

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::http;

/// What a process does.
#[derive(Debug, Default)]
pub struct Work {
    /// Answers requests on this socket.
    pub listener: Option<TcpListener>,
    /// Does what is due.
    pub works: bool,
}

/// What runs.
pub struct Running {
    app: Arc<App>,
    stop: watch::Sender<bool>,
    server: Option<ServerHandle>,
    tasks: JoinSet<&'static str>,
    patience: Duration,
}

impl Running {
    /// Starts.
    pub fn start(app: &Arc<App>, work: Work) -> std::io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let server = work.listener.map(|listener| http::server(app, listener)).transpose()?;
        let handle = server.as_ref().map(actix_web::dev::Server::handle);
        if let Some(server) = server {
            tasks.spawn(async move {
                if let Err(error) = server.await {
                    tracing::error!(error = %error, "the server failed");
                }
                "the server"
            });
            // Ends at once without an address to fetch from, which is no reason for the process to end.
            let (fresh, until) = (Arc::clone(app), stopped.clone());
            tokio::spawn(async move { fresh.keep_keys_fresh(until).await });
            let (telling, until) = (Arc::clone(app), stopped.clone());
            tasks.spawn(async move {
                telling.tell_subscribers(until).await;
                "the telling of changes"
            });
        }
        // Ends at once where there is no wire.
        let (exchanging, until) = (Arc::clone(app), stopped.clone());
        tokio::spawn(async move { exchanging.exchange_changes(until).await });
        if work.works {
            let worker = Arc::clone(&app.worker);
            tasks.spawn(async move {
                Box::pin(worker.run(stopped)).await;
                "the worker"
            });
        }
        let patience = Duration::from_secs(app.config.server.shutdown_seconds);
        Ok(Self { app: Arc::clone(app), stop, server: handle, tasks, patience })
    }

    /// Waits until something ends by itself, which nothing should; says what it was.
    pub async fn ended(&mut self) -> &'static str {
        match self.tasks.join_next().await {
            Some(Ok(what)) => what,
            Some(Err(_)) | None => "a task",
        }
    }

    /// Drains and ends; whether everything ended within the patience that the configuration has.
    pub async fn stop(mut self) -> bool {
        // First: a socket is under way for as long as its client wants.
        self.app.closing.send_replace(true);
        if let Some(server) = &self.server {
            server.stop(true).await;
        }
        self.stop.send_replace(true);
        let drained = tokio::time::timeout(self.patience, async { while self.tasks.join_next().await.is_some() {} });
        let in_time = drained.await.is_ok();
        if !in_time {
            tracing::warn!("work in hand was cut off, another worker takes it over");
        }
        in_time
    }
}
