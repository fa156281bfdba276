//! Making, changing and removing jobs. A change of an enabled job counts for the leads that wait already.

use crate::actions::interfaces::check::held_catalog;
use crate::actions::network::{Target, changes, taken};
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::event::EventKind;
use crate::domain::id::JobId;
use crate::domain::input::JobInput;
use crate::domain::job::{Fallback, Job};
use crate::domain::{Invalid, InvalidCode};
use crate::routing::in_expression;
use crate::rules::{self, Expect};
use crate::store::leads::rearm;
use crate::store::{StoreError, dealers, interfaces, jobs, users};

/// Every lead that falls due is looked at by each job.
const JOBS_MAX: usize = 200;

/// Makes a job, disabled, last in the order unless a place is given.
pub async fn create_job(cx: &Context, call: Call<'_>, input: &JobInput) -> Result<JobId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    let others = jobs::list_all(&work, tenant).await?;
    if others.len() >= JOBS_MAX {
        let message = format!("there are {JOBS_MAX} jobs already, no more are allowed");
        return Err(ActionError::refused("", InvalidCode::TooLong, message));
    }
    let position = others.iter().map(|job| job.position + 1).max().unwrap_or(0);
    let job = read(&work, input, Job { position, ..Job::blank(tenant, cx.id(at), at) }).await?;
    jobs::insert(&work, &job).await.map_err(|error| name_taken(error, &job))?;
    let (before, after) = changes(None, Some(&job));
    work.note(EventKind::Created, job.id, before, after);
    work.commit(job.id).await
}

/// Changes a job.
pub async fn update_job(
    cx: &Context,
    call: Call<'_>,
    target: Target<JobId>,
    input: &JobInput,
) -> Result<JobId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    let after = read(&work, input, before.clone()).await?;
    if after.enabled {
        check_can_run(&work, &after).await?;
    }
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}

/// Removes a job that never did anything.
pub async fn remove_job(cx: &Context, call: Call<'_>, target: Target<JobId>) -> Result<JobId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    jobs::remove(&work, before.tenant, before.id).await.map_err(|error| in_use(error, &before))?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, before.id, old, new);
    work.commit(target.id).await
}

/// The job, if it has the version that the caller has read.
pub(super) async fn find(work: &Work<'_>, target: Target<JobId>) -> Result<Job, ActionError> {
    let found = jobs::lookup(work, work.actor().tenant, target.id).await?;
    let job = found.ok_or_else(|| ActionError::not_found("jobId", "job"))?;
    target.check(job.version)?;
    Ok(job)
}

/// Writes what changed, if anything did, and lets the leads that wait know of it.
pub(super) async fn save(work: &mut Work<'_>, before: &Job, after: Job) -> Result<(), ActionError> {
    let (old, new) = changes(Some(before), Some(&after));
    if old == new {
        return Ok(());
    }
    let after = Job { updated_at: work.at(), ..after };
    jobs::update(work, &after).await.map_err(|error| name_taken(error, &after))?;
    if after.enabled {
        rearm(work, after.tenant, after.elapsed, after.notify.warn_before).await?;
    }
    work.note(EventKind::Updated, before.id, old, new);
    Ok(())
}

/// Refuses what a job that may act must have beyond what it is made of.
pub(super) async fn check_can_run(work: &Work<'_>, job: &Job) -> Result<(), ActionError> {
    let mut problems = Vec::new();
    let interface = interfaces::lookup(work, job.tenant, job.interface).await?;
    if let Some(interface) = interface.filter(|interface| interface.published_number.is_none()) {
        let message = format!("the interface `{}` was never published, publish it first", interface.name);
        problems.push(Invalid::new("interfaceId", InvalidCode::WrongState, message));
    }
    if job.fallback == Fallback::DefaultDealer && dealers::find_default(work, job.tenant).await?.is_none() {
        let message = "no dealer is the default, make one the default or choose another fallback";
        problems.push(Invalid::new("fallback", InvalidCode::WrongState, message));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

async fn read(work: &Work<'_>, input: &JobInput, before: Job) -> Result<Job, ActionError> {
    let mut problems = Vec::new();
    let wanted = (input.interface, input.condition.clone(), input.fallback);
    let tenant = before.tenant;
    let applied = input.apply(before).map_err(|found| problems.extend(found)).ok();
    if let Some(interface) = wanted.0
        && interfaces::lookup(work, tenant, interface).await?.is_none()
    {
        problems.push(Invalid::new("interfaceId", InvalidCode::NotFound, "there is no such interface"));
    }
    if let Some(condition) = wanted.1.filter(|condition| !condition.trim().is_empty()) {
        let catalog = held_catalog(work, tenant).await?;
        let checked = rules::check(&condition, &catalog, rules::Context::LeadCondition, Expect::Condition);
        let found = in_expression(&["condition"], checked.err().unwrap_or_default());
        problems.extend(found.into_iter().map(|problem| problem.invalid));
    }
    if let Some(Fallback::User(user)) = wanted.2
        && !users::lookup(work, tenant, user).await?.is_some_and(|user| user.active)
    {
        let message = "the fallback must be an active user of yours";
        problems.push(Invalid::new("fallbackUserId", InvalidCode::NotFound, message));
    }
    match applied {
        Some(job) if problems.is_empty() => Ok(job),
        _ => Err(problems.into()),
    }
}

fn name_taken(error: StoreError, job: &Job) -> ActionError {
    taken(error, "name", "name", format!("another job has the name `{}`", job.name))
}

fn in_use(error: StoreError, job: &Job) -> ActionError {
    if error.is_foreign_key_violation() {
        let message = format!("`{}` has runs or leads that it handed on, disable it instead", job.name);
        return ActionError::refused("jobId", InvalidCode::InUse, message);
    }
    error.into()
}
