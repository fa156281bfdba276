//! Backtests: what was asked, how far it has come, and what each recipient would get.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::backtest::{Column, Entity, Model};
use super::rows::backtest_share as share;
use crate::domain::Timestamp;
use crate::domain::backtest::{Backtest, BacktestShare};
use crate::domain::id::{BacktestId, InterfaceId, TenantId};

/// Rows of `backtest_shares` in one statement: six values each, of which SQLite takes 32,766.
const SHARES_PER_STATEMENT: usize = 5_000;

/// A backtest that a worker has in hand.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// As it is.
    pub backtest: Backtest,
    /// Until when; it tells this worker's turn from another's.
    pub until: Timestamp,
}

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: BacktestId) -> Result<Option<Backtest>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// A page by the time they were asked for, of one interface or of all.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    interface: Option<InterfaceId>,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Backtest>, StoreError> {
    let sorted = SortedBy::new([(Column::QueuedAt, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(of(tenant, interface)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.queued_at), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many there are, of one interface or of all, counted up to `up_to`.
pub async fn count(
    conn: &Conn,
    tenant: TenantId,
    interface: Option<InterfaceId>,
    up_to: u64,
) -> Result<u64, StoreError> {
    let query = Entity::find().filter(of(tenant, interface));
    count_up_to(conn, query, up_to).await
}

/// An interface's backtest that waits or is under way, if there is one.
pub async fn find_open(conn: &Conn, tenant: TenantId, interface: InterfaceId) -> Result<Option<Backtest>, StoreError> {
    let open = Column::State.is_in(["QUEUED", "RUNNING"]);
    Entity::find().filter(of(tenant, Some(interface))).filter(open).row(conn).await?.map(domain).transpose()
}

/// A new one.
pub async fn insert(conn: &Conn, backtest: &Backtest) -> Result<(), StoreError> {
    insert_all(conn, vec![row(backtest)?]).await?;
    conn.touch(backtest.tenant);
    Ok(())
}

/// Whether one waits or was left behind.
pub async fn is_any_open(conn: &Conn, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "select 1 as one from backtests
        where state in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until <= $1) limit 1";
    Ok(!conn.query_sql(sql, vec![now.micros().into()]).await?.is_empty())
}

/// Takes the oldest that waits or was left behind, for `lease`.
pub async fn claim(conn: &Conn, now: Timestamp, lease: Duration) -> Result<Option<Claimed>, StoreError> {
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let sql = format!(
        "update backtests set state = 'RUNNING', started_at = coalesce(started_at, $2), claimed_until = $1
         where (tenant_id, id) in (
           select tenant_id, id from backtests
           where state in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until <= $2)
           order by queued_at limit 1 {lock})
         returning *"
    );
    let until = now + lease;
    let rows = conn.query_sql(&sql, vec![until.micros().into(), now.micros().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let backtest = domain(Model::from_query_result(row, "")?)?;
    conn.touch(backtest.tenant);
    Ok(Some(Claimed { backtest, until }))
}

/// Writes how far a claimed one has come, and lets go of it. A conflict if it was cancelled or another worker has taken it over.
pub async fn record(conn: &Conn, backtest: &Backtest, claimed_until: Timestamp) -> Result<(), StoreError> {
    let mine = Condition::all()
        .add(Column::TenantId.eq(backtest.tenant.uuid()))
        .add(Column::Id.eq(backtest.id.uuid()))
        .add(Column::State.eq("RUNNING"))
        .add(Column::ClaimedUntil.eq(claimed_until.micros()));
    update_where(conn, row(backtest)?, mine).await?;
    conn.touch(backtest.tenant);
    Ok(())
}

/// Stops one that waits or is under way; whether it did.
pub async fn cancel(conn: &Conn, tenant: TenantId, id: BacktestId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "update backtests set state = 'CANCELLED', finished_at = $3, claimed_until = null
        where tenant_id = $1 and id = $2 and state in ('QUEUED', 'RUNNING')";
    let values = vec![tenant.uuid().into(), id.uuid().into(), at.micros().into()];
    let is_stopped = conn.execute_sql(sql, values).await? == 1;
    if is_stopped {
        conn.touch(tenant);
    }
    Ok(is_stopped)
}

/// Adds what recipients got from another batch of leads.
pub async fn add_shares(
    conn: &Conn,
    (tenant, id): (TenantId, BacktestId),
    shares: &BTreeMap<Uuid, BacktestShare>,
) -> Result<(), StoreError> {
    let row = |(recipient, share): (&Uuid, &BacktestShare)| share::Model {
        tenant_id: tenant.uuid(),
        backtest_id: id.uuid(),
        id: *recipient,
        before_count: share.before,
        after_count: share.after,
        change: share.after - share.before,
    };
    let rows: Vec<_> = shares.iter().map(row).map(|row| row.into_active_model().reset_all()).collect();
    let sum = |column: share::Column| {
        let added = Expr::col((Alias::new("excluded"), column));
        (column, Expr::col((share::Entity, column)).add(added))
    };
    let counts = [share::Column::BeforeCount, share::Column::AfterCount, share::Column::Change].map(sum);
    let key = [share::Column::TenantId, share::Column::BacktestId, share::Column::Id];
    let add = OnConflict::columns(key).values(counts).to_owned();
    for rows in rows.chunks(SHARES_PER_STATEMENT) {
        let insert = share::Entity::insert_many(rows.to_vec()).on_conflict(add.clone());
        insert.exec_without_returning(conn).await?;
    }
    Ok(())
}

/// A page of what recipients would get, by how much that changes.
pub async fn list_shares(
    conn: &Conn,
    (tenant, id): (TenantId, BacktestId),
    order: Order,
    page: &PageRequest,
) -> Result<Page<(Uuid, BacktestShare)>, StoreError> {
    let sorted = SortedBy::new([(share::Column::Change, false), (share::Column::Id, false)], order);
    let rows = sorted.apply(share::Entity::find().filter(shares_of(tenant, id)), page).rows(conn).await?;
    let key = |row: &share::Model| -> Key { vec![KeyPart::Int(row.change), KeyPart::Id(row.id)] };
    let of = |row: share::Model| (row.id, BacktestShare { before: row.before_count, after: row.after_count });
    Ok(cut(rows, page, key).map(of))
}

/// How many recipients get any, counted up to `up_to`.
pub async fn count_shares(conn: &Conn, (tenant, id): (TenantId, BacktestId), up_to: u64) -> Result<u64, StoreError> {
    let query = share::Entity::find().filter(shares_of(tenant, id));
    count_up_to(conn, query, up_to).await
}

fn of(tenant: TenantId, interface: Option<InterfaceId>) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(tenant.uuid()))
        .add_option(interface.map(|id| Column::InterfaceId.eq(id.uuid())))
}

fn shares_of(tenant: TenantId, id: BacktestId) -> Condition {
    Condition::all().add(share::Column::TenantId.eq(tenant.uuid())).add(share::Column::BacktestId.eq(id.uuid()))
}

fn domain(row: Model) -> Result<Backtest, StoreError> {
    Ok(Backtest {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        interface: row.interface_id.into(),
        state: named("backtests.state", row.state)?,
        draft: from_json("backtests.draft", row.draft)?,
        published_number: row.published_number,
        received_from: time(row.received_from),
        received_before: time(row.received_before),
        lead_count: row.lead_count,
        requested_by: row.requested_by,
        queued_at: time(row.queued_at),
        started_at: row.started_at.map(time),
        finished_at: row.finished_at.map(time),
        cursor: row.cursor_received_at.map(time).zip(row.cursor_lead_id.map(Into::into)),
        totals: from_json("backtests.totals", row.totals)?,
        error: row.error,
    })
}

/// Claimed by nobody.
fn row(backtest: &Backtest) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: backtest.tenant.uuid(),
        id: backtest.id.uuid(),
        interface_id: backtest.interface.uuid(),
        state: name_of(&backtest.state),
        draft: json_of("backtests.draft", &backtest.draft)?,
        published_number: backtest.published_number,
        received_from: backtest.received_from.micros(),
        received_before: backtest.received_before.micros(),
        lead_count: backtest.lead_count,
        requested_by: backtest.requested_by.clone(),
        queued_at: backtest.queued_at.micros(),
        started_at: backtest.started_at.map(Timestamp::micros),
        finished_at: backtest.finished_at.map(Timestamp::micros),
        cursor_received_at: backtest.cursor.map(|(at, _)| at.micros()),
        cursor_lead_id: backtest.cursor.map(|(_, lead)| lead.uuid()),
        claimed_until: None,
        totals: json_of("backtests.totals", &backtest.totals)?,
        error: backtest.error.clone(),
    })
}
