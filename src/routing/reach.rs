//! Who is within a radius: by the tree for small circles, by a scan over unit vectors for large ones.
//!
//! Both answer exactly what measuring each candidate would.

use super::network::Pool;
use crate::domain::Point;
use crate::places::{EARTH_RADIUS_KM, distance_km, unit_vector};

/// The dot product of two unit vectors carries an error below 1e-15. Within this much of the rim the distance is measured.
const DOT_SLACK: f64 = 1e-12;
/// A network covers about a fiftieth of the globe: that much denser are its candidates than if they were spread evenly.
const DENSITY: f64 = 50.0;
/// What the tree costs for each point found, and the scan for each point there is, by measurement; their ratio decides.
const TREE_COST: f64 = 20.0;

/// The places of the candidates at most `km` away, the rim included, in no particular order.
pub(super) fn within(pool: &Pool, from: Point, km: f64) -> Vec<u32> {
    let angle = (km / EARTH_RADIUS_KM).min(std::f64::consts::PI);
    // The share of the globe under a circle of this angle: (1 − cos α) / 2.
    let share = (1.0 - angle.cos()) / 2.0 * DENSITY;
    if share * TREE_COST < 1.0 { by_tree(pool, from, km) } else { by_scan(pool, from, km, angle.cos()) }
}

fn by_tree(pool: &Pool, from: Point, km: f64) -> Vec<u32> {
    let mut found = Vec::with_capacity(64);
    let located = pool.located();
    pool.index().visit_within(from, km, |item| found.extend(located.get(item as usize)));
    found
}

fn by_scan(pool: &Pool, from: Point, km: f64, rim: f64) -> Vec<u32> {
    let [from_x, from_y, from_z] = unit_vector(from);
    let [x, y, z] = pool.vectors();
    let dots = x.iter().zip(y).zip(z).map(|((x, y), z)| x * from_x + y * from_y + z * from_z);
    let mut found = Vec::with_capacity(x.len());
    for (place, dot) in (0_u32..).zip(dots) {
        // Not a number, for a candidate without a point, is neither.
        let is_within = dot > rim + DOT_SLACK
            || (dot >= rim - DOT_SLACK && pool.point(place).is_some_and(|to| distance_km(from, to) <= km));
        if is_within {
            found.push(place);
        }
    }
    found
}
