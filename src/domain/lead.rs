//! A lead: one copy of a request in the hands of one recipient, and the states that it goes through.
//!
//! ```text
//! UNASSIGNED ──offer──▶ OFFERED ──acknowledge──▶ ACKNOWLEDGED ──accept──▶ ACCEPTED ──close──▶ WON | LOST
//!                          │  └──────reject──────────────┴─────────▶ REJECTED (a new copy goes on at once)
//!                          └──deadline, hand-over, another won──▶ EXPIRED
//! any but DELETED ──delete──▶ DELETED
//! ```

use serde::{Deserialize, Serialize};

use super::id::{DealerId, DecisionId, JobId, LeadId, RequestId, TenantId, UserId};
use super::label::Labels;
use super::time::Timestamp;
use serde_json::{Map, Value};

/// Baton's own state of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeadState {
    /// Nobody has it.
    Unassigned,
    /// Sent to a recipient who has not acknowledged it.
    Offered,
    /// The recipient has seen the customer's data; the clock has stopped.
    Acknowledged,
    /// The recipient will work on it.
    Accepted,
    /// The recipient gave it back.
    Rejected,
    /// Taken away, replaced or not.
    Expired,
    /// Sold.
    Won,
    /// Closed without a sale.
    Lost,
    /// Removed, with a reason.
    Deleted,
}

impl LeadState {
    /// All states, in the order of a lead's life.
    pub const ALL: [Self; 9] = [
        Self::Unassigned,
        Self::Offered,
        Self::Acknowledged,
        Self::Accepted,
        Self::Rejected,
        Self::Expired,
        Self::Won,
        Self::Lost,
        Self::Deleted,
    ];

    /// As stored and as the API shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Offered => "OFFERED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
            Self::Won => "WON",
            Self::Lost => "LOST",
            Self::Deleted => "DELETED",
        }
    }

    /// Whether the copy counts against its recipient's capacity.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Offered | Self::Acknowledged | Self::Accepted)
    }

    /// Whether somebody has taken responsibility: at most one copy of a request is held.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Acknowledged | Self::Accepted | Self::Won | Self::Lost)
    }

    /// Whether the copy can be handed to somebody else by hand.
    pub const fn can_be_reassigned(self) -> bool {
        matches!(self, Self::Unassigned | Self::Offered | Self::Acknowledged | Self::Accepted | Self::Rejected)
    }
}

/// Who has a lead, or whom it was offered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A dealer, reached through its contacts.
    Dealer(DealerId),
    /// A user, reached by mail.
    User(UserId),
}

impl Recipient {
    /// The dealer's or the user's id, as the API shows it.
    pub fn id(self) -> String {
        match self {
            Self::Dealer(id) => id.to_string(),
            Self::User(id) => id.to_string(),
        }
    }
}

/// One copy of a request in the hands of one recipient.
#[derive(Clone, Debug)]
pub struct Lead {
    pub tenant: TenantId,
    pub id: LeadId,
    pub request: RequestId,
    /// The first copy of the request; itself for that one.
    pub root: LeadId,
    /// The copy that this one replaces or goes beside.
    pub parent: Option<LeadId>,
    /// 0 for the first copy, then the parent's plus one.
    pub round: i64,
    pub state: LeadState,
    pub recipient: Option<Recipient>,
    /// The decision that placed this copy.
    pub decision: Option<DecisionId>,
    /// The job that made this copy.
    pub job: Option<JobId>,
    /// Where it counts as coming from; at first where its request came from.
    pub source: String,
    pub brand: Option<String>,
    /// When the customer's request came in, the same on every copy.
    pub received_at: Timestamp,
    pub times: LeadTimes,
    /// Who acknowledged, as shown to people.
    pub acknowledged_by: Option<String>,
    /// Why it was rejected, expired, closed or deleted.
    pub state_reason: Option<String>,
    /// Why no candidate was found; set, the lead stands among the exceptions.
    pub exception: Option<String>,
    /// The earliest moment at which some job might act.
    pub due_at: Option<Timestamp>,
    /// The moment at which the recipient is warned.
    pub warn_at: Option<Timestamp>,
    pub excluded_from_automation: bool,
    pub workflow: Workflow,
    /// What else stands on it for people.
    pub labels: Labels,
    pub custom: Map<String, Value>,
    pub version: i64,
    pub created_by: String,
}

/// What lists show of a copy: where it stands, who has it, and what everything that belongs to it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadSummary {
    pub id: LeadId,
    pub request: RequestId,
    pub root: LeadId,
    pub parent: Option<LeadId>,
    pub round: i64,
    pub state: LeadState,
    pub recipient: Option<Recipient>,
    pub decision: Option<DecisionId>,
    pub job: Option<JobId>,
    pub source: String,
    pub brand: Option<String>,
    pub received_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub follow_up_status: String,
    pub version: i64,
    pub updated_at: Timestamp,
}

impl Lead {
    /// What lists show of it.
    pub fn summary(&self) -> LeadSummary {
        LeadSummary {
            id: self.id,
            request: self.request,
            root: self.root,
            parent: self.parent,
            round: self.round,
            state: self.state,
            recipient: self.recipient,
            decision: self.decision,
            job: self.job,
            source: self.source.clone(),
            brand: self.brand.clone(),
            received_at: self.received_at,
            due_at: self.due_at,
            follow_up_status: self.workflow.follow_up_status.clone(),
            version: self.version,
            updated_at: self.times.updated_at,
        }
    }
}

/// When what happened to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadTimes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Timestamp>,
    /// When a job or a person handed it on; each copy is handed on once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reassigned_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl LeadTimes {
    /// A copy made at `at`, nothing else yet.
    pub const fn made_at(at: Timestamp) -> Self {
        Self {
            offered_at: None,
            acknowledged_at: None,
            accepted_at: None,
            rejected_at: None,
            expired_at: None,
            reassigned_at: None,
            closed_at: None,
            deleted_at: None,
            created_at: at,
            updated_at: at,
        }
    }
}

/// The tenant's own view of a lead, independent of Baton's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `NOT_CONTACTED`, `CONTACTED` or the tenant's own.
    pub follow_up_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

impl Default for Workflow {
    fn default() -> Self {
        Self { file_type: None, status: None, follow_up_status: "NOT_CONTACTED".to_owned(), progress: None }
    }
}
