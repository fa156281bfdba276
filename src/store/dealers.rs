//! Dealers: single ones, the dealer grid, and a tenant's whole network at once.

use chrono_tz::Tz;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::conn::Conn;
use super::error::StoreError;
use super::map::{
    AddressColumns, address, begins, from_json, insert_all, json_of, object, one_of, point, time, update_where,
};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::{Parts, Rows};
use super::rows::dealer::{Column, Entity, Model, Summary};
use super::rule::{Pushed, narrowed};
use crate::domain::Timestamp;
use crate::domain::dealer::{Capacity, CrmIntegration, Dealer, DealerSummary};
use crate::domain::id::{DealerId, TenantId};

/// Rows of a whole network that are read at once: some tens of milliseconds.
const READ_AT_ONCE: u64 = 5_000;

/// Which dealers are wanted: all conditions must hold; an empty one holds for every dealer.
#[derive(Clone, Debug, Default)]
pub struct DealerFilter {
    /// A rule over dealers holds.
    pub rule: Option<Pushed>,
    /// The name or the number begins so, whatever the case.
    pub search: Option<String>,
    /// Only this dealer: what a dealer's own credential may see.
    pub only: Option<DealerId>,
}

/// What the dealer grid is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DealerSort {
    /// The name, then the number.
    Name,
    /// The number with its sub-number.
    Number,
    /// The rating; without one first.
    Rating,
    /// When the dealer last changed.
    UpdatedAt,
}

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: DealerId) -> Result<Option<Dealer>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[DealerId]) -> Result<Vec<Dealer>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = of(tenant).filter(one_of(conn, Column::Id, ids.iter().map(|id| id.uuid())));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// The same of which only the summaries are read.
pub async fn lookup_summaries(
    conn: &Conn,
    tenant: TenantId,
    ids: &[DealerId],
) -> Result<Vec<DealerSummary>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = of(tenant).filter(one_of(conn, Column::Id, ids.iter().map(|id| id.uuid())));
    Ok(query.parts(conn).await?.into_iter().map(summary).collect())
}

/// What whoever hands leads to a dealer has to know of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which dealer.
    pub id: DealerId,
    /// As shown to people.
    pub name: String,
    /// Whether it is part of the network.
    pub active: bool,
    /// Whether it gets new leads.
    pub accepts_leads: bool,
    /// Where its people read times.
    pub time_zone: Tz,
    /// Its own systems.
    pub crm: Vec<CrmIntegration>,
}

/// The same of several by id, in no particular order. Nothing else of them is read: a chunk of leads asks for hundreds.
pub async fn list_entries(conn: &Conn, tenant: TenantId, ids: &[DealerId]) -> Result<Vec<Entry>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = [Column::Id, Column::Name, Column::Active, Column::AcceptsLeads, Column::TimeZone, Column::Crm];
    let query = of(tenant).filter(one_of(conn, Column::Id, ids.iter().map(|id| id.uuid())));
    let rows = query.select_only().columns(columns).into_tuple().all(conn).await?;
    let entry = |(id, name, active, accepts_leads, time_zone, crm): (Uuid, _, _, _, String, Json)| {
        Ok(Entry {
            id: id.into(),
            name,
            active,
            accepts_leads,
            time_zone: time_zone.parse().map_err(|error| StoreError::corrupt("dealers.time_zone", error))?,
            crm: from_json("dealers.crm", crm)?,
        })
    };
    rows.into_iter().map(entry).collect()
}

/// By number and sub-number; an empty one for a dealer without.
pub async fn find_by_number(
    conn: &Conn,
    tenant: TenantId,
    number: &str,
    sub_number: &str,
) -> Result<Option<Dealer>, StoreError> {
    let query = of(tenant).filter(Column::Number.eq(number)).filter(Column::SubNumber.eq(sub_number));
    query.row(conn).await?.map(domain).transpose()
}

/// All dealers with one of these numbers, whatever their sub-numbers.
pub async fn find_by_numbers(conn: &Conn, tenant: TenantId, numbers: &[String]) -> Result<Vec<Dealer>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    of(tenant).filter(Column::Number.is_in(numbers)).rows(conn).await?.into_iter().map(domain).collect()
}

/// The tenant's fallback.
pub async fn find_default(conn: &Conn, tenant: TenantId) -> Result<Option<Dealer>, StoreError> {
    of(tenant).filter(Column::IsDefault.eq(true)).row(conn).await?.map(domain).transpose()
}

/// A tenant's whole network, by id; read a few thousand at a time, so that the rows and what is made of them do not both lie in memory.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<Dealer>, StoreError> {
    let mut dealers: Vec<Dealer> = Vec::new();
    loop {
        let after = dealers.last().map(|dealer| Column::Id.gt(dealer.id.uuid()));
        let query = of(tenant).filter(Condition::all().add_option(after)).order_by_asc(Column::Id).limit(READ_AT_ONCE);
        let rows = query.rows(conn).await?;
        let is_last = (rows.len() as u64) < READ_AT_ONCE;
        for row in rows {
            dealers.push(domain(row)?);
        }
        if is_last {
            return Ok(dealers);
        }
    }
}

/// A page of the grid.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    filter: &DealerFilter,
    sort: (DealerSort, Order),
    page: &PageRequest,
) -> Result<Page<Dealer>, StoreError> {
    let rows = page_of(tenant, filter, sort, page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| key(row, sort.0));
    found.try_map(domain)
}

/// How the database would find a page of the grid, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan(
    conn: &Conn,
    tenant: TenantId,
    filter: &DealerFilter,
    sort: (DealerSort, Order),
    page: &PageRequest,
) -> Result<Json, StoreError> {
    conn.plan(page_of(tenant, filter, sort, page).build(conn.get_database_backend())).await
}

fn page_of(
    tenant: TenantId,
    filter: &DealerFilter,
    sort: (DealerSort, Order),
    page: &PageRequest,
) -> sea_orm::Select<Entity> {
    let columns = match sort.0 {
        DealerSort::Name => vec![(Column::Name, false), (Column::Id, false)],
        DealerSort::Number => vec![(Column::Number, false), (Column::SubNumber, false), (Column::Id, false)],
        DealerSort::Rating => vec![(Column::Rating, true), (Column::Id, false)],
        DealerSort::UpdatedAt => vec![(Column::UpdatedAt, false), (Column::Id, false)],
    };
    let sorted = SortedBy::new(columns, sort.1);
    sorted.apply(narrowed(of(tenant).filter(filter.condition()), filter.rule.as_ref()), page)
}

/// How many match, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, filter: &DealerFilter, up_to: u64) -> Result<u64, StoreError> {
    let query = of(tenant).filter(filter.condition());
    count_up_to(conn, narrowed(query, filter.rule.as_ref()), up_to).await
}

/// How many dealers have this value in a category group.
pub async fn count_category(conn: &Conn, tenant: TenantId, key: &str, value: Option<&str>) -> Result<u64, StoreError> {
    let condition = match value {
        Some(value) => category_is(conn, key, value),
        None => json(conn, "categories ->> ", key, "is not null", None),
    };
    Ok(of(tenant).filter(condition).count(conn).await?)
}

/// Those with a CRM integration at this address.
pub async fn list_by_crm(conn: &Conn, tenant: TenantId, address: &str) -> Result<Vec<Dealer>, StoreError> {
    let (sql, value) = if conn.is_postgres() {
        ("crm @> cast($1 as jsonb)", serde_json::json!([{ "address": address }]).to_string())
    } else {
        ("exists (select 1 from json_each(crm) where value ->> 'address' = ?)", address.to_owned())
    };
    of(tenant).filter(Expr::cust_with_values(sql, [value])).rows(conn).await?.into_iter().map(domain).collect()
}

/// New dealers.
pub async fn insert(conn: &Conn, dealers: &[Dealer]) -> Result<(), StoreError> {
    insert_all(conn, dealers.iter().map(row).collect::<Result<_, _>>()?).await
}

/// Writes a changed dealer, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, dealer: &Dealer) -> Result<(), StoreError> {
    let mut changed = row(dealer)?;
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(dealer.tenant.uuid()))
        .add(Column::Id.eq(dealer.id.uuid()))
        .add(Column::Version.eq(dealer.version));
    update_where(conn, changed, unchanged).await
}

/// Ends the fallback of whichever dealer was it, so that another may be.
pub async fn end_default(conn: &Conn, tenant: TenantId, except: DealerId, at: Timestamp) -> Result<(), StoreError> {
    let sql = "update dealers set is_default = false, version = version + 1, updated_at = $3
        where tenant_id = $1 and id <> $2 and is_default";
    conn.execute_sql(sql, vec![tenant.uuid().into(), except.uuid().into(), at.micros().into()]).await.map(drop)
}

fn of(tenant: TenantId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant.uuid()))
}

fn key(row: &Model, sort: DealerSort) -> Key {
    let id = KeyPart::Id(row.id);
    match sort {
        DealerSort::Name => vec![KeyPart::Text(row.name.clone()), id],
        DealerSort::Number => vec![KeyPart::Text(row.number.clone()), KeyPart::Text(row.sub_number.clone()), id],
        DealerSort::Rating => vec![row.rating.map_or(KeyPart::Null, KeyPart::Double), id],
        DealerSort::UpdatedAt => vec![KeyPart::Int(row.updated_at), id],
    }
}

impl DealerFilter {
    fn condition(&self) -> Condition {
        let begin =
            |begin: &String| Condition::any().add(begins(Column::Name, begin)).add(begins(Column::Number, begin));
        Condition::all()
            .add_option(self.search.as_ref().map(begin))
            .add_option(self.only.map(|id| Column::Id.eq(id.uuid())))
    }
}

fn category_is(conn: &Conn, key: &str, value: &str) -> Expr {
    json(conn, "categories ->> ", key, "= ", Some(value))
}

/// A condition on a JSON column with its values bound: `before ? middle ?`.
fn json(conn: &Conn, before: &str, first: &str, middle: &str, second: Option<&str>) -> Expr {
    let places = if conn.is_postgres() { ["$1", "$2"] } else { ["?", "?"] };
    let [one, two] = places;
    let last = if second.is_some() { two } else { "" };
    let values = std::iter::once(first).chain(second).map(Value::from).collect::<Vec<_>>();
    Expr::cust_with_values(format!("{before}{one} {middle}{last}"), values)
}

fn domain(row: Model) -> Result<Dealer, StoreError> {
    Ok(Dealer {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        number: row.number,
        sub_number: row.sub_number,
        name: row.name,
        active: row.active,
        accepts_leads: row.accepts_leads,
        is_default: row.is_default,
        address: address(
            "dealers.postal_code",
            AddressColumns {
                street: row.street,
                city: row.city,
                region: row.region,
                country: row.country,
                postal_code: row.postal_code,
            },
        )?,
        point: point("dealers.lat", row.lat, row.lon)?,
        time_zone: row.time_zone.parse().map_err(|error| StoreError::corrupt("dealers.time_zone", error))?,
        hours: from_json("dealers.hours", row.hours)?,
        rating: row.rating,
        categories: from_json("dealers.categories", row.categories)?,
        brands: from_json("dealers.brands", row.brands)?,
        territory: from_json("dealers.territory", row.territory)?,
        capacity: Capacity { open: row.capacity_open, per_day: row.capacity_per_day },
        crm: from_json("dealers.crm", row.crm)?,
        custom: object("dealers.custom", row.custom)?,
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn summary(row: Summary) -> DealerSummary {
    DealerSummary {
        id: row.id.into(),
        number: row.number,
        sub_number: row.sub_number,
        name: row.name,
        active: row.active,
        accepts_leads: row.accepts_leads,
        is_default: row.is_default,
        city: row.city,
        region: row.region,
        rating: row.rating,
        version: row.version,
        updated_at: time(row.updated_at),
    }
}

fn row(dealer: &Dealer) -> Result<Model, StoreError> {
    let address = dealer.address.clone();
    Ok(Model {
        tenant_id: dealer.tenant.uuid(),
        id: dealer.id.uuid(),
        number: dealer.number.clone(),
        sub_number: dealer.sub_number.clone(),
        name: dealer.name.clone(),
        active: dealer.active,
        accepts_leads: dealer.accepts_leads,
        is_default: dealer.is_default,
        street: address.street,
        city: address.city,
        region: address.region,
        country: address.country.to_string(),
        postal_code: address.postal_code.map(|code| code.to_string()),
        lat: dealer.point.map(crate::domain::Point::lat),
        lon: dealer.point.map(crate::domain::Point::lon),
        time_zone: dealer.time_zone.name().to_owned(),
        hours: json_of("dealers.hours", &dealer.hours)?,
        rating: dealer.rating,
        categories: json_of("dealers.categories", &dealer.categories)?,
        brands: json_of("dealers.brands", &dealer.brands)?,
        territory: json_of("dealers.territory", &dealer.territory)?,
        capacity_open: dealer.capacity.open,
        capacity_per_day: dealer.capacity.per_day,
        crm: json_of("dealers.crm", &dealer.crm)?,
        custom: serde_json::Value::Object(dealer.custom.clone()),
        version: dealer.version,
        created_at: dealer.created_at.micros(),
        updated_at: dealer.updated_at.micros(),
    })
}
