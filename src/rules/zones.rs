//! When the clocks of a time zone change: for whoever has to say a zone's hours without a zone database of its own.
//!
//! Taken from the very tables that the interpreter reads, by asking them, so that both tell the same time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::moments::Zone;

/// From this moment on, a zone's clocks differ from UTC by this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockChange {
    /// Microseconds since 1970; the first change of a zone is before all moments.
    pub from: i64,
    /// Microseconds that are added to UTC.
    pub offset: i64,
}

const DAY: i64 = 86_400;
/// Before 1840 and after 2150 no zone of the tables changes; a test holds that against the years 1 to 9999.
const FIRST_SECOND: i64 = -4_102_444_800;
const LAST_SECOND: i64 = 5_680_281_600;

/// Every change of a zone, earliest first, at least one; `None` for what is not a zone.
pub fn clock_changes(zone: &str) -> Option<Arc<[ClockChange]>> {
    static KNOWN: LazyLock<Mutex<HashMap<Tz, Arc<[ClockChange]>>>> = LazyLock::new(Mutex::default);
    match Zone::parse(zone)? {
        Zone::Fixed(offset) => Some(Arc::new([change(i64::MIN, i64::from(offset.local_minus_utc()))])),
        Zone::Named(zone) => {
            // Nothing panics while the lock is held, and a whole map stays whole.
            let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            Some(Arc::clone(known.entry(zone).or_insert_with(|| search(zone).into())))
        }
    }
}

/// Looks at each day, and within a day that ends otherwise than it began for the second at which it changes.
fn search(zone: Tz) -> Vec<ClockChange> {
    let mut changes = vec![change(i64::MIN, offset(zone, FIRST_SECOND))];
    let mut before = offset(zone, FIRST_SECOND);
    let mut day = FIRST_SECOND;
    while day < LAST_SECOND {
        let after = offset(zone, day + DAY);
        if after != before {
            let second = first_second(zone, before, day, day + DAY);
            changes.push(change(second.saturating_mul(1_000_000), after));
            before = after;
        }
        day += DAY;
    }
    changes
}

/// The first second after `from`, up to `until`, at which the offset is no longer `before`.
fn first_second(zone: Tz, before: i64, mut from: i64, mut until: i64) -> i64 {
    while until - from > 1 {
        let middle = from + (until - from) / 2;
        if offset(zone, middle) == before { from = middle } else { until = middle }
    }
    until
}

fn offset(zone: Tz, second: i64) -> i64 {
    // INVARIANT: all seconds asked for lie within chrono's years.
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

const fn change(from: i64, offset_seconds: i64) -> ClockChange {
    ClockChange { from, offset: offset_seconds * 1_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(changes: &[ClockChange], second: i64) -> i64 {
        changes.iter().rev().find(|change| change.from <= second * 1_000_000).unwrap().offset / 1_000_000
    }

    // EXPR-5
    #[test]
    fn the_changes_tell_the_time_of_the_tables() {
        for name in
            ["UTC", "America/Chicago", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Tehran"]
        {
            let zone: Tz = name.parse().unwrap();
            let changes = clock_changes(name).unwrap();
            // A prime number of seconds, about eight hours, so that all times of the day are met.
            let mut second = -5_000_000_000;
            while second < 7_000_000_000 {
                assert_eq!(at(&changes, second), offset(zone, second), "{name} at {second}");
                second += 28_807;
            }
            for change in changes.iter().skip(1) {
                let second = change.from / 1_000_000;
                assert_eq!(at(&changes, second), offset(zone, second), "{name} at {second}");
                assert_eq!(at(&changes, second - 1), offset(zone, second - 1), "{name} before {second}");
            }
            for year in [-62_135_596_800, -10_000_000_000, 10_000_000_000, 253_402_300_799] {
                assert_eq!(at(&changes, year), offset(zone, year), "{name} at {year}");
            }
        }
        assert_eq!(*clock_changes("-06:30").unwrap(), [change(i64::MIN, -23_400)]);
        assert_eq!(clock_changes("Chicago"), None);
    }
}
