//! Reassignment jobs.

use std::time::Duration;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, cut};
use super::placed::Rows;
use super::rows::job::{Column, Entity, Model};
use crate::domain::id::{JobId, TenantId};
use crate::domain::job::{Fallback, Job, Notify};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: JobId) -> Result<Option<Job>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// All of a tenant, in the order in which they look at a lead.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<Job>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page, in the order in which jobs look at a lead.
pub async fn list(conn: &Conn, tenant: TenantId, order: Order, page: &PageRequest) -> Result<Page<Job>, StoreError> {
    let sorted = SortedBy::new([(Column::Position, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(Column::TenantId.eq(tenant.uuid())), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.position), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many a tenant has.
pub async fn count(conn: &Conn, tenant: TenantId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::TenantId.eq(tenant.uuid())).count(conn).await?)
}

/// A new job.
pub async fn insert(conn: &Conn, job: &Job) -> Result<(), StoreError> {
    insert_all(conn, vec![row(job)]).await
}

/// Writes a changed job, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, job: &Job) -> Result<(), StoreError> {
    let mut changed = row(job);
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(job.tenant.uuid()))
        .add(Column::Id.eq(job.id.uuid()))
        .add(Column::Version.eq(job.version));
    update_where(conn, changed, unchanged).await
}

/// Removes a job. The database refuses if a run, a copy or a decision names it.
pub async fn remove(conn: &Conn, tenant: TenantId, id: JobId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

fn seconds(stored: i64) -> Duration {
    Duration::from_secs(u64::try_from(stored).unwrap_or(0))
}

fn stored(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn domain(row: Model) -> Result<Job, StoreError> {
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let fallback = match (row.fallback.as_str(), row.fallback_user_id) {
        ("DEFAULT_DEALER", _) => Fallback::DefaultDealer,
        ("LEAVE", _) => Fallback::Leave,
        ("USER", Some(user)) => Fallback::User(user.into()),
        _ => return Err(StoreError::corrupt("jobs.fallback", row.fallback)),
    };
    Ok(Job {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        name: row.name,
        enabled: row.enabled,
        position: row.position,
        condition: row.condition,
        elapsed: seconds(row.elapsed_seconds),
        upper_age: seconds(row.upper_age_seconds),
        interface: row.interface_id.into(),
        algorithm: named("jobs.algorithm", row.algorithm)?,
        blast_size: number(row.blast_size),
        ranking: named("jobs.ranking", row.ranking)?,
        max_rounds: number(row.max_rounds),
        gives_turn_back: row.gives_turn_back,
        fallback,
        keep_original: row.keep_original,
        notify: Notify {
            old_owner: row.notify_old_owner,
            new_owner: row.notify_new_owner,
            manager: row.notify_manager,
            warn_before: row.warn_before_seconds.map(seconds),
        },
        push_to_crm: row.push_to_crm,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(job: &Job) -> Model {
    let (fallback, fallback_user_id) = match job.fallback {
        Fallback::DefaultDealer => ("DEFAULT_DEALER", None),
        Fallback::User(user) => ("USER", Some(user.uuid())),
        Fallback::Leave => ("LEAVE", None),
    };
    Model {
        tenant_id: job.tenant.uuid(),
        id: job.id.uuid(),
        name: job.name.clone(),
        enabled: job.enabled,
        position: job.position,
        condition: job.condition.clone(),
        elapsed_seconds: stored(job.elapsed),
        upper_age_seconds: stored(job.upper_age),
        interface_id: job.interface.uuid(),
        algorithm: name_of(&job.algorithm),
        blast_size: i64::from(job.blast_size),
        ranking: name_of(&job.ranking),
        max_rounds: i64::from(job.max_rounds),
        gives_turn_back: job.gives_turn_back,
        fallback: fallback.to_owned(),
        fallback_user_id,
        keep_original: job.keep_original,
        notify_old_owner: job.notify.old_owner,
        notify_new_owner: job.notify.new_owner,
        notify_manager: job.notify.manager,
        warn_before_seconds: job.notify.warn_before.map(stored),
        version: job.version,
        created_at: job.created_at.micros(),
        updated_at: job.updated_at.micros(),
        push_to_crm: job.push_to_crm,
    }
}
