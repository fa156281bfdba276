//! How much recipients have in hand: for capacities and for the computed candidate fields.

use std::collections::HashMap;

use crate::domain::Timestamp;
use crate::domain::id::TenantId;
use crate::domain::lead::Recipient;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::recipient;

/// What a recipient has in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RecipientLoad {
    /// Offered, acknowledged and accepted copies.
    pub open: i64,
    /// Copies offered since the start of the day.
    pub today: i64,
    /// Copies offered in the period.
    pub offered: i64,
    /// Of those, acknowledged.
    pub acknowledged: i64,
    /// Mean time from offer to acknowledgement in the period, in minutes.
    pub response_minutes: Option<f64>,
}

/// How many open copies a recipient has, however old: offered, acknowledged or accepted.
pub async fn count_open(conn: &Conn, tenant: TenantId, of: Recipient) -> Result<i64, StoreError> {
    let (column, id) = match of {
        Recipient::Dealer(id) => ("dealer_id", id.uuid()),
        Recipient::User(id) => ("user_id", id.uuid()),
    };
    let sql = format!(
        "select count(*) as open from leads
         where tenant_id = $1 and {column} = $2 and state in ('OFFERED', 'ACKNOWLEDGED', 'ACCEPTED')"
    );
    let rows = conn.query_sql(&sql, vec![tenant.uuid().into(), id.into()]).await?;
    Ok(rows.first().map(|row| row.try_get("", "open")).transpose()?.unwrap_or(0))
}

/// The loads of all of a tenant's recipients that have any; `day` is when today began, `period` when the period for rates did.
pub async fn loads(
    conn: &Conn,
    tenant: TenantId,
    day: Timestamp,
    period: Timestamp,
) -> Result<HashMap<Recipient, RecipientLoad>, StoreError> {
    // Two parts, each answered by an index of its own: what is open, however old, and what was offered lately.
    let sql = "select dealer_id, user_id, cast(sum(open) as bigint) as open, cast(sum(today) as bigint) as today,
             cast(sum(offered) as bigint) as offered, cast(sum(acknowledged) as bigint) as acknowledged,
             sum(response) as response from (
          select dealer_id, user_id, count(*) as open, 0 as today, 0 as offered, 0 as acknowledged, cast(0 as double precision) as response
          from leads where tenant_id = $1 and state in ('OFFERED', 'ACKNOWLEDGED', 'ACCEPTED')
          group by dealer_id, user_id
          union all
          select dealer_id, user_id, 0, sum(case when offered_at >= $2 then 1 else 0 end), count(*), count(acknowledged_at),
                 cast(coalesce(sum(acknowledged_at - offered_at), 0) as double precision)
          from leads where tenant_id = $1 and offered_at >= $3
          group by dealer_id, user_id) parts
        where dealer_id is not null or user_id is not null
        group by dealer_id, user_id";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), day.micros().into(), period.micros().into()]).await?;
    let mut loads = HashMap::with_capacity(rows.len());
    for row in rows {
        let Some(who) = recipient(row.try_get("", "dealer_id")?, row.try_get("", "user_id")?) else { continue };
        loads.insert(who, load(&row)?);
    }
    Ok(loads)
}

fn load(row: &sea_orm::QueryResult) -> Result<RecipientLoad, StoreError> {
    let (acknowledged, response): (i64, f64) = (row.try_get("", "acknowledged")?, row.try_get("", "response")?);
    let response_minutes = (acknowledged > 0).then(|| response / acknowledged as f64 / 60_000_000.0);
    let (open, today) = (row.try_get("", "open")?, row.try_get("", "today")?);
    Ok(RecipientLoad { open, today, offered: row.try_get("", "offered")?, acknowledged, response_minutes })
}
