//! Switching a job on or off, and asking for a run of it now.

use std::collections::{BTreeMap, HashSet};

use super::edit::{check_can_run, find, save};
use crate::actions::manual_runs::{self, DryRun};
use crate::actions::network::Target;
use crate::actions::{ActionError, Begun, Call, Context, Permission, permit};
use crate::domain::id::{JobId, JobRunId, LeadId};
use crate::domain::job::{Job, JobRun, RunCause, RunState};
use crate::domain::{Actor, InvalidCode};
use crate::store::{Scope, leads, runs};

/// Switches a job on or off. On, it acts on the leads that wait already, too.
pub async fn switch_job(
    cx: &Context,
    call: Call<'_>,
    target: Target<JobId>,
    enabled: bool,
) -> Result<JobId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    if enabled {
        check_can_run(&work, &before).await?;
    }
    let after = Job { enabled, ..before.clone() };
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}

/// Asks for a run over all waiting leads that are due by the job, also by a disabled one; a worker does it.
pub async fn run_now(cx: &Context, call: Call<'_>, id: JobId) -> Result<JobRunId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let job = find(&work, Target::any(id)).await?;
    check_can_run(&work, &job).await?;
    if let Some(open) = runs::find_open(&work, job.tenant, id).await? {
        let message = format!("`{}` has a run that is not finished, `{}`, wait for it", job.name, open.id);
        return Err(ActionError::refused("jobId", InvalidCode::WrongState, message));
    }
    let run = JobRun {
        tenant: job.tenant,
        id: cx.id(work.at()),
        job: id,
        cause: RunCause::Manual,
        state: RunState::Queued,
        queued_at: work.at(),
        started_at: None,
        finished_at: None,
        cursor: None,
        examined: 0,
        reassigned: 0,
        failed: 0,
        skipped: BTreeMap::new(),
        error: None,
    };
    runs::insert(&work, std::slice::from_ref(&run)).await?;
    work.commit(run.id).await
}

/// What a run of a job would do now; reads only.
pub async fn dry_run(cx: &Context, actor: &Actor, id: JobId) -> Result<DryRun, ActionError> {
    permit(actor, Permission::ReadConfiguration)?;
    let mut run = manual_runs::dry_run(cx, actor.tenant, id).await?;
    // A job looks at all leads; whoever asks is shown those within reach.
    let ids: Vec<LeadId> = run.moves.iter().map(|(lead, _)| lead.id).collect();
    let seen = leads::lookup_many(cx.store.reader(), &Scope::of(actor), &ids).await?;
    let seen: HashSet<LeadId> = seen.into_iter().map(|lead| lead.id).collect();
    run.moves.retain(|(lead, _)| seen.contains(&lead.id));
    Ok(run)
}
