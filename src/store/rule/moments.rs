//! Moments and durations taken apart, in whole numbers of microseconds; zones by the changes of their clocks.

use super::numbers::{SPAN, YEARS, within};
use super::sql::{Dialect, Sql};
use crate::rules::{Arithmetic, ClockChange, Part};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// After so many days the calendar begins anew, weekdays included: 400 years.
const CYCLE: i64 = 146_097;
/// Added before dividing, so that no moment is below zero, where databases round the other way. Whole cycles, 40,000 years.
const CYCLES_AHEAD: i64 = 100;
const AHEAD: i64 = CYCLES_AHEAD * CYCLE * DAY;

/// A part of a moment, as the clocks show it that are so far from UTC.
pub(super) fn part_of_moment(dialect: Dialect, part: Part, at: &Sql, changes: &[ClockChange]) -> Sql {
    let local = local(dialect, at, changes);
    let within = |whole: i64, unit: i64| Sql::open(&format!("({{0}} + {AHEAD}) % {whole} / {unit}"), &[&local]);
    let calendar = |postgres: &str, sqlite: &str, less: i64| {
        let day = Sql::open(&format!("({{0}} + {AHEAD}) / {DAY} % {CYCLE}"), &[&local]);
        let number = match dialect {
            Dialect::Postgres => {
                let template =
                    format!("cast(extract({postgres} from date '1970-01-01' + cast({{0,}} as integer)) as bigint)");
                Sql::closed(&template, &[&day])
            }
            Dialect::Sqlite => {
                let template = format!("cast(strftime('{sqlite}', ({{0,}}) * 86400, 'unixepoch') as integer)");
                Sql::closed(&template, &[&day])
            }
        };
        if less == 0 { number } else { Sql::open(&format!("{{0}} - {less}"), &[&number]) }
    };
    match part {
        Part::Hours => within(DAY, HOUR),
        Part::Minutes => within(HOUR, MINUTE),
        Part::Seconds => within(MINUTE, SECOND),
        Part::Milliseconds => within(SECOND, 1_000),
        Part::Month => calendar("month", "%m", 1),
        Part::Date => calendar("day", "%d", 0),
        Part::DayOfMonth => calendar("day", "%d", 1),
        Part::DayOfWeek => calendar("dow", "%w", 0),
        Part::DayOfYear => calendar("doy", "%j", 1),
        Part::FullYear => Sql::once(dialect, &[&local], |local| year(dialect, local)),
    }
}

/// The year within its cycle, and the cycles before.
fn year(dialect: Dialect, local: &[Sql]) -> Sql {
    let cycle = format!("(({{0}} + {AHEAD}) / {DAY} / {CYCLE} - {CYCLES_AHEAD}) * 400");
    let day = format!("({{0}} + {AHEAD}) / {DAY} % {CYCLE}");
    let template = match dialect {
        Dialect::Postgres => {
            format!("cast(extract(year from date '1970-01-01' + cast({day} as integer)) as bigint) + {cycle}")
        }
        Dialect::Sqlite => format!("cast(strftime('%Y', ({day}) * 86400, 'unixepoch') as integer) + {cycle}"),
    };
    Sql::open(&template, &local.iter().collect::<Vec<_>>())
}

/// A part of a duration; `None` for the calendar's.
pub(super) fn part_of_duration(part: Part, span: &Sql) -> Option<Sql> {
    let by = |unit: i64| Sql::open(&format!("{{0}} / {unit}"), &[span]);
    match part {
        Part::Hours => Some(by(HOUR)),
        Part::Minutes => Some(by(MINUTE)),
        Part::Seconds => Some(by(SECOND)),
        Part::Milliseconds => Some(Sql::open("{0} / 1000 % 1000", &[span])),
        _ => None,
    }
}

/// A moment as its zone's clocks show it.
fn local(dialect: Dialect, at: &Sql, changes: &[ClockChange]) -> Sql {
    match changes {
        [] => at.clone(),
        [only] if only.offset == 0 => at.clone(),
        [only] => Sql::open(&format!("{{0}} + ({})", only.offset), &[at]),
        changes => Sql::once(dialect, &[at], |at| {
            let offset = offset(changes);
            Sql::open(&format!("{{0}} + {offset}"), &at.iter().collect::<Vec<_>>())
        }),
    }
}

/// The offset at a moment, by halving the changes: eight comparisons for a zone with two hundred of them.
fn offset(changes: &[ClockChange]) -> String {
    match changes {
        [] => "0".to_owned(),
        [only] => format!("({})", only.offset),
        changes => {
            let (before, after) = changes.split_at(changes.len() / 2);
            let from = after.first().map_or(0, |change| change.from);
            format!("case when {{0}} < {from} then {} else {} end", offset(before), offset(after))
        }
    }
}

/// Whole seconds since 1970, of a moment.
pub(super) fn seconds(at: &Sql) -> Sql {
    let behind = AHEAD / SECOND;
    Sql::open(&format!("({{0}} + {AHEAD}) / {SECOND} - {behind}"), &[at])
}

/// A moment from whole seconds since 1970.
pub(super) fn from_seconds(dialect: Dialect, seconds: &Sql) -> Sql {
    let (first, last) = (YEARS.0 / SECOND, YEARS.1 / SECOND);
    let template = format!("case when {{0}} between {first} and {last} then {{0}} * {SECOND} end");
    Sql::once(dialect, &[seconds], |seconds| Sql::closed(&template, &seconds.iter().collect::<Vec<_>>()))
}

/// A moment and a duration, in either order.
pub(super) fn moved(dialect: Dialect, op: Arithmetic, at: &Sql, span: &Sql) -> Sql {
    within(dialect, YEARS, op, at, span)
}

/// Two moments, or two durations.
pub(super) fn span(dialect: Dialect, op: Arithmetic, left: &Sql, right: &Sql) -> Sql {
    within(dialect, SPAN, op, left, right)
}
