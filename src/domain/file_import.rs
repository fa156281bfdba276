//! Bringing a file in through the API: the file is uploaded, checked as a whole, and imported when somebody has seen what would come of it.
//!
//! ```text
//! CHECKING ──▶ READY ──run──▶ RUNNING ──▶ DONE
//!     └──────────┴───────────────┴──────▶ FAILED | CANCELLED
//! ```

use serde::{Deserialize, Serialize};

use super::id::{FileImportId, TenantId, UploadId};
use super::time::Timestamp;

/// Bytes of each piece but the last in which a file is kept.
pub const PIECE_BYTES: usize = 256 * 1024;

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub struct Upload {
    pub tenant: TenantId,
    pub id: UploadId,
    pub name: String,
    /// None while it is being received.
    pub bytes: Option<i64>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileKind {
    /// Dealers with a contact each.
    Dealers,
    /// Requests with their first copies.
    Leads,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileImportState {
    /// Every row is looked at; nothing is written.
    Checking,
    /// It is known what would come of it.
    Ready,
    /// Rows are being imported.
    Running,
    /// Every row was imported or refused.
    Done,
    /// It can't go on.
    Failed,
    /// Somebody stopped it; what was imported stays.
    Cancelled,
}

impl FileImportState {
    /// Whether nothing happens any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// What came of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows read.
    pub rows: i64,
    /// Rows that made something new.
    pub created: i64,
    /// Rows that changed something.
    pub updated: i64,
    /// Rows that were there already.
    pub unchanged: i64,
    /// Rows that were refused.
    pub failed: i64,
    /// Rows that were imported with something left out.
    pub warned: i64,
}

/// What the caller says about columns, as pairs with our name first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnWishes {
    /// Which of the file's columns is ours.
    pub map: Vec<(String, String)>,
    /// Which value ours has in every row.
    pub set: Vec<(String, String)>,
}

/// One import of an uploaded file.
#[derive(Clone, Debug)]
pub struct FileImport {
    pub tenant: TenantId,
    pub id: FileImportId,
    /// None when the file is gone.
    pub upload: Option<UploadId>,
    pub kind: FileKind,
    pub state: FileImportState,
    pub name: String,
    /// The file's first row.
    pub headers: Vec<String>,
    /// What separates cells.
    pub separator: char,
    pub wishes: ColumnWishes,
    pub bytes_total: i64,
    /// How far the check or the run has come.
    pub bytes_done: i64,
    /// What the check found.
    pub checked: RowCounts,
    /// What the run did.
    pub ran: RowCounts,
    /// How many problems are kept.
    pub problem_count: i64,
    pub error: Option<String>,
    pub requested_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// What is wrong with a cell, or with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProblem {
    /// As a spreadsheet numbers it: the header is 1.
    pub row: i64,
    /// The file's column; empty for the row as a whole.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether the row was imported all the same.
    pub imported: bool,
}
