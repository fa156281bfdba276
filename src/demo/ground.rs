//! Where the demo's people live and its dealers stand: true places, drawn as densely as people live. It never invents a
//! postal code.

use std::io::Read;

use flate2::read::GzDecoder;

use super::chance::Chance;
use super::words;
use crate::domain::dealer::Address;
use crate::domain::{CountryCode, Point, PostalCode};
use crate::places::{PostalRow, PostalTable};

/// ZIP codes drawn by population.
static ZIP_CODES: &[u8] = include_bytes!("../../data/demo/zip_codes.txt.gz");

/// How leads and dealers spread: where many Americans live, anywhere in the United States, in Canada.
const SHARES: [(Area, f64); 3] = [(Area::Populous, 72.0), (Area::Anywhere, 18.0), (Area::Canada, 10.0)];

/// Post that goes to soldiers abroad, and islands too far from any dealer.
const REGIONS_LEFT_OUT: [&str; 9] = ["AA", "AE", "AP", "AS", "FM", "GU", "MH", "MP", "PW"];

/// About two kilometres: within the area of most codes.
const JITTER_DEGREES: f64 = 0.02;

#[derive(Clone, Copy, Default)]
enum Area {
    #[default]
    Populous,
    Anywhere,
    Canada,
}

/// The places that can be drawn.
pub struct Ground {
    populous: Vec<PostalRow>,
    anywhere: Vec<PostalRow>,
    canada: Vec<PostalRow>,
}

/// One place: its code, and a point near the code's centroid.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The code with its centroid.
    pub row: PostalRow,
    /// Near the centroid.
    pub point: Point,
}

impl Ground {
    /// Reads the embedded tables.
    pub fn load() -> Self {
        let table = PostalTable::embedded();
        let kept = |row: &PostalRow| {
            row.region.as_deref().is_some_and(|region| !REGIONS_LEFT_OUT.contains(&region)) && !row.place.is_empty()
        };
        let anywhere: Vec<PostalRow> = table.rows(CountryCode::US).filter(kept).collect();
        let canada = table.rows(CountryCode::CA).filter(kept).collect();
        let row_of = |code: &str| {
            let code = PostalCode::parse(CountryCode::US, code).ok()?;
            let place = anywhere.binary_search_by(|row| row.code.cmp(&code)).ok()?;
            anywhere.get(place).cloned()
        };
        let populous = zip_codes().lines().filter_map(row_of).collect();
        Self { populous, anywhere, canada }
    }

    /// A place where somebody might live or a dealer stand.
    pub fn spot(&self, chance: &Chance) -> Option<Spot> {
        let rows = match chance.weighted(&SHARES) {
            Area::Populous => &self.populous,
            Area::Anywhere => &self.anywhere,
            Area::Canada => &self.canada,
        };
        rows.get(chance.below(rows.len())).map(|row| Spot::near(row.clone(), chance))
    }

    /// The place of one US code.
    pub fn spot_at(&self, code: &str, chance: &Chance) -> Option<Spot> {
        self.anywhere.iter().find(|row| row.code.as_str() == code).map(|row| Spot::near(row.clone(), chance))
    }
}

impl Spot {
    fn near(row: PostalRow, chance: &Chance) -> Self {
        let shift = || (chance.unit() * 2.0 - 1.0) * JITTER_DEGREES;
        let point = Point::new(rounded(row.point.lat() + shift()), rounded(row.point.lon() + shift()));
        let point = point.unwrap_or(row.point);
        Self { row, point }
    }

    /// An invented address in this place.
    pub fn address(&self, chance: &Chance) -> Address {
        Address {
            street: Some(format!("{} {}", chance.between(1, 9_800), chance.pick(&words::STREETS))),
            city: Some(self.city()),
            region: self.row.region.clone(),
            country: self.row.country,
            postal_code: Some(self.row.code.clone()),
        }
    }

    /// The name of the place, without what a postal table puts in brackets.
    pub fn city(&self) -> String {
        self.row.place.split(" (").next().unwrap_or_default().to_owned()
    }
}

/// Ten metres are enough for an invented address.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e4).round() / 1e4
}

fn zip_codes() -> String {
    let mut text = String::new();
    // The bytes are part of the binary, and a test reads every one of them; an unreadable list would only leave the
    // populous places out.
    let _whole = GzDecoder::new(ZIP_CODES).read_to_string(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::distance_km;

    #[test]
    fn every_code_of_the_list_is_a_place() {
        let ground = Ground::load();
        assert_eq!(zip_codes().lines().count(), 1_707);
        assert_eq!(ground.populous.len(), 1_707);
        assert!(ground.anywhere.len() > 40_000 && ground.canada.len() > 1_600);
    }

    // RUN-5
    #[test]
    fn a_spot_lies_near_the_centroid_of_its_code_in_both_countries() {
        let (ground, chance) = (Ground::load(), Chance::from_seed(3));
        let spots: Vec<Spot> = (0..2_000).filter_map(|_| ground.spot(&chance)).collect();
        assert_eq!(spots.len(), 2_000);
        for spot in &spots {
            let place = PostalTable::embedded().lookup(spot.row.country, &spot.row.code).unwrap();
            assert!(distance_km(place.point, spot.point) < 4.0, "{spot:?}");
        }
        let canadian = spots.iter().filter(|spot| spot.row.country == CountryCode::CA).count();
        assert!((120..=280).contains(&canadian), "{canadian}");
    }
}
