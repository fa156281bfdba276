//! Reading jobs and their runs.

use async_graphql::{Context, ID, Object};

use super::dry_run::{JobDryRun, JobDryRunPayload};
use super::job::ReassignmentJob;
use super::run::JobRun;
use crate::actions::jobs as actions;
use crate::actions::{Permission, permit};
use crate::domain::id::AnyId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::node::Node;
use crate::graphql::payload::split;
use crate::graphql::session::{Ctx, permitted};
use crate::store::{jobs, runs};

/// Queries about jobs.
#[derive(Default)]
pub struct JobQuery;

/// Queries about jobs.
#[Object]
impl JobQuery {
    /// One job; null when there is none or your role does not read the configuration.
    async fn reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`job_…`")] id: ID,
    ) -> async_graphql::Result<Option<ReassignmentJob>> {
        let session = ctx.session()?;
        let Some(id) =
            ids::parse_or_null(&id).filter(|_| permit(&session.actor, Permission::ReadConfiguration).is_ok())
        else {
            return Ok(None);
        };
        Ok(jobs::lookup(session.reader(), session.scope.tenant, id).await?.map(ReassignmentJob))
    }

    /// All jobs, in the order in which they look at a lead. Needs the role admin, manager or auditor.
    async fn reassignment_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by position.", default_with = "SortDirection::Asc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<ReassignmentJob>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let list = format!("jobs {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = jobs::list(reader, tenant, direction.into(), &page).await?;
        connect(ctx, &list, found, ReassignmentJob, |_| jobs::count(reader, tenant)).await
    }

    /// The job queue: all runs of all jobs, newest first unless asked otherwise. Needs the role admin, manager or auditor.
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by time.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<JobRun>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let list = format!("job runs {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = runs::list(reader, tenant, None, direction.into(), &page).await?;
        connect(ctx, &list, found, JobRun, |up_to| runs::count(reader, tenant, None, up_to)).await
    }

    /// What a run of a job would do now: which waiting leads would go where. Writes nothing. Needs the role admin, manager or auditor.
    async fn dry_run_reassignment_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`job_…`; it may be disabled.")] job_id: ID,
    ) -> async_graphql::Result<JobDryRunPayload> {
        let session = ctx.session()?;
        let done = match ids::parse("jobId", &job_id) {
            Ok(id) => actions::dry_run(&session.actions, &session.actor, id).await,
            Err(problem) => Err(problem.into()),
        };
        let (dry_run, user_errors) = split(done)?;
        Ok(JobDryRunPayload { dry_run: dry_run.map(JobDryRun::from), user_errors })
    }
}

/// A job or a run by its id.
pub async fn find_node(ctx: &Context<'_>, id: AnyId) -> async_graphql::Result<Option<Node>> {
    let session = ctx.session()?;
    if permit(&session.actor, Permission::ReadConfiguration).is_err() {
        return Ok(None);
    }
    let (reader, tenant) = (session.reader(), session.scope.tenant);
    Ok(match id {
        AnyId::JobId(id) => {
            jobs::lookup(reader, tenant, id).await?.map(|job| Node::ReassignmentJob(ReassignmentJob(job)))
        }
        AnyId::JobRunId(id) => runs::lookup(reader, tenant, id).await?.map(|run| Node::JobRun(JobRun(run))),
        _ => None,
    })
}
