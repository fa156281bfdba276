//! An operation: a bulk change of leads as a durable plan, with its progress and a result per lead (SPEC §7).
//!
//! ```text
//! PREPARING ──all leads planned──▶ READY ──run──▶ RUNNING ⇄ PAUSED
//!     │                              │ └─a day─▶ EXPIRED │     │
//!     └────────────cancel────────────┴──▶ CANCELLED ◀────┴─────┘
//! RUNNING ──last chunk──▶ DONE        PREPARING, RUNNING ──can't go on──▶ FAILED
//! ```
//!
//! One that tells new owners once does so between its last chunk and DONE, or after it was given up.

mod change;
mod image;
mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::error::{Invalid, InvalidCode};
use super::id::{LeadId, OperationId, TenantId};
use super::time::Timestamp;

pub use change::{Change, FieldChange, Goal, Selection};
pub use image::LeadImage;
pub use plan::{
    Answer, Changed, Copy, Item, ItemReason, ItemResult, Outcome, Planned, Problem, Progress, Target, Verdict,
};

/// How long a plan may be run: a day later it says little about the leads as they are.
pub const PLAN_LIFETIME: Duration = Duration::from_hours(24);
/// Leads that one selection may name by their ids; more are selected by a filter.
pub const NAMED_LEADS_MAX: usize = 10_000;
/// Leads that are shared out together under capacities: a dealer's that leaves, several times over; the answer takes seconds and some tens
/// of megabytes.
pub const BALANCED_LEADS_MAX: usize = 10_000;
/// Operations of one tenant that may be prepared or run at one time, so that nobody fills the database with plans.
pub const OPEN_MAX: u64 = 50;

/// What an operation does, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationKind {
    /// Hands leads on.
    Reassign,
    /// Changes what is noted on leads.
    Update,
    /// Takes another operation back.
    Undo,
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationState {
    /// Its leads are being planned.
    Preparing,
    /// The plan can be read and run.
    Ready,
    /// The plan was not run in time. Never stored: a plan that is ready becomes this by the clock.
    Expired,
    /// Workers carry the plan out.
    Running,
    /// Stopped between two chunks until somebody lets it go on.
    Paused,
    /// All chunks are done.
    Done,
    /// Given up by somebody; what was changed until then stays.
    Cancelled,
    /// It could not go on; what was changed until then stays.
    Failed,
}

/// What one problem does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnProblem {
    /// A plan with a problem can't be run, and an operation that meets one stops.
    Stop,
    /// Leads with a problem are skipped and listed.
    Skip,
}

/// How new owners are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotifyNewOwner {
    /// Not at all.
    None,
    /// One mail for each lead, as if it had been handed on by itself.
    PerLead,
    /// When the operation ends, one mail to each person for each fifty leads.
    Digest,
}

/// How an operation is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub on_problem: OnProblem,
    pub notify_new_owner: NotifyNewOwner,
    /// Whether each old owner is told of each lead that was taken away.
    pub notify_old_owner: bool,
    /// Whether copies are pushed to the CRMs of the dealers that get them.
    pub push_to_crm: bool,
    /// Why, shown in the timeline.
    pub reason: Option<String>,
}

/// A bulk change of leads.
#[derive(Clone, Debug)]
pub struct Operation {
    pub tenant: TenantId,
    pub id: OperationId,
    pub kind: OperationKind,
    /// As it is stored; [`Operation::state_at`] knows the clock.
    pub state: OperationState,
    pub change: Change,
    pub selection: Selection,
    pub options: Options,
    /// The operation that is undone or tried again.
    pub source: Option<OperationId>,
    /// In whose scope the leads were selected, and who stands in the timeline.
    pub actor: Actor,
    /// The last lead that was planned: planning goes through a selection by id.
    pub cursor: Option<LeadId>,
    /// The last position of the source that was planned: an undo goes through what was changed in its order.
    pub cursor_position: Option<i64>,
    /// Whether its leads were shared out under capacities, and who gets each is written down.
    pub is_shared_out: bool,
    pub planned: PlannedCounts,
    /// Mails that the plan would send; known when it is ready.
    pub mail_count: Option<i64>,
    /// Pushes to CRMs that the plan would send; known when it is ready.
    pub push_count: Option<i64>,
    pub created_at: Timestamp,
    pub prepared_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub error: Option<String>,
    /// Whether it was given up and new owners are still to be told of what was handed on before.
    pub is_telling: bool,
}

/// How many leads a plan has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlannedCounts {
    /// Will be changed.
    pub change: i64,
    /// Are as wanted already.
    pub unchanged: i64,
    /// Can't be changed.
    pub problem: i64,
}

impl PlannedCounts {
    /// All leads of the plan.
    pub const fn leads(self) -> i64 {
        self.change + self.unchanged + self.problem
    }
}

impl Options {
    /// Those of an undo: nobody is told, for nothing new has come.
    pub const fn quiet(on_problem: OnProblem, reason: Option<String>) -> Self {
        Self { on_problem, notify_new_owner: NotifyNewOwner::None, notify_old_owner: false, push_to_crm: false, reason }
    }
}

impl OperationState {
    /// Whether nothing will happen any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Expired | Self::Done | Self::Cancelled | Self::Failed)
    }
}

impl Operation {
    /// Where it stands at `now`: a plan that nobody ran in time has expired.
    pub fn state_at(&self, now: Timestamp) -> OperationState {
        match self.state {
            OperationState::Ready if self.expires_at.is_some_and(|expires_at| expires_at <= now) => {
                OperationState::Expired
            }
            state => state,
        }
    }

    /// Whether there may be new owners who are told when it ends.
    pub fn tells_at_its_end(&self) -> bool {
        self.started_at.is_some() && self.options.notify_new_owner == NotifyNewOwner::Digest
    }

    /// Whether the plan may be run at `now`; if not, why and what to do.
    pub fn may_run(&self, now: Timestamp) -> Result<(), Invalid> {
        let message = match self.state_at(now) {
            OperationState::Ready => return self.may_run_with_problems(),
            OperationState::Preparing => "the plan is still being prepared, wait until its state is READY",
            OperationState::Expired => "the plan has expired: prepare it again, the leads may have changed since",
            OperationState::Running | OperationState::Paused => "the plan runs already",
            OperationState::Done => "the plan was carried out, a plan is run once",
            OperationState::Cancelled => "the plan was cancelled, prepare it again",
            OperationState::Failed => "the plan could not be prepared or carried out, see its error",
        };
        Err(Invalid::new("operationId", InvalidCode::WrongState, message))
    }

    fn may_run_with_problems(&self) -> Result<(), Invalid> {
        if self.options.on_problem == OnProblem::Skip || self.planned.problem == 0 {
            return Ok(());
        }
        let message = format!(
            "{} of {} leads have a problem and `onProblem` is STOP: nothing was changed; prepare it without them or with SKIP",
            self.planned.problem,
            self.planned.leads()
        );
        Err(Invalid::new("operationId", InvalidCode::WrongState, message))
    }
}
