//! One field of all candidates, side by side: texts as codes of a dictionary, numbers as plain arrays.
//!
//! A column is filled once and never changes. It says what a value is, never what it means.

use std::collections::HashMap;

use crate::domain::Timestamp;
use crate::domain::field::CustomValue;
use crate::rules::{Item, List, Type, Value};

/// The code of a missing text.
pub(super) const NO_TEXT: u32 = u32::MAX;

/// The values of one field, by the candidates' places.
#[derive(Debug)]
pub(super) enum Column {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    /// Missing as NaN: nothing stored is one.
    Double(Vec<f64>),
    Moment(Vec<Option<Timestamp>>),
    Text(TextColumn),
    Texts(Vec<Option<Vec<String>>>),
}

/// Texts, each distinct one kept once.
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    codes: Vec<u32>,
    words: Vec<String>,
    by_word: HashMap<String, u32>,
}

impl TextColumn {
    fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(NO_TEXT, |text| {
            self.by_word.get(text).copied().unwrap_or_else(|| {
                let code = self.words.len() as u32;
                self.words.push(text.to_owned());
                self.by_word.insert(text.to_owned(), code);
                code
            })
        });
        self.codes.push(code);
    }

    /// The code of the candidate's text, [`NO_TEXT`] without one.
    pub(super) fn code(&self, place: usize) -> u32 {
        self.codes.get(place).copied().unwrap_or(NO_TEXT)
    }

    /// The code of a text, if any candidate has it.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.by_word.get(text).copied()
    }

    fn text(&self, place: usize) -> Option<&str> {
        self.words.get(self.code(place) as usize).map(String::as_str)
    }
}

impl Column {
    /// An empty column for values of a type.
    pub(super) fn of(ty: Type) -> Self {
        match ty {
            Type::Bool => Self::Bool(Vec::new()),
            Type::Int | Type::Duration => Self::Int(Vec::new()),
            Type::Double => Self::Double(Vec::new()),
            Type::Timestamp => Self::Moment(Vec::new()),
            Type::List(Item::Text) => Self::Texts(Vec::new()),
            // No field has one of the other types.
            Type::Text | Type::Null | Type::List(_) => Self::Text(TextColumn::default()),
        }
    }

    /// Adds the next candidate's value; one of another type counts as missing.
    pub(super) fn push(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Self::Bool(values), value) => values.push(match value {
                Value::Bool(flag) => Some(*flag),
                _ => None,
            }),
            (Self::Int(values), value) => values.push(match value {
                Value::Int(number) => Some(*number),
                _ => None,
            }),
            (Self::Double(values), value) => values.push(match value {
                Value::Double(number) => *number,
                _ => f64::NAN,
            }),
            (Self::Moment(values), value) => values.push(match value {
                Value::Timestamp(at) => Some(*at),
                _ => None,
            }),
            (Self::Text(texts), value) => texts.push(match value {
                Value::Text(text) => Some(text),
                _ => None,
            }),
            (Self::Texts(values), value) => values.push(match value {
                Value::List(list) => Some(texts(list)),
                _ => None,
            }),
        }
    }

    /// Adds the next candidate's custom value.
    pub(super) fn push_custom(&mut self, value: Option<&CustomValue>) {
        self.push(&Value::maybe(value));
    }

    /// The candidate's value.
    pub(super) fn value(&self, place: usize) -> Value<'_> {
        match self {
            Self::Bool(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Int(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Double(values) => Value::maybe(values.get(place).copied().filter(|number| number.is_finite())),
            Self::Moment(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Text(texts) => Value::maybe(texts.text(place)),
            Self::Texts(values) => Value::maybe(values.get(place).and_then(Option::as_deref)),
        }
    }
}

fn texts(list: &List<'_>) -> Vec<String> {
    let text = |value| match value {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    };
    list.iter().filter_map(text).collect()
}
