//! Who is nearest, and who is within reach, among many points on the globe.
//!
//! Answers exactly what measuring every single point would answer, also at the poles, over the antimeridian and for any
//! number of equal points; the tree only spares the measuring.

use std::f64::consts::PI;
use std::num::NonZero;

use kiddo::{ImmutableKdTree, SquaredEuclidean};

use super::distance::{EARTH_RADIUS_KM, distance_km, unit_vector};
use crate::domain::Point;

/// Points beyond the wanted ones that are fetched at once: they prove the order among near ties.
const FETCH_SPARE: usize = 4;
/// How many times more points are fetched when the filter left too few.
const FETCH_GROWTH: usize = 4;
/// Fetching more than a quarter of all points costs more than measuring each.
const FETCH_SHARE: usize = 4;
/// Chords of unit vectors and haversines differ in their last bits, by less than 1e-15 each. Candidates are taken this
/// much (6 µm, and as many parts in 10¹²) further out than asked, and then decided by [`distance_km`].
const CHORD_SLACK: f64 = 1e-12;

/// Points that can be asked for their nearest ones. A point is known by its place in the slice that the index was built from.
pub struct SpatialIndex {
    points: Vec<Point>,
    /// Over unit vectors in three dimensions, where neither poles nor the antimeridian are special: the straight chord
    /// grows with the great circle. `None` for no points, where the library would still answer with one.
    tree: Option<ImmutableKdTree<f64, 3>>,
}

/// A point of the index, with its distance from where one asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The point's place in the slice that the index was built from.
    pub index: u32,
    /// Its [`distance_km`].
    pub km: f64,
}

impl SpatialIndex {
    /// Builds the index, within milliseconds for 100,000 points.
    pub fn build(points: &[Point]) -> Self {
        let vectors: Vec<[f64; 3]> = points.iter().copied().map(unit_vector).collect();
        // Should the library refuse (it does beyond 2³² points), every question is answered by measuring.
        let tree = if vectors.is_empty() { None } else { ImmutableKdTree::new_from_slice(&vectors).ok() };
        Self { points: points.to_vec(), tree }
    }

    /// How many points there are.
    pub const fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no point at all.
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The `k` nearest points, or all if there are fewer, ordered by distance, then index.
    pub fn nearest(&self, from: Point, k: usize) -> Vec<Neighbour> {
        self.nearest_where(from, k, |_| true)
    }

    /// The `k` nearest points among those that `keep` accepts, ordered by distance, then index.
    ///
    /// `keep` is asked about near points first and, unless it is very selective, never about the rest; it may be asked
    /// twice about the same point.
    pub fn nearest_where(&self, from: Point, k: usize, keep: impl Fn(u32) -> bool) -> Vec<Neighbour> {
        if k == 0 {
            return Vec::new();
        }
        let Some(tree) = &self.tree else { return self.measure_all(from, k, keep) };
        let centre = unit_vector(from);
        let mut fetch = k.saturating_add(FETCH_SPARE);
        while let Some(count) = NonZero::new(fetch).filter(|count| count.get() <= self.points.len() / FETCH_SHARE) {
            let fetched = tree.query(&centre).nearest_n::<SquaredEuclidean<f64>>(count).execute();
            let horizon = fetched.last().map_or(0.0, |hit| hit.distance);
            let kept: Vec<_> = fetched.into_iter().filter(|hit| keep(hit.item)).collect();
            // Every point that was not fetched is at the horizon or beyond. So the answer is settled once the k-th
            // kept point, with its slack, lies before it.
            let reach = kept.get(k - 1).map_or(f64::INFINITY, |kth| with_slack(kth.distance));
            if reach < horizon {
                let near = kept.into_iter().take_while(|hit| hit.distance <= reach);
                return first(k, near.filter_map(|hit| self.neighbour(from, hit.item)).collect());
            }
            fetch = fetch.saturating_mul(FETCH_GROWTH);
        }
        self.measure_all(from, k, keep)
    }

    /// All points at most `km` away, the rim included, ordered by distance, then index. None for a negative radius.
    pub fn within(&self, from: Point, km: f64) -> Vec<Neighbour> {
        let mut found = Vec::new();
        self.visit_within(from, km, |index| found.extend(self.neighbour(from, index)));
        first(usize::MAX, found)
    }

    /// Calls `visit` with the index of each point at most `km` away, the rim included, in no particular order.
    ///
    /// Only points near the rim are measured; the chord settles the others.
    pub fn visit_within(&self, from: Point, km: f64, mut visit: impl FnMut(u32)) {
        if km.is_nan() || km < 0.0 {
            return;
        }
        let is_within = |index: u32| self.neighbour(from, index).is_some_and(|neighbour| neighbour.km <= km);
        let Some(tree) = &self.tree else {
            (0..self.points.len() as u32).filter(|index| is_within(*index)).for_each(visit);
            return;
        };
        let half_angle = (km / EARTH_RADIUS_KM).min(PI) / 2.0;
        let rim = 4.0 * half_angle.sin().powi(2);
        let (inside, reach) = (without_slack(rim), with_slack(rim));
        tree.query(&unit_vector(from)).within::<SquaredEuclidean<f64>>(reach).unsorted().visit(|hit| {
            if hit.distance < inside || is_within(hit.item) {
                visit(hit.item);
            }
        });
    }

    fn measure_all(&self, from: Point, k: usize, keep: impl Fn(u32) -> bool) -> Vec<Neighbour> {
        let kept = (0_u32..).zip(&self.points).filter(|(index, _)| keep(*index));
        first(k, kept.map(|(index, point)| Neighbour { index, km: distance_km(from, *point) }).collect())
    }

    fn neighbour(&self, from: Point, index: u32) -> Option<Neighbour> {
        let point = self.points.get(index as usize)?;
        Some(Neighbour { index, km: distance_km(from, *point) })
    }
}

/// The first `k` of the found, in order.
fn first(k: usize, mut found: Vec<Neighbour>) -> Vec<Neighbour> {
    let order = |a: &Neighbour, b: &Neighbour| a.km.total_cmp(&b.km).then(a.index.cmp(&b.index));
    if k < found.len() {
        found.select_nth_unstable_by(k, order);
        found.truncate(k);
    }
    found.sort_unstable_by(order);
    found
}

/// A squared chord of the unit sphere, lengthened by the slack.
fn with_slack(chord_squared: f64) -> f64 {
    (chord_squared.sqrt() * (1.0 + CHORD_SLACK) + CHORD_SLACK).powi(2)
}

/// A squared chord of the unit sphere, shortened by the slack; zero if nothing is left.
fn without_slack(chord_squared: f64) -> f64 {
    (chord_squared.sqrt() * (1.0 - CHORD_SLACK) - CHORD_SLACK).max(0.0).powi(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(lat: f64, lon: f64) -> Point {
        Point::new(lat, lon).unwrap()
    }

    fn by_hand(points: &[Point], from: Point, keep: impl Fn(u32) -> bool) -> Vec<Neighbour> {
        let mut all: Vec<Neighbour> = (0_u32..)
            .zip(points)
            .map(|(index, to)| Neighbour { index, km: distance_km(from, *to) })
            .filter(|neighbour| keep(neighbour.index))
            .collect();
        all.sort_by(|a, b| a.km.partial_cmp(&b.km).unwrap().then(a.index.cmp(&b.index)));
        all
    }

    fn anywhere() -> impl Strategy<Value = Point> {
        prop_oneof![
            4 => (-1.0..=1.0_f64, -180.0..=180.0_f64).prop_map(|(sine, lon)| point(sine.asin().to_degrees(), lon)),
            // On both sides of the antimeridian, and on it by either name.
            2 => (-60.0..=60.0_f64, prop_oneof![Just(180.0), Just(-180.0), 179.9..=180.0_f64, -180.0..=-179.9_f64])
                .prop_map(|(lat, lon)| point(lat, lon)),
            // Around the poles, and on them by any longitude.
            2 => (prop_oneof![Just(90.0), Just(-90.0), 89.9..=90.0_f64, -90.0..=-89.9_f64], -180.0..=180.0_f64)
                .prop_map(|(lat, lon)| point(lat, lon)),
            // A town: many within a few hundred metres, down to a few micrometres.
            2 => (0.0..=1.0_f64, 0.0..=1.0_f64, prop_oneof![Just(1e-2), Just(1e-6), Just(1e-10)])
                .prop_map(|(north, east, size)| point(42.0 + north * size, -71.0 + east * size)),
            // A coarse grid: equal points, and ties between different ones.
            2 => (-9..=9_i32, -18..=18_i32).prop_map(|(lat, lon)| point(f64::from(lat * 10), f64::from(lon * 10))),
        ]
    }

    /// Up to 400 points, some of them many times over: more often than a leaf of the tree has room.
    fn crowd() -> impl Strategy<Value = Vec<Point>> {
        let repeated = (anywhere(), prop_oneof![9 => Just(1_usize), 1 => 1..90_usize]);
        prop::collection::vec(repeated, 0..300).prop_map(|groups| {
            groups.into_iter().flat_map(|(place, times)| std::iter::repeat_n(place, times)).take(400).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        // IFACE-4
        #[test]
        fn the_nearest_are_those_of_measuring_each(
            points in crowd(), from in anywhere(), at_a_point in any::<prop::sample::Index>(), k in 0..40_usize,
        ) {
            let index = SpatialIndex::build(&points);
            let centres = [Some(from), (!points.is_empty()).then(|| *at_a_point.get(&points))];
            for centre in centres.into_iter().flatten() {
                let mut expected = by_hand(&points, centre, |_| true);
                expected.truncate(k);
                prop_assert_eq!(index.nearest(centre, k), expected);
            }
        }

        // IFACE-4
        #[test]
        fn those_within_a_radius_are_those_of_measuring_each(
            points in crowd(), from in anywhere(), rim in any::<prop::sample::Index>(), km in 0.0..21_000.0_f64,
        ) {
            let index = SpatialIndex::build(&points);
            // The radius is any length, and exactly the distance of one of the points, and the one just below.
            let at_rim = if points.is_empty() { 0.0 } else { distance_km(from, *rim.get(&points)) };
            for radius in [km, km / 1_000.0, at_rim, at_rim.next_down(), 0.0] {
                let mut expected = by_hand(&points, from, |_| true);
                expected.retain(|neighbour| neighbour.km <= radius);
                prop_assert_eq!(index.within(from, radius), expected);
            }
        }

        // IFACE-3, IFACE-4
        #[test]
        fn the_nearest_under_a_filter_are_those_of_measuring_each(
            points in crowd(), from in anywhere(), k in 1..12_usize, modulus in 1..60_u32,
        ) {
            let index = SpatialIndex::build(&points);
            let keep = |item: u32| item.is_multiple_of(modulus);
            let mut expected = by_hand(&points, from, keep);
            expected.truncate(k);
            prop_assert_eq!(index.nearest_where(from, k, keep), expected);
        }
    }

    #[test]
    fn an_empty_index_answers_with_nothing() {
        let index = SpatialIndex::build(&[]);
        assert!(index.is_empty());
        assert_eq!(index.nearest(point(1.0, 2.0), 3), []);
        assert_eq!(index.within(point(1.0, 2.0), 30_000.0), []);
    }

    #[test]
    fn threads_may_share_an_index() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&SpatialIndex::build(&[]));
    }

    #[test]
    fn fewer_points_than_asked_for_are_all_given() {
        let index = SpatialIndex::build(&[point(0.0, 2.0), point(0.0, 1.0)]);
        let found: Vec<u32> = index.nearest(point(0.0, 0.0), usize::MAX).iter().map(|found| found.index).collect();
        assert_eq!(found, [1, 0]);
    }

    #[test]
    fn ten_thousand_equal_points_come_in_the_order_of_their_indices() {
        let mut points = vec![point(40.0, -100.0); 10_000];
        points.push(point(40.0, -100.1));
        let index = SpatialIndex::build(&points);
        let found: Vec<u32> = index.nearest(point(41.0, -99.0), 5).iter().map(|found| found.index).collect();
        assert_eq!(found, [0, 1, 2, 3, 4]);
        assert_eq!(index.within(point(40.0, -100.0), 0.0).len(), 10_000);
        assert_eq!(index.nearest(point(40.0, -101.0), 1)[0].index, 10_000);
    }

    #[test]
    fn a_radius_that_is_none_finds_nothing_and_a_boundless_one_everything() {
        let index = SpatialIndex::build(&[point(0.0, 0.0), point(0.0, 180.0), point(90.0, 0.0)]);
        let from = point(0.0, 0.0);
        assert_eq!((index.within(from, -1.0).len(), index.within(from, f64::NAN).len()), (0, 0));
        assert_eq!(index.within(from, f64::INFINITY).len(), 3);
    }

    #[test]
    fn near_points_are_asked_about_first_and_far_ones_not_at_all() {
        let points: Vec<Point> = (0..4_000).map(|step| point(0.0, f64::from(step) * 0.04)).collect();
        let asked = std::cell::Cell::new(0);
        let found = SpatialIndex::build(&points).nearest_where(point(0.0, 0.0), 3, |item| {
            asked.set(asked.get() + 1);
            item.is_multiple_of(10)
        });
        assert_eq!(found.iter().map(|found| found.index).collect::<Vec<_>>(), [0, 10, 20]);
        assert!(asked.get() < 200, "asked {} times", asked.get());
    }
}
