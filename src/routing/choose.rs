//! Who of the ranked gets a copy: the algorithms of SPEC §4.
//!
//! They know the ranking and what the job did before, and nothing of leads, times or storage.

use crate::domain::job::{Algorithm, Job, Ranking};
use crate::domain::lead::Recipient;

/// The part of a job that decides who gets a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How copies are handed out.
    pub algorithm: Algorithm,
    /// Copies per blast.
    pub blast_size: u32,
    /// Whether a round robin keeps its first ranking.
    pub ranking: Ranking,
    /// Copies that a round robin or a rotation makes at most.
    pub max_rounds: u32,
}

/// What happened to the request before.
#[derive(Clone, Copy, Debug, Default)]
pub struct History<'a> {
    /// Everybody who has had a copy.
    pub chain: &'a [Recipient],
    /// Who has the copy that is handed on.
    pub holder: Option<Recipient>,
    /// How often this job has handed the request on.
    pub rounds: u32,
    /// The ranking of this job's first decision about the request.
    pub frozen: Option<&'a [Recipient]>,
}

/// What an algorithm says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Each of these gets a copy, in this order.
    Take {
        /// At least one.
        recipients: Vec<Recipient>,
        /// Whether the job may hand the request on once more, should nobody acknowledge.
        goes_on: bool,
    },
    /// Nobody gets one.
    Nobody(Nobody),
}

/// Why nobody gets a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nobody {
    /// The job has done all that its algorithm does.
    Finished,
    /// A round robin or a rotation has made its most rounds.
    RoundsUsed,
    /// There is no candidate, or none is left.
    NoCandidate,
}

impl History<'_> {
    /// Whether somebody holds the lead, or has had a copy.
    pub fn has_had(&self, recipient: Recipient) -> bool {
        self.holder == Some(recipient) || self.chain.contains(&recipient)
    }
}

impl Settings {
    /// The settings of a job.
    pub const fn of(job: &Job) -> Self {
        Self { algorithm: job.algorithm, blast_size: job.blast_size, ranking: job.ranking, max_rounds: job.max_rounds }
    }

    /// Whether a ranking is needed, or the frozen one goes on.
    pub const fn ranks_anew(&self, history: &History<'_>) -> bool {
        !(matches!(self.algorithm, Algorithm::RoundRobin)
            && matches!(self.ranking, Ranking::Frozen)
            && history.frozen.is_some())
    }

    /// Why the job does nothing more for this request, whoever the candidates are.
    pub const fn spent(&self, history: &History<'_>) -> Option<Nobody> {
        match self.algorithm {
            Algorithm::RoundRobin | Algorithm::Rotation if history.rounds >= self.max_rounds => {
                Some(Nobody::RoundsUsed)
            }
            Algorithm::Single | Algorithm::Blast | Algorithm::Nearest if history.rounds > 0 => Some(Nobody::Finished),
            _ => None,
        }
    }
}

/// Takes who is next. `ranked` is the ranking of this moment (by distance for `Nearest`, by turns for `Rotation`); `can_take` is asked about those of a
/// frozen ranking, who may have become unfit since.
///
/// Whoever holds the lead never gets it again, and a round robin or a rotation goes to nobody twice, whatever the interface says.
pub fn choose(
    settings: Settings,
    ranked: &[Recipient],
    history: &History<'_>,
    can_take: impl Fn(Recipient) -> bool,
) -> Choice {
    if let Some(spent) = settings.spent(history) {
        return Choice::Nobody(spent);
    }
    let once = matches!(settings.algorithm, Algorithm::RoundRobin | Algorithm::Rotation);
    let fresh =
        |recipient: &&Recipient| history.holder != Some(**recipient) && !(once && history.chain.contains(recipient));
    let count = if settings.algorithm == Algorithm::Blast { settings.blast_size.max(1) as usize } else { 1 };
    let recipients: Vec<Recipient> = match history.frozen {
        Some(frozen) if !settings.ranks_anew(history) => {
            frozen.iter().filter(fresh).filter(|recipient| can_take(**recipient)).take(count).copied().collect()
        }
        _ => ranked.iter().filter(fresh).take(count).copied().collect(),
    };
    if recipients.is_empty() {
        return Choice::Nobody(Nobody::NoCandidate);
    }
    Choice::Take { recipients, goes_on: once && history.rounds + 1 < settings.max_rounds }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::DealerId;

    fn dealer(number: u128) -> Recipient {
        Recipient::Dealer(DealerId(Uuid::from_u128(number)))
    }

    fn dealers(numbers: &[u128]) -> Vec<Recipient> {
        numbers.iter().map(|number| dealer(*number)).collect()
    }

    fn settings(algorithm: Algorithm) -> Settings {
        Settings { algorithm, blast_size: 3, ranking: Ranking::Recomputed, max_rounds: 3 }
    }

    fn take(numbers: &[u128], goes_on: bool) -> Choice {
        Choice::Take { recipients: dealers(numbers), goes_on }
    }

    const NOBODY: Choice = Choice::Nobody(Nobody::NoCandidate);

    // ALGO-1, ALGO-5
    #[test]
    fn single_and_nearest_take_the_first_once() {
        for algorithm in [Algorithm::Single, Algorithm::Nearest] {
            let ranked = dealers(&[4, 5, 6]);
            assert_eq!(choose(settings(algorithm), &ranked, &History::default(), |_| true), take(&[4], false));
            let ignored = History { rounds: 1, ..History::default() };
            assert_eq!(choose(settings(algorithm), &ranked, &ignored, |_| true), Choice::Nobody(Nobody::Finished));
            assert_eq!(choose(settings(algorithm), &[], &History::default(), |_| true), NOBODY);
        }
    }

    // ALGO-2
    #[test]
    fn a_blast_takes_as_many_as_there_are_up_to_its_size() {
        for (ranked, expected) in [(&[1, 2, 3, 4][..], &[1, 2, 3][..]), (&[7], &[7])] {
            let choice = choose(settings(Algorithm::Blast), &dealers(ranked), &History::default(), |_| true);
            assert_eq!(choice, take(expected, false));
        }
    }

    // ALGO-1
    #[test]
    fn the_holder_never_gets_the_lead_again() {
        let history = History { holder: Some(dealer(4)), ..History::default() };
        assert_eq!(choose(settings(Algorithm::Single), &dealers(&[4, 5]), &history, |_| true), take(&[5], false));
        assert_eq!(choose(settings(Algorithm::Single), &dealers(&[4]), &history, |_| true), NOBODY);
    }

    // ALGO-3
    #[test]
    fn a_recomputed_round_robin_goes_on_with_the_ranking_of_each_round() {
        let chain = dealers(&[1, 2]);
        let history = |rounds| History { chain: &chain, rounds, frozen: Some(&chain), ..History::default() };
        let choose = |ranked: &[u128], rounds| {
            choose(settings(Algorithm::RoundRobin), &dealers(ranked), &history(rounds), |_| true)
        };
        assert_eq!(choose(&[2, 9, 1], 1), take(&[9], true));
        assert_eq!(choose(&[2, 9, 1], 2), take(&[9], false));
        assert_eq!(choose(&[2, 9, 1], 3), Choice::Nobody(Nobody::RoundsUsed));
        assert_eq!(choose(&[2, 1], 1), NOBODY);
    }

    // ALGO-3
    #[test]
    fn a_frozen_round_robin_follows_the_first_ranking_past_those_who_became_unfit() {
        let (chain, frozen) = (dealers(&[1]), dealers(&[1, 2, 3]));
        let frozen_settings = Settings { ranking: Ranking::Frozen, ..settings(Algorithm::RoundRobin) };
        let history = History { chain: &chain, rounds: 1, frozen: Some(&frozen), ..History::default() };
        assert!(!frozen_settings.ranks_anew(&history));
        assert_eq!(choose(frozen_settings, &dealers(&[9]), &history, |_| true), take(&[2], true));
        assert_eq!(choose(frozen_settings, &[], &history, |fit| fit != dealer(2)), take(&[3], true));
        assert_eq!(choose(frozen_settings, &dealers(&[9]), &history, |_| false), NOBODY);
        let first = History { holder: Some(dealer(8)), ..History::default() };
        assert!(frozen_settings.ranks_anew(&first));
        assert_eq!(choose(frozen_settings, &frozen, &first, |_| true), take(&[1], true));
    }
}
