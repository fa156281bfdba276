//! Users: staff logins.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{begins, from_json, insert_all, json_of, object, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::user::{Column, Entity, Model};
use super::rule::{Pushed, narrowed};
use crate::domain::actor::Role;
use crate::domain::id::{DealerId, TenantId, UserId};
use crate::domain::user::User;

/// Which users are wanted: all conditions must hold; an empty one holds for every user.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// A rule over users holds.
    pub rule: Option<Pushed>,
    /// First or last name begins so, whatever the case.
    pub search: Option<String>,
}

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: UserId) -> Result<Option<User>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = of(tenant).filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// By mail address, in lower case.
pub async fn find_by_email(conn: &Conn, tenant: TenantId, email: &str) -> Result<Option<User>, StoreError> {
    of(tenant).filter(Column::Email.eq(email)).row(conn).await?.map(domain).transpose()
}

/// All of a tenant, by id.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<User>, StoreError> {
    of(tenant).order_by_asc(Column::Id).rows(conn).await?.into_iter().map(domain).collect()
}

/// A page by last name.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    filter: &UserFilter,
    order: Order,
    page: &PageRequest,
) -> Result<Page<User>, StoreError> {
    let columns = [(Column::LastName, false), (Column::FirstName, false), (Column::Id, false)];
    let sorted = SortedBy::new(columns, order);
    let rows =
        sorted.apply(narrowed(of(tenant).filter(filter.condition()), filter.rule.as_ref()), page).rows(conn).await?;
    let key = |row: &Model| -> Key {
        vec![KeyPart::Text(row.last_name.clone()), KeyPart::Text(row.first_name.clone()), KeyPart::Id(row.id)]
    };
    let found = cut(rows, page, key);
    found.try_map(domain)
}

/// How many match, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, filter: &UserFilter, up_to: u64) -> Result<u64, StoreError> {
    let query = of(tenant).filter(filter.condition());
    count_up_to(conn, narrowed(query, filter.rule.as_ref()), up_to).await
}

/// The active users who manage a group that one of these users is in, with that user.
pub async fn list_managers(conn: &Conn, tenant: TenantId, users: &[UserId]) -> Result<Vec<(UserId, User)>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..users.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "select distinct member.user_id as member_id, manager.user_id as manager_id from memberships member
         join memberships manager on manager.tenant_id = member.tenant_id and manager.group_id = member.group_id
         where member.tenant_id = $1 and manager.manages and manager.user_id <> member.user_id and member.user_id in ({})",
        places.join(", ")
    );
    let values = std::iter::once(tenant.uuid().into()).chain(users.iter().map(|id| id.uuid().into())).collect();
    let mut pairs: Vec<(UserId, UserId)> = Vec::new();
    for row in conn.query_sql(&sql, values).await? {
        let (member, manager): (uuid::Uuid, uuid::Uuid) =
            (row.try_get("", "member_id")?, row.try_get("", "manager_id")?);
        pairs.push((member.into(), manager.into()));
    }
    let managers: Vec<UserId> = pairs.iter().map(|(_, manager)| *manager).collect();
    let found = lookup_many(conn, tenant, &managers).await?;
    let known = |id: &UserId| found.iter().find(|user| user.id == *id && user.active).cloned();
    Ok(pairs.into_iter().filter_map(|(member, manager)| Some((member, known(&manager)?))).collect())
}

/// The active admins.
pub async fn list_admins(conn: &Conn, tenant: TenantId) -> Result<Vec<User>, StoreError> {
    let query = of(tenant)
        .filter(Column::Role.eq(stored_role(Role::Admin)))
        .filter(Column::Active.eq(true))
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// New users.
pub async fn insert(conn: &Conn, users: &[User]) -> Result<(), StoreError> {
    insert_all(conn, users.iter().map(row).collect::<Result<_, _>>()?).await
}

/// Writes a changed user, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, user: &User) -> Result<(), StoreError> {
    let mut changed = row(user)?;
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(user.tenant.uuid()))
        .add(Column::Id.eq(user.id.uuid()))
        .add(Column::Version.eq(user.version));
    update_where(conn, changed, unchanged).await
}

fn of(tenant: TenantId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant.uuid()))
}

impl UserFilter {
    fn condition(&self) -> Condition {
        let begin = |begin: &String| {
            Condition::any().add(begins(Column::LastName, begin)).add(begins(Column::FirstName, begin))
        };
        Condition::all().add_option(self.search.as_ref().map(begin))
    }
}

fn stored_role(role: Role) -> String {
    role.as_str().to_uppercase()
}

fn domain(row: Model) -> Result<User, StoreError> {
    let role = row.role.to_lowercase().parse().map_err(|error| StoreError::corrupt("users.role", error))?;
    Ok(User {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        mobile: row.mobile,
        locale: row.locale,
        time_zone: row.time_zone.parse().map_err(|error| StoreError::corrupt("users.time_zone", error))?,
        active: row.active,
        on_holiday: row.on_holiday,
        role,
        dealer: row.dealer_id.map(Into::into),
        days_off: from_json("users.days_off", row.days_off)?,
        custom: object("users.custom", row.custom)?,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(user: &User) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: user.tenant.uuid(),
        id: user.id.uuid(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        email: user.email.clone(),
        mobile: user.mobile.clone(),
        locale: user.locale.clone(),
        time_zone: user.time_zone.name().to_owned(),
        active: user.active,
        on_holiday: user.on_holiday,
        role: stored_role(user.role),
        dealer_id: user.dealer.map(DealerId::uuid),
        days_off: json_of("users.days_off", &user.days_off)?,
        custom: serde_json::Value::Object(user.custom.clone()),
        version: user.version,
        created_at: user.created_at.micros(),
        updated_at: user.updated_at.micros(),
    })
}
