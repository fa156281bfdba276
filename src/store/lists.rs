//! Lists: saved views over leads, each with its shares.

use std::collections::HashMap;

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, IntoSimpleExpr, PaginatorTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, cut};
use super::placed::Rows;
use super::rows::list::{Column, Entity, Model};
use super::rows::list_share;
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{ListId, TenantId, UserId};
use crate::domain::list::{List, ListShare, ListSort};

/// Which lists of a tenant somebody may know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListReach {
    /// All.
    All,
    /// The user's own, and those that are shared with the user.
    Of(UserId),
    /// None.
    Nothing,
}

impl ListReach {
    /// What an actor may know of; [`List::access_of`] says what may be done with it.
    pub fn of(actor: &Actor) -> Self {
        match (actor.role, actor.user) {
            (Role::Admin | Role::Auditor, _) => Self::All,
            (_, Some(user)) => Self::Of(user),
            (_, None) => Self::Nothing,
        }
    }

    fn condition(self, tenant: TenantId) -> Condition {
        let all = Condition::all().add(Column::TenantId.eq(tenant.uuid()));
        match self {
            Self::All => all,
            Self::Of(user) => {
                let shared = Query::select()
                    .column(list_share::Column::ListId)
                    .from(list_share::Entity)
                    .and_where(list_share::Column::TenantId.eq(tenant.uuid()))
                    .and_where(list_share::Column::UserId.eq(user.uuid()))
                    .take();
                let own = Column::OwnerUserId.eq(user.uuid());
                all.add(Condition::any().add(own).add(Column::Id.into_simple_expr().in_subquery(shared)))
            }
            Self::Nothing => all.add(Expr::val(false)),
        }
    }
}

/// By id, if the reach has it.
pub async fn lookup(conn: &Conn, tenant: TenantId, reach: ListReach, id: ListId) -> Result<Option<List>, StoreError> {
    let query = Entity::find().filter(reach.condition(tenant)).filter(Column::Id.eq(id.uuid()));
    let found: Vec<Model> = query.row(conn).await?.into_iter().collect();
    Ok(with_shares(conn, tenant, found).await?.pop())
}

/// A page, by name.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    reach: ListReach,
    order: Order,
    page: &PageRequest,
) -> Result<Page<List>, StoreError> {
    let sorted = SortedBy::new([(Column::Name, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(reach.condition(tenant)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Text(row.name.clone()), KeyPart::Id(row.id)] });
    let (keys, rows): (Vec<Key>, Vec<Model>) = found.rows.into_iter().unzip();
    let lists = with_shares(conn, tenant, rows).await?;
    let rows = keys.into_iter().zip(lists).collect();
    Ok(Page { rows, has_previous: found.has_previous, has_next: found.has_next })
}

/// How many there are.
pub async fn count(conn: &Conn, tenant: TenantId, reach: ListReach) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(reach.condition(tenant)).count(conn).await?)
}

/// How many a user owns; how many belong to the admins, without one.
pub async fn count_of_owner(conn: &Conn, tenant: TenantId, owner: Option<UserId>) -> Result<u64, StoreError> {
    let owned = match owner {
        Some(owner) => Column::OwnerUserId.eq(owner.uuid()),
        None => Column::OwnerUserId.is_null(),
    };
    Ok(Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(owned).count(conn).await?)
}

/// Name and filter of every list that has a filter, by name: for the question who relies on a definition.
pub async fn list_filters(conn: &Conn, tenant: TenantId) -> Result<Vec<(String, String)>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Filter.ne(""))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id);
    Ok(query.rows(conn).await?.into_iter().map(|row| (row.name, row.filter)).collect())
}

/// A new list with its shares.
pub async fn insert(conn: &Conn, list: &List) -> Result<(), StoreError> {
    insert_all(conn, vec![row(list)?]).await?;
    insert_all(conn, share_rows(list)).await
}

/// Writes a changed list with its shares, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, list: &List) -> Result<(), StoreError> {
    let mut changed = row(list)?;
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(list.tenant.uuid()))
        .add(Column::Id.eq(list.id.uuid()))
        .add(Column::Version.eq(list.version));
    update_where(conn, changed, unchanged).await?;
    let shares = list_share::Entity::delete_many()
        .filter(list_share::Column::TenantId.eq(list.tenant.uuid()))
        .filter(list_share::Column::ListId.eq(list.id.uuid()));
    shares.exec(conn).await?;
    insert_all(conn, share_rows(list)).await
}

/// Removes a list with its shares.
pub async fn remove(conn: &Conn, tenant: TenantId, id: ListId) -> Result<(), StoreError> {
    let query = Entity::delete_many().filter(Column::TenantId.eq(tenant.uuid())).filter(Column::Id.eq(id.uuid()));
    query.exec(conn).await.map(drop).map_err(Into::into)
}

/// Nothing is shared with a user any more. Answers with the number of shares that were.
pub async fn remove_shares_of(conn: &Conn, tenant: TenantId, user: UserId) -> Result<u64, StoreError> {
    let query = list_share::Entity::delete_many()
        .filter(list_share::Column::TenantId.eq(tenant.uuid()))
        .filter(list_share::Column::UserId.eq(user.uuid()));
    Ok(query.exec(conn).await?.rows_affected)
}

/// The lists of these rows, in the same order.
async fn with_shares(conn: &Conn, tenant: TenantId, rows: Vec<Model>) -> Result<Vec<List>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let query = list_share::Entity::find()
        .filter(list_share::Column::TenantId.eq(tenant.uuid()))
        .filter(list_share::Column::ListId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(list_share::Column::UserId);
    let mut shares: HashMap<uuid::Uuid, Vec<ListShare>> = HashMap::new();
    for row in query.rows(conn).await? {
        let share = ListShare { user: row.user_id.into(), access: named("list_shares.access", row.access)? };
        shares.entry(row.list_id).or_default().push(share);
    }
    let with = |row: Model| {
        let own = shares.remove(&row.id).unwrap_or_default();
        domain(row, own)
    };
    rows.into_iter().map(with).collect()
}

fn domain(row: Model, shares: Vec<ListShare>) -> Result<List, StoreError> {
    Ok(List {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        name: row.name,
        base: named("lists.base_set", row.base_set)?,
        filter: row.filter,
        sort: ListSort {
            field: named("lists.sort_field", row.sort_field)?,
            order: named("lists.sort_order", row.sort_order)?,
        },
        columns: from_json("lists.columns", row.columns)?,
        owner: row.owner_user_id.map(Into::into),
        shares,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(list: &List) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: list.tenant.uuid(),
        id: list.id.uuid(),
        name: list.name.clone(),
        base_set: name_of(&list.base),
        filter: list.filter.clone(),
        sort_field: name_of(&list.sort.field),
        sort_order: name_of(&list.sort.order),
        columns: json_of("lists.columns", &list.columns)?,
        owner_user_id: list.owner.map(|owner| owner.uuid()),
        version: list.version,
        created_at: list.created_at.micros(),
        updated_at: list.updated_at.micros(),
    })
}

fn share_rows(list: &List) -> Vec<list_share::Model> {
    let row = |share: &ListShare| list_share::Model {
        tenant_id: list.tenant.uuid(),
        list_id: list.id.uuid(),
        user_id: share.user.uuid(),
        access: name_of(&share.access),
    };
    list.shares.iter().map(row).collect()
}
