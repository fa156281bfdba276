//! How far apart two points are: the great circle, in kilometres and in miles.
//!
//! The only place where a distance is computed: an index, a preview and a rule must never differ by a rounding.

use geo::{Distance as _, Haversine};

use crate::domain::Point;

/// The earth's mean radius that every distance is measured with, R₁ of GRS 80; the constant of [`geo::Haversine`], in km.
pub const EARTH_RADIUS_KM: f64 = Haversine.radius() / METRES_PER_KM;

const METRES_PER_KM: f64 = 1_000.0;

/// The great circle between two points in kilometres: finite, never negative, the same from either end.
pub fn distance_km(from: Point, to: Point) -> f64 {
    let metres = Haversine.distance(geo_point(from), geo_point(to));
    // Between antipodes rounding can lift the haversine above 1, whose arc sine is not a number.
    let metres = if metres.is_nan() { Haversine.radius() * std::f64::consts::PI } else { metres };
    metres / METRES_PER_KM
}

/// A point of the unit sphere: x through 0° E on the equator, y through 90° E, z through the north pole.
pub fn unit_vector(point: Point) -> [f64; 3] {
    let (lat_sin, lat_cos) = point.lat().to_radians().sin_cos();
    let (lon_sin, lon_cos) = point.lon().to_radians().sin_cos();
    [lat_cos * lon_cos, lat_cos * lon_sin, lat_sin]
}

fn geo_point(point: Point) -> geo::Point {
    geo::Point::new(point.lon(), point.lat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::place::{km_to_miles, miles_to_km};

    fn point(lat: f64, lon: f64) -> Point {
        Point::new(lat, lon).unwrap()
    }

    // IFACE-4
    #[test]
    fn the_radius_is_the_mean_radius_of_grs_80() {
        assert!((EARTH_RADIUS_KM - 6_371.008_8).abs() < 1e-9, "{EARTH_RADIUS_KM}");
    }

    // IFACE-4: the expected lengths follow from the radius alone: an arc of n degrees is R·π·n/180.
    #[test]
    fn known_arcs_have_their_length() {
        let degree = EARTH_RADIUS_KM * std::f64::consts::PI / 180.0;
        for (from, to, degrees) in [
            (point(0.0, 0.0), point(0.0, 1.0), 1.0),
            (point(10.0, 25.0), point(11.0, 25.0), 1.0),
            (point(0.0, 179.5), point(0.0, -179.5), 1.0),
            (point(89.5, 10.0), point(89.5, -170.0), 1.0),
            (point(90.0, 0.0), point(90.0, 77.0), 0.0),
            (point(12.0, 180.0), point(12.0, -180.0), 0.0),
            (point(90.0, 0.0), point(-90.0, 120.0), 180.0),
            (point(0.0, 0.0), point(0.0, 180.0), 180.0),
        ] {
            let found = distance_km(from, to);
            assert!((found - degrees * degree).abs() < 1e-6, "{from:?} to {to:?}: {found}");
        }
    }

    // IFACE-4
    #[test]
    fn miles_and_kilometres_convert_both_ways() {
        assert!((miles_to_km(1_500.0) - 2_414.016).abs() < 1e-9);
        assert!((km_to_miles(1.609_344) - 1.0).abs() < 1e-15);
    }

    proptest! {
        // IFACE-4
        #[test]
        fn every_distance_is_finite_and_the_same_from_either_end(
            lat in -90.0..=90.0_f64, lon in -180.0..=180.0_f64, to_lat in -90.0..=90.0_f64, to_lon in -180.0..=180.0_f64,
        ) {
            let antipode = point(-lat, if lon > 0.0 { lon - 180.0 } else { lon + 180.0 });
            for to in [point(to_lat, to_lon), antipode] {
                let there = distance_km(point(lat, lon), to);
                prop_assert!((0.0..=20_016.0).contains(&there), "{there}");
                prop_assert_eq!(there.to_bits(), distance_km(to, point(lat, lon)).to_bits());
            }
        }
    }
}
