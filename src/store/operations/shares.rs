//! Shares: how many leads each recipient would get by a plan, and how many each would lose.

use std::collections::BTreeMap;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait, Select};
use uuid::Uuid;

use crate::domain::id::{OperationId, TenantId};
use crate::domain::lead::Recipient;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::insert_all_or;
use crate::store::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use crate::store::placed::Rows;
use crate::store::rows::operation_share::{Column, Entity, Model};

/// Whether leads come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// They come.
    To,
    /// They go.
    From,
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::To => "TO",
            Self::From => "FROM",
        }
    }
}

/// How many leads come to or go from recipients: by side, kind (dealers before users) and id.
#[derive(Clone, Debug, Default)]
pub struct Shares(BTreeMap<(Side, bool, Uuid), i64>);

impl Shares {
    /// One lead more.
    pub fn add(&mut self, side: Side, recipient: Recipient) {
        let key = match recipient {
            Recipient::Dealer(id) => (side, false, id.uuid()),
            Recipient::User(id) => (side, true, id.uuid()),
        };
        *self.0.entry(key).or_default() += 1;
    }
}

/// Adds what another part of a plan comes to.
pub async fn add(conn: &Conn, (tenant, id): (TenantId, OperationId), shares: &Shares) -> Result<(), StoreError> {
    let row = |((side, is_user, recipient), count): (&(Side, bool, Uuid), &i64)| Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        side: side.as_str().to_owned(),
        id: *recipient,
        kind: if *is_user { "USER" } else { "DEALER" }.to_owned(),
        lead_count: *count,
        ranked_count: 0,
    };
    let more = "on conflict (tenant_id, operation_id, side, id)
        do update set lead_count = operation_shares.lead_count + excluded.lead_count";
    insert_all_or(conn, shares.0.iter().map(row).collect(), more).await
}

/// Takes away what a part of a plan came to that is not to be.
pub async fn take(conn: &Conn, (tenant, id): (TenantId, OperationId), shares: &Shares) -> Result<(), StoreError> {
    if shares.0.is_empty() {
        return Ok(());
    }
    let one = |((side, _, recipient), count): (&(Side, bool, Uuid), &i64)| {
        format!(r#"{{"side":"{}","id":"{}","count":{count}}}"#, side.as_str(), recipient.simple())
    };
    let given = format!("[{}]", shares.0.iter().map(one).collect::<Vec<_>>().join(","));
    let taken = if conn.is_postgres() {
        "(select side, id, count from json_to_recordset(cast($1 as text)::json) as j(side text, id uuid, count bigint)) as r"
    } else {
        "(select value ->> 'side' as side, unhex(value ->> 'id') as id, value ->> 'count' as count from json_each($1)) as r"
    };
    let own = "s.tenant_id = $2 and s.operation_id = $3 and s.side = r.side and s.id = r.id";
    let values = || vec![given.clone().into(), tenant.uuid().into(), id.uuid().into()];
    // A share of none is no row.
    let gone = format!(
        "delete from operation_shares where tenant_id = $2 and operation_id = $3 and (side, id) in
           (select s.side, s.id from operation_shares s, {taken} where {own} and s.lead_count <= r.count)"
    );
    conn.execute_sql(&gone, values()).await?;
    let less = format!("update operation_shares as s set lead_count = s.lead_count - r.count from {taken} where {own}");
    conn.execute_sql(&less, values()).await.map(drop)
}

/// Ranks the recipients by what the plan, which is whole now, brings them.
pub async fn rank(conn: &Conn, (tenant, id): (TenantId, OperationId)) -> Result<(), StoreError> {
    let sql = "update operation_shares set ranked_count = lead_count
        where tenant_id = $1 and operation_id = $2 and ranked_count <> lead_count";
    conn.execute_sql(sql, vec![tenant.uuid().into(), id.uuid().into()]).await.map(drop)
}

/// A page by the number of leads when the recipients were last ranked, most first unless `order` says otherwise; by id before that.
pub async fn list(
    conn: &Conn,
    of: (TenantId, OperationId),
    side: Side,
    order: Order,
    page: &PageRequest,
) -> Result<Page<(Recipient, i64)>, StoreError> {
    let rows = page_of(of, side, order, page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.ranked_count), KeyPart::Id(row.id)] });
    Ok(found.map(|row| (recipient(&row), row.lead_count)))
}

/// How the database would find a page, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan(
    conn: &Conn,
    of: (TenantId, OperationId),
    side: Side,
    order: Order,
    page: &PageRequest,
) -> Result<serde_json::Value, StoreError> {
    conn.plan(page_of(of, side, order, page).build(conn.get_database_backend())).await
}

fn page_of(of: (TenantId, OperationId), side: Side, order: Order, page: &PageRequest) -> Select<Entity> {
    let sorted = SortedBy::new([(Column::RankedCount, false), (Column::Id, false)], order);
    sorted.apply(Entity::find().filter(own(of, side)), page)
}

/// How many recipients there are, counted up to `up_to`.
pub async fn count(conn: &Conn, of: (TenantId, OperationId), side: Side, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(own(of, side));
    count_up_to(conn, query, up_to).await
}

/// What the plan so far brings each recipient.
pub async fn all(conn: &Conn, of: (TenantId, OperationId), side: Side) -> Result<Vec<(Recipient, i64)>, StoreError> {
    let rows = Entity::find().filter(own(of, side)).rows(conn).await?;
    Ok(rows.iter().map(|row| (recipient(row), row.lead_count)).collect())
}

fn recipient(row: &Model) -> Recipient {
    if row.kind == "USER" { Recipient::User(row.id.into()) } else { Recipient::Dealer(row.id.into()) }
}

fn own((tenant, id): (TenantId, OperationId), side: Side) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(tenant.uuid()))
        .add(Column::OperationId.eq(id.uuid()))
        .add(Column::Side.eq(side.as_str()))
}
