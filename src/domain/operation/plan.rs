//! The plan of an operation lead by lead, and what became of each.

use serde::{Deserialize, Serialize};

use super::image::LeadImage;
use crate::domain::decision::{Excluded, Outcome as Decided, RankedCandidate};
use crate::domain::id::{InterfaceId, LeadId, RequestId};
use crate::domain::lead::Recipient;

/// What a plan says of one lead.
#[derive(Clone, Debug)]
pub struct Item {
    /// From 0, in the order in which they are dealt with.
    pub position: i64,
    pub lead: LeadId,
    pub request: RequestId,
    /// The lead's version when it was planned.
    pub lead_version: i64,
    pub planned: Planned,
}

/// What is to happen to one lead.
#[derive(Clone, Debug)]
pub enum Planned {
    /// It goes to others.
    Move(Box<Answer>),
    /// Its fields change, all in the same way.
    Update,
    /// It becomes what it was, and the copies that were made of it go.
    Restore {
        /// The copies, each with the version that it was made with.
        copies: Vec<Copy>,
        /// What it was.
        before: Box<LeadImage>,
    },
    /// It is as wanted already.
    Unchanged(Problem),
    /// It can't be changed.
    Problem(Problem),
}

/// What a plan says of one lead, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It will be changed.
    Change,
    /// It is as wanted already.
    Unchanged,
    /// It can't be changed.
    Problem,
}

impl Planned {
    /// In a word.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Move(_) | Self::Update | Self::Restore { .. } => Verdict::Change,
            Self::Unchanged(_) => Verdict::Unchanged,
            Self::Problem(_) => Verdict::Problem,
        }
    }

    /// Why it will not be changed, if it will not.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unchanged(problem) | Self::Problem(problem) => Some(problem),
            Self::Move(_) | Self::Update | Self::Restore { .. } => None,
        }
    }

    /// Where it goes.
    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Move(answer) => &answer.targets,
            _ => &[],
        }
    }
}

/// Why a lead is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: ItemReason,
    /// For people.
    pub text: String,
}

impl Problem {
    /// A problem.
    pub fn new(code: ItemReason, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// Why a lead is not changed, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemReason {
    /// It is where it was to go already.
    AlreadyThere,
    /// Its fields have the values that were to be set already.
    NothingToChange,
    /// Its state does not allow it.
    WrongState,
    /// It was handed on before; its newest copy can be.
    HandedOn,
    /// Another copy of the same request is in the plan.
    SameRequest,
    /// Nobody can get it.
    NoCandidate,
    /// Those who could get it are at capacity, or would be by the rest of the plan.
    NoRoom,
    /// Whoever was to get it no longer takes leads.
    TargetGone,
    /// It was changed by others since it was planned.
    ChangedSince,
    /// The copy that was made of it was opened, answered or changed since.
    TakenUp,
    /// Somebody else has acknowledged another copy of its request since.
    HeldByAnother,
    /// A value that it would get is not allowed.
    InvalidValue,
    /// A fault of ours or of the database.
    Fault,
}

/// Where a lead goes, and why: the decision as it will be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// To whom; none for nobody.
    pub targets: Vec<Target>,
    /// The interface and the number of its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<(InterfaceId, i64)>,
    pub algorithm: String,
    pub outcome: Decided,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<RankedCandidate>,
    #[serde(default)]
    pub considered: u64,
    #[serde(default)]
    pub matched: u64,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub excluded: Excluded,
    pub reason: String,
}

fn is_empty(excluded: &Excluded) -> bool {
    *excluded == Excluded::default()
}

/// One of those who get a lead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub recipient: Recipient,
    /// From the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
}

/// A copy that an operation made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    pub lead: LeadId,
    /// As it was made.
    pub version: i64,
}

/// What became of one lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It was changed.
    Changed,
    /// It was as wanted already.
    Unchanged,
    /// It had a problem, or others had changed it since.
    Skipped,
    /// A fault kept it from being changed.
    Failed,
}

/// What became of one lead.
#[derive(Clone, Debug)]
pub struct ItemResult {
    pub position: i64,
    pub lead: LeadId,
    pub outcome: Outcome,
    /// Why it was not changed; none for a changed one.
    pub problem: Option<Problem>,
    /// The copies that were made.
    pub copies: Vec<Copy>,
}

/// What an undo needs to know of a lead that was changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The version that the lead has by the change.
    pub lead_version: i64,
    /// What it was before.
    pub before: LeadImage,
}

/// How far an operation has come: the sum over its chunks, so it only ever grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub changed: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub failed: i64,
}

impl Progress {
    /// Leads that were dealt with.
    pub const fn done(self) -> i64 {
        self.changed + self.unchanged + self.skipped + self.failed
    }

    /// Counts one.
    pub const fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Changed => self.changed += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Failed => self.failed += 1,
        }
    }
}
