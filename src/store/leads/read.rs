//! Reading copies: by id, by request, and as a filtered and sorted grid.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::row::{domain, summary};
use crate::domain::Timestamp;
use crate::domain::id::{LeadId, OperationId, RequestId, TenantId};
use crate::domain::lead::{Lead, LeadState, LeadSummary};
pub use crate::domain::sort::LeadSort;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::{begins, one_of, unindexed};
use crate::store::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use crate::store::placed::{Parts, Rows};
use crate::store::rows::lead::{Column, Entity, Model, Summary};
use crate::store::rows::{operation_item, operation_lead, operation_result, request};
use crate::store::rule::{Pushed, narrowed};
use crate::store::scope::Scope;

/// Which copies of a scope are wanted: all conditions must hold; an empty one holds for every copy.
#[derive(Clone, Debug, Default)]
pub struct LeadFilter {
    /// In this state: for Baton's own reads, which have no rule, as the next two.
    pub state: Option<LeadState>,
    /// The first copy of its request.
    pub is_first: bool,
    /// Received at or after the first moment, and before the second.
    pub received: Option<(Timestamp, Timestamp)>,
    /// A rule over leads holds.
    pub rule: Option<Pushed>,
    /// The customer's last name or mail address begins so, whatever the case.
    pub search: Option<String>,
}

/// By id, if the scope reaches it.
pub async fn lookup(conn: &Conn, scope: &Scope, id: LeadId) -> Result<Option<Lead>, StoreError> {
    Entity::find().filter(scope.leads()).filter(Column::Id.eq(id.uuid())).row(conn).await?.map(domain).transpose()
}

/// What a copy is a copy of, also where the rest of its row can't be read. For Baton's own records alone.
pub async fn find_request(conn: &Conn, tenant: TenantId, id: LeadId) -> Result<Option<RequestId>, StoreError> {
    let sql = "select request_id from leads where tenant_id = $1 and id = $2";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), id.uuid().into()]).await?;
    let request: Option<uuid::Uuid> = rows.first().map(|row| row.try_get("", "request_id")).transpose()?;
    Ok(request.map(Into::into))
}

/// Those of these ids that the scope reaches, in no particular order.
pub async fn lookup_many(conn: &Conn, scope: &Scope, ids: &[LeadId]) -> Result<Vec<Lead>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    by_ids(scope, ids).rows(conn).await?.into_iter().map(domain).collect()
}

/// The same of which only the summaries are read.
pub async fn lookup_summaries(conn: &Conn, scope: &Scope, ids: &[LeadId]) -> Result<Vec<LeadSummary>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    by_ids(scope, ids).parts::<Summary>(conn).await?.into_iter().map(summary).collect()
}

fn by_ids(scope: &Scope, ids: &[LeadId]) -> Select<Entity> {
    Entity::find().filter(scope.leads()).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
}

/// Those of these ids that the scope reaches and the filter lets through, in no particular order.
pub async fn list_matching(
    conn: &Conn,
    scope: &Scope,
    filter: &LeadFilter,
    ids: &[LeadId],
) -> Result<Vec<Lead>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = by_ids(scope, ids).filter(filter.condition(scope));
    narrowed(query, filter.rule.as_ref()).rows(conn).await?.into_iter().map(domain).collect()
}

/// All copies of these requests that the scope reaches, by request, round and id.
pub async fn chains(conn: &Conn, scope: &Scope, requests: &[RequestId]) -> Result<Vec<Lead>, StoreError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(scope.leads())
        .filter(one_of(conn, Column::RequestId, requests.iter().map(|id| id.uuid())))
        .order_by_asc(Column::RequestId)
        .order_by_asc(Column::Round)
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// Which waiting copies are wanted.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Those after this one, by id.
    pub after: Option<LeadId>,
    /// Those made before this moment.
    pub made_before: Option<Timestamp>,
    /// Those for which a rule over leads holds.
    pub rule: Option<Pushed>,
}

/// By what it shows whether a copy is still as it was: its version, and the deadlines, which change without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub id: LeadId,
    pub version: i64,
    pub due_at: Option<Timestamp>,
    pub warn_at: Option<Timestamp>,
}

/// The marks of all copies of these requests, by id.
pub async fn list_marks(conn: &Conn, tenant: TenantId, requests: &[RequestId]) -> Result<Vec<Mark>, StoreError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Version, Column::DueAt, Column::WarnAt])
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(one_of(conn, Column::RequestId, requests.iter().map(|id| id.uuid())));
    let rows: Vec<(uuid::Uuid, i64, Option<i64>, Option<i64>)> = query.into_tuple().all(conn).await?;
    let moment = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    let mark = |(id, version, due_at, warn_at): (uuid::Uuid, _, _, _)| Mark {
        id: id.into(),
        version,
        due_at: moment(due_at),
        warn_at: moment(warn_at),
    };
    let mut marks: Vec<Mark> = rows.into_iter().map(mark).collect();
    marks.sort_unstable_by_key(|mark| mark.id);
    Ok(marks)
}

/// Waiting copies of a tenant, by id: the way in which a job goes through all of them.
pub async fn list_waiting(
    conn: &Conn,
    tenant: TenantId,
    wanted: &Waiting,
    limit: u64,
) -> Result<Vec<Lead>, StoreError> {
    let query = Entity::find()
        .filter(Scope::system(tenant).leads())
        .filter(Column::State.eq(LeadState::Offered.as_str()))
        .filter(
            Condition::all()
                .add_option(wanted.after.map(|after| Column::Id.gt(after.uuid())))
                .add_option(wanted.made_before.map(|moment| Column::CreatedAt.lt(moment.micros()))),
        )
        .order_by_asc(Column::Id)
        .limit(limit);
    narrowed(query, wanted.rule.as_ref()).rows(conn).await?.into_iter().map(domain).collect()
}

/// Which copies an operation takes.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// Those after this one, by id.
    pub after: Option<LeadId>,
    /// Those made before this moment.
    pub made_before: Option<Timestamp>,
    /// Those for which a rule over leads holds.
    pub rule: Option<Pushed>,
    /// Those that an operation names.
    pub among: Option<Among>,
}

/// Copies by what an operation says of them.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// Those that somebody named for it.
    Named(OperationId),
    /// Those of its plan that it did not change and did not find as wanted.
    LeftBy(OperationId),
    /// Those that its plan does not hold as they are now.
    NotPlanned(OperationId),
}

/// The copies that an operation takes, by id.
pub async fn list_selected(conn: &Conn, scope: &Scope, wanted: &Selected, limit: u64) -> Result<Vec<Lead>, StoreError> {
    let among = wanted.among.map(|among| among_which(scope, among));
    let query = Entity::find()
        .filter(scope.leads())
        .filter(
            Condition::all()
                .add_option(wanted.after.map(|after| Column::Id.gt(after.uuid())))
                .add_option(wanted.made_before.map(|moment| Column::CreatedAt.lt(moment.micros())))
                .add_option(among),
        )
        .order_by_asc(Column::Id)
        .limit(limit);
    narrowed(query, wanted.rule.as_ref()).rows(conn).await?.into_iter().map(domain).collect()
}

fn among_which(scope: &Scope, among: Among) -> Expr {
    let tenant = scope.tenant.uuid();
    let ids = match among {
        Among::Named(id) => Query::select()
            .column(operation_lead::Column::LeadId)
            .from(operation_lead::Entity)
            .and_where(operation_lead::Column::TenantId.eq(tenant))
            .and_where(operation_lead::Column::OperationId.eq(id.uuid()))
            .take(),
        Among::NotPlanned(id) => {
            use operation_item::Column as Item;
            let same = |item: Item, lead: Column| Expr::col((operation_item::Entity, item)).equals((Entity, lead));
            // By the request alone, as `items::list_requests` does.
            let planned = Query::select()
                .expr(Expr::val(1))
                .from(operation_item::Entity)
                .and_where(same(Item::TenantId, Column::TenantId))
                .and_where(unindexed(Expr::col((operation_item::Entity, Item::OperationId)).eq(id.uuid())))
                .and_where(same(Item::RequestId, Column::RequestId))
                .and_where(same(Item::LeadId, Column::Id))
                .and_where(same(Item::LeadVersion, Column::Version))
                .take();
            return Expr::exists(planned).not();
        }
        Among::LeftBy(id) => {
            let settled = Query::select()
                .column(operation_result::Column::LeadId)
                .from(operation_result::Entity)
                .and_where(operation_result::Column::TenantId.eq(tenant))
                .and_where(operation_result::Column::OperationId.eq(id.uuid()))
                .and_where(operation_result::Column::Outcome.is_in(["CHANGED", "UNCHANGED"]))
                .take();
            Query::select()
                .column(operation_item::Column::LeadId)
                .from(operation_item::Entity)
                .and_where(operation_item::Column::TenantId.eq(tenant))
                .and_where(operation_item::Column::OperationId.eq(id.uuid()))
                .and_where(operation_item::Column::LeadId.into_simple_expr().not_in_subquery(settled))
                .take()
        }
    };
    Column::Id.into_simple_expr().in_subquery(ids)
}

/// A page of the grid.
pub async fn list(
    conn: &Conn,
    scope: &Scope,
    filter: &LeadFilter,
    sort: (LeadSort, Order),
    page: &PageRequest,
) -> Result<Page<Lead>, StoreError> {
    let rows = page_of(scope, filter, sort, page).rows(conn).await?;
    cut(rows, page, |row: &Model| key(sort.0, (row.received_at, row.updated_at), row.id)).try_map(domain)
}

/// A page of the grid of which only the summaries are read.
pub async fn list_summaries(
    conn: &Conn,
    scope: &Scope,
    filter: &LeadFilter,
    sort: (LeadSort, Order),
    page: &PageRequest,
) -> Result<Page<LeadSummary>, StoreError> {
    let rows = page_of(scope, filter, sort, page).parts(conn).await?;
    cut(rows, page, |row: &Summary| key(sort.0, (row.received_at, row.updated_at), row.id)).try_map(summary)
}

fn key(sort: LeadSort, (received, updated): (i64, i64), id: uuid::Uuid) -> Key {
    let moment = match sort {
        LeadSort::ReceivedAt => received,
        LeadSort::UpdatedAt => updated,
    };
    vec![KeyPart::Int(moment), KeyPart::Id(id)]
}

/// How the database would find a page of the grid, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan(
    conn: &Conn,
    scope: &Scope,
    filter: &LeadFilter,
    sort: (LeadSort, Order),
    page: &PageRequest,
) -> Result<serde_json::Value, StoreError> {
    conn.plan(page_of(scope, filter, sort, page).build(conn.get_database_backend())).await
}

fn page_of(scope: &Scope, filter: &LeadFilter, sort: (LeadSort, Order), page: &PageRequest) -> Select<Entity> {
    let column = match sort.0 {
        LeadSort::ReceivedAt => Column::ReceivedAt,
        LeadSort::UpdatedAt => Column::UpdatedAt,
    };
    let sorted = SortedBy::new([(column, false), (Column::Id, false)], sort.1);
    let query = Entity::find().filter(scope.leads()).filter(filter.condition(scope));
    sorted.apply(narrowed(query, filter.rule.as_ref()), page)
}

/// How many copies match, counted up to `up_to`.
pub async fn count(conn: &Conn, scope: &Scope, filter: &LeadFilter, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(scope.leads()).filter(filter.condition(scope));
    count_up_to(conn, narrowed(query, filter.rule.as_ref()), up_to).await
}

impl LeadFilter {
    fn condition(&self, scope: &Scope) -> Condition {
        Condition::all()
            .add_option(self.state.map(|state| Column::State.eq(state.as_str())))
            .add_option(self.is_first.then(|| Column::ParentId.is_null()))
            .add_option(self.received.map(|(from, _)| Column::ReceivedAt.gte(from.micros())))
            .add_option(self.received.map(|(_, before)| Column::ReceivedAt.lt(before.micros())))
            .add_option(self.search.as_ref().map(|begin| customer_begins(scope, begin)))
    }
}

fn customer_begins(scope: &Scope, begin: &str) -> Expr {
    let requests = Query::select()
        .column(request::Column::Id)
        .from(request::Entity)
        .and_where(request::Column::TenantId.eq(scope.tenant.uuid()))
        .cond_where(
            Condition::any().add(begins(request::Column::LastName, begin)).add(begins(request::Column::Email, begin)),
        )
        .take();
    Column::RequestId.into_simple_expr().in_subquery(requests)
}
