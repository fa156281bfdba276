//! Offers: the links by which people see and acknowledge leads. Only a token's hash is here.

use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named, time, update_where};
use super::placed::Rows;
use super::rows::offer::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::id::{LeadId, OfferId, TenantId};
use crate::domain::offer::{Addressee, Offer};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: OfferId) -> Result<Option<Offer>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// All of these leads, oldest first.
pub async fn list_by_leads(conn: &Conn, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<Offer>, StoreError> {
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::LeadId.is_in(leads.iter().map(|id| id.uuid())))
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// New offers.
pub async fn insert(conn: &Conn, offers: &[Offer]) -> Result<(), StoreError> {
    insert_all(conn, offers.iter().map(row).collect()).await
}

/// Writes a renewed offer if it is still of the generation before; a conflict if another renewal was first.
pub async fn renew(conn: &Conn, offer: &Offer) -> Result<(), StoreError> {
    let before = Condition::all()
        .add(Column::TenantId.eq(offer.tenant.uuid()))
        .add(Column::Id.eq(offer.id.uuid()))
        .add(Column::Generation.eq(i64::from(offer.generation) - 1));
    update_where(conn, row(offer), before).await
}

/// Notes the first opening of the link; whether it was the first.
pub async fn mark_opened(conn: &Conn, tenant: TenantId, id: OfferId, at: Timestamp) -> Result<bool, StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::OpenedAt, Expr::val(at.micros()))
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::OpenedAt.is_null())
        .exec(conn)
        .await?;
    Ok(touched.rows_affected == 1)
}

fn domain(row: Model) -> Result<Offer, StoreError> {
    let addressee = match (row.contact_id, row.user_id) {
        (Some(contact), _) => Addressee::Contact(contact.into()),
        (None, Some(user)) => Addressee::User(user.into()),
        (None, None) => return Err(StoreError::corrupt("offers.contact_id", "neither a contact nor a user")),
    };
    let hash =
        <[u8; 32]>::try_from(row.token_hash).map_err(|_| StoreError::corrupt("offers.token_hash", "not 32 bytes"))?;
    Ok(Offer {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        lead: row.lead_id.into(),
        addressee,
        kind: named("offers.kind", row.kind)?,
        generation: u8::try_from(row.generation).map_err(|error| StoreError::corrupt("offers.generation", error))?,
        token_hash: hash,
        expires_at: time(row.expires_at),
        opened_at: row.opened_at.map(time),
        created_at: time(row.created_at),
    })
}

fn row(offer: &Offer) -> Model {
    let (contact_id, user_id) = match offer.addressee {
        Addressee::Contact(contact) => (Some(contact.uuid()), None),
        Addressee::User(user) => (None, Some(user.uuid())),
    };
    Model {
        tenant_id: offer.tenant.uuid(),
        id: offer.id.uuid(),
        lead_id: offer.lead.uuid(),
        contact_id,
        user_id,
        kind: name_of(&offer.kind),
        generation: i64::from(offer.generation),
        token_hash: offer.token_hash.to_vec(),
        expires_at: offer.expires_at.micros(),
        opened_at: offer.opened_at.map(Timestamp::micros),
        created_at: offer.created_at.micros(),
    }
}
