//! Who matches: all candidates of a plan held against one lead, with everybody left out counted.
//!
//! The plan knows each candidate's class before any lead; here the classes are counted, in the circle or everywhere, and only
//! those are judged one by one whom this lead sets apart, or whom a term that waits for the lead may still leave out.

use std::borrow::Cow;

use super::column::{Column, NO_TEXT, TextColumn};
use super::loads::Loads;
use super::plan::{Class, PASSES, Plan, UNREACHABLE, WaitingTerm, failed_term};
use super::ranking::Tally;
use super::reach::within;
use super::row::{Beside, Row};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::decision::Exclusion;
use crate::domain::interface::{CandidateKind, Radius};
use crate::domain::lead::Recipient;
use crate::places::distance_km;
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
    same: Vec<Same<'a>>,
}

/// What a waiting term comes down to for this lead.
enum Same<'a> {
    /// Evaluate it.
    Evaluate(&'a Node),
    /// It holds for the candidates whose text has this code; no candidate has the text if there is none.
    Code(&'a TextColumn, Option<u32>),
    /// The other side is missing.
    Unknown,
}

/// How many candidates there are of each class, and the places of those that pass the static terms.
struct Census {
    counts: Vec<u64>,
    passing: Vec<u32>,
}

impl Census {
    fn add(&mut self, place: u32, class: Class) {
        if let Some(count) = self.counts.get_mut(usize::from(class)) {
            *count += 1;
        }
        if class == PASSES {
            self.passing.push(place);
        }
    }
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
            same: Vec::new(),
        };
        search.same = plan.waiting().iter().map(|term| search.same(term)).collect();
        search
    }

    /// The places of those who match, in no particular order, and the count of the others.
    pub(super) fn run(&self) -> (Vec<u32>, Tally) {
        let plan = self.plan;
        let mut tally = Tally::new(plan.terms());
        let base: u64 = plan.parts(self.subject.country()).map(|part| part.base).sum();
        let away_here = self.away.iter().filter(|place| self.in_country(**place));
        let away_far = away_here.clone().filter(|place| !self.in_radius(**place)).count() as u64;
        let away_here = away_here.count() as u64;
        tally.inactive = plan.inactive();
        tally.not_accepting = plan.not_accepting() + self.away.len() as u64;
        tally.other_country = plan.pool().len() as u64 - tally.inactive - tally.not_accepting - (base - away_here);
        let census = match plan.rules().radius {
            Radius::Within { km } => self.circle(km),
            Radius::Nearest => self.everybody(),
        };
        tally.outside_radius = base - census.counts.iter().sum::<u64>() - away_far;
        let matched = self.settle(census, &mut tally);
        (matched, tally)
    }

    pub(super) fn row(&self, place: u32) -> Row<'_> {
        let beside = Beside { subject: self.subject, loads: Some(&self.loads), now: self.now };
        Row { beside: Some(beside), ..self.plan.row(place) }
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
        let failed = if class < PASSES { self.first_untrue(place) } else { self.failed(place, class) };
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
            super::plan::INACTIVE => Some(Exclusion::Inactive),
            super::plan::NOT_ACCEPTING => Some(Exclusion::NotAccepting),
            _ if self.away.contains(&place) => Some(Exclusion::NotAccepting),
            _ => None,
        }
    }

    /// Those of the base who are within a radius, or nowhere in particular.
    fn circle(&self, km: f64) -> Census {
        let plan = self.plan;
        let pool = plan.pool();
        let mut census = Census { counts: vec![0; plan.class_count()], passing: Vec::new() };
        let wanted = plan.rules().same_country.then(|| self.subject.country());
        if let Some(from) = self.subject.point() {
            let (tags, located) = (plan.tags(), pool.located());
            let Census { counts, passing } = &mut census;
            within(pool, from, km, |item| {
                let Some(tag) = tags.get(item as usize) else { return };
                if tag.class < UNREACHABLE || (wanted.is_some() && tag.country != wanted) {
                    return;
                }
                if tag.class == PASSES {
                    passing.extend(located.get(item as usize));
                }
                if let Some(count) = counts.get_mut(usize::from(tag.class)) {
                    *count += 1;
                }
            });
        }
        for place in pool.placeless().iter().filter(|place| plan.class(**place) >= UNREACHABLE) {
            census.add(*place, plan.class(*place));
        }
        census
    }

    /// The whole base.
    fn everybody(&self) -> Census {
        let mut census = Census { counts: vec![0; self.plan.class_count()], passing: Vec::new() };
        for part in self.plan.parts(self.subject.country()) {
            for (sum, count) in census.counts.iter_mut().zip(&part.counts).skip(usize::from(UNREACHABLE)) {
                *sum += count;
            }
            census.passing.extend_from_slice(&part.passing);
        }
        census
    }

    /// From the classes to what holds for this lead.
    fn settle(&self, mut census: Census, tally: &mut Tally) -> Vec<u32> {
        let apart = self.apart();
        let mut matched = Vec::with_capacity(census.passing.len());
        // Whom this lead sets apart is taken out of the classes, and counted by what holds.
        for place in &apart {
            if let Some(count) = census.counts.get_mut(usize::from(self.plan.class(*place))) {
                *count -= 1;
            }
            if !self.away.contains(place) {
                self.judge(*place, tally, &mut matched);
            }
        }
        for (class, count) in (0..).zip(&census.counts) {
            match failed_term(class) {
                Some((term, unknown)) => tally.add_term(term, unknown, *count),
                None if class == UNREACHABLE => tally.no_reachable_contact += count,
                None => {}
            }
        }
        if !apart.is_empty() {
            census.passing.retain(|place| apart.binary_search(place).is_err());
        }
        if self.same.is_empty() {
            matched.append(&mut census.passing);
        }
        for place in census.passing {
            self.try_match(place, PASSES, tally, &mut matched);
        }
        matched
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

    /// Counts or takes a candidate who is active, accepts leads and is near enough.
    fn judge(&self, place: u32, tally: &mut Tally, matched: &mut Vec<u32>) {
        let class = self.plan.class(place);
        match self.set_apart(place, class) {
            Some(Exclusion::AlreadyRecipient) => tally.already_recipient += 1,
            Some(Exclusion::NoReachableContact) => tally.no_reachable_contact += 1,
            Some(_) => tally.at_capacity += 1,
            None => self.try_match(place, class, tally, matched),
        }
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

    fn try_match(&self, place: u32, class: u16, tally: &mut Tally, matched: &mut Vec<u32>) {
        match self.failed(place, class) {
            None => matched.push(place),
            Some((term, unknown)) => tally.add_term(term, unknown, 1),
        }
    }

    /// The first term that is not true, and whether it is unknown rather than false.
    fn failed(&self, place: u32, class: u16) -> Option<(usize, bool)> {
        if let Some(failed) = failed_term(class) {
            return Some(failed);
        }
        for (index, same) in (self.plan.statics()..).zip(&self.same) {
            match self.holds(place, same) {
                Truth::True => {}
                Truth::False => return Some((index, false)),
                Truth::Unknown => return Some((index, true)),
            }
        }
        None
    }

    /// The same as [`Self::failed`], for a candidate whose static terms were never evaluated.
    fn first_untrue(&self, place: u32) -> Option<(usize, bool)> {
        let filter = self.plan.rules().filter.as_ref()?;
        let row = self.row(place);
        let statics = filter.terms().iter().zip(filter.term_nodes()).filter(|(term, _)| term.is_static());
        let mut outcomes = (0..).zip(statics.map(|(_, node)| truth(node, &row)));
        let failed = outcomes.find(|(_, truth)| *truth != Truth::True);
        failed.map(|(index, truth)| (index, truth == Truth::Unknown)).or_else(|| self.failed(place, PASSES))
    }

    fn holds(&self, place: u32, same: &Same<'_>) -> Truth {
        match same {
            Same::Unknown => Truth::Unknown,
            Same::Code(texts, wanted) => match texts.code(place as usize) {
                NO_TEXT => Truth::Unknown,
                code => Truth::of(Some(code) == *wanted),
            },
            Same::Evaluate(node) => truth(node, &self.row(place)),
        }
    }

    fn same(&self, term: &'a WaitingTerm) -> Same<'a> {
        let evaluate = Same::Evaluate(&term.node);
        let Some(same) = &term.same else { return evaluate };
        let Some(Column::Text(texts)) = self.plan.pool().column(same.column) else { return evaluate };
        // No field of a candidate is read, so any place will do.
        match eval(&same.other, &self.row(u32::MAX)) {
            Value::Text(text) => Same::Code(texts, texts.find(&text)),
            Value::Missing => Same::Unknown,
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
