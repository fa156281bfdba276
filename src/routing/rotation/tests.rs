//! Fair to whom, and when not to flood.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::Timestamp;
use crate::domain::id::{DealerId, TenantId};

const JOB: JobId = JobId(Uuid::from_u128(7));

fn dealer(number: usize) -> Recipient {
    Recipient::Dealer(DealerId(Uuid::from_u128(number as u128 + 1)))
}

fn dealers(numbers: impl IntoIterator<Item = usize>) -> Vec<Recipient> {
    numbers.into_iter().map(dealer).collect()
}

/// A ledger that is saved after each turn and read anew, as servers that take turns would.
#[derive(Default)]
struct Saved {
    members: Vec<RotationMember>,
    had: HashMap<Recipient, u64>,
}

impl Saved {
    fn weighing(weights: &[u32]) -> Self {
        let member = |(number, weight): (usize, &u32)| RotationMember { weight: *weight, ..member(dealer(number)) };
        Self { members: weights.iter().enumerate().map(member).collect(), had: HashMap::new() }
    }

    /// Who of the eligible gets the next lead while some are away.
    fn next(&mut self, eligible: &[Recipient], away: &[Recipient]) -> Recipient {
        let mut ledger = Ledger::new(JOB, &self.members, |one| away.contains(&one));
        let taken = ledger.order(eligible)[0];
        for change in ledger.take(taken, eligible) {
            let place = self.members.iter().position(|member| member.recipient == change.recipient);
            let place = place.unwrap_or_else(|| {
                self.members.push(member(change.recipient));
                self.members.len() - 1
            });
            self.members[place].turns += change.turns;
            self.members[place].is_settled = change.is_settled;
            assert_eq!(change.is_offered, change.recipient == taken);
        }
        *self.had.entry(taken).or_default() += 1;
        taken
    }

    fn run(&mut self, turns: usize, eligible: &[Recipient], away: &[Recipient]) {
        for _ in 0..turns {
            self.next(eligible, away);
        }
    }

    fn had(&self, number: usize) -> u64 {
        self.had.get(&dealer(number)).copied().unwrap_or(0)
    }
}

fn member(recipient: Recipient) -> RotationMember {
    RotationMember {
        tenant: TenantId(Uuid::nil()),
        job: JOB,
        recipient,
        weight: WEIGHT_DEFAULT,
        turns: 0,
        offered_count: 0,
        returned_count: 0,
        is_settled: false,
        joined_at: Timestamp::from_micros(0),
        last_offered_at: None,
    }
}

proptest! {
    // ALGO-4: n·k turns of k equals, whatever the order in which they rank.
    #[test]
    fn equals_have_the_same(members in 1_usize..12, rounds in 1_usize..12, seed in any::<u64>()) {
        let mut saved = Saved::default();
        for turn in 0..members * rounds {
            let mut ranked = dealers(0..members);
            ranked.rotate_left((seed as usize).wrapping_mul(turn + 1) % members);
            saved.next(&ranked, &[]);
        }
        for number in 0..members {
            prop_assert_eq!(saved.had(number), rounds as u64);
        }
    }

    // ALGO-4: each round of as many turns as the weights add up to gives everybody its weight.
    #[test]
    fn turns_go_by_weight(weights in prop::collection::vec(1_u32..6, 1..6), rounds in 1_u64..6) {
        let mut saved = Saved::weighing(&weights);
        let everybody = dealers(0..weights.len());
        for _ in 0..rounds * u64::from(weights.iter().sum::<u32>()) {
            saved.next(&everybody, &[]);
        }
        for (number, weight) in weights.iter().enumerate() {
            prop_assert_eq!(saved.had(number), rounds * u64::from(*weight));
        }
    }

    // ALGO-4: the lists differ from lead to lead. Among those who are always on the list, nobody is ahead by more than one turn.
    #[test]
    fn who_is_on_every_list_has_as_many_as_the_others_there(lists in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut saved = Saved::default();
        for list in lists {
            let seldom = (3..8).filter(|number| list >> number & 1 == 1);
            let ranked = dealers((0..3).chain(seldom));
            saved.next(&ranked, &[]);
        }
        let had = [saved.had(0), saved.had(1), saved.had(2)];
        prop_assert!(had.iter().max().unwrap() - had.iter().min().unwrap() <= 1, "{:?}", had);
    }

    // ALGO-4: who comes back is not flooded, and not starved either.
    #[test]
    fn who_was_away_goes_on_at_the_level_of_the_others(members in 2_usize..8, before in 0_usize..40, away in 1_usize..40) {
        let mut saved = Saved::default();
        let (everybody, others) = (dealers(0..members), dealers(1..members));
        saved.run(before, &everybody, &[]);
        let had_before = saved.had(0);
        saved.run(away, &others, &[dealer(0)]);
        prop_assert_eq!(saved.had(0), had_before);
        let rounds = 5;
        saved.run(members * rounds, &everybody, &[]);
        let since = saved.had(0) - had_before;
        prop_assert!((rounds as u64 - 1..=rounds as u64 + 1).contains(&since), "{} turns in {} rounds", since, rounds);
    }
}

// ALGO-4
#[test]
fn a_newcomer_begins_at_the_level_of_those_it_competes_with() {
    let mut saved = Saved::default();
    let (region, elsewhere) = (dealers([0, 1]), dealers([8, 9]));
    saved.run(100, &region, &[]);
    saved.run(4, &elsewhere, &[]);
    let with_newcomer = dealers([0, 1, 2]);
    saved.run(9, &with_newcomer, &[]);
    assert_eq!([saved.had(0), saved.had(1), saved.had(2)], [53, 53, 3]);
}

// ALGO-4
#[test]
fn one_who_competed_with_nobody_finds_its_level_when_it_does() {
    let mut saved = Saved::default();
    saved.run(50, &dealers([0, 1]), &[]);
    // Alone it takes what comes, and owes nobody anything for it.
    saved.next(&dealers([2]), &[]);
    saved.run(6, &dealers([0, 1, 2]), &[]);
    assert_eq!([saved.had(0), saved.had(1), saved.had(2)], [27, 27, 3]);
}

// ALGO-4
#[test]
fn a_turn_that_was_given_back_is_had_next() {
    let mut saved = Saved::default();
    let everybody = dealers(0..3);
    let first = saved.next(&everybody, &[]);
    saved.run(2, &everybody, &[]);
    saved.members.iter_mut().filter(|member| member.recipient == first).for_each(|member| member.turns -= 1);
    assert_eq!(saved.next(&everybody, &[]), first);
}

#[test]
fn nobody_is_nobody() {
    assert_eq!(Ledger::new(JOB, &[], |_| false).order(&[]), Vec::new());
}
