//! `BALANCED`: a set of leads over candidates under capacities, at the least total cost (SPEC ALGO-7).
//!
//! This is the transportation problem with a supply of one per lead, solved by successive shortest paths (Ahuja, Magnanti, Orlin,
//! *Network Flows*, §9.7): leads come one by one, and each takes the cheapest chain of moves that ends at a candidate with room.
//!
//! ```text
//! new lead ──▶ A (full), whose lead that loses least by it moves ──▶ B (full) ──▶ C, which has room
//! ```
//!
//! The chain is found by Dijkstra over the candidates alone: the step from A to B costs what the cheapest lead of A pays to move to B, and
//! that is kept in a heap for each pair. Prices on the full candidates keep all steps at or above zero; they are the proof that nothing
//! cheaper exists, for in the end no lead would rather pay the cost and the price of another candidate.
//!
//! A lead that no chain finds room for goes *nowhere*: a last candidate with room for all, dearer than any chain. So as many leads as
//! possible find a place, and among all ways of doing that it is one of the cheapest.
//!
//! Most leads end at one of the candidates nearest to them, so the task is solved over the cheapest few of each lead first. A lead that
//! pays no more than the dearest edge it was shown has nothing to gain by the others, whose prices are never below zero; whoever pays more
//! is shown more, until the prices prove the answer over all edges.

#![expect(
    clippy::indexing_slicing,
    reason = "every index is a lead or a place that was counted when the task was taken in, or a slot found just before"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A candidate that a lead may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The candidate's place among the capacities.
    pub to: u32,
    /// What it costs, such as metres.
    pub cost: u32,
}

/// Who gets which lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balanced {
    /// For each lead its candidate; `None` if it has none, or if the capacities leave no room for it.
    pub to: Vec<Option<u32>>,
    /// The sum over the leads that found a place.
    pub cost: u64,
}

/// Candidates of a lead that are looked at before any others: more than all nearby ones in a town.
const SHOWN_FIRST: usize = 16;
/// How many times more a lead is shown that pays more than all it was shown.
const SHOWN_MORE: usize = 4;

/// Shares leads out. `edges` are the candidates of each lead, in any order; `capacities` how many more leads each candidate can take. An
/// edge to a candidate without a capacity is no edge.
///
/// The same input gives the same answer. Each lead costs one Dijkstra over the full candidates; beside the edges, memory goes with the pairs
/// of candidates that some lead may choose between.
pub fn balance(edges: Vec<Vec<Edge>>, capacities: &[u32]) -> Balanced {
    balance_from(SHOWN_FIRST, edges, capacities)
}

fn balance_from(first: usize, mut edges: Vec<Vec<Edge>>, capacities: &[u32]) -> Balanced {
    for ways in &mut edges {
        ways.retain(|edge| (edge.to as usize) < capacities.len());
        ways.sort_unstable_by_key(|edge| (edge.to, edge.cost));
        ways.dedup_by_key(|edge| edge.to);
        ways.sort_unstable_by_key(|edge| (edge.cost, edge.to));
    }
    let dearest = dearest(&edges);
    // Where not even greed finds room among so few, many more will have to be shown: that is not tried out at length.
    let longest = edges.iter().map(Vec::len).max().unwrap_or(0);
    let mut count = first;
    while count < longest && !has_room(&edges, count, capacities) {
        count *= SHOWN_MORE;
    }
    let mut shown: Vec<Vec<Edge>> = edges.iter().map(|ways| cheapest(ways, count)).collect();
    loop {
        let shares = Shares::of(&shown, capacities, dearest);
        let is_unproven = |(lead, ways): (usize, &Vec<Edge>)| {
            let count = shown[lead].len();
            (count < ways.len() && shares.paid(lead as u32) > i64::from(ways[count - 1].cost)).then_some(lead)
        };
        let unproven: Vec<usize> = edges.iter().enumerate().filter_map(is_unproven).collect();
        if unproven.is_empty() {
            return shares.done();
        }
        for lead in unproven {
            shown[lead] = cheapest(&edges[lead], shown[lead].len() * SHOWN_MORE);
        }
    }
}

fn dearest(edges: &[Vec<Edge>]) -> u32 {
    edges.iter().flatten().map(|edge| edge.cost).max().unwrap_or(0)
}

/// Whether each lead in turn finds room at one of its `count` cheapest candidates, if it has any.
fn has_room(edges: &[Vec<Edge>], count: usize, capacities: &[u32]) -> bool {
    let mut room = capacities.to_vec();
    edges.iter().filter(|ways| !ways.is_empty()).all(|ways| {
        let free = ways.iter().take(count).find(|edge| room[edge.to as usize] > 0);
        free.inspect(|edge| room[edge.to as usize] -= 1).is_some()
    })
}

/// The first of a lead's candidates by cost, in the order of their places.
fn cheapest(ways: &[Edge], count: usize) -> Vec<Edge> {
    let mut some: Vec<Edge> = ways.iter().take(count).copied().collect();
    some.sort_unstable_by_key(|edge| edge.to);
    some
}

/// A candidate's place; the one after the last stands for *nowhere*.
type Place = u32;

struct Shares<'e> {
    edges: &'e [Vec<Edge>],
    /// How many more leads each candidate can take; nowhere takes all.
    room: Vec<u32>,
    nowhere: Place,
    /// What it costs to go nowhere: more than any chain through all candidates.
    nowhere_cost: i64,
    /// Where each placed lead is.
    at: Vec<Place>,
    prices: Vec<i64>,
    /// The steps from each candidate to the others.
    steps: Vec<Steps>,
    search: Search,
}

/// From one candidate to the others: what the lead pays that pays least for moving there.
#[derive(Default)]
struct Steps {
    /// The leads at this candidate.
    leads: Vec<u32>,
    /// The others, in order; the three lists run beside each other.
    to: Vec<Place>,
    /// What that lead pays more than here.
    cheapest: Vec<i64>,
    /// Which lead it is.
    mover: Vec<u32>,
}

/// What one search needs, kept from one to the next.
struct Search {
    /// The cost of the cheapest chain to each candidate that is known so far, prices included.
    cost: Vec<i64>,
    /// The candidate before it on that chain; itself if it is the first.
    before: Vec<Place>,
    settled: Vec<bool>,
    touched: Vec<Place>,
    queue: BinaryHeap<Reverse<(i64, Place)>>,
}

const NO_CHAIN: i64 = i64::MAX;
const NO_STEP: i64 = i64::MAX;
const NO_PLACE: Place = Place::MAX;
const NO_LEAD: u32 = u32::MAX;

impl<'e> Shares<'e> {
    /// `dearest` is the cost of the dearest edge that there is, shown or not: it says what going nowhere costs.
    fn new(edges: &'e [Vec<Edge>], capacities: &[u32], dearest: u32) -> Self {
        let places = capacities.len() + 1;
        Self {
            edges,
            room: capacities.iter().copied().chain([u32::MAX]).collect(),
            nowhere: capacities.len() as Place,
            nowhere_cost: (i64::from(dearest) + 1) * (places as i64 + 1),
            at: vec![NO_PLACE; edges.len()],
            prices: vec![0; places],
            steps: (0..places).map(|_| Steps::default()).collect(),
            search: Search {
                cost: vec![NO_CHAIN; places],
                before: vec![NO_PLACE; places],
                settled: vec![false; places],
                touched: Vec::new(),
                queue: BinaryHeap::new(),
            },
        }
    }

    /// Places all leads.
    fn of(edges: &'e [Vec<Edge>], capacities: &[u32], dearest: u32) -> Self {
        let mut shares = Self::new(edges, capacities, dearest);
        for lead in 0..edges.len() {
            shares.place(lead as u32);
        }
        shares
    }

    /// Finds room for one more lead.
    fn place(&mut self, lead: u32) {
        let end = self.chain(lead);
        self.raise_prices(end);
        let mut place = end;
        loop {
            let before = self.search.before[place as usize];
            if before == place {
                self.arrive(lead, place);
                break;
            }
            // Always there: the chain came over it.
            let Some(mover) = self.steps[before as usize].cheapest_lead(place) else { break };
            self.leave(mover, before);
            self.arrive(mover, place);
            place = before;
        }
        if end != self.nowhere {
            self.room[end as usize] -= 1;
        }
        self.search.clear();
    }
}

impl Shares<'_> {
    /// The cheapest chain from a lead to a candidate with room: its last place.
    fn chain(&mut self, lead: u32) -> Place {
        for edge in &self.edges[lead as usize] {
            let cost = i64::from(edge.cost) + self.prices[edge.to as usize];
            self.search.reach(edge.to, edge.to, cost);
        }
        self.search.reach(self.nowhere, self.nowhere, self.nowhere_cost);
        while let Some(Reverse((cost, place))) = self.search.queue.pop() {
            if std::mem::replace(&mut self.search.settled[place as usize], true) {
                continue;
            }
            if self.room[place as usize] > 0 {
                return place;
            }
            let steps = &self.steps[place as usize];
            let base = cost - self.prices[place as usize];
            for (to, step) in steps.to.iter().zip(&steps.cheapest) {
                if *step != NO_STEP {
                    self.search.reach(*to, place, base + step + self.prices[*to as usize]);
                }
            }
        }
        // Never: nowhere is always reached and has room for all.
        self.nowhere
    }

    /// Lifts the prices of those that the search passed, so that the chain's own steps cost nothing and no step less.
    fn raise_prices(&mut self, end: Place) {
        let length = self.search.cost[end as usize];
        for place in &self.search.touched {
            let short = length - self.search.cost[*place as usize];
            self.prices[*place as usize] += short.max(0);
        }
    }

    /// What a lead pays at a place that it may go to; nowhere is open to all.
    fn cost_at(&self, lead: u32, place: Place) -> Option<i64> {
        if place == self.nowhere {
            return Some(self.nowhere_cost);
        }
        let edges = &self.edges[lead as usize];
        // Of a lead that may go everywhere, each edge lies at its place.
        let found = edges.get(place as usize).filter(|edge| edge.to == place);
        let found = found.or_else(|| Some(&edges[edges.binary_search_by_key(&place, |edge| edge.to).ok()?]));
        found.map(|edge| i64::from(edge.cost))
    }

    /// What a placed lead pays where it is: the cost, and the price of the place.
    fn paid(&self, lead: u32) -> i64 {
        let place = self.at[lead as usize];
        self.cost_at(lead, place).unwrap_or(self.nowhere_cost) + self.prices[place as usize]
    }

    fn arrive(&mut self, lead: u32, place: Place) {
        self.at[lead as usize] = place;
        let Some(here) = self.cost_at(lead, place) else { return };
        if place == self.nowhere {
            // Whoever is nowhere stays there: no chain leads on from a place that is never full.
            return;
        }
        let steps = &mut self.steps[place as usize];
        steps.leads.push(lead);
        let ways = self.edges[lead as usize].iter().map(|edge| (edge.to, i64::from(edge.cost)));
        steps.add(lead, ways.chain([(self.nowhere, self.nowhere_cost)]).map(|(to, there)| (to, there - here)));
    }

    fn leave(&mut self, lead: u32, place: Place) {
        let mut steps = std::mem::take(&mut self.steps[place as usize]);
        steps.leads.retain(|other| *other != lead);
        let costs: Vec<i64> = steps.leads.iter().filter_map(|other| self.cost_at(*other, place)).collect();
        for slot in (0..steps.to.len()).filter(|slot| steps.mover[*slot] == lead).collect::<Vec<_>>() {
            let there = |(other, here): (&u32, &i64)| Some((self.cost_at(*other, steps.to[slot])? - here, *other));
            let next = steps.leads.iter().zip(&costs).filter_map(there).min();
            (steps.cheapest[slot], steps.mover[slot]) = next.unwrap_or((NO_STEP, NO_LEAD));
        }
        self.steps[place as usize] = steps;
    }

    fn done(self) -> Balanced {
        let placed = |place: &Place| (*place != self.nowhere).then_some(*place);
        let to: Vec<Option<u32>> = self.at.iter().map(placed).collect();
        let costs = to.iter().enumerate().filter_map(|(lead, place)| self.cost_at(lead as u32, (*place)?));
        let cost = costs.sum::<i64>().unsigned_abs();
        Balanced { to, cost }
    }
}

impl Steps {
    /// A lead is here, and could move on in these ways, which are in the order of their places.
    fn add(&mut self, lead: u32, ways: impl Iterator<Item = (Place, i64)>) {
        let mut slot = 0;
        for (to, more) in ways {
            while self.to.get(slot).is_some_and(|known| *known < to) {
                slot += 1;
            }
            if self.to.get(slot) != Some(&to) {
                self.to.insert(slot, to);
                self.cheapest.insert(slot, NO_STEP);
                self.mover.insert(slot, NO_LEAD);
            }
            if (more, lead) < (self.cheapest[slot], self.mover[slot]) {
                (self.cheapest[slot], self.mover[slot]) = (more, lead);
            }
        }
    }

    /// The lead that moves on to `to` at the least cost.
    fn cheapest_lead(&self, to: Place) -> Option<u32> {
        let slot = self.to.binary_search(&to).ok()?;
        Some(self.mover[slot])
    }
}

impl Search {
    /// A chain to a place is known; it counts if it is the cheapest so far.
    fn reach(&mut self, place: Place, before: Place, cost: i64) {
        let known = &mut self.cost[place as usize];
        if cost >= *known {
            return;
        }
        if *known == NO_CHAIN {
            self.touched.push(place);
        }
        *known = cost;
        self.before[place as usize] = before;
        self.queue.push(Reverse((cost, place)));
    }

    fn clear(&mut self) {
        for place in self.touched.drain(..) {
            self.cost[place as usize] = NO_CHAIN;
            self.settled[place as usize] = false;
        }
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests;
