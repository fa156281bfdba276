//! Who comes first: level by level, and only as far as it takes to know the first few.
//!
//! After each level only those stay who can still be among the first: all up to the last of them, and its ties. So a costly
//! level, such as a distance, is worked out for few.

use super::definition::CheckedLevel;
use super::plan::{Level, compare, rank_of};
use super::search::Search;
use crate::domain::interface::{Direction, Nulls};
use crate::places::Cells;
use crate::rules::{SortKey, Type};

/// So few are measured as they are.
const MEASURED_MIN: usize = 32;

/// One candidate on its way to the front.
struct Entry {
    place: u32,
    /// Those who are equal so far are of one group; lower groups come first.
    group: u32,
    key: u128,
}

/// The first `limit` of the matched, in order; the last tie-break is the turn.
pub(super) fn first(search: &Search<'_>, levels: &[Level], matched: &[u32], limit: usize) -> Vec<u32> {
    if limit == 0 {
        return Vec::new();
    }
    let mut entries: Vec<Entry> = matched.iter().map(|place| Entry { place: *place, group: 0, key: 0 }).collect();
    for level in levels {
        fill(search, level, &mut entries, limit);
        keep(&mut entries, limit);
        if entries.last().is_none_or(|last| last.group as usize + 1 == entries.len()) {
            break;
        }
    }
    let order = |entry: &Entry| (entry.group, search.turn(entry.place));
    if limit < entries.len() {
        entries.select_nth_unstable_by_key(limit - 1, order);
        entries.truncate(limit);
    }
    entries.sort_unstable_by_key(order);
    entries.into_iter().map(|entry| entry.place).collect()
}

fn keep(entries: &mut Vec<Entry>, limit: usize) {
    let order = |entry: &Entry| (entry.group, entry.key);
    if limit < entries.len() {
        let (_, last, _) = entries.select_nth_unstable_by_key(limit - 1, order);
        let last = order(last);
        entries.retain(|entry| order(entry) <= last);
    }
    entries.sort_unstable_by_key(order);
    let mut group = 0;
    let mut before = None;
    for entry in entries {
        if before.is_some_and(|before| before != order(entry)) {
            group += 1;
        }
        before = Some(order(entry));
        entry.group = group;
    }
}

fn fill(search: &Search<'_>, level: &Level, entries: &mut Vec<Entry>, limit: usize) {
    match level {
        Level::Ranks(ranks) => {
            for entry in entries {
                entry.key = u128::from(rank_of(ranks, entry.place));
            }
        }
        Level::Distance { direction, nulls } => {
            if (*direction, *nulls) == (Direction::Asc, Nulls::Last) {
                drop_far(search, entries, limit);
            }
            for entry in entries {
                let km = search.row(entry.place).distance_km();
                entry.key = ordinal(km.map(of_double), *direction, *nulls);
            }
        }
        Level::Key(level) => fill_keys(search, level, entries),
    }
}

/// Of the last group, which is too long, only the nearest stay, and those who are too near to the last of them to tell: measuring is
/// costly, and the cosine of the angle is not. Entries are in the order of their groups.
fn drop_far(search: &Search<'_>, entries: &mut Vec<Entry>, limit: usize) {
    let Some(last) = entries.last().map(|entry| entry.group) else { return };
    let before = entries.partition_point(|entry| entry.group < last);
    let room = limit.saturating_sub(before);
    if room == 0 || entries.len() - before <= MEASURED_MIN.max(2 * room) {
        return;
    }
    let dots = search.dots(entries.iter().skip(before).map(|entry| entry.place));
    let mut sorted = dots.clone();
    let (_, bound, _) = sorted.select_nth_unstable_by(room - 1, |left, right| right.total_cmp(left));
    let bound = *bound - Cells::is_nearer_by();
    let mut dots = dots.iter();
    let mut index = 0;
    entries.retain(|_| {
        index += 1;
        index <= before || dots.next().is_none_or(|dot| *dot >= bound)
    });
}

fn fill_keys(search: &Search<'_>, level: &CheckedLevel, entries: &mut [Entry]) {
    let root = level.key.root();
    if root.ty == Type::Double {
        let places: Vec<u32> = entries.iter().map(|entry| entry.place).collect();
        for (entry, number) in entries.iter_mut().zip(search.doubles(root, &places)) {
            // `+ 0.0` turns minus zero into zero and leaves all else.
            let value = number.is_finite().then(|| of_double(number + 0.0));
            entry.key = ordinal(value, level.direction, level.nulls);
        }
        return;
    }
    let rows: Vec<_> = entries.iter().map(|entry| search.row(entry.place)).collect();
    let keys: Vec<SortKey<'_>> = rows.iter().map(|row| level.key.sort_key(row)).collect();
    let mut texts: Vec<&SortKey<'_>> = Vec::new();
    for (entry, key) in entries.iter_mut().zip(&keys) {
        let value = match key {
            SortKey::Missing => None,
            SortKey::Bool(flag) => Some(u64::from(*flag)),
            SortKey::Int(number) | SortKey::Duration(number) => Some(of_int(*number)),
            SortKey::Double(number) => Some(of_double(*number)),
            SortKey::Timestamp(at) => Some(of_int(at.micros())),
            SortKey::Text(_) => {
                texts.push(key);
                continue;
            }
        };
        entry.key = ordinal(value, level.direction, level.nulls);
    }
    // Texts have no number of their own: their place among the texts at hand will do, direction and all.
    texts.sort_unstable_by(|left, right| compare(level, left, right));
    texts.dedup();
    for (entry, key) in entries.iter_mut().zip(&keys).filter(|(_, key)| matches!(key, SortKey::Text(_))) {
        let rank = texts.partition_point(|text| compare(level, text, key).is_lt());
        entry.key = ordinal(Some(rank as u64), Direction::Asc, level.nulls);
    }
}

/// A number that orders as the level says; missing ones before or after all.
fn ordinal(value: Option<u64>, direction: Direction, nulls: Nulls) -> u128 {
    match (value, direction) {
        (Some(value), Direction::Asc) => u128::from(value) + 1,
        (Some(value), Direction::Desc) => u128::from(!value) + 1,
        (None, _) if nulls == Nulls::First => 0,
        (None, _) => u128::MAX,
    }
}

/// Orders as the whole numbers do.
fn of_int(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Orders as finite doubles do: of negative ones all bits turn, of the others the sign.
fn of_double(number: f64) -> u64 {
    let bits = number.to_bits();
    if number.is_sign_negative() { !bits } else { bits | (1 << 63) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // IFACE-2
    #[test]
    fn numbers_keep_their_order_as_ordinals() {
        let doubles = [f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, f64::MIN_POSITIVE, 1.0, f64::MAX];
        assert!(doubles.windows(2).all(|pair| of_double(pair[0]) < of_double(pair[1])));
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ints.windows(2).all(|pair| of_int(pair[0]) < of_int(pair[1])));
    }
}
