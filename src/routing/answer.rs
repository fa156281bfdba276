//! The questions that a plan answers: who is ranked, with which keys, and why or why not somebody.

use serde_json::Value as Json;

use super::because::because;
use super::definition::CheckedLevel;
use super::loads::Loads;
use super::order::first;
use super::plan::{Level, Plan};
use super::ranking::{Problem, Ranked, Ranking};
use super::search::{Found, Question, Search};
use crate::domain::Timestamp;
use crate::domain::decision::{Exclusion, RankedCandidate};
use crate::domain::interface::{CandidateKind, Direction, Nulls};
use crate::domain::lead::Recipient;
use crate::rules::{Reason, SortKey};

/// By what candidates are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sorted {
    /// By the interface's sort levels.
    AsDefined,
    /// By distance alone; those of unknown distance come last.
    ByDistance,
}

/// Why somebody is, or is not, a candidate for a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who it is about.
    pub recipient: Recipient,
    /// The dealer's number or the user's name.
    pub label: String,
    /// Great circle; none when either point is unknown.
    pub distance_km: Option<f64>,
    /// Every reason to leave the candidate out that holds, in the order in which they are looked at; the first is the one that is
    /// counted. Empty for a match.
    pub exclusions: Vec<LeftOut>,
    /// The filter's terms, each before its parts, with the values that they read; empty when everybody matches.
    pub filter: Vec<Reason>,
    /// From 1, among all that match; above the interface's limit the candidate is not on the list.
    pub rank: Option<u64>,
    /// Each sort level, first level first.
    pub sort: Vec<LevelExplanation>,
}

/// A sort level, for somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelExplanation {
    /// Which end comes first.
    pub direction: Direction,
    /// Where missing keys go.
    pub nulls: Nulls,
    /// The expression's canonical text.
    pub expression: String,
    /// The key as a literal, or `missing`.
    pub key: String,
    /// What the key was worked out from: terms that all have to hold, for a level that is a condition, else the whole first.
    pub terms: Vec<Reason>,
}

/// A reason to leave somebody out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which one.
    pub reason: Exclusion,
    /// The same with the values that made it so, for people.
    pub because: String,
}

impl Plan {
    /// The ranked candidates of a lead, up to the interface's limit.
    pub fn rank(&self, question: Question<'_>, sorted: Sorted) -> Ranking {
        self.rank_up_to(question, sorted, self.rules().limit as usize)
    }

    /// A ranking as it is stored and shown: with labels and the value of each sort level.
    pub fn describe(&self, question: Question<'_>, ranking: &Ranking) -> Vec<RankedCandidate> {
        let search = Search::new(self, question);
        let describe = |(ranked, rank): (&Ranked, u32)| RankedCandidate {
            recipient: ranked.recipient,
            label: self.pool().label(ranked.place).unwrap_or_default().to_owned(),
            rank,
            distance_km: ranked.distance_km,
            keys: self.keys(&search, ranked.place, json),
        };
        ranking.candidates.iter().zip(1..).map(describe).collect()
    }

    /// Why somebody is, or is not, a candidate; `None` for one who is not in the network, or of the other kind.
    pub fn explain(&self, question: Question<'_>, recipient: Recipient) -> Option<Explanation> {
        let place = self.network().place(recipient)?;
        if self.pool().id(place) != Some(recipient) {
            return None;
        }
        let search = Search::new(self, question);
        let row = search.row(place);
        let exclusions = search.exclusions(place);
        let rank = exclusions.is_empty().then(|| {
            let (matched, _) = search.run();
            let order = first(&search, self.levels(), &matched, matched.len());
            order.iter().position(|other| *other == place).map(|before| before as u64 + 1)
        });
        let catalog = self.network().catalog();
        let filter = self.rules().filter.as_ref().map(|filter| filter.explain(catalog, &row)).unwrap_or_default();
        let left_out = |reason| LeftOut { reason, because: because(self, &row, &filter, reason) };
        let level = |level: &CheckedLevel| LevelExplanation {
            direction: level.direction,
            nulls: level.nulls,
            key: level.key.sort_key(&row).shown(),
            expression: level.key.text().to_owned(),
            terms: level.key.explain(catalog, &row),
        };
        Some(Explanation {
            recipient,
            label: self.pool().label(place).unwrap_or_default().to_owned(),
            distance_km: row.distance_km(),
            exclusions: exclusions.into_iter().map(left_out).collect(),
            rank: rank.flatten(),
            sort: self.rules().sort.iter().map(level).collect(),
            filter,
        })
    }

    /// Whether somebody could have the lead now, whatever filter and radius say: for a ranking that was made before, or a
    /// recipient whom a person named. Somebody who is not in the network is not active.
    pub fn can_take(&self, question: Question<'_>, recipient: Recipient) -> Result<(), Exclusion> {
        let place = self.network().place(recipient).filter(|place| self.pool().id(*place) == Some(recipient));
        let place = place.ok_or(Exclusion::Inactive)?;
        Search::new(self, question).barred(place).map_or(Ok(()), Err)
    }

    /// Who is away: no lead can go there now, whatever the lead is, by standing, absence, capacity or the filter's terms about the candidate
    /// alone. Somebody who is not in the network is nobody's candidate, and neither here nor away.
    pub fn away<'a>(&'a self, loads: &'a Loads, now: Timestamp) -> impl Fn(Recipient) -> bool + 'a {
        let loads = loads.fitted(self.network());
        let full: Vec<u32> = if self.kind() == CandidateKind::Dealer { loads.full().collect() } else { Vec::new() };
        let absent = self.pool().away(now);
        move |recipient| {
            let place = self.network().place(recipient).filter(|place| self.pool().id(*place) == Some(recipient));
            place.is_some_and(|place| {
                self.class(place) < self.passes() || absent.contains(&place) || full.contains(&place)
            })
        }
    }

    pub(super) fn rank_up_to(&self, question: Question<'_>, sorted: Sorted, limit: usize) -> Ranking {
        let search = Search::new(self, question);
        let found = search.first(self.levels_of(sorted), limit);
        self.ranking(&search, sorted, found, self.pool().len() as u64)
    }

    pub(super) fn levels_of(&self, sorted: Sorted) -> &[Level] {
        const BY_DISTANCE: &[Level] = &[Level::Distance { direction: Direction::Asc, nulls: Nulls::Last }];
        match sorted {
            Sorted::AsDefined => self.levels(),
            Sorted::ByDistance => BY_DISTANCE,
        }
    }

    pub(super) fn ranking(&self, search: &Search<'_>, sorted: Sorted, found: Found, considered: u64) -> Ranking {
        let Found { first, matched, tally } = found;
        let ranked = |place: u32| {
            let distance_km = search.row(place).distance_km();
            Some(Ranked { recipient: self.pool().id(place)?, distance_km, place })
        };
        let needs_distance = self.needs_distance() || sorted == Sorted::ByDistance;
        Ranking {
            candidates: first.into_iter().filter_map(ranked).collect(),
            considered,
            matched,
            problem: (needs_distance && search.point().is_none()).then_some(Problem::NoPoint),
            tally,
        }
    }

    fn keys<T>(&self, search: &Search<'_>, place: u32, of: impl Fn(&SortKey<'_>) -> T) -> Vec<T> {
        let row = search.row(place);
        self.rules().sort.iter().map(|level| of(&level.key.sort_key(&row))).collect()
    }
}

/// Moments and durations read as the texts that they are written with.
fn json(key: &SortKey<'_>) -> Json {
    match key {
        SortKey::Missing => Json::Null,
        SortKey::Bool(flag) => Json::from(*flag),
        SortKey::Int(number) => Json::from(*number),
        SortKey::Double(number) => Json::from(*number),
        SortKey::Text(text) => Json::from(&**text),
        SortKey::Timestamp(_) | SortKey::Duration(_) => Json::from(key.shown()),
    }
}
