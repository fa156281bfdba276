//! The time zone that a dealer most likely keeps, by its state or province.
//!
//! A default to start from, never a fact: where a state has several zones this is the commonest one.

use chrono_tz::Tz;

use crate::domain::CountryCode;

const BY_REGION: &str = include_str!("../../data/postal/state_tz.tsv");

/// The default zone of a region, given by its postal abbreviation in either case (`MA`, `on`); `None` where unknown.
pub fn default_time_zone(country: CountryCode, region: &str) -> Option<Tz> {
    let region = region.trim();
    BY_REGION.lines().skip(1).find_map(|line| {
        let mut fields = line.split('\t');
        let is_here = fields.next()? == country.as_str() && fields.next()?.eq_ignore_ascii_case(region);
        if is_here { fields.next()?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::PostalTable;

    #[test]
    fn a_region_has_the_zone_that_most_of_it_keeps() {
        for (country, region, zone) in [
            (CountryCode::US, "MA", Tz::America__New_York),
            (CountryCode::US, " az ", Tz::America__Phoenix),
            (CountryCode::US, "CA", Tz::America__Los_Angeles),
            (CountryCode::CA, "NL", Tz::America__St_Johns),
            (CountryCode::CA, "SK", Tz::America__Regina),
        ] {
            assert_eq!(default_time_zone(country, region), Some(zone), "{country} {region}");
        }
    }

    #[test]
    fn an_unknown_region_has_no_zone() {
        assert_eq!(default_time_zone(CountryCode::US, "ZZ"), None);
        assert_eq!(default_time_zone(CountryCode::US, ""), None);
        assert_eq!(default_time_zone(CountryCode::US, "ON"), None);
    }

    #[test]
    fn every_region_of_the_postal_tables_has_a_zone() {
        let table = PostalTable::embedded();
        for country in table.countries() {
            for row in table.rows(country) {
                let region = row.region.unwrap();
                assert!(default_time_zone(country, &region).is_some(), "{country} {region}");
            }
        }
    }
}
