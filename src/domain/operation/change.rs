//! What an operation does, and to which leads. A further kind of change is a further member here and a file beside those in
//! `actions/operations`.

use serde::{Deserialize, Serialize};

use super::OperationKind;
use crate::domain::id::{InterfaceId, ListId, OperationId};
use crate::domain::input::LeadPatch;
use crate::domain::job::Algorithm;
use crate::domain::lead::Recipient;
use crate::domain::note::NoteDraft;
use crate::domain::time::Timestamp;

/// What is done to each lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// It is handed on.
    Reassign {
        /// To whom.
        goal: Goal,
        /// Who leaves the network with it, as soon as it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leaving: Option<Recipient>,
    },
    /// What is noted on it changes.
    Update {
        /// Which fields, and to what.
        fields: Box<FieldChange>,
    },
    /// It becomes what it was before another operation.
    Undo {
        /// Which one.
        operation: OperationId,
    },
}

/// To whom leads are handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "goal", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Goal {
    /// All to one recipient.
    Recipient {
        /// To whom.
        recipient: Recipient,
    },
    /// Each to the nearest active dealer.
    Nearest,
    /// Each to whom the interface's published version ranks.
    Interface {
        /// Which one.
        interface: InterfaceId,
        /// Single, blast or nearest.
        algorithm: Algorithm,
        /// Copies per blast.
        blast_size: u32,
    },
    /// Shared out so that nobody gets more than there is room for and the distances are least in sum.
    Balanced {
        /// Whose candidates each lead may go to; without one, the nearest active dealers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface: Option<InterfaceId>,
    },
    /// Dealt in turn to these: their numbers differ by at most one.
    EvenSplit {
        /// At least one, each once.
        recipients: Vec<Recipient>,
    },
    /// To nobody: each waits under exceptions for somebody to take it up.
    Nobody,
}

/// Which fields change, and to what. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// What may be changed on one lead too.
    #[serde(flatten)]
    pub patch: LeadPatch,
    /// Who is named as the one who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When it is said to have been made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// A note that each lead gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<NoteDraft>,
}

/// Which leads, as somebody said it. An expression stands here in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "selection", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Selection {
    /// All within reach.
    All,
    /// Those for which a condition holds.
    Filter {
        /// CEL text.
        text: String,
    },
    /// Those that a list showed to whoever asked for the operation; none of its later changes matter.
    List {
        /// Which one.
        list: ListId,
        /// What its base set and filter said together; none for all leads.
        text: Option<String>,
    },
    /// So many, by their ids.
    Named {
        /// How many.
        count: usize,
    },
    /// Those that an operation skipped, could not change or did not come to.
    LeftBy {
        /// Which one.
        operation: OperationId,
    },
    /// Those that an operation changed.
    ChangedBy {
        /// Which one.
        operation: OperationId,
    },
}

impl Change {
    /// Who leaves the network when it runs.
    pub const fn leaving(&self) -> Option<Recipient> {
        match self {
            Self::Reassign { leaving, .. } => *leaving,
            Self::Update { .. } | Self::Undo { .. } => None,
        }
    }

    /// Whether all of its leads are looked at together before any of them is planned.
    pub const fn is_balanced(&self) -> bool {
        matches!(self, Self::Reassign { goal: Goal::Balanced { .. }, .. })
    }

    /// In a word.
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Reassign { .. } => OperationKind::Reassign,
            Self::Update { .. } => OperationKind::Update,
            Self::Undo { .. } => OperationKind::Undo,
        }
    }
}

impl FieldChange {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
