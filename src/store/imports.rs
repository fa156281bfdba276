//! Where a command-line import stands, written in the transaction of each batch, so that it can go on after a stop.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named, time, update_where};
use super::placed::Rows;
use super::rows::import::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::id::{ImportId, TenantId};

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportKind {
    /// Dealers with a contact each.
    Dealers,
    /// Requests with their first copies.
    Leads,
    /// Postal codes.
    Postal,
}

/// How far an import has come.
#[derive(Clone, Debug)]
pub struct ImportProgress {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub id: ImportId,
    /// What.
    pub kind: ImportKind,
    /// SHA-256 of the file and its mapping.
    pub fingerprint: [u8; 32],
    /// Rows read, sound or not.
    pub rows_done: i64,
    /// Rows that made something new.
    pub created_count: i64,
    /// Rows that were refused.
    pub failed_count: i64,
    /// When the last row was done.
    pub finished_at: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last batch was done.
    pub updated_at: Timestamp,
}

/// By what is imported.
pub async fn find(
    conn: &Conn,
    tenant: TenantId,
    kind: ImportKind,
    fingerprint: &[u8; 32],
) -> Result<Option<ImportProgress>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Kind.eq(name_of(&kind)))
        .filter(Column::Fingerprint.eq(fingerprint.to_vec()));
    query.row(conn).await?.map(domain).transpose()
}

/// A new import.
pub async fn insert(conn: &Conn, progress: &ImportProgress) -> Result<(), StoreError> {
    insert_all(conn, vec![row(progress)]).await
}

/// Writes how far an import has come. A conflict if another process has brought it further meanwhile.
pub async fn update(conn: &Conn, progress: &ImportProgress, rows_done_before: i64) -> Result<(), StoreError> {
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(progress.tenant.uuid()))
        .add(Column::Id.eq(progress.id.uuid()))
        .add(Column::RowsDone.eq(rows_done_before));
    update_where(conn, row(progress), unchanged).await
}

fn domain(row: Model) -> Result<ImportProgress, StoreError> {
    let corrupt = |_| StoreError::corrupt("imports.fingerprint", "not 32 bytes");
    Ok(ImportProgress {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        kind: named("imports.kind", row.kind)?,
        fingerprint: row.fingerprint.try_into().map_err(corrupt)?,
        rows_done: row.rows_done,
        created_count: row.created_count,
        failed_count: row.failed_count,
        finished_at: row.finished_at.map(time),
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(progress: &ImportProgress) -> Model {
    Model {
        tenant_id: progress.tenant.uuid(),
        id: progress.id.uuid(),
        kind: name_of(&progress.kind),
        fingerprint: progress.fingerprint.to_vec(),
        rows_done: progress.rows_done,
        created_count: progress.created_count,
        failed_count: progress.failed_count,
        finished_at: progress.finished_at.map(Timestamp::micros),
        created_at: progress.created_at.micros(),
        updated_at: progress.updated_at.micros(),
    }
}
