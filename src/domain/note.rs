//! A note: what somebody wrote about a lead, with a kind. Notes are added and never changed; they stay with their copy.

use serde::{Deserialize, Serialize};

use super::Invalid;
use super::error::text;
use super::id::{LeadId, NoteId, OperationId, TenantId};
use super::input::Problems;
use super::time::Timestamp;

/// The kind of a note of which nothing else is said.
pub const PLAIN_KIND: &str = "NOTE";
/// Characters of a kind.
const KIND_LENGTH_MAX: usize = 60;
/// Characters of a note: a page or two.
const TEXT_LENGTH_MAX: usize = 5_000;

/// A note on a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub tenant: TenantId,
    pub id: NoteId,
    pub lead: LeadId,
    /// As the tenant calls it: `CALL`, `VISIT`, `NOTE`.
    pub kind: String,
    pub text: String,
    /// As shown to people.
    pub author: String,
    pub created_at: Timestamp,
    /// The operation that wrote it, if one did.
    pub operation: Option<OperationId>,
}

/// A note that is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDraft {
    /// As the tenant calls it.
    pub kind: String,
    /// What it says.
    pub text: String,
}

impl NoteDraft {
    /// The draft as it is kept, or everything that is wrong with it.
    pub fn checked(&self) -> Result<Self, Vec<Invalid>> {
        let mut problems = Problems::default();
        let kind = problems.keep(text("kind", &self.kind, KIND_LENGTH_MAX));
        let text = problems.keep(text("text", &self.text, TEXT_LENGTH_MAX));
        problems.done(Self { kind: kind.unwrap_or_default(), text: text.unwrap_or_default() })
    }
}
