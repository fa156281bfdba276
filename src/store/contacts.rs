//! Contacts: the people at dealers who are told of leads.

use std::collections::HashSet;

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named, one_of, time, update_where};
use super::placed::Rows;
use super::rows::contact::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::dealer::{Contact, ContactKind};
use crate::domain::id::{ContactId, DealerId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[ContactId]) -> Result<Vec<Contact>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = of(tenant).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// All contacts of these dealers, by dealer and id.
pub async fn list_by_dealers(conn: &Conn, tenant: TenantId, dealers: &[DealerId]) -> Result<Vec<Contact>, StoreError> {
    if dealers.is_empty() {
        return Ok(Vec::new());
    }
    let query = of(tenant)
        .filter(one_of(conn, Column::DealerId, dealers.iter().map(|id| id.uuid())))
        .order_by_asc(Column::DealerId)
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A tenant's dealers with a contact through whom a lead can be offered: [`Contact::can_be_offered`], as a condition.
pub async fn list_reachable(conn: &Conn, tenant: TenantId) -> Result<HashSet<DealerId>, StoreError> {
    let query = of(tenant)
        .select_only()
        .column(Column::DealerId)
        .distinct()
        .filter(Column::Kind.eq(name_of(&ContactKind::To)))
        .filter(Column::Active.eq(true))
        .filter(Column::Email.is_not_null())
        .filter(Column::UnsubscribedAt.is_null())
        .filter(Column::BouncedAt.is_null());
    let rows: Vec<uuid::Uuid> = query.into_tuple().all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// New contacts.
pub async fn insert(conn: &Conn, contacts: &[Contact]) -> Result<(), StoreError> {
    insert_all(conn, contacts.iter().map(row).collect()).await
}

/// Writes a changed contact, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, contact: &Contact) -> Result<(), StoreError> {
    let mut changed = row(contact);
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(contact.tenant.uuid()))
        .add(Column::Id.eq(contact.id.uuid()))
        .add(Column::Version.eq(contact.version));
    update_where(conn, changed, unchanged).await
}

/// Notes that an address can't be reached any more; whether that is news. An address that was changed meanwhile is left alone.
pub async fn mark_bounced(
    conn: &Conn,
    tenant: TenantId,
    id: ContactId,
    address: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::BouncedAt, Expr::val(at.micros()))
        .col_expr(Column::UpdatedAt, Expr::val(at.micros()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Email.eq(address))
        .filter(Column::BouncedAt.is_null())
        .exec(conn)
        .await?;
    Ok(touched.rows_affected == 1)
}

/// Removes a contact. The database refuses if an offer or a message went to it.
pub async fn remove(conn: &Conn, tenant: TenantId, id: ContactId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

fn of(tenant: TenantId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant.uuid()))
}

fn domain(row: Model) -> Result<Contact, StoreError> {
    Ok(Contact {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        dealer: row.dealer_id.into(),
        kind: named("contacts.kind", row.kind)?,
        name: row.name,
        email: row.email,
        mobile: row.mobile,
        active: row.active,
        unsubscribed_at: row.unsubscribed_at.map(time),
        bounced_at: row.bounced_at.map(time),
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(contact: &Contact) -> Model {
    Model {
        tenant_id: contact.tenant.uuid(),
        id: contact.id.uuid(),
        dealer_id: contact.dealer.uuid(),
        kind: name_of(&contact.kind),
        name: contact.name.clone(),
        email: contact.email.clone(),
        mobile: contact.mobile.clone(),
        active: contact.active,
        unsubscribed_at: contact.unsubscribed_at.map(Timestamp::micros),
        bounced_at: contact.bounced_at.map(Timestamp::micros),
        version: contact.version,
        created_at: contact.created_at.micros(),
        updated_at: contact.updated_at.micros(),
    }
}
