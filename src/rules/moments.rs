//! Moments and durations as expressions write and take them apart: RFC 3339, Go's duration syntax, time zones.
//!
//! Everything is whole microseconds, because that is what both databases keep; finer input is refused, never rounded.

use std::fmt::Write;

use chrono::{DateTime, Datelike, FixedOffset, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::domain::Timestamp;

/// 0001-01-01T00:00:00Z, CEL's first moment.
const FIRST: i64 = -62_135_596_800_000_000;
/// The last microsecond of the year 9999, CEL's last.
const LAST: i64 = 253_402_300_799_999_999;
/// CEL's longest duration, whose nanoseconds have to fit in 64 bits: about 292 years.
const DURATION_MAX: i64 = 9_223_372_036_854_775;

/// A moment within CEL's years, 1 to 9999.
pub(super) fn in_years(micros: i64) -> Option<Timestamp> {
    (FIRST..=LAST).contains(&micros).then(|| Timestamp::from_micros(micros))
}

/// A duration within CEL's range.
pub(super) fn in_span(micros: i64) -> Option<i64> {
    (-DURATION_MAX..=DURATION_MAX).contains(&micros).then_some(micros)
}

/// Reads RFC 3339, to the microsecond.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    let leap_or_finer = at.nanosecond() % 1_000 != 0 || at.nanosecond() >= 1_000_000_000;
    if leap_or_finer { None } else { in_years(at.timestamp_micros()) }
}

/// Seconds since 1970 as a moment.
pub(super) fn from_seconds(seconds: i64) -> Option<Timestamp> {
    seconds.checked_mul(1_000_000).and_then(in_years)
}

/// Reads Go's form: a sign, then numbers with units from `h`, `m`, `s`, `ms`, `us`, `ns`: `1h30m`, `-1.5s`; in microseconds.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let (amount, after) = quantity(rest)?;
        nanos = nanos.checked_add(amount)?;
        rest = after;
    }
    let exact = !text.trim_start_matches(['-', '+']).is_empty() && nanos % 1_000 == 0;
    exact.then_some(nanos / 1_000).and_then(|micros| i64::try_from(sign * micros).ok()).and_then(in_span)
}

/// One number with its unit, in nanoseconds, and what follows it.
fn quantity(text: &str) -> Option<(i128, &str)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(number_end);
    let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let nanos_per_unit: i128 = match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // Fifteen digits are past every duration's end and past every exact fraction's precision.
    if whole.len() > 15 || fraction.len() > 15 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fine = digits(fraction)?.checked_mul(nanos_per_unit)?;
    if fine % scale != 0 {
        return None;
    }
    Some((digits(whole)?.checked_mul(nanos_per_unit)?.checked_add(fine / scale)?, rest))
}

/// As CEL shows it, seconds with as few decimals as it takes: `5400s`, `-1.5s`.
pub(super) fn duration_text(micros: i64) -> String {
    let magnitude = micros.unsigned_abs();
    let mut text = format!("{}{}", if micros < 0 { "-" } else { "" }, magnitude / 1_000_000);
    let fraction = magnitude % 1_000_000;
    if fraction != 0 {
        // Writing to a string can't fail.
        let _ = write!(text, ".{fraction:06}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('s');
    text
}

/// As expressions write it: in whole hours or minutes if it can be, else in seconds: `3h`, `90m`, `1.5s`.
pub(super) fn duration_literal(micros: i64) -> String {
    const MINUTE: i64 = 60_000_000;
    const HOUR: i64 = 60 * MINUTE;
    match micros {
        0 => "0s".to_owned(),
        micros if micros % HOUR == 0 => format!("{}h", micros / HOUR),
        micros if micros % MINUTE == 0 => format!("{}m", micros / MINUTE),
        micros => duration_text(micros),
    }
}

/// A part of a moment or a duration, named as CEL names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The year.
    FullYear,
    /// The month, January is 0.
    Month,
    /// The day of the month, the first is 1.
    Date,
    /// The day of the month, the first is 0.
    DayOfMonth,
    /// The day of the week, Sunday is 0.
    DayOfWeek,
    /// The day of the year, the first is 0.
    DayOfYear,
    /// The hour of the day; of a duration, all its whole hours.
    Hours,
    /// The minute of the hour; of a duration, all its whole minutes.
    Minutes,
    /// The second of the minute; of a duration, all its whole seconds.
    Seconds,
    /// The millisecond of the second.
    Milliseconds,
}

impl Part {
    /// Every part, to find one by name.
    pub const ALL: [Self; 10] = [
        Self::FullYear,
        Self::Month,
        Self::Date,
        Self::DayOfMonth,
        Self::DayOfWeek,
        Self::DayOfYear,
        Self::Hours,
        Self::Minutes,
        Self::Seconds,
        Self::Milliseconds,
    ];

    /// As it is written: `getFullYear`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullYear => "getFullYear",
            Self::Month => "getMonth",
            Self::Date => "getDate",
            Self::DayOfMonth => "getDayOfMonth",
            Self::DayOfWeek => "getDayOfWeek",
            Self::DayOfYear => "getDayOfYear",
            Self::Hours => "getHours",
            Self::Minutes => "getMinutes",
            Self::Seconds => "getSeconds",
            Self::Milliseconds => "getMilliseconds",
        }
    }

    /// Whether durations have it too.
    pub const fn of_duration(self) -> bool {
        matches!(self, Self::Hours | Self::Minutes | Self::Seconds | Self::Milliseconds)
    }

    /// The part of a moment in a zone.
    pub(super) fn of_moment(self, at: Timestamp, zone: Zone) -> i64 {
        let local = zone.local(at);
        match self {
            Self::FullYear => i64::from(local.year()),
            Self::Month => i64::from(local.month0()),
            Self::Date => i64::from(local.day()),
            Self::DayOfMonth => i64::from(local.day0()),
            Self::DayOfWeek => i64::from(local.weekday().num_days_from_sunday()),
            Self::DayOfYear => i64::from(local.ordinal0()),
            Self::Hours => i64::from(local.hour()),
            Self::Minutes => i64::from(local.minute()),
            Self::Seconds => i64::from(local.second()),
            Self::Milliseconds => i64::from(local.nanosecond() / 1_000_000),
        }
    }

    /// The part of a duration; `None` for the calendar's parts, which durations have none of.
    pub(super) const fn of_micros(self, micros: i64) -> Option<i64> {
        match self {
            Self::Hours => Some(micros / 3_600_000_000),
            Self::Minutes => Some(micros / 60_000_000),
            Self::Seconds => Some(micros / 1_000_000),
            Self::Milliseconds => Some(micros / 1_000 % 1_000),
            _ => None,
        }
    }
}

/// A time zone: a name of the IANA database, or a fixed offset such as `+05:30`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

impl Zone {
    pub(super) const UTC: Self = Self::Named(Tz::UTC);

    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::Named).or_else(|| offset(text).map(Self::Fixed))
    }

    fn local(self, at: Timestamp) -> DateTime<FixedOffset> {
        let utc: DateTime<Utc> = at.datetime();
        let offset = match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc.naive_utc()).fix(),
            Self::Fixed(offset) => offset,
        };
        utc.with_timezone(&offset)
    }
}

/// The IANA name that is most like `text`.
pub(super) fn nearest_zone(text: &str) -> Option<&'static str> {
    crate::domain::field::nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
}

fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten().map(i32::from);
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours <= 14 && minutes < 60).then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    // EXPR-3
    #[test]
    fn durations_are_read_exactly_or_not_at_all() {
        for (text, micros) in [
            ("90s", 90_000_000),
            ("1h30m", 5_400_000_000),
            ("-1.5s", -1_500_000),
            ("+2ms", 2_000),
            ("1000ns", 1),
            (".5m", 30_000_000),
            ("0", 0),
            ("9223372036.854775s", DURATION_MAX),
        ] {
            assert_eq!(parse_duration(text), Some(micros), "{text}");
        }
        for text in
            ["", "-", "5", "1d", "1.5ns", "1ns", "s", "1..5s", "1h 2m", "9223372036.854776s", "9999999999999999s"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        for micros in [0, 1, -1, 1_500_000, -90_000_000, DURATION_MAX] {
            assert_eq!(parse_duration(&duration_text(micros)), Some(micros));
            assert_eq!(parse_duration(&duration_literal(micros)), Some(micros));
        }
    }

    // EXPR-3
    #[test]
    fn moments_end_with_the_year_9999_and_are_never_rounded() {
        assert_eq!(parse_moment("1970-01-01T00:00:00.000001Z"), Some(Timestamp::from_micros(1)));
        assert_eq!(parse_moment("0001-01-01T00:00:00Z"), Some(Timestamp::from_micros(FIRST)));
        assert_eq!(parse_moment("9999-12-31T23:59:59.999999Z"), Some(Timestamp::from_micros(LAST)));
        for text in ["2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00:00.0000001Z", "0000-12-31T23:59:59Z"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    // EXPR-3
    #[test]
    fn parts_follow_the_zone_through_daylight_saving() {
        let summer = parse_moment("2026-07-01T03:30:00Z").unwrap();
        let winter = parse_moment("2026-01-01T03:30:00Z").unwrap();
        let chicago = Zone::parse("America/Chicago").unwrap();
        assert_eq!((Part::Hours.of_moment(summer, chicago), Part::Hours.of_moment(winter, chicago)), (22, 21));
        assert_eq!(Part::DayOfMonth.of_moment(summer, chicago), 29);
        assert_eq!(Part::Minutes.of_moment(summer, Zone::parse("+05:45").unwrap()), 15);
        assert!(Zone::parse("Chicago").is_none() && Zone::parse("+5:00").is_none() && Zone::parse("").is_none());
        assert_eq!(nearest_zone("America/Chicgo"), Some("America/Chicago"));
    }
}
