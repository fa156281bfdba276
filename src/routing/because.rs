//! Reasons for people: why a candidate was left out, with the values that made it so.

use super::plan::Plan;
use super::row::Row;
use crate::domain::decision::Exclusion;
use crate::domain::interface::{CandidateKind, Radius};
use crate::domain::place::km_to_miles;
use crate::rules::{Reason, Truth};

/// One sentence for a reason that holds; `terms` are those of the filter.
pub(super) fn because(plan: &Plan, row: &Row<'_>, terms: &[Reason], reason: Exclusion) -> String {
    match reason {
        Exclusion::Inactive => "is not active".to_owned(),
        Exclusion::NotAccepting => match plan.kind() {
            CandidateKind::Dealer => "does not accept leads".to_owned(),
            CandidateKind::User => "is away".to_owned(),
        },
        Exclusion::OtherCountry => countries(row),
        Exclusion::OutsideRadius => distance(plan, row),
        Exclusion::AlreadyRecipient => "had a copy of the request before".to_owned(),
        Exclusion::NoReachableContact => "has no contact who can be reached".to_owned(),
        Exclusion::AtCapacity => load(row),
        Exclusion::FilterNotMatched | Exclusion::FilterUnknown => untrue(plan, terms),
    }
}

fn countries(row: &Row<'_>) -> String {
    let lead = row.beside.map(|beside| beside.subject.country().to_string()).unwrap_or_default();
    match row.pool.country(row.place) {
        Some(own) => format!("is in {own}, the lead in {lead}"),
        None => format!("is not in {lead}"),
    }
}

fn distance(plan: &Plan, row: &Row<'_>) -> String {
    match (row.distance_km(), plan.rules().radius) {
        (Some(far), Radius::Within { km }) => {
            let (far_miles, miles) = (km_to_miles(far), km_to_miles(km));
            format!("is {far:.1} km ({far_miles:.1} miles) away, the radius is {km:.1} km ({miles:.1} miles)")
        }
        _ if row.beside.is_some_and(|beside| beside.subject.point().is_none()) => {
            "the lead has no point to measure from".to_owned()
        }
        _ => "has no point to measure to".to_owned(),
    }
}

fn load(row: &Row<'_>) -> String {
    let capacity = row.pool.capacity(row.place);
    let load = row.beside.and_then(|beside| beside.loads).map(|loads| loads.at(row.kind, row.place));
    let load = load.unwrap_or_default();
    let most = |most: Option<i64>| most.map_or_else(|| "any number".to_owned(), |most| most.to_string());
    format!(
        "has {} open leads and takes {}, was offered {} today and takes {}",
        load.open,
        most(capacity.open),
        load.today,
        most(capacity.per_day)
    )
}

/// The term that counts: those about the candidate alone are looked at first.
fn untrue(plan: &Plan, terms: &[Reason]) -> String {
    let whole = terms.iter().filter(|term| term.parent.is_none());
    let filter = plan.rules().filter.iter().flat_map(|filter| filter.terms());
    let (early, late): (Vec<_>, Vec<_>) = whole.zip(filter).partition(|(_, term)| term.is_static());
    let first = early.into_iter().chain(late).find(|(reason, _)| reason.truth != Some(Truth::True));
    let Some((reason, _)) = first else { return "the filter does not hold".to_owned() };
    let outcome = if reason.truth == Some(Truth::False) { "is false" } else { "is unknown" };
    let read: Vec<String> = reason.read.iter().map(|read| format!("`{}` is {}", read.path, read.shown)).collect();
    if read.is_empty() {
        return format!("`{}` {outcome}", reason.text);
    }
    format!("`{}` {outcome}: {}", reason.text, read.join(", "))
}
