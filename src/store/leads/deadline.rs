//! Deadlines: which copies are due, found by index, so that cost follows what is due and not what is open.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::id::{RequestId, TenantId};
use crate::store::conn::Conn;
use crate::store::error::StoreError;

/// Which of a copy's two deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueKind {
    /// A job may take the copy away.
    Reassign,
    /// The recipient is to be warned.
    Warn,
}

impl DueKind {
    const fn column(self) -> &'static str {
        match self {
            Self::Reassign => "due_at",
            Self::Warn => "warn_at",
        }
    }
}

/// Requests with a copy that is due at `now`, earliest first, held until the transaction ends. Those that another worker or an
/// acknowledgement holds are passed over: a later sweep finds them. The copies must be read after this, not before.
pub async fn claim_due(
    conn: &Conn,
    kind: DueKind,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(TenantId, RequestId)>, StoreError> {
    let column = kind.column();
    let lock = if conn.is_postgres() { "for update of r skip locked" } else { "" };
    let sql = format!(
        "select l.tenant_id, l.request_id from leads l
         join requests r on r.tenant_id = l.tenant_id and r.id = l.request_id
         where l.{column} is not null and l.{column} <= $1
         order by l.{column}, l.tenant_id, l.request_id limit $2 {lock}"
    );
    let rows = conn.query_sql(&sql, vec![now.micros().into(), limit.into()]).await?;
    let pair = |row: &sea_orm::QueryResult| -> Result<(TenantId, RequestId), StoreError> {
        let tenant: uuid::Uuid = row.try_get("", "tenant_id")?;
        let request: uuid::Uuid = row.try_get("", "request_id")?;
        Ok((tenant.into(), request.into()))
    };
    let mut claimed = rows.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_unstable();
    claimed.dedup();
    Ok(claimed)
}

/// The earliest deadline of all, by which a worker knows how long it may rest.
pub async fn next_due(conn: &Conn, kind: DueKind) -> Result<Option<Timestamp>, StoreError> {
    let column = kind.column();
    let rows = conn
        .query_sql(&format!("select min({column}) as next from leads where {column} is not null"), Vec::new())
        .await?;
    let next: Option<i64> = rows.first().map(|row| row.try_get("", "next")).transpose()?.flatten();
    Ok(next.map(Timestamp::from_micros))
}

/// After a job was made or changed: every waiting copy of the tenant may be due by it, as soon as `elapsed` after its offer. A
/// deadline only moves forward here; whether the job then acts is decided when it falls due.
pub async fn rearm(
    conn: &Conn,
    tenant: TenantId,
    elapsed: Duration,
    warn_before: Option<Duration>,
) -> Result<u64, StoreError> {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let due = "update leads set due_at = offered_at + $2
        where tenant_id = $1 and state = 'OFFERED' and reassigned_at is null and not excluded_from_automation
          and (due_at is null or due_at > offered_at + $2)";
    let touched = conn.execute_sql(due, vec![tenant.uuid().into(), micros(elapsed).into()]).await?;
    if let Some(before) = warn_before {
        let warn = "update leads set warn_at = offered_at + $2
            where tenant_id = $1 and state = 'OFFERED' and reassigned_at is null and not excluded_from_automation
              and (warn_at is null or warn_at > offered_at + $2) and due_at is not null";
        let after = micros(elapsed.saturating_sub(before));
        conn.execute_sql(warn, vec![tenant.uuid().into(), after.into()]).await?;
    }
    Ok(touched)
}
