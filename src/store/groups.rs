//! Groups of users, and who is in them.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, time, update_where};
use super::placed::Rows;
use super::rows::group::{Column, Entity, Model};
use super::rows::membership;
use crate::domain::id::{GroupId, TenantId, UserId};
use crate::domain::user::{Group, Membership};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: GroupId) -> Result<Option<Group>, StoreError> {
    Ok(Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain))
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[GroupId]) -> Result<Vec<Group>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    Ok(query.rows(conn).await?.into_iter().map(domain).collect())
}

/// All of a tenant, by name: an installation has few.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<Group>, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).order_by_asc(Column::Name);
    Ok(query.rows(conn).await?.into_iter().map(domain).collect())
}

/// All memberships of a tenant, by group and user.
pub async fn list_memberships(conn: &Conn, tenant: TenantId) -> Result<Vec<Membership>, StoreError> {
    memberships(conn, tenant, Condition::all()).await
}

/// The memberships of these groups, by group and user.
pub async fn list_members(conn: &Conn, tenant: TenantId, groups: &[GroupId]) -> Result<Vec<Membership>, StoreError> {
    let of_groups = membership::Column::GroupId.is_in(groups.iter().map(|id| id.uuid()));
    memberships(conn, tenant, Condition::all().add(of_groups)).await
}

/// The memberships of these users, by group and user.
pub async fn list_by_users(conn: &Conn, tenant: TenantId, users: &[UserId]) -> Result<Vec<Membership>, StoreError> {
    let of_users = membership::Column::UserId.is_in(users.iter().map(|id| id.uuid()));
    memberships(conn, tenant, Condition::all().add(of_users)).await
}

/// A new group.
pub async fn insert(conn: &Conn, group: &Group) -> Result<(), StoreError> {
    insert_all(conn, vec![row(group)]).await
}

/// Writes a changed group.
pub async fn update(conn: &Conn, group: &Group) -> Result<(), StoreError> {
    let this = Condition::all().add(Column::TenantId.eq(group.tenant.uuid())).add(Column::Id.eq(group.id.uuid()));
    update_where(conn, row(group), this).await
}

/// Removes a group. The database refuses if it has members.
pub async fn remove(conn: &Conn, tenant: TenantId, id: GroupId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

/// New memberships.
pub async fn insert_members(conn: &Conn, tenant: TenantId, members: &[Membership]) -> Result<(), StoreError> {
    let row = |member: &Membership| membership::Model {
        tenant_id: tenant.uuid(),
        group_id: member.group.uuid(),
        user_id: member.user.uuid(),
        manages: member.manages,
    };
    insert_all(conn, members.iter().map(row).collect()).await
}

/// Takes users out of a group.
pub async fn remove_members(conn: &Conn, tenant: TenantId, group: GroupId, users: &[UserId]) -> Result<(), StoreError> {
    let query = membership::Entity::delete_many()
        .filter(membership::Column::TenantId.eq(tenant.uuid()))
        .filter(membership::Column::GroupId.eq(group.uuid()))
        .filter(membership::Column::UserId.is_in(users.iter().map(|id| id.uuid())));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

async fn memberships(conn: &Conn, tenant: TenantId, wanted: Condition) -> Result<Vec<Membership>, StoreError> {
    let query = membership::Entity::find()
        .filter(membership::Column::TenantId.eq(tenant.uuid()))
        .filter(wanted)
        .order_by_asc(membership::Column::GroupId)
        .order_by_asc(membership::Column::UserId);
    let domain = |row: membership::Model| Membership {
        group: row.group_id.into(),
        user: row.user_id.into(),
        manages: row.manages,
    };
    Ok(query.rows(conn).await?.into_iter().map(domain).collect())
}

fn domain(row: Model) -> Group {
    Group { tenant: row.tenant_id.into(), id: row.id.into(), name: row.name, created_at: time(row.created_at) }
}

fn row(group: &Group) -> Model {
    Model {
        tenant_id: group.tenant.uuid(),
        id: group.id.uuid(),
        name: group.name.clone(),
        created_at: group.created_at.micros(),
    }
}
