//! Who would get a lead: the demo's dealers ranked by its interfaces' own rules, with true distances and the reasons of
//! those left out.
//!
//! The past is written as the engine would have written it. It is not the engine: it knows four rules, which are constants,
//! and reads nothing.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::definitions::{Rule, TERM_DELIVERY, TERM_EV, TERM_RATING, TERM_TIER};
use super::network::Network;
use crate::domain::dealer::Dealer;
use crate::domain::decision::{Excluded, Exclusion, RankedCandidate};
use crate::domain::interface::Radius;
use crate::domain::lead::Recipient;
use crate::domain::{CountryCode, Point};
use crate::places::{Neighbour, SpatialIndex};

/// The dealers of a network, ready to be ranked.
pub struct Market<'a> {
    network: &'a Network,
    index: SpatialIndex,
    /// By the dealers' places: why the dealer is out for everybody, if so.
    out: Vec<Option<Exclusion>>,
}

/// From where, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Where the customer is, if that is known.
    pub from: Option<Point>,
    /// The customer's country.
    pub country: CountryCode,
    /// The places of the dealers that had the request before.
    pub chain: &'a [usize],
}

/// The ranked, and the counts of the others.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// Best first, as many as the rule allows.
    pub candidates: Vec<RankedCandidate>,
    /// Their places among the network's dealers.
    pub places: Vec<usize>,
    /// All dealers.
    pub considered: u64,
    /// Those that match, ranked or past the limit.
    pub matched: u64,
    /// The others.
    pub excluded: Excluded,
}

struct Match<'a> {
    place: usize,
    dealer: &'a Dealer,
    km: f64,
}

impl<'a> Market<'a> {
    /// Indexes a network.
    pub fn of(network: &'a Network) -> Self {
        // INVARIANT: every dealer of the demo has a point, so that the index counts as the network does.
        let points: Vec<Point> = network.dealers.iter().filter_map(|dealer| dealer.point).collect();
        let out = |(dealer, desk): (&Dealer, &super::network::Desk)| {
            if !dealer.active {
                Some(Exclusion::Inactive)
            } else if !dealer.accepts_leads {
                Some(Exclusion::NotAccepting)
            } else {
                desk.to.is_empty().then_some(Exclusion::NoReachableContact)
            }
        };
        let out = network.dealers.iter().zip(&network.desks).map(out).collect();
        Self { network, index: SpatialIndex::build(&points), out }
    }

    /// The candidates of a rule, ranked. Every rule needs the customer's place: without it nobody is a candidate.
    pub fn rank(&self, rule: Rule, asked: Asked<'_>) -> Ranked {
        let mut ranked = Ranked { considered: self.network.dealers.len() as u64, ..Ranked::default() };
        let mut matches = match (rule.radius(), asked.from) {
            (Radius::Within { km }, Some(from)) => self.within(rule, asked, self.index.within(from, km), &mut ranked),
            (Radius::Nearest, Some(from)) => self.nearest(rule, asked, from, &mut ranked),
            (_, None) => self.within(rule, asked, Vec::new(), &mut ranked),
        };
        matches.sort_by(|a, b| order(rule, a, b));
        matches.truncate(rule.limit() as usize);
        ranked.places = matches.iter().map(|found| found.place).collect();
        ranked.candidates = (1..).zip(&matches).map(|(rank, found)| found.candidate(rank, rule)).collect();
        ranked
    }

    /// The one candidate that somebody named.
    pub fn named(&self, place: usize, asked: Asked<'_>) -> Ranked {
        let dealer = self.network.dealers.get(place);
        let candidate = dealer.map(|dealer| RankedCandidate {
            recipient: Recipient::Dealer(dealer.id),
            label: dealer.number.clone(),
            rank: 1,
            distance_km: distance(asked.from, dealer.point),
            keys: Vec::new(),
        });
        Ranked {
            candidates: candidate.into_iter().collect(),
            places: vec![place],
            considered: 1,
            matched: 1,
            excluded: Excluded::default(),
        }
    }

    fn within(&self, rule: Rule, asked: Asked<'_>, near: Vec<Neighbour>, ranked: &mut Ranked) -> Vec<Match<'a>> {
        let mut km_of = vec![None; self.network.dealers.len()];
        for neighbour in near {
            if let Some(km) = km_of.get_mut(neighbour.index as usize) {
                *km = Some(neighbour.km);
            }
        }
        let mut matches = Vec::new();
        for (place, (dealer, km)) in self.network.dealers.iter().zip(km_of).enumerate() {
            match (self.verdict(rule, asked, place, km.is_some(), &mut ranked.excluded), km) {
                (None, Some(km)) => matches.push(Match { place, dealer, km }),
                (reason, _) => ranked.leave_out(reason.unwrap_or(Exclusion::OutsideRadius)),
            }
        }
        ranked.matched = matches.len() as u64;
        matches
    }

    /// Without a cut-off all are near enough, and only the nearest are measured.
    fn nearest(&self, rule: Rule, asked: Asked<'_>, from: Point, ranked: &mut Ranked) -> Vec<Match<'a>> {
        let mut verdicts = Vec::with_capacity(self.network.dealers.len());
        for place in 0..self.network.dealers.len() {
            let reason = self.verdict(rule, asked, place, true, &mut ranked.excluded);
            match reason {
                None => ranked.matched += 1,
                Some(reason) => ranked.leave_out(reason),
            }
            verdicts.push(reason.is_none());
        }
        let keep = |place: u32| verdicts.get(place as usize) == Some(&true);
        let near = self.index.nearest_where(from, rule.limit() as usize, keep);
        let found = |near: Neighbour| {
            let place = near.index as usize;
            Some(Match { place, dealer: self.network.dealers.get(place)?, km: near.km })
        };
        near.into_iter().filter_map(found).collect()
    }

    /// Why a dealer is out, by the first reason that holds.
    fn verdict(
        &self,
        rule: Rule,
        asked: Asked<'_>,
        place: usize,
        inside: bool,
        excluded: &mut Excluded,
    ) -> Option<Exclusion> {
        let dealer = self.network.dealers.get(place)?;
        match self.out.get(place).copied().flatten() {
            Some(reason @ (Exclusion::Inactive | Exclusion::NotAccepting)) => Some(reason),
            _ if dealer.address.country != asked.country => Some(Exclusion::OtherCountry),
            _ if !inside => Some(Exclusion::OutsideRadius),
            _ if asked.chain.contains(&place) => Some(Exclusion::AlreadyRecipient),
            Some(reason) => Some(reason),
            None => filter(rule, dealer, excluded).err(),
        }
    }
}

impl Ranked {
    fn leave_out(&mut self, reason: Exclusion) {
        *self.excluded.reasons.entry(reason).or_default() += 1;
    }
}

impl Match<'_> {
    fn candidate(&self, rank: u32, rule: Rule) -> RankedCandidate {
        let keys = match rule {
            Rule::Best { .. } => vec![json!(self.dealer.rating), json!(self.km)],
            Rule::Nearest | Rule::Electric => vec![json!(self.km)],
        };
        RankedCandidate {
            recipient: Recipient::Dealer(self.dealer.id),
            label: self.dealer.number.clone(),
            rank,
            distance_km: Some(self.km),
            keys,
        }
    }
}

/// By the rule's sort, then by the dealer's number, so that the order is total.
fn order(rule: Rule, a: &Match<'_>, b: &Match<'_>) -> Ordering {
    let rated = match rule {
        Rule::Best { .. } => {
            let rating = |found: &Match<'_>| found.dealer.rating.unwrap_or(0.0);
            rating(b).total_cmp(&rating(a))
        }
        Rule::Nearest | Rule::Electric => Ordering::Equal,
    };
    let number = |found: &Match<'_>| (found.dealer.number.clone(), found.dealer.sub_number.clone());
    rated.then(a.km.total_cmp(&b.km)).then_with(|| number(a).cmp(&number(b)))
}

/// Whether the rule's filter holds; a term that reads a missing value is neither true nor false (SPEC EXPR-4).
fn filter(rule: Rule, dealer: &Dealer, excluded: &mut Excluded) -> Result<(), Exclusion> {
    let tier = || dealer.categories.get("tier").map(|tier| tier != "Bronze");
    let rating = || dealer.rating.map(|rating| rating >= 4.0);
    let delivery = || dealer.custom.get("delivery").map(|delivery| *delivery != json!("none"));
    let terms: &[(&str, Option<bool>)] = match rule {
        Rule::Nearest => &[],
        Rule::Best { delivering: false } => &[(TERM_TIER, tier()), (TERM_RATING, rating())],
        Rule::Best { delivering: true } => &[(TERM_TIER, tier()), (TERM_RATING, rating()), (TERM_DELIVERY, delivery())],
        Rule::Electric => &[(TERM_EV, dealer.custom.get("ev_certified").and_then(Value::as_bool))],
    };
    let Some((term, _)) = terms.iter().find(|(_, holds)| *holds != Some(true)) else { return Ok(()) };
    *excluded.terms.entry((*term).to_owned()).or_default() += 1;
    let refused = terms.iter().any(|(_, holds)| *holds == Some(false));
    Err(if refused { Exclusion::FilterNotMatched } else { Exclusion::FilterUnknown })
}

fn distance(from: Option<Point>, to: Option<Point>) -> Option<f64> {
    Some(crate::places::distance_km(from?, to?))
}
