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
    if let Some(skip) = standing(job, copy, chain.iter(), urgency) {
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
pub fn deadlines<'l>(
    jobs: &[Job],
    copy: &Lead,
    chain: impl Iterator<Item = &'l Lead> + Clone,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let Some(offered_at) = copy.times.offered_at else { return (None, None) };
    let first = jobs
        .iter()
        .filter(|job| job.enabled && standing(job, copy, chain.clone(), Urgency::WhenDue).is_none())
        .min_by_key(|job| job.elapsed);
    let Some(job) = first else { return (None, None) };
    let due_at = offered_at + job.elapsed;
    (Some(due_at), job.notify.warn_before.map(|before| due_at - before))
}

/// What no passing of time will change.
fn standing<'l>(job: &Job, copy: &Lead, chain: impl Iterator<Item = &'l Lead>, urgency: Urgency) -> Option<Skip> {
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
        Algorithm::RoundRobin | Algorithm::Rotation => {
            let rounds = chain.filter(|other| other.job == Some(job.id)).count();
            (rounds >= job.max_rounds as usize).then_some(Skip::RoundsUsedUp)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::{DealerId, InterfaceId, JobId, LeadId, RequestId, TenantId};
    use crate::domain::job::{Fallback, Notify, Ranking};
    use crate::domain::label::Labels;
    use crate::domain::lead::{LeadTimes, Recipient, Workflow};

    const OFFERED: Timestamp = Timestamp::from_micros(1_000_000_000_000);
    const MICRO: Duration = Duration::from_micros(1);

    fn job(algorithm: Algorithm) -> Job {
        Job {
            tenant: TenantId(Uuid::nil()),
            id: JobId(Uuid::from_u128(1)),
            name: "after an hour".to_owned(),
            enabled: true,
            position: 1,
            condition: String::new(),
            elapsed: Duration::from_hours(1),
            upper_age: Duration::from_hours(24),
            interface: InterfaceId(Uuid::from_u128(2)),
            algorithm,
            blast_size: 3,
            ranking: Ranking::Recomputed,
            max_rounds: 2,
            gives_turn_back: false,
            fallback: Fallback::Leave,
            keep_original: false,
            notify: Notify {
                old_owner: false,
                new_owner: true,
                manager: false,
                warn_before: Some(Duration::from_mins(10)),
            },
            push_to_crm: false,
            version: 1,
            created_at: OFFERED,
            updated_at: OFFERED,
        }
    }

    fn copy() -> Lead {
        let id = LeadId(Uuid::from_u128(3));
        Lead {
            tenant: TenantId(Uuid::nil()),
            id,
            request: RequestId(Uuid::from_u128(4)),
            root: id,
            parent: None,
            round: 0,
            state: LeadState::Offered,
            recipient: Some(Recipient::Dealer(DealerId(Uuid::from_u128(5)))),
            decision: None,
            job: None,
            source: "Web".to_owned(),
            brand: None,
            received_at: OFFERED,
            times: LeadTimes { offered_at: Some(OFFERED), ..LeadTimes::made_at(OFFERED) },
            acknowledged_by: None,
            state_reason: None,
            exception: None,
            due_at: None,
            warn_at: None,
            excluded_from_automation: false,
            workflow: Workflow::default(),
            labels: Labels::default(),
            custom: serde_json::Map::new(),
            version: 1,
            created_by: "test".to_owned(),
        }
    }

    fn at(job: &Job, copy: &Lead, now: Timestamp) -> Verdict {
        verdict(job, (copy, std::slice::from_ref(copy)), Urgency::WhenDue, now, || Condition::Met)
    }

    // JOB-2
    #[test]
    fn exactly_the_elapsed_time_is_eligible_and_a_microsecond_less_is_not() {
        let (job, copy) = (job(Algorithm::Single), copy());
        let due = OFFERED + job.elapsed;
        assert_eq!(at(&job, &copy, due), Verdict::Act);
        assert_eq!(at(&job, &copy, due - MICRO), Verdict::Later(due));
    }

    // JOB-2
    #[test]
    fn exactly_the_upper_age_is_eligible_and_a_microsecond_more_is_not() {
        let (job, copy) = (job(Algorithm::Single), copy());
        let oldest = copy.received_at + job.upper_age;
        assert_eq!(at(&job, &copy, oldest), Verdict::Act);
        assert_eq!(at(&job, &copy, oldest + MICRO), Verdict::Skip(Skip::TooOld));
    }

    // JOB-2
    #[test]
    fn what_was_handed_on_is_excluded_or_is_not_waiting_is_left() {
        let job = job(Algorithm::Single);
        let now = OFFERED + job.elapsed;
        let mut handed_on = copy();
        handed_on.times.reassigned_at = Some(OFFERED);
        assert_eq!(at(&job, &handed_on, now), Verdict::Skip(Skip::AlreadyReassigned));
        let excluded = Lead { excluded_from_automation: true, ..copy() };
        assert_eq!(at(&job, &excluded, now), Verdict::Skip(Skip::Excluded));
        for state in LeadState::ALL.into_iter().filter(|state| *state != LeadState::Offered) {
            assert_eq!(at(&job, &Lead { state, ..copy() }, now), Verdict::Skip(Skip::NotOffered), "{state:?}");
        }
    }

    // ALGO-1, ALGO-2, ALGO-5
    #[test]
    fn a_job_that_acts_once_leaves_its_own_copies() {
        for algorithm in [Algorithm::Single, Algorithm::Blast, Algorithm::Nearest] {
            let job = job(algorithm);
            let own = Lead { job: Some(job.id), ..copy() };
            assert_eq!(at(&job, &own, OFFERED + job.elapsed), Verdict::Skip(Skip::ActsOnce));
        }
    }

    // ALGO-3
    #[test]
    fn a_round_robin_goes_on_until_its_rounds_are_used_up() {
        let job = job(Algorithm::RoundRobin);
        let own = Lead { job: Some(job.id), ..copy() };
        let now = OFFERED + job.elapsed;
        let after = |rounds: usize| {
            let chain = vec![own.clone(); rounds];
            verdict(&job, (&own, &chain), Urgency::WhenDue, now, || Condition::Met)
        };
        assert_eq!(after(1), Verdict::Act);
        assert_eq!(after(2), Verdict::Skip(Skip::RoundsUsedUp));
    }

    // ACK-6
    #[test]
    fn a_rejected_copy_moves_on_at_once_and_waits_for_no_time_to_pass() {
        let job = job(Algorithm::Single);
        let rejected = Lead { state: LeadState::Rejected, ..copy() };
        let chain = std::slice::from_ref(&rejected);
        let at_once = verdict(&job, (&rejected, chain), Urgency::AtOnce, OFFERED, || Condition::Met);
        assert_eq!(at_once, Verdict::Act);
    }

    #[test]
    fn a_condition_is_asked_last_and_again_only_if_time_can_change_it() {
        let (job, copy) = (job(Algorithm::Single), copy());
        let now = OFFERED + job.elapsed;
        let with = |condition| verdict(&job, (&copy, std::slice::from_ref(&copy)), Urgency::WhenDue, now, || condition);
        assert_eq!(with(Condition::NotMet), Verdict::Skip(Skip::ConditionNotMet));
        assert_eq!(with(Condition::NotYet), Verdict::Later(now + ASK_AGAIN_AFTER));
        let early = verdict(&job, (&copy, &[]), Urgency::WhenDue, OFFERED, || panic!("asked too early"));
        assert_eq!(early, Verdict::Later(now));
    }

    // JOB-1
    #[test]
    fn the_earliest_job_sets_the_deadline_and_the_warning() {
        let first = job(Algorithm::Single);
        let later = Job { elapsed: Duration::from_hours(2), id: JobId(Uuid::from_u128(9)), ..job(Algorithm::Single) };
        let disabled = Job { elapsed: Duration::from_mins(1), enabled: false, ..job(Algorithm::Single) };
        let due = OFFERED + Duration::from_hours(1);
        let armed = deadlines(&[later.clone(), first.clone(), disabled.clone()], &copy(), [].iter());
        assert_eq!(armed, (Some(due), Some(due - Duration::from_mins(10))));
        assert_eq!(deadlines(&[disabled], &copy(), [].iter()), (None, None));
        let own = Lead { job: Some(first.id), ..copy() };
        assert_eq!(deadlines(&[first, later], &own, [].iter()).0, Some(OFFERED + Duration::from_hours(2)));
    }
}
