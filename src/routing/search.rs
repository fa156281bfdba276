//! Who matches: all candidates of a plan held against one lead, with everybody left out counted.
//!
//! The plan knows each candidate's class before any lead; here the classes are counted, in the circle or everywhere, whole cells at a
//! time, and each kind that passes so far is held against the lead once. Single candidates are looked at only if a term reads something
//! computed, or to find the first few of those who match: then those who can't be among them are never visited.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::column::{Column, TextColumn};
use super::loads::Loads;
use super::network::{Network, Pool};
use super::order;
use super::plan::{Class, FAILS, INACTIVE, Level, NOT_ACCEPTING, Part, Plan, UNREACHABLE, WaitingTerm};
use super::ranking::Tally;
use super::row::{Beside, Row};
use super::shortcut::Wanted;
use super::subject::Subject;
use crate::domain::decision::Exclusion;
use crate::domain::interface::{CandidateKind, Radius};
use crate::domain::lead::Recipient;
use crate::domain::{Point, Timestamp};
use crate::places::{Circle, Cover, distance_km, unit_vector};
use crate::rules::{Node, Truth, Value, eval, truth};

/// What is asked of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The lead.
    pub subject: &'a Subject<'a>,
    /// What the candidates have in hand; [`Loads::none`] will do unless [`Plan::needs_loads`].
    pub loads: &'a Loads,
    /// The moment.
    pub now: Timestamp,
}

/// One lead held against a plan.
pub(super) struct Search<'a> {
    plan: &'a Plan,
    subject: &'a Subject<'a>,
    loads: Cow<'a, Loads>,
    now: Timestamp,
    /// Places of those who had the lead before, and may not have it again.
    chain: Vec<u32>,
    away: Vec<u32>,
    waiting: Vec<Bound<'a>>,
    /// Of each kind that passes the static terms, once it is asked for.
    verdicts: Vec<OnceCell<Verdict>>,
    circle: Option<Circle>,
}

/// What a waiting term comes down to for this lead.
enum Bound<'a> {
    /// Evaluate it.
    Evaluate(&'a Node),
    /// It holds for the candidates who have this text.
    Same(&'a TextColumn, Cow<'a, str>),
    /// The other side is missing.
    Unknown,
}

/// The first term that is not true of a kind, of those that say the same of all of it; and whether it is unknown rather than false.
type Verdict = Option<(usize, bool)>;

/// Whom the radius lets in.
pub(super) enum Reach {
    Everybody,
    Within(Cover),
}

/// Who comes first, and how many there are of everybody.
pub(super) struct Found {
    /// Places, best first.
    pub(super) first: Vec<u32>,
    pub(super) matched: u64,
    pub(super) tally: Tally,
}

impl<'a> Search<'a> {
    pub(super) fn new(plan: &'a Plan, question: Question<'a>) -> Self {
        let Question { subject, loads, now } = question;
        let network = plan.network();
        let of_kind = |recipient: &&Recipient| {
            matches!(recipient, Recipient::Dealer(_)) == (plan.kind() == CandidateKind::Dealer)
        };
        let barred = if plan.rules().exclude_recipients { subject.chain() } else { &[] };
        let mut search = Self {
            plan,
            subject,
            loads: loads.fitted(network),
            now,
            chain: barred.iter().filter(of_kind).filter_map(|recipient| network.place(*recipient)).collect(),
            away: plan.pool().away(now),
            waiting: Vec::new(),
            verdicts: vec![OnceCell::new(); plan.examples().len()],
            circle: match plan.rules().radius {
                Radius::Within { km } => subject.point().and_then(|from| Circle::new(from, km)),
                Radius::Nearest => None,
            },
        };
        search.waiting = plan.waiting().iter().map(|term| search.bound(term)).collect();
        search
    }

    /// The places of those who match, in no particular order, and the count of the others.
    pub(super) fn run(&self) -> (Vec<u32>, Tally) {
        let (reach, apart) = (self.reach(), self.apart());
        let (counts, mut tally) = self.count(&reach, &apart);
        if !self.is_settled_by_kind() {
            let matched = self.settle(self.passing(&reach, &apart), &mut tally);
            return (matched, tally);
        }
        self.tally_kinds(&counts, &mut tally);
        (self.all_matching(&reach, &apart), tally)
    }

    /// The first `limit` of those who match, by `levels`.
    pub(super) fn first(&self, levels: &[Level], limit: usize) -> Found {
        let (reach, apart) = (self.reach(), self.apart());
        let (counts, mut tally) = self.count(&reach, &apart);
        let (places, matched) = if self.is_settled_by_kind() {
            let (passing, matched) = self.tally_kinds(&counts, &mut tally);
            let wanted = Wanted { limit, matched, passing };
            let places = if limit == 0 || matched == 0 {
                Vec::new()
            } else {
                self.shortcut(&reach, levels, wanted, &apart).unwrap_or_else(|| self.all_matching(&reach, &apart))
            };
            (places, matched)
        } else {
            let places = self.settle(self.passing(&reach, &apart), &mut tally);
            let matched = places.len() as u64;
            (places, matched)
        };
        Found { first: order::first(self, levels, &places, limit), matched, tally }
    }

    pub(super) fn row(&self, place: u32) -> Row<'_> {
        let beside = Beside { subject: self.subject, loads: Some(&self.loads), now: self.now };
        Row { beside: Some(beside), ..self.plan.row(place) }
    }

    pub(super) fn network(&self) -> &Network {
        self.plan.network()
    }

    pub(super) fn pool(&self) -> &Pool {
        self.plan.pool()
    }

    pub(super) fn point(&self) -> Option<Point> {
        self.subject.point()
    }

    pub(super) fn circle(&self) -> Option<&Circle> {
        self.circle.as_ref()
    }

    /// The cells of those in a country that the lead may go to.
    pub(super) fn roots(&self) -> &[u32] {
        self.pool().roots(self.plan.rules().same_country.then(|| self.subject.country()))
    }

    /// Those in a country that the lead may go to, or in none.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.plan.parts(self.subject.country())
    }

    pub(super) fn turn(&self, place: u32) -> u32 {
        self.pool().turn(place)
    }

    /// How near each is, greater for nearer: [`crate::places::Cells::dot`], or less than any for one without a point.
    pub(super) fn dots(&self, places: impl Iterator<Item = u32>) -> Vec<f64> {
        let cells = self.pool().cells();
        let Some(from) = self.subject.point().map(unit_vector) else { return vec![f64::NEG_INFINITY; places.count()] };
        let known = cells.len() as u32;
        let dot = |place| if place < known { cells.dot(place, from) } else { f64::NEG_INFINITY };
        places.map(dot).collect()
    }

    /// Every reason that holds for a candidate, in order; the first is the one that counts. None for one who matches.
    pub(super) fn exclusions(&self, place: u32) -> Vec<Exclusion> {
        let class = self.plan.class(place);
        let mut held: Vec<Exclusion> = self.standing(place).into_iter().collect();
        if !self.in_country(place) {
            held.push(Exclusion::OtherCountry);
        }
        if !self.in_radius(place) {
            held.push(Exclusion::OutsideRadius);
        }
        held.extend(self.set_apart(place, class));
        // Terms are not looked at for those whom nothing else lets in, so here they are.
        let failed = if class < FAILS { self.first_untrue(place) } else { self.failed(place, class) };
        let reason = |(_, unknown)| if unknown { Exclusion::FilterUnknown } else { Exclusion::FilterNotMatched };
        held.extend(failed.map(reason));
        held.sort_unstable();
        held
    }

    /// The reason, the filter and the radius aside, why a candidate can't have the lead.
    pub(super) fn barred(&self, place: u32) -> Option<Exclusion> {
        self.standing(place).or_else(|| self.set_apart(place, self.plan.class(place)))
    }

    fn standing(&self, place: u32) -> Option<Exclusion> {
        match self.plan.class(place) {
            INACTIVE => Some(Exclusion::Inactive),
            NOT_ACCEPTING => Some(Exclusion::NotAccepting),
            _ if self.away.contains(&place) => Some(Exclusion::NotAccepting),
            _ => None,
        }
    }

    fn reach(&self) -> Reach {
        match (self.plan.rules().radius, &self.circle) {
            (Radius::Nearest, _) => Reach::Everybody,
            (_, Some(circle)) => Reach::Within(self.pool().cells().cover(self.roots(), circle)),
            (_, None) => Reach::Within(Cover::default()),
        }
    }

    /// How many there are of each class within reach, but for those whom this lead sets apart, who are counted already; with what else
    /// is known before any term is looked at.
    fn count(&self, reach: &Reach, apart: &[u32]) -> (Vec<u64>, Tally) {
        let plan = self.plan;
        let mut tally = Tally::new(plan.terms());
        let base: u64 = self.parts().map(|part| part.base).sum();
        let away_here = self.away.iter().filter(|place| self.in_country(**place));
        let away_far = away_here.clone().filter(|place| !self.in_radius(**place)).count() as u64;
        let away_here = away_here.count() as u64;
        tally.inactive = plan.inactive();
        tally.not_accepting = plan.not_accepting() + self.away.len() as u64;
        tally.other_country = plan.pool().len() as u64 - tally.inactive - tally.not_accepting - (base - away_here);
        let mut counts = self.count_classes(reach);
        tally.outside_radius = base - counts.iter().skip(usize::from(UNREACHABLE)).sum::<u64>() - away_far;
        for place in apart {
            if let Some(count) = counts.get_mut(usize::from(plan.class(*place))) {
                *count -= 1;
            }
            match self.set_apart(*place, plan.class(*place)) {
                _ if self.away.contains(place) => {}
                Some(Exclusion::AlreadyRecipient) => tally.already_recipient += 1,
                Some(Exclusion::NoReachableContact) => tally.no_reachable_contact += 1,
                _ => tally.at_capacity += 1,
            }
        }
        for (class, count) in (0..plan.passes()).zip(&counts).filter(|(_, count)| **count > 0) {
            match plan.failed_term(class) {
                Some((term, unknown)) => tally.add_term(term, unknown, *count),
                None if class == UNREACHABLE => tally.no_reachable_contact += count,
                None => {}
            }
        }
        (counts, tally)
    }

    fn count_classes(&self, reach: &Reach) -> Vec<u64> {
        let plan = self.plan;
        let mut counts = vec![0; plan.class_count()];
        let mut add = |class: Class| {
            if let Some(count) = counts.get_mut(usize::from(class)) {
                *count += 1;
            }
        };
        match reach {
            Reach::Everybody => {
                for part in self.parts() {
                    counts.iter_mut().zip(&part.counts).for_each(|(sum, count)| *sum += count);
                }
            }
            Reach::Within(Cover { cells, points }) => {
                points.iter().chain(self.pool().placeless()).for_each(|place| add(plan.class(*place)));
                for cell in cells {
                    counts.iter_mut().zip(plan.counts_of(*cell)).for_each(|(sum, count)| *sum += u64::from(*count));
                }
            }
        }
        counts
    }

    /// Whether each kind that passes the static terms matches, or not, as a whole.
    fn is_settled_by_kind(&self) -> bool {
        self.plan.waiting().iter().all(|term| term.by_kind)
    }

    /// Counts the kinds that do not match; answers with how many passed the static terms, and how many of those match.
    fn tally_kinds(&self, counts: &[u64], tally: &mut Tally) -> (u64, u64) {
        let (mut passing, mut matched) = (0, 0);
        let kinds = (self.plan.passes()..).zip(counts.iter().skip(usize::from(self.plan.passes())));
        for (class, count) in kinds.filter(|(_, count)| **count > 0) {
            passing += count;
            match self.verdict(class) {
                None => matched += count,
                Some((term, unknown)) => tally.add_term(term, unknown, *count),
            }
        }
        (passing, matched)
    }

    /// Those within reach who pass the static terms and are not set apart.
    fn passing(&self, reach: &Reach, apart: &[u32]) -> Vec<u32> {
        let (plan, passes) = (self.plan, self.plan.passes());
        let mut passing = Vec::new();
        match reach {
            Reach::Everybody => {
                self.parts().for_each(|part| passing.extend_from_slice(&part.passing));
            }
            Reach::Within(Cover { cells, points }) => {
                let single = points.iter().chain(self.pool().placeless()).copied();
                passing.extend(single.filter(|place| plan.class(*place) >= passes));
                for cell in cells {
                    let places = self.pool().cells().points_of(*cell);
                    let classes = plan.classes(places.clone());
                    passing.extend(places.zip(classes).filter(|(_, class)| **class >= passes).map(|(place, _)| place));
                }
            }
        }
        if !apart.is_empty() {
            passing.retain(|place| apart.binary_search(place).is_err());
        }
        passing
    }

    /// Those who match, if [`Self::is_settled_by_kind`].
    fn all_matching(&self, reach: &Reach, apart: &[u32]) -> Vec<u32> {
        let mut places = self.passing(reach, apart);
        places.retain(|place| self.matches(*place));
        places
    }

    /// Which of those who pass the static terms match, by all terms that wait, in their order; the others are counted.
    fn settle(&self, mut places: Vec<u32>, tally: &mut Tally) -> Vec<u32> {
        for (index, (term, bound)) in (self.plan.statics()..).zip(self.plan.waiting().iter().zip(&self.waiting)) {
            let mut single = if term.by_kind { Vec::new() } else { self.truths_of(bound, &places) }.into_iter();
            places.retain(|place| {
                let truth = if term.by_kind {
                    match self.verdict(self.plan.class(*place)) {
                        Some((failed, unknown)) if failed == index => {
                            if unknown {
                                Truth::Unknown
                            } else {
                                Truth::False
                            }
                        }
                        _ => Truth::True,
                    }
                } else {
                    single.next().unwrap_or(Truth::Unknown)
                };
                if truth != Truth::True {
                    tally.add_term(index, truth == Truth::Unknown, 1);
                }
                truth == Truth::True
            });
        }
        places
    }

    fn truths_of(&self, bound: &Bound<'_>, places: &[u32]) -> Vec<Truth> {
        match bound {
            Bound::Evaluate(node) => self.truths(node, places),
            Bound::Same(..) | Bound::Unknown => places.iter().map(|place| self.holds(*place, bound)).collect(),
        }
    }

    /// Whether somebody of a class matches, if [`Self::is_settled_by_kind`].
    pub(super) fn matches(&self, place: u32) -> bool {
        let class = self.plan.class(place);
        class >= self.plan.passes() && self.verdict(class).is_none()
    }

    /// What the terms that say the same of a whole kind say of the kind with this class.
    fn verdict(&self, class: Class) -> Verdict {
        let kind = usize::from(class.saturating_sub(self.plan.passes()));
        let judge = || {
            let example = self.plan.examples().get(kind).copied().unwrap_or(u32::MAX);
            let terms = (self.plan.statics()..).zip(self.plan.waiting().iter().zip(&self.waiting));
            let mut by_kind = terms.filter(|(_, (term, _))| term.by_kind);
            by_kind.find_map(|(index, (_, bound))| match self.holds(example, bound) {
                Truth::True => None,
                truth => Some((index, truth == Truth::Unknown)),
            })
        };
        self.verdicts.get(kind).map_or_else(judge, |verdict| *verdict.get_or_init(judge))
    }

    /// Those of the base, near enough, who are away, had the lead, or are at capacity; sorted.
    fn apart(&self) -> Vec<u32> {
        let full = (self.plan.kind() == CandidateKind::Dealer).then(|| self.loads.full());
        let mut apart: Vec<u32> =
            self.away.iter().chain(&self.chain).copied().chain(full.into_iter().flatten()).collect();
        apart.sort_unstable();
        apart.dedup();
        apart.retain(|place| {
            self.plan.class(*place) >= UNREACHABLE && self.in_country(*place) && self.in_radius(*place)
        });
        apart
    }

    fn set_apart(&self, place: u32, class: u16) -> Option<Exclusion> {
        if self.chain.contains(&place) {
            Some(Exclusion::AlreadyRecipient)
        } else if class == UNREACHABLE {
            Some(Exclusion::NoReachableContact)
        } else if self.plan.kind() == CandidateKind::Dealer && self.loads.is_full(place) {
            Some(Exclusion::AtCapacity)
        } else {
            None
        }
    }

    /// The first term that is not true, and whether it is unknown rather than false.
    pub(super) fn failed(&self, place: u32, class: Class) -> Option<(usize, bool)> {
        if let Some(failed) = self.plan.failed_term(class) {
            return Some(failed);
        }
        let mut terms = (self.plan.statics()..).zip(&self.waiting);
        terms.find_map(|(index, bound)| match self.holds(place, bound) {
            Truth::True => None,
            truth => Some((index, truth == Truth::Unknown)),
        })
    }

    /// The same as [`Self::failed`], for a candidate whose static terms were never evaluated.
    fn first_untrue(&self, place: u32) -> Option<(usize, bool)> {
        let filter = self.plan.rules().filter.as_ref()?;
        let row = self.row(place);
        let statics = filter.terms().iter().zip(filter.term_nodes()).filter(|(term, _)| term.is_static());
        let mut outcomes = (0..).zip(statics.map(|(_, node)| truth(node, &row)));
        let failed = outcomes.find(|(_, truth)| *truth != Truth::True);
        failed.map(|(index, truth)| (index, truth == Truth::Unknown)).or_else(|| self.failed(place, UNREACHABLE))
    }

    fn holds(&self, place: u32, bound: &Bound<'_>) -> Truth {
        match bound {
            Bound::Unknown => Truth::Unknown,
            Bound::Same(texts, wanted) => {
                texts.text(place as usize).map_or(Truth::Unknown, |text| Truth::of(text == *wanted))
            }
            Bound::Evaluate(node) => truth(node, &self.row(place)),
        }
    }

    fn bound(&self, term: &'a WaitingTerm) -> Bound<'a> {
        let evaluate = Bound::Evaluate(&term.node);
        let Some(same) = &term.same else { return evaluate };
        let Some(Column::Text(texts)) = self.plan.pool().column(same.column) else { return evaluate };
        // No field of a candidate is read, so any place will do.
        match eval(&same.other, &self.row(u32::MAX)) {
            Value::Text(text) => Bound::Same(texts, Cow::Owned(text.into_owned())),
            Value::Missing => Bound::Unknown,
            _ => evaluate,
        }
    }

    fn in_country(&self, place: u32) -> bool {
        let country = self.plan.pool().country(place);
        !self.plan.rules().same_country || country.is_none_or(|country| country == self.subject.country())
    }

    fn in_radius(&self, place: u32) -> bool {
        let Radius::Within { km } = self.plan.rules().radius else { return true };
        let pool = self.plan.pool();
        // Who is nowhere in particular is at every distance.
        pool.country(place).is_none()
            || self.subject.point().zip(pool.point(place)).is_some_and(|(from, to)| distance_km(from, to) <= km)
    }
}
