//! Idempotency keys: the first answers to mutations, kept in the transaction that made them true.

use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;

use super::conn::Conn;
use super::error::StoreError;
use super::map::time;
use super::placed::Rows;
use super::rows::idempotency_key::{ActiveModel, Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::id::{IdempotencyId, TenantId};

/// How long a first answer is kept.
pub const KEPT_FOR: Duration = Duration::from_hours(24);

/// A first answer, as it is remembered.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub tenant: TenantId,
    pub id: IdempotencyId,
    /// The credential: two of them may use the same key.
    pub subject: String,
    pub key: String,
    /// SHA-256 over the mutation's name and input.
    pub fingerprint: [u8; 32],
    /// What came of it: ids and problems, from which the answer is built again.
    pub outcome: Value,
    pub created_at: Timestamp,
}

/// The first answer under a key, if there is one that is not too old.
pub async fn find(
    conn: &Conn,
    tenant: TenantId,
    subject: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<Remembered>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Subject.eq(subject))
        .filter(Column::Key.eq(key))
        .filter(Column::ExpiresAt.gt(now.micros()));
    query.row(conn).await?.map(domain).transpose()
}

/// Remembers an answer; whether it was the first. On PostgreSQL a concurrent holder of the key is waited for.
pub async fn insert(conn: &Conn, remembered: &Remembered) -> Result<bool, StoreError> {
    let row = Model {
        tenant_id: remembered.tenant.uuid(),
        id: remembered.id.uuid(),
        subject: remembered.subject.clone(),
        key: remembered.key.clone(),
        fingerprint: remembered.fingerprint.to_vec(),
        outcome: remembered.outcome.clone(),
        created_at: remembered.created_at.micros(),
        expires_at: (remembered.created_at + KEPT_FOR).micros(),
    };
    let active: ActiveModel = row.into_active_model();
    let nothing = OnConflict::columns([Column::TenantId, Column::Subject, Column::Key]).do_nothing().to_owned();
    let inserted = Entity::insert(active).on_conflict(nothing).exec_without_returning(conn).await?;
    Ok(inserted == 1)
}

/// Writes what came of it into the answer made at the start of the transaction.
pub async fn finish(conn: &Conn, remembered: &Remembered) -> Result<(), StoreError> {
    use sea_orm::sea_query::Expr;
    let query = Entity::update_many()
        .col_expr(Column::Outcome, Expr::val(remembered.outcome.clone()))
        .filter(Column::TenantId.eq(remembered.tenant.uuid()))
        .filter(Column::Id.eq(remembered.id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

/// Forgets answers that are too old.
pub async fn remove_expired(conn: &Conn, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lte(now.micros())).exec(conn).await?.rows_affected)
}

fn domain(row: Model) -> Result<Remembered, StoreError> {
    let corrupt = |_| StoreError::corrupt("idempotency_keys.fingerprint", "not 32 bytes");
    Ok(Remembered {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        subject: row.subject,
        key: row.key,
        fingerprint: row.fingerprint.try_into().map_err(corrupt)?,
        outcome: row.outcome,
        created_at: time(row.created_at),
    })
}
