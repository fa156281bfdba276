//! FAST-3: a page of 50 leads out of a million, filtered, sorted, each with its dealer, over GraphQL; beside the same SQL, prepared, by
//! as many clients on the same database. Prints requests per second and the ratio; it sets no target.
//!
//! `BATON_BENCH_LEADS` changes how many leads there are (a million takes some minutes to write).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

#[path = "support/network.rs"]
#[allow(dead_code, reason = "others begin with its leads")]
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
#[allow(dead_code, reason = "others run operations, too")]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use network::{TENANT, migrate};
use server::Server;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Executor, PgPool, Row};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 16;
const MEASURED_FOR: Duration = Duration::from_secs(10);
const STATES: [&str; 3] = ["OFFERED", "ACKNOWLEDGED", "ACCEPTED"];
const SOURCES: [&str; 5] = ["Web", "Phone", "Partner", "Event", "Import"];

/// What the server asks for such a page, in one statement.
const PAGE: &str = "select l.id, l.state, l.received_at, l.source, l.follow_up_status, d.name, d.rating
    from leads l join dealers d on d.tenant_id = l.tenant_id and d.id = l.dealer_id
    where l.tenant_id = $1 and l.state = $2 and l.source = $3 order by l.received_at desc, l.id desc limit 51";

const QUERY: &str = "query Page($state: String, $source: String) {
    leads(first: 50, where: { state: { eq: $state }, source: { eq: $source } }) {
        nodes { id state receivedAt source followUpStatus dealer { name rating } } pageInfo { hasNextPage endCursor } } }";

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(bench());
}

async fn bench() {
    let leads: u64 = std::env::var("BATON_BENCH_LEADS").map_or(1_000_000, |count| count.parse().unwrap());
    let database = postgres::fresh_database("bench", async |url: String| migrate(&url).await).await;
    let pool = PgPoolOptions::new().max_connections(CLIENTS as u32).connect(database.url()).await.unwrap();
    let began = Instant::now();
    fill(&pool, leads).await;
    println!("{leads} leads of 10,000 dealers written in {:.0} s", began.elapsed().as_secs_f64());
    let server = Server::start(database.url()).await;
    let sql = measure(CLIENTS, |client, round| ask_sql(pool.clone(), client + round)).await;
    report("the same SQL, prepared", &sql, None);
    let graphql = measure(CLIENTS, |client, round| ask_graphql(server.clone(), client + round)).await;
    report("GraphQL over HTTP", &graphql, Some(&sql));
}

/// Ten thousand dealers, and leads over ninety days, in their columns' own proportions.
async fn fill(pool: &PgPool, leads: u64) {
    let statements = [
        format!(
            "insert into tenants values ('{TENANT}', 'Bench', 'bench', 'MI', 'America/New_York', 'US', 259200, 1, 0)"
        ),
        format!(
            "insert into dealers (tenant_id, id, number, name, active, accepts_leads, is_default, country, time_zone, hours, rating,
               categories, brands, territory, crm, custom, version, created_at, updated_at)
             select '{TENANT}', gen_random_uuid(), 'N' || n, 'Dealer ' || n, true, true, false, 'US', 'America/New_York',
               '{{\"weekdays\": [], \"exceptions\": {{}}}}',
               (n % 50) / 10.0, '{{}}', '[]', '[]', '[]', '{{}}', 1, 0, 0 from generate_series(1, 10000) n"
        ),
        format!(
            "insert into requests (tenant_id, id, source, country, received_at, created_by)
             select '{TENANT}', gen_random_uuid(), (array['Web', 'Phone', 'Partner', 'Event', 'Import'])[1 + n % 5], 'US',
               1780000000000000 + n * 7776000, 'bench' from generate_series(1::bigint, {leads}) n"
        ),
        format!(
            "insert into leads (tenant_id, id, request_id, root_id, round, state, dealer_id, source, received_at, offered_at,
               acknowledged_at, acknowledged_by, accepted_at, excluded_from_automation, follow_up_status, custom, version, created_by,
               created_at, updated_at)
             select '{TENANT}', r.id, r.id, r.id, 0, (array['OFFERED', 'ACKNOWLEDGED', 'ACCEPTED'])[1 + r.n % 3], d.id, r.source,
               r.received_at, r.received_at, r.received_at, 'bench', r.received_at, false, 'NOT_CONTACTED', '{{}}', 1, 'bench',
               r.received_at, r.received_at
             from (select *, row_number() over () n from requests) r
             join (select id, row_number() over () n from dealers) d on d.n = 1 + r.n % 10000"
        ),
    ];
    for statement in statements {
        pool.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    pool.execute("vacuum analyze").await.unwrap();
}

async fn ask_sql(pool: PgPool, turn: usize) {
    let tenant: uuid::Uuid = TENANT.parse().unwrap();
    let rows =
        sqlx::query(PAGE).bind(tenant).bind(STATES[turn % 3]).bind(SOURCES[turn % 5]).fetch_all(&pool).await.unwrap();
    assert_eq!(rows.len(), 51);
    assert!(rows.iter().all(|row| !row.get::<String, _>("name").is_empty()));
}

async fn ask_graphql(server: Server, turn: usize) {
    let variables = serde_json::json!({ "state": STATES[turn % 3], "source": SOURCES[turn % 5] });
    let answer = server.fetch(QUERY, &variables).await;
    assert!(
        answer.starts_with(b"{\"data\":{\"leads\":{\"nodes\":[{\"id\":\"lead_"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

/// Requests per second, and the times of all of them in microseconds, sorted.
struct Measured {
    per_second: f64,
    micros: Vec<u64>,
}

async fn measure<F: Future<Output = ()> + Send + 'static>(clients: usize, ask: impl Fn(usize, usize) -> F) -> Measured {
    // Warms the caches and the statements.
    for turn in 0..200 {
        ask(turn, 0).await;
    }
    let count = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut running: futures_util::stream::FuturesUnordered<_> =
        (0..clients).map(|client| timed(ask(client, 0), client, 0, Arc::clone(&count))).collect();
    let mut micros = Vec::new();
    while let Some((client, round, took)) = futures_util::StreamExt::next(&mut running).await {
        micros.push(took);
        if began.elapsed() < MEASURED_FOR {
            running.push(timed(ask(client, round + 1), client, round + 1, Arc::clone(&count)));
        }
    }
    micros.sort_unstable();
    Measured { per_second: count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64(), micros }
}

async fn timed<F: Future<Output = ()> + Send + 'static>(
    ask: F,
    client: usize,
    round: usize,
    count: Arc<AtomicU64>,
) -> (usize, usize, u64) {
    let began = Instant::now();
    tokio::spawn(ask).await.unwrap();
    count.fetch_add(1, Ordering::Relaxed);
    (client, round, began.elapsed().as_micros() as u64)
}

fn report(what: &str, measured: &Measured, beside: Option<&Measured>) {
    let at = |share: f64| measured.micros[((measured.micros.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    let ratio =
        beside.map_or(String::new(), |beside| format!(", {:.2} of it", measured.per_second / beside.per_second));
    println!(
        "{what}: {:.0} per second by {CLIENTS} clients, p50 {:.1} ms, p99 {:.1} ms{ratio}",
        measured.per_second,
        at(0.5),
        at(0.99)
    );
}
