//! Decisions: the stored answers to "who gets this lead".

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_text, insert_all, name_of, named, text_of, time};
use super::placed::Rows;
use super::rows::decision::{Column, Entity, Model};
use crate::domain::decision::Decision;
use crate::domain::id::{DecisionId, RequestId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: DecisionId) -> Result<Option<Decision>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[DecisionId]) -> Result<Vec<Decision>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// All about these requests, oldest first.
pub async fn list_by_requests(
    conn: &Conn,
    tenant: TenantId,
    requests: &[RequestId],
) -> Result<Vec<Decision>, StoreError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::RequestId.is_in(requests.iter().map(|id| id.uuid())))
        .order_by_asc(Column::DecidedAt)
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// New decisions.
pub async fn insert(conn: &Conn, decisions: Vec<Decision>) -> Result<(), StoreError> {
    let rows = decisions.into_iter().map(row).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await
}

fn domain(row: Model) -> Result<Decision, StoreError> {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Decision {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        request: row.request_id.into(),
        lead: row.lead_id.into(),
        job: row.job_id.map(Into::into),
        interface: row.interface_id.map(Into::into).zip(row.interface_number),
        algorithm: row.algorithm,
        outcome: named("decisions.outcome", row.outcome)?,
        decided_at: time(row.decided_at),
        decided_by: row.decided_by,
        inputs: row.inputs,
        candidates: from_text("decisions.candidates", &row.candidates)?,
        considered: count(row.considered),
        matched: count(row.matched),
        excluded: from_text("decisions.excluded", &row.excluded)?,
        reason: row.reason,
    })
}

fn row(decision: Decision) -> Result<Model, StoreError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Model {
        tenant_id: decision.tenant.uuid(),
        id: decision.id.uuid(),
        request_id: decision.request.uuid(),
        lead_id: decision.lead.uuid(),
        job_id: decision.job.map(|id| id.uuid()),
        interface_id: decision.interface.map(|(id, _)| id.uuid()),
        interface_number: decision.interface.map(|(_, number)| number),
        algorithm: decision.algorithm,
        outcome: name_of(&decision.outcome),
        decided_at: decision.decided_at.micros(),
        decided_by: decision.decided_by,
        inputs: decision.inputs,
        candidates: text_of("decisions.candidates", &decision.candidates)?,
        considered: count(decision.considered),
        matched: count(decision.matched),
        excluded: text_of("decisions.excluded", &decision.excluded)?,
        reason: decision.reason,
    })
}
