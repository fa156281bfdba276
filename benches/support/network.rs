//! What the benches of operations begin with: ten thousand dealers and as many leads as asked for, on either database.

use std::path::PathBuf;

use baton::domain::id::TenantId;
use baton::domain::{Actor, Role};
use baton::store::Store;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

pub const TENANT: &str = "00000000-0000-7000-8000-000000000001";
pub const DEALERS: u64 = 10_000;

/// Who asks for everything.
pub fn admin() -> Actor {
    Actor {
        tenant: TenantId(TENANT.parse().unwrap()),
        subject: "bench".to_owned(),
        name: "Bench".to_owned(),
        role: Role::Admin,
        user: None,
        dealer: None,
        source: None,
        company: None,
    }
}

/// Fills a database of the tests' server, which keeps what it has committed from now on: they run it without that. The connection by which
/// it was filled.
pub async fn fill_postgres(url: &str, leads: u64) -> PgConnection {
    let mut conn = PgConnection::connect(url).await.unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        conn.execute(AssertSqlSafe(format!("alter system set {setting} = on"))).await.unwrap();
    }
    conn.execute("select pg_reload_conf()").await.unwrap();
    fill(leads, &Postgres, async |sql| {
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
    })
    .await;
    conn
}

pub async fn migrate(url: &str) {
    let store = Store::connect(url, 2).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await.unwrap();
}

/// An SQLite file with the network in it, removed with what belongs to it when it is dropped.
pub struct SqliteFile(PathBuf);

impl SqliteFile {
    pub async fn filled(leads: u64) -> Self {
        let file = Self(std::env::temp_dir().join(format!("baton-bench-{}.sqlite", std::process::id())));
        migrate(&file.url()).await;
        let mut sqlite = SqliteConnection::connect(&file.url()).await.unwrap();
        fill(leads, &Sqlite, async |sql| {
            sqlite.execute(AssertSqlSafe(sql)).await.unwrap();
        })
        .await;
        sqlite.close().await.unwrap();
        file
    }

    pub fn url(&self) -> String {
        format!("sqlite://{}", self.0.display())
    }
}

impl Drop for SqliteFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

/// How a database writes what both can do.
trait Dialect {
    fn id(&self, kind: u8, number: &str) -> String;
    fn numbers(&self, count: u64) -> String;
    /// What the server would do by itself after a while, so that it does not do it while something is measured.
    fn settle(&self) -> &'static [&'static str];
}

struct Sqlite;
struct Postgres;

impl Dialect for Sqlite {
    fn id(&self, kind: u8, number: &str) -> String {
        format!("unhex('{kind:02x}' || printf('%030x', {number}))")
    }
    fn numbers(&self, count: u64) -> String {
        format!("(with recursive s(n) as (select 1 union all select n + 1 from s where n < {count}) select n from s) s")
    }
    fn settle(&self) -> &'static [&'static str] {
        &[]
    }
}

impl Dialect for Postgres {
    fn id(&self, kind: u8, number: &str) -> String {
        format!("cast('{kind:02x}' || lpad(to_hex({number}), 30, '0') as uuid)")
    }
    fn numbers(&self, count: u64) -> String {
        format!("generate_series(1::bigint, {count}) s(n)")
    }
    fn settle(&self) -> &'static [&'static str] {
        &["vacuum (analyze)", "checkpoint"]
    }
}

/// Ten thousand dealers with a contact each, and leads offered to them, all over a square of some 2,000 by 2,000 km.
async fn fill(leads: u64, on: &impl Dialect, mut execute: impl AsyncFnMut(String)) {
    let tenant = if on.id(1, "1").starts_with("unhex") {
        format!("unhex('{}')", TENANT.replace('-', ""))
    } else {
        format!("cast('{TENANT}' as uuid)")
    };
    let place = |step: u64, from: f64, over: f64| format!("({from} + (n * {step} % 99991) * {over} / 99991.0)");
    let (dealer, lead) = (on.id(2, "n"), on.id(4, "n"));
    let holder = on.id(2, &format!("1 + n * 7 % {DEALERS}"));
    let (contact, request) = (on.id(3, "n"), on.id(5, "n"));
    let (lat, lon) = (place(7_919, 30.0, 18.0), place(10_007, -110.0, 20.0));
    let (their_lat, their_lon) = (place(15_485, 30.0, 18.0), place(32_452, -110.0, 20.0));
    let (dealers, all) = (on.numbers(DEALERS), on.numbers(leads));
    for sql in [
        format!("insert into tenants values ({tenant}, 'Bench', 'bench', 'MI', 'America/New_York', 'US', 259200, 1, 0)"),
        format!(
            "insert into dealers (tenant_id, id, number, name, active, accepts_leads, is_default, country, lat, lon, time_zone,
               hours, rating, categories, brands, territory, crm, custom, version, created_at, updated_at)
             select {tenant}, {dealer}, 'N' || n, 'Dealer ' || n, true, true, false, 'US', {lat}, {lon}, 'America/New_York',
               '{{\"weekdays\": [], \"exceptions\": {{}}}}', (n % 50) / 10.0, '{{}}', '[]', '[]', '[]', '{{}}', 1, 0, 0 from {dealers}"
        ),
        format!(
            "insert into contacts (tenant_id, id, dealer_id, kind, name, email, active, version, created_at,
               updated_at)
             select {tenant}, {contact}, {dealer}, 'TO', 'Ann ' || n, 'ann' || n || '@example.org', true, 1, 0, 0
             from {dealers}"
        ),
        format!(
            "insert into requests (tenant_id, id, source, brand, country, city, lat, lon, point_source, received_at, created_by)
             select {tenant}, {request}, 'Web', 'Aurora', 'US', 'Springfield', {their_lat}, {their_lon}, 'GIVEN', 1780000000000000 + n, 'bench'
             from {all}"
        ),
        format!(
            "insert into leads (tenant_id, id, request_id, root_id, round, state, dealer_id, source, brand, received_at, offered_at,
               excluded_from_automation, follow_up_status, custom, version, created_by, created_at, updated_at)
             select {tenant}, {lead}, {request}, {lead}, 0, 'OFFERED', {holder}, 'Web', 'Aurora', 1780000000000000 + n,
               1780000000000000 + n, false, 'NOT_CONTACTED', '{{}}', 1, 'bench', 1780000000000000 + n, 1780000000000000 + n
             from {all}"
        ),
    ] {
        execute(sql).await;
    }
    for sql in on.settle() {
        execute((*sql).to_owned()).await;
    }
}
