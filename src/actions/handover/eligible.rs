//! Which job may act on a copy now, which one later, and why the others do not (SPEC JOB-2). Pure: no clock, no database.
//!
//! A copy's clock starts when it is offered; the upper age counts from the moment the request was received, over all rounds.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::job::{Algorithm, Job};
use crate::domain::lead::{Lead, LeadState};

/// How long a job waits before it asks a condition again that reads the time.
const ASK_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// What a job's condition says of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It holds.
    Met,
    /// It does not hold, or reads a value that is missing, and will not change by itself.
    NotMet,
    /// As before, but it reads the time and may hold later.
    NotYet,
}

/// Why a job leaves a copy alone, in the words of `JobRun.skipped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// The copy is not waiting for its recipient.
    NotOffered,
    /// The copy is excluded from automation.
    Excluded,
    /// The copy was handed on before.
    AlreadyReassigned,
    /// The job itself made this copy and acts once per request.
    ActsOnce,
    /// The job's rounds are used up.
    RoundsUsedUp,
    /// The request is older than the upper age.
    TooOld,
    /// The job's interface has no published version.
    NothingPublished,
    /// The job's condition does not hold.
    ConditionNotMet,
}

impl Skip {
    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOffered => "NOT_OFFERED",
            Self::Excluded => "EXCLUDED",
            Self::AlreadyReassigned => "ALREADY_REASSIGNED",
            Self::ActsOnce => "ACTS_ONCE",
            Self::RoundsUsedUp => "ROUNDS_USED_UP",
            Self::TooOld => "TOO_OLD",
            Self::NothingPublished => "NOTHING_PUBLISHED",
            Self::ConditionNotMet => "CONDITION_NOT_MET",
        }
    }
}

/// What a job does with a copy at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hands it on.
    Act,
    /// Looks again at this moment.
    Later(Timestamp),
    /// Leaves it for good, as things stand.
    Skip(Skip),
}

/// Whether a job waits for its elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It waits.
    WhenDue,
    /// The recipient gave the copy back: it moves on at once.
    AtOnce,
}

/// What `job` does with `copy` at `now`; `chain` holds all copies of the request, `condition` is only asked if all else allows.
pub fn verdict(
    job: &Job,
    (copy, chain): (&Lead, &[Lead]),
    urgency: Urgency,
    now: Timestamp,
    condition: impl FnOnce() -> Condition,
) -> Verdict {
    if let Some(skip) = standing(job, copy, chain, urgency) {
        return Verdict::Skip(skip);
    }
    let Some(offered_at) = copy.times.offered_at else { return Verdict::Skip(Skip::NotOffered) };
    if now > copy.received_at + job.upper_age {
        return Verdict::Skip(Skip::TooOld);
    }
    let due_at = offered_at + job.elapsed;
    if now < due_at && urgency == Urgency::WhenDue {
        return Verdict::Later(due_at);
    }
    match condition() {
        Condition::Met => Verdict::Act,
        Condition::NotMet => Verdict::Skip(Skip::ConditionNotMet),
        Condition::NotYet => Verdict::Later(now + ASK_AGAIN_AFTER),
    }
}

/// The moments at which a copy's jobs may act and its recipient is warned, as far as they are known when it is offered.
pub fn deadlines(jobs: &[Job], copy: &Lead, chain: &[Lead]) -> (Option<Timestamp>, Option<Timestamp>) {
    let Some(offered_at) = copy.times.offered_at else { return (None, None) };
    let first = jobs
        .iter()
        .filter(|job| job.enabled && standing(job, copy, chain, Urgency::WhenDue).is_none())
        .min_by_key(|job| job.elapsed);
    let Some(job) = first else { return (None, None) };
    let due_at = offered_at + job.elapsed;
    (Some(due_at), job.notify.warn_before.map(|before| due_at - before))
}

/// What no passing of time will change.
fn standing(job: &Job, copy: &Lead, chain: &[Lead], urgency: Urgency) -> Option<Skip> {
    let waits = match urgency {
        Urgency::WhenDue => copy.state == LeadState::Offered,
        Urgency::AtOnce => copy.state == LeadState::Rejected,
    };
    if !waits {
        return Some(Skip::NotOffered);
    }
    if copy.excluded_from_automation {
        return Some(Skip::Excluded);
    }
    if copy.times.reassigned_at.is_some() {
        return Some(Skip::AlreadyReassigned);
    }
    if copy.job != Some(job.id) {
        return None;
    }
    match job.algorithm {
        Algorithm::Single | Algorithm::Blast | Algorithm::Nearest => Some(Skip::ActsOnce),
        Algorithm::RoundRobin => {
            let rounds = chain.iter().filter(|other| other.job == Some(job.id)).count();
            (rounds >= job.max_rounds as usize).then_some(Skip::RoundsUsedUp)
        }
    }
}
