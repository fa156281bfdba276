//! Deadlines: what is due is handed on or its recipient warned, a batch at a time, each batch in one transaction (SPEC JOB-2 to JOB-6).
//!
//! A worker that is killed at any point leaves nothing half done: its transaction never was. What it held is found by the next sweep.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::event::{ActorKind, EventActor, EventKind};
use crate::domain::id::{JobId, LeadId, RequestId, TenantId};
use crate::domain::job::{Job, JobRun, RunCause, RunState};
use crate::domain::lead::{Lead, LeadState};
use crate::store::leads::{DueKind, claim_due};
use crate::store::{Conn, StoreError, offers, runs};

use super::aside::{is_lasting, one_by_one, settle};
use super::context::Context;
use super::error::ActionError;
use super::handover::{
    Changes, Desk, Directory, Engine, Firmness, Move, Skip, Task, Tell, Urgency, Verdict, carry_out, deadlines,
};
use super::held::Held;

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Requests that were looked at; a full batch means that there may be more.
    pub examined: u64,
    /// Copies that were handed on.
    pub reassigned: u64,
    /// Copies whose recipients were warned.
    pub warned: u64,
}

/// Looks at up to `limit` requests with something due, and at as many that want a warning. A request that can't be dealt with does not
/// hold up the others: then each is dealt with by itself, and that one is set aside.
pub async fn sweep(context: &Context, limit: u64) -> Result<Swept, ActionError> {
    match together(context, limit).await {
        Err(error) if is_lasting(&error) => Box::pin(one_by_one(context, limit)).await,
        done => done,
    }
}

async fn together(context: &Context, limit: u64) -> Result<Swept, ActionError> {
    let tx = context.store.begin().await?;
    let done = Box::pin(within(context, &tx, limit)).await;
    settle(tx, done).await
}

async fn within(context: &Context, conn: &Conn, limit: u64) -> Result<Swept, ActionError> {
    let at = context.clock.now();
    let mut swept = Swept::default();
    for (tenant, requests) in by_tenant(claim_due(conn, DueKind::Warn, at, limit).await?) {
        swept.examined += requests.len() as u64;
        swept.warned += warn(context, conn, tenant, &requests, at).await?;
    }
    for (tenant, requests) in by_tenant(claim_due(conn, DueKind::Reassign, at, limit).await?) {
        swept.examined += requests.len() as u64;
        swept.reassigned += reassign(context, conn, tenant, &requests, at).await?;
    }
    Ok(swept)
}

fn by_tenant(claimed: Vec<(TenantId, RequestId)>) -> BTreeMap<TenantId, Vec<RequestId>> {
    claimed.into_iter().fold(BTreeMap::new(), |mut tenants, (tenant, request)| {
        tenants.entry(tenant).or_insert_with(Vec::new).push(request);
        tenants
    })
}

/// Baton itself, as the timeline shows it.
pub fn baton() -> EventActor {
    EventActor { kind: ActorKind::System, id: "baton".to_owned(), name: "Baton".to_owned() }
}

/// Warns the recipients of what is due for it. INVARIANT: the transaction holds the requests.
pub(super) async fn warn(
    context: &Context,
    conn: &Conn,
    tenant: TenantId,
    requests: &[RequestId],
    at: Timestamp,
) -> Result<u64, StoreError> {
    let held = Held::read(conn, tenant, requests).await?;
    let due: Vec<&Lead> = held.copies().filter(|copy| copy.warn_at.is_some_and(|warn_at| warn_at <= at)).collect();
    let recipients: Vec<_> = due.iter().filter_map(|copy| copy.recipient).collect();
    let directory = Directory::load(conn, tenant, &recipients).await?;
    let ids: Vec<LeadId> = due.iter().map(|copy| copy.id).collect();
    let links = offers::list_by_leads(conn, tenant, &ids).await?;
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, baton(), at);
    for copy in &due {
        let own: Vec<_> = links.iter().filter(|offer| offer.lead == copy.id).cloned().collect();
        desk.warn(copy, held.request(copy)?, &own);
    }
    desk.changes.warned = ids;
    let warned = due.len() as u64;
    desk.changes.write(conn, tenant, at).await?;
    Ok(warned)
}

/// Hands on what is due, or says why not. INVARIANT: the transaction holds the requests.
pub(super) async fn reassign(
    context: &Context,
    conn: &Conn,
    tenant: TenantId,
    requests: &[RequestId],
    at: Timestamp,
) -> Result<u64, StoreError> {
    let held = Held::read(conn, tenant, requests).await?;
    let mut due: Vec<&Lead> = held.copies().filter(|copy| copy.due_at.is_some_and(|due_at| due_at <= at)).collect();
    due.sort_unstable_by_key(|copy| (copy.due_at, copy.id));
    let task = Task { copies: &due, more: None };
    let engine = Engine::prepare(context, conn, &held, (at, baton()), task, Firmness::ToWrite).await?;
    let mut engine = engine.with_ledgers(Firmness::ToWrite).await?;
    let mut tally = Tally::default();
    let mut moves = Vec::new();
    let mut left = Changes::default();
    for copy in due {
        match look(&engine, &held, copy, &mut tally)? {
            Look::Act(job) => {
                let decided = engine.decide(copy, held.request(copy)?, job).await?;
                tally.moved(job, !decided.placements.is_empty());
                let why = format!("not acknowledged in time, handed on by the job `{}`", job.name);
                let tell = if job.notify.old_owner { Tell::OldOwner } else { Tell::Nobody };
                moves.push(Move { copy: copy.clone(), decided, job: Some(job), why, tell });
            }
            Look::Later(moment) => {
                let warn_at =
                    deadlines(&held.jobs, copy, held.chain(copy.request).iter()).1.filter(|warn_at| *warn_at > at);
                left.rearmed.entry((moment, warn_at)).or_default().push(copy.id);
            }
            Look::Leave(why) => {
                left.events.push(skipped(context, copy, at, why));
                left.quieted.push(copy.id);
            }
        }
    }
    let mut changes = carry_out(context, conn, &held, moves, (at, baton())).await?;
    let reassigned = tally.reassigned();
    changes.append(left);
    changes.write(conn, tenant, at).await?;
    runs::insert(conn, &tally.runs(context, tenant, at)).await?;
    Ok(reassigned)
}

/// What the jobs together do with a copy.
enum Look<'a> {
    Act(&'a Job),
    Later(Timestamp),
    Leave(String),
}

fn look<'a>(engine: &Engine<'_>, held: &'a Held, copy: &Lead, tally: &mut Tally) -> Result<Look<'a>, StoreError> {
    let request = held.request(copy)?;
    let mut later: Option<Timestamp> = None;
    let mut reasons = Vec::new();
    for job in held.jobs.iter().filter(|job| job.enabled) {
        match engine.verdict(job, copy, request, Urgency::WhenDue) {
            Verdict::Act => return Ok(Look::Act(job)),
            Verdict::Later(moment) => later = Some(later.map_or(moment, |before| before.min(moment))),
            Verdict::Skip(skip) => {
                tally.skipped(job, skip);
                reasons.push(format!("{}: {}", job.name, skip.as_str()));
            }
        }
    }
    Ok(match later {
        Some(moment) => Look::Later(moment),
        None if copy.state != LeadState::Offered => Look::Leave("not waiting any more".to_owned()),
        None if reasons.is_empty() => Look::Leave("no job is enabled".to_owned()),
        None => Look::Leave(reasons.join("; ")),
    })
}

fn skipped(context: &Context, copy: &Lead, at: Timestamp, why: String) -> crate::domain::event::Event {
    let line = context.event(copy.tenant, at, baton(), EventKind::LeadSkipped, copy.id);
    crate::domain::event::Event { lead: Some(copy.id), request: Some(copy.request), reason: Some(why), ..line }
}

/// What each job did in one batch.
#[derive(Default)]
pub struct Tally(BTreeMap<JobId, Counts>);

/// What one job did in one batch.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Copies looked at.
    pub examined: i64,
    /// Copies handed on.
    pub reassigned: i64,
    /// Copies left, by reason.
    pub skipped: BTreeMap<String, i64>,
}

impl Tally {
    /// A copy that a job left.
    pub fn skipped(&mut self, job: &Job, skip: Skip) {
        self.count(job, skip.as_str());
    }

    /// A copy for which a job decided; `placed` says whether anybody got it.
    pub fn moved(&mut self, job: &Job, placed: bool) {
        if placed {
            let counts = self.0.entry(job.id).or_default();
            counts.examined += 1;
            counts.reassigned += 1;
        } else {
            self.count(job, "NO_CANDIDATE");
        }
    }

    /// What one job did.
    pub fn of(&self, job: JobId) -> Counts {
        self.0.get(&job).cloned().unwrap_or_default()
    }

    fn count(&mut self, job: &Job, reason: &str) {
        let counts = self.0.entry(job.id).or_default();
        counts.examined += 1;
        *counts.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    fn reassigned(&self) -> u64 {
        self.0.values().map(|counts| u64::try_from(counts.reassigned).unwrap_or(0)).sum()
    }

    fn runs(self, context: &Context, tenant: TenantId, at: Timestamp) -> Vec<JobRun> {
        let run = |(job, counts): (JobId, Counts)| JobRun {
            tenant,
            id: context.id(at),
            job,
            cause: RunCause::Due,
            state: RunState::Done,
            queued_at: at,
            started_at: Some(at),
            finished_at: Some(context.clock.now()),
            cursor: None,
            examined: counts.examined,
            reassigned: counts.reassigned,
            failed: 0,
            skipped: counts.skipped,
            error: None,
        };
        self.0.into_iter().map(run).collect()
    }
}
