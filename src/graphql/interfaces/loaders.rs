//! Loaders of interfaces and their versions.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::domain::id::InterfaceId;
use crate::domain::interface::{Interface, InterfaceVersion};
use crate::domain::job::Job;
use crate::graphql::loaders::{Batch, LoadError, by_key, grouped};
use crate::store::{interfaces, jobs};

/// An interface.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InterfaceKey(pub InterfaceId);

impl Loader<InterfaceKey> for Batch {
    type Value = Interface;
    type Error = LoadError;
    async fn load(&self, keys: &[InterfaceKey]) -> Result<HashMap<InterfaceKey, Interface>, LoadError> {
        let ids: Vec<InterfaceId> = keys.iter().map(|key| key.0).collect();
        let rows = interfaces::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |interface| InterfaceKey(interface.id)))
    }
}

/// The versions of an interface, newest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionsKey(pub InterfaceId);

impl Loader<VersionsKey> for Batch {
    type Value = Vec<InterfaceVersion>;
    type Error = LoadError;
    async fn load(&self, keys: &[VersionsKey]) -> Result<HashMap<VersionsKey, Vec<InterfaceVersion>>, LoadError> {
        let ids: Vec<InterfaceId> = keys.iter().map(|key| key.0).collect();
        let rows = interfaces::list_versions(self.reader(), self.scope().tenant, &ids).await?;
        Ok(grouped(rows, |version| VersionsKey(version.interface)))
    }
}

/// The jobs that use an interface, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobsOfKey(pub InterfaceId);

impl Loader<JobsOfKey> for Batch {
    type Value = Vec<Job>;
    type Error = LoadError;
    async fn load(&self, _: &[JobsOfKey]) -> Result<HashMap<JobsOfKey, Vec<Job>>, LoadError> {
        let rows = jobs::list_all(self.reader(), self.scope().tenant).await?;
        Ok(grouped(rows, |job| JobsOfKey(job.interface)))
    }
}
