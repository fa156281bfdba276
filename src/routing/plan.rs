//! An interface compiled against a network: what can be said of each candidate before any lead is known, said once.
//!
//! The filter's terms that read nothing but the candidate are evaluated here, for all candidates; those that read the lead, the
//! moment or a computed field wait for the lead.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::column::Column;
use super::definition::{CheckedDefinition, CheckedLevel, DefinitionProblem, check_definition};
use super::network::{Network, Pool, Slot, Standing};
use super::row::Row;
use crate::domain::CountryCode;
use crate::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius};
use crate::rules::{Checked, Comparison, DealerField, FieldSource, Kind, Node, Root, SortKey, Truth, UserField, truth};

/// What is known of a candidate before the lead: 0 to 3 as below, then two for each static term, false and unknown.
pub(super) type Class = u16;
pub(super) const INACTIVE: Class = 0;
pub(super) const NOT_ACCEPTING: Class = 1;
pub(super) const UNREACHABLE: Class = 2;
pub(super) const PASSES: Class = 3;
const FAILS: Class = 4;

/// A candidate's class and country in one word, so that looking at one costs one access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) class: Class,
    pub(super) country: Option<CountryCode>,
}

/// An interface compiled against a network.
#[derive(Debug)]
pub struct Plan {
    network: Arc<Network>,
    kind: CandidateKind,
    rules: CheckedDefinition,
    terms: Arc<[String]>,
    statics: usize,
    waiting: Vec<WaitingTerm>,
    classes: Vec<Class>,
    /// By the places of [`Pool::located`].
    tags: Vec<Tag>,
    inactive: u64,
    not_accepting: u64,
    parts: HashMap<Option<CountryCode>, Part>,
    levels: Vec<Level>,
    reads_loads: bool,
    reads_distance: bool,
}

/// The candidates of one country, or all if the country does not matter.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// How many are active and accept leads.
    pub(super) base: u64,
    /// How many there are of each class.
    pub(super) counts: Vec<u64>,
    /// Those that pass all static terms.
    pub(super) passing: Vec<u32>,
}

/// A term that waits for the lead.
#[derive(Debug)]
pub(super) struct WaitingTerm {
    pub(super) node: Node,
    /// Set when the term compares a text column with something that is the same for all candidates.
    pub(super) same: Option<SameText>,
}

/// `dealer.<column> == <other>`
#[derive(Debug)]
pub(super) struct SameText {
    pub(super) column: usize,
    pub(super) other: Node,
}

/// How one level of the order is found.
#[derive(Debug)]
pub(super) enum Level {
    /// The same for every lead: each passing candidate's rank, direction and nulls worked in.
    Ranks(Vec<u32>),
    /// The great circle, straight from the points.
    Distance { direction: Direction, nulls: Nulls },
    /// Whatever the expression says.
    Key(CheckedLevel),
}

impl Plan {
    /// Checks and compiles a definition.
    pub fn compile(
        network: Arc<Network>,
        kind: CandidateKind,
        definition: &Definition,
    ) -> Result<Self, Vec<DefinitionProblem>> {
        let rules = check_definition(network.catalog(), kind, definition)?;
        Ok(Self::of(network, kind, rules))
    }

    /// Compiles what was checked against this network's catalog.
    fn of(network: Arc<Network>, kind: CandidateKind, rules: CheckedDefinition) -> Self {
        let (early, late) = split(&rules);
        let texts = early.iter().chain(&late).map(|(text, _)| text.clone()).collect();
        let classes = classify(&network, kind, &early);
        let parts = part(network.pool(kind), &classes, rules.same_country);
        let pool = network.pool(kind);
        let tag = |place: &u32| Tag {
            class: classes.get(*place as usize).copied().unwrap_or(INACTIVE),
            country: pool.country(*place),
        };
        let tags = pool.located().iter().map(tag).collect();
        let count = |wanted| classes.iter().filter(|class| **class == wanted).count() as u64;
        let levels = rules.sort.iter().map(|level| compile_level(&network, kind, &classes, level)).collect();
        let mut plan = Self {
            terms: texts,
            statics: early.len(),
            waiting: late.iter().map(|(_, node)| waiting(&network, kind, node)).collect(),
            inactive: count(INACTIVE),
            not_accepting: count(NOT_ACCEPTING),
            parts,
            levels,
            tags,
            reads_loads: false,
            reads_distance: matches!(rules.radius, Radius::Within { .. }),
            network,
            kind,
            rules,
            classes,
        };
        plan.note_reads();
        plan
    }

    fn note_reads(&mut self) {
        let keys = self.rules.sort.iter().map(|level| &level.key);
        let fields = self.rules.filter.iter().chain(keys).flat_map(Checked::fields);
        for field in fields {
            match &field.source {
                FieldSource::Dealer(DealerField::DistanceKm | DealerField::DistanceMi) => self.reads_distance = true,
                FieldSource::Dealer(
                    DealerField::OpenLeads
                    | DealerField::LeadsToday
                    | DealerField::AckRate
                    | DealerField::ResponseMinutes,
                )
                | FieldSource::User(UserField::OpenLeads | UserField::LeadsToday) => self.reads_loads = true,
                _ => {}
            }
        }
    }

    /// The network that candidates are taken from.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// What is ranked.
    pub fn kind(&self) -> CandidateKind {
        self.kind
    }

    /// The definition that was compiled.
    pub fn rules(&self) -> &CheckedDefinition {
        &self.rules
    }

    /// Whether the answer depends on what candidates have in hand.
    pub fn needs_loads(&self) -> bool {
        self.reads_loads || (self.kind == CandidateKind::Dealer && self.network.has_capacities())
    }

    /// Whether somebody is left out, or ordered, by distance.
    pub fn needs_distance(&self) -> bool {
        self.reads_distance
    }

    pub(super) fn pool(&self) -> &Pool {
        self.network.pool(self.kind)
    }

    /// The terms' texts, in the order in which they are looked at.
    pub(super) fn terms(&self) -> &Arc<[String]> {
        &self.terms
    }

    /// How many of the terms are static.
    pub(super) fn statics(&self) -> usize {
        self.statics
    }

    pub(super) fn waiting(&self) -> &[WaitingTerm] {
        &self.waiting
    }

    pub(super) fn class(&self, place: u32) -> Class {
        self.classes.get(place as usize).copied().unwrap_or(INACTIVE)
    }

    pub(super) fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// How many classes there are.
    pub(super) fn class_count(&self) -> usize {
        usize::from(FAILS) + 2 * self.statics
    }

    pub(super) fn inactive(&self) -> u64 {
        self.inactive
    }

    pub(super) fn not_accepting(&self) -> u64 {
        self.not_accepting
    }

    /// The candidates that may get a lead of this country: its own, and those who are nowhere in particular.
    pub(super) fn parts(&self, country: CountryCode) -> impl Iterator<Item = &Part> {
        let own = self.rules.same_country.then(|| self.parts.get(&Some(country))).flatten();
        own.into_iter().chain(self.parts.get(&None))
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(super) fn row(&self, place: u32) -> Row<'_> {
        Row { network: &self.network, pool: self.pool(), kind: self.kind, place, beside: None }
    }
}

/// The static term that a class says was not true, and whether it was unknown rather than false.
pub(super) fn failed_term(class: Class) -> Option<(usize, bool)> {
    let offset = class.checked_sub(FAILS)?;
    Some((usize::from(offset / 2), offset % 2 == 1))
}

/// A term's text and its tree.
type TextAndNode = (String, Node);

/// The terms, the static ones first: they cost nothing when a lead comes.
fn split(rules: &CheckedDefinition) -> (Vec<TextAndNode>, Vec<TextAndNode>) {
    let Some(filter) = &rules.filter else { return (Vec::new(), Vec::new()) };
    let terms = filter.terms().iter().zip(filter.term_nodes());
    let (early, late): (Vec<_>, Vec<_>) = terms.partition(|(term, _)| term.is_static());
    let owned = |terms: Vec<(&crate::rules::Term, &Node)>| {
        terms.into_iter().map(|(term, node)| (term.text.clone(), node.clone())).collect()
    };
    (owned(early), owned(late))
}

fn classify(network: &Network, kind: CandidateKind, terms: &[TextAndNode]) -> Vec<Class> {
    let pool = network.pool(kind);
    let class = |place: u32| match pool.standing(place) {
        Standing::Inactive => INACTIVE,
        Standing::NotAccepting => NOT_ACCEPTING,
        Standing::Unreachable => UNREACHABLE,
        Standing::Sound => {
            let row = Row { network, pool, kind, place, beside: None };
            let failed =
                terms.iter().zip((FAILS..).step_by(2)).find_map(|((_, node), class)| match truth(node, &row) {
                    Truth::True => None,
                    Truth::False => Some(class),
                    Truth::Unknown => Some(class + 1),
                });
            failed.unwrap_or(PASSES)
        }
    };
    (0..pool.len() as u32).map(class).collect()
}

fn part(pool: &Pool, classes: &[Class], by_country: bool) -> HashMap<Option<CountryCode>, Part> {
    let mut parts: HashMap<Option<CountryCode>, Part> = HashMap::new();
    for (class, place) in classes.iter().zip(0_u32..) {
        let country = if by_country { pool.country(place) } else { None };
        let part = parts.entry(country).or_default();
        let slot = usize::from(*class);
        if part.counts.len() <= slot {
            part.counts.resize(slot + 1, 0);
        }
        if let Some(count) = part.counts.get_mut(slot) {
            *count += 1;
        }
        part.base += u64::from(*class >= UNREACHABLE);
        if *class == PASSES {
            part.passing.push(place);
        }
    }
    parts
}

fn waiting(network: &Network, kind: CandidateKind, node: &Node) -> WaitingTerm {
    let same = match &node.kind {
        Kind::Compare(Comparison::Equal, sides) => {
            let [left, right] = &**sides;
            same_text(network, kind, left, right).or_else(|| same_text(network, kind, right, left))
        }
        _ => None,
    };
    WaitingTerm { node: node.clone(), same }
}

fn same_text(network: &Network, kind: CandidateKind, field: &Node, other: &Node) -> Option<SameText> {
    let Kind::Field(id) = &field.kind else { return None };
    let Some(Slot::Candidate(column)) = network.slots().get(id.index()) else { return None };
    let is_text = matches!(network.pool(kind).column(*column), Some(Column::Text(_)));
    let mut alike = true;
    other.each_field(&mut |id| {
        let root = network.catalog().field(id).map(|field| field.root);
        alike &= !matches!(root, Some(Root::Dealer | Root::User));
    });
    (is_text && alike).then(|| SameText { column: *column, other: other.clone() })
}

fn compile_level(network: &Network, kind: CandidateKind, classes: &[Class], level: &CheckedLevel) -> Level {
    let fields = level.key.fields();
    if let (Kind::Field(_), [only]) = (&level.key.root().kind, fields)
        && only.source == FieldSource::Dealer(DealerField::DistanceKm)
    {
        return Level::Distance { direction: level.direction, nulls: level.nulls };
    }
    if level.key.terms().iter().all(crate::rules::Term::is_static) {
        return Level::Ranks(ranks(network, kind, classes, level));
    }
    Level::Key(level.clone())
}

/// Equal keys get equal ranks. Only those who pass are ever compared.
fn ranks(network: &Network, kind: CandidateKind, classes: &[Class], level: &CheckedLevel) -> Vec<u32> {
    let pool = network.pool(kind);
    let passing = classes.iter().zip(0_u32..).filter(|(class, _)| **class == PASSES);
    let rows: Vec<Row<'_>> = passing.map(|(_, place)| Row { network, pool, kind, place, beside: None }).collect();
    let mut keys: Vec<(SortKey<'_>, u32)> = rows.iter().map(|row| (level.key.sort_key(row), row.place)).collect();
    keys.sort_unstable_by(|(left, _), (right, _)| compare(level, left, right));
    let mut ranks = vec![0; pool.len()];
    let mut rank = 0;
    let mut before: Option<&SortKey<'_>> = None;
    for (key, place) in &keys {
        if before.is_some_and(|before| compare(level, before, key).is_ne()) {
            rank += 1;
        }
        before = Some(key);
        if let Some(slot) = ranks.get_mut(*place as usize) {
            *slot = rank;
        }
    }
    ranks
}

/// The order of two keys of a level.
pub(super) fn compare(level: &CheckedLevel, left: &SortKey<'_>, right: &SortKey<'_>) -> Ordering {
    let direction = match level.direction {
        Direction::Asc => crate::rules::Direction::Ascending,
        Direction::Desc => crate::rules::Direction::Descending,
    };
    let nulls = match level.nulls {
        Nulls::First => crate::rules::Nulls::First,
        Nulls::Last => crate::rules::Nulls::Last,
    };
    left.compare(right, direction, nulls)
}
