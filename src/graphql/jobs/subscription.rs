//! What is told about jobs: their runs, live.

use async_graphql::{Context, ID, Subscription};
use async_trait::async_trait;
use futures_util::stream::Stream;
use uuid::Uuid;

use super::run::JobRun;
use crate::actions::Permission;
use crate::domain::id::{JobId, JobRunId};
use crate::domain::job::RunState;
use crate::graphql::connection::bad_input;
use crate::graphql::ids;
use crate::graphql::session::{Ctx, Session, permitted};
use crate::graphql::told::{Told, follow};
use crate::live::Interest;
use crate::store::progress::Topic;
use crate::store::runs;

/// Subscriptions about jobs.
#[derive(Default)]
pub struct JobSubscription;

/// Subscriptions about jobs.
#[Subscription]
impl JobSubscription {
    /// Runs of jobs as they are queued, go on and end, each in its newest state; with `runId` it begins with the run as it is now and
    /// completes when the run has ended. A run that goes on faster than you read is sent once. Needs the role admin, manager or auditor.
    async fn job_run_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this run, `run_…`.")] run_id: Option<ID>,
        #[graphql(desc = "Only runs of this job, `job_…`.")] job_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<JobRun>>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let malformed =
            |problem: crate::domain::Invalid| bad_input(format!("{}: {}", problem.path.join("."), problem.message));
        let run: Option<JobRunId> = ids::parse_optional("runId", run_id.as_ref()).map_err(malformed)?;
        let job: Option<JobId> = ids::parse_optional("jobId", job_id.as_ref()).map_err(malformed)?;
        if let Some(run) = run
            && runs::lookup(session.reader(), session.scope.tenant, run).await?.is_none()
        {
            return Err(bad_input("runId: there is no such run".to_owned()));
        }
        follow(session, Interest::Progress(Topic::JobRuns, run.map(|run| run.uuid())), Runs { run, job }).await
    }
}

struct Runs {
    run: Option<JobRunId>,
    job: Option<JobId>,
}

#[async_trait]
impl Told for Runs {
    type Item = JobRun;

    async fn first(&self, session: &Session) -> async_graphql::Result<Vec<JobRun>> {
        match self.run {
            Some(run) => self.read(session, vec![run.uuid()]).await,
            None => Ok(Vec::new()),
        }
    }

    async fn read(&self, session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<JobRun>> {
        let ids: Vec<JobRunId> = ids.into_iter().map(JobRunId).collect();
        let mut found = runs::lookup_many(session.reader(), session.scope.tenant, &ids).await?;
        found.retain(|run| self.job.is_none_or(|job| job == run.job));
        found.sort_by_key(|run| run.id);
        Ok(found.into_iter().map(JobRun).collect())
    }

    fn is_last(&self, item: &JobRun) -> bool {
        self.run.is_some() && matches!(item.0.state, RunState::Done | RunState::Failed)
    }
}
