//! The answer held against all others, against its own proof, and against greed.

use proptest::prelude::*;

use super::*;

/// A task: for each lead its candidates with their costs, and the capacities.
fn tasks(leads: usize, places: usize) -> impl Strategy<Value = (Vec<Vec<Edge>>, Vec<u32>)> {
    (1..=places).prop_flat_map(move |places| {
        let edge = (any::<bool>(), 0..20_u32);
        let lead = prop::collection::vec(edge, places);
        let leads = prop::collection::vec(lead, 0..=leads);
        let capacities = prop::collection::vec(0..4_u32, places);
        (leads, capacities).prop_map(|(leads, capacities)| {
            let edges = |row: Vec<(bool, u32)>| -> Vec<Edge> {
                let there = row.into_iter().enumerate().filter(|(_, (there, _))| *there);
                there.map(|(to, (_, cost))| Edge { to: to as u32, cost }).collect()
            };
            (leads.into_iter().map(edges).collect(), capacities)
        })
    })
}

/// The most leads that can be placed, and the least that it costs: by trying everything.
fn best(edges: &[Vec<Edge>], room: &mut Vec<u32>) -> (usize, i64) {
    let Some((first, rest)) = edges.split_first() else { return (0, 0) };
    let mut best_so_far = best(rest, room);
    for edge in first {
        if room[edge.to as usize] == 0 {
            continue;
        }
        room[edge.to as usize] -= 1;
        let (placed, cost) = best(rest, room);
        room[edge.to as usize] += 1;
        let with = (placed + 1, cost + i64::from(edge.cost));
        if with.0 > best_so_far.0 || (with.0 == best_so_far.0 && with.1 < best_so_far.1) {
            best_so_far = with;
        }
    }
    best_so_far
}

/// Each lead in turn to the cheapest candidate that has room.
fn greedy(edges: &[Vec<Edge>], capacities: &[u32]) -> (usize, u64) {
    let mut room = capacities.to_vec();
    let (mut placed, mut cost) = (0, 0);
    for row in edges {
        let Some(edge) = row.iter().filter(|edge| room[edge.to as usize] > 0).min_by_key(|edge| edge.cost) else {
            continue;
        };
        room[edge.to as usize] -= 1;
        placed += 1;
        cost += u64::from(edge.cost);
    }
    (placed, cost)
}

/// The prices prove the answer (complementary slackness): no candidate above its capacity, a price only where there is no room, and
/// each lead where cost and price together are least.
fn assert_proven(shares: &Shares<'_>, capacities: &[u32]) {
    let mut taken = vec![0; capacities.len()];
    for (lead, row) in shares.edges.iter().enumerate() {
        let place = shares.at[lead];
        let paid = shares.cost_at(lead as u32, place).unwrap() + shares.prices[place as usize];
        assert!(paid <= shares.nowhere_cost, "lead {lead} would rather go nowhere");
        for edge in row {
            assert!(
                paid <= i64::from(edge.cost) + shares.prices[edge.to as usize],
                "lead {lead} would rather go to {}",
                edge.to
            );
        }
        if place != shares.nowhere {
            assert!(row.iter().any(|edge| edge.to == place), "lead {lead} is where it may not be");
            taken[place as usize] += 1;
        }
    }
    for (place, capacity) in capacities.iter().enumerate() {
        assert!(taken[place] <= *capacity, "{place} has {} of {capacity}", taken[place]);
        assert!(
            shares.prices[place] >= 0 && (shares.prices[place] == 0 || taken[place] == *capacity),
            "{place} has a price and room"
        );
    }
    assert_eq!(shares.prices[shares.nowhere as usize], 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    // ALGO-7
    #[test]
    fn nothing_is_cheaper_of_all_that_can_be_tried((edges, capacities) in tasks(6, 4)) {
        // Shown one candidate at first, or all at once: the answer is as good.
        for first in [1, 2, 16] {
            let found = balance_from(first, edges.clone(), &capacities);
            let (count, cost) = best(&edges, &mut capacities.clone());
            prop_assert_eq!(found.to.iter().flatten().count(), count);
            prop_assert_eq!(found.cost as i64, cost);
        }
        assert_proven(&Shares::of(&edges, &capacities, dearest(&edges)), &capacities);
    }

    // ALGO-7
    #[test]
    fn its_prices_prove_it_and_greed_is_never_better((edges, capacities) in tasks(60, 20)) {
        let shares = Shares::of(&edges, &capacities, dearest(&edges));
        assert_proven(&shares, &capacities);
        let found = shares.done();
        let by_few = balance_from(2, edges.clone(), &capacities);
        prop_assert_eq!(by_few.to.iter().flatten().count(), found.to.iter().flatten().count());
        prop_assert_eq!(by_few.cost, found.cost);
        let (count, cost) = greedy(&edges, &capacities);
        let here = found.to.iter().flatten().count();
        prop_assert!(here > count || (here == count && found.cost <= cost));
        prop_assert_eq!(balance_from(2, edges.clone(), &capacities), by_few);
    }
}

// ALGO-7
#[test]
fn what_capacity_makes_impossible_goes_nowhere_and_it_is_what_costs_most() {
    let to = |cost| vec![Edge { to: 0, cost }];
    let found = balance(vec![to(5), to(90), vec![], to(7)], &[2]);
    assert_eq!(found, Balanced { to: vec![Some(0), None, None, Some(0)], cost: 12 });
}

// ALGO-7: a chain of moves. Greed would pay 1 + 100.
#[test]
fn a_lead_makes_room_for_another_that_has_no_choice() {
    let edge = |to, cost| Edge { to, cost };
    let found = balance(vec![vec![edge(1, 4), edge(0, 1)], vec![edge(0, 2), edge(1, 100)]], &[1, 1]);
    assert_eq!(found, Balanced { to: vec![Some(1), Some(0)], cost: 6 });
}

#[test]
fn edges_named_twice_or_to_nobody_change_nothing() {
    let edge = |to, cost| Edge { to, cost };
    let found = balance(vec![vec![edge(0, 9), edge(7, 1), edge(0, 3)]], &[1]);
    assert_eq!(found, Balanced { to: vec![Some(0)], cost: 3 });
    assert_eq!(balance(Vec::new(), &[]), Balanced { to: Vec::new(), cost: 0 });
}
