//! One run of a job.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::job::ReassignmentJob;
use super::loaders::JobKey;
use crate::domain::Timestamp;
use crate::domain::job as domain;
use crate::graphql::session::Ctx;

/// What started a run.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::job::RunCause", name = "JobRunCause")]
pub enum RunCause {
    /// Leads fell due.
    Due,
    /// Somebody asked for it.
    Manual,
}

/// Where a run stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::job::RunState", name = "JobRunState")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker has it in hand.
    Running,
    /// Finished.
    Done,
    /// Given up, with an error.
    Failed,
}

/// How many leads were left for one reason.
#[derive(SimpleObject)]
pub struct SkipCount {
    /// Such as `TOO_OLD`, `CONDITION_NOT_MET`, `ROUNDS_USED_UP`, `NO_CANDIDATE`, `NOT_YET_DUE`.
    pub reason: String,
    /// How many.
    pub count: i32,
}

/// One run of a job.
#[derive(Clone)]
pub struct JobRun(pub domain::JobRun);

/// One run of a job: one batch of leads that fell due, or a run over all that wait, which somebody asked for.
#[Object]
impl JobRun {
    /// `run_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Of which job.
    async fn job(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentJob>> {
        Ok(ctx.loaders()?.load(JobKey(self.0.job)).await?.map(ReassignmentJob))
    }

    /// What started it.
    async fn cause(&self) -> RunCause {
        self.0.cause.into()
    }

    /// Where it stands.
    async fn state(&self) -> RunState {
        self.0.state.into()
    }

    /// When it was asked for.
    async fn queued_at(&self) -> DateTime<Utc> {
        self.0.queued_at.datetime()
    }

    /// When a worker began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at.map(Timestamp::datetime)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(Timestamp::datetime)
    }

    /// Leads looked at so far.
    async fn examined(&self) -> i32 {
        count(self.0.examined)
    }

    /// Leads handed on so far.
    async fn reassigned(&self) -> i32 {
        count(self.0.reassigned)
    }

    /// Leads that failed.
    async fn failed(&self) -> i32 {
        count(self.0.failed)
    }

    /// Leads left, by reason.
    async fn skipped(&self) -> Vec<SkipCount> {
        self.0.skipped.iter().map(|(reason, of)| SkipCount { reason: reason.clone(), count: count(*of) }).collect()
    }

    /// Why it was given up.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

pub(super) fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
