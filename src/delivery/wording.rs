//! How moments, durations, distances and places are written for people, in mails and on pages alike.
//!
//! English only, and neither an hour without its zone nor anything that a person could be found by.

use std::time::Duration;

use chrono::TimeZone;
use chrono_tz::Tz;

use crate::domain::Timestamp;
use crate::domain::message::{Distance, LeadSummary, Line};
use crate::domain::place::km_to_miles;
use crate::domain::tenant::DistanceUnit;

/// `Sat 21 Nov 2026, 14:05 EST`: the reader's wall clock, with the zone's name. Zones without an abbreviation of letters
/// show their offset (`UTC-03`).
pub fn moment(at: Timestamp, zone: Tz) -> String {
    let local = zone.from_utc_datetime(&at.datetime().naive_utc());
    let abbreviation = local.format("%Z").to_string();
    let named = abbreviation.starts_with(|c: char| c.is_ascii_alphabetic());
    let prefix = if named { "" } else { "UTC" };
    format!("{} {prefix}{abbreviation}", local.format("%a %-d %b %Y, %H:%M"))
}

/// The two largest units: `4 hours`, `1 hour 30 minutes`, `2 days 3 hours`, `45 seconds`. Cut, not rounded: a deadline
/// must never read later than it is.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [("day", seconds / 86_400), ("hour", seconds / 3600 % 24), ("minute", seconds / 60 % 60)];
    let parts: Vec<String> = units
        .iter()
        .skip_while(|(_, count)| *count == 0)
        .take(2)
        .filter(|(_, count)| *count > 0)
        .map(|(unit, count)| counted(*count, unit))
        .collect();
    if parts.is_empty() { counted(seconds, "second") } else { parts.join(" ") }
}

/// `8.4 mi`, `13 km`: one decimal below ten, none above.
pub fn distance(distance: Distance) -> String {
    let (value, unit) = match distance.unit {
        DistanceUnit::Km => (distance.km, "km"),
        DistanceUnit::Mi => (km_to_miles(distance.km), "mi"),
    };
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// `1 lead`, `2 leads`.
pub fn counted(count: u64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// Until when something waits.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// The moment, in the reader's zone.
    pub at: String,
    /// How long that was when the words were written.
    pub left: String,
}

impl Deadline {
    /// Words for a reader in `zone`, written at `from`.
    pub fn new(from: Timestamp, until: Timestamp, zone: Tz) -> Self {
        Self { at: moment(until, zone), left: duration(until.since(from)) }
    }
}

/// A request's summary in words. Made from [`LeadSummary`] alone, so it can't say more than that may.
#[derive(Clone, Debug)]
pub struct SummaryWords<'a> {
    /// Brand and product in one, `Aurora Comet`; else what is wanted; else when: `Request of Sat 21 Nov 2026, 14:05 EST`.
    pub title: String,
    /// What the customer wants.
    pub interest: Option<&'a str>,
    /// Roughly where the customer is: `Boston 021…, US`.
    pub place: Option<String>,
    /// Where the request came from.
    pub source: Option<&'a str>,
    /// When the customer asked, in the reader's zone.
    pub received: String,
}

impl<'a> SummaryWords<'a> {
    /// Words for a reader in `zone`.
    pub fn new(summary: &'a LeadSummary, zone: Tz) -> Self {
        let named: Vec<&str> = [&summary.brand, &summary.product].into_iter().flatten().map(Line::as_str).collect();
        let interest = summary.interest.as_ref().map(Line::as_str);
        let received = moment(summary.received_at, zone);
        let (title, interest) = match (named.is_empty(), interest) {
            (false, interest) => (named.join(" "), interest),
            // What stands in the title is not said twice.
            (true, Some(interest)) => (interest.to_owned(), None),
            (true, None) => (format!("Request of {received}"), None),
        };
        Self { title, interest, place: place(summary), source: summary.source.as_ref().map(Line::as_str), received }
    }
}

fn place(summary: &LeadSummary) -> Option<String> {
    let city = summary.city.as_ref().map(ToString::to_string);
    let area = summary.postal_area.as_ref().map(|area| format!("{}…", area.as_str()));
    let town = [city, area].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let country = summary.country.map(|country| country.to_string());
    let parts: Vec<String> = [Some(town), country].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;

    #[test]
    fn a_moment_is_on_the_readers_wall_clock_and_names_the_zone() {
        let at = |micros| Timestamp::from_micros(micros);
        // 2026-11-01 05:30 and 06:30 UTC: the hour that New York has twice.
        assert_eq!(moment(at(1_793_511_000_000_000), Tz::America__New_York), "Sun 1 Nov 2026, 01:30 EDT");
        assert_eq!(moment(at(1_793_514_600_000_000), Tz::America__New_York), "Sun 1 Nov 2026, 01:30 EST");
        assert_eq!(moment(at(1_793_514_600_000_000), Tz::America__Sao_Paulo), "Sun 1 Nov 2026, 03:30 UTC-03");
        assert_eq!(moment(at(i64::MAX), Tz::UTC).chars().last(), Some('C'));
    }

    #[test]
    fn a_duration_shows_its_two_largest_units_and_never_more_than_is_left() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (5400, "1 hour 30 minutes"),
            (7199, "1 hour 59 minutes"),
            (14_400, "4 hours"),
            (86_400 + 59, "1 day"),
            (2 * 86_400 + 3 * 3600 + 1800, "2 days 3 hours"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn a_distance_is_shown_in_the_tenants_unit() {
        let shown = |km, unit| distance(Distance { km, unit });
        assert_eq!(shown(13.5, DistanceUnit::Mi), "8.4 mi");
        assert_eq!(shown(13.5, DistanceUnit::Km), "14 km");
        assert_eq!(shown(0.04, DistanceUnit::Km), "0.0 km");
        assert_eq!(shown(9.97, DistanceUnit::Km), "10 km");
    }

    #[test]
    fn a_summary_is_worded_from_whatever_is_known() {
        let known = samples::summary();
        let words = SummaryWords::new(&known, Tz::America__New_York);
        assert_eq!(words.title, "Aurora Comet 5");
        assert_eq!(words.place.as_deref(), Some("Boston 021…, US"));
        let bare = LeadSummary {
            brand: None,
            product: None,
            interest: None,
            city: None,
            postal_area: None,
            country: None,
            source: None,
            ..known.clone()
        };
        let words = SummaryWords::new(&bare, Tz::UTC);
        assert_eq!((words.title.as_str(), words.place), ("Request of Sat 21 Nov 2026, 19:05 UTC", None));
    }
}
