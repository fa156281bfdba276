//! A file that is being written, whatever is in it.

use super::leads::LeadExport;
use super::results::ResultExport;
use crate::actions::{ActionError, Context};
use crate::domain::download::{Download, DownloadContent};
use crate::store::{Key, StoreError};

/// A file that is being written.
pub enum Export {
    /// Leads.
    Leads(Box<LeadExport>),
    /// Results of an operation.
    Results(ResultExport),
}

/// How far one is.
pub(super) enum Place {
    Before,
    After(Key),
    End,
}

impl Export {
    /// Makes ready to write what somebody ordered, as far as they see it.
    pub async fn open(cx: &Context, download: &Download) -> Result<Self, ActionError> {
        Ok(match &download.content {
            DownloadContent::Leads(table) => Self::Leads(Box::new(LeadExport::open(cx, &download.actor, table).await?)),
            DownloadContent::Results(table) => Self::Results(ResultExport::open(cx, &download.actor, table).await?),
        })
    }

    /// The next part of the file, the first with its headings; nothing when it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Leads(export) => export.next().await,
            Self::Results(export) => export.next().await,
        }
    }
}
