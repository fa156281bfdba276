//! Points in cells, cells in larger cells: what lies in a circle, told by whole cells as far as possible, and what is nearest.
//!
//! It answers exactly what measuring every single point would answer. Where [`super::SpatialIndex`] lists neighbours in order, this one
//! lets its user count whole cells at once and ask a question of each point on the way.

use std::f64::consts::PI;
use std::ops::Range;

use super::distance::{EARTH_RADIUS_KM, distance_km, unit_vector};
use crate::domain::Point;

/// Points of the smallest cells: few enough to measure all of one, enough for the processor to do several at a time.
const POINTS_PER_CELL: usize = 32;
/// Cells of the next larger one.
const CELLS_PER_CELL: usize = 8;
/// The dot product of two unit vectors, and the cosine of a computed distance, carry errors below 1e-15 each. Within this much of
/// the rim the distance itself is measured.
const DOT_SLACK: f64 = 1e-12;
/// A cell counts as wholly inside or outside only by this much: its points' own slack and the rounding of its bounds are far smaller.
const CELL_SLACK: f64 = 1e-9;

/// A place along a curve that visits near points together: the bits of latitude and longitude take turns.
pub fn along_curve(point: Point) -> u64 {
    let cell = |degrees: f64, span: f64| ((degrees / span + 0.5) * f64::from(u16::MAX)) as u64;
    let spread = |bits: u64| (0..16).fold(0, |code, bit| code | ((bits >> bit & 1) << (2 * bit)));
    spread(cell(point.lat(), 180.0)) << 1 | spread(cell(point.lon(), 360.0))
}

/// Points in cells. A point is known by its place in the slice that they were built from.
pub struct Cells {
    points: Vec<Point>,
    /// The same as vectors of length 1.
    vectors: [Vec<f64>; 3],
    tree: Vec<Cell>,
    roots: Vec<u32>,
}

/// A run of points within a cap of the sphere.
struct Cell {
    points: Range<u32>,
    /// Smaller cells; none for the smallest.
    parts: Range<u32>,
    centre: [f64; 3],
    /// Cosine and sine of the angle from the centre to the farthest point, a little more rather than less.
    cos: f64,
    sin: f64,
}

/// A circle on the globe, the rim included.
#[derive(Clone, Copy, Debug)]
pub struct Circle {
    from: Point,
    km: f64,
    centre: [f64; 3],
    cos: f64,
    sin: f64,
}

/// What a circle holds: all of each of these cells, and these points of others.
#[derive(Debug, Default)]
pub struct Cover {
    /// Numbers of cells.
    pub cells: Vec<u32>,
    /// Places of points.
    pub points: Vec<u32>,
}

impl Circle {
    /// Everything at most `km` away; none for a negative radius.
    pub fn new(from: Point, km: f64) -> Option<Self> {
        let angle = (km / EARTH_RADIUS_KM).min(PI);
        (km >= 0.0).then(|| Self { from, km, centre: unit_vector(from), cos: angle.cos(), sin: angle.sin() })
    }

    fn measures(&self, to: Point) -> bool {
        distance_km(self.from, to) <= self.km
    }
}

impl Cells {
    /// Points that are near each other should follow each other, as they do along [`along_curve`]. Each of `ranges` gets a root of its
    /// own; together they are all points, in order.
    pub fn build(points: Vec<Point>, ranges: &[Range<u32>]) -> Self {
        let mut vectors = [(); 3].map(|()| Vec::with_capacity(points.len()));
        for point in &points {
            for (axis, value) in vectors.iter_mut().zip(unit_vector(*point)) {
                axis.push(value);
            }
        }
        let mut built = Self { points, vectors, tree: Vec::new(), roots: Vec::new() };
        for range in ranges {
            let root = built.plant(range);
            built.roots.push(root);
        }
        built
    }

    /// The whole of each range, as a cell; in their order.
    pub fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// How many cells there are; they are numbered from 0.
    pub fn cell_count(&self) -> usize {
        self.tree.len()
    }

    /// The points of a cell.
    pub fn points_of(&self, cell: u32) -> Range<u32> {
        self.tree.get(cell as usize).map_or(0..0, |cell| cell.points.clone())
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        size_of_val(self.points.as_slice()) * 5 / 2 + size_of_val(self.tree.as_slice())
    }

    /// What of the cells below `roots` lies in a circle.
    pub fn cover(&self, roots: &[u32], circle: &Circle) -> Cover {
        let mut cover = Cover::default();
        for root in roots {
            self.cover_cell(*root, circle, &mut cover);
        }
        cover
    }

    /// Whether a point lies in a circle.
    pub fn is_in(&self, point: u32, circle: &Circle) -> bool {
        let dot = self.dot(point, circle.centre);
        dot > circle.cos + DOT_SLACK || (dot >= circle.cos - DOT_SLACK && self.measured(point, circle))
    }

    /// How near a point is: the cosine of its angle from `centre`, a unit vector. Two that differ by more than
    /// [`Self::is_nearer_by`] are in the order of their distances.
    pub fn dot(&self, point: u32, centre: [f64; 3]) -> f64 {
        let [x, y, z] = &self.vectors;
        let at = |axis: &Vec<f64>| axis.get(point as usize).copied().unwrap_or(f64::NAN);
        at(x) * centre[0] + at(y) * centre[1] + at(z) * centre[2]
    }

    /// By how much two of [`Self::dot`] must differ to tell which is nearer.
    pub const fn is_nearer_by() -> f64 {
        DOT_SLACK
    }

    /// Among the points below `roots` that `keep` accepts: the `k` nearest, and whichever others are as near as the last of them or
    /// too near to it to tell; in no order. `keep` is asked about few others.
    pub fn nearest(&self, roots: &[u32], from: Point, k: usize, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut near = Near { centre: unit_vector(from), k, bound: f64::NEG_INFINITY, found: Vec::new() };
        if k == 0 {
            return Vec::new();
        }
        self.visit_nearest(roots.iter().copied(), &mut near, &keep);
        near.settle();
        near.found.into_iter().map(|(_, point)| point).collect()
    }

    fn visit_nearest(&self, cells: impl Iterator<Item = u32>, near: &mut Near, keep: &impl Fn(u32) -> bool) {
        let numbered = cells.filter_map(|number| self.tree.get(number as usize));
        let mut ahead: Vec<(f64, &Cell)> = numbered.map(|cell| (cell.nearest_dot(near.centre), cell)).collect();
        ahead.sort_unstable_by(|(left, _), (right, _)| right.total_cmp(left));
        for (best, cell) in ahead {
            if best < near.bound {
                break;
            }
            if cell.parts.is_empty() {
                for point in cell.points.clone() {
                    let dot = self.dot(point, near.centre);
                    if dot >= near.bound && keep(point) {
                        near.add(dot, point);
                    }
                }
            } else {
                self.visit_nearest(cell.parts.clone(), near, keep);
            }
        }
    }

    fn cover_cell(&self, number: u32, circle: &Circle, cover: &mut Cover) {
        let Some(cell) = self.tree.get(number as usize) else { return };
        match cell.relation(circle) {
            Relation::Outside => {}
            Relation::Inside => cover.cells.push(number),
            Relation::Across if cell.parts.is_empty() => self.cover_points(&cell.points, circle, cover),
            Relation::Across => cell.parts.clone().for_each(|part| self.cover_cell(part, circle, cover)),
        }
    }

    fn cover_points(&self, points: &Range<u32>, circle: &Circle, cover: &mut Cover) {
        let range = points.start as usize..points.end as usize;
        let [x, y, z] = self.vectors.each_ref().map(|axis| axis.get(range.clone()).unwrap_or_default());
        let [from_x, from_y, from_z] = circle.centre;
        // All products first, several at a time.
        let mut dots = [0.0; POINTS_PER_CELL];
        for (dot, ((x, y), z)) in dots.iter_mut().zip(x.iter().zip(y).zip(z)) {
            *dot = x * from_x + y * from_y + z * from_z;
        }
        for (point, dot) in points.clone().zip(dots) {
            if dot > circle.cos + DOT_SLACK || (dot >= circle.cos - DOT_SLACK && self.measured(point, circle)) {
                cover.points.push(point);
            }
        }
    }

    fn measured(&self, point: u32, circle: &Circle) -> bool {
        self.points.get(point as usize).is_some_and(|to| circle.measures(*to))
    }

    /// Makes the cells of a range, small ones first, and says which holds all.
    fn plant(&mut self, range: &Range<u32>) -> u32 {
        let mut level: Vec<Cell> = Vec::new();
        let mut start = range.start;
        while start < range.end || level.is_empty() {
            let end = range.end.min(start + POINTS_PER_CELL as u32);
            level.push(self.cell(start..end, 0..0));
            start = end;
        }
        loop {
            let first = self.tree.len() as u32;
            let count = level.len() as u32;
            let runs: Vec<Range<u32>> = level.iter().map(|cell| cell.points.clone()).collect();
            self.tree.append(&mut level);
            if count == 1 {
                return first;
            }
            for (index, run) in runs.chunks(CELLS_PER_CELL).enumerate() {
                let from = first + (index * CELLS_PER_CELL) as u32;
                let points = run.first().map_or(0, |run| run.start)..run.last().map_or(0, |run| run.end);
                level.push(self.cell(points, from..from + run.len() as u32));
            }
        }
    }

    fn cell(&self, points: Range<u32>, parts: Range<u32>) -> Cell {
        let of = |point: u32| {
            let [x, y, z] = self.vectors.each_ref().map(|axis| axis.get(point as usize).copied().unwrap_or(0.0));
            [x, y, z]
        };
        let sum =
            points.clone().map(of).fold([0.0; 3], |sum: [f64; 3], [x, y, z]| [sum[0] + x, sum[1] + y, sum[2] + z]);
        let length = (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]).sqrt();
        // Points all round the globe have no middle; then any of them will do.
        let centre = if length > 1e-6 { sum.map(|axis| axis / length) } else { of(points.start) };
        let farthest = points.clone().map(|point| self.dot(point, centre)).fold(1.0, f64::min);
        let cos = (farthest - DOT_SLACK).clamp(-1.0, 1.0);
        Cell { points, parts, centre, cos, sin: (1.0 - cos * cos).sqrt() }
    }
}

/// How a cell lies to a circle.
enum Relation {
    Inside,
    Across,
    Outside,
}

impl Cell {
    /// With a the angle between the centres, b the cell's and r the circle's: inside if a ≤ r − b, outside if a > r + b; by cosines, which
    /// fall as angles grow.
    fn relation(&self, circle: &Circle) -> Relation {
        let dot = dot(self.centre, circle.centre);
        let fits = circle.cos <= self.cos;
        if fits && dot > circle.cos * self.cos + circle.sin * self.sin + CELL_SLACK {
            return Relation::Inside;
        }
        let reaches_round = circle.sin * self.cos + circle.cos * self.sin <= 0.0;
        if !reaches_round && dot < circle.cos * self.cos - circle.sin * self.sin - CELL_SLACK {
            return Relation::Outside;
        }
        Relation::Across
    }

    /// The greatest dot product that a point of the cell may have: of the angle a − b.
    fn nearest_dot(&self, from: [f64; 3]) -> f64 {
        let dot = dot(self.centre, from).clamp(-1.0, 1.0);
        if dot >= self.cos { 1.0 } else { dot * self.cos + (1.0 - dot * dot).sqrt() * self.sin + CELL_SLACK }
    }
}

fn dot(left: [f64; 3], right: [f64; 3]) -> f64 {
    left[0] * right[0] + left[1] * right[1] + left[2] * right[2]
}

/// The nearest points found so far.
struct Near {
    centre: [f64; 3],
    k: usize,
    /// What has a smaller dot product than this is not among the nearest.
    bound: f64,
    found: Vec<(f64, u32)>,
}

impl Near {
    fn add(&mut self, dot: f64, point: u32) {
        self.found.push((dot, point));
        if self.found.len() >= 2 * self.k + POINTS_PER_CELL {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.found.len() > self.k {
            let (_, last, _) = self.found.select_nth_unstable_by(self.k - 1, |left, right| right.0.total_cmp(&left.0));
            self.bound = last.0 - DOT_SLACK;
            let bound = self.bound;
            self.found.retain(|(dot, _)| *dot >= bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(lat: f64, lon: f64) -> Point {
        Point::new(lat, lon).unwrap()
    }

    fn anywhere() -> impl Strategy<Value = Point> {
        prop_oneof![
            4 => (-1.0..=1.0_f64, -180.0..=180.0_f64).prop_map(|(sine, lon)| point(sine.asin().to_degrees(), lon)),
            // On both sides of the antimeridian, around the poles, and in one town.
            1 => (-60.0..=60.0_f64, prop_oneof![179.9..=180.0_f64, -180.0..=-179.9_f64]).prop_map(|(lat, lon)| point(lat, lon)),
            1 => (prop_oneof![89.9..=90.0_f64, -90.0..=-89.9_f64], -180.0..=180.0_f64).prop_map(|(lat, lon)| point(lat, lon)),
            2 => (0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(|(north, east)| point(42.0 + north, -71.0 + east)),
            // A coarse grid: equal points, and ties between different ones.
            2 => (-9..=9_i32, -18..=18_i32).prop_map(|(lat, lon)| point(f64::from(lat * 10), f64::from(lon * 10))),
        ]
    }

    /// Points in two ranges, each along the curve.
    fn cells(mut points: Vec<Point>, cut: prop::sample::Index) -> Cells {
        let border = if points.is_empty() { 0 } else { cut.index(points.len()) };
        let (left, right) = points.split_at_mut(border);
        left.sort_by_key(|point| along_curve(*point));
        right.sort_by_key(|point| along_curve(*point));
        let count = points.len() as u32;
        Cells::build(points, &[0..border as u32, border as u32..count])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        // IFACE-4
        #[test]
        fn a_circle_covers_what_measuring_each_finds(
            points in prop::collection::vec(anywhere(), 0..1_500), cut in any::<prop::sample::Index>(), from in anywhere(),
            rim in any::<prop::sample::Index>(), km in 0.0..21_000.0_f64, only_one in any::<bool>(),
        ) {
            let cells = cells(points, cut);
            let at_rim = if cells.is_empty() { 0.0 } else { distance_km(from, cells.points[rim.index(cells.len())]) };
            let roots = if only_one { &cells.roots()[..1] } else { cells.roots() };
            let asked: Vec<u32> = roots.iter().flat_map(|root| cells.points_of(*root)).collect();
            for radius in [km, km / 1_000.0, at_rim, at_rim.next_down(), 0.0, 20_038.0] {
                // The one below zero is none.
                let Some(circle) = Circle::new(from, radius) else { continue };
                let cover = cells.cover(roots, &circle);
                let whole = cover.cells.iter().flat_map(|cell| cells.points_of(*cell));
                let mut found: Vec<u32> = whole.chain(cover.points.iter().copied()).collect();
                found.sort_unstable();
                let mut expected = asked.clone();
                expected.retain(|item| distance_km(from, cells.points[*item as usize]) <= radius);
                prop_assert_eq!(&found, &expected);
                prop_assert!(asked.iter().all(|item| cells.is_in(*item, &circle) == found.binary_search(item).is_ok()));
            }
        }

        // IFACE-4
        #[test]
        fn the_nearest_hold_those_of_measuring_each_and_hardly_more(
            points in prop::collection::vec(anywhere(), 0..1_500), cut in any::<prop::sample::Index>(), from in anywhere(),
            k in 0..30_usize, modulus in 1..40_u32,
        ) {
            let cells = cells(points, cut);
            let keep = |item: u32| item.is_multiple_of(modulus);
            let found = cells.nearest(cells.roots(), from, k, keep);
            let km = |item: &u32| distance_km(from, cells.points[*item as usize]);
            let mut all: Vec<u32> = (0..cells.len() as u32).filter(|item| keep(*item)).collect();
            all.sort_by(|left, right| km(left).total_cmp(&km(right)));
            let last = all.iter().take(k).next_back().map_or(-1.0, km);
            let within = |item: &&u32| km(item) <= last;
            prop_assert!(all.iter().filter(within).all(|item| found.contains(item)));
            // One part in 10¹² of the dot product is ten metres at most.
            prop_assert!(found.iter().all(|item| keep(*item) && km(item) <= last + 0.02), "{} of {}", found.len(), all.len());
        }
    }

    #[test]
    fn a_radius_that_is_none_makes_no_circle() {
        for km in [-1.0, f64::NAN] {
            assert!(Circle::new(point(0.0, 0.0), km).is_none(), "{km}");
        }
    }
}
