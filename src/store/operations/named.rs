//! The leads of an operation where no condition says which they are: those that somebody named, and those that were shared out together,
//! each with whom it is to go to.

use std::collections::HashMap;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::domain::id::{LeadId, OperationId, TenantId};
use crate::domain::lead::Recipient;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::insert_all;
use crate::store::placed::Rows;
use crate::store::rows::operation_lead::{Column, Entity, Model};

/// Writes down the leads that somebody named.
pub async fn insert(conn: &Conn, of: (TenantId, OperationId), leads: &[LeadId]) -> Result<(), StoreError> {
    insert_all(conn, leads.iter().map(|lead| row(of, *lead, None)).collect()).await
}

/// Writes down who is to get each lead, in place of what was written before.
pub async fn replace(
    conn: &Conn,
    of: (TenantId, OperationId),
    leads: &[(LeadId, Option<Recipient>)],
) -> Result<(), StoreError> {
    Entity::delete_many().filter(own(of)).exec(conn).await?;
    insert_all(conn, leads.iter().map(|(lead, recipient)| row(of, *lead, *recipient)).collect()).await
}

/// Who is to get each of these leads, if anybody is; one that was not shared out is not there.
pub async fn recipients(
    conn: &Conn,
    of: (TenantId, OperationId),
    leads: &[LeadId],
) -> Result<HashMap<LeadId, Option<Recipient>>, StoreError> {
    let ids = leads.iter().map(|id| id.uuid());
    let rows = Entity::find().filter(own(of)).filter(Column::LeadId.is_in(ids)).rows(conn).await?;
    Ok(rows.into_iter().map(|row| (row.lead_id.into(), recipient(&row))).collect())
}

fn own((tenant, id): (TenantId, OperationId)) -> Condition {
    Condition::all().add(Column::TenantId.eq(tenant.uuid())).add(Column::OperationId.eq(id.uuid()))
}

fn recipient(row: &Model) -> Option<Recipient> {
    let id = row.recipient_id?;
    Some(if row.kind.as_deref() == Some("USER") { Recipient::User(id.into()) } else { Recipient::Dealer(id.into()) })
}

fn row((tenant, id): (TenantId, OperationId), lead: LeadId, recipient: Option<Recipient>) -> Model {
    let (kind, recipient_id) = match recipient {
        Some(Recipient::Dealer(id)) => (Some("DEALER"), Some(id.uuid())),
        Some(Recipient::User(id)) => (Some("USER"), Some(id.uuid())),
        None => (None, None),
    };
    Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        lead_id: lead.uuid(),
        kind: kind.map(str::to_owned),
        recipient_id,
    }
}
