//! Keys to sort by: the value of a sort expression, with missing ones kept apart.
//!
//! Within one sort level all keys have one type, so their order is total; across types the order is fixed but means nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

use super::value::{Value, order};

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// Small before large.
    #[default]
    Ascending,
    /// Large before small.
    Descending,
}

/// Where missing keys go, whatever the direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    #[default]
    Last,
}

/// The value of a sort expression for one row.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey<'a> {
    /// No value.
    Missing,
    /// False before true.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite double; zero is one value, whatever its sign.
    Double(f64),
    /// Text by code point.
    Text(Cow<'a, str>),
    /// A moment.
    Timestamp(Timestamp),
    /// A span of time in microseconds.
    Duration(i64),
}

impl<'a> From<Value<'a>> for SortKey<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Bool(flag) => Self::Bool(flag),
            Value::Int(number) => Self::Int(number),
            // `+ 0.0` turns minus zero into zero and leaves all else.
            Value::Double(number) if number.is_finite() => Self::Double(number + 0.0),
            Value::Text(text) => Self::Text(text),
            Value::Timestamp(at) => Self::Timestamp(at),
            Value::Duration(span) => Self::Duration(span),
            Value::Missing | Value::Null | Value::Double(_) | Value::List(_) => Self::Missing,
        }
    }
}

impl SortKey<'_> {
    /// The order of two keys of one level.
    pub fn compare(&self, other: &Self, direction: Direction, nulls: Nulls) -> Ordering {
        match (self, other) {
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Missing, _) if nulls == Nulls::First => Ordering::Less,
            (Self::Missing, _) => Ordering::Greater,
            (_, Self::Missing) => other.compare(self, direction, nulls).reverse(),
            _ => {
                let ascending = self.ascending(other);
                if direction == Direction::Descending { ascending.reverse() } else { ascending }
            }
        }
    }

    /// The key, owned, to outlive its row.
    pub fn into_owned(self) -> SortKey<'static> {
        match self {
            Self::Missing => SortKey::Missing,
            Self::Bool(flag) => SortKey::Bool(flag),
            Self::Int(number) => SortKey::Int(number),
            Self::Double(number) => SortKey::Double(number),
            Self::Text(text) => SortKey::Text(Cow::Owned(text.into_owned())),
            Self::Timestamp(at) => SortKey::Timestamp(at),
            Self::Duration(span) => SortKey::Duration(span),
        }
    }

    /// As people read it: a literal as it would be written, or `missing`.
    pub fn shown(&self) -> String {
        self.value().shown()
    }

    fn ascending(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Double(left), Self::Double(right)) => left.total_cmp(right),
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            _ => order(&self.value(), &other.value()).unwrap_or_else(|| self.class().cmp(&other.class())),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Missing => Value::Missing,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::Int(*number),
            Self::Double(number) => Value::Double(*number),
            Self::Text(text) => Value::text(text),
            Self::Timestamp(at) => Value::Timestamp(*at),
            Self::Duration(span) => Value::Duration(*span),
        }
    }

    const fn class(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Bool(_) => 1,
            Self::Int(_) | Self::Double(_) => 2,
            Self::Text(_) => 3,
            Self::Timestamp(_) => 4,
            Self::Duration(_) => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // IFACE-2
    #[test]
    fn missing_keys_stay_at_their_end_in_both_directions() {
        let (one, two, none) = (SortKey::Int(1), SortKey::Int(2), SortKey::Missing);
        for (direction, nulls, expected) in [
            (Direction::Ascending, Nulls::Last, [&one, &two, &none]),
            (Direction::Ascending, Nulls::First, [&none, &one, &two]),
            (Direction::Descending, Nulls::Last, [&two, &one, &none]),
            (Direction::Descending, Nulls::First, [&none, &two, &one]),
        ] {
            let mut keys = [&two, &none, &one];
            keys.sort_by(|left, right| left.compare(right, direction, nulls));
            assert_eq!(keys, expected, "{direction:?} {nulls:?}");
        }
    }

    // IFACE-2
    #[test]
    fn zero_is_one_key_and_text_sorts_by_code_point() {
        let key = |number: f64| SortKey::from(Value::Double(number));
        assert_eq!(key(-0.0).compare(&key(0.0), Direction::Ascending, Nulls::Last), Ordering::Equal);
        assert_eq!(key(f64::NAN), SortKey::Missing);
        let text = |text: &'static str| SortKey::from(Value::text(text));
        assert_eq!(text("Z").compare(&text("a"), Direction::Ascending, Nulls::Last), Ordering::Less);
    }
}
