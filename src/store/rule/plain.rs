//! The shorter forms of what is asked most: plain comparisons of a column with a value, which an index serves.
//!
//! All but those of ids say false where the rule says unknown, so they stand only where that makes no difference.

use super::known::bound;
use super::lists;
use super::lower::Lowering;
use super::numbers::{SPAN, compare, if_present, mirrored};
use super::sql::{Dialect, Sql};
use super::texts;
use crate::rules::{Arithmetic, Comparison, Field, Kind, Literal, Node, Type};

impl<'c> Lowering<'c> {
    /// A custom field compared with a value.
    pub(super) fn custom_compared(&mut self, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        let [left, right] = sides;
        if left.ty != right.ty {
            return None;
        }
        let (field, literal, op) = match (self.field_of(left), self.field_of(right)) {
            (Some(field), None) => (field, self.known(right)?, op),
            (None, Some(field)) => (field, self.known(left)?, mirrored(op)),
            _ => return None,
        };
        if op != Comparison::Equal && !field.choices.is_empty() {
            return None;
        }
        let value = self.stored_form(field, &literal)?;
        let (raw, typed) = self.fields.custom_raw(field)?;
        let compared = match field.ty {
            Type::Text => texts::compare(self.fields.dialect, op, &raw, &value),
            _ => compare(op, &raw, &value),
        };
        Some(Sql::joined(true, vec![compared, typed]))
    }

    /// A custom field among values.
    pub(super) fn custom_among(&mut self, sides: &[Node; 2]) -> Option<Sql> {
        let [item, list] = sides;
        let field = self.field_of(item)?;
        let Kind::Literal(Literal::List(literals)) = &list.kind else { return None };
        let forms =
            literals.items().iter().map(|literal| self.stored_form(field, literal)).collect::<Option<Vec<_>>>()?;
        let (raw, typed) = self.fields.custom_raw(field)?;
        Some(Sql::joined(true, vec![lists::among(&raw, &forms), typed]))
    }

    /// `now - lead.received_at > duration('2h')` as bounds of the column.
    pub(super) fn age_compared(&mut self, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        let [left, right] = sides;
        let (difference, limit, op) = match (&left.kind, self.known(right), self.known(left), &right.kind) {
            (Kind::Arithmetic(Arithmetic::Subtract, parts), Some(Literal::Duration(limit)), ..) => (parts, limit, op),
            (_, _, Some(Literal::Duration(limit)), Kind::Arithmetic(Arithmetic::Subtract, parts)) => {
                (parts, limit, mirrored(op))
            }
            _ => return None,
        };
        let [from, at] = &**difference;
        let (Some(Literal::Timestamp(from)), Kind::Field(_), Type::Timestamp) = (self.known(from), &at.kind, at.ty)
        else {
            return None;
        };
        let at = self.value(at).filter(Sql::is_atom)?;
        let before = |span: i64| Sql::bound(from.micros().saturating_sub(span));
        let compared = compare(mirrored(op), &at, &before(limit));
        // A longer time than a duration can be is unknown.
        let longest = match op {
            Comparison::Greater | Comparison::GreaterOrEqual => {
                compare(Comparison::GreaterOrEqual, &at, &before(SPAN.1))
            }
            Comparison::Less | Comparison::LessOrEqual => compare(Comparison::LessOrEqual, &at, &before(SPAN.0)),
            Comparison::Equal => return Some(compared),
            Comparison::NotEqual => return None,
        };
        Some(Sql::joined(true, vec![compared, longest]))
    }

    /// An id compared with one that stands in the expression: true, false or null, as everywhere.
    pub(super) fn id_compared(&mut self, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        let [left, right] = sides;
        let (field, literal) = match (self.field_of(left), self.field_of(right)) {
            (Some(field), None) => (field, self.known(right)?),
            (None, Some(field)) => (field, self.known(left)?),
            _ => return None,
        };
        let (column, kind) = self.fields.id(field).filter(|_| op.is_equality())?;
        let uuid = uuid_of(kind, literal.as_text()?);
        let never = || if_present(&column, op == Comparison::NotEqual);
        Some(uuid.map_or_else(never, |uuid| compare(op, &column, &uuid)))
    }

    /// An id among some that stand in the expression.
    pub(super) fn id_among(&mut self, sides: &[Node; 2]) -> Option<Sql> {
        let [item, list] = sides;
        let (column, kind) = self.fields.id(self.field_of(item)?)?;
        let Kind::Literal(Literal::List(literals)) = &list.kind else { return None };
        let uuids = literals.items().iter().filter_map(|literal| uuid_of(kind, literal.as_text()?));
        Some(lists::among(&column, &uuids.collect::<Vec<_>>()))
    }

    fn field_of(&self, node: &Node) -> Option<&'c Field> {
        match &node.kind {
            Kind::Field(field) => self.fields.catalog.field(*field),
            _ => None,
        }
    }

    /// A value in the form in which a custom field's is stored; `None` for one that the field never has.
    fn stored_form(&self, field: &Field, literal: &Literal) -> Option<Sql> {
        let is_choice =
            |text: &str| field.choices.is_empty() || field.choices.iter().any(|choice| choice.value == text);
        match (literal, field.ty) {
            (Literal::Text(text), Type::Text) => is_choice(text).then(|| bound(literal)),
            (Literal::Int(_), Type::Int) | (Literal::Double(_), Type::Double) | (Literal::Bool(_), Type::Bool) => {
                Some(match self.fields.dialect {
                    Dialect::Sqlite => bound(literal),
                    Dialect::Postgres => Sql::closed("cast({0,} as jsonb)", &[&Sql::bound(json(literal))]),
                })
            }
            _ => None,
        }
    }
}

fn json(literal: &Literal) -> String {
    match literal {
        Literal::Int(number) => number.to_string(),
        Literal::Double(number) => serde_json::json!(number).to_string(),
        Literal::Bool(flag) => flag.to_string(),
        _ => "null".to_owned(),
    }
}

/// The UUID within an id of a kind, if the text is one, in the only form that ids have.
fn uuid_of(kind: &str, text: &str) -> Option<Sql> {
    let hex = text.strip_prefix(kind)?.strip_prefix('_')?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if hex.len() != 32 || !hex.bytes().all(is_hex) {
        return None;
    }
    uuid::Uuid::try_parse(hex).ok().map(Sql::bound)
}
