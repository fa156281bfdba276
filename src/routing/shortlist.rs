//! Candidates that an older network named, looked at again in a newer one that holds hardly more than them.
//!
//! Nobody is taken from a list who is not a candidate in the newer network, with the values that they have there. Nor is anybody passed
//! over for whom the older network was right: if dealers who were not looked at again could come before those who were, no ranking is
//! given. Only who became a candidate, or a better one, since the older network was read can be missed.

use super::answer::Sorted;
use super::order::first;
use super::plan::Plan;
use super::ranking::{Ranking, Tally};
use super::search::{Found, Question, Search};
use crate::domain::decision::Exclusion;
use crate::domain::lead::Recipient;

/// So many more than an interface's limit are on a list: the next ones, should some of the first be unfit by now.
const SPARE: usize = 16;

/// The first candidates of a lead in an older network, some more than the interface's limit, and how many there were in all.
#[derive(Clone, Debug)]
pub struct Shortlist {
    recipients: Vec<Recipient>,
    considered: u64,
    matched: u64,
    tally: Tally,
}

impl Shortlist {
    /// Who is on the list, best first.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Whether everybody who matched is on the list.
    fn is_whole(&self) -> bool {
        self.matched == self.recipients.len() as u64
    }
}

impl Plan {
    /// The first candidates of a lead, to be looked at again by [`Plan::rank_again`].
    pub fn shortlist(&self, question: Question<'_>, sorted: Sorted) -> Shortlist {
        let ranking = self.rank_up_to(question, sorted, self.rules().limit as usize + SPARE);
        let recipients = ranking.recipients();
        Shortlist { recipients, considered: ranking.considered, matched: ranking.matched, tally: ranking.tally }
    }

    /// Ranks those on a list as they are in this plan's network. Who no longer matches moves from the list's matches to its exclusions,
    /// so that the ranking counts the older network with those on the list as they are now.
    ///
    /// `is_as_before` says of whom nothing has changed since the list was made. Those whom the list left out come after each of these,
    /// so the ranking ends before the first whom somebody left out could precede. `None` if that is sooner than the interface's limit,
    /// or if nobody is left.
    pub fn rank_again(
        &self,
        question: Question<'_>,
        sorted: Sorted,
        list: &Shortlist,
        is_as_before: impl Fn(Recipient) -> bool,
    ) -> Option<Ranking> {
        let search = Search::new(self, question);
        let mut tally = list.tally.clone();
        let mut fit = Vec::with_capacity(list.recipients.len());
        for recipient in &list.recipients {
            match self.network().place(*recipient) {
                Some(place) if self.pool().id(place) == Some(*recipient) => match search.exclusions(place).first() {
                    None => fit.push(place),
                    Some(reason) => self.tally_one(&search, place, *reason, &mut tally),
                },
                // Who is gone altogether is not active.
                _ => tally.inactive += 1,
            }
        }
        let matched = list.matched - (list.recipients.len() - fit.len()) as u64;
        let limit = self.rules().limit as usize;
        let mut order = first(&search, self.levels_of(sorted), &fit, fit.len());
        let is_certain = |place: &u32| self.pool().id(*place).is_some_and(&is_as_before);
        let is_told = list.is_whole() || order.iter().skip(limit.saturating_sub(1)).any(is_certain);
        if order.is_empty() || !is_told {
            return None;
        }
        order.truncate(limit);
        Some(self.ranking(&search, sorted, Found { first: order, matched, tally }, list.considered))
    }

    fn tally_one(&self, search: &Search<'_>, place: u32, reason: Exclusion, tally: &mut Tally) {
        match reason {
            Exclusion::Inactive => tally.inactive += 1,
            Exclusion::NotAccepting => tally.not_accepting += 1,
            Exclusion::OtherCountry => tally.other_country += 1,
            Exclusion::OutsideRadius => tally.outside_radius += 1,
            Exclusion::AlreadyRecipient => tally.already_recipient += 1,
            Exclusion::NoReachableContact => tally.no_reachable_contact += 1,
            Exclusion::AtCapacity => tally.at_capacity += 1,
            Exclusion::FilterNotMatched | Exclusion::FilterUnknown => {
                // No reason comes before the filter's, so the static terms were evaluated.
                if let Some((term, unknown)) = search.failed(place, self.class(place)) {
                    tally.add_term(term, unknown, 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::sync::Arc;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::sample::{Dice, NOW, case, point, random_loads, world_parts};
    use super::super::tests::any_definition;
    use super::super::{Loads, Network, NetworkParts, Subject};
    use super::*;
    use crate::domain::id::LeadId;
    use crate::domain::interface::CandidateKind;

    /// The older parts with the rows of `changed` as the other parts have them.
    fn with_changes(mut older: NetworkParts, other: NetworkParts, changed: &HashSet<Recipient>) -> NetworkParts {
        let has_changed = |recipient| changed.contains(&recipient);
        older.reachable.retain(|id| !has_changed(Recipient::Dealer(*id)));
        older.reachable.extend(other.reachable.into_iter().filter(|id| has_changed(Recipient::Dealer(*id))));
        older.memberships.retain(|one| !has_changed(Recipient::User(one.user)));
        older.memberships.extend(other.memberships.into_iter().filter(|one| has_changed(Recipient::User(one.user))));
        for (own, new) in older.dealers.iter_mut().zip(other.dealers) {
            if has_changed(Recipient::Dealer(own.id)) {
                *own = new;
            }
        }
        for (own, new) in older.users.iter_mut().zip(other.users) {
            if has_changed(Recipient::User(own.id)) {
                *own = new;
            }
        }
        NetworkParts { version: 2, ..older }
    }

    /// Only these, and the dealers of those who are users.
    fn part_of(mut parts: NetworkParts, named: &HashSet<Recipient>) -> NetworkParts {
        parts.users.retain(|user| named.contains(&Recipient::User(user.id)));
        let employers: HashSet<_> = parts.users.iter().filter_map(|user| user.dealer).collect();
        parts.dealers.retain(|dealer| named.contains(&Recipient::Dealer(dealer.id)) || employers.contains(&dealer.id));
        parts
    }

    fn everybody(network: &Network) -> Vec<Recipient> {
        let both = [CandidateKind::Dealer, CandidateKind::User];
        both.iter().flat_map(|kind| network.pool(*kind).ids().to_vec()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        // IFACE-3, IFACE-9: a list that is looked at again gives what a network gives in which only those on it have changed.
        #[test]
        fn a_list_looked_at_again_is_ranked_as_the_whole_network_would_be(
            (kind, definition) in any_definition(),
            seeds in (0_u64..20, 20_u64..40),
            count in prop_oneof![0_u128..3, 3_u128..60, 200_u128..300],
            at in prop::option::weighted(0.85, (-3_i32..=3, 0_i32..=5)),
            root in any::<u128>(),
            held in any::<prop::sample::Index>(),
            chain in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            share in prop_oneof![Just(0.0), Just(0.1), Just(0.7)],
        ) {
            let older = Arc::new(Network::build(world_parts(seeds.0, count)));
            let all = everybody(&older);
            let mut case = case(at.map(|(lat, lon)| point(f64::from(lat) * 0.5, 179.0 + f64::from(lon) * 0.2)));
            case.lead.root = LeadId(Uuid::from_u128(root));
            if !all.is_empty() {
                case.lead.recipient = Some(*held.get(&all));
                case.chain = chain.iter().map(|index| *index.get(&all)).collect();
            }
            let subject = Subject::new(&older, &case.lead, &case.request, &case.chain);
            let loads = random_loads(seeds.0, &older);
            let ask = |loads| Question { subject: &subject, loads, now: NOW };
            let plan = Plan::compile(Arc::clone(&older), kind, &definition).unwrap();
            let list = plan.shortlist(ask(&loads), Sorted::AsDefined);
            let mut dice = Dice(seeds.1);
            let mut changed: HashSet<Recipient> = list.recipients().iter().copied().collect();
            // Were the holder another one, those who are not on the list would match other filters.
            changed.retain(|one| dice.chance(share) && Some(*one) != case.lead.recipient);
            let now = || with_changes(world_parts(seeds.0, count), world_parts(seeds.1, count), &changed);
            let named = list.recipients().iter().chain(&case.chain).chain(case.lead.recipient.as_ref());
            let named: HashSet<Recipient> = named.copied().collect();
            let part = Arc::new(Network::build(part_of(now(), &named)));
            let whole = Arc::new(Network::build(now()));
            let loads_in = |network| Loads::new(network, all.iter().map(|one| (*one, loads.of(*one))));
            let (few, everyone) = (loads_in(&part), loads_in(&whole));
            let again = plan.over(&part).unwrap();
            let ranking = again.rank_again(ask(&few), Sorted::AsDefined, &list, |one| part.has_as_in(&older, one));
            // A user stands where the dealer stands, and changes with it.
            let employers: HashMap<_, _> = now().users.iter().map(|user| (user.id, user.dealer)).collect();
            let is_moved = |one: &Recipient| match one {
                Recipient::User(id) => employers.get(id).copied().flatten().is_some_and(|id| changed.contains(&Recipient::Dealer(id))),
                Recipient::Dealer(_) => false,
            };
            let is_as_before = |one: &Recipient| part.has_as_in(&older, *one);
            prop_assert!(named.iter().all(|one| changed.contains(one) || is_moved(one) || is_as_before(one)));
            let of_all = plan.over(&whole).unwrap();
            let wanted = of_all.rank(ask(&everyone), Sorted::AsDefined);
            match ranking {
                Some(ranking) => {
                    prop_assert_eq!(again.describe(ask(&few), &ranking), of_all.describe(ask(&everyone), &wanted));
                    prop_assert_eq!((ranking.considered, ranking.matched), (wanted.considered, wanted.matched));
                    prop_assert_eq!(ranking.excluded(), wanted.excluded());
                }
                // A list is only given up if somebody on it has changed, or nobody was on it.
                None => prop_assert!(!changed.is_empty() || list.recipients().is_empty()),
            }
        }
    }

    // IFACE-9
    #[test]
    fn a_list_is_given_up_when_somebody_who_was_left_out_could_come_before_those_on_it() {
        use super::super::sample::{dealer, definition, level, network};
        use crate::domain::interface::{Direction, Nulls, Radius};
        let rated = |number: u128| crate::domain::dealer::Dealer {
            rating: Some(5.0 - number as f64 / 100.0),
            ..dealer(number)
        };
        let older = network((0..40).map(rated).collect());
        let by_rating = level("dealer.rating", Direction::Desc, Nulls::Last);
        let plan = Plan::compile(
            Arc::clone(&older),
            CandidateKind::Dealer,
            &definition("", Radius::Nearest, vec![by_rating], 1),
        );
        let plan = plan.unwrap();
        let case = case(None);
        let subject = Subject::new(&older, &case.lead, &case.request, &case.chain);
        let loads = Loads::none(&older);
        let question = Question { subject: &subject, loads: &loads, now: NOW };
        let list = plan.shortlist(question, Sorted::AsDefined);
        assert_eq!((list.recipients().len(), list.is_whole()), (17, false));
        let again = |inactive: u128, poor: u128| {
            let change = |dealer: &mut crate::domain::dealer::Dealer, number| {
                dealer.active = number >= inactive;
                dealer.rating = if number < poor { Some(0.0) } else { dealer.rating };
            };
            let now = (0..17).map(|number| {
                let mut dealer = rated(number);
                change(&mut dealer, number);
                dealer
            });
            let now = network(now.collect());
            let plan = plan.over(&now).unwrap();
            let is_as_before = |one| now.has_as_in(&older, one);
            let ranking = plan.rank_again(question, Sorted::AsDefined, &list, is_as_before);
            ranking.map(|ranking| (ranking.recipients(), ranking.matched))
        };
        let only = |number: u128| vec![Recipient::Dealer(super::super::sample::dealer_id(number))];
        assert_eq!(again(0, 0), Some((only(0), 40)));
        assert_eq!(again(1, 1), Some((only(1), 39)), "the next one is taken");
        assert_eq!(again(16, 0), Some((only(16), 24)), "the last one on the list still comes before all others");
        assert_eq!(again(17, 0), None, "nobody is left");
        assert_eq!(again(0, 16), Some((only(16), 40)));
        assert_eq!(again(0, 17), None, "all on the list have become worse than the one after them");
    }
}
