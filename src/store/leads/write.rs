//! Writing copies. INVARIANT: the caller holds the copies' requests ([`crate::store::requests::lock`]).

use super::row::row;
use crate::domain::Timestamp;
use crate::domain::id::{LeadId, RequestId, TenantId};
use crate::domain::lead::Lead;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::{insert_all, some_of, update_versioned};
use crate::store::rows::lead::Model;

/// How copies are taken away.
#[derive(Clone, Copy, Debug)]
pub struct Expiry<'a> {
    /// When.
    pub at: Timestamp,
    /// Why, shown in the timeline.
    pub reason: &'a str,
    /// Whether they were handed on to somebody else.
    pub reassigned: bool,
}

/// New copies.
pub async fn insert(conn: &Conn, leads: &[Lead]) -> Result<(), StoreError> {
    insert_all(conn, leads.iter().map(row).collect()).await
}

/// Writes changed copies, each with the `version` that was read, and raises their versions; a conflict if one has another by now.
pub async fn update(conn: &Conn, leads: &[Lead]) -> Result<(), StoreError> {
    let rows: Vec<Model> = leads.iter().map(row).collect();
    update_versioned(conn, rows).await
}

/// Takes copies away, all in one statement. What was handed on is no exception any more.
pub async fn expire(conn: &Conn, tenant: TenantId, ids: &[LeadId], expiry: Expiry<'_>) -> Result<(), StoreError> {
    let set = "state = 'EXPIRED', expired_at = $1, updated_at = $1, state_reason = $2, due_at = null, warn_at = null,
        version = version + 1, reassigned_at = case when $3 then $1 else reassigned_at end,
        exception = case when $3 then null else exception end";
    let values = vec![expiry.at.micros().into(), expiry.reason.into(), expiry.reassigned.into()];
    update_many(conn, tenant, ids, set, values).await
}

/// Takes copies off the deadlines: no job can act on them as things stand.
pub async fn quiet(conn: &Conn, tenant: TenantId, ids: &[LeadId]) -> Result<(), StoreError> {
    update_many(conn, tenant, ids, "due_at = null, warn_at = null", Vec::new()).await
}

/// Sets when jobs look at copies again.
pub async fn rearm_at(
    conn: &Conn,
    tenant: TenantId,
    ids: &[LeadId],
    due_at: Timestamp,
    warn_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let values = vec![due_at.micros().into(), warn_at.map(Timestamp::micros).into()];
    update_many(conn, tenant, ids, "due_at = $1, warn_at = $2", values).await
}

/// The copies of a request with a deadline at or before `at`, without reading anything else of them: sets when jobs look at them again,
/// takes a warning that is due off them, and lists them under exceptions. Answers with their ids.
pub async fn set_aside(
    conn: &Conn,
    (tenant, request): (TenantId, RequestId),
    at: Timestamp,
    again_at: Timestamp,
    reason: &str,
) -> Result<Vec<LeadId>, StoreError> {
    let sql = "update leads set warn_at = null, exception = $1, version = version + 1,
          due_at = case when due_at <= $2 then $3 else due_at end
        where tenant_id = $4 and request_id = $5 and (due_at <= $2 or warn_at <= $2) returning id";
    let values =
        vec![reason.into(), at.micros().into(), again_at.micros().into(), tenant.uuid().into(), request.uuid().into()];
    let rows = conn.query_sql(sql, values).await?;
    let id = |row: &sea_orm::QueryResult| Ok(row.try_get::<uuid::Uuid>("", "id")?.into());
    rows.iter().map(id).collect()
}

/// Takes the warning off copies: it was given.
pub async fn warned(conn: &Conn, tenant: TenantId, ids: &[LeadId]) -> Result<(), StoreError> {
    update_many(conn, tenant, ids, "warn_at = null", Vec::new()).await
}

/// Ids per statement: well below what either database takes.
const IDS_MAX: usize = 1_000;

async fn update_many(
    conn: &Conn,
    tenant: TenantId,
    ids: &[LeadId],
    set: &str,
    values: Vec<sea_orm::Value>,
) -> Result<(), StoreError> {
    let place = values.len() + 1;
    for some in ids.chunks(IDS_MAX) {
        let (among, some_bound) = some_of(conn, place + 1, some.iter().map(|id| id.uuid()));
        let sql = format!("update leads set {set} where tenant_id = ${place} and id {among}");
        let bound = values.iter().cloned().chain([tenant.uuid().into()]).chain(some_bound).collect();
        let touched = conn.execute_sql(&sql, bound).await?;
        if touched != some.len() as u64 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}
