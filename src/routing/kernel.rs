//! A term's values for many candidates at once: decimals side by side in plain arrays, and what is made of them.
//!
//! Whatever has no faster way goes through the interpreter, candidate by candidate: its answer is the meaning, and this only gives the
//! same one sooner. A missing decimal is NaN here, which arithmetic carries on as the interpreter carries on a missing value.

use super::alike::Reads;
use super::column::Column;
use super::network::Slot;
use super::search::Search;
use crate::domain::place::km_to_miles;
use crate::rules::{
    Arithmetic, Comparison, DealerField, FieldId, FieldSource, Kind, Literal, Node, Truth, Type, Value, eval, truth,
};

impl Search<'_> {
    /// The values of a decimal term, NaN where there is none.
    pub(super) fn doubles(&self, node: &Node, places: &[u32]) -> Vec<f64> {
        match &node.kind {
            Kind::Literal(Literal::Double(number)) => vec![*number; places.len()],
            Kind::Field(field) => self.field_doubles(*field, node, places),
            Kind::Negate(term) if term.ty == Type::Double => {
                self.doubles(term, places).into_iter().map(|number| -number).collect()
            }
            Kind::Arithmetic(op, sides) if sides.iter().all(|side| side.ty == Type::Double) => {
                let [left, right] = sides.each_ref().map(|side| self.doubles(side, places));
                left.into_iter().zip(right).map(|(left, right)| finite(*op, left, right)).collect()
            }
            _ => self.each_double(node, places),
        }
    }

    /// Whether a condition holds, for each.
    pub(super) fn truths(&self, node: &Node, places: &[u32]) -> Vec<Truth> {
        match &node.kind {
            Kind::And(terms) => self.all_truths(terms, places, |truth| truth),
            Kind::Or(terms) => negated(self.all_truths(terms, places, Truth::negated)),
            Kind::Not(term) => negated(self.truths(term, places)),
            Kind::Compare(op, sides) if sides.iter().all(|side| side.ty == Type::Double) => {
                let [left, right] = sides.each_ref().map(|side| self.doubles(side, places));
                left.into_iter().zip(right).map(|(left, right)| compared(*op, left, right)).collect()
            }
            _ if Reads::of(self.network(), node).nothing() => vec![truth(node, &self.row(u32::MAX)); places.len()],
            _ => places.iter().map(|place| truth(node, &self.row(*place))).collect(),
        }
    }

    /// Kleene's "and" of several terms, each turned first.
    fn all_truths(&self, terms: &[Node], places: &[u32], turned: fn(Truth) -> Truth) -> Vec<Truth> {
        let mut all = vec![Truth::True; places.len()];
        for term in terms {
            for (sum, truth) in all.iter_mut().zip(self.truths(term, places)) {
                *sum = match (*sum, turned(truth)) {
                    (Truth::False, _) | (_, Truth::False) => Truth::False,
                    (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
                    _ => Truth::True,
                };
            }
        }
        all
    }

    fn field_doubles(&self, field: FieldId, node: &Node, places: &[u32]) -> Vec<f64> {
        match self.network().slots().get(field.index()) {
            Some(Slot::Candidate(column)) => match self.pool().column(*column) {
                Some(Column::Double(values)) => {
                    places.iter().map(|place| values.get(*place as usize).copied().unwrap_or(f64::NAN)).collect()
                }
                _ => self.each_double(node, places),
            },
            Some(Slot::Source(FieldSource::Dealer(DealerField::DistanceKm))) => self.distances(places, |km| km),
            Some(Slot::Source(FieldSource::Dealer(DealerField::DistanceMi))) => self.distances(places, km_to_miles),
            _ => self.each_double(node, places),
        }
    }

    fn distances(&self, places: &[u32], unit: fn(f64) -> f64) -> Vec<f64> {
        places.iter().map(|place| self.row(*place).distance_km().map_or(f64::NAN, unit)).collect()
    }

    fn each_double(&self, node: &Node, places: &[u32]) -> Vec<f64> {
        let of = |place: u32| match eval(node, &self.row(place)) {
            Value::Double(number) if number.is_finite() => number,
            _ => f64::NAN,
        };
        if Reads::of(self.network(), node).nothing() {
            return vec![of(u32::MAX); places.len()];
        }
        places.iter().map(|place| of(*place)).collect()
    }
}

fn negated(truths: Vec<Truth>) -> Vec<Truth> {
    truths.into_iter().map(Truth::negated).collect()
}

fn finite(op: Arithmetic, left: f64, right: f64) -> f64 {
    let result = match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => f64::NAN,
    };
    if result.is_finite() { result } else { f64::NAN }
}

fn compared(op: Comparison, left: f64, right: f64) -> Truth {
    let Some(order) = left.partial_cmp(&right) else { return Truth::Unknown };
    Truth::of(match op {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}
