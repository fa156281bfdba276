//! Sums, differences, products: checked, so that what has no exact or finite result is missing.

use std::borrow::Cow;

use crate::domain::Timestamp;

use super::moments::{in_span, in_years};
use super::tree::Arithmetic;
use super::value::Value;

/// `left op right`; missing on overflow, division by zero, or a double that is not finite.
pub(super) fn combine<'a>(op: Arithmetic, left: Value<'a>, right: Value<'a>) -> Value<'a> {
    let result = match (left, right) {
        (Value::Int(left), Value::Int(right)) => whole(op, left, right).map(Value::Int),
        (Value::Double(left), Value::Double(right)) => finite(op, left, right).map(Value::Double),
        (Value::Text(left), Value::Text(right)) if op == Arithmetic::Add => {
            Some(Value::Text(Cow::Owned(left.into_owned() + &right)))
        }
        (Value::Timestamp(at), Value::Duration(span)) => match op {
            Arithmetic::Add => at.micros().checked_add(span).and_then(in_years).map(Value::Timestamp),
            Arithmetic::Subtract => at.micros().checked_sub(span).and_then(in_years).map(Value::Timestamp),
            _ => None,
        },
        (Value::Duration(span), Value::Timestamp(at)) if op == Arithmetic::Add => {
            at.micros().checked_add(span).and_then(in_years).map(Value::Timestamp)
        }
        (Value::Timestamp(left), Value::Timestamp(right)) if op == Arithmetic::Subtract => between(left, right),
        (Value::Duration(left), Value::Duration(right)) => match op {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            _ => None,
        }
        .and_then(in_span)
        .map(Value::Duration),
        _ => None,
    };
    result.unwrap_or(Value::Missing)
}

/// `-value`
pub(super) fn negate<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Int(number) => number.checked_neg().map_or(Value::Missing, Value::Int),
        Value::Double(number) => Value::Double(-number),
        _ => Value::Missing,
    }
}

const fn whole(op: Arithmetic, left: i64, right: i64) -> Option<i64> {
    match op {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Modulo => left.checked_rem(right),
    }
}

fn finite(op: Arithmetic, left: f64, right: f64) -> Option<f64> {
    let result = match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => return None,
    };
    result.is_finite().then_some(result)
}

fn between<'a>(left: Timestamp, right: Timestamp) -> Option<Value<'a>> {
    left.micros().checked_sub(right.micros()).and_then(in_span).map(Value::Duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    // EXPR-5
    #[test]
    fn what_has_no_result_is_missing() {
        for (op, left, right) in [
            (Arithmetic::Add, Value::Int(i64::MAX), Value::Int(1)),
            (Arithmetic::Divide, Value::Int(1), Value::Int(0)),
            (Arithmetic::Divide, Value::Int(i64::MIN), Value::Int(-1)),
            (Arithmetic::Modulo, Value::Int(1), Value::Int(0)),
            (Arithmetic::Divide, Value::Double(1.0), Value::Double(0.0)),
            (Arithmetic::Multiply, Value::Double(1e308), Value::Double(10.0)),
            (Arithmetic::Add, Value::Int(1), Value::Double(1.0)),
            (Arithmetic::Add, Value::Missing, Value::Int(1)),
            (Arithmetic::Add, Value::Timestamp(Timestamp::from_micros(253_402_300_799_999_999)), Value::Duration(1)),
        ] {
            assert_eq!(combine(op, left.clone(), right.clone()), Value::Missing, "{left:?} {right:?}");
        }
        assert_eq!(negate(&Value::Int(i64::MIN)), Value::Missing);
        assert_eq!(combine(Arithmetic::Divide, Value::Int(-7), Value::Int(2)), Value::Int(-3));
        assert_eq!(combine(Arithmetic::Modulo, Value::Int(-7), Value::Int(2)), Value::Int(-1));
    }
}
