//! What an operator asks of the database itself: does it answer, what time is it there, does what must always hold still hold.
//!
//! The invariants are those that no constraint can state. They span all tenants and show counts only, never a row.

use std::time::Duration;

use super::conn::{Conn, Store};
use super::error::StoreError;
use crate::domain::Timestamp;

/// Something that must never be, with how often it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it is, in words.
    pub what: &'static str,
    /// How many there are.
    pub count: i64,
}

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Of what.
    pub what: &'static str,
    /// How many.
    pub count: i64,
}

/// Each counts rows that must not be. `$1` is now.
const INVARIANTS: [(&str, &str); 6] = [
    (
        "requests that two copies hold at once",
        "select count(*) as n from (select 1 as one from leads
           where state in ('ACKNOWLEDGED', 'ACCEPTED', 'WON', 'LOST') group by tenant_id, request_id having count(*) > 1) held",
    ),
    (
        "requests without a first copy",
        "select count(*) as n from requests r where not exists (
           select 1 from leads l where l.tenant_id = r.tenant_id and l.request_id = r.id and l.parent_id is null)",
    ),
    (
        "offered copies that nobody was given a link to",
        "select count(*) as n from leads l where l.state = 'OFFERED' and l.exception is null and not exists (
           select 1 from offers o where o.tenant_id = l.tenant_id and o.lead_id = l.id)",
    ),
    (
        "offered copies beside one that is held",
        "select count(*) as n from leads l where l.state = 'OFFERED' and exists (
           select 1 from leads h where h.tenant_id = l.tenant_id and h.request_id = l.request_id
             and h.state in ('ACKNOWLEDGED', 'ACCEPTED', 'WON', 'LOST'))",
    ),
    (
        "copies whose deadline passed more than ten minutes ago: do workers run?",
        "select count(*) as n from leads where due_at is not null and due_at < $1 - 600000000",
    ),
    (
        "mails that should have left more than ten minutes ago: is mail.host set, do workers run?",
        "select count(*) as n from deliveries
           where next_attempt_at is not null and channel in ('EMAIL', 'ADF_EMAIL') and next_attempt_at < $1 - 600000000",
    ),
];

const COUNTS: [(&str, &str); 9] = [
    ("tenants", "select count(*) as n from tenants"),
    ("dealers", "select count(*) as n from dealers"),
    ("interfaces", "select count(*) as n from interfaces"),
    ("jobs", "select count(*) as n from jobs"),
    ("requests", "select count(*) as n from requests"),
    ("copies of them, offered", "select count(*) as n from leads where state = 'OFFERED'"),
    ("messages waiting", "select count(*) as n from deliveries where next_attempt_at is not null"),
    ("addresses of CRMs that fail", "select count(*) as n from crm_endpoints"),
    ("messages given up", "select count(*) as n from deliveries where state = 'FAILED'"),
];

impl Store {
    /// Whether it is the embedded database, whose one file belongs to one machine.
    pub fn is_embedded(&self) -> bool {
        !self.writer().is_postgres()
    }

    /// An error unless the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader().query_sql("select 1 as one", Vec::new()).await.map(drop)
    }

    /// What time it is on the database's machine; none if that is this machine.
    pub async fn database_time(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.is_embedded() {
            return Ok(None);
        }
        let sql = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint as n";
        number(self.reader(), sql, Vec::new()).await.map(|micros| Some(Timestamp::from_micros(micros)))
    }

    /// For how long the oldest open transaction of Baton's has been open: what it writes may be dated as far back when it appears.
    /// Zero on SQLite, which has one writer at a time.
    pub async fn oldest_transaction(&self) -> Result<Duration, StoreError> {
        if self.is_embedded() {
            return Ok(Duration::ZERO);
        }
        let sql = "select coalesce((extract(epoch from clock_timestamp() - min(xact_start)) * 1000000)::bigint, 0) as n
            from pg_stat_activity where datname = current_database() and usename = current_user
              and backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'";
        let micros = number(self.reader(), sql, Vec::new()).await?;
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    /// What must never be and is. Reads whole tables: for `baton check`, not for a request.
    pub async fn violations(&self, now: Timestamp) -> Result<Vec<Violation>, StoreError> {
        let mut violations = Vec::new();
        for (what, sql) in INVARIANTS {
            let values = if sql.contains("$1") { vec![now.micros().into()] } else { Vec::new() };
            let count = number(self.reader(), sql, values).await?;
            if count > 0 {
                violations.push(Violation { what, count });
            }
        }
        Ok(violations)
    }

    /// How much there is.
    pub async fn counts(&self) -> Result<Vec<Count>, StoreError> {
        let mut counts = Vec::new();
        for (what, sql) in COUNTS {
            counts.push(Count { what, count: number(self.reader(), sql, Vec::new()).await? });
        }
        Ok(counts)
    }
}

async fn number(conn: &Conn, sql: &str, values: Vec<sea_orm::Value>) -> Result<i64, StoreError> {
    let rows = conn.query_sql(sql, values).await?;
    rows.first().map_or(Ok(0), |row| Ok(row.try_get("", "n")?))
}
