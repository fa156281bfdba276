//! ALGO-7: 5,000 leads shared out over 500 candidates, with room to spare, with just enough and with too little; beside each lead in turn
//! to the nearest who has room. All leads lie in one quarter of the ground, so that most of them want the same candidates: the long
//! chains of moves are what it costs. Prints times and how much nearer the leads are; it sets no target.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

use std::time::Instant;

use baton::routing::{Edge, balance};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LEADS: usize = 5_000;
const CANDIDATES: usize = 500;
/// Metres from side to side.
const GROUND: f64 = 1_000_000.0;

fn main() {
    let edges = edges();
    println!("{LEADS} leads over {CANDIDATES} candidates");
    println!(
        "{:>9} {:>9} {:>9} {:>12} {:>9} {:>14}",
        "capacity", "seconds", "placed", "mean km", "greedy", "greedy mean km"
    );
    for capacity in [100, 10, 8] {
        let capacities = vec![capacity; CANDIDATES];
        let given = edges.clone();
        let began = Instant::now();
        let found = balance(given, &capacities);
        let seconds = began.elapsed().as_secs_f64();
        let placed = found.to.iter().flatten().count();
        let (greedily, cost) = greedy(&edges, &capacities);
        println!(
            "{capacity:>9} {seconds:>9.2} {placed:>9} {:>12.1} {greedily:>9} {:>14.1}",
            mean_km(found.cost, placed),
            mean_km(cost, greedily)
        );
    }
}

fn mean_km(metres: u64, leads: usize) -> f64 {
    metres as f64 / leads as f64 / 1_000.0
}

/// Every lead may go to every candidate.
fn edges() -> Vec<Vec<Edge>> {
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let mut point = |side: f64| (dice.random::<f64>() * side, dice.random::<f64>() * side);
    let candidates: Vec<(f64, f64)> = (0..CANDIDATES).map(|_| point(GROUND)).collect();
    let leads: Vec<(f64, f64)> = (0..LEADS).map(|_| point(GROUND / 2.0)).collect();
    let ways = |(x, y): &(f64, f64)| {
        let way = |(to, (tx, ty)): (usize, &(f64, f64))| Edge { to: to as u32, cost: (x - tx).hypot(y - ty) as u32 };
        candidates.iter().enumerate().map(way).collect()
    };
    leads.iter().map(ways).collect()
}

/// Each lead in turn to the nearest who has room.
fn greedy(edges: &[Vec<Edge>], capacities: &[u32]) -> (usize, u64) {
    let mut room = capacities.to_vec();
    let (mut placed, mut cost) = (0, 0);
    for ways in edges {
        let nearest = ways.iter().filter(|edge| room[edge.to as usize] > 0).min_by_key(|edge| edge.cost);
        if let Some(edge) = nearest {
            room[edge.to as usize] -= 1;
            placed += 1;
            cost += u64::from(edge.cost);
        }
    }
    (placed, cost)
}
