//! Runs of a job that somebody asked for: through all waiting copies, batch by batch, going on where a killed worker stopped; and the
//! dry run, which writes nothing.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::event::{ActorKind, EventActor};
use crate::domain::id::{JobId, RequestId, TenantId};
use crate::domain::job::{Job, JobRun, RunState};
use crate::domain::lead::Lead;
use crate::rules;
use crate::store::leads::Waiting;
use crate::store::rule::{Pushed, Rows};
use crate::store::{Conn, StoreError, jobs, leads, runs};

use super::aside::{is_lasting, public, settle};
use super::context::Context;
use super::due::{Counts, Tally};
use super::error::ActionError;
use super::handover::{Decided, Engine, Firmness, Move, Task, Tell, Urgency, Verdict, carry_out};
use super::held::Held;

/// How long a worker may take for one batch before another may take the run over.
const LEASE: Duration = Duration::from_mins(1);
/// Copies per batch: a transaction of some tens of milliseconds.
const BATCH: u64 = 200;
/// Copies that a dry run looks at, so that it answers within seconds.
const DRY_RUN_MAX: usize = 5_000;

/// Takes the oldest waiting run one batch further. Whether there was one. A run that can't go on ends with the reason, so that those
/// behind it can.
pub async fn step(context: &Context) -> Result<bool, ActionError> {
    let tx = context.store.begin().await?;
    let now = context.clock.now();
    let run = match runs::claim(&tx, now, LEASE).await {
        Ok(Some(run)) => run,
        Ok(None) => return settle(tx, Ok(false)).await,
        Err(error) => return settle(tx, Err(error.into())).await,
    };
    let done = Box::pin(further(context, &tx, run.clone(), now)).await;
    match settle(tx, done).await {
        Err(error) if is_lasting(&error) => {
            tracing::error!(run.id = %run.id, %error, "a run of a job could not go on");
            fail(context, run, &public(&error)).await
        }
        done => done,
    }
}

async fn further(context: &Context, conn: &Conn, run: JobRun, now: Timestamp) -> Result<bool, ActionError> {
    let before = run.cursor;
    let after = match jobs::lookup(conn, run.tenant, run.job).await? {
        Some(job) => batch(context, conn, run, &job).await?,
        None => finished(run, RunState::Failed, Some("the job was removed".to_owned()), context),
    };
    // INVARIANT: the place that the run has come to and what it did there become true together.
    let claimed_until = (after.state == RunState::Running).then_some(now);
    runs::update(conn, &after, before, claimed_until).await?;
    Ok(true)
}

/// Ends this run, unless somebody else has taken it further since.
async fn fail(context: &Context, run: JobRun, why: &str) -> Result<bool, ActionError> {
    let before = run.cursor;
    let past = before.map_or_else(|| "at the first lead".to_owned(), |lead| format!("after {lead}"));
    let after = finished(run, RunState::Failed, Some(format!("stopped {past}: {why}")), context);
    let tx = context.store.begin().await?;
    let done = runs::update(&tx, &after, before, None).await.map_err(ActionError::from);
    match settle(tx, done).await {
        Ok(()) | Err(ActionError::Store(StoreError::Conflict)) => Ok(true),
        Err(error) => Err(error),
    }
}

fn finished(run: JobRun, state: RunState, error: Option<String>, context: &Context) -> JobRun {
    JobRun { state, error, finished_at: Some(context.clock.now()), ..run }
}

async fn batch(context: &Context, conn: &Conn, run: JobRun, job: &Job) -> Result<JobRun, ActionError> {
    // What the run makes itself, it does not look at.
    let wanted =
        Waiting { after: run.cursor, made_before: Some(run.queued_at), rule: pushed(context, conn, job).await? };
    let copies = leads::list_waiting(conn, run.tenant, &wanted, BATCH).await?;
    let Some(last) = copies.last().map(|copy| copy.id) else { return Ok(finished(run, RunState::Done, None, context)) };
    let held = Held::hold(conn, run.tenant, &request_ids(&copies)).await?;
    let at = context.clock.now();
    let by = EventActor { kind: ActorKind::Job, id: job.id.to_string(), name: job.name.clone() };
    let (copies, more) = (as_held(&held, &copies)?, Some((job.interface, job.algorithm)));
    let task = Task { copies: &copies, more };
    let engine = Engine::prepare(context, conn, &held, (at, by.clone()), task, Firmness::ToWrite).await?;
    let mut engine = engine.with_ledgers(Firmness::ToWrite).await?;
    let (found, counts) = decide(&mut engine, &held, job, &copies).await?;
    let tell = if job.notify.old_owner { Tell::OldOwner } else { Tell::Nobody };
    let why = format!("not acknowledged in time, handed on by the job `{}`", job.name);
    let moves = found
        .into_iter()
        .map(|(copy, decided)| Move { copy, decided, job: Some(job), why: why.clone(), tell })
        .collect();
    let changes = carry_out(context, conn, &held, moves, (at, by)).await?;
    changes.write(conn, run.tenant, at).await?;
    let mut run = run;
    run.cursor = Some(last);
    run.examined += counts.examined;
    run.reassigned += counts.reassigned;
    for (reason, count) in counts.skipped {
        *run.skipped.entry(reason).or_default() += count;
    }
    Ok(run)
}

/// The part of the job's condition that the database can be asked, so that only copies for which it may hold are read. The whole is
/// asked again of each of them.
async fn pushed(context: &Context, conn: &Conn, job: &Job) -> Result<Option<Pushed>, StoreError> {
    if job.condition.trim().is_empty() {
        return Ok(None);
    }
    let catalog = context.catalogs.load(conn, job.tenant).await?;
    let checked = rules::check(&job.condition, &catalog, rules::Context::LeadCondition, rules::Expect::Condition).ok();
    let now = context.clock.now();
    Ok(checked.and_then(|checked| Pushed::part(conn, (&checked, &catalog), Rows::Leads, now)))
}

fn request_ids(copies: &[Lead]) -> Vec<RequestId> {
    let mut ids: Vec<RequestId> = copies.iter().map(|copy| copy.request).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The copies as they are now that they are held.
fn as_held<'a>(held: &'a Held, copies: &[Lead]) -> Result<Vec<&'a Lead>, StoreError> {
    copies.iter().map(|copy| held.copy(copy.id)).collect()
}

async fn decide(
    engine: &mut Engine<'_>,
    held: &Held,
    job: &Job,
    copies: &[&Lead],
) -> Result<(Vec<(Lead, Decided)>, Counts), StoreError> {
    let mut tally = Tally::default();
    let mut found = Vec::new();
    let mut later = 0;
    for &copy in copies {
        let request = held.request(copy)?;
        match engine.verdict(job, copy, request, Urgency::WhenDue) {
            Verdict::Act => {
                let decided = engine.decide(copy, request, job).await?;
                tally.moved(job, !decided.placements.is_empty());
                found.push((copy.clone(), decided));
            }
            Verdict::Later(_) => later += 1,
            Verdict::Skip(skip) => tally.skipped(job, skip),
        }
    }
    let mut counts = tally.of(job.id);
    if later > 0 {
        counts.examined += later;
        counts.skipped.insert("NOT_YET_DUE".to_owned(), later);
    }
    Ok((found, counts))
}

/// What a run would do now.
pub struct DryRun {
    /// Copies that would be handed on, with what would be decided.
    pub moves: Vec<(Lead, Decided)>,
    /// What else it would count.
    pub counts: Counts,
    /// Whether there are more waiting copies than were looked at.
    pub is_cut: bool,
}

/// What a run of the job would do now. Reads only.
pub async fn dry_run(context: &Context, tenant: TenantId, id: JobId) -> Result<DryRun, ActionError> {
    let conn = context.store.reader();
    let job = jobs::lookup(conn, tenant, id).await?.ok_or_else(|| ActionError::not_found("jobId", "job"))?;
    let wanted = Waiting { rule: pushed(context, conn, &job).await?, ..Waiting::default() };
    let copies = leads::list_waiting(conn, tenant, &wanted, DRY_RUN_MAX as u64 + 1).await?;
    let is_cut = copies.len() > DRY_RUN_MAX;
    let copies: Vec<Lead> = copies.into_iter().take(DRY_RUN_MAX).collect();
    let held = Held::read(conn, tenant, &request_ids(&copies)).await?;
    let by = EventActor { kind: ActorKind::Job, id: job.id.to_string(), name: job.name.clone() };
    let moment = (context.clock.now(), by);
    let (copies, more) = (as_held(&held, &copies)?, Some((job.interface, job.algorithm)));
    let task = Task { copies: &copies, more };
    let engine = Engine::prepare(context, conn, &held, moment, task, Firmness::ToLook).await?;
    let mut engine = engine.with_ledgers(Firmness::ToLook).await?;
    let (moves, counts) = decide(&mut engine, &held, &job, &copies).await?;
    Ok(DryRun { moves, counts, is_cut })
}
