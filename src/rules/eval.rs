//! The reference interpreter: what a checked tree is worth for one row.
//!
//! Errors carry no message here, a term without a value is simply missing; why is asked of `reasons`, which runs the same tree. Recursion is bounded by the depth limit that the checker enforced.

use std::borrow::Cow;

use super::arithmetic::{combine, negate};
use super::literal::Literal;
use super::moments::{Zone, duration_text, from_seconds, in_span, parse_duration, parse_moment};
use super::tree::{Function, Kind, Node};
use super::value::{List, Truth, Value, Values, compare, equal};

/// The value of a term for a row.
pub fn eval<'v, V: Values + ?Sized>(node: &'v Node, values: &'v V) -> Value<'v> {
    Frame::of(values).value(node)
}

/// Whether a condition holds for a row.
pub fn truth<V: Values + ?Sized>(node: &Node, values: &V) -> Truth {
    Frame::of(values).truth(node)
}

/// The row, and the items at hand of the quantifiers around the term.
pub(super) struct Frame<'v, 'o, V: ?Sized> {
    values: &'v V,
    item: Option<Value<'v>>,
    outer: Option<&'o Frame<'v, 'o, V>>,
}

impl<'v, 'o, V: Values + ?Sized> Frame<'v, 'o, V> {
    /// Outside all quantifiers.
    pub(super) fn of(values: &'v V) -> Self {
        Self { values, item: None, outer: None }
    }

    /// Within a quantifier, at one item.
    pub(super) fn with(&'o self, item: Value<'v>) -> Self {
        Self { values: self.values, item: Some(item), outer: Some(self) }
    }

    fn truth(&self, node: &'v Node) -> Truth {
        match &node.kind {
            Kind::And(terms) => all(terms.iter().map(|term| self.truth(term))),
            Kind::Or(terms) => all(terms.iter().map(|term| self.truth(term).negated())).negated(),
            Kind::Not(term) => self.truth(term).negated(),
            Kind::Compare(op, sides) => {
                let [left, right] = &**sides;
                compare(*op, &self.value(left), &self.value(right))
            }
            Kind::In(sides) => {
                let [item, list] = &**sides;
                self.is_in(item, list)
            }
            Kind::Has(field) => Truth::of(!self.read(*field).is_missing()),
            Kind::Quantify { all: every, parts, .. } => {
                let [list, body] = &**parts;
                self.quantify(*every, list, body)
            }
            Kind::Matches(text, pattern) => match self.value(text) {
                Value::Text(text) => Truth::of(pattern.is_match(&text)),
                _ => Truth::Unknown,
            },
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.truth(condition) {
                    Truth::True => self.truth(then),
                    Truth::False => self.truth(otherwise),
                    Truth::Unknown => Truth::Unknown,
                }
            }
            Kind::Literal(_)
            | Kind::Field(_)
            | Kind::Variable { .. }
            | Kind::List(_)
            | Kind::Arithmetic(..)
            | Kind::Negate(_)
            | Kind::Call(..) => self.value(node).truth(),
        }
    }

    pub(super) fn value(&self, node: &'v Node) -> Value<'v> {
        match &node.kind {
            Kind::Literal(literal) => Value::from(literal),
            Kind::Field(field) => self.read(*field),
            Kind::Variable { level, .. } => self.item(*level),
            Kind::List(items) => self.list(items),
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.truth(condition) {
                    Truth::True => self.value(then),
                    Truth::False => self.value(otherwise),
                    Truth::Unknown => Value::Missing,
                }
            }
            Kind::Arithmetic(op, sides) => {
                let [left, right] = &**sides;
                combine(*op, self.value(left), self.value(right))
            }
            Kind::Negate(term) => negate(&self.value(term)),
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::And(_)
            | Kind::Or(_)
            | Kind::Not(_)
            | Kind::Compare(..)
            | Kind::In(_)
            | Kind::Has(_)
            | Kind::Quantify { .. }
            | Kind::Matches(..) => match self.truth(node) {
                Truth::True => Value::Bool(true),
                Truth::False => Value::Bool(false),
                Truth::Unknown => Value::Missing,
            },
        }
    }

    /// A double that is not finite has no place in the databases either, so it counts as missing.
    pub(super) fn read(&self, field: super::catalog::FieldId) -> Value<'v> {
        match self.values.field(field) {
            Value::Double(number) if !number.is_finite() => Value::Missing,
            value => value,
        }
    }

    /// The item of an enclosing quantifier, 0 for the innermost.
    pub(super) fn item(&self, level: usize) -> Value<'v> {
        match (level, self.outer) {
            (0, _) => self.item.clone().unwrap_or(Value::Missing),
            (_, Some(outer)) => outer.item(level - 1),
            (_, None) => Value::Missing,
        }
    }

    /// A list with a missing item is itself missing, as CEL's list expression is an error then.
    fn list(&self, items: &'v [Node]) -> Value<'v> {
        let values: Vec<Value<'v>> = items.iter().map(|item| self.value(item)).collect();
        if values.iter().any(Value::is_missing) { Value::Missing } else { Value::List(List::Values(values)) }
    }

    fn is_in(&self, item: &'v Node, list: &'v Node) -> Truth {
        let item = self.value(item);
        if let (Value::Text(text), Kind::Literal(Literal::List(list))) = (&item, &list.kind) {
            return Truth::of(list.contains_text(text));
        }
        match (item, self.value(list)) {
            (Value::Missing, _) => Truth::Unknown,
            (item, Value::List(list)) => all(list.iter().map(|other| equal(&item, &other).negated())).negated(),
            _ => Truth::Unknown,
        }
    }

    fn quantify(&self, every: bool, list: &'v Node, body: &'v Node) -> Truth {
        let Value::List(list) = self.value(list) else { return Truth::Unknown };
        let holds = |item| {
            let truth = self.with(item).truth(body);
            if every { truth } else { truth.negated() }
        };
        let result = all(list.iter().map(holds));
        if every { result } else { result.negated() }
    }

    fn call(&self, function: Function, arguments: &'v [Node]) -> Value<'v> {
        let mut arguments = arguments.iter();
        let first = arguments.next().map_or(Value::Missing, |node| self.value(node));
        let second = arguments.next().map(|node| self.value(node));
        apply(function, first, second).unwrap_or(Value::Missing)
    }
}

/// Kleene's "and": false as soon as one is, else unknown if one is.
fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::True;
    for truth in truths {
        match truth {
            Truth::False => return Truth::False,
            Truth::Unknown => result = Truth::Unknown,
            Truth::True => {}
        }
    }
    result
}

fn apply<'v>(function: Function, first: Value<'v>, second: Option<Value<'v>>) -> Option<Value<'v>> {
    match (function, first, second) {
        (Function::StartsWith, Value::Text(text), Some(Value::Text(part))) => Some(text.starts_with(&*part).into()),
        (Function::EndsWith, Value::Text(text), Some(Value::Text(part))) => Some(text.ends_with(&*part).into()),
        (Function::Contains, Value::Text(text), Some(Value::Text(part))) => Some(text.contains(&*part).into()),
        (Function::LowerAscii, Value::Text(text), None) => Some(Value::Text(lower_ascii(text))),
        (Function::Size, Value::Text(text), None) => i64::try_from(text.chars().count()).ok().map(Value::Int),
        (Function::Size, Value::List(list), None) => i64::try_from(list.len()).ok().map(Value::Int),
        (Function::Get(part), Value::Timestamp(at), None) => Some(Value::Int(part.of_moment(at, Zone::UTC))),
        (Function::Get(part), Value::Timestamp(at), Some(Value::Text(zone))) => {
            Zone::parse(&zone).map(|zone| Value::Int(part.of_moment(at, zone)))
        }
        (Function::Get(part), Value::Duration(span), None) => part.of_micros(span).map(Value::Int),
        (_, first, None) => convert(function, first),
        _ => None,
    }
}

fn convert(function: Function, value: Value<'_>) -> Option<Value<'_>> {
    match (function, value) {
        (Function::Timestamp, Value::Text(text)) => parse_moment(&text).map(Value::Timestamp),
        (Function::Timestamp, Value::Int(seconds)) => from_seconds(seconds).map(Value::Timestamp),
        (Function::Timestamp, value @ Value::Timestamp(_))
        | (Function::Int, value @ Value::Int(_))
        | (Function::Double, value @ Value::Double(_))
        | (Function::Text, value @ Value::Text(_)) => Some(value),
        (Function::Duration, Value::Text(text)) => parse_duration(&text).map(Value::Duration),
        (Function::Duration, Value::Duration(span)) => in_span(span).map(Value::Duration),
        (Function::Int, Value::Double(number)) => truncated(number).map(Value::Int),
        (Function::Int, Value::Text(text)) => text.parse().ok().map(Value::Int),
        (Function::Int, Value::Timestamp(at)) => Some(Value::Int(at.micros().div_euclid(1_000_000))),
        (Function::Double, Value::Int(number)) => Some(Value::Double(number as f64)),
        (Function::Double, Value::Text(text)) => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double)
        }
        (Function::Text, Value::Int(number)) => Some(Value::Text(Cow::Owned(number.to_string()))),
        (Function::Text, Value::Bool(flag)) => Some(Value::text(if flag { "true" } else { "false" })),
        (Function::Text, Value::Timestamp(at)) => Some(Value::Text(Cow::Owned(at.to_string()))),
        (Function::Text, Value::Duration(span)) => Some(Value::Text(Cow::Owned(duration_text(span)))),
        _ => None,
    }
}

fn lower_ascii(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

/// Towards zero. CEL leaves out both ends of the range, where neighbouring doubles lie outside it.
fn truncated(number: f64) -> Option<i64> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    (number > -TWO_TO_63 && number < TWO_TO_63).then_some(number as i64)
}
