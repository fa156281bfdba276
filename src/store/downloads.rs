//! Files that wait to be fetched.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, time};
use super::placed::Rows;
use super::rows::download::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::download::Download;
use crate::domain::id::{DownloadId, TenantId};

/// By id, also when its time is over.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: DownloadId) -> Result<Option<Download>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// A new download.
pub async fn insert(conn: &Conn, download: &Download) -> Result<(), StoreError> {
    let row = Model {
        tenant_id: download.tenant.uuid(),
        id: download.id.uuid(),
        actor: json_of("downloads.actor", &download.actor)?,
        content: json_of("downloads.content", &download.content)?,
        created_at: download.created_at.micros(),
        expires_at: download.expires_at.micros(),
    };
    insert_all(conn, vec![row]).await
}

/// Forgets those whose time is over.
pub async fn remove_expired(conn: &Conn, at: Timestamp) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::ExpiresAt.lte(at.micros())).exec(conn).await.map(drop).map_err(Into::into)
}

fn domain(row: Model) -> Result<Download, StoreError> {
    Ok(Download {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        actor: from_json("downloads.actor", row.actor)?,
        content: from_json("downloads.content", row.content)?,
        created_at: time(row.created_at),
        expires_at: time(row.expires_at),
    })
}
