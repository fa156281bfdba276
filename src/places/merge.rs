//! Joins the several places of one postal code to one row, in the middle of them.
//!
//! Holds every code of a file at once (some 200 bytes each): a country's file, not an endless stream.

use std::collections::BTreeMap;

use super::distance::unit_vector;
use super::row::PostalRow;
use crate::domain::{CountryCode, Point, PostalCode};

/// A middle is rounded to a tenth of a metre, so that it does not depend on the last bit of a sine.
const ROUNDING_PER_DEGREE: f64 = 1e6;
/// Places whose unit vectors cancel out (poles, antipodes) have no middle.
const LENGTH_MIN: f64 = 1e-9;

/// Collects rows and gives one per code, ordered by country and code.
///
/// The name and the region are those of the code's first row, the point is the mean of all its points on the sphere.
#[derive(Debug, Default)]
pub struct PostalMerger {
    by_code: BTreeMap<(CountryCode, PostalCode), Merging>,
}

#[derive(Debug)]
struct Merging {
    first: PostalRow,
    vector_sum: [f64; 3],
    has_several_points: bool,
}

impl PostalMerger {
    /// Takes one more row.
    pub fn add(&mut self, row: PostalRow) {
        let merging = self.by_code.entry((row.country, row.code.clone())).or_insert_with(|| Merging {
            first: row.clone(),
            vector_sum: [0.0; 3],
            has_several_points: false,
        });
        merging.has_several_points |= merging.first.point != row.point;
        for (sum, part) in merging.vector_sum.iter_mut().zip(unit_vector(row.point)) {
            *sum += part;
        }
    }

    /// How many codes there are by now.
    pub fn count(&self) -> usize {
        self.by_code.len()
    }

    /// The merged rows.
    pub fn into_rows(self) -> impl Iterator<Item = PostalRow> {
        self.by_code.into_values().map(|merging| {
            let middle = if merging.has_several_points { middle(merging.vector_sum) } else { None };
            PostalRow { point: middle.unwrap_or(merging.first.point), ..merging.first }
        })
    }
}

fn middle([x, y, z]: [f64; 3]) -> Option<Point> {
    if x.hypot(y).hypot(z) < LENGTH_MIN {
        return None;
    }
    let rounded = |radians: f64| (radians.to_degrees() * ROUNDING_PER_DEGREE).round() / ROUNDING_PER_DEGREE;
    Point::new(rounded(z.atan2(x.hypot(y))), rounded(y.atan2(x))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str, place: &str, lat: f64, lon: f64) -> PostalRow {
        let country = CountryCode::parse("NZ").unwrap();
        PostalRow {
            country,
            code: PostalCode::parse(country, code).unwrap(),
            point: Point::new(lat, lon).unwrap(),
            place: place.to_owned(),
            region: None,
        }
    }

    fn merged(rows: impl IntoIterator<Item = PostalRow>) -> Vec<PostalRow> {
        let mut merger = PostalMerger::default();
        rows.into_iter().for_each(|row| merger.add(row));
        merger.into_rows().collect()
    }

    #[test]
    fn places_of_one_code_meet_in_their_middle_under_the_first_name() {
        let rows = merged([row("20", "b", 1.0, 1.0), row("10", "first", 0.0, 10.0), row("10", "second", 0.0, 20.0)]);
        assert_eq!(rows, [row("10", "first", 0.0, 15.0), row("20", "b", 1.0, 1.0)]);
    }

    #[test]
    fn the_middle_is_taken_on_the_sphere_also_over_the_antimeridian() {
        assert_eq!(merged([row("1", "a", 0.0, 179.0), row("1", "b", 0.0, -178.0)]), [row("1", "a", 0.0, -179.5)]);
        assert_eq!(
            merged([row("1", "a", 80.0, 0.0), row("1", "b", 80.0, 180.0)])[0].point.lat().to_bits(),
            90.0_f64.to_bits()
        );
    }

    #[test]
    fn a_single_point_stays_as_it_was_written() {
        let alone = row("1", "a", -36.848_512_345, 174.763_398_765);
        assert_eq!(merged([alone.clone(), alone.clone(), alone.clone()]), [alone]);
    }

    #[test]
    fn antipodes_keep_the_first_point() {
        assert_eq!(merged([row("1", "a", 90.0, 0.0), row("1", "b", -90.0, 0.0)]), [row("1", "a", 90.0, 0.0)]);
    }
}
