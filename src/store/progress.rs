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
    /// Bulk operations.
    Operations,
}

/// Where a topic stands in the database.
struct Parts {
    table: &'static str,
    /// What changes with every step.
    mark: &'static str,
    /// What still goes on.
    open: &'static str,
}

impl Topic {
    /// What still goes on at `now`. A plan that nobody ran in time never will; an hour more or less does not matter, and one text an hour is
    /// prepared once.
    fn open(self, now: Timestamp) -> String {
        const HOUR: i64 = 3_600_000_000;
        self.parts().open.replace("$now", &(now.micros() / HOUR * HOUR).to_string())
    }

    const fn parts(self) -> Parts {
        let queued = "state in ('QUEUED', 'RUNNING')";
        match self {
            Self::JobRuns => Parts {
                table: "job_runs",
                mark: "state || ':' || examined || ':' || reassigned || ':' || failed",
                open: queued,
            },
            Self::Backtests => {
                Parts { table: "backtests", mark: "state || ':' || coalesce(cursor_received_at, 0)", open: queued }
            }
            Self::Operations => Parts {
                table: "operations",
                // Planned leads while it is prepared, chunks that are done while it runs.
                mark: "state || ':' || lead_count || ':' || (select count(*) from operation_chunks c
                    where c.tenant_id = operations.tenant_id and c.operation_id = operations.id and c.state = 'DONE')",
                open: "state in ('PREPARING', 'RUNNING', 'PAUSED') or (state = 'READY' and expires_at >= $now)",
            },
        }
    }
}

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

/// Which are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// These, and those from an id on, if one is given.
    Known(&'a [Uuid], Option<Uuid>),
    /// Those that still go on, and those from an id on.
    Open(Uuid),
}

/// Those of a tenant that are wanted.
pub async fn list(
    conn: &Conn,
    (tenant, topic): (TenantId, Topic),
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<Vec<Progress>, StoreError> {
    let (Parts { table, mark, .. }, open) = (topic.parts(), topic.open(now));
    let mut values = vec![tenant.uuid().into()];
    let mut place = |id: Uuid| {
        values.push(id.into());
        format!("${}", values.len())
    };
    let mut which = Vec::new();
    match wanted {
        Wanted::Known(ids, from) => {
            if !ids.is_empty() {
                let places: Vec<String> = ids.iter().map(|id| place(*id)).collect();
                which.push(format!("id in ({})", places.join(", ")));
            }
            which.extend(from.map(|from| format!("id >= {}", place(from))));
        }
        Wanted::Open(from) => which.extend([format!("({open})"), format!("id >= {}", place(from))]),
    }
    if which.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select id, {mark} as mark, case when {open} then 1 else 0 end as open from {table}
         where tenant_id = $1 and ({}) order by id",
        which.join(" or ")
    );
    conn.query_sql(&sql, values).await?.iter().map(progress).collect()
}

fn progress(row: &sea_orm::QueryResult) -> Result<Progress, StoreError> {
    let is_open: i32 = row.try_get("", "open")?;
    Ok(Progress { id: row.try_get("", "id")?, mark: row.try_get("", "mark")?, is_open: is_open == 1 })
}
