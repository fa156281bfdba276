//! Reassignment Interfaces and their versions.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, cut};
use super::placed::Rows;
use super::rows::interface::{Column, Entity, Model};
use super::rows::{decision, interface_version as version};
use crate::domain::id::{InterfaceId, InterfaceVersionId, TenantId};
use crate::domain::interface::{Interface, InterfaceVersion};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: InterfaceId) -> Result<Option<Interface>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[InterfaceId]) -> Result<Vec<Interface>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// All of a tenant, by name: an installation has few.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<Interface>, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).order_by_asc(Column::Name);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page by name.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Interface>, StoreError> {
    let sorted = SortedBy::new([(Column::Name, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(Column::TenantId.eq(tenant.uuid())), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Text(row.name.clone()), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many a tenant has.
pub async fn count(conn: &Conn, tenant: TenantId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::TenantId.eq(tenant.uuid())).count(conn).await?)
}

/// A new interface.
pub async fn insert(conn: &Conn, interface: &Interface) -> Result<(), StoreError> {
    insert_all(conn, vec![row(interface)?]).await
}

/// Writes a changed interface, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, interface: &Interface) -> Result<(), StoreError> {
    let mut changed = row(interface)?;
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(interface.tenant.uuid()))
        .add(Column::Id.eq(interface.id.uuid()))
        .add(Column::Version.eq(interface.version));
    update_where(conn, changed, unchanged).await
}

/// Removes an interface and its versions. The database refuses if a job or a decision names it.
pub async fn remove(conn: &Conn, tenant: TenantId, id: InterfaceId) -> Result<(), StoreError> {
    let versions = version::Entity::delete_many()
        .filter(version::Column::TenantId.eq(tenant.uuid()))
        .filter(version::Column::InterfaceId.eq(id.uuid()));
    versions.exec(conn).await?;
    Entity::delete_many()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .exec(conn)
        .await?;
    Ok(())
}

/// How many decisions were made from an interface.
pub async fn count_decisions(conn: &Conn, tenant: TenantId, id: InterfaceId) -> Result<u64, StoreError> {
    let query = decision::Entity::find()
        .filter(decision::Column::TenantId.eq(tenant.uuid()))
        .filter(decision::Column::InterfaceId.eq(id.uuid()));
    Ok(query.count(conn).await?)
}

/// A version by its number.
pub async fn find_version(
    conn: &Conn,
    tenant: TenantId,
    id: InterfaceId,
    number: i64,
) -> Result<Option<InterfaceVersion>, StoreError> {
    let query = version::Entity::find()
        .filter(version::Column::TenantId.eq(tenant.uuid()))
        .filter(version::Column::InterfaceId.eq(id.uuid()))
        .filter(version::Column::Number.eq(number));
    query.row(conn).await?.map(version_domain).transpose()
}

/// A version by its id.
pub async fn lookup_version(
    conn: &Conn,
    tenant: TenantId,
    id: InterfaceVersionId,
) -> Result<Option<InterfaceVersion>, StoreError> {
    version::Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(version_domain).transpose()
}

/// All versions of these interfaces, newest first.
pub async fn list_versions(
    conn: &Conn,
    tenant: TenantId,
    ids: &[InterfaceId],
) -> Result<Vec<InterfaceVersion>, StoreError> {
    let query = version::Entity::find()
        .filter(version::Column::TenantId.eq(tenant.uuid()))
        .filter(version::Column::InterfaceId.is_in(ids.iter().map(|id| id.uuid())))
        .order_by_asc(version::Column::InterfaceId)
        .order_by_desc(version::Column::Number);
    query.rows(conn).await?.into_iter().map(version_domain).collect()
}

/// The published versions of those of these interfaces that have one.
pub async fn list_published(
    conn: &Conn,
    tenant: TenantId,
    ids: &[InterfaceId],
) -> Result<Vec<(Interface, InterfaceVersion)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let interfaces = lookup_many(conn, tenant, ids).await?;
    let wanted = interfaces.iter().filter_map(|interface| Some((interface.id, interface.published_number?)));
    let any = wanted.fold(Condition::any().add(sea_orm::sea_query::Expr::val(false)), |any, (id, number)| {
        any.add(
            Condition::all().add(version::Column::InterfaceId.eq(id.uuid())).add(version::Column::Number.eq(number)),
        )
    });
    let query = version::Entity::find().filter(version::Column::TenantId.eq(tenant.uuid())).filter(any);
    let versions = query.rows(conn).await?.into_iter().map(version_domain).collect::<Result<Vec<_>, _>>()?;
    let pair = |version: InterfaceVersion| {
        let interface = interfaces.iter().find(|interface| interface.id == version.interface)?;
        Some((interface.clone(), version))
    };
    Ok(versions.into_iter().filter_map(pair).collect())
}

/// A new version.
pub async fn insert_version(conn: &Conn, tenant: TenantId, new: &InterfaceVersion) -> Result<(), StoreError> {
    let row = version::Model {
        tenant_id: tenant.uuid(),
        id: new.id.uuid(),
        interface_id: new.interface.uuid(),
        number: new.number,
        definition: json_of("interface_versions.definition", &new.definition)?,
        note: new.note.clone(),
        published_by: new.published_by.clone(),
        published_at: new.published_at.micros(),
    };
    insert_all(conn, vec![row]).await
}

fn domain(row: Model) -> Result<Interface, StoreError> {
    Ok(Interface {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        name: row.name,
        description: row.description,
        candidate_kind: named("interfaces.candidate_kind", row.candidate_kind)?,
        draft: row.draft.map(|json| from_json("interfaces.draft", json)).transpose()?,
        published_number: row.published_number,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(interface: &Interface) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: interface.tenant.uuid(),
        id: interface.id.uuid(),
        name: interface.name.clone(),
        description: interface.description.clone(),
        candidate_kind: name_of(&interface.candidate_kind),
        draft: interface.draft.as_ref().map(|draft| json_of("interfaces.draft", draft)).transpose()?,
        published_number: interface.published_number,
        version: interface.version,
        created_at: interface.created_at.micros(),
        updated_at: interface.updated_at.micros(),
    })
}

fn version_domain(row: version::Model) -> Result<InterfaceVersion, StoreError> {
    Ok(InterfaceVersion {
        id: row.id.into(),
        interface: row.interface_id.into(),
        number: row.number,
        definition: from_json("interface_versions.definition", row.definition)?,
        note: row.note,
        published_by: row.published_by,
        published_at: time(row.published_at),
    })
}
