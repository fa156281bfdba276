//! The postal codes of the United States and Canada that Baton brings along.
//!
//! Read-only and always at hand: what an installation imports lies in its database, never here.

use std::io::Read;
use std::sync::LazyLock;

use flate2::bufread::GzDecoder;

use super::row::{Columns, PostalPlace, PostalRow};
use crate::domain::{CountryCode, PostalCode};

/// Codes with their places. The unpacked text is the table, with the start of each line beside it: 2 MB in all, and a
/// first use costs little more than the unpacking.
#[derive(Debug)]
pub struct PostalTable {
    countries: Vec<CountryTable>,
}

#[derive(Debug)]
struct CountryTable {
    country: CountryCode,
    text: String,
    /// INVARIANT: the lines that start here stand in the order of their codes; [`CountryTable::lookup`] halves by it.
    line_starts: Vec<u32>,
}

static EMBEDDED: LazyLock<PostalTable> = LazyLock::new(|| PostalTable {
    countries: vec![
        CountryTable::unpack(CountryCode::US, include_bytes!("../../data/postal/postal_US.tsv.gz")),
        CountryTable::unpack(CountryCode::CA, include_bytes!("../../data/postal/postal_CA.tsv.gz")),
    ],
});

impl PostalTable {
    /// The tables in the binary, unpacked on first use.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The countries that have a table.
    pub fn countries(&self) -> impl Iterator<Item = CountryCode> + '_ {
        self.countries.iter().map(|table| table.country)
    }

    /// Where a code is; `None` for a code that does not exist and for a country without a table.
    pub fn lookup(&self, country: CountryCode, code: &PostalCode) -> Option<PostalPlace> {
        self.of(country)?.lookup(code).map(PostalPlace::from)
    }

    /// All rows of a country in the order of their codes; none for a country without a table.
    pub fn rows(&self, country: CountryCode) -> impl Iterator<Item = PostalRow> + '_ {
        self.of(country).into_iter().flat_map(CountryTable::rows)
    }

    /// How many codes a country has.
    pub fn count(&self, country: CountryCode) -> usize {
        self.of(country).map_or(0, |table| table.line_starts.len())
    }

    fn of(&self, country: CountryCode) -> Option<&CountryTable> {
        self.countries.iter().find(|table| table.country == country)
    }
}

impl CountryTable {
    #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test reads every one of them")]
    fn unpack(country: CountryCode, packed: &[u8]) -> Self {
        let mut text = String::new();
        GzDecoder::new(packed).read_to_string(&mut text).expect("the embedded postal table unpacks");
        // Each line end but the last starts a line: so the header has none.
        let mut line_starts: Vec<u32> = text.match_indices('\n').map(|(end, _)| end as u32 + 1).collect();
        line_starts.pop_if(|start| *start as usize == text.len());
        Self { country, text, line_starts }
    }

    fn rows(&self) -> impl Iterator<Item = PostalRow> + '_ {
        self.line_starts.iter().filter_map(|start| Columns::EMBEDDED.row(self.line(*start)).ok())
    }

    fn lookup(&self, code: &PostalCode) -> Option<PostalRow> {
        let found = self.line_starts.binary_search_by(|start| self.code(*start).cmp(code.as_str())).ok()?;
        Columns::EMBEDDED.row(self.line(*self.line_starts.get(found)?)).ok()
    }

    fn line(&self, start: u32) -> &str {
        self.text.get(start as usize..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    fn code(&self, start: u32) -> &str {
        self.line(start).split('\t').nth(1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::distance_km;

    const CORRECTIONS: [(CountryCode, &str); 2] = [
        (CountryCode::US, include_str!("../../data/postal/us_corrections.tsv")),
        (CountryCode::CA, include_str!("../../data/postal/ca_corrections.tsv")),
    ];
    /// Islands where the table took a third point: data/postal/README.md lists them.
    const ISLANDS: [&str; 7] = ["96940", "96941", "96942", "96943", "96944", "96960", "96970"];

    fn lookup(country: CountryCode, typed: &str) -> Option<PostalPlace> {
        PostalTable::embedded().lookup(country, &PostalCode::parse(country, typed).unwrap())
    }

    #[test]
    fn both_tables_are_whole_and_in_order() {
        let table = PostalTable::embedded();
        for (country, count) in [(CountryCode::US, 42_254), (CountryCode::CA, 1_662)] {
            let rows: Vec<PostalRow> = table.rows(country).collect();
            assert_eq!((rows.len(), table.count(country)), (count, count), "every line of {country} is a sound row");
            assert!(rows.iter().all(|row| row.country == country && !row.place.is_empty() && row.region.is_some()));
            assert!(rows.is_sorted_by(|before, after| before.code < after.code), "{country} is in order");
        }
    }

    // IFACE-4: a lead without a point of its own is where its postal code is, however people write it.
    #[test]
    fn a_code_is_found_as_people_type_it() {
        for (country, typed, place, region, lat, lon) in [
            (CountryCode::US, "95064", "Santa Cruz", "CA", 36.9959_f64, -122.0578_f64),
            (CountryCode::US, "601", "Adjuntas", "PR", 18.18055, -66.74996),
            (CountryCode::US, "00501-1234", "Holtsville", "NY", 40.8154, -73.0451),
            (CountryCode::CA, "a0a 1b0", "Southeastern Avalon Peninsula (Ferryland)", "NL", 47.2195, -53.1448),
        ] {
            let found = lookup(country, typed).unwrap();
            assert_eq!((found.place.as_str(), found.region.as_deref()), (place, Some(region)), "{typed}");
            assert_eq!(
                (found.point.lat().to_bits(), found.point.lon().to_bits()),
                (lat.to_bits(), lon.to_bits()),
                "{typed}"
            );
        }
    }

    #[test]
    fn every_code_finds_its_own_row() {
        let table = PostalTable::embedded();
        for country in table.countries() {
            for row in table.rows(country) {
                assert_eq!(table.lookup(country, &row.code), Some(PostalPlace::from(row)));
            }
        }
    }

    #[test]
    fn an_unknown_code_and_a_country_without_a_table_find_nothing() {
        assert_eq!(lookup(CountryCode::US, "00000"), None);
        assert_eq!(lookup(CountryCode::US, "99999"), None);
        assert_eq!(lookup(CountryCode::CA, "Z9Z"), None);
        let elsewhere = CountryCode::parse("NZ").unwrap();
        assert_eq!(lookup(elsewhere, "0110"), None);
        assert_eq!((PostalTable::embedded().count(elsewhere), PostalTable::embedded().rows(elsewhere).count()), (0, 0));
    }

    #[test]
    fn the_corrections_are_those_that_the_tables_hold() {
        for (country, corrections) in CORRECTIONS {
            for line in corrections.lines().skip(1) {
                let fields: Vec<&str> = line.split('\t').collect();
                let corrected =
                    crate::domain::Point::new(fields[4].parse().unwrap(), fields[5].parse().unwrap()).unwrap();
                let apart_km = distance_km(lookup(country, fields[0]).unwrap().point, corrected);
                let apart_km_max = if ISLANDS.contains(&fields[0]) { 18.0 } else { 0.02 };
                assert!(apart_km <= apart_km_max, "{country} {} is {apart_km} km from its correction", fields[0]);
            }
        }
    }
}
