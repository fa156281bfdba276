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
const TREE_COST: f64 = 8.0;

/// Calls `visit` for each candidate at most `km` away, the rim included, in no particular order. A candidate is named by its place
/// in [`Pool::located`].
pub(super) fn within(pool: &Pool, from: Point, km: f64, visit: impl FnMut(u32)) {
    let angle = (km / EARTH_RADIUS_KM).min(std::f64::consts::PI);
    // The share of the globe under a circle of this angle: (1 − cos α) / 2.
    let share = (1.0 - angle.cos()) / 2.0 * DENSITY;
    if share * TREE_COST < 1.0 {
        pool.index().visit_within(from, km, visit);
    } else {
        scan(pool, (from, km), angle.cos(), visit);
    }
}

fn scan(pool: &Pool, (from, km): (Point, f64), rim: f64, mut visit: impl FnMut(u32)) {
    let [from_x, from_y, from_z] = unit_vector(from);
    let [x, y, z] = pool.vectors();
    let dots = x.iter().zip(y).zip(z).map(|((x, y), z)| x * from_x + y * from_y + z * from_z);
    let measured = |item: u32| {
        let to = pool.located().get(item as usize).and_then(|place| pool.point(*place));
        to.is_some_and(|to| distance_km(from, to) <= km)
    };
    for (item, dot) in (0_u32..).zip(dots) {
        if dot > rim + DOT_SLACK || (dot >= rim - DOT_SLACK && measured(item)) {
            visit(item);
        }
    }
}
