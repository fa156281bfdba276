//! FAST-2 and FAST-5: many leads handed on to the nearest of 10,000 dealers as a real operation, planned and run, on PostgreSQL with
//! durable commits and on SQLite; beside one plain SQL transaction on the same PostgreSQL that does the same writes and decides nothing.
//! Prints leads per second, the ratios and the peak memory of the process without the pages of SQLite's file that it looks at in place,
//! which are the system's cache; it sets no target.
//!
//! `BATON_BENCH_LEADS` changes how many leads there are, `BATON_BENCH_WORKERS` how many chunks are carried out at once on PostgreSQL (4),
//! and `BATON_BENCH_ON` names the one database to run on (`sqlite` or `postgres`; both).

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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use baton::actions::Call;
use baton::actions::operations::{New, NewChange, NewTarget, Turns, Wanted, prepare, run, step};
use baton::app::{App, Outside, SchemaPolicy};
use baton::clock::{Clock, Entropy, SystemClock};
use baton::config::Config;
use baton::domain::Actor;
use baton::domain::id::OperationId;
use baton::domain::operation::{NotifyNewOwner, OnProblem, Operation, OperationState, Options};
use baton::store::operations;
use network::{SqliteFile, admin, fill_postgres, migrate};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(bench());
}

fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |count| count.parse().unwrap())
}

async fn bench() {
    let leads = asked("BATON_BENCH_LEADS", 100_000);
    let only = std::env::var("BATON_BENCH_ON").ok();
    if only.as_deref() != Some("postgres") {
        on_sqlite(leads).await;
    }
    if only.as_deref() != Some("sqlite") {
        on_postgres(leads).await;
    }
}

async fn on_sqlite(leads: u64) {
    let file = SqliteFile::filled(leads).await;
    operation("SQLite", &file.url(), leads, 1).await;
}

async fn on_postgres(leads: u64) {
    let new = || postgres::fresh_database("bench", async |url: String| migrate(&url).await);
    let plain = new().await;
    let floor = plain_sql(&mut fill_postgres(plain.url(), leads).await, leads).await;
    // Else the server would tidy it up while the operation runs.
    drop(plain);
    let database = new().await;
    drop(fill_postgres(database.url(), leads).await);
    let ours = operation("PostgreSQL", database.url(), leads, asked("BATON_BENCH_WORKERS", 4)).await;
    println!("PostgreSQL: the run of the operation is {:.2} of the plain transaction", ours / floor);
}

async fn app(url: &str) -> Arc<App> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let variables = [
        set("BATON_DATABASE__URL", url),
        set("BATON_AUTH__SECRET", "a secret of the bench, 32 bytes or more"),
        set("BATON_SECRETS__KEY", "a key of the bench, 32 bytes or more"),
    ];
    let config = Config::load(None, variables).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let outside = Outside { clock, entropy: Arc::new(Entropy::from_os()), mailbox: None };
    Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await.unwrap())
}

/// Plans and runs the operation; leads per second of the run.
async fn operation(on: &str, url: &str, leads: u64, workers: u64) -> f64 {
    let app = app(url).await;
    let actor = admin();
    let call = |mutation| Call { actor: &actor, mutation, input: &Value::Null, key: None };
    let options = Options {
        on_problem: OnProblem::Skip,
        notify_new_owner: NotifyNewOwner::PerLead,
        push_to_crm: false,
        notify_old_owner: false,
        reason: None,
    };
    let new = New { selection: Wanted::All(true), change: NewChange::Reassign(NewTarget::Nearest), options };
    let memory = Memory::watch();
    let began = Instant::now();
    let id = prepare(&app.actions, call("prepareReassignment"), new).await.unwrap();
    work(&app, 1).await;
    let planned = began.elapsed().as_secs_f64();
    let plan = read(&app, &actor, id).await;
    assert_eq!(
        (plan.state, plan.planned.change),
        (OperationState::Ready, i64::try_from(leads).unwrap()),
        "{:?}",
        plan.planned
    );
    let began = Instant::now();
    run(&app.actions, call("runOperation"), id).await.unwrap();
    work(&app, workers).await;
    let took = began.elapsed().as_secs_f64();
    assert_eq!(read(&app, &actor, id).await.state, OperationState::Done);
    let rate = leads as f64 / took;
    println!(
        "{on}: {leads} leads planned in {planned:.1} s ({:.0} per second), run in {took:.1} s by {workers} ({rate:.0} per second), \
         peak memory {} MB beside the pages of the file",
        leads as f64 / planned,
        memory.peak_megabytes()
    );
    rate
}

async fn read(app: &App, actor: &Actor, id: OperationId) -> Operation {
    operations::lookup(app.store().reader(), actor.tenant, id).await.unwrap().unwrap()
}

/// Steps of so many workers until there is nothing left to do.
async fn work(app: &Arc<App>, workers: u64) {
    let turns = Arc::new(Turns::default());
    let one = |_| {
        let (app, turns) = (Arc::clone(app), Arc::clone(&turns));
        tokio::spawn(async move { while step(&app.actions, &turns).await.unwrap() {} })
    };
    for worker in (0..workers).map(one).collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    // The last may have found another's chunk still in hand: then the end is left to it.
    while step(&app.actions, &turns).await.unwrap() {}
}

/// Looks again and again at how much memory of its own the process has, as Linux tells it.
struct Memory {
    peak_kilobytes: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Memory {
    fn watch() -> Self {
        let (peak_kilobytes, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (peak, over) = (Arc::clone(&peak_kilobytes), Arc::clone(&is_over));
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                peak.fetch_max(own_kilobytes(), Ordering::Relaxed);
                std::thread::park_timeout(Duration::from_millis(20));
            }
        });
        Self { peak_kilobytes, is_over }
    }

    fn peak_megabytes(&self) -> u64 {
        self.peak_kilobytes.load(Ordering::Relaxed) / 1024
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn own_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0)
}

/// The same writes as one transaction of plain SQL: to whom each lead goes is given, no plan is read and nobody is asked.
async fn plain_sql(conn: &mut PgConnection, leads: u64) -> f64 {
    let now = "1790000000000000";
    conn.execute(
        "create temp table given as
        select l.tenant_id, l.id as old_id, l.request_id, l.root_id, l.dealer_id as old_dealer, l.received_at,
          d.id as dealer_id, c.id as contact_id, c.email, gen_random_uuid() as new_id, gen_random_uuid() as decision_id,
          gen_random_uuid() as offer_id, row_number() over () - 1 as position
        from leads l
        join (select *, row_number() over (order by id) as n from leads) o on o.id = l.id
        join (select *, row_number() over (order by id) as n from dealers) d on d.n = 1 + o.n * 13 % 10000
        join contacts c on c.dealer_id = d.id",
    )
    .await
    .unwrap();
    conn.execute("analyze given").await.unwrap();
    let statements = [
        format!("insert into decisions select tenant_id, decision_id, request_id, old_id, null, null, null, 'NEAREST', 'ASSIGNED', {now},
          'bench', jsonb_build_object('state', 'OFFERED', 'round', 0, 'holder', old_dealer, 'chain', jsonb_build_array(old_dealer),
            'source', 'Web', 'brand', 'Aurora', 'country', 'US', 'custom', '{{}}'::jsonb),
          jsonb_build_array(jsonb_build_object('recipient', dealer_id, 'label', 'N1', 'rank', 1, 'distance_km', 1.5, 'keys', jsonb_build_array(1.5))),
          10000, 9999, '{{}}', 'the nearest of 9999 on the active dealers' from given"),
        format!("update leads l set state = 'EXPIRED', expired_at = {now}, updated_at = {now}, reassigned_at = {now},
          state_reason = 'handed on by Bench', version = version + 1 from given g where l.tenant_id = g.tenant_id and l.id = g.old_id"),
        format!("insert into leads (tenant_id, id, request_id, root_id, parent_id, round, state, dealer_id, decision_id, source, brand,
            received_at, offered_at, excluded_from_automation, follow_up_status, custom, version, created_by, created_at, updated_at)
          select tenant_id, new_id, request_id, root_id, old_id, 1, 'OFFERED', dealer_id, decision_id, 'Web', 'Aurora', received_at, {now},
            false, 'NOT_CONTACTED', '{{}}', 1, 'bench', {now}, {now} from given"),
        format!("insert into offers (tenant_id, id, lead_id, contact_id, kind, generation, token_hash, expires_at, created_at)
          select tenant_id, offer_id, new_id, contact_id, 'TO', 0, decode(md5(offer_id::text) || md5(new_id::text), 'hex'), {now}, {now} from given"),
        format!("insert into deliveries (tenant_id, id, lead_id, offer_id, contact_id, channel, address, message, state, attempts,
            next_attempt_at, created_at)
          select tenant_id, gen_random_uuid(), new_id, offer_id, contact_id, 'EMAIL', email,
            jsonb_build_object('template', 'offer', 'about', jsonb_build_object('network', 'Bench', 'dealer', 'Dealer 1', 'recipient', 'Ann 1',
              'zone', 'America/New_York', 'lead', new_id, 'summary', jsonb_build_object('brand', 'Aurora', 'city', 'Springfield', 'country', 'US',
              'source', 'Web', 'received_at', received_at)), 'link', jsonb_build_object('offer', offer_id, 'generation', 0), 'round', 2,
              'distance', jsonb_build_object('km', 1.5, 'unit', 'MI'), 'reason', 'the nearest of 9999 on the active dealers', 'offered_at', {now}),
            'PENDING', 0, {now}, {now} from given"),
        format!("insert into events (tenant_id, id, at, kind, subject, lead_id, request_id, actor_kind, actor_id, actor_name, before, after, reason)
          select tenant_id, gen_random_uuid(), {now}, 'LEAD_OFFERED', 'lead_' || new_id, new_id, request_id, 'USER', 'bench', 'Bench', null,
            jsonb_build_object('recipient', dealer_id, 'name', 'Dealer 1', 'round', 1), 'the nearest of 9999 on the active dealers' from given
          union all
          select tenant_id, gen_random_uuid(), {now}, 'LEAD_REASSIGNED', 'lead_' || old_id, old_id, request_id, 'USER', 'bench', 'Bench',
            jsonb_build_object('state', 'OFFERED', 'recipient', old_dealer), jsonb_build_object('state', 'EXPIRED'), 'handed on by Bench' from given"),
        format!("insert into operations (tenant_id, id, kind, state, change, selection, on_problem, notify_new_owner, notify_old_owner,
            requested_by, actor, lead_count, change_count, unchanged_count, problem_count, created_at, started_at)
          select tenant_id, '00000000-0000-7000-8000-0000000000aa', 'REASSIGN', 'RUNNING', '{{}}', '{{}}', 'SKIP', 'PER_LEAD', false, 'bench', '{{}}',
            0, 0, 0, 0, {now}, {now} from tenants"),
        "insert into operation_results (tenant_id, operation_id, position, lead_id, outcome, lead_version, copies, before)
          select tenant_id, '00000000-0000-7000-8000-0000000000aa', position, old_id, 'CHANGED', 2,
            jsonb_build_array(jsonb_build_object('lead', new_id, 'version', 1)),
            jsonb_build_object('state', 'OFFERED', 'recipient', jsonb_build_object('dealer', old_dealer), 'times', jsonb_build_object('offered_at',
              received_at, 'created_at', received_at, 'updated_at', received_at), 'workflow', jsonb_build_object('follow_up_status', 'NOT_CONTACTED'),
              'created_by', 'bench') from given".to_owned(),
    ];
    let began = Instant::now();
    conn.execute("begin").await.unwrap();
    for sql in statements {
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    conn.execute("commit").await.unwrap();
    let rate = leads as f64 / began.elapsed().as_secs_f64();
    println!("PostgreSQL: the same writes in one plain transaction, {rate:.0} leads per second");
    rate
}
