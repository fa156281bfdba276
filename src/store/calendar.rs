//! Calendar events on leads. Who may see a lead may see its events: the caller asks the lead's scope first.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, time, update_where};
use super::placed::Rows;
use super::rows::calendar_event::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::calendar::CalendarEvent;
use crate::domain::id::{CalendarEventId, LeadId, TenantId, UserId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: CalendarEventId) -> Result<Option<CalendarEvent>, StoreError> {
    Ok(Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain))
}

/// All events of these leads, by lead and start.
pub async fn list_by_leads(conn: &Conn, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<CalendarEvent>, StoreError> {
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::LeadId.is_in(leads.iter().map(|id| id.uuid())))
        .order_by_asc(Column::LeadId)
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    Ok(query.rows(conn).await?.into_iter().map(domain).collect())
}

/// A new event.
pub async fn insert(conn: &Conn, event: &CalendarEvent) -> Result<(), StoreError> {
    insert_all(conn, vec![row(event)]).await
}

/// Writes a changed event, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, event: &CalendarEvent) -> Result<(), StoreError> {
    let mut changed = row(event);
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(event.tenant.uuid()))
        .add(Column::Id.eq(event.id.uuid()))
        .add(Column::Version.eq(event.version));
    update_where(conn, changed, unchanged).await
}

/// Removes an event.
pub async fn remove(conn: &Conn, tenant: TenantId, id: CalendarEventId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

fn domain(row: Model) -> CalendarEvent {
    CalendarEvent {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        lead: row.lead_id.into(),
        user: row.user_id.map(Into::into),
        title: row.title,
        starts_at: time(row.starts_at),
        ends_at: row.ends_at.map(time),
        completed_at: row.completed_at.map(time),
        version: row.version,
        created_by: row.created_by,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    }
}

fn row(event: &CalendarEvent) -> Model {
    Model {
        tenant_id: event.tenant.uuid(),
        id: event.id.uuid(),
        lead_id: event.lead.uuid(),
        user_id: event.user.map(UserId::uuid),
        title: event.title.clone(),
        starts_at: event.starts_at.micros(),
        ends_at: event.ends_at.map(Timestamp::micros),
        completed_at: event.completed_at.map(Timestamp::micros),
        version: event.version,
        created_by: event.created_by.clone(),
        created_at: event.created_at.micros(),
        updated_at: event.updated_at.micros(),
    }
}
