//! Events: timelines and the audit log. Rows are only ever added.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoSimpleExpr, QueryFilter, Statement};
use serde_json::Value;

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_text, insert_all, name_of, named, some_of, text_of, time};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::event::{Column, Entity, Model};
use super::rows::lead;
use super::scope::Scope;
use crate::domain::Timestamp;
use crate::domain::event::{Event, EventActor, EventKind};
use crate::domain::id::{EventId, LeadId, RequestId, TenantId};

/// Which events are wanted; an empty one holds for every event of the tenant.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// About this copy.
    pub lead: Option<LeadId>,
    /// About any copy of this request.
    pub request: Option<RequestId>,
    /// Not about restricted copies that are kept from this scope.
    pub open_to: Option<Scope>,
    /// About this object, by its id as shown outside.
    pub subject: Option<String>,
    /// Of one of these kinds.
    pub kinds: Vec<EventKind>,
    /// By this actor.
    pub actor: Option<String>,
    /// At or after this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: EventId) -> Result<Option<Event>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Those of these ids, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Column::Id.is_in(ids.iter().map(|id| id.uuid()));
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(ids);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page of events by time.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    filter: &EventFilter,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Event>, StoreError> {
    let sorted = SortedBy::new([(Column::At, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(filter.condition(tenant)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.at), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many match, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, filter: &EventFilter, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(filter.condition(tenant));
    count_up_to(conn, query, up_to).await
}

/// The latest event of each of these copies.
pub async fn latest(conn: &Conn, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<Event>, StoreError> {
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let rows = conn.query_all_raw(latest_of(conn, tenant, leads)).await?;
    rows.iter().map(|row| domain(Model::from_query_result(row, "")?)).collect()
}

/// How the database would find them, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan_latest(conn: &Conn, tenant: TenantId, leads: &[LeadId]) -> Result<Value, StoreError> {
    conn.plan(latest_of(conn, tenant, leads)).await
}

/// From the end of the request's timeline for each copy, so that what came before is not read.
fn latest_of(conn: &Conn, tenant: TenantId, leads: &[LeadId]) -> Statement {
    let (among, bound) = some_of(conn, 2, leads.iter().map(|id| id.uuid()));
    let sql = format!(
        "select e.* from leads l join events e on e.tenant_id = l.tenant_id and e.id =
           (select last.id from events last
            where last.tenant_id = l.tenant_id and last.request_id = l.request_id and last.lead_id = l.id
            order by last.at desc, last.id desc limit 1)
         where l.tenant_id = $1 and l.id {among}"
    );
    conn.statement(&sql, std::iter::once(tenant.uuid().into()).chain(bound).collect())
}

/// New events.
pub async fn insert(conn: &Conn, events: Vec<Event>) -> Result<(), StoreError> {
    let tenants: BTreeSet<TenantId> = events.iter().map(|event| event.tenant).collect();
    insert_all(conn, events.into_iter().map(row).collect::<Result<_, _>>()?).await?;
    for tenant in tenants {
        conn.touch(tenant);
    }
    Ok(())
}

/// A line of a copy's timeline, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Which line.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What happened; none if only a newer version knows.
    pub kind: Option<EventKind>,
    /// To which copy.
    pub lead: LeadId,
}

/// The next lines about copies after a place in the order of time, oldest first, at most `limit`.
pub async fn list_briefs(
    conn: &Conn,
    tenant: TenantId,
    after: (Timestamp, EventId),
    limit: u64,
) -> Result<Vec<Brief>, StoreError> {
    let sql = "select id, at, kind, lead_id from events
        where tenant_id = $1 and (at, id) > ($2, $3) and lead_id is not null order by at, id limit $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = vec![tenant.uuid().into(), after.0.micros().into(), after.1.uuid().into(), limit.into()];
    let rows = conn.query_sql(sql, values).await?;
    rows.iter().map(brief).collect()
}

fn brief(row: &sea_orm::QueryResult) -> Result<Brief, StoreError> {
    Ok(Brief {
        id: row.try_get::<uuid::Uuid>("", "id")?.into(),
        at: time(row.try_get("", "at")?),
        kind: named("events.kind", row.try_get("", "kind")?).ok(),
        lead: row.try_get::<uuid::Uuid>("", "lead_id")?.into(),
    })
}

impl EventFilter {
    fn condition(&self, tenant: TenantId) -> Condition {
        let kinds = (!self.kinds.is_empty()).then(|| Column::Kind.is_in(self.kinds.iter().map(name_of)));
        Condition::all()
            .add(Column::TenantId.eq(tenant.uuid()))
            .add_option(self.lead.map(|id| of_copy(tenant, id)))
            .add_option(self.request.map(|id| Column::RequestId.eq(id.uuid())))
            .add_option(self.open_to.as_ref().and_then(Scope::unrestricted).map(|open| self.about(tenant, open)))
            .add_option(self.subject.as_ref().map(|subject| about_subject(tenant, subject)))
            .add_option(kinds)
            .add_option(self.actor.as_ref().map(|actor| Column::ActorId.eq(actor)))
            .add_option(self.from.map(|from| Column::At.gte(from.micros())))
            .add_option(self.before.map(|before| Column::At.lt(before.micros())))
    }

    /// About no copy, or about one for which `open` holds.
    fn about(&self, tenant: TenantId, open: Condition) -> Condition {
        let copies = Query::select()
            .column(lead::Column::Id)
            .from(lead::Entity)
            .and_where(lead::Column::TenantId.eq(tenant.uuid()))
            .and_where_option(self.request.map(|id| lead::Column::RequestId.eq(id.uuid())))
            .cond_where(open)
            .take();
        Condition::any().add(Column::LeadId.is_null()).add(Column::LeadId.into_simple_expr().in_subquery(copies))
    }
}

/// About a copy: found among the lines of its request.
fn of_copy(tenant: TenantId, id: LeadId) -> Condition {
    let request = Query::select()
        .column(lead::Column::RequestId)
        .from(lead::Entity)
        .and_where(lead::Column::TenantId.eq(tenant.uuid()))
        .and_where(lead::Column::Id.eq(id.uuid()))
        .take();
    Condition::all().add(Column::RequestId.into_simple_expr().in_subquery(request)).add(Column::LeadId.eq(id.uuid()))
}

/// About an object: a copy's lines are found with it, those of others by an index that leaves copies out.
fn about_subject(tenant: TenantId, subject: &str) -> Condition {
    let is = Condition::all().add(Column::Subject.eq(subject));
    match subject.parse() {
        Ok(lead) => is.add(of_copy(tenant, lead)),
        Err(_) => is.add(Expr::cust("substr(subject, 1, 5) <> 'lead_'")),
    }
}

fn domain(row: Model) -> Result<Event, StoreError> {
    let read = |column, text: Option<&str>| text.map(|text| from_text(column, text)).transpose();
    Ok(Event {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        at: time(row.at),
        kind: named("events.kind", row.kind)?,
        subject: row.subject,
        lead: row.lead_id.map(Into::into),
        request: row.request_id.map(Into::into),
        actor: EventActor { kind: named("events.actor_kind", row.actor_kind)?, id: row.actor_id, name: row.actor_name },
        before: read("events.before", row.before.as_deref())?,
        after: read("events.after", row.after.as_deref())?,
        reason: row.reason,
    })
}

fn row(event: Event) -> Result<Model, StoreError> {
    let text = |column, value: Option<Value>| value.map(|value| text_of(column, &value)).transpose();
    Ok(Model {
        tenant_id: event.tenant.uuid(),
        id: event.id.uuid(),
        at: event.at.micros(),
        kind: name_of(&event.kind),
        subject: event.subject,
        lead_id: event.lead.map(|id| id.uuid()),
        request_id: event.request.map(|id| id.uuid()),
        actor_kind: name_of(&event.actor.kind),
        actor_id: event.actor.id,
        actor_name: event.actor.name,
        before: text("events.before", event.before)?,
        after: text("events.after", event.after)?,
        reason: event.reason,
    })
}
