//! The ledgers of jobs that hand leads out in turn.
//!
//! INVARIANT: whoever takes a turn holds the job's ledger ([`lock`]) from before it is read until the turn is written, so that servers that
//! work side by side take turns after each other. Giving a turn back needs no ledger, only the lines ([`hold_lines`]): it is counted down
//! where it stands.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::time;
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::rotation_member::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::id::{DealerId, JobId, TenantId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::rotation::{RotationMember, TurnChange, WEIGHT_DEFAULT};

/// Rows per statement: well below what either database takes.
const ROWS_MAX: usize = 1_000;

/// Holds the ledgers of these jobs until the transaction ends. In one order, so that two who hold several never wait for each other.
pub async fn lock(conn: &Conn, tenant: TenantId, jobs: &[JobId]) -> Result<(), StoreError> {
    if jobs.is_empty() || !conn.is_postgres() {
        return Ok(());
    }
    let places: Vec<String> = (2..jobs.len() + 2).map(|place| format!("${place}")).collect();
    // Copies that name the job may still come and go meanwhile: its key does not change.
    let sql = format!(
        "select id from jobs where tenant_id = $1 and id in ({}) order by id for no key update",
        places.join(", ")
    );
    let values = std::iter::once(tenant.uuid().into()).chain(jobs.iter().map(|id| id.uuid().into())).collect();
    conn.query_sql(&sql, values).await.map(drop)
}

/// The whole ledgers of these jobs.
pub async fn list_all(conn: &Conn, tenant: TenantId, jobs: &[JobId]) -> Result<Vec<RotationMember>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = Column::JobId.is_in(jobs.iter().map(|id| id.uuid()));
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(of_jobs);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page of a job's ledger, by turns.
pub async fn list(
    conn: &Conn,
    (tenant, job): (TenantId, JobId),
    order: Order,
    page: &PageRequest,
) -> Result<Page<RotationMember>, StoreError> {
    let sorted = SortedBy::new([(Column::Turns, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(ledger(tenant, job)), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.turns), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many lines a job's ledger has, counted up to `up_to`.
pub async fn count(conn: &Conn, (tenant, job): (TenantId, JobId), up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(ledger(tenant, job));
    count_up_to(conn, query, up_to).await
}

/// Writes turns that were had. INVARIANT: the transaction holds the ledgers.
pub async fn take_turns(
    conn: &Conn,
    tenant: TenantId,
    changes: &[TurnChange],
    at: Timestamp,
) -> Result<(), StoreError> {
    let add = |column: Column| Expr::col((Entity, column)).add(excluded(column));
    let on_conflict = OnConflict::columns([Column::TenantId, Column::JobId, Column::Kind, Column::Id])
        .values([
            (Column::Turns, add(Column::Turns)),
            (Column::OfferedCount, add(Column::OfferedCount)),
            (Column::IsSettled, excluded(Column::IsSettled)),
            (
                Column::LastOfferedAt,
                Func::coalesce([excluded(Column::LastOfferedAt), Expr::col((Entity, Column::LastOfferedAt))]).into(),
            ),
        ])
        .to_owned();
    let rows: Vec<Model> = summed(changes).into_values().map(|sum| sum.row(tenant, at)).collect();
    upsert(conn, rows, &on_conflict).await
}

/// Gives back turns of offers that were not acknowledged, once per line named. Lines that are not there have none to give back.
/// INVARIANT: the transaction holds the lines.
pub async fn give_turns_back(conn: &Conn, tenant: TenantId, turns: &[(JobId, Recipient)]) -> Result<(), StoreError> {
    shift(conn, tenant, turns, -1).await
}

/// Takes turns again that were given back, because the offers stand again: once per line named. INVARIANT: the transaction holds the lines.
pub async fn take_turns_again(conn: &Conn, tenant: TenantId, turns: &[(JobId, Recipient)]) -> Result<(), StoreError> {
    shift(conn, tenant, turns, 1).await
}

async fn shift(conn: &Conn, tenant: TenantId, turns: &[(JobId, Recipient)], by: i64) -> Result<(), StoreError> {
    let mut counts: BTreeMap<(uuid::Uuid, &str, uuid::Uuid), i64> = BTreeMap::new();
    for (job, recipient) in turns {
        let (kind, id) = columns(*recipient);
        *counts.entry((job.uuid(), kind, id)).or_default() += by;
    }
    // Those that move as far, together: however many lines there are, that is a statement or a few.
    let mut alike: BTreeMap<(uuid::Uuid, &str, i64), Vec<uuid::Uuid>> = BTreeMap::new();
    for ((job, kind, id), count) in counts {
        alike.entry((job, kind, count)).or_default().push(id);
    }
    for ((job, kind, count), ids) in alike {
        for ids in ids.chunks(ROWS_MAX) {
            let places: Vec<String> = (5..ids.len() + 5).map(|place| format!("${place}")).collect();
            let sql = format!(
                "update rotation_members set turns = turns + $1, returned_count = returned_count - $1
                 where tenant_id = $2 and job_id = $3 and kind = $4 and returned_count >= $1 and id in ({})",
                places.join(", ")
            );
            let mut values = vec![count.into(), tenant.uuid().into(), job.into(), kind.into()];
            values.extend(ids.iter().map(|id| sea_orm::Value::from(*id)));
            conn.execute_sql(&sql, values).await?;
        }
    }
    Ok(())
}

/// Holds lines until the transaction ends: by job, kind and id, the one order in which all transactions hold them, so that two never wait for
/// each other. Lines that are not there yet are nobody's to wait for.
pub async fn hold_lines(
    conn: &Conn,
    tenant: TenantId,
    lines: impl IntoIterator<Item = (JobId, Recipient)>,
) -> Result<(), StoreError> {
    if !conn.is_postgres() {
        return Ok(());
    }
    let mut pools: BTreeMap<(uuid::Uuid, &str), BTreeSet<uuid::Uuid>> = BTreeMap::new();
    for (job, recipient) in lines {
        let (kind, id) = columns(recipient);
        pools.entry((job.uuid(), kind)).or_default().insert(id);
    }
    let sql = "select id from rotation_members where tenant_id = $1 and job_id = $2 and kind = $3
        and id = any(cast($4 as text)::uuid[]) order by id for no key update";
    for ((job, kind), ids) in pools {
        // One text whatever the number of ids, so that the statement is planned once.
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let values = vec![tenant.uuid().into(), job.into(), kind.into(), format!("{{{}}}", ids.join(",")).into()];
        conn.query_sql(sql, values).await?;
    }
    Ok(())
}

/// Writes lines as they are, new or known. INVARIANT: the transaction holds the ledgers and, because a turn may be given back without
/// them, the lines.
pub async fn save(conn: &Conn, members: &[RotationMember]) -> Result<(), StoreError> {
    let on_conflict = OnConflict::columns([Column::TenantId, Column::JobId, Column::Kind, Column::Id])
        .update_columns([Column::Weight, Column::Turns, Column::IsSettled])
        .to_owned();
    upsert(conn, members.iter().map(row).collect(), &on_conflict).await
}

async fn upsert(conn: &Conn, rows: Vec<Model>, on_conflict: &OnConflict) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS_MAX) {
        let rows: Vec<_> = rows.iter().map(|row| row.clone().into_active_model().reset_all()).collect();
        Entity::insert_many(rows).on_conflict(on_conflict.clone()).exec_without_returning(conn).await?;
    }
    Ok(())
}

fn excluded(column: Column) -> Expr {
    Expr::col((Alias::new("excluded"), column))
}

fn ledger(tenant: TenantId, job: JobId) -> Condition {
    Condition::all().add(Column::TenantId.eq(tenant.uuid())).add(Column::JobId.eq(job.uuid()))
}

/// All that happens to one line in one transaction: a statement may touch it only once.
struct Sum {
    job: JobId,
    recipient: Recipient,
    turns: i64,
    offered: i64,
    is_settled: bool,
}

impl Sum {
    fn row(self, tenant: TenantId, at: Timestamp) -> Model {
        row(&RotationMember {
            tenant,
            job: self.job,
            recipient: self.recipient,
            weight: WEIGHT_DEFAULT,
            turns: self.turns,
            offered_count: self.offered,
            returned_count: 0,
            is_settled: self.is_settled,
            joined_at: at,
            last_offered_at: (self.offered > 0).then_some(at),
        })
    }
}

/// By line, in the one order in which all transactions write them.
fn summed(changes: &[TurnChange]) -> BTreeMap<(uuid::Uuid, &'static str, uuid::Uuid), Sum> {
    let mut sums = BTreeMap::new();
    for change in changes {
        let (kind, id) = columns(change.recipient);
        let none = Sum { job: change.job, recipient: change.recipient, turns: 0, offered: 0, is_settled: false };
        let sum = sums.entry((change.job.uuid(), kind, id)).or_insert(none);
        sum.turns += change.turns;
        sum.offered += i64::from(change.is_offered);
        sum.is_settled = change.is_settled;
    }
    sums
}

fn columns(recipient: Recipient) -> (&'static str, uuid::Uuid) {
    match recipient {
        Recipient::Dealer(id) => ("DEALER", id.uuid()),
        Recipient::User(id) => ("USER", id.uuid()),
    }
}

fn domain(row: Model) -> Result<RotationMember, StoreError> {
    let recipient = match row.kind.as_str() {
        "DEALER" => Recipient::Dealer(DealerId(row.id)),
        "USER" => Recipient::User(UserId(row.id)),
        _ => return Err(StoreError::corrupt("rotation_members.kind", row.kind)),
    };
    Ok(RotationMember {
        tenant: row.tenant_id.into(),
        job: row.job_id.into(),
        recipient,
        weight: u32::try_from(row.weight).map_err(|error| StoreError::corrupt("rotation_members.weight", error))?,
        turns: row.turns,
        offered_count: row.offered_count,
        returned_count: row.returned_count,
        is_settled: row.is_settled,
        joined_at: time(row.joined_at),
        last_offered_at: row.last_offered_at.map(time),
    })
}

fn row(member: &RotationMember) -> Model {
    let (kind, id) = columns(member.recipient);
    Model {
        tenant_id: member.tenant.uuid(),
        job_id: member.job.uuid(),
        kind: kind.to_owned(),
        id,
        weight: i64::from(member.weight),
        turns: member.turns,
        offered_count: member.offered_count,
        returned_count: member.returned_count,
        is_settled: member.is_settled,
        joined_at: member.joined_at.micros(),
        last_offered_at: member.last_offered_at.map(Timestamp::micros),
    }
}
