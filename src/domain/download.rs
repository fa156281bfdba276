//! A download: a file that a browser fetches from an address which is good for a few minutes, and what is in it.
//!
//! The address is a secret of its own: it opens this one file, and is worth nothing when its time is over.

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::id::{DownloadId, OperationId, TenantId};
use super::list::{BaseSet, ListSort};
use super::operation::Outcome;
use super::time::Timestamp;

/// A file that waits to be fetched.
#[derive(Clone, Debug)]
pub struct Download {
    pub tenant: TenantId,
    pub id: DownloadId,
    /// Who asked for it, as they were then: the file holds what they may see.
    pub actor: Actor,
    pub content: DownloadContent,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DownloadContent {
    /// Leads as CSV.
    Leads(LeadTable),
    /// What became of each lead of an operation, as CSV.
    Results(ResultTable),
}

impl DownloadContent {
    /// What it is called, for the file's name.
    pub fn name(&self) -> String {
        match self {
            Self::Leads(table) => table.name.clone(),
            Self::Results(table) => format!("Results of {}", table.operation),
        }
    }
}

/// Leads as a table: which, in which order, with which columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadTable {
    /// What it is called, for the file's name.
    pub name: String,
    pub base: BaseSet,
    /// Canonical CEL; empty for all of the base set.
    pub filter: String,
    pub sort: ListSort,
    /// Paths, in order.
    pub columns: Vec<String>,
}

/// The results of an operation as a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultTable {
    pub operation: OperationId,
    /// Only these outcomes; all when there are none.
    pub outcomes: Vec<Outcome>,
}
