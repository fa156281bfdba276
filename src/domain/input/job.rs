//! What people give to make or change a reassignment job.

use std::time::Duration;

use super::problems::Problems;
use crate::domain::error::text;
use crate::domain::id::InterfaceId;
use crate::domain::job::{Algorithm, Fallback, Job, Ranking};
use crate::domain::{Invalid, InvalidCode};

/// Shown in lists, runs and timelines.
const NAME_LENGTH_MAX: usize = 100;
/// A lead that waited longer than a year waits for nobody.
const DURATION_MAX: Duration = Duration::from_hours(365 * 24);
/// The most copies of a blast, and the most rounds: past it nobody is asked any more, everybody is.
const COPIES_MAX: u32 = 100;

/// A reassignment job, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct JobInput {
    /// Unique in the tenant; required.
    pub name: Option<String>,
    /// The place in the order in which jobs look at a lead.
    pub position: Option<i64>,
    /// CEL text over `lead` and `now`; blank matches every lead.
    pub condition: Option<String>,
    /// From the offer to the hand-over; required.
    pub elapsed: Option<Duration>,
    /// From the receipt of the request; seven days if never given.
    pub upper_age: Option<Duration>,
    /// From whose candidates; required.
    pub interface: Option<InterfaceId>,
    /// How copies are handed out.
    pub algorithm: Option<Algorithm>,
    /// Copies per blast.
    pub blast_size: Option<u32>,
    /// Whether a round robin keeps its first ranking.
    pub ranking: Option<Ranking>,
    /// Copies that a round robin or a rotation makes at most.
    pub max_rounds: Option<u32>,
    /// Whether an offer in rotation that is not acknowledged gives the turn back.
    pub gives_turn_back: Option<bool>,
    /// Who gets a lead without candidates.
    pub fallback: Option<Fallback>,
    /// Whether the original stays alive until someone acknowledges.
    pub keep_original: Option<bool>,
    /// Whether the old owner is told.
    pub notify_old_owner: Option<bool>,
    /// Whether the new owner is told.
    pub notify_new_owner: Option<bool>,
    /// Whether the manager is told.
    pub notify_manager: Option<bool>,
    /// Whether copies are pushed to the CRMs of the dealers that get them.
    pub push_to_crm: Option<bool>,
    /// How long before the hand-over the recipient is warned; an inner none ends the warning.
    pub warn_before: Option<Option<Duration>>,
}

impl JobInput {
    /// What this input makes of a job; every problem at once. A job that is not saved yet has no name.
    pub fn apply(&self, job: Job) -> Result<Job, Vec<Invalid>> {
        let mut problems = Problems::default();
        self.check_required(&job, &mut problems);
        let mut job = self.filled(job);
        if self.name.is_some() {
            problems.set(&mut job.name, self.name.as_deref().map(|name| text("name", name, NAME_LENGTH_MAX)));
        }
        check_times(&job, &mut problems);
        check_counts(&job, &mut problems);
        problems.done(job)
    }

    fn check_required(&self, job: &Job, problems: &mut Problems) {
        if !job.name.is_empty() {
            return;
        }
        let required = [
            ("name", self.name.is_some(), "name is missing, give one"),
            ("elapsedSeconds", self.elapsed.is_some(), "give the seconds after which a lead is handed on"),
            ("interfaceId", self.interface.is_some(), "give the interface whose candidates get leads"),
        ];
        for (field, _, message) in required.into_iter().filter(|(_, given, _)| !given) {
            problems.add(field, InvalidCode::Required, message);
        }
    }

    fn filled(&self, mut job: Job) -> Job {
        job.position = self.position.unwrap_or(job.position);
        job.condition = self.condition.clone().unwrap_or(job.condition);
        job.elapsed = self.elapsed.unwrap_or(job.elapsed);
        job.upper_age = self.upper_age.unwrap_or(job.upper_age);
        job.interface = self.interface.unwrap_or(job.interface);
        job.algorithm = self.algorithm.unwrap_or(job.algorithm);
        job.blast_size = self.blast_size.unwrap_or(job.blast_size);
        job.ranking = self.ranking.unwrap_or(job.ranking);
        job.max_rounds = self.max_rounds.unwrap_or(job.max_rounds);
        job.gives_turn_back = self.gives_turn_back.unwrap_or(job.gives_turn_back);
        job.fallback = self.fallback.unwrap_or(job.fallback);
        job.keep_original = self.keep_original.unwrap_or(job.keep_original);
        job.notify.old_owner = self.notify_old_owner.unwrap_or(job.notify.old_owner);
        job.notify.new_owner = self.notify_new_owner.unwrap_or(job.notify.new_owner);
        job.notify.manager = self.notify_manager.unwrap_or(job.notify.manager);
        job.push_to_crm = self.push_to_crm.unwrap_or(job.push_to_crm);
        job.notify.warn_before = self.warn_before.unwrap_or(job.notify.warn_before);
        job
    }
}

fn check_times(job: &Job, problems: &mut Problems) {
    let mut refuse = |field, message: String| problems.add(field, InvalidCode::OutOfRange, message);
    let (elapsed, upper_age) = (job.elapsed.as_secs(), job.upper_age.as_secs());
    let most = DURATION_MAX.as_secs();
    if !(1..=most).contains(&elapsed) {
        refuse("elapsedSeconds", format!("{elapsed} seconds are not between 1 and {most}, a year"));
    }
    if upper_age < elapsed {
        let message = format!(
            "the upper age of {upper_age} seconds is below the elapsed time of {elapsed}, so no lead would ever be handed on"
        );
        refuse("upperAgeSeconds", message);
    } else if upper_age > most {
        refuse("upperAgeSeconds", format!("{upper_age} seconds are more than {most}, a year"));
    }
    if let Some(before) = job.notify.warn_before.map(|before| before.as_secs())
        && !(1..elapsed).contains(&before)
    {
        let message = format!(
            "a warning {before} seconds before is not between the offer and the hand-over, {elapsed} seconds after it"
        );
        refuse("warnBeforeSeconds", message);
    }
}

fn check_counts(job: &Job, problems: &mut Problems) {
    let counts = [("blastSize", job.blast_size), ("maxRounds", job.max_rounds)];
    for (field, count) in counts.into_iter().filter(|(_, count)| !(1..=COPIES_MAX).contains(count)) {
        problems.add(field, InvalidCode::OutOfRange, format!("{count} is not between 1 and {COPIES_MAX}"));
    }
    if job.position < 0 {
        problems.add("position", InvalidCode::OutOfRange, format!("{} is below 0", job.position));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Timestamp;

    fn blank() -> Job {
        Job::blank(Uuid::from_u128(1).into(), Uuid::from_u128(2).into(), Timestamp::from_micros(0))
    }

    fn sound() -> JobInput {
        JobInput {
            name: Some("After an hour".to_owned()),
            elapsed: Some(Duration::from_hours(1)),
            interface: Some(Uuid::from_u128(3).into()),
            ..JobInput::default()
        }
    }

    // JOB-1
    #[test]
    fn a_new_job_is_disabled_and_careful() {
        let job = sound().apply(blank()).unwrap();
        assert!(!job.enabled && job.fallback == Fallback::Leave && job.notify.new_owner && !job.push_to_crm);
        assert_eq!((job.algorithm, job.ranking), (Algorithm::RoundRobin, Ranking::Frozen));
        assert_eq!(job.upper_age, Duration::from_hours(7 * 24));
    }

    // JOB-1
    #[test]
    fn every_problem_of_a_job_is_named_at_once() {
        let given = JobInput {
            elapsed: Some(Duration::from_hours(2)),
            upper_age: Some(Duration::from_hours(1)),
            warn_before: Some(Some(Duration::from_hours(2))),
            blast_size: Some(0),
            max_rounds: Some(101),
            position: Some(-1),
            ..JobInput::default()
        };
        let problems = given.apply(blank()).unwrap_err();
        let fields: Vec<String> = problems.into_iter().map(|problem| problem.path.join(".")).collect();
        let expected =
            ["name", "interfaceId", "upperAgeSeconds", "warnBeforeSeconds", "blastSize", "maxRounds", "position"];
        assert_eq!(fields, expected);
    }

    // JOB-1
    #[test]
    fn what_is_not_given_stays_and_a_warning_can_be_ended() {
        let given = JobInput { warn_before: Some(Some(Duration::from_mins(5))), ..sound() };
        let job = given.apply(blank()).unwrap();
        let changed = JobInput { warn_before: Some(None), ..JobInput::default() }.apply(job.clone()).unwrap();
        assert_eq!((changed.notify.warn_before, &changed.name, changed.elapsed), (None, &job.name, job.elapsed));
    }
}
