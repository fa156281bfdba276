//! An older database brought up to date: what was in it is still there, and still hangs together (SPEC RUN-2).

use baton::store::Store;
use sqlx::migrate::Migrator;
use sqlx::{Connection, Row, SqliteConnection};

use crate::support::app::TestDatabase;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// The last migration before `jobs` is made anew.
const OLD: i64 = 6;

/// A job, and a run of it that refers to it.
const JOB: &str = "
    insert into tenants values (x'01', 'Acme', 'acme', 'MI', 'UTC', 'US', 3600, 0, 0);
    insert into interfaces values (x'01', x'02', 'nearest', '', 'DEALER', '{}', null, 1, 0, 0);
    insert into jobs (tenant_id, id, name, enabled, position, condition, elapsed_seconds, upper_age_seconds, interface_id, algorithm,
        blast_size, ranking, max_rounds, fallback, keep_original, notify_old_owner, notify_new_owner, notify_manager, version, created_at,
        updated_at)
      values (x'01', x'03', 'hourly', true, 4, 'true', 60, 600, x'02', 'NEAREST', 3, 'FROZEN', 5, 'LEAVE', false, true, false, true, 9, 7, 8);
    insert into job_runs (tenant_id, id, job_id, cause, state, queued_at, examined, reassigned, failed, skipped)
      values (x'01', x'04', x'03', 'MANUAL', 'QUEUED', 1, 0, 0, 0, '{}');";

// Making `jobs` anew was the first change of SQLite's schema that copies rows.
#[tokio::test]
async fn jobs_of_an_older_sqlite_file_are_kept_with_what_refers_to_them() {
    let database = TestDatabase::empty_sqlite();
    let url = database.url();
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    SQLITE.run_to(OLD, &mut old).await.unwrap();
    sqlx::raw_sql(JOB).execute(&mut old).await.unwrap();
    let row = |row: sqlx::sqlite::SqliteRow| {
        let texts =
            ["name", "algorithm", "ranking", "fallback", "condition"].map(|column| row.get::<String, _>(column));
        let numbers = ["position", "elapsed_seconds", "max_rounds", "version", "created_at", "updated_at"];
        (texts, numbers.map(|column| row.get::<i64, _>(column)), row.get::<bool, _>("notify_manager"))
    };
    let kept = row(sqlx::query("select * from jobs").fetch_one(&mut old).await.unwrap());
    old.close().await.unwrap();

    Store::connect(&url, 1).await.unwrap().migrate().await.unwrap();

    let mut new = SqliteConnection::connect(&url).await.unwrap();
    let job = sqlx::query("select * from jobs").fetch_one(&mut new).await.unwrap();
    assert!(!job.get::<bool, _>("gives_turn_back"));
    assert_eq!(row(job), kept);
    let broken = sqlx::query("pragma foreign_key_check").fetch_all(&mut new).await.unwrap();
    assert_eq!(broken.len(), 0);
    let refused = sqlx::query("delete from jobs").execute(&mut new).await.unwrap_err();
    assert!(refused.to_string().contains("FOREIGN KEY"), "{refused}");
    sqlx::query("update jobs set algorithm = 'ROTATION'").execute(&mut new).await.unwrap();
}

/// The last migration before copies have labels of their own.
const UNLABELLED: i64 = 8;

/// A request with a campaign and a language, its first copy, and one without either.
const REQUESTS: &str = "
    insert into tenants values (x'01', 'Acme', 'acme', 'MI', 'UTC', 'US', 3600, 0, 0);
    insert into requests (tenant_id, id, source, campaign, language, country, received_at, created_by)
      values (x'01', x'02', 'web', 'Spring', 'fr', 'US', 0, 'x'), (x'01', x'03', 'web', null, null, 'US', 0, 'x');
    insert into leads (tenant_id, id, request_id, root_id, round, state, source, received_at, excluded_from_automation, follow_up_status,
        custom, version, created_by, created_at, updated_at)
      values (x'01', x'12', x'02', x'12', 0, 'UNASSIGNED', 'web', 0, false, 'NOT_CONTACTED', '{}', 1, 'x', 0, 0),
             (x'01', x'13', x'03', x'13', 0, 'UNASSIGNED', 'web', 0, false, 'NOT_CONTACTED', '{}', 1, 'x', 0, 0);";

// BULK-4
#[tokio::test]
async fn leads_of_an_older_sqlite_file_get_the_labels_of_their_requests() {
    let database = TestDatabase::empty_sqlite();
    let url = database.url();
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    SQLITE.run_to(UNLABELLED, &mut old).await.unwrap();
    sqlx::raw_sql(REQUESTS).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    Store::connect(&url, 1).await.unwrap().migrate().await.unwrap();

    let mut new = SqliteConnection::connect(&url).await.unwrap();
    let labels = sqlx::query("select campaign, language, visibility, alert from leads order by id");
    let labels = labels.fetch_all(&mut new).await.unwrap();
    let label = |row: &sqlx::sqlite::SqliteRow, name: &str| row.get::<Option<String>, _>(name);
    let of =
        |row: &sqlx::sqlite::SqliteRow| ["campaign", "language", "visibility", "alert"].map(|name| label(row, name));
    let [spring, french, normal] = ["Spring", "fr", "NORMAL"].map(|text| Some(text.to_owned()));
    assert_eq!(
        labels.iter().map(of).collect::<Vec<_>>(),
        [[spring, french, normal.clone(), None], [None, None, normal, None]]
    );
}

/// The last migration before `deliveries` is made anew.
const WITHOUT_PUSHES: i64 = 12;

/// A message with an attempt that refers to it, and one that waits.
const MESSAGES: &str = "
    insert into tenants values (x'01', 'Acme', 'acme', 'MI', 'UTC', 'US', 3600, 0, 0);
    insert into deliveries (tenant_id, id, channel, address, message, state, attempts, next_attempt_at, sent_at, last_error, created_at)
      values (x'01', x'02', 'EMAIL', 'ann@example.org', '{\"a\": 1}', 'SENT', 2, null, 5, null, 3),
             (x'01', x'03', 'EMAIL', 'bob@example.org', '{}', 'PENDING', 0, 9, null, 'busy', 4);
    insert into delivery_attempts (tenant_id, id, delivery_id, number, outcome, attempted_at) values (x'01', x'04', x'02', 1, 'SENT', 5);";

// SEND-1
#[tokio::test]
async fn messages_of_an_older_sqlite_file_are_kept_with_their_attempts() {
    let database = TestDatabase::empty_sqlite();
    let url = database.url();
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    SQLITE.run_to(WITHOUT_PUSHES, &mut old).await.unwrap();
    sqlx::raw_sql(MESSAGES).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    Store::connect(&url, 1).await.unwrap().migrate().await.unwrap();

    let mut new = SqliteConnection::connect(&url).await.unwrap();
    let kept = "select address || message || state || attempts || coalesce(next_attempt_at, sent_at) || coalesce(last_error, '') || created_at
        || is_held as kept from deliveries order by id";
    let kept = sqlx::query(kept).fetch_all(&mut new).await.unwrap();
    let kept: Vec<String> = kept.iter().map(|row| row.get("kept")).collect();
    assert_eq!(kept, [r#"ann@example.org{"a": 1}SENT2530"#, "bob@example.org{}PENDING09busy40"]);
    assert_eq!(sqlx::query("pragma foreign_key_check").fetch_all(&mut new).await.unwrap().len(), 0);
    let refused = sqlx::query("delete from deliveries").execute(&mut new).await.unwrap_err();
    assert!(refused.to_string().contains("FOREIGN KEY"), "{refused}");
    let push = "update deliveries set channel = 'ADF_HTTP'";
    let refused = sqlx::query(push).execute(&mut new).await.unwrap_err();
    assert!(refused.to_string().contains("CHECK"), "a push is a lead's: {refused}");
    let left = sqlx::query("select 1 from sqlite_master where name like '%_kept'").fetch_all(&mut new).await.unwrap();
    assert!(left.is_empty());
}
