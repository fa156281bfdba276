//! An interface compiled against a network: what can be said of each candidate before any lead is known, said once.
//!
//! The filter's terms that read nothing but the candidate are evaluated here, once for all who are alike in what they read. Those that
//! read the lead or the moment, too, wait for the lead, but the candidates are already told apart by what such terms read of them; so a
//! lead is held against a handful of kinds instead of everybody. Only a term that reads a computed field is left for each single one.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::alike::{Kinds, Reads};
use super::column::Column;
use super::definition::{CheckedDefinition, CheckedLevel, DefinitionProblem, check_definition};
use super::network::{Network, Pool, Slot, Standing};
use super::row::Row;
use crate::domain::CountryCode;
use crate::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius};
use crate::rules::{Checked, Comparison, DealerField, FieldSource, Kind, Node, SortKey, Truth, UserField, truth};

/// What is known of a candidate before the lead: 0 to 2 as below, then two for each static term, false and unknown, then one for each
/// kind of those who pass.
pub(super) type Class = u16;
pub(super) const INACTIVE: Class = 0;
pub(super) const NOT_ACCEPTING: Class = 1;
pub(super) const UNREACHABLE: Class = 2;
pub(super) const FAILS: Class = 3;

/// Told apart by more than this, candidates are cheaper to look at one by one, and the counts of each cell would grow long.
const KINDS_MAX: usize = 256;

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
    /// A candidate of each kind of those who pass, as an example.
    examples: Vec<u32>,
    inactive: u64,
    not_accepting: u64,
    parts: HashMap<Option<CountryCode>, Part>,
    /// How many there are of each class in each of the pool's cells, cell by cell.
    cells: Vec<u32>,
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
    /// Those that pass all static terms, by their rank on a first level that is the same for every lead, if the first level is.
    pub(super) passing: Vec<u32>,
}

/// A term that waits for the lead.
#[derive(Debug)]
pub(super) struct WaitingTerm {
    pub(super) node: Node,
    /// Whether it says the same of all of a kind, rather than of each candidate something else.
    pub(super) by_kind: bool,
    /// Set when the term compares a text column with something that is the same for all candidates.
    pub(super) same: Option<SameText>,
}

/// `dealer.<column> == <other>`
#[derive(Debug)]
pub(super) struct SameText {
    pub(super) column: usize,
    pub(super) other: Node,
}

/// How one level of the order, or several, are found.
#[derive(Debug)]
pub(super) enum Level {
    /// One level or several in a row that are the same for every lead: each passing candidate's rank, direction and nulls worked in.
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

    /// The same interface, compiled against another network; `None` if expressions may mean something else there.
    pub fn over(&self, network: &Arc<Network>) -> Option<Self> {
        (network.catalog() == self.network.catalog())
            .then(|| Self::of(Arc::clone(network), self.kind, self.rules.clone()))
    }

    /// Compiles what was checked against this network's catalog.
    fn of(network: Arc<Network>, kind: CandidateKind, rules: CheckedDefinition) -> Self {
        let (early, late) = split(&rules);
        let texts = early.iter().chain(&late).map(|(text, _)| text.clone()).collect();
        let mut classes = classify(&network, kind, &early);
        let mut waiting: Vec<WaitingTerm> = late.iter().map(|(_, node)| waiting(&network, kind, node)).collect();
        let passes = FAILS + 2 * early.len() as Class;
        let examples = tell_apart(&network, kind, &mut waiting, &mut classes, passes);
        let levels = compile_levels(&network, kind, &rules.sort);
        let count = |wanted| classes.iter().filter(|class| **class == wanted).count() as u64;
        let mut plan = Self {
            terms: texts,
            statics: early.len(),
            waiting,
            inactive: count(INACTIVE),
            not_accepting: count(NOT_ACCEPTING),
            examples,
            parts: HashMap::new(),
            cells: Vec::new(),
            levels,
            reads_loads: false,
            reads_distance: matches!(rules.radius, Radius::Within { .. }),
            network,
            kind,
            rules,
            classes,
        };
        plan.parts = plan.count_parts();
        plan.cells = plan.count_cells();
        plan.note_reads();
        plan
    }

    fn count_parts(&self) -> HashMap<Option<CountryCode>, Part> {
        let pool = self.pool();
        let mut parts: HashMap<Option<CountryCode>, Part> = HashMap::new();
        for (class, place) in self.classes.iter().zip(0_u32..) {
            let country = if self.rules.same_country { pool.country(place) } else { None };
            let part =
                parts.entry(country).or_insert_with(|| Part { counts: vec![0; self.class_count()], ..Part::default() });
            if let Some(count) = part.counts.get_mut(usize::from(*class)) {
                *count += 1;
            }
            part.base += u64::from(*class >= UNREACHABLE);
            if *class >= self.passes() {
                part.passing.push(place);
            }
        }
        for part in parts.values_mut() {
            match self.levels.as_slice() {
                [] => part.passing.sort_unstable_by_key(|place| pool.turn(*place)),
                [Level::Ranks(ranks)] => {
                    part.passing.sort_by_cached_key(|place| (rank_of(ranks, *place), pool.turn(*place)));
                }
                [Level::Ranks(ranks), ..] => part.passing.sort_by_cached_key(|place| (rank_of(ranks, *place), *place)),
                _ => {}
            }
        }
        parts
    }

    fn count_cells(&self) -> Vec<u32> {
        let cells = self.pool().cells();
        let each = self.class_count();
        let mut counts = vec![0; cells.cell_count() * each];
        if matches!(self.rules.radius, Radius::Nearest) {
            // Nobody will ask.
            return Vec::new();
        }
        for (cell, counts) in (0_u32..).zip(counts.chunks_mut(each.max(1))) {
            for place in cells.points_of(cell) {
                if let Some(count) = counts.get_mut(usize::from(self.class(place))) {
                    *count += 1;
                }
            }
        }
        counts
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

    /// The classes of a run of places.
    pub(super) fn classes(&self, places: Range<u32>) -> &[Class] {
        self.classes.get(places.start as usize..places.end as usize).unwrap_or_default()
    }

    /// The first class of those who pass all static terms; the kinds count from here.
    pub(super) fn passes(&self) -> Class {
        FAILS + 2 * self.statics as Class
    }

    /// A candidate of each kind of those who pass.
    pub(super) fn examples(&self) -> &[u32] {
        &self.examples
    }

    /// How many classes there are.
    pub(super) fn class_count(&self) -> usize {
        usize::from(self.passes()) + self.examples.len()
    }

    /// How many there are of each class in a cell of the pool.
    pub(super) fn counts_of(&self, cell: u32) -> &[u32] {
        let each = self.class_count();
        let start = cell as usize * each;
        self.cells.get(start..start + each).unwrap_or_default()
    }

    /// The static term that a class says was not true, and whether it was unknown rather than false.
    pub(super) fn failed_term(&self, class: Class) -> Option<(usize, bool)> {
        let offset = class.checked_sub(FAILS).filter(|_| class < self.passes())?;
        Some((usize::from(offset / 2), offset % 2 == 1))
    }

    /// Bytes in memory, the network's not counted.
    pub fn bytes(&self) -> usize {
        let ranks = self.levels.iter().map(|level| match level {
            Level::Ranks(ranks) => size_of_val(ranks.as_slice()),
            Level::Distance { .. } | Level::Key(_) => 0,
        });
        let parts = self.parts.values().map(|part| size_of_val(part.passing.as_slice()));
        size_of_val(self.classes.as_slice()) + size_of_val(self.cells.as_slice()) + ranks.chain(parts).sum::<usize>()
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
    // A static term reads columns only.
    let judged: Vec<(Kinds, Vec<Truth>)> = terms.iter().map(|(_, node)| judge(network, kind, node)).collect();
    let class = |place: u32| match pool.standing(place) {
        Standing::Inactive => INACTIVE,
        Standing::NotAccepting => NOT_ACCEPTING,
        Standing::Unreachable => UNREACHABLE,
        Standing::Sound => {
            let truths = judged.iter().map(|(kinds, truths)| truths.get(kinds.of(place) as usize).copied());
            let failed = truths.zip((FAILS..).step_by(2)).find_map(|(truth, class)| match truth {
                Some(Truth::True) => None,
                Some(Truth::False) => Some(class),
                Some(Truth::Unknown) | None => Some(class + 1),
            });
            failed.unwrap_or(FAILS + 2 * terms.len() as Class)
        }
    };
    (0..pool.len() as u32).map(class).collect()
}

/// What a term that reads stored fields alone says of each kind.
fn judge(network: &Network, kind: CandidateKind, node: &Node) -> (Kinds, Vec<Truth>) {
    let pool = network.pool(kind);
    let columns = match Reads::of(network, node) {
        Reads::Columns(columns) => columns,
        Reads::Computed => Vec::new(),
    };
    let kinds = Kinds::by(pool, &columns);
    let of = |place: &u32| truth(node, &Row { network, pool, kind, place: *place, beside: None });
    let truths = kinds.examples().iter().map(of).collect();
    (kinds, truths)
}

/// Gives those who pass classes by all that the terms that wait read of them, as long as there are few, and answers with an example of
/// each.
fn tell_apart(
    network: &Network,
    kind: CandidateKind,
    waiting: &mut [WaitingTerm],
    classes: &mut [Class],
    passes: Class,
) -> Vec<u32> {
    let pool = network.pool(kind);
    let mut columns: Vec<usize> = Vec::new();
    let mut kinds = Kinds::by(pool, &columns);
    for term in waiting {
        let Reads::Columns(more) = Reads::of(network, &term.node) else { continue };
        let mut all = columns.clone();
        all.extend(more);
        all.sort_unstable();
        all.dedup();
        let finer = Kinds::by(pool, &all);
        if finer.examples().len() <= KINDS_MAX {
            (columns, kinds) = (all, finer);
            term.by_kind = true;
        }
    }
    for (class, place) in classes.iter_mut().zip(0_u32..).filter(|(class, _)| **class == passes) {
        *class += kinds.of(place) as Class;
    }
    kinds.examples().to_vec()
}

fn waiting(network: &Network, kind: CandidateKind, node: &Node) -> WaitingTerm {
    let same = match &node.kind {
        Kind::Compare(Comparison::Equal, sides) => {
            let [left, right] = &**sides;
            same_text(network, kind, left, right).or_else(|| same_text(network, kind, right, left))
        }
        _ => None,
    };
    WaitingTerm { node: node.clone(), by_kind: false, same }
}

fn same_text(network: &Network, kind: CandidateKind, field: &Node, other: &Node) -> Option<SameText> {
    let Kind::Field(id) = &field.kind else { return None };
    let Some(Slot::Candidate(column)) = network.slots().get(id.index()) else { return None };
    let is_text = matches!(network.pool(kind).column(*column), Some(Column::Text(_)));
    let alike = Reads::of(network, other).nothing();
    (is_text && alike).then(|| SameText { column: *column, other: other.clone() })
}

fn compile_levels(network: &Network, kind: CandidateKind, sort: &[CheckedLevel]) -> Vec<Level> {
    let is_static = |level: &CheckedLevel| level.key.terms().iter().all(crate::rules::Term::is_static);
    let runs = sort.chunk_by(|left, right| is_static(left) && is_static(right));
    let compiled = runs.map(|run| match run {
        [level, ..] if is_static(level) => Level::Ranks(ranks(network, kind, run)),
        [level] if is_distance(level) => Level::Distance { direction: level.direction, nulls: level.nulls },
        // A run of several is static.
        [level, ..] => Level::Key(level.clone()),
        [] => Level::Ranks(Vec::new()),
    });
    compiled.collect()
}

fn is_distance(level: &CheckedLevel) -> bool {
    matches!((&level.key.root().kind, level.key.fields()), (Kind::Field(_), [only])
        if only.source == FieldSource::Dealer(DealerField::DistanceKm))
}

/// Equal keys get equal ranks.
fn ranks(network: &Network, kind: CandidateKind, levels: &[CheckedLevel]) -> Vec<u32> {
    let pool = network.pool(kind);
    let reads = levels.iter().map(|level| Reads::of(network, level.key.root()));
    let mut columns: Vec<usize> = reads
        .flat_map(|reads| match reads {
            Reads::Columns(columns) => columns,
            Reads::Computed => Vec::new(),
        })
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let kinds = Kinds::by(pool, &columns);
    let rows: Vec<Row<'_>> =
        kinds.examples().iter().map(|place| Row { network, pool, kind, place: *place, beside: None }).collect();
    let keys = |row| levels.iter().map(|level| level.key.sort_key(row)).collect::<Vec<SortKey<'_>>>();
    let mut keyed: Vec<(Vec<SortKey<'_>>, usize)> = rows.iter().map(keys).zip(0..).collect();
    keyed.sort_unstable_by(|(left, _), (right, _)| compare_all(levels, left, right));
    let mut by_kind = vec![0; keyed.len()];
    let mut rank = 0;
    let mut before: Option<&[SortKey<'_>]> = None;
    for (key, of) in &keyed {
        if before.is_some_and(|before| compare_all(levels, before, key).is_ne()) {
            rank += 1;
        }
        before = Some(key);
        if let Some(slot) = by_kind.get_mut(*of) {
            *slot = rank;
        }
    }
    (0..pool.len() as u32).map(|place| rank_of(&by_kind, kinds.of(place))).collect()
}

/// The rank at a place, the last of all for one that there is not.
pub(super) fn rank_of(ranks: &[u32], place: u32) -> u32 {
    ranks.get(place as usize).copied().unwrap_or(u32::MAX)
}

/// The order of two candidates by all levels.
pub(super) fn compare_all(levels: &[CheckedLevel], left: &[SortKey<'_>], right: &[SortKey<'_>]) -> Ordering {
    let mut orders =
        levels.iter().zip(left.iter().zip(right)).map(|(level, (left, right))| compare(level, left, right));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
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
