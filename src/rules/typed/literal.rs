//! Values of the input as literals of the tree.

use serde_json::Value as Json;

use super::read::Reader;
use crate::domain::InvalidCode;
use crate::rules::limits::LIST_ITEMS_MAX;
use crate::rules::literal::{ListLiteral, Literal};
use crate::rules::moments::{parse_duration, parse_moment};
use crate::rules::tree::{Item, Type};

impl Reader<'_> {
    /// One value of a type.
    pub(super) fn literal(&mut self, ty: Type, value: &Json) -> Option<Literal> {
        let found = match (ty, value) {
            (Type::Bool, Json::Bool(flag)) => Some(Literal::Bool(*flag)),
            (Type::Int, Json::Number(number)) => number.as_i64().map(Literal::Int),
            (Type::Double, Json::Number(number)) => {
                number.as_f64().filter(|number| number.is_finite()).map(Literal::Double)
            }
            (Type::Timestamp, Json::String(text)) => parse_moment(text).map(Literal::Timestamp),
            // PostgreSQL's text can't hold it, so no row can ever have it.
            (Type::Text, Json::String(text)) if text.contains('\0') => {
                return self.refuse(InvalidCode::Malformed, "a text can't contain the character NUL");
            }
            (Type::Text, Json::String(text)) => Some(Literal::Text(text.clone())),
            _ => None,
        };
        if found.is_none() {
            let form = match ty {
                Type::Timestamp => ", such as `2026-11-21T09:30:00Z`, at most to the microsecond",
                Type::Int => " of 64 bits",
                _ => "",
            };
            self.refuse::<()>(InvalidCode::Malformed, &format!("`{}` is not {ty}{form}", shown(value)));
        }
        found
    }

    /// Values of a type; a single one counts as a list of one, as GraphQL has it.
    pub(super) fn literals(&mut self, ty: Type, value: &Json) -> Option<(Literal, Type)> {
        let values = match value {
            Json::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        if values.is_empty() {
            return self.refuse(InvalidCode::Required, "an empty list matches nothing, name a value or leave it out");
        }
        if values.len() > LIST_ITEMS_MAX {
            let message = format!("the list has {} items, at most {LIST_ITEMS_MAX} are allowed", values.len());
            return self.refuse(InvalidCode::TooLong, &message);
        }
        let mut items = Vec::with_capacity(values.len());
        let mut sound = true;
        for (index, value) in values.iter().enumerate() {
            let literal = self.at(&index.to_string(), value, |reader| reader.literal(ty, value));
            sound &= literal.is_some();
            items.extend(literal);
        }
        let item = Item::of(ty)?;
        sound.then(|| (Literal::List(ListLiteral::new(items)), Type::List(item)))
    }

    /// A span of time.
    pub(super) fn age(&mut self, value: &Json) -> Option<Literal> {
        let found = value.as_str().and_then(parse_duration);
        if found.is_none() {
            let message = format!("`{}` is not a duration such as `90s`, `48h` or `1h30m`", shown(value));
            return self.refuse(InvalidCode::Malformed, &message);
        }
        found.map(Literal::Duration)
    }

    /// True or false.
    pub(super) fn flag(&mut self, value: &Json) -> Option<bool> {
        if value.is_boolean() {
            return value.as_bool();
        }
        self.refuse(InvalidCode::Malformed, &format!("`{}` is not true or false", shown(value)))
    }
}

/// A value for a message, shortened.
pub(super) fn shown(value: &Json) -> String {
    const SHOWN_MAX: usize = 60;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
