//! What a ranking means, written out the shortest way: look at everybody, then sort everybody.
//!
//! The engine must answer exactly this, only sooner: tests hold the two equal, and the bench compares their speed. Nothing else
//! uses it.

use std::collections::BTreeMap;

use super::plan::{Plan, compare_all};
use super::row::{Beside, Row};
use super::search::Question;
use crate::domain::decision::{Excluded, Exclusion};
use crate::domain::interface::{CandidateKind, Radius};
use crate::domain::lead::Recipient;
use crate::rules::{SortKey, Truth, truth};

/// The first candidates, how many matched, and how many were left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRanking {
    /// Up to the limit, best first.
    pub recipients: Vec<Recipient>,
    /// How many matched, the limit aside.
    pub matched: u64,
    /// How many did not, and why.
    pub excluded: Excluded,
}

/// Ranks as the interface says.
pub fn rank(plan: &Plan, question: Question<'_>) -> PlainRanking {
    let loads = question.loads.fitted(plan.network());
    let beside = Beside { subject: question.subject, loads: Some(&loads), now: question.now };
    let mut excluded = Excluded { reasons: BTreeMap::new(), terms: BTreeMap::new() };
    let mut matched: Vec<Row<'_>> = Vec::new();
    for place in 0..plan.pool().len() as u32 {
        let row = Row { beside: Some(beside), ..plan.row(place) };
        match exclusion(plan, question, &row) {
            None => matched.push(row),
            Some((reason, term)) => {
                *excluded.reasons.entry(reason).or_default() += 1;
                if let Some(term) = term {
                    *excluded.terms.entry(term).or_default() += 1;
                }
            }
        }
    }
    let levels = &plan.rules().sort;
    let keys = |row| levels.iter().map(|level| level.key.sort_key(row)).collect::<Vec<SortKey<'_>>>();
    let mut keyed: Vec<(Vec<SortKey<'_>>, &Row<'_>)> = matched.iter().map(|row| (keys(row), row)).collect();
    let turn = |row: &Row<'_>| row.pool.turn(row.place);
    keyed.sort_by(|(left, one), (right, other)| compare_all(levels, left, right).then(turn(one).cmp(&turn(other))));
    let first = keyed.iter().take(plan.rules().limit as usize);
    PlainRanking {
        recipients: first.filter_map(|(_, row)| row.pool.id(row.place)).collect(),
        matched: matched.len() as u64,
        excluded,
    }
}

fn exclusion(plan: &Plan, question: Question<'_>, row: &Row<'_>) -> Option<(Exclusion, Option<String>)> {
    use super::network::Standing;
    let (pool, place, rules) = (row.pool, row.place, plan.rules());
    let loads = row.beside?.loads?;
    let recipient = pool.id(place)?;
    let standing = pool.standing(place);
    let placeless = pool.country(place).is_none();
    let far = match rules.radius {
        Radius::Within { km } => !placeless && row.distance_km().is_none_or(|distance| distance > km),
        Radius::Nearest => false,
    };
    let out = |reason| Some((reason, None));
    if standing == Standing::Inactive {
        out(Exclusion::Inactive)
    } else if standing == Standing::NotAccepting || pool.away(question.now).contains(&place) {
        out(Exclusion::NotAccepting)
    } else if rules.same_country && !placeless && pool.country(place) != Some(question.subject.country()) {
        out(Exclusion::OtherCountry)
    } else if far {
        out(Exclusion::OutsideRadius)
    } else if rules.exclude_recipients && question.subject.chain().contains(&recipient) {
        out(Exclusion::AlreadyRecipient)
    } else if standing == Standing::Unreachable {
        out(Exclusion::NoReachableContact)
    } else if plan.kind() == CandidateKind::Dealer && loads.is_full(place) {
        out(Exclusion::AtCapacity)
    } else {
        filter_exclusion(plan, row)
    }
}

fn filter_exclusion(plan: &Plan, row: &Row<'_>) -> Option<(Exclusion, Option<String>)> {
    let filter = plan.rules().filter.as_ref()?;
    let terms = || filter.terms().iter().zip(filter.term_nodes());
    let early = terms().filter(|(term, _)| term.is_static());
    let late = terms().filter(|(term, _)| !term.is_static());
    early.chain(late).find_map(|(term, node)| match truth(node, row) {
        Truth::True => None,
        Truth::False => Some((Exclusion::FilterNotMatched, Some(term.text.clone()))),
        Truth::Unknown => Some((Exclusion::FilterUnknown, Some(term.text.clone()))),
    })
}
