//! Tenants, and the version of a tenant's network by which snapshots of it are named.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named, time};
use super::placed::Rows;
use super::rows::tenant::{Column, Entity, Model};
use crate::domain::CountryCode;
use crate::domain::id::TenantId;
use crate::domain::tenant::Tenant;

/// By id.
pub async fn lookup(conn: &Conn, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    Entity::find_by_id(id.uuid()).row(conn).await?.map(domain).transpose()
}

/// By its short name.
pub async fn find_by_slug(conn: &Conn, slug: &str) -> Result<Option<Tenant>, StoreError> {
    Entity::find().filter(Column::Slug.eq(slug)).row(conn).await?.map(domain).transpose()
}

/// All, by short name: an installation has few.
pub async fn list(conn: &Conn) -> Result<Vec<Tenant>, StoreError> {
    Entity::find().order_by_asc(Column::Slug).rows(conn).await?.into_iter().map(domain).collect()
}

/// A new tenant.
pub async fn insert(conn: &Conn, tenant: &Tenant) -> Result<(), StoreError> {
    insert_all(conn, vec![row(tenant)]).await
}

/// Raises the network's version: called in the transaction of every write that changes what a candidate is.
pub async fn raise_network_version(conn: &Conn, id: TenantId) -> Result<(), StoreError> {
    let sql = "update tenants set network_version = network_version + 1 where tenant_id = $1";
    conn.execute_sql(sql, vec![id.uuid().into()]).await.map(drop)
}

/// The network's versions of several tenants, in no particular order.
pub async fn network_versions(conn: &Conn, ids: &[TenantId]) -> Result<Vec<(TenantId, i64)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .select_only()
        .columns([Column::TenantId, Column::NetworkVersion])
        .filter(Column::TenantId.is_in(ids.iter().map(|id| id.uuid())));
    let rows: Vec<(uuid::Uuid, i64)> = query.into_tuple().all(conn).await?;
    Ok(rows.into_iter().map(|(id, version)| (id.into(), version)).collect())
}

/// How the network's version is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionHold {
    /// As it is now.
    None,
    /// Until the transaction ends no candidate changes, while other transactions hold it too.
    Shared,
    /// Until the transaction ends nobody else holds it: for capacities, which a second transaction could fill at the same time.
    Exclusive,
}

/// The network's version, held as asked.
pub async fn network_version(conn: &Conn, id: TenantId, hold: VersionHold) -> Result<i64, StoreError> {
    let lock = match hold {
        VersionHold::Shared if conn.is_postgres() => " for share",
        VersionHold::Exclusive if conn.is_postgres() => " for update",
        _ => "",
    };
    let rows = conn
        .query_sql(&format!("select network_version from tenants where tenant_id = $1{lock}"), vec![id.uuid().into()])
        .await?;
    let row = rows.first().ok_or_else(|| StoreError::corrupt("tenants.tenant_id", format!("{id} does not exist")))?;
    Ok(row.try_get("", "network_version")?)
}

/// Until the transaction ends nobody else holds the tenant's capacities, nor its network's version exclusively. INVARIANT: the transaction
/// holds the version, shared.
///
/// For whoever learns only after that hold that there are capacities: to make the hold exclusive would wait for others who share it, and
/// who may be about to do the same.
pub async fn hold_capacities(conn: &Conn, id: TenantId) -> Result<(), StoreError> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let sql = "select pg_advisory_xact_lock(hashtextextended('baton capacities ' || cast($1 as text), 0))";
    conn.query_sql(sql, vec![id.uuid().to_string().into()]).await.map(drop)
}

fn domain(row: Model) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.tenant_id.into(),
        name: row.name,
        slug: row.slug,
        distance_unit: named("tenants.distance_unit", row.distance_unit)?,
        time_zone: row.time_zone.parse().map_err(|error| StoreError::corrupt("tenants.time_zone", error))?,
        country: CountryCode::parse(&row.country).map_err(|error| StoreError::corrupt("tenants.country", error))?,
        link_lifetime: Duration::from_secs(u64::try_from(row.link_seconds).unwrap_or(0)),
        network_version: row.network_version,
        created_at: time(row.created_at),
    })
}

fn row(tenant: &Tenant) -> Model {
    Model {
        tenant_id: tenant.id.uuid(),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        distance_unit: name_of(&tenant.distance_unit),
        time_zone: tenant.time_zone.name().to_owned(),
        country: tenant.country.to_string(),
        link_seconds: i64::try_from(tenant.link_lifetime.as_secs()).unwrap_or(i64::MAX),
        network_version: tenant.network_version,
        created_at: tenant.created_at.micros(),
    }
}
