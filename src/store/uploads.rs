//! Uploaded files, in pieces: any server can read what another one received, and nobody holds a whole file.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QuerySelect};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, time, update_where};
use super::placed::Rows;
use super::rows::upload::{Column, Entity, Model};
use super::rows::{file_import, upload_piece as piece};
use crate::domain::Timestamp;
use crate::domain::file_import::{PIECE_BYTES, Upload};
use crate::domain::id::{TenantId, UploadId};

/// By id, received to its end or not.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: UploadId) -> Result<Option<Upload>, StoreError> {
    Ok(Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain))
}

/// A file whose pieces are about to come.
pub async fn insert(conn: &Conn, upload: &Upload) -> Result<(), StoreError> {
    insert_all(conn, vec![row(upload)]).await
}

/// The next piece; `position` is where it begins, in bytes.
pub async fn insert_piece(conn: &Conn, upload: &Upload, position: i64, content: Vec<u8>) -> Result<(), StoreError> {
    let row = piece::Model { tenant_id: upload.tenant.uuid(), upload_id: upload.id.uuid(), position, content };
    insert_all(conn, vec![row]).await
}

/// Writes that a file is whole.
pub async fn update(conn: &Conn, upload: &Upload) -> Result<(), StoreError> {
    let this = Column::TenantId.eq(upload.tenant.uuid()).and(Column::Id.eq(upload.id.uuid()));
    update_where(conn, row(upload), sea_orm::Condition::all().add(this)).await
}

/// Removes a file with its pieces.
pub async fn remove(conn: &Conn, tenant: TenantId, id: UploadId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

/// Forgets files whose time is over, unless an import has yet to read them.
pub async fn remove_expired(conn: &Conn, at: Timestamp) -> Result<(), StoreError> {
    let wanted = Query::select()
        .expr(Expr::val(1))
        .from(file_import::Entity)
        .and_where(Expr::col((file_import::Entity, file_import::Column::TenantId)).equals((Entity, Column::TenantId)))
        .and_where(Expr::col((file_import::Entity, file_import::Column::UploadId)).equals((Entity, Column::Id)))
        .and_where(file_import::Column::FinishedAt.into_simple_expr().is_null())
        .take();
    let query = Entity::delete_many().filter(Column::ExpiresAt.lte(at.micros())).filter(Expr::exists(wanted).not());
    query.exec(conn).await.map(drop).map_err(Into::into)
}

/// What stands in a file from a place on, of at most so many pieces; nothing at its end.
pub async fn read(
    conn: &Conn,
    (tenant, id): (TenantId, UploadId),
    from: i64,
    pieces: u64,
) -> Result<Vec<u8>, StoreError> {
    let size = PIECE_BYTES as i64;
    let query = piece::Entity::find()
        .filter(piece::Column::TenantId.eq(tenant.uuid()))
        .filter(piece::Column::UploadId.eq(id.uuid()))
        .filter(piece::Column::Position.gte(from / size * size))
        .order_by_asc(piece::Column::Position)
        .limit(pieces);
    let mut content = Vec::new();
    for (index, row) in query.rows(conn).await?.into_iter().enumerate() {
        // Only the first piece begins before the place.
        let skipped = if index == 0 { usize::try_from(from - row.position).unwrap_or(0) } else { 0 };
        content.extend_from_slice(row.content.get(skipped..).unwrap_or_default());
    }
    Ok(content)
}

fn domain(row: Model) -> Upload {
    Upload {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        name: row.name,
        bytes: row.bytes,
        created_at: time(row.created_at),
        expires_at: time(row.expires_at),
    }
}

fn row(upload: &Upload) -> Model {
    Model {
        tenant_id: upload.tenant.uuid(),
        id: upload.id.uuid(),
        name: upload.name.clone(),
        bytes: upload.bytes,
        created_at: upload.created_at.micros(),
        expires_at: upload.expires_at.micros(),
    }
}
