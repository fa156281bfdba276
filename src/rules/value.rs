//! What a term is worth for one row: a value, or nothing.
//!
//! A value borrows from the row and the tree. Nothing here allocates to compare two of them.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::domain::Timestamp;
use crate::domain::field::CustomValue;

use super::catalog::FieldId;
use super::literal::{Literal, double, quote};
use super::moments::duration_text;
use super::tree::Comparison;

/// True, false, or unknown: Kleene's three, which are SQL's and what CEL's error absorption comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Matches.
    True,
    /// Does not match.
    False,
    /// Can't be said, because a value is missing or has no meaning; does not match.
    Unknown,
}

impl Truth {
    /// True or false.
    pub const fn of(flag: bool) -> Self {
        if flag { Self::True } else { Self::False }
    }

    /// Whether the row matches: only true does.
    pub const fn matches(self) -> bool {
        matches!(self, Self::True)
    }

    /// The contrary; of unknown, unknown.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// One value. `Missing` is CEL's error value: no value in the row, or an operation without a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Missing,
    /// The literal `null`; a row never has it.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double; one that is not finite reads as missing.
    Double(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A moment.
    Timestamp(Timestamp),
    /// A span of time in microseconds.
    Duration(i64),
    /// A list.
    List(List<'a>),
}

/// A list of values, in whichever form its owner has it.
#[derive(Clone, Debug, PartialEq)]
pub enum List<'a> {
    /// A field's texts.
    Texts(&'a [String]),
    /// A list in the text.
    Literals(&'a [Literal]),
    /// A list that was worked out.
    Values(Vec<Value<'a>>),
}

/// A row, or several rows side by side, that can say what a field is worth.
pub trait Values {
    /// The value of a field of the catalog that the expression was checked against.
    fn field(&self, field: FieldId) -> Value<'_>;
}

impl<'a> List<'a> {
    /// How many items.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(items) => items.len(),
            Self::Literals(items) => items.len(),
            Self::Values(items) => items.len(),
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a place.
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Texts(items) => items.get(index).map(|text| Value::text(text)),
            Self::Literals(items) => items.get(index).map(Value::from),
            Self::Values(items) => items.get(index).cloned(),
        }
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<'a> Value<'a> {
    /// Borrowed text.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A value, or missing.
    pub fn maybe<T: Into<Self>>(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }

    /// Whether there is no value.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// As a condition: anything but true and false is unknown.
    pub const fn truth(&self) -> Truth {
        match self {
            Self::Bool(flag) => Truth::of(*flag),
            _ => Truth::Unknown,
        }
    }

    /// As people read it: a literal as it would be written, or `missing`.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        self.show(&mut out);
        out
    }

    fn show(&self, out: &mut String) {
        match self {
            Self::Missing => out.push_str("missing"),
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Double(number) => out.push_str(&double(*number)),
            Self::Text(text) => quote(text, out),
            Self::Timestamp(at) => out.push_str(&at.to_string()),
            Self::Duration(micros) => out.push_str(&duration_text(*micros)),
            Self::List(list) => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.show(out);
                }
                out.push(']');
            }
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::text(text)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Timestamp(at)
    }
}

impl<'a> From<&'a [String]> for Value<'a> {
    fn from(texts: &'a [String]) -> Self {
        Self::List(List::Texts(texts))
    }
}

impl<'a> From<&'a CustomValue> for Value<'a> {
    fn from(value: &'a CustomValue) -> Self {
        match value {
            CustomValue::Text(text) | CustomValue::Choice(text) => Self::text(text),
            CustomValue::Integer(number) => Self::Int(*number),
            CustomValue::Decimal(number) => Self::Double(*number),
            CustomValue::Boolean(flag) => Self::Bool(*flag),
            CustomValue::Date(day) => Self::Timestamp(Timestamp::from(day.and_time(chrono::NaiveTime::MIN).and_utc())),
            CustomValue::DateTime(at) => Self::Timestamp(*at),
            CustomValue::MultiChoice(values) => Self::List(List::Texts(values)),
        }
    }
}

impl<'a> From<&'a Literal> for Value<'a> {
    fn from(literal: &'a Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(flag) => Self::Bool(*flag),
            Literal::Int(number) => Self::Int(*number),
            Literal::Double(number) => Self::Double(*number),
            Literal::Text(text) => Self::text(text),
            Literal::Timestamp(at) => Self::Timestamp(*at),
            Literal::Duration(micros) => Self::Duration(*micros),
            Literal::List(list) => Self::List(List::Literals(list.items())),
        }
    }
}

/// `left op right`, as CEL has it: equality holds between all values, an order only between values of one kind.
pub(super) fn compare(op: Comparison, left: &Value<'_>, right: &Value<'_>) -> Truth {
    match op {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).negated(),
        Comparison::Less => ordered(left, right, Ordering::is_lt),
        Comparison::LessOrEqual => ordered(left, right, Ordering::is_le),
        Comparison::Greater => ordered(left, right, Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered(left, right, Ordering::is_ge),
    }
}

/// Whether two values are the same; unknown if one is missing.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> Truth {
    match (left, right) {
        (Value::Missing, _) | (_, Value::Missing) => Truth::Unknown,
        (Value::Null, Value::Null) => Truth::True,
        (Value::List(left), Value::List(right)) => lists_equal(left, right),
        _ => Truth::of(order(left, right).is_some_and(Ordering::is_eq)),
    }
}

fn ordered(left: &Value<'_>, right: &Value<'_>, holds: fn(Ordering) -> bool) -> Truth {
    order(left, right).map_or(Truth::Unknown, |order| Truth::of(holds(order)))
}

/// The order of two values of one kind; `None` between kinds and for what has no order.
pub(super) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        // UTF-8 keeps the order of code points, so bytes compare as texts do.
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Int(left), Value::Double(right)) => int_with_double(*left, *right),
        (Value::Double(left), Value::Int(right)) => int_with_double(*right, *left).map(Ordering::reverse),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) | (Value::Duration(left), Value::Duration(right)) => {
            Some(left.cmp(right))
        }
        _ => None,
    }
}

/// Exact, also above 2^53 where converting the whole number would round it.
fn int_with_double(int: i64, double: f64) -> Option<Ordering> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() {
        return None;
    }
    if double >= TWO_TO_63 {
        return Some(Ordering::Less);
    }
    if double < -TWO_TO_63 {
        return Some(Ordering::Greater);
    }
    let whole = double.trunc();
    let fraction = double - whole;
    // The comparison with the whole part decides, else what was cut off does.
    Some(int.cmp(&(whole as i64)).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal)))
}

fn lists_equal(left: &List<'_>, right: &List<'_>) -> Truth {
    if left.len() != right.len() {
        return Truth::False;
    }
    let mut result = Truth::True;
    for (left, right) in left.iter().zip(right.iter()) {
        match equal(&left, &right) {
            Truth::False => return Truth::False,
            Truth::Unknown => result = Truth::Unknown,
            Truth::True => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    // EXPR-5
    #[test]
    fn whole_numbers_compare_exactly_with_doubles() {
        for (int, double, expected) in [
            (1, 1.0, Ordering::Equal),
            (1, 1.5, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (0, -0.0, Ordering::Equal),
            (9_007_199_254_740_993, 9_007_199_254_740_992.0, Ordering::Greater),
            (i64::MAX, 9_223_372_036_854_775_807.0, Ordering::Less),
            (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
            (i64::MIN, -9_223_372_036_854_777_856.0, Ordering::Greater),
        ] {
            assert_eq!(int_with_double(int, double), Some(expected), "{int} {double}");
        }
        assert_eq!(int_with_double(1, f64::NAN), None);
    }

    // EXPR-4, EXPR-5
    #[test]
    fn null_equals_only_null_and_has_no_order() {
        assert_eq!(compare(Comparison::Equal, &Value::Null, &Value::Int(1)), Truth::False);
        assert_eq!(compare(Comparison::NotEqual, &Value::Null, &Value::Int(1)), Truth::True);
        assert_eq!(compare(Comparison::Less, &Value::Null, &Value::Int(1)), Truth::Unknown);
        assert_eq!(compare(Comparison::Equal, &Value::Missing, &Value::Null), Truth::Unknown);
    }

    // EXPR-5
    #[test]
    fn text_compares_by_code_point() {
        // By UTF-16 units the second would come first; by locale the first pair would be reversed.
        for (lower, upper) in [("Z", "a"), ("\u{ff5e}", "\u{1f600}"), ("a", "aa"), ("z", "é")] {
            assert_eq!(order(&Value::text(lower), &Value::text(upper)), Some(Ordering::Less), "{lower} {upper}");
        }
    }
}
