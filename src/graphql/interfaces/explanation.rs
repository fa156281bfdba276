//! Why somebody is, or is not, a candidate: the decision's own terms with their values, as a tree that a page can show.

use async_graphql::{Enum, Object, SimpleObject};

use super::definition::{LevelDirection, LevelNulls};
use super::preview::count;
use crate::actions::interfaces::Explanation;
use crate::domain::place::km_to_miles;
use crate::graphql::decisions::ExclusionReason;
use crate::rules::{self, Reason};

/// True, false, or unknown because a value is missing.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::rules::Truth")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It can't be said, because a value is missing or has no meaning; that does not match.
    Unknown,
}

/// A field, or an item of a list, and what it was worth.
#[derive(SimpleObject)]
pub struct ReadValue {
    /// The field's whole name; of an item of a list the name that the expression gives it.
    path: String,
    /// Its value as an expression would write it, or `missing`.
    value: String,
}

/// One term of an expression, for one candidate. The terms of an expression come as a flat list that is a tree: a term stands before
/// its parts, each of which names the term that it is part of.
#[derive(SimpleObject)]
pub struct TermExplanation {
    /// Its place in the list, from 0.
    place: i32,
    /// The place of the term that it is part of; null for a term that stands by itself.
    parent_place: Option<i32>,
    /// How many terms it is part of.
    depth: i32,
    /// The term in its canonical form.
    term: String,
    /// What a condition came to; null for a term that is no condition.
    truth: Option<Truth>,
    /// Its value as an expression would write it, or `missing`.
    value: String,
    /// The values that it read.
    reads: Vec<ReadValue>,
}

/// A reason to leave somebody out.
#[derive(SimpleObject)]
pub struct ExclusionExplanation {
    /// Which one.
    reason: ExclusionReason,
    /// The same with the values that made it so, for people: `is 120.4 km (74.8 miles) away, the radius is …`.
    because: String,
}

/// One sort level, for one candidate.
#[derive(SimpleObject)]
pub struct KeyExplanation {
    /// The level's expression in its canonical form.
    expression: String,
    /// Which way it sorts.
    direction: LevelDirection,
    /// Where candidates without a key stand.
    nulls: LevelNulls,
    /// The candidate's key as an expression would write it, or `missing`.
    value: String,
    /// What the key was worked out from, as for the filter.
    terms: Vec<TermExplanation>,
}

/// Why somebody is, or is not, a candidate.
pub struct CandidateExplanation(pub Explanation);

/// Why somebody is, or is not, a candidate: found by the very plan that decides.
#[Object]
impl CandidateExplanation {
    /// The dealer's number or the user's name.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// From 1 among all that match; above the definition's limit it is not on the list. Null for one who is left out.
    async fn rank(&self) -> Option<i32> {
        self.0.rank.map(count)
    }

    /// Every reason to leave the candidate out that holds; the first is the one that is counted. Empty for a match.
    async fn exclusions(&self) -> Vec<ExclusionExplanation> {
        let told = self.0.exclusions.iter();
        told.map(|out| ExclusionExplanation { reason: out.reason.into(), because: out.because.clone() }).collect()
    }

    /// The filter: terms without a parent all have to hold. Empty when the filter is blank; at most 1,000 terms.
    async fn terms(&self) -> Vec<TermExplanation> {
        terms(&self.0.filter)
    }

    /// Each sort level's key, first level first.
    async fn keys(&self) -> Vec<KeyExplanation> {
        let key = |level: &crate::routing::LevelExplanation| KeyExplanation {
            expression: level.expression.clone(),
            direction: level.direction.into(),
            nulls: level.nulls.into(),
            value: level.key.clone(),
            terms: terms(&level.terms),
        };
        self.0.sort.iter().map(key).collect()
    }

    /// Great circle in kilometres; null when either point is unknown.
    async fn distance_km(&self) -> Option<f64> {
        self.0.distance_km
    }

    /// Great circle in international miles; null when either point is unknown.
    async fn distance_miles(&self) -> Option<f64> {
        self.0.distance_km.map(km_to_miles)
    }
}

fn terms(reasons: &[Reason]) -> Vec<TermExplanation> {
    let read = |read: &rules::ReadValue| ReadValue { path: read.path.clone(), value: read.shown.clone() };
    let term = |(place, reason): (usize, &Reason)| TermExplanation {
        place: place_of(place),
        parent_place: reason.parent.map(place_of),
        depth: place_of(reason.depth),
        term: reason.text.clone(),
        truth: reason.truth.map(Into::into),
        value: reason.shown.clone(),
        reads: reason.read.iter().map(read).collect(),
    };
    reasons.iter().enumerate().map(term).collect()
}

fn place_of(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
