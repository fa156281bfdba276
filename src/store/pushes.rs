//! Pushes by HTTP to dealers' CRMs: their claims, address by address, and how the addresses are doing.
//!
//! They stand in `deliveries` like mails, but are claimed apart. Of one address only a few are in hand at one time, so that thousands that
//! wait for a dead one are no more than one step for whoever looks for the next (SPEC SEND-4).

use std::time::Duration;

use sea_orm::Value;
use uuid::Uuid;

use super::conn::Conn;
use super::deliveries::{Claimed, earliest};
use super::error::StoreError;
use super::map::time;
use crate::domain::Timestamp;
use crate::domain::delivery::Channel;
use crate::domain::id::{DeliveryId, LeadId, RequestId, TenantId};

/// Pushes to one address that are in hand at one time, in all processes together. INVARIANT: the claim below takes one or both of two.
const OF_ONE_ADDRESS_MAX: i64 = 2;
/// Failed tries, one after the other, after which an address gets a rest, and then one push at a time until one arrives.
pub const FAILED_BEFORE_REST: i64 = 5;

/// Which rows: word for word the condition of their indexes.
const PUSH: &str = "next_attempt_at is not null and channel in ('ADF_HTTP', 'JSON_HTTP')";

/// An address of a tenant's dealers: where a round through all of them stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    tenant: Uuid,
    address: String,
}

/// The earliest moment at which a push may be sent.
pub async fn next_due(conn: &Conn) -> Result<Option<Timestamp>, StoreError> {
    earliest(conn, PUSH).await
}

/// Takes up to `limit` pushes that may be sent now, from the addresses that come after `after`; `after` becomes the last of them. Until
/// `lease` has passed nobody else takes them. INVARIANT: called inside a transaction.
pub async fn claim(
    conn: &Conn,
    (now, lease): (Timestamp, Duration),
    limit: u64,
    after: &mut Endpoint,
) -> Result<Claimed, StoreError> {
    if conn.is_postgres() {
        // Two claims at one time would both find room at the same address.
        conn.query_sql("select pg_advisory_xact_lock(hashtextextended('baton pushes', 0))", Vec::new()).await?;
    }
    let (sql, values) = claim_statement(conn, (now, lease), limit, after);
    let claimed = Claimed::read(conn.query_sql(&sql, values).await?)?;
    let endpoints = claimed.deliveries.iter();
    let last = endpoints.map(|one| Endpoint { tenant: one.tenant.uuid(), address: one.address.clone() }).max();
    *after = last.unwrap_or_default();
    Ok(claimed)
}

fn claim_statement(
    conn: &Conn,
    (now, lease): (Timestamp, Duration),
    limit: u64,
    after: &Endpoint,
) -> (String, Vec<Value>) {
    let sql = if conn.is_postgres() { claim_on_postgres() } else { claim_on_sqlite() };
    let values = vec![
        (now + lease).micros().into(),
        now.micros().into(),
        after.tenant.into(),
        after.address.clone().into(),
        limit.into(),
        FAILED_BEFORE_REST.into(),
    ];
    (sql, values)
}

/// How the database would claim pushes, for a test to hold it to its indexes: PostgreSQL's own JSON, after doing it; SQLite's lines.
/// INVARIANT: called inside a transaction that is undone.
pub async fn plan(conn: &Conn, now: Timestamp, limit: u64) -> Result<serde_json::Value, StoreError> {
    let (sql, values) = claim_statement(conn, (now, Duration::from_mins(1)), limit, &Endpoint::default());
    if conn.is_postgres() {
        let rows = conn.query_sql(&format!("explain (analyze, format json) {sql}"), values).await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("deliveries", "a statement without a plan"))?;
        return Ok(row.try_get("", "QUERY PLAN")?);
    }
    let rows = conn.query_sql(&format!("explain query plan {sql}"), values).await?;
    let lines = rows.iter().map(|row| Ok(row.try_get::<String>("", "detail")?));
    Ok(lines.collect::<Result<Vec<_>, StoreError>>()?.into())
}

/// How many more of `walk`'s address may be in hand. $2 is now, $6 the failed tries before a rest.
fn places() -> String {
    format!(
        "(case when exists (select 1 from crm_endpoints e
              where e.tenant_id = walk.tenant_id and e.address = walk.address and e.failed_count >= $6)
            then 1 else {OF_ONE_ADDRESS_MAX} end
          - (select count(*) from deliveries h
              where h.is_held and h.tenant_id = walk.tenant_id and h.address = walk.address and h.next_attempt_at > $2))"
    )
}

/// `walk` goes from address to address, one step of the index each, however many pushes wait there, and stops when enough were found. They
/// are locked, so where they lie is where they stay.
fn claim_on_postgres() -> String {
    let places = places();
    format!(
        "with recursive walk (tenant_id, address) as (
           (select tenant_id, address from deliveries where {PUSH} and (tenant_id, address) > ($3, $4)
            order by tenant_id, address limit 1)
           union all
           select next.tenant_id, next.address from walk cross join lateral (
             select d.tenant_id, d.address from deliveries d
             where {PUSH} and (d.tenant_id, d.address) > (walk.tenant_id, walk.address)
             order by d.tenant_id, d.address limit 1) next
         ), taken as (
           select due.place from walk cross join lateral (
             select d.ctid as place from deliveries d
             where {PUSH} and d.tenant_id = walk.tenant_id and d.address = walk.address and d.next_attempt_at <= $2
             order by d.next_attempt_at, d.id limit greatest(0, {places}) for update skip locked) due
           limit $5
         )
         update deliveries set attempts = attempts + 1, next_attempt_at = $1, is_held = true
         where ctid = any (array(select place from taken))
         returning *"
    )
}

/// The same for SQLite, which has no lateral joins, and no limits that depend on a row: of an address, both or the first are taken. Nor does
/// it step to the next pair by its index when the pair comes from a row: that is the next address of the tenant, else of the next tenant.
fn claim_on_sqlite() -> String {
    let places = places();
    let due = format!(
        "select rowid from deliveries where {PUSH} and tenant_id = walk.tenant_id and address = walk.address and next_attempt_at <= $2
         order by next_attempt_at, id limit"
    );
    format!(
        "with recursive walk (tenant_id, address) as (
           select * from (select tenant_id, address from deliveries where {PUSH} and (tenant_id, address) > ($3, $4)
             order by tenant_id, address limit 1)
           union all
           select next.tenant_id, next.address from walk join deliveries next on next.rowid = coalesce(
             (select rowid from deliveries where {PUSH} and tenant_id = walk.tenant_id and address > walk.address
              order by address limit 1),
             (select rowid from deliveries where {PUSH} and tenant_id > walk.tenant_id order by tenant_id, address limit 1))
         )
         update deliveries set attempts = attempts + 1, next_attempt_at = $1, is_held = true
         where rowid in (
           select d.rowid from walk join deliveries d on d.rowid in ({due} {OF_ONE_ADDRESS_MAX})
           where {places} >= {OF_ONE_ADDRESS_MAX} or ({places} = 1 and d.rowid = ({due} 1))
           limit $5)
         returning *"
    )
}

/// Puts off all due pushes to addresses that rest, until their rests are over. How many.
pub async fn put_off(conn: &Conn, now: Timestamp) -> Result<u64, StoreError> {
    let sql = format!(
        "update deliveries set is_held = false, next_attempt_at = (select e.rests_until from crm_endpoints e
           where e.tenant_id = deliveries.tenant_id and e.address = deliveries.address)
         where {PUSH} and next_attempt_at <= $1
           and (tenant_id, address) in (select tenant_id, address from crm_endpoints where rests_until > $1)"
    );
    conn.execute_sql(&sql, vec![now.micros().into()]).await
}

/// How an address that fails is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Tries that failed since one last succeeded.
    pub failed_count: i64,
    /// When the first of them was.
    pub since: Timestamp,
}

/// Counts a failed try at an address.
pub async fn count_failed(conn: &Conn, tenant: TenantId, address: &str, at: Timestamp) -> Result<Failing, StoreError> {
    let sql = "insert into crm_endpoints (tenant_id, address, failed_count, failing_since) values ($1, $2, 1, $3)
        on conflict (tenant_id, address) do update set failed_count = crm_endpoints.failed_count + 1
        returning failed_count, failing_since";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), address.into(), at.micros().into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::corrupt("crm_endpoints.address", "it was not written"))?;
    Ok(Failing { failed_count: row.try_get("", "failed_count")?, since: time(row.try_get("", "failing_since")?) })
}

/// Lets an address that fails rest until then, or longer if that was so.
pub async fn rest(conn: &Conn, tenant: TenantId, address: &str, until: Timestamp) -> Result<(), StoreError> {
    let sql = "update crm_endpoints set rests_until = $3
        where tenant_id = $1 and address = $2 and (rests_until is null or rests_until < $3)";
    conn.execute_sql(sql, vec![tenant.uuid().into(), address.into(), until.micros().into()]).await.map(drop)
}

/// Forgets what failed at an address.
pub async fn forget(conn: &Conn, tenant: TenantId, address: &str) -> Result<(), StoreError> {
    let sql = "delete from crm_endpoints where tenant_id = $1 and address = $2";
    conn.execute_sql(sql, vec![tenant.uuid().into(), address.into()]).await.map(drop)
}

/// A push that was given up.
#[derive(Clone, Copy, Debug)]
pub struct GivenUp {
    /// The push.
    pub delivery: DeliveryId,
    /// The copy that it was about.
    pub lead: LeadId,
    /// What that is a copy of.
    pub request: RequestId,
}

/// Gives up to `limit` pushes up that wait for an address and that nobody has in hand.
pub async fn give_up(
    conn: &Conn,
    (tenant, address, channel): (TenantId, &str, Channel),
    (now, reason): (Timestamp, &str),
    limit: u64,
) -> Result<Vec<GivenUp>, StoreError> {
    // Over HTTP it is the address that is given up, whatever is posted there.
    let which = if channel.is_http() { PUSH } else { "next_attempt_at is not null and channel = 'ADF_EMAIL'" };
    let sql = format!(
        "update deliveries set state = 'FAILED', next_attempt_at = null, is_held = false, last_error = $3
         where (tenant_id, id) in (select tenant_id, id from deliveries
           where {which} and tenant_id = $1 and address = $2 and not (is_held and next_attempt_at > $4) limit $5)
         returning id, lead_id, (select l.request_id from leads l
           where l.tenant_id = deliveries.tenant_id and l.id = deliveries.lead_id) as request_id"
    );
    let values = vec![tenant.uuid().into(), address.into(), reason.into(), now.micros().into(), limit.into()];
    let read = |row: &sea_orm::QueryResult| {
        let id = |column| row.try_get::<Uuid>("", column);
        Ok(GivenUp { delivery: id("id")?.into(), lead: id("lead_id")?.into(), request: id("request_id")?.into() })
    };
    conn.query_sql(&sql, values).await?.iter().map(read).collect()
}
