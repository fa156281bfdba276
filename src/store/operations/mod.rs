//! Operations: their plans, chunks and results, and what is still to be done.

pub mod chunks;
pub mod items;
pub mod named;
pub mod results;
mod row;
pub mod shares;
pub mod untold;

use sea_orm::sea_query::{Condition, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter};

use self::row::{domain, row};
use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::rows::operation::{Column, Entity, Model};
use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::Operation;
use crate::store::placed::Rows;

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: OperationId) -> Result<Option<Operation>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[OperationId]) -> Result<Vec<Operation>, StoreError> {
    let ids = ids.iter().map(|id| id.uuid());
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.is_in(ids));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// By id, held until the transaction ends: whoever changes its state holds it. Its key is not held, so that a chunk whose results refer to
/// it can be finished meanwhile.
pub async fn lookup_held(conn: &Conn, tenant: TenantId, id: OperationId) -> Result<Option<Operation>, StoreError> {
    held(conn, tenant, id, "for no key update").await
}

/// By id, held until the transaction ends, unless somebody else holds it now.
pub async fn lookup_free(conn: &Conn, tenant: TenantId, id: OperationId) -> Result<Option<Operation>, StoreError> {
    held(conn, tenant, id, "for no key update skip locked").await
}

async fn held(conn: &Conn, tenant: TenantId, id: OperationId, lock: &str) -> Result<Option<Operation>, StoreError> {
    let lock = if conn.is_postgres() { lock } else { "" };
    let sql = format!("select * from operations where tenant_id = $1 and id = $2 {lock}");
    let rows = conn.query_sql(&sql, vec![tenant.uuid().into(), id.uuid().into()]).await?;
    rows.first().map(|row| domain(Model::from_query_result(row, "")?)).transpose()
}

/// Which operations are wanted; an empty one holds for all of a tenant.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationFilter<'a> {
    /// Those of this credential.
    pub requested_by: Option<&'a str>,
    /// Those that are not over, or those that are. A plan that was not run in time counts as not over.
    pub is_open: Option<bool>,
}

/// A page by the time they were asked for.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    filter: OperationFilter<'_>,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Operation>, StoreError> {
    let sorted = SortedBy::new([(Column::CreatedAt, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(of(tenant, filter)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.created_at), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many there are, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, filter: OperationFilter<'_>, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(of(tenant, filter));
    count_up_to(conn, query, up_to).await
}

fn of(tenant: TenantId, filter: OperationFilter<'_>) -> Condition {
    let is_open = || Column::State.is_in(["PREPARING", "READY", "RUNNING", "PAUSED"]);
    Condition::all()
        .add(Column::TenantId.eq(tenant.uuid()))
        .add_option(filter.requested_by.map(|subject| Column::RequestedBy.eq(subject)))
        .add_option(filter.is_open.map(|open| if open { is_open() } else { is_open().not() }))
}

/// How many of a tenant are being prepared or run.
pub async fn count_open(conn: &Conn, tenant: TenantId) -> Result<u64, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::State.is_in([
        "PREPARING",
        "RUNNING",
        "PAUSED",
    ]));
    Ok(query.count(conn).await?)
}

/// One that has work to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which one.
    pub id: OperationId,
    /// What is to be done.
    pub stage: Stage,
}

/// What an operation that has work is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its plan is being made.
    Preparing,
    /// Its plan is being carried out.
    Running,
    /// It was given up, and new owners are still to be told of what was handed on.
    Telling,
}

/// Operations that workers look at in one go: more than are ever open at one time in practice.
const OPEN_LISTED_MAX: u64 = 1_000;

/// All that have work to do, oldest first.
pub async fn list_open(conn: &Conn) -> Result<Vec<Open>, StoreError> {
    let sql = "select tenant_id, id, state from operations where state in ('PREPARING', 'RUNNING') or is_telling
        order by created_at, tenant_id, id limit $1";
    let rows = conn.query_sql(sql, vec![OPEN_LISTED_MAX.into()]).await?;
    let open = |row: &sea_orm::QueryResult| -> Result<Open, StoreError> {
        let (tenant, id): (uuid::Uuid, uuid::Uuid) = (row.try_get("", "tenant_id")?, row.try_get("", "id")?);
        let state: String = row.try_get("", "state")?;
        let stage = match state.as_str() {
            "PREPARING" => Stage::Preparing,
            "RUNNING" => Stage::Running,
            _ => Stage::Telling,
        };
        Ok(Open { tenant: tenant.into(), id: id.into(), stage })
    };
    rows.iter().map(open).collect()
}

/// The operation that undoes this one, if one was prepared that can still undo it or has.
pub async fn find_undo(conn: &Conn, tenant: TenantId, of: OperationId) -> Result<Option<Operation>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::SourceId.eq(of.uuid()))
        .filter(Column::Kind.eq("UNDO"))
        .filter(Column::State.is_in(["RUNNING", "PAUSED", "DONE"]));
    query.row(conn).await?.map(domain).transpose()
}

/// A new one.
pub async fn insert(conn: &Conn, operation: &Operation) -> Result<(), StoreError> {
    insert_all(conn, vec![row(operation)?]).await
}

/// Writes how it stands. INVARIANT: the transaction holds it.
pub async fn update(conn: &Conn, operation: &Operation) -> Result<(), StoreError> {
    let own =
        Condition::all().add(Column::TenantId.eq(operation.tenant.uuid())).add(Column::Id.eq(operation.id.uuid()));
    update_where(conn, row(operation)?, own).await
}
