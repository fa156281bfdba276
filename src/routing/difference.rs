//! What changed from one definition to another, term by term: a term that moved or was written anew is no difference.
//!
//! A text that does not check is compared as it stands and marked, so that an answer never fails for it.

use super::definition::context_of;
use crate::domain::interface::{CandidateKind, Definition, Radius, SortLevel};
use crate::rules::{Catalog, Expect, check, meaning};

/// What became of a term or a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It says what it said.
    Kept,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// The same key, sorted another way.
    Changed,
}

/// What changed between two definitions. Of a setting: what it was and what it is, if that is not the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The filter's terms: those of the later definition in their order, then those that are gone.
    pub filter: Vec<TermDifference>,
    /// The sort levels: those of the later definition in their order, then those that are gone.
    pub sort: Vec<LevelDifference>,
    /// How far away a candidate may be.
    pub radius: Option<(Radius, Radius)>,
    /// Only candidates in the lead's country.
    pub same_country: Option<(bool, bool)>,
    /// Not those who had a copy of the request before.
    pub exclude_recipients: Option<(bool, bool)>,
    /// At most this many candidates.
    pub limit: Option<(u32, u32)>,
}

/// A term of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermDifference {
    /// What became of it.
    pub change: Change,
    /// Its canonical text, of the later definition if it is in both; the text as it stands when it does not check.
    pub text: String,
    /// Whether the text checks against the fields that there are now.
    pub readable: bool,
}

/// A sort level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelDifference {
    /// What became of it.
    pub change: Change,
    /// Whether it stands elsewhere among the levels that are in both.
    pub moved: bool,
    /// The level as it was, with its place from 0; none for a new one.
    pub before: Option<(usize, SortLevel)>,
    /// The level as it is, with its place from 0; none for one that is gone.
    pub after: Option<(usize, SortLevel)>,
    /// Whether its text checks against the fields that there are now.
    pub readable: bool,
}

impl Difference {
    /// Whether the two definitions rank alike, however they are written.
    pub fn is_none(&self) -> bool {
        let settings = self.radius.is_none()
            && self.same_country.is_none()
            && self.exclude_recipients.is_none()
            && self.limit.is_none();
        settings
            && self.filter.iter().all(|term| term.change == Change::Kept)
            && self.sort.iter().all(|level| level.change == Change::Kept && !level.moved)
    }
}

/// What changed from `before` to `after`, both read with the tenant's present fields.
pub fn difference(catalog: &Catalog, kind: CandidateKind, before: &Definition, after: &Definition) -> Difference {
    let reader = Reader { catalog, kind };
    Difference {
        filter: terms(&reader.filter(&before.filter), reader.filter(&after.filter)),
        sort: levels(&reader.levels(&before.sort), &reader.levels(&after.sort)),
        radius: changed(before.radius, after.radius),
        same_country: changed(before.same_country, after.same_country),
        exclude_recipients: changed(before.exclude_recipients, after.exclude_recipients),
        limit: changed(before.limit, after.limit),
    }
}

fn changed<T: PartialEq>(before: T, after: T) -> Option<(T, T)> {
    (before != after).then_some((before, after))
}

/// A term as it is compared: by its meaning, or by its text if it has none.
struct Said {
    meaning: Result<String, String>,
    text: String,
}

/// A level as it is compared.
struct SaidLevel {
    said: Said,
    place: usize,
    level: SortLevel,
}

struct Reader<'c> {
    catalog: &'c Catalog,
    kind: CandidateKind,
}

impl Reader<'_> {
    /// Each term once; none for a blank filter.
    fn filter(&self, text: &str) -> Vec<Said> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        let Ok(checked) = check(text, self.catalog, context_of(self.kind), Expect::Condition) else {
            return vec![unreadable(text)];
        };
        let mut terms: Vec<Said> = Vec::new();
        for (term, node) in checked.terms().iter().zip(checked.term_nodes()) {
            let said = Said { meaning: Ok(meaning(node, self.catalog)), text: term.text.clone() };
            if !terms.iter().any(|other| other.meaning == said.meaning) {
                terms.push(said);
            }
        }
        terms
    }

    fn levels(&self, levels: &[SortLevel]) -> Vec<SaidLevel> {
        let said = |(place, level): (usize, &SortLevel)| {
            let checked = check(&level.expression, self.catalog, context_of(self.kind), Expect::SortKey);
            let said = match &checked {
                Ok(key) => Said { meaning: Ok(meaning(key.root(), self.catalog)), text: key.text().to_owned() },
                Err(_) => unreadable(&level.expression),
            };
            let level = SortLevel { expression: said.text.clone(), ..level.clone() };
            SaidLevel { said, place, level }
        };
        levels.iter().enumerate().map(said).collect()
    }
}

fn unreadable(text: &str) -> Said {
    Said { meaning: Err(text.trim().to_owned()), text: text.trim().to_owned() }
}

fn terms(before: &[Said], after: Vec<Said>) -> Vec<TermDifference> {
    let among = |said: &Said, others: &[Said]| others.iter().any(|other| other.meaning == said.meaning);
    let told = |said: &Said, change| TermDifference { change, text: said.text.clone(), readable: said.meaning.is_ok() };
    let gone: Vec<TermDifference> =
        before.iter().filter(|said| !among(said, &after)).map(|said| told(said, Change::Removed)).collect();
    let here = after.iter().map(|said| told(said, if among(said, before) { Change::Kept } else { Change::Added }));
    here.chain(gone).collect()
}

fn levels(before: &[SaidLevel], after: &[SaidLevel]) -> Vec<LevelDifference> {
    let mut left: Vec<&SaidLevel> = before.iter().collect();
    let mut pairs: Vec<(Option<&SaidLevel>, &SaidLevel)> = Vec::with_capacity(after.len());
    for level in after {
        let same = left.iter().position(|other| other.said.meaning == level.said.meaning);
        pairs.push((same.map(|place| left.remove(place)), level));
    }
    let unmoved = longest_rise(&pairs.iter().filter_map(|(old, _)| old.map(|old| old.place)).collect::<Vec<_>>());
    let told = |(old, new): (Option<&SaidLevel>, &SaidLevel)| LevelDifference {
        change: match old.map(|old| (&old.level, &new.level)) {
            None => Change::Added,
            Some((old, new)) if (old.direction, old.nulls) == (new.direction, new.nulls) => Change::Kept,
            Some(_) => Change::Changed,
        },
        moved: old.is_some_and(|old| !unmoved.contains(&old.place)),
        before: old.map(|old| (old.place, old.level.clone())),
        after: Some((new.place, new.level.clone())),
        readable: new.said.meaning.is_ok(),
    };
    let gone = left.into_iter().map(|old| LevelDifference {
        change: Change::Removed,
        moved: false,
        before: Some((old.place, old.level.clone())),
        after: None,
        readable: old.said.meaning.is_ok(),
    });
    pairs.into_iter().map(told).chain(gone).collect()
}

/// The longest run of rising places, which stayed in order: as few levels as possible are said to have moved.
fn longest_rise(places: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::with_capacity(places.len());
    for place in places {
        let below = best.iter().filter(|rise| rise.last().is_some_and(|last| last < place));
        let mut rise = below.max_by_key(|rise| rise.len()).cloned().unwrap_or_default();
        rise.push(*place);
        best.push(rise);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interface::{Direction, Nulls};
    use crate::rules::CatalogParts;

    fn definition(filter: &str, sort: &[(&str, Direction)]) -> Definition {
        let level = |(expression, direction): &(&str, Direction)| SortLevel {
            expression: (*expression).to_owned(),
            direction: *direction,
            nulls: Nulls::Last,
        };
        Definition {
            filter: filter.to_owned(),
            radius: Radius::Nearest,
            same_country: true,
            exclude_recipients: true,
            sort: sort.iter().map(level).collect(),
            limit: 10,
        }
    }

    fn found(before: &Definition, after: &Definition) -> Difference {
        difference(&Catalog::new(CatalogParts::default()), CandidateKind::Dealer, before, after)
    }

    fn filter_of(before: &str, after: &str) -> Vec<(Change, String)> {
        let found = found(&definition(before, &[]), &definition(after, &[]));
        found.filter.into_iter().map(|term| (term.change, term.text)).collect()
    }

    // IFACE-1
    #[test]
    fn terms_are_compared_by_meaning_wherever_they_stand() {
        let before = "dealer.rating >= 4.0 && dealer.active && dealer.city == 'A'";
        let after = "dealer.active\n && (4.0 <= dealer.rating) && dealer.city == 'B' && dealer.active";
        let expected = [
            (Change::Kept, "dealer.active"),
            (Change::Kept, "4.0 <= dealer.rating"),
            (Change::Added, "dealer.city == 'B'"),
            (Change::Removed, "dealer.city == 'A'"),
        ];
        assert_eq!(filter_of(before, after), expected.map(|(change, text)| (change, text.to_owned())));
        assert_eq!(filter_of(" ", "dealer.active"), [(Change::Added, "dealer.active".to_owned())]);
        assert_eq!(filter_of("dealer.active", ""), [(Change::Removed, "dealer.active".to_owned())]);
    }

    // IFACE-1
    #[test]
    fn a_definition_that_was_only_written_anew_does_not_differ() {
        let before = definition("dealer.active && dealer.rating > 1.0", &[("dealer.rating", Direction::Desc)]);
        let after = definition("1.0<dealer.rating&&dealer.active==true", &[("(dealer.rating)", Direction::Desc)]);
        assert!(found(&before, &after).is_none());
        assert!(found(&definition("", &[]), &definition("\n", &[])).is_none());
        assert!(!found(&before, &Definition { limit: 11, ..before.clone() }).is_none());
    }

    // IFACE-1
    #[test]
    fn levels_are_added_removed_changed_and_moved() {
        let (asc, desc) = (Direction::Asc, Direction::Desc);
        let before = definition(
            "",
            &[("dealer.name", asc), ("dealer.rating", desc), ("dealer.city", asc), ("dealer.lottery", asc)],
        );
        let after = definition(
            "",
            &[("dealer.rating", asc), ("dealer.city", asc), ("dealer.name", asc), ("dealer.distance_km", asc)],
        );
        let told: Vec<(Change, bool, Option<usize>, Option<usize>)> = found(&before, &after)
            .sort
            .iter()
            .map(|level| {
                let place = |of: &Option<(usize, SortLevel)>| of.as_ref().map(|(place, _)| *place);
                (level.change, level.moved, place(&level.before), place(&level.after))
            })
            .collect();
        let expected = [
            (Change::Changed, false, Some(1), Some(0)),
            (Change::Kept, false, Some(2), Some(1)),
            (Change::Kept, true, Some(0), Some(2)),
            (Change::Added, false, None, Some(3)),
            (Change::Removed, false, Some(3), None),
        ];
        assert_eq!(told, expected);
    }

    // IFACE-1
    #[test]
    fn settings_are_told_as_they_were_and_are() {
        let before = definition("", &[]);
        let within = Radius::Within { km: 5.0 };
        let after =
            Definition { radius: within, same_country: false, exclude_recipients: false, limit: 3, ..before.clone() };
        let found = found(&before, &after);
        assert_eq!(found.radius, Some((Radius::Nearest, within)));
        assert_eq!((found.same_country, found.exclude_recipients), (Some((true, false)), Some((true, false))));
        assert_eq!(found.limit, Some((10, 3)));
    }

    // IFACE-1, EXPR-8
    #[test]
    fn a_text_that_does_not_check_is_named_and_compared_as_it_stands() {
        let before = definition("dealer.custom.gone && dealer.active", &[("dealer.custom.gone", Direction::Asc)]);
        let after = definition("dealer.active", &[("dealer.custom.gone ", Direction::Asc)]);
        let found = found(&before, &after);
        let terms: Vec<(Change, bool, &str)> =
            found.filter.iter().map(|term| (term.change, term.readable, term.text.as_str())).collect();
        let gone = "dealer.custom.gone && dealer.active";
        assert_eq!(terms, [(Change::Added, true, "dealer.active"), (Change::Removed, false, gone)]);
        assert_eq!((found.sort[0].change, found.sort[0].readable), (Change::Kept, false));
    }
}
