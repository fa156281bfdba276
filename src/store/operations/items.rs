//! Items: what a plan says of each lead. Rows are only ever added.

use std::collections::{BTreeMap, HashSet};

use sea_orm::sea_query::{Condition, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QueryTrait, Select, Statement,
};
use serde::{Deserialize, Serialize};

use super::chunks::Chunk;
use crate::domain::id::{OperationId, RequestId, TenantId};
use crate::domain::operation::{Copy, Item, ItemReason, LeadImage, Planned, Problem, Verdict};
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::{fixed, from_text, insert_all, name_of, named, text_of, unindexed};
use crate::store::page::{KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use crate::store::placed::Rows;
use crate::store::rows::operation_item::{Column, Entity, Model};

/// Which items are wanted; an empty one holds for all of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct ItemFilter {
    /// Those of which the plan says so.
    pub verdict: Option<Verdict>,
    /// Those that are not changed for this reason.
    pub reason: Option<ItemReason>,
}

/// New items.
pub async fn insert(conn: &Conn, of: (TenantId, OperationId), items: &[Item]) -> Result<(), StoreError> {
    let rows = items.iter().map(|item| row(of, item)).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await
}

/// Those of a chunk, in order.
pub async fn list_chunk(conn: &Conn, of: (TenantId, OperationId), chunk: Chunk) -> Result<Vec<Item>, StoreError> {
    let query = Entity::find()
        .filter(own(of, ItemFilter::default()))
        .filter(Column::Position.gte(chunk.first))
        .filter(Column::Position.lt(chunk.first + chunk.count))
        .order_by_asc(Column::Position);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// Those at these positions, in no particular order.
pub async fn lookup_many(conn: &Conn, of: (TenantId, OperationId), positions: &[i64]) -> Result<Vec<Item>, StoreError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let at = Column::Position.is_in(positions.iter().copied());
    let query = Entity::find().filter(own(of, ItemFilter::default())).filter(at);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// Those about copies of these requests, in order.
pub async fn list_by_requests(
    conn: &Conn,
    of: (TenantId, OperationId),
    requests: &[RequestId],
) -> Result<Vec<Item>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(of.0.uuid()))
        // See `requests_among`.
        .filter(unindexed(Column::OperationId.eq(of.1.uuid())))
        .filter(Column::RequestId.is_in(requests.iter().map(|id| id.uuid())))
        .order_by_asc(Column::Position);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page by position.
pub async fn list(
    conn: &Conn,
    of: (TenantId, OperationId),
    filter: ItemFilter,
    page: &PageRequest,
) -> Result<Page<Item>, StoreError> {
    let rows = page_of(of, filter, page).rows(conn).await?;
    cut(rows, page, |row| vec![KeyPart::Int(row.position)]).try_map(domain)
}

/// How the database would find a page, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan(
    conn: &Conn,
    of: (TenantId, OperationId),
    filter: ItemFilter,
    page: &PageRequest,
) -> Result<serde_json::Value, StoreError> {
    conn.plan(page_of(of, filter, page).build(conn.get_database_backend())).await
}

fn page_of(of: (TenantId, OperationId), filter: ItemFilter, page: &PageRequest) -> Select<Entity> {
    SortedBy::new([(Column::Position, false)], Order::Asc).apply(Entity::find().filter(own(of, filter)), page)
}

/// How many there are, counted up to `up_to`.
pub async fn count(
    conn: &Conn,
    of: (TenantId, OperationId),
    filter: ItemFilter,
    up_to: u64,
) -> Result<u64, StoreError> {
    let query = Entity::find().filter(own(of, filter));
    count_up_to(conn, query, up_to).await
}

/// How many leads have a problem, by reason.
pub async fn count_problems(conn: &Conn, of: (TenantId, OperationId)) -> Result<BTreeMap<ItemReason, i64>, StoreError> {
    let sql = "select reason_code, count(*) as n from operation_items
        where tenant_id = $1 and operation_id = $2 and verdict = 'PROBLEM' group by reason_code";
    let rows = conn.query_sql(sql, vec![of.0.uuid().into(), of.1.uuid().into()]).await?;
    let count = |row: &sea_orm::QueryResult| -> Result<(ItemReason, i64), StoreError> {
        Ok((named("operation_items.reason_code", row.try_get("", "reason_code")?)?, row.try_get("", "n")?))
    };
    rows.iter().map(count).collect()
}

/// Those of these requests of which a copy is to be changed by the plan so far, and is still as it was planned: one that was changed since
/// is left.
pub async fn list_requests(
    conn: &Conn,
    of: (TenantId, OperationId),
    requests: &[RequestId],
) -> Result<HashSet<RequestId>, StoreError> {
    if requests.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = conn.query_all_raw(requests_among(conn, of, requests)).await?;
    rows.iter().map(|row| Ok(row.try_get::<uuid::Uuid>("", "id")?.into())).collect()
}

/// How the database would find them, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan_requests(
    conn: &Conn,
    of: (TenantId, OperationId),
    requests: &[RequestId],
) -> Result<serde_json::Value, StoreError> {
    conn.plan(requests_among(conn, of, requests)).await
}

/// Looked up one by one on purpose: joined, a database that does not yet know how much a growing plan holds reads all of it each time. And
/// by the request, of which there are few plans: the operation is kept from the choice of an index, for PostgreSQL takes the plan's key,
/// which begins with it, for as good.
fn requests_among(conn: &Conn, of: (TenantId, OperationId), requests: &[RequestId]) -> Statement {
    let (separator, ids) = if conn.is_postgres() {
        (",", "unnest(cast($3 as text)::uuid[]) as r(id)")
    } else {
        ("\",\"", "(select unhex(value) as id from json_each($3)) as r")
    };
    let sql = format!(
        "select r.id from {ids} where (select 1 from operation_items i
           join leads l on l.tenant_id = i.tenant_id and l.id = i.lead_id and l.version = i.lead_version
           where i.tenant_id = $1 and coalesce(i.operation_id = $2, false) and i.request_id = r.id and i.verdict = 'CHANGE' limit 1)
             is not null"
    );
    let joined = requests.iter().map(|id| id.uuid().simple().to_string()).collect::<Vec<_>>().join(separator);
    let given = if conn.is_postgres() { format!("{{{joined}}}") } else { format!("[\"{joined}\"]") };
    conn.statement(&sql, vec![of.0.uuid().into(), of.1.uuid().into(), given.into()])
}

/// How many leads of the plan are no longer as they were planned.
pub async fn count_changed_since(conn: &Conn, of: (TenantId, OperationId)) -> Result<i64, StoreError> {
    let sql = "select count(*) as n from operation_items i
        left join leads l on l.tenant_id = i.tenant_id and l.id = i.lead_id
        where i.tenant_id = $1 and i.operation_id = $2 and (l.version is null or l.version <> i.lead_version)";
    let rows = conn.query_sql(sql, vec![of.0.uuid().into(), of.1.uuid().into()]).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.try_get("", "n"))?)
}

fn own((tenant, id): (TenantId, OperationId), filter: ItemFilter) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(tenant.uuid()))
        .add(Column::OperationId.eq(id.uuid()))
        .add_option(filter.verdict.map(|verdict| Column::Verdict.into_simple_expr().eq(fixed(&name_of(&verdict)))))
        .add_option(filter.reason.map(|reason| Column::ReasonCode.eq(name_of(&reason))))
}

/// The part of a plan that is a document: of what is written, or of what was read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored<A, C, B> {
    Move(A),
    Restore { copies: C, before: B },
}

fn domain(row: Model) -> Result<Item, StoreError> {
    let missing = || StoreError::corrupt("operation_items.reason_code", "a lead that is not changed without a reason");
    let problem = || -> Result<Problem, StoreError> {
        let code = named("operation_items.reason_code", row.reason_code.clone().ok_or_else(missing)?)?;
        Ok(Problem { code, text: row.reason.clone().unwrap_or_default() })
    };
    let planned = match (named("operation_items.verdict", row.verdict)?, row.plan) {
        (Verdict::Unchanged, _) => Planned::Unchanged(problem()?),
        (Verdict::Problem, _) => Planned::Problem(problem()?),
        (Verdict::Change, None) => Planned::Update,
        (Verdict::Change, Some(plan)) => match from_text("operation_items.plan", &plan)? {
            Stored::<_, Vec<Copy>, Box<LeadImage>>::Move(answer) => Planned::Move(answer),
            Stored::Restore { copies, before } => Planned::Restore { copies, before },
        },
    };
    Ok(Item {
        position: row.position,
        lead: row.lead_id.into(),
        request: row.request_id.into(),
        lead_version: row.lead_version,
        planned,
    })
}

fn row((tenant, id): (TenantId, OperationId), item: &Item) -> Result<Model, StoreError> {
    let stored = match &item.planned {
        Planned::Move(answer) => Some(Stored::Move(answer.as_ref())),
        Planned::Restore { copies, before } => Some(Stored::Restore { copies, before: before.as_ref() }),
        Planned::Update | Planned::Unchanged(_) | Planned::Problem(_) => None,
    };
    let problem = item.planned.problem();
    Ok(Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        position: item.position,
        lead_id: item.lead.uuid(),
        request_id: item.request.uuid(),
        lead_version: item.lead_version,
        verdict: name_of(&item.planned.verdict()),
        reason_code: problem.map(|problem| name_of(&problem.code)),
        reason: problem.map(|problem| problem.text.clone()),
        plan: stored.map(|stored| text_of("operation_items.plan", &stored)).transpose()?,
    })
}
