//! A reassignment job: which leads, after how long, from which interface, by which algorithm; and its runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::{InterfaceId, JobId, JobRunId, LeadId, TenantId, UserId};
use super::time::Timestamp;

/// How a job hands a lead to candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Algorithm {
    /// The first candidate gets a copy; nothing further if it is ignored.
    Single,
    /// The first N candidates get a copy each; the first to acknowledge wins.
    Blast,
    /// One candidate after the other until one acknowledges.
    RoundRobin,
    /// The nearest candidate gets a copy, whatever the interface's sort says.
    Nearest,
    /// The candidate that has had the fewest turns gets a copy, then the next one, until one acknowledges.
    Rotation,
}

impl Algorithm {
    /// As stored, as decisions name it, and as the API shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "SINGLE",
            Self::Blast => "BLAST",
            Self::RoundRobin => "ROUND_ROBIN",
            Self::Nearest => "NEAREST",
            Self::Rotation => "ROTATION",
        }
    }
}

/// Whether a round robin keeps its first ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ranking {
    /// The ranking of the first round is kept.
    Frozen,
    /// Each round ranks anew.
    Recomputed,
}

/// Who gets a lead for which no candidate was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Fallback {
    /// The tenant's default dealer.
    DefaultDealer,
    /// This user.
    User(UserId),
    /// It stays where it is and is listed under exceptions.
    Leave,
}

/// A reassignment job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub tenant: TenantId,
    pub id: JobId,
    pub name: String,
    pub enabled: bool,
    /// Jobs look at a due lead in this order; the first that may act does.
    pub position: i64,
    /// CEL text over `lead` and `now`; blank matches every lead.
    pub condition: String,
    /// Counted from the moment the copy was offered.
    #[serde(rename = "elapsedSeconds", serialize_with = "seconds")]
    pub elapsed: Duration,
    /// Counted from the moment the request was received, over all rounds.
    #[serde(rename = "upperAgeSeconds", serialize_with = "seconds")]
    pub upper_age: Duration,
    pub interface: InterfaceId,
    pub algorithm: Algorithm,
    /// Copies per blast, 1 to 100.
    pub blast_size: u32,
    pub ranking: Ranking,
    /// Copies that a round robin or a rotation makes at most, 1 to 100.
    pub max_rounds: u32,
    /// Whether an offer in rotation that ends without having been acknowledged gives the turn back.
    pub gives_turn_back: bool,
    pub fallback: Fallback,
    /// The original stays alive until someone acknowledges.
    pub keep_original: bool,
    pub notify: Notify,
    /// Whether copies are pushed to the CRMs of the dealers that get them.
    pub push_to_crm: bool,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Job {
    /// A job that is not saved yet: disabled, and as careful as can be. It has no name, and an interface yet to be given.
    pub fn blank(tenant: TenantId, id: JobId, at: Timestamp) -> Self {
        Self {
            tenant,
            id,
            name: String::new(),
            enabled: false,
            position: 0,
            condition: String::new(),
            elapsed: Duration::from_hours(1),
            upper_age: Duration::from_hours(7 * 24),
            interface: InterfaceId(uuid::Uuid::nil()),
            algorithm: Algorithm::RoundRobin,
            blast_size: 3,
            ranking: Ranking::Frozen,
            max_rounds: 5,
            gives_turn_back: false,
            fallback: Fallback::Leave,
            keep_original: false,
            notify: Notify { old_owner: false, new_owner: true, manager: false, warn_before: None },
            push_to_crm: false,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// Whom a job tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notify {
    pub old_owner: bool,
    pub new_owner: bool,
    /// The managers of the groups of a user recipient, else the tenant's admins.
    pub manager: bool,
    /// Warns the recipient this long before the lead is taken away.
    #[serde(rename = "warnBeforeSeconds", serialize_with = "maybe_seconds")]
    pub warn_before: Option<Duration>,
}

/// What started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunCause {
    /// Leads fell due.
    Due,
    /// Somebody asked for it.
    Manual,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker has it in hand.
    Running,
    /// Finished.
    Done,
    /// Given up, with an error.
    Failed,
}

/// One run of a job.
#[derive(Clone, Debug)]
pub struct JobRun {
    pub tenant: TenantId,
    pub id: JobRunId,
    pub job: JobId,
    pub cause: RunCause,
    pub state: RunState,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The last lead that a manual run has done.
    pub cursor: Option<LeadId>,
    pub examined: i64,
    pub reassigned: i64,
    pub failed: i64,
    /// How many leads were skipped, by reason.
    pub skipped: BTreeMap<String, i64>,
    pub error: Option<String>,
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

#[expect(clippy::ref_option, reason = "serde hands the field over by reference")]
fn maybe_seconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.as_ref().map(Duration::as_secs).serialize(serializer)
}
