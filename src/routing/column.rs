//! One field of all candidates, side by side: texts and lists as codes of a dictionary, numbers as plain arrays.
//!
//! A column is filled once and never changes. It says what a value is, never what it means.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::domain::Timestamp;
use crate::rules::{Item, List, Type, Value};

/// The code of a missing text or list.
const NONE: u32 = u32::MAX;

/// The values of one field, by the candidates' places.
#[derive(Debug)]
pub(super) enum Column {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    /// Missing as NaN: nothing stored is one.
    Double(Vec<f64>),
    Moment(Vec<Option<Timestamp>>),
    Text(TextColumn),
    Texts(ListColumn),
}

/// Texts, one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

/// Texts, each distinct one kept once.
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    codes: Vec<u32>,
    words: Texts,
    /// The codes by their words, while the column is filled.
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Lists of texts, each distinct one kept once.
#[derive(Debug, Default)]
pub(super) struct ListColumn {
    codes: Vec<u32>,
    lists: Vec<Vec<String>>,
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u32);
    }

    pub(super) fn get(&self, index: u32) -> Option<&str> {
        let end = *self.ends.get(index as usize)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before as usize)).copied().unwrap_or(0);
        self.all.get(start as usize..end as usize)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

impl TextColumn {
    fn push(&mut self, text: Option<&str>) {
        let Self { codes, words, known, hasher } = self;
        codes.push(text.map_or(NONE, |text| {
            let hash = hasher.hash_one(text);
            let found = known.find(hash, |code| words.get(*code) == Some(text)).copied();
            found.unwrap_or_else(|| {
                let code = words.len() as u32;
                words.push(text);
                known.insert_unique(hash, code, |code| hasher.hash_one(words.get(*code).unwrap_or_default()));
                code
            })
        }));
    }

    /// The candidate's text.
    pub(super) fn text(&self, place: usize) -> Option<&str> {
        self.words.get(self.codes.get(place).copied()?)
    }
}

impl ListColumn {
    fn push(&mut self, list: Option<Cow<'_, [String]>>) {
        let Self { codes, lists, known, hasher } = self;
        codes.push(list.map_or(NONE, |list| {
            let hash = hasher.hash_one(&*list);
            let found = known.find(hash, |code| of(lists, *code) == &*list).copied();
            found.unwrap_or_else(|| {
                let code = lists.len() as u32;
                lists.push(list.into_owned());
                known.insert_unique(hash, code, |code| hasher.hash_one(of(lists, *code)));
                code
            })
        }));
    }

    fn list(&self, place: usize) -> Option<&[String]> {
        self.lists.get(self.codes.get(place).copied()? as usize).map(Vec::as_slice)
    }
}

impl Column {
    /// An empty column for so many values of a type.
    pub(super) fn of(ty: Type, count: usize) -> Self {
        match ty {
            Type::Bool => Self::Bool(Vec::with_capacity(count)),
            Type::Int | Type::Duration => Self::Int(Vec::with_capacity(count)),
            Type::Double => Self::Double(Vec::with_capacity(count)),
            Type::Timestamp => Self::Moment(Vec::with_capacity(count)),
            Type::List(Item::Text) => {
                Self::Texts(ListColumn { codes: Vec::with_capacity(count), ..ListColumn::default() })
            }
            // No field has one of the other types.
            Type::Text | Type::Null | Type::List(_) => {
                Self::Text(TextColumn { codes: Vec::with_capacity(count), ..TextColumn::default() })
            }
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
                Value::List(List::Texts(texts)) => Some(Cow::Borrowed(*texts)),
                Value::List(list) => Some(Cow::Owned(texts(list))),
                _ => None,
            }),
        }
    }

    /// No further value will come.
    pub(super) fn finish(mut self) -> Self {
        match &mut self {
            Self::Text(texts) => {
                texts.known = HashTable::new();
                texts.words.all.shrink_to_fit();
                texts.words.ends.shrink_to_fit();
            }
            Self::Texts(lists) => lists.known = HashTable::new(),
            Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Moment(_) => {}
        }
        self
    }

    /// The candidate's value.
    pub(super) fn value(&self, place: usize) -> Value<'_> {
        match self {
            Self::Bool(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Int(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Double(values) => Value::maybe(values.get(place).copied().filter(|number| number.is_finite())),
            Self::Moment(values) => Value::maybe(values.get(place).copied().flatten()),
            Self::Text(texts) => Value::maybe(texts.text(place)),
            Self::Texts(lists) => Value::maybe(lists.list(place)),
        }
    }

    /// A number for each candidate, the same for equal values only, and one more than the greatest of them.
    pub(super) fn codes(&self) -> (Cow<'_, [u32]>, u32) {
        match self {
            // Missing comes last.
            Self::Text(TextColumn { codes, words, .. }) => known(codes, words.len()),
            Self::Texts(ListColumn { codes, lists, .. }) => known(codes, lists.len()),
            Self::Bool(values) => numbered(values.iter()),
            Self::Int(values) => numbered(values.iter()),
            Self::Double(values) => numbered(values.iter().map(|number| number.to_bits())),
            Self::Moment(values) => numbered(values.iter().map(|at| at.map(Timestamp::micros))),
        }
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Bool(values) => size_of_val(values.as_slice()),
            Self::Int(values) => size_of_val(values.as_slice()),
            Self::Double(values) => size_of_val(values.as_slice()),
            Self::Moment(values) => size_of_val(values.as_slice()),
            Self::Text(texts) => size_of_val(texts.codes.as_slice()) + texts.words.bytes(),
            Self::Texts(lists) => {
                let of = |list: &Vec<String>| {
                    size_of_val(list.as_slice()) + list.iter().map(String::capacity).sum::<usize>()
                };
                size_of_val(lists.codes.as_slice()) + lists.lists.iter().map(of).sum::<usize>()
            }
        }
    }
}

fn of(lists: &[Vec<String>], code: u32) -> &[String] {
    lists.get(code as usize).map(Vec::as_slice).unwrap_or_default()
}

fn known(codes: &[u32], count: usize) -> (Cow<'_, [u32]>, u32) {
    let missing = count as u32;
    if codes.contains(&NONE) {
        (codes.iter().map(|code| (*code).min(missing)).collect(), missing + 1)
    } else {
        (Cow::Borrowed(codes), missing)
    }
}

fn numbered<'a, T: Hash + Eq>(values: impl Iterator<Item = T>) -> (Cow<'a, [u32]>, u32) {
    let mut numbers: HashMap<T, u32> = HashMap::new();
    let codes = values.map(|value| {
        let next = numbers.len() as u32;
        *numbers.entry(value).or_insert(next)
    });
    let codes: Vec<u32> = codes.collect();
    (Cow::Owned(codes), numbers.len() as u32)
}

fn texts(list: &List<'_>) -> Vec<String> {
    let text = |value| match value {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    };
    list.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // FAST-1: candidates are alike by the codes of what they have.
    #[test]
    fn equal_texts_and_equal_lists_have_one_code_however_many_there_are() {
        let words: Vec<Vec<String>> = (0..500).map(|number| vec![format!("a{number}"), "b".to_owned()]).collect();
        let (mut texts, mut lists) = (Column::of(Type::Text, 1_500), Column::of(Type::List(Item::Text), 1_500));
        for list in words.iter().chain(&words).chain(&words) {
            texts.push(&Value::maybe(list.first()));
            lists.push(&Value::from(list.as_slice()));
        }
        for column in [texts.finish(), lists.finish()] {
            let (codes, count) = column.codes();
            assert_eq!(count, 500);
            assert_eq!(codes[..500], codes[1_000..]);
            assert_eq!(column.value(7), column.value(507));
        }
    }
}
