//! What is known without asking the database: terms that read no field, worked out by the interpreter itself.

use super::sql::Sql;
use crate::domain::Timestamp;
use crate::rules::{Catalog, FieldId, FieldSource, List, ListLiteral, Literal, Type, Value, Values};

/// A term that reads no field is a literal, or missing.
pub(super) enum Term {
    Known(Option<Literal>),
    Asked(Sql),
}

/// What every row has while nothing but `now` is read.
pub(super) struct Moment<'c>(pub(super) &'c Catalog, pub(super) Timestamp);

impl Values for Moment<'_> {
    fn field(&self, field: FieldId) -> Value<'_> {
        let is_now = self.0.field(field).is_some_and(|field| field.source == FieldSource::Now);
        if is_now { Value::Timestamp(self.1) } else { Value::Missing }
    }
}

/// A term, bound where it is known.
pub(super) fn sql(term: Term, ty: Type) -> Sql {
    match term {
        Term::Asked(sql) => sql,
        Term::Known(Some(literal)) => bound(&literal),
        Term::Known(None) => Sql::atom(match ty {
            Type::Bool | Type::Null => "cast(null as boolean)",
            Type::Double => "cast(null as double precision)",
            Type::Text => "cast(null as text)",
            Type::Int | Type::Timestamp | Type::Duration | Type::List(_) => "cast(null as bigint)",
        }),
    }
}

/// A literal as a bound value; of null only that it is there.
pub(super) fn bound(literal: &Literal) -> Sql {
    match literal {
        Literal::Null => Sql::atom("true"),
        Literal::Bool(flag) => Sql::atom(if *flag { "true" } else { "false" }),
        Literal::Int(number) | Literal::Duration(number) => Sql::bound(*number),
        Literal::Double(number) => Sql::bound(*number),
        Literal::Text(text) => Sql::bound(text.as_str()),
        Literal::Timestamp(at) => Sql::bound(at.micros()),
        Literal::List(_) => Sql::atom("cast(null as bigint)"),
    }
}

/// A value as a literal; `None` for a missing one.
pub(super) fn known(value: &Value<'_>) -> Option<Literal> {
    Some(match value {
        Value::Missing => return None,
        Value::Null => Literal::Null,
        Value::Bool(flag) => Literal::Bool(*flag),
        Value::Int(number) => Literal::Int(*number),
        Value::Double(number) => Literal::Double(*number),
        Value::Text(text) => Literal::Text(text.clone().into_owned()),
        Value::Timestamp(at) => Literal::Timestamp(*at),
        Value::Duration(micros) => Literal::Duration(*micros),
        Value::List(list) => Literal::List(known_list(list)?),
    })
}

fn known_list(list: &List<'_>) -> Option<ListLiteral> {
    list.iter().map(|item| known(&item)).collect::<Option<Vec<_>>>().map(ListLiteral::new)
}
