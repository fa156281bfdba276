//! Companies that leads may be assigned to.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::company::{Column, Entity, Model};
use crate::domain::company::Company;
use crate::domain::id::{CompanyId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: CompanyId) -> Result<Option<Company>, StoreError> {
    Ok(Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain))
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[CompanyId]) -> Result<Vec<Company>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(of(tenant, false)).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    Ok(query.rows(conn).await?.into_iter().map(domain).collect())
}

/// A page by name, perhaps of the active ones only.
pub async fn list(
    conn: &Conn,
    (tenant, active_only): (TenantId, bool),
    order: Order,
    page: &PageRequest,
) -> Result<Page<Company>, StoreError> {
    let sorted = SortedBy::new([(Column::Name, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(of(tenant, active_only)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Text(row.name.clone()), KeyPart::Id(row.id)] });
    Ok(found.map(domain))
}

/// How many there are, perhaps of the active ones only, counted up to `up_to`.
pub async fn count(conn: &Conn, (tenant, active_only): (TenantId, bool), up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(of(tenant, active_only));
    count_up_to(conn, query, up_to).await
}

/// A new company.
pub async fn insert(conn: &Conn, company: &Company) -> Result<(), StoreError> {
    insert_all(conn, vec![row(company)]).await
}

/// Writes a changed company, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, company: &Company) -> Result<(), StoreError> {
    let changed = Model { version: company.version + 1, ..row(company) };
    let unchanged =
        of(company.tenant, false).add(Column::Id.eq(company.id.uuid())).add(Column::Version.eq(company.version));
    update_where(conn, changed, unchanged).await
}

fn of(tenant: TenantId, active_only: bool) -> Condition {
    Condition::all().add(Column::TenantId.eq(tenant.uuid())).add_option(active_only.then(|| Column::Active.eq(true)))
}

fn domain(row: Model) -> Company {
    Company {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        name: row.name,
        active: row.active,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    }
}

fn row(company: &Company) -> Model {
    Model {
        tenant_id: company.tenant.uuid(),
        id: company.id.uuid(),
        name: company.name.clone(),
        active: company.active,
        version: company.version,
        created_at: company.created_at.micros(),
        updated_at: company.updated_at.micros(),
    }
}
