//! Loaders of operations and of how far they have come.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::domain::id::OperationId;
use crate::domain::operation::{Operation, Progress};
use crate::graphql::loaders::{Batch, LoadError, by_key};
use crate::store::operations::{self, chunks};

/// An operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationKey(pub OperationId);

impl Loader<OperationKey> for Batch {
    type Value = Operation;
    type Error = LoadError;
    async fn load(&self, keys: &[OperationKey]) -> Result<HashMap<OperationKey, Operation>, LoadError> {
        let ids: Vec<OperationId> = keys.iter().map(|key| key.0).collect();
        let rows = operations::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |operation| OperationKey(operation.id)))
    }
}

/// How far an operation has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressKey(pub OperationId);

impl Loader<ProgressKey> for Batch {
    type Value = Progress;
    type Error = LoadError;
    async fn load(&self, keys: &[ProgressKey]) -> Result<HashMap<ProgressKey, Progress>, LoadError> {
        let ids: Vec<OperationId> = keys.iter().map(|key| key.0).collect();
        let found = chunks::progress(self.reader(), self.scope().tenant, &ids).await?;
        Ok(found.into_iter().map(|(id, progress)| (ProgressKey(id), progress)).collect())
    }
}
