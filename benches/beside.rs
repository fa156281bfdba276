//! BULK-6, FAST-5: how long a page of 50 leads takes over GraphQL while an operation over 100,000 leads is planned and run by the same server with
//! its usual settings; beside the same pages asked of the idle server, on both databases. Prints times and the ratio; it sets no target.
//!
//! `BATON_BENCH_LEADS` changes how many leads there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

#[path = "support/network.rs"]
mod network;
#[path = "../tests/it/support/postgres.rs"]
#[allow(
    dead_code,
    unused_imports,
    clippy::panic,
    clippy::expect_used,
    reason = "the tests use more of it; it fails loudly as they do"
)]
mod postgres;
#[path = "support/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use network::{SqliteFile, fill_postgres, migrate};
use serde_json::json;
use server::{PREPARE, RUN, Server};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People who look at the grid, and how long each looks before asking for another page: at most 160 pages per second in all.
const CLIENTS: u64 = 16;
const LOOKED_AT_FOR: Duration = Duration::from_millis(100);
const IDLE_FOR: Duration = Duration::from_secs(10);

const PAGE: &str = "query($source: String) { leads(first: 50, where: { source: { eq: $source } }) {
    nodes { id state receivedAt source followUpStatus dealer { name rating } } pageInfo { hasNextPage endCursor } } }";

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(bench());
}

async fn bench() {
    let leads: u64 = std::env::var("BATON_BENCH_LEADS").map_or(100_000, |count| count.parse().unwrap());
    let file = SqliteFile::filled(leads).await;
    compare("SQLite", &file.url(), leads).await;
    drop(file);
    let database = postgres::fresh_database("bench", async |url: String| migrate(&url).await).await;
    drop(fill_postgres(database.url(), leads).await);
    compare("PostgreSQL", database.url(), leads).await;
}

async fn compare(on: &str, url: &str, leads: u64) {
    let server = Server::start(url).await;
    // Warms the caches and the statements.
    look(&server, tokio::time::sleep(Duration::from_secs(1))).await;
    let idle = look(&server, tokio::time::sleep(IDLE_FOR)).await;
    report(on, "idle", &idle, None);
    let prepared = server.ask(PREPARE, json!({ "selection": { "all": true } })).await;
    let id = prepared["prepareReassignment"]["operation"]["id"].as_str().unwrap().to_owned();
    let planning =
        look(&server, async { assert_eq!(server.until(&id, "READY").await["changeCount"], json!(leads)) }).await;
    report(on, "while it is planned", &planning, Some(&idle));
    server.ask(RUN, json!({ "id": id })).await;
    let running = look(&server, async { drop(server.until(&id, "DONE").await) }).await;
    report(on, "while it runs", &running, Some(&idle));
}

/// The times of all pages that were asked for until `end`, in microseconds, sorted.
async fn look(server: &Server, end: impl Future<Output = ()>) -> Vec<u64> {
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (server, over) = (server.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let (mut beat, mut micros) = (tokio::time::interval(LOOKED_AT_FOR), Vec::new());
                beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                while !over.load(Ordering::Relaxed) {
                    beat.tick().await;
                    let began = Instant::now();
                    let page = server.ask(PAGE, json!({ "source": "Web" })).await;
                    assert_eq!(page["leads"]["nodes"].as_array().unwrap().len(), 50);
                    micros.push(began.elapsed().as_micros() as u64);
                }
                micros
            })
        })
        .collect();
    end.await;
    over.store(true, Ordering::Relaxed);
    let mut micros = Vec::new();
    for client in clients {
        micros.extend(client.await.unwrap());
    }
    micros.sort_unstable();
    micros
}

fn at(micros: &[u64], share: f64) -> f64 {
    micros[((micros.len() - 1) as f64 * share) as usize] as f64 / 1e3
}

fn report(on: &str, when: &str, micros: &[u64], beside: Option<&[u64]>) {
    let (p50, p99) = (at(micros, 0.5), at(micros, 0.99));
    let ratio =
        beside.map_or(String::new(), |beside| format!(", {:.1} times that of the idle server", p99 / at(beside, 0.99)));
    println!("{on}, {when}: {} pages, p50 {p50:.1} ms, p99 {p99:.1} ms{ratio}", micros.len());
}
