//! What came of a question: who is ranked, how many were left out, and by what.
//!
//! Holds answers only; they are found in `search` and `order`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::decision::{Excluded, Exclusion};
use crate::domain::lead::Recipient;

/// The ranked candidates of a lead.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The first ones, up to the limit, best first.
    pub candidates: Vec<Ranked>,
    /// How many there are in the network.
    pub considered: u64,
    /// How many matched, the limit aside.
    pub matched: u64,
    /// What stands in the way of a better answer.
    pub problem: Option<Problem>,
    pub(super) tally: Tally,
}

/// One candidate in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Who it is.
    pub recipient: Recipient,
    /// Great circle; none when either point is unknown.
    pub distance_km: Option<f64>,
    pub(super) place: u32,
}

/// Why an answer is less than it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Problem {
    /// The lead has no point, and the interface asks for distances: a radius then leaves everybody out who is somewhere.
    NoPoint,
}

/// How many were left out, by reason and by term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) inactive: u64,
    pub(super) not_accepting: u64,
    pub(super) other_country: u64,
    pub(super) outside_radius: u64,
    pub(super) already_recipient: u64,
    pub(super) no_reachable_contact: u64,
    pub(super) at_capacity: u64,
    /// By term: how many for which it was false, and unknown.
    by_term: Vec<[u64; 2]>,
    texts: Arc<[String]>,
}

impl Ranking {
    /// Who is ranked, best first.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.candidates.iter().map(|ranked| ranked.recipient).collect()
    }

    /// How many were left out, each under the first reason that holds. The reasons are looked at in the order of [`Exclusion`];
    /// of the filter's terms those about the candidate alone come first, then those that read the lead, the moment or a
    /// computed field, each in the order of the text. The first term that is not true decides: false is
    /// [`Exclusion::FilterNotMatched`], unknown is [`Exclusion::FilterUnknown`].
    pub fn excluded(&self) -> Excluded {
        self.tally.excluded()
    }
}

impl Tally {
    pub(super) fn new(texts: &Arc<[String]>) -> Self {
        Self { by_term: vec![[0; 2]; texts.len()], texts: Arc::clone(texts), ..Self::default() }
    }

    /// Counts those for whom this term was the first that was not true.
    pub(super) fn add_term(&mut self, term: usize, unknown: bool, count: u64) {
        if let Some([when_false, when_unknown]) = self.by_term.get_mut(term) {
            *(if unknown { when_unknown } else { when_false }) += count;
        }
    }

    fn excluded(&self) -> Excluded {
        let filter = self.by_term.iter().fold([0, 0], |sum, [no, unknown]| [sum[0] + no, sum[1] + unknown]);
        let all = [
            (Exclusion::Inactive, self.inactive),
            (Exclusion::NotAccepting, self.not_accepting),
            (Exclusion::OtherCountry, self.other_country),
            (Exclusion::OutsideRadius, self.outside_radius),
            (Exclusion::AlreadyRecipient, self.already_recipient),
            (Exclusion::NoReachableContact, self.no_reachable_contact),
            (Exclusion::AtCapacity, self.at_capacity),
            (Exclusion::FilterNotMatched, filter[0]),
            (Exclusion::FilterUnknown, filter[1]),
        ];
        let mut terms = BTreeMap::new();
        for (text, [no, unknown]) in self.texts.iter().zip(&self.by_term) {
            if no + unknown > 0 {
                *terms.entry(text.clone()).or_insert(0) += no + unknown;
            }
        }
        Excluded { reasons: all.into_iter().filter(|(_, count)| *count > 0).collect(), terms }
    }
}
