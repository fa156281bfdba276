//! Runs of jobs: what each examined, moved and skipped, and the queue of those that somebody asked for.

use std::time::Duration;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::job_run::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::id::{JobId, JobRunId, TenantId};
use crate::domain::job::JobRun;

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: JobRunId) -> Result<Option<JobRun>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Those of these ids, in no particular order.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[JobRunId]) -> Result<Vec<JobRun>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Column::Id.is_in(ids.iter().map(|id| id.uuid()));
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(ids);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// A page by the time they were asked for, of one job or of all.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    job: Option<JobId>,
    order: Order,
    page: &PageRequest,
) -> Result<Page<JobRun>, StoreError> {
    let sorted = SortedBy::new([(Column::QueuedAt, false), (Column::Id, false)], order);
    let condition =
        Condition::all().add(Column::TenantId.eq(tenant.uuid())).add_option(job.map(|id| Column::JobId.eq(id.uuid())));
    let rows = sorted.apply(Entity::find().filter(condition), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.queued_at), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// New runs.
pub async fn insert(conn: &Conn, runs: &[JobRun]) -> Result<(), StoreError> {
    let rows = runs.iter().map(|run| row(run, None)).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await?;
    for run in runs {
        conn.touch(run.tenant);
    }
    Ok(())
}

/// Whether a run waits or was left behind.
pub async fn is_any_open(conn: &Conn, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "select 1 as one from job_runs
        where state in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until <= $1) limit 1";
    Ok(!conn.query_sql(sql, vec![now.micros().into()]).await?.is_empty())
}

/// A job's manual run that waits or is under way, if there is one.
pub async fn find_open(conn: &Conn, tenant: TenantId, job: JobId) -> Result<Option<JobRun>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::JobId.eq(job.uuid()))
        .filter(Column::State.is_in(["QUEUED", "RUNNING"]));
    query.row(conn).await?.map(domain).transpose()
}

/// How many runs there are, of one job or of all, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, job: Option<JobId>, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Condition::all().add_option(job.map(|id| Column::JobId.eq(id.uuid()))));
    count_up_to(conn, query, up_to).await
}

/// The latest run of each of these jobs.
pub async fn latest(conn: &Conn, tenant: TenantId, jobs: &[JobId]) -> Result<Vec<JobRun>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..jobs.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "select * from (
           select r.*, row_number() over (partition by r.job_id order by r.queued_at desc, r.id desc) as place from job_runs r
           where r.tenant_id = $1 and r.job_id in ({})) ranked
         where place = 1",
        places.join(", ")
    );
    let values = std::iter::once(tenant.uuid().into()).chain(jobs.iter().map(|id| id.uuid().into())).collect();
    let rows = conn.query_sql(&sql, values).await?;
    rows.iter().map(|row| domain(Model::from_query_result(row, "")?)).collect()
}

/// Takes the oldest run that waits or was left behind, for `lease`.
pub async fn claim(conn: &Conn, now: Timestamp, lease: Duration) -> Result<Option<JobRun>, StoreError> {
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let sql = format!(
        "update job_runs set state = 'RUNNING', started_at = coalesce(started_at, $2), claimed_until = $1
         where (tenant_id, id) in (
           select tenant_id, id from job_runs
           where state in ('QUEUED', 'RUNNING') and (claimed_until is null or claimed_until <= $2)
           order by queued_at limit 1 {lock})
         returning *"
    );
    let rows = conn.query_sql(&sql, vec![(now + lease).micros().into(), now.micros().into()]).await?;
    rows.first().map(|row| domain(Model::from_query_result(row, "")?)).transpose()
}

/// Writes how far a run has come, in the transaction that got it there, or that it can't go on. A conflict if another worker has taken it
/// further or ended it.
pub async fn update(
    conn: &Conn,
    run: &JobRun,
    before: Option<crate::domain::id::LeadId>,
    claimed_until: Option<Timestamp>,
) -> Result<(), StoreError> {
    let same_place = match before {
        Some(lead) => Column::CursorLeadId.eq(lead.uuid()),
        None => Column::CursorLeadId.is_null(),
    };
    let mine = Condition::all()
        .add(Column::TenantId.eq(run.tenant.uuid()))
        .add(Column::Id.eq(run.id.uuid()))
        .add(Column::State.is_in(["QUEUED", "RUNNING"]))
        .add(same_place);
    update_where(conn, row(run, claimed_until)?, mine).await?;
    conn.touch(run.tenant);
    Ok(())
}

fn domain(row: Model) -> Result<JobRun, StoreError> {
    Ok(JobRun {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        job: row.job_id.into(),
        cause: named("job_runs.cause", row.cause)?,
        state: named("job_runs.state", row.state)?,
        queued_at: time(row.queued_at),
        started_at: row.started_at.map(time),
        finished_at: row.finished_at.map(time),
        cursor: row.cursor_lead_id.map(Into::into),
        examined: row.examined,
        reassigned: row.reassigned,
        failed: row.failed,
        skipped: from_json("job_runs.skipped", row.skipped)?,
        error: row.error,
    })
}

fn row(run: &JobRun, claimed_until: Option<Timestamp>) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: run.tenant.uuid(),
        id: run.id.uuid(),
        job_id: run.job.uuid(),
        cause: name_of(&run.cause),
        state: name_of(&run.state),
        queued_at: run.queued_at.micros(),
        started_at: run.started_at.map(Timestamp::micros),
        finished_at: run.finished_at.map(Timestamp::micros),
        cursor_lead_id: run.cursor.map(|id| id.uuid()),
        claimed_until: claimed_until.map(Timestamp::micros),
        examined: run.examined,
        reassigned: run.reassigned,
        failed: run.failed,
        skipped: json_of("job_runs.skipped", &run.skipped)?,
        error: run.error.clone(),
    })
}
