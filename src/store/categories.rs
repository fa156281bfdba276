//! Category groups of dealers.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, time, update_where};
use super::placed::Rows;
use super::rows::category::{Column, Entity, Model};
use crate::domain::category::Category;
use crate::domain::id::{CategoryId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: CategoryId) -> Result<Option<Category>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// All of a tenant, by key: an installation has few.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<Category>, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).order_by_asc(Column::Key);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A new category.
pub async fn insert(conn: &Conn, category: &Category) -> Result<(), StoreError> {
    insert_all(conn, vec![row(category)?]).await
}

/// Writes a changed category.
pub async fn update(conn: &Conn, category: &Category) -> Result<(), StoreError> {
    let this = Condition::all().add(Column::TenantId.eq(category.tenant.uuid())).add(Column::Id.eq(category.id.uuid()));
    update_where(conn, row(category)?, this).await
}

/// Removes a category.
pub async fn remove(conn: &Conn, tenant: TenantId, id: CategoryId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

fn domain(row: Model) -> Result<Category, StoreError> {
    Ok(Category {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        key: row.key,
        label: row.label,
        choices: from_json("categories.choices", row.choices)?,
        created_at: time(row.created_at),
    })
}

fn row(category: &Category) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: category.tenant.uuid(),
        id: category.id.uuid(),
        key: category.key.clone(),
        label: category.label.clone(),
        choices: json_of("categories.choices", &category.choices)?,
        created_at: category.created_at.micros(),
    })
}
