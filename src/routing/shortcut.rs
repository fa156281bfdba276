//! The first few without looking at everybody: by the ranks that are the same for every lead, or by distance.
//!
//! A shortcut finds those who match and can be among the first `limit`, and few others; the order among them is made as ever. It is open
//! only where each kind of candidates matches or not as a whole, so that the count of all is known without it.

use super::plan::{Level, Part, rank_of};
use super::search::{Reach, Search};
use crate::domain::interface::{Direction, Nulls};
use crate::places::Cells;

/// So few are looked at one by one.
const LOOKED_AT_MIN: u64 = 128;
/// What passing the next best costs, against what looking at one within reach costs, by measurement: the best lie apart in memory.
const STEP_COST: u64 = 3;

/// How many are wanted, how many match, and how many pass the static terms; the last two within reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) limit: usize,
    pub(super) matched: u64,
    pub(super) passing: u64,
}

impl Search<'_> {
    /// Those who match and can be among the first, if finding them so is worth while.
    pub(super) fn shortcut(&self, reach: &Reach, levels: &[Level], wanted: Wanted, apart: &[u32]) -> Option<Vec<u32>> {
        let limit = wanted.limit as u64;
        if wanted.passing <= LOOKED_AT_MIN || wanted.matched <= limit {
            return None;
        }
        let keep = |place| self.matches(place) && apart.binary_search(&place).is_err() && self.is_within(reach, place);
        match levels.first() {
            None | Some(Level::Ranks(_)) => {
                let parts: Vec<&Part> = self.parts().collect();
                let all: u64 = parts.iter().map(|part| part.passing.len() as u64).sum();
                let steps = limit * all / wanted.matched;
                (steps * STEP_COST < wanted.passing).then(|| by_rank(&parts, levels, wanted.limit, keep))
            }
            Some(Level::Distance { direction: Direction::Asc, nulls: Nulls::Last }) => {
                let found = self.cells().nearest(self.roots(), self.point()?, wanted.limit, keep);
                // Who has no point comes after all who have one, so is wanted only if these are too few.
                (found.len() >= wanted.limit).then_some(found)
            }
            Some(Level::Distance { .. } | Level::Key(_)) => None,
        }
    }

    fn is_within(&self, reach: &Reach, place: u32) -> bool {
        match (reach, self.circle()) {
            (Reach::Everybody, _) => true,
            // Who is nowhere in particular is at every distance.
            (Reach::Within(_), circle) => {
                self.pool().country(place).is_none()
                    || ((place as usize) < self.cells().len()
                        && circle.is_some_and(|circle| self.cells().is_in(place, circle)))
            }
        }
    }

    fn cells(&self) -> &Cells {
        self.pool().cells()
    }
}

/// Rank after rank, until enough of a rank and those before it match.
fn by_rank(parts: &[&Part], levels: &[Level], limit: usize, keep: impl Fn(u32) -> bool) -> Vec<u32> {
    let ranks: &[u32] = match levels.first() {
        Some(Level::Ranks(ranks)) => ranks,
        _ => &[],
    };
    let mut ahead: Vec<&[u32]> = parts.iter().map(|part| part.passing.as_slice()).collect();
    let mut found = Vec::new();
    // With no further level a rank is in the order of the turns, so that its first ones will do.
    let in_turn = levels.len() <= 1 && parts.len() == 1;
    while found.len() < limit {
        let next = ahead.iter().filter_map(|places| places.first()).map(|place| rank_of(ranks, *place)).min();
        let Some(rank) = next else { break };
        for places in &mut ahead {
            while let Some((place, rest)) = places.split_first().filter(|(place, _)| rank_of(ranks, **place) == rank) {
                *places = rest;
                if keep(*place) {
                    found.push(*place);
                    if in_turn && found.len() >= limit {
                        return found;
                    }
                }
            }
        }
    }
    found
}
