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
/// Pushes by mail, which are claimed with the other mails.
const MAIL_TO_CRM: &str = "next_attempt_at is not null and channel = 'ADF_EMAIL'";

/// An address of a tenant's dealers: where a round through all of them stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    tenant: Uuid,
    address: String,
}

/// The earliest moment after `now` at which one more push may be sent: one becomes due, or an address has rested. What is due by now and
/// has no place waits for another one to its address.
pub async fn next_due(conn: &Conn, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let sql = format!(
        "select min(moment) as moment from (
           select min(next_attempt_at) as moment from deliveries where {PUSH} and next_attempt_at > $1
           union all
           select min(rests_until) from crm_endpoints where rests_until is not null and rests_until > $1) moments"
    );
    let rows = conn.query_sql(&sql, vec![now.micros().into()]).await?;
    let next: Option<i64> = rows.first().map(|row| row.try_get("", "moment")).transpose()?.flatten();
    Ok(next.map(time))
}

/// Whether there is anything to claim: a push is due at an address that has a place. It only reads, a step per address.
pub async fn is_any_due(conn: &Conn, now: Timestamp) -> Result<bool, StoreError> {
    if earliest(conn, PUSH).await?.is_none_or(|first| first > now) {
        return Ok(false);
    }
    let (walk, places) = (walk(conn), places());
    let sql = format!(
        "{walk}
         select 1 as found from walk where {places} > 0 and exists (select 1 from deliveries
           where {PUSH} and tenant_id = walk.tenant_id and address = walk.address and next_attempt_at <= $1) limit 1"
    );
    Ok(!conn.query_sql(&sql, round(now, &Endpoint::default())).await?.is_empty())
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
    let sql = if conn.is_postgres() { claim_on_postgres(conn) } else { claim_on_sqlite(conn) };
    let mut values = round(now, after);
    values.extend([(now + lease).micros().into(), limit.into()]);
    (sql, values)
}

/// $1 to $4 of a walk from address to address.
fn round(now: Timestamp, after: &Endpoint) -> Vec<Value> {
    vec![now.micros().into(), FAILED_BEFORE_REST.into(), after.tenant.into(), after.address.clone().into()]
}

/// How the database would claim pushes, for a test to hold it to its indexes: PostgreSQL's own JSON, after doing it; SQLite's lines.
/// INVARIANT: called inside a transaction that is undone.
pub async fn plan(conn: &Conn, now: Timestamp, limit: u64) -> Result<serde_json::Value, StoreError> {
    let (sql, values) = claim_statement(conn, (now, Duration::from_mins(1)), limit, &Endpoint::default());
    explained(conn, &sql, values).await
}

async fn explained(conn: &Conn, sql: &str, values: Vec<Value>) -> Result<serde_json::Value, StoreError> {
    if conn.is_postgres() {
        let rows = conn.query_sql(&format!("explain (analyze, format json) {sql}"), values).await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("deliveries", "a statement without a plan"))?;
        return Ok(row.try_get("", "QUERY PLAN")?);
    }
    let rows = conn.query_sql(&format!("explain query plan {sql}"), values).await?;
    let lines = rows.iter().map(|row| Ok(row.try_get::<String>("", "detail")?));
    Ok(lines.collect::<Result<Vec<_>, StoreError>>()?.into())
}

/// How many more of `walk`'s address may be in hand: none while it rests, however much waits there. $1 is now, $2 the failed tries before a
/// rest.
fn places() -> String {
    let failing =
        "exists (select 1 from crm_endpoints e where e.tenant_id = walk.tenant_id and e.address = walk.address and";
    format!(
        "(case when {failing} e.rests_until > $1) then 0 when {failing} e.failed_count >= $2) then 1 else {OF_ONE_ADDRESS_MAX} end
          - (select count(*) from deliveries h
              where h.is_held and h.tenant_id = walk.tenant_id and h.address = walk.address and h.next_attempt_at > $1))"
    )
}

/// `walk` goes from address to address, one step of the index each, however many pushes wait there; $3 and $4 are the address before. SQLite
/// does not step to the next pair by its index when the pair comes from a row: that is the next address of the tenant, else of the next
/// tenant.
fn walk(conn: &Conn) -> String {
    let next = if conn.is_postgres() {
        format!(
            "walk cross join lateral (
               select d.tenant_id, d.address from deliveries d
               where {PUSH} and (d.tenant_id, d.address) > (walk.tenant_id, walk.address)
               order by d.tenant_id, d.address limit 1) next"
        )
    } else {
        format!(
            "walk join deliveries next on next.rowid = coalesce(
               (select rowid from deliveries where {PUSH} and tenant_id = walk.tenant_id and address > walk.address
                order by address limit 1),
               (select rowid from deliveries where {PUSH} and tenant_id > walk.tenant_id order by tenant_id, address limit 1))"
        )
    };
    format!(
        "with recursive walk (tenant_id, address) as (
           select * from (select tenant_id, address from deliveries where {PUSH} and (tenant_id, address) > ($3, $4)
             order by tenant_id, address limit 1) start_of_walk
           union all
           select next.tenant_id, next.address from {next})"
    )
}

/// It stops when enough were found ($6). They are locked, so where they lie is where they stay.
fn claim_on_postgres(conn: &Conn) -> String {
    let (walk, places) = (walk(conn), places());
    format!(
        "{walk}, taken as (
           select due.place from walk cross join lateral (
             select d.ctid as place from deliveries d
             where {PUSH} and d.tenant_id = walk.tenant_id and d.address = walk.address and d.next_attempt_at <= $1
             order by d.next_attempt_at, d.id limit greatest(0, {places}) for update skip locked) due
           limit $6
         )
         update deliveries set attempts = attempts + 1, next_attempt_at = $5, is_held = true
         where ctid = any (array(select place from taken))
         returning *"
    )
}

/// The same for SQLite, which has no lateral joins, and no limits that depend on a row: of an address, both or the first are taken.
fn claim_on_sqlite(conn: &Conn) -> String {
    let (walk, places) = (walk(conn), places());
    let due = format!(
        "select rowid from deliveries where {PUSH} and tenant_id = walk.tenant_id and address = walk.address and next_attempt_at <= $1
         order by next_attempt_at, id limit"
    );
    format!(
        "{walk}
         update deliveries set attempts = attempts + 1, next_attempt_at = $5, is_held = true
         where rowid in (
           select d.rowid from walk join deliveries d on d.rowid in ({due} {OF_ONE_ADDRESS_MAX})
           where {places} >= {OF_ONE_ADDRESS_MAX} or ({places} = 1 and d.rowid = ({due} 1))
           limit $6)
         returning *"
    )
}

/// How an address that fails is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Tries that failed since one last succeeded.
    pub failed_count: i64,
    /// When the first of them was.
    pub since: Timestamp,
}

/// How an address is doing, if it fails.
pub async fn find_failing(conn: &Conn, tenant: TenantId, address: &str) -> Result<Option<Failing>, StoreError> {
    let sql = "select failed_count, failing_since from crm_endpoints where tenant_id = $1 and address = $2";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), address.into()]).await?;
    rows.first().map(failing).transpose()
}

fn failing(row: &sea_orm::QueryResult) -> Result<Failing, StoreError> {
    Ok(Failing { failed_count: row.try_get("", "failed_count")?, since: time(row.try_get("", "failing_since")?) })
}

/// Counts a failed try at an address.
pub async fn count_failed(conn: &Conn, tenant: TenantId, address: &str, at: Timestamp) -> Result<Failing, StoreError> {
    let sql = "insert into crm_endpoints (tenant_id, address, failed_count, failing_since) values ($1, $2, 1, $3)
        on conflict (tenant_id, address) do update set failed_count = crm_endpoints.failed_count + 1
        returning failed_count, failing_since";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), address.into(), at.micros().into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::corrupt("crm_endpoints.address", "it was not written"))?;
    failing(row)
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

/// An address of a tenant's dealers, and by which way it is reached.
#[derive(Clone, Copy, Debug)]
pub struct Reached<'a> {
    /// Whose dealers.
    pub tenant: TenantId,
    /// Where pushes go.
    pub address: &'a str,
    /// Over HTTP it is the address that counts, whatever is posted there.
    pub channel: Channel,
}

/// Gives up to `limit` pushes up that wait for an address and that nobody has in hand.
pub async fn give_up(
    conn: &Conn,
    reached: Reached<'_>,
    (now, reason): (Timestamp, &str),
    limit: u64,
) -> Result<Vec<GivenUp>, StoreError> {
    let (sql, values) = give_up_statement(conn, reached, (now, reason), limit);
    let read = |row: &sea_orm::QueryResult| {
        let id = |column| row.try_get::<Uuid>("", column);
        Ok(GivenUp { delivery: id("id")?.into(), lead: id("lead_id")?.into(), request: id("request_id")?.into() })
    };
    conn.query_sql(&sql, values).await?.iter().map(read).collect()
}

/// How the database would give pushes up, as [`plan`] shows it. INVARIANT: called inside a transaction that is undone.
pub async fn plan_of_giving_up(
    conn: &Conn,
    reached: Reached<'_>,
    now: Timestamp,
) -> Result<serde_json::Value, StoreError> {
    let (sql, values) = give_up_statement(conn, reached, (now, "a plan"), 1_000);
    explained(conn, &sql, values).await
}

/// Whoever waits for a row that another worker has in hand looks at it again before it writes.
fn give_up_statement(
    conn: &Conn,
    reached: Reached<'_>,
    (now, reason): (Timestamp, &str),
    limit: u64,
) -> (String, Vec<Value>) {
    let which = if reached.channel.is_http() { PUSH } else { MAIL_TO_CRM };
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let free = "not (is_held and next_attempt_at > $4)";
    let sql = format!(
        "update deliveries set state = 'FAILED', next_attempt_at = null, is_held = false, last_error = $3
         where state = 'PENDING' and {free} and (tenant_id, id) in (select tenant_id, id from deliveries
           where {which} and tenant_id = $1 and address = $2 and {free} limit $5 {lock})
         returning id, lead_id, (select l.request_id from leads l
           where l.tenant_id = deliveries.tenant_id and l.id = deliveries.lead_id) as request_id"
    );
    let (tenant, address) = (reached.tenant.uuid().into(), reached.address.into());
    (sql, vec![tenant, address, reason.into(), now.micros().into(), limit.into()])
}
