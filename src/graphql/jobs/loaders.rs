//! Loaders of jobs and their latest runs.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::domain::id::JobId;
use crate::domain::job::{Job, JobRun};
use crate::graphql::loaders::{Batch, LoadError, by_key};
use crate::store::{jobs, runs};

/// A job.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobKey(pub JobId);

impl Loader<JobKey> for Batch {
    type Value = Job;
    type Error = LoadError;
    async fn load(&self, keys: &[JobKey]) -> Result<HashMap<JobKey, Job>, LoadError> {
        let ids: Vec<JobId> = keys.iter().map(|key| key.0).collect();
        let rows = jobs::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |job| JobKey(job.id)))
    }
}

/// The latest run of a job.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatestRunKey(pub JobId);

impl Loader<LatestRunKey> for Batch {
    type Value = JobRun;
    type Error = LoadError;
    async fn load(&self, keys: &[LatestRunKey]) -> Result<HashMap<LatestRunKey, JobRun>, LoadError> {
        let ids: Vec<JobId> = keys.iter().map(|key| key.0).collect();
        let rows = runs::latest(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |run| LatestRunKey(run.job)))
    }
}
