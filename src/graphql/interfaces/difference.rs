//! What changed between two states of an interface, term by term.

use async_graphql::{Enum, Object, OneofObject, SimpleObject};

use super::definition::{Radius, SortLevel};
use crate::routing;

/// A state of an interface: exactly one of these.
#[derive(OneofObject)]
pub enum InterfaceStateInput {
    /// The published version with this number.
    Number(i32),
    /// True: the draft.
    Draft(bool),
}

/// What became of a term or a sort level.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::routing::Change", name = "DifferenceChange")]
pub enum Change {
    /// It says what it said.
    Kept,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// The same sort key, sorted another way.
    Changed,
}

/// A term of the filter.
#[derive(SimpleObject)]
pub struct TermDifference {
    /// What became of it. A term that moved, or was written another way, is kept.
    change: Change,
    /// The term in its canonical form, as the later state has it if it is in both.
    term: String,
    /// False when the text does not check against the fields that there are now: then the whole filter is one term.
    readable: bool,
}

/// A sort level as it stands in one of the states.
#[derive(SimpleObject)]
pub struct PlacedLevel {
    /// Its place, from 1.
    position: i32,
    /// What it says; the expression in its canonical form.
    level: SortLevel,
}

/// A sort level.
#[derive(SimpleObject)]
pub struct LevelDifference {
    /// What became of it.
    change: Change,
    /// Whether it stands elsewhere among the levels that both states have.
    moved: bool,
    /// As it was; null for a new one.
    before: Option<PlacedLevel>,
    /// As it is; null for one that is gone.
    after: Option<PlacedLevel>,
    /// False when its text does not check against the fields that there are now.
    readable: bool,
}

/// A radius that changed.
#[derive(SimpleObject)]
pub struct RadiusDifference {
    /// What it was.
    before: Radius,
    /// What it is.
    after: Radius,
}

/// A switch that was turned.
#[derive(SimpleObject)]
pub struct SwitchDifference {
    /// What it was.
    before: bool,
    /// What it is.
    after: bool,
}

/// A limit that changed.
#[derive(SimpleObject)]
pub struct LimitDifference {
    /// What it was.
    before: i32,
    /// What it is.
    after: i32,
}

/// What changed between two states of an interface.
pub struct InterfaceDifference(pub routing::Difference);

/// What changed between two states of an interface. Name, description and candidate kind belong to the interface as a whole and have
/// no versions.
#[Object]
impl InterfaceDifference {
    /// Whether both rank alike, however they are written.
    async fn is_same(&self) -> bool {
        self.0.is_none()
    }

    /// The filter's terms, those that all have to hold: first those of the later state in their order, then those that are gone.
    async fn filter(&self) -> Vec<TermDifference> {
        let term = |term: &routing::TermDifference| TermDifference {
            change: term.change.into(),
            term: term.text.clone(),
            readable: term.readable,
        };
        self.0.filter.iter().map(term).collect()
    }

    /// The sort levels: first those of the later state in their order, then those that are gone.
    async fn sort(&self) -> Vec<LevelDifference> {
        let placed = |(place, level): &(usize, crate::domain::interface::SortLevel)| PlacedLevel {
            position: i32::try_from(place + 1).unwrap_or(i32::MAX),
            level: level.into(),
        };
        let level = |level: &routing::LevelDifference| LevelDifference {
            change: level.change.into(),
            moved: level.moved,
            before: level.before.as_ref().map(placed),
            after: level.after.as_ref().map(placed),
            readable: level.readable,
        };
        self.0.sort.iter().map(level).collect()
    }

    /// How far away a candidate may be; null when that did not change.
    async fn radius(&self) -> Option<RadiusDifference> {
        self.0.radius.map(|(before, after)| RadiusDifference { before: before.into(), after: after.into() })
    }

    /// Only candidates in the lead's country; null when that did not change.
    async fn same_country(&self) -> Option<SwitchDifference> {
        self.0.same_country.map(|(before, after)| SwitchDifference { before, after })
    }

    /// Not those who had a copy of the request before; null when that did not change.
    async fn exclude_recipients(&self) -> Option<SwitchDifference> {
        self.0.exclude_recipients.map(|(before, after)| SwitchDifference { before, after })
    }

    /// At most this many candidates; null when that did not change.
    async fn limit(&self) -> Option<LimitDifference> {
        let shown = |limit: u32| i32::try_from(limit).unwrap_or(i32::MAX);
        self.0.limit.map(|(before, after)| LimitDifference { before: shown(before), after: shown(after) })
    }
}
