//! Progress: what is under way in the background and how far it has come, whatever it is.
//!
//! INVARIANT: the rows of a topic have a key of tenant and id, an id that was made when they were queued, and a `state`.

use uuid::Uuid;

use super::conn::Conn;
use super::error::StoreError;
use crate::domain::Timestamp;
use crate::domain::id::TenantId;

/// A kind of work whose progress can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Runs of jobs.
    JobRuns,
    /// Backtests of interfaces.
    Backtests,
}

impl Topic {
    /// The table, and what changes with every step.
    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::JobRuns => ("job_runs", "state || ':' || examined || ':' || reassigned || ':' || failed"),
            Self::Backtests => ("backtests", "state || ':' || coalesce(cursor_received_at, 0)"),
        }
    }
}

/// What still goes on, whatever the topic.
const OPEN: &str = "state in ('QUEUED', 'RUNNING')";

/// How far one has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which one.
    pub id: Uuid,
    /// Another text after every step.
    pub mark: String,
    /// Whether it still goes on.
    pub is_open: bool,
}

/// The lowest id that can have been made at `at`.
pub fn first_id(at: Timestamp) -> Uuid {
    // UUIDv7: the milliseconds are the first 48 of 128 bits.
    Uuid::from_u128(u128::try_from(at.micros() / 1_000).unwrap_or(0) << 80)
}

/// Those of a tenant from an id on.
pub async fn list(conn: &Conn, tenant: TenantId, topic: Topic, from: Uuid) -> Result<Vec<Progress>, StoreError> {
    let (table, mark) = topic.parts();
    let sql = format!(
        "select id, {mark} as mark, case when {OPEN} then 1 else 0 end as open from {table}
         where tenant_id = $1 and id >= $2 order by id"
    );
    let rows = conn.query_sql(&sql, vec![tenant.uuid().into(), from.into()]).await?;
    rows.iter().map(progress).collect()
}

/// The oldest of a tenant that still goes on.
pub async fn find_oldest_open(conn: &Conn, tenant: TenantId, topic: Topic) -> Result<Option<Uuid>, StoreError> {
    let (table, _) = topic.parts();
    let sql = format!("select id from {table} where tenant_id = $1 and {OPEN} order by queued_at, id limit 1");
    let rows = conn.query_sql(&sql, vec![tenant.uuid().into()]).await?;
    Ok(rows.first().map(|row| row.try_get("", "id")).transpose()?)
}

fn progress(row: &sea_orm::QueryResult) -> Result<Progress, StoreError> {
    let is_open: i32 = row.try_get("", "open")?;
    Ok(Progress { id: row.try_get("", "id")?, mark: row.try_get("", "mark")?, is_open: is_open == 1 })
}
