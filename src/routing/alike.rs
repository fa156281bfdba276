//! Candidates who are alike: those who agree in all that an expression reads are judged once.
//!
//! A network has few tiers, ratings and regions, however many dealers it has. So an expression over stored fields is evaluated for one
//! example of each kind, by the interpreter itself, and holds for all of that kind.

use std::collections::HashSet;

use hashbrown::HashMap;

use super::network::{Network, Pool, Slot};
use crate::rules::{Node, Root};

/// A table of all pairs is made up to so many entries per candidate; past it, only the pairs that occur are kept.
const TABLE_SHARE: usize = 2;

/// The candidates of a pool by kind.
#[derive(Debug)]
pub(super) struct Kinds {
    of: Vec<u32>,
    examples: Vec<u32>,
}

impl Kinds {
    /// All of a pool, told apart by some of its columns.
    pub(super) fn by(pool: &Pool, columns: &[usize]) -> Self {
        let mut kinds = Self { of: vec![0; pool.len()], examples: vec![0; pool.len().min(1)] };
        for column in columns.iter().filter_map(|column| pool.column(*column)) {
            let (codes, count) = column.codes();
            kinds.refine(&codes, count as usize);
        }
        kinds
    }

    /// The kind of a candidate.
    pub(super) fn of(&self, place: u32) -> u32 {
        self.of.get(place as usize).copied().unwrap_or(u32::MAX)
    }

    /// A candidate of each kind.
    pub(super) fn examples(&self) -> &[u32] {
        &self.examples
    }

    fn refine(&mut self, codes: &[u32], count: usize) {
        let pairs = self.examples.len() * count;
        self.examples.clear();
        let Self { of, examples } = self;
        let placed = of.iter_mut().zip(codes).zip(0_u32..);
        if pairs <= TABLE_SHARE * codes.len() {
            let mut table = vec![u32::MAX; pairs];
            for ((kind, code), place) in placed {
                let Some(known) = table.get_mut(*kind as usize * count + *code as usize) else { continue };
                if *known == u32::MAX {
                    *known = examples.len() as u32;
                    examples.push(place);
                }
                *kind = *known;
            }
        } else {
            let mut table: HashMap<(u32, u32), u32> = HashMap::new();
            for ((kind, code), place) in placed {
                *kind = *table.entry((*kind, *code)).or_insert_with(|| {
                    examples.push(place);
                    examples.len() as u32 - 1
                });
            }
        }
    }
}

/// What a term reads of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// These columns; none for a term that says the same of everybody.
    Columns(Vec<usize>),
    /// Something that is worked out for the candidate beside the lead.
    Computed,
}

impl Reads {
    pub(super) fn of(network: &Network, node: &Node) -> Self {
        let mut columns = HashSet::new();
        let mut computed = false;
        node.each_field(&mut |id| match network.slots().get(id.index()) {
            Some(Slot::Candidate(column)) => {
                columns.insert(*column);
            }
            Some(Slot::Source(_)) => {
                let root = network.catalog().field(id).map(|field| field.root);
                computed |= matches!(root, Some(Root::Dealer | Root::User));
            }
            Some(Slot::Holder(_) | Slot::Owner(_)) | None => {}
        });
        let mut columns: Vec<usize> = columns.into_iter().collect();
        columns.sort_unstable();
        if computed { Self::Computed } else { Self::Columns(columns) }
    }

    /// Whether the term says the same of everybody.
    pub(super) fn nothing(&self) -> bool {
        matches!(self, Self::Columns(columns) if columns.is_empty())
    }
}
