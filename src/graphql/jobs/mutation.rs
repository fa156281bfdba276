//! Changing jobs and asking for runs: one mutation per intent.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::job::ReassignmentJob;
use super::job_input::JobSettingsInput;
use super::rotation::SetRotationWeightsInput;
use super::run::JobRun;
use crate::actions::ActionError;
use crate::actions::jobs as actions;
use crate::actions::network::Target;
use crate::domain::Invalid;
use crate::domain::id::JobId;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::{jobs, runs};

/// A new job.
#[derive(InputObject)]
pub struct CreateReassignmentJobInput {
    /// Unique in the tenant; at most 100 characters.
    name: String,
    /// What it does.
    settings: JobSettingsInput,
    /// The same key with the same input makes one job.
    idempotency_key: Option<String>,
}

/// What to change of a job. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateReassignmentJobInput {
    /// `job_…`
    job_id: ID,
    /// Unique in the tenant; at most 100 characters.
    name: Option<String>,
    /// What it does from now on.
    settings: Option<JobSettingsInput>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A job to act on.
#[derive(InputObject)]
pub struct ReassignmentJobInput {
    /// `job_…`
    job_id: ID,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A job to run.
#[derive(InputObject)]
pub struct RunReassignmentJobInput {
    /// `job_…`
    job_id: ID,
    /// The same key with the same input asks once.
    idempotency_key: Option<String>,
}

/// A job that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct ReassignmentJobPayload {
    /// The job as it is now; null when nothing was done.
    reassignment_job: Option<ReassignmentJob>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A job that was removed, or what stands in the way.
#[derive(SimpleObject)]
pub struct RemoveReassignmentJobPayload {
    /// The id of what is gone; null when nothing was done.
    removed_id: Option<ID>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A run that was asked for, or what stands in the way.
#[derive(SimpleObject)]
pub struct JobRunPayload {
    /// The run, waiting for a worker; null when nothing was done.
    job_run: Option<JobRun>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of jobs.
#[derive(Default)]
pub struct JobMutation;

/// Changes of jobs.
#[Object]
impl JobMutation {
    /// Makes a job, disabled. Needs the role admin.
    async fn create_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] input: CreateReassignmentJobInput,
    ) -> async_graphql::Result<ReassignmentJobPayload> {
        let call = OwnedCall::read(ctx, "createReassignmentJob")?;
        let done = match input.settings.read(Some(input.name)) {
            Ok(given) => actions::create_job(&ctx.session()?.actions, call.call(), &given).await,
            Err(problems) => Err(problems.into()),
        };
        payload(ctx, done.map_err(under_settings)).await
    }

    /// Changes a job; an enabled one acts on leads that wait already by its new settings. Needs the role admin.
    async fn update_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job, and what changes.")] input: UpdateReassignmentJobInput,
    ) -> async_graphql::Result<ReassignmentJobPayload> {
        let call = OwnedCall::read(ctx, "updateReassignmentJob")?;
        let name = input.name;
        let given = match input.settings {
            Some(settings) => settings.read(name),
            None => Ok(crate::domain::input::JobInput { name, ..Default::default() }),
        };
        let done = match (target(&input.job_id, input.expected_version), given) {
            (Ok(target), Ok(given)) => actions::update_job(&ctx.session()?.actions, call.call(), target, &given).await,
            (target, given) => {
                let own = target.err().into_iter();
                Err(own.chain(given.err().unwrap_or_default()).collect::<Vec<_>>().into())
            }
        };
        payload(ctx, done.map_err(under_settings)).await
    }

    /// Switches a job on: it acts on leads that fall due, those that wait already among them. Needs the role admin.
    async fn enable_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: ReassignmentJobInput,
    ) -> async_graphql::Result<ReassignmentJobPayload> {
        switch(ctx, "enableReassignmentJob", &input, true).await
    }

    /// Switches a job off. Needs the role admin.
    async fn disable_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: ReassignmentJobInput,
    ) -> async_graphql::Result<ReassignmentJobPayload> {
        switch(ctx, "disableReassignmentJob", &input, false).await
    }

    /// Removes a job that never did anything. Needs the role admin.
    async fn remove_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: ReassignmentJobInput,
    ) -> async_graphql::Result<RemoveReassignmentJobPayload> {
        let call = OwnedCall::read(ctx, "removeReassignmentJob")?;
        let done = match target(&input.job_id, input.expected_version) {
            Ok(target) => actions::remove_job(&ctx.session()?.actions, call.call(), target).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemoveReassignmentJobPayload { removed_id: removed.map(Into::into), user_errors })
    }

    /// Sets shares in the ledger of a job that hands leads out in turn. Nobody's place among the others changes by it, only the pace from
    /// now on. Needs the role admin.
    async fn set_rotation_weights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job, and whose shares.")] input: SetRotationWeightsInput,
    ) -> async_graphql::Result<ReassignmentJobPayload> {
        let call = OwnedCall::read(ctx, "setRotationWeights")?;
        let done = match input.read() {
            Ok((id, weights)) => actions::set_weights(&ctx.session()?.actions, call.call(), id, &weights).await,
            Err(problems) => Err(problems.into()),
        };
        payload(ctx, done).await
    }

    /// Asks for a run over all waiting leads that are due by the job, also by a disabled one. Needs the role admin.
    async fn run_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: RunReassignmentJobInput,
    ) -> async_graphql::Result<JobRunPayload> {
        let call = OwnedCall::read(ctx, "runReassignmentJob")?;
        let session = ctx.session()?;
        let done = match ids::parse("jobId", &input.job_id) {
            Ok(id) => actions::run_now(&session.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        let (id, user_errors) = split(done)?;
        let Some(id) = id else { return Ok(JobRunPayload { job_run: None, user_errors }) };
        let found = runs::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
        Ok(JobRunPayload { job_run: found.map(JobRun), user_errors })
    }
}

async fn switch(
    ctx: &Context<'_>,
    mutation: &'static str,
    input: &ReassignmentJobInput,
    enabled: bool,
) -> async_graphql::Result<ReassignmentJobPayload> {
    let call = OwnedCall::read(ctx, mutation)?;
    let done = match target(&input.job_id, input.expected_version) {
        Ok(target) => actions::switch_job(&ctx.session()?.actions, call.call(), target, enabled).await,
        Err(problem) => Err(problem.into()),
    };
    payload(ctx, done).await
}

fn target(id: &ID, expected_version: Option<i32>) -> Result<Target<JobId>, Invalid> {
    Ok(Target { id: ids::parse("jobId", id)?, expected_version: expected_version.map(i64::from) })
}

/// What stands below `settings` in the input is named there.
fn under_settings(error: ActionError) -> ActionError {
    let outside = ["name", "jobId", "expectedVersion", "idempotencyKey"];
    let placed = |problem: Invalid| match problem.path.first() {
        Some(field) if !outside.contains(&field.as_str()) => problem.under("settings"),
        _ => problem,
    };
    match error {
        ActionError::Refused(problems) => ActionError::Refused(problems.into_iter().map(placed).collect()),
        fault @ ActionError::Store(_) => fault,
    }
}

async fn payload(ctx: &Context<'_>, done: Result<JobId, ActionError>) -> async_graphql::Result<ReassignmentJobPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(ReassignmentJobPayload { reassignment_job: None, user_errors }) };
    let session = ctx.session()?;
    let found = jobs::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(ReassignmentJobPayload { reassignment_job: found.map(ReassignmentJob), user_errors })
}
