//! What a row refers to must be there, and be the same tenant's: both databases refuse anything else, however rows are written (SPEC AUTH-2).

use std::time::Duration;

use baton::domain::interface::CandidateKind;
use baton::store::operations::items;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

use crate::support::app::{Engine, TestApp, migrate, on_each_database};
use crate::support::postgres;
use crate::support::rules::{HOUR, nearest_first};

/// Tables that a hand-over writes, and what their rows refer to.
const REFERENCES: &[(&str, &[&str])] = &[
    ("leads", &["request_id", "root_id", "parent_id", "dealer_id", "decision_id", "job_id"]),
    ("decisions", &["request_id", "job_id", "interface_id"]),
    ("offers", &["lead_id", "contact_id"]),
    ("deliveries", &["lead_id", "offer_id", "contact_id"]),
    ("events", &["lead_id", "request_id"]),
];

/// The columns of a table.
async fn columns(app: &TestApp, table: &str) -> Vec<String> {
    let url = app.database_url();
    match app.engine() {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(&url).await.unwrap();
            let sql = "select name from pragma_table_info($1)";
            let rows = sqlx::query(sql).bind(table).fetch_all(&mut conn).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(&url).await.unwrap();
            let sql = "select column_name::text from information_schema.columns where table_name = $1";
            let rows = sqlx::query(sql).bind(table).fetch_all(&mut conn).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

/// Copies a row of the table under a new id, with `id` in one of its columns. The number of rows, or the database's code for its refusal.
async fn copy(
    app: &TestApp,
    (table, references): (&str, &[&str]),
    changed: Option<&str>,
    id: Uuid,
) -> Result<u64, String> {
    let columns = columns(app, table).await;
    let (given, new) = match app.engine() {
        Engine::Sqlite => ("$1", "randomblob(16)"),
        Engine::Postgres => ("cast($1 as uuid)", "gen_random_uuid()"),
    };
    let value = |column: &String| match column.as_str() {
        name if Some(name) == changed => given.to_owned(),
        "id" => new.to_owned(),
        name => format!("t.{name}"),
    };
    let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
    let whole = references.iter().map(|column| format!("t.{column} is not null")).collect::<Vec<_>>().join(" and ");
    let sql = format!(
        "insert into {table} ({}) select {values} from {table} t where {whole} and {given} is not null limit 1",
        columns.join(", ")
    );
    execute(app, sql, id).await
}

/// Runs a statement with an id in `$1`. The number of rows that it touched, or the database's code for its refusal.
async fn execute(app: &TestApp, sql: String, id: Uuid) -> Result<u64, String> {
    let url = app.database_url();
    let done = match app.engine() {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(&url).await.unwrap();
            sqlx::query("pragma foreign_keys = on").execute(&mut conn).await.unwrap();
            sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut conn).await.map(|done| done.rows_affected())
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(&url).await.unwrap();
            sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut conn).await.map(|done| done.rows_affected())
        }
    };
    done.map_err(|error| error.as_database_error().unwrap().code().unwrap_or_default().into_owned())
}

/// The code with which a database refuses what refers to nothing.
fn refusal(app: &TestApp) -> String {
    let code = match app.engine() {
        Engine::Sqlite => "787",
        Engine::Postgres => "23503",
    };
    code.to_owned()
}

// AUTH-2
#[tokio::test]
async fn rows_that_refer_to_nothing_or_to_another_tenants_are_refused() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("after an hour", interface, |_| {}).await;
        app.offered_lead(dealers[0]).await;
        app.advance(HOUR + Duration::from_secs(1));
        app.work().await;
        let other = app.another_tenant("boreal").await.id.uuid();
        for &(table, references) in REFERENCES {
            let of = (table, references);
            assert_eq!(copy(app, of, None, Uuid::nil()).await, Ok(1), "{table}: a sound copy is taken");
            for column in references {
                let refused = copy(app, of, Some(column), Uuid::from_u128(9)).await;
                assert_eq!(refused, Err(refusal(app)), "{table}.{column}");
            }
            for tenant in [other, Uuid::from_u128(9)] {
                let refused = copy(app, of, Some("tenant_id"), tenant).await;
                assert_eq!(refused, Err(refusal(app)), "{table}: of another tenant");
            }
        }
        // Copies of messages that were sent are among what was written.
        app.leaves_work();
    })
    .await;
}

// AUTH-2
#[tokio::test]
async fn what_changes_or_goes_later_leaves_nothing_that_refers_to_nothing() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        app.offered_lead(dealers[0]).await;
        let nothing = Uuid::from_u128(9);
        let given = match app.engine() {
            Engine::Sqlite => "$1",
            Engine::Postgres => "cast($1 as uuid)",
        };
        let sound = format!("update leads set dealer_id = dealer_id, user_id = null where {given} is not null");
        assert_eq!(execute(app, sound, nothing).await, Ok(1));
        for column in ["dealer_id", "user_id", "job_id"] {
            let sql = format!("update leads set {column} = {given}");
            assert_eq!(execute(app, sql, nothing).await, Err(refusal(app)), "leads.{column}");
        }
        let written_to = "(select contact_id from deliveries where contact_id is not null)";
        for sql in ["update deliveries set offer_id = null where", "delete from offers where"] {
            let sql = format!("{sql} contact_id in {written_to} and {given} is not null");
            assert_eq!(execute(app, sql, nothing).await, Ok(1), "the link goes, the message stays");
        }
        let sql = format!("delete from contacts where id in {written_to} and {given} is not null");
        assert_eq!(execute(app, sql, nothing).await, Err(refusal(app)), "a contact that was written to");
        for (table, columns, values) in [
            ("operation_items", "position, lead_id, request_id, lead_version, verdict", "0, $1, $1, 1, 'CHANGE'"),
            ("operation_results", "position, lead_id, outcome, reason_code", "0, $1, 'FAILED', 'FAULT'"),
            ("operation_shares", "side, id, kind, lead_count", "'TO', $1, 'DEALER', 1"),
        ] {
            let values = values.replace("$1", given);
            let sql = format!(
                "insert into {table} (tenant_id, operation_id, {columns}) select tenant_id, {given}, {values} from tenants"
            );
            assert_eq!(execute(app, sql, nothing).await, Err(refusal(app)), "{table}.operation_id");
        }
        app.leaves_work();
    })
    .await;
}

/// Pages of indexes that PostgreSQL has looked at so far.
async fn index_pages(conn: &mut PgConnection) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *conn).await.unwrap();
    let sql = "select cast(sum(idx_blks_hit + idx_blks_read) as bigint) from pg_statio_user_indexes";
    sqlx::query(sql).fetch_one(conn).await.unwrap().get(0)
}

// FAST-2: a connection keeps its plans; those that it made of a network's first leads must not cost it all others later.
#[tokio::test]
async fn what_rows_refer_to_is_found_by_its_key_on_a_connection_that_saw_the_first() {
    let database = postgres::fresh_database("app", async |url: String| migrate(&url).await).await;
    let mut conn = PgConnection::connect(database.url()).await.unwrap();
    let tenant = "cast('00000000-0000-7000-8000-000000000001' as uuid)";
    let id = |kind: u8| format!("cast('{kind:02x}' || lpad(to_hex(n), 30, '0') as uuid)");
    let (dealer, contact, lead, request) = ("2", id(3), id(4), id(5));
    let dealer = format!("cast('{dealer:0>2}' || lpad('1', 30, '0') as uuid)");
    let one_contact = contact.replace("to_hex(n)", "'1'");
    let first = [
        format!("insert into tenants values ({tenant}, 'A', 'a', 'MI', 'UTC', 'US', 259200, 1, 0)"),
        format!(
            "insert into dealers (tenant_id, id, number, name, active, accepts_leads, is_default, country, time_zone, hours, categories,
               brands, territory, crm, custom, version, created_at, updated_at)
             values ({tenant}, {dealer}, 'N1', 'D', true, true, false, 'US', 'UTC', '{{}}', '{{}}', '[]', '[]', '[]', '{{}}', 1, 0, 0)"
        ),
        format!(
            "insert into contacts (tenant_id, id, dealer_id, kind, name, email, active, version, created_at, updated_at)
             values ({tenant}, {one_contact}, {dealer}, 'TO', 'Ann', 'ann@example.org', true, 1, 0, 0)"
        ),
        // Nothing but this connection's own eyes tells it how much there is.
        "alter table leads set (autovacuum_enabled = false)".to_owned(),
        "alter table offers set (autovacuum_enabled = false)".to_owned(),
        "alter table requests set (autovacuum_enabled = false)".to_owned(),
    ];
    for sql in first {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }
    let written = |from: u32, to: u32| {
        let numbers = format!("generate_series({from}, {to}) s(n)");
        [
            format!(
                "insert into requests (tenant_id, id, source, country, received_at, created_by)
                 select {tenant}, {request}, 'Web', 'US', n, 'a' from {numbers}"
            ),
            format!(
                "insert into leads (tenant_id, id, request_id, root_id, round, state, dealer_id, source, received_at, offered_at,
                   excluded_from_automation, follow_up_status, custom, version, created_by, created_at, updated_at)
                 select {tenant}, {lead}, {request}, {lead}, 0, 'OFFERED', {dealer}, 'Web', n, n, false, 'NOT_CONTACTED', '{{}}', 1, 'a', n, n
                 from {numbers}"
            ),
            format!(
                "insert into offers (tenant_id, id, lead_id, contact_id, kind, generation, token_hash, expires_at, created_at)
                 select {tenant}, {lead}, {lead}, {one_contact}, 'TO', 0, '', n, n from {numbers}"
            ),
            format!(
                "insert into deliveries (tenant_id, id, lead_id, offer_id, contact_id, channel, address, message, state, attempts,
                   next_attempt_at, created_at)
                 select {tenant}, {lead}, {lead}, {lead}, {one_contact}, 'EMAIL', 'ann@example.org', '{{}}', 'PENDING', 0, n, n from {numbers}"
            ),
            format!(
                "insert into events (tenant_id, id, at, kind, subject, lead_id, request_id, actor_kind, actor_id, actor_name)
                 select {tenant}, {lead}, n, 'LEAD_OFFERED', 'lead_' || n, {lead}, {request}, 'SYSTEM', 'a', 'a' from {numbers}"
            ),
        ]
    };
    // After some five times a connection keeps a plan.
    for n in 1..=10 {
        for sql in written(n, n) {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        }
    }
    for sql in written(11, 4_000) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }
    for sql in written(4_001, 4_100) {
        let before = index_pages(&mut conn).await;
        sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut conn).await.unwrap();
        let pages = index_pages(&mut conn).await - before;
        assert!(pages > 100 && pages < 100 * 60, "{pages} pages for 100 rows: {sql}");
    }
}

// FAST-2: PostgreSQL counts a growing plan only after a minute, by which a large one is nearly done.
#[tokio::test]
async fn what_is_planned_of_a_request_is_found_by_it_in_a_plan_that_was_never_counted() {
    let app = TestApp::start(Engine::Postgres).await;
    let mut conn = PgConnection::connect(&app.database_url()).await.unwrap();
    let tenant = app.tenant.id.uuid();
    // Without its references, which don't matter here.
    let items = format!(
        "insert into operation_items (tenant_id, operation_id, position, lead_id, request_id, lead_version, verdict)
         select '{tenant}', '{}', n, gen_random_uuid(), gen_random_uuid(), 1, 'CHANGE' from generate_series(1, 20000) n",
        Uuid::max()
    );
    for sql in [
        "alter table operation_items set (autovacuum_enabled = false)",
        "set session_replication_role = replica",
        &items,
    ] {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
    }
    let (of, requests) = ((app.tenant.id, Uuid::max().into()), [Uuid::nil().into()]);
    let plan = items::plan_requests(app.store().reader(), of, &requests).await.unwrap().to_string();
    assert!(plan.contains("operation_items_by_request") && !plan.contains("operation_items_pkey"), "{plan}");
    app.leaves_work();
    app.finish().await;
}
