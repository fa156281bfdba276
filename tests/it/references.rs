//! What a row refers to must be there, and be the same tenant's: both databases refuse anything else, however rows are written (SPEC AUTH-2).

use std::time::Duration;

use baton::domain::interface::CandidateKind;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

use crate::support::app::{Engine, TestApp, on_each_database};
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
        let refusal = match app.engine() {
            Engine::Sqlite => "787",
            Engine::Postgres => "23503",
        };
        for &(table, references) in REFERENCES {
            let of = (table, references);
            assert_eq!(copy(app, of, None, Uuid::nil()).await, Ok(1), "{table}: a sound copy is taken");
            for column in references {
                let refused = copy(app, of, Some(column), Uuid::from_u128(9)).await;
                assert_eq!(refused, Err(refusal.to_owned()), "{table}.{column}");
            }
            for tenant in [other, Uuid::from_u128(9)] {
                let refused = copy(app, of, Some("tenant_id"), tenant).await;
                assert_eq!(refused, Err(refusal.to_owned()), "{table}: of another tenant");
            }
        }
        // Copies of messages that were sent are among what was written.
        app.leaves_work();
    })
    .await;
}
