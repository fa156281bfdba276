//! Values that stand in an expression's text, and how they are written.
//!
//! Printing and reading are exact inverses: what is printed reads back as the same literal.

use std::fmt::Write;

use crate::domain::Timestamp;

use super::moments::duration_literal;

/// Above this many items, a list is searched by halving rather than from the front.
const SEARCHED_FROM: usize = 8;

/// A value in the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `4.5`, always finite
    Double(f64),
    /// `'Gold'`
    Text(String),
    /// `timestamp('2026-11-21T00:00:00Z')`
    Timestamp(Timestamp),
    /// `duration('90s')`, in microseconds
    Duration(i64),
    /// `['Gold', 'Silver']`
    List(ListLiteral),
}

/// A list of literals of one type, in the order of the text, ready to be searched.
#[derive(Clone, Debug)]
pub struct ListLiteral {
    items: Vec<Literal>,
    /// For longer lists of texts: the items' places in the order of the texts.
    order: Vec<usize>,
}

impl PartialEq for ListLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl ListLiteral {
    /// The items must be of one type; only texts are searched by halving.
    pub fn new(items: Vec<Literal>) -> Self {
        let texts: Option<Vec<&str>> = items.iter().map(Literal::as_text).collect();
        let order = match texts {
            Some(texts) if texts.len() > SEARCHED_FROM => {
                let mut order: Vec<usize> = (0..texts.len()).collect();
                order.sort_by_key(|place| texts.get(*place).copied());
                order
            }
            _ => Vec::new(),
        };
        Self { items, order }
    }

    /// The items in the order of the text.
    pub fn items(&self) -> &[Literal] {
        &self.items
    }

    /// Whether a text is among the items.
    pub(super) fn contains_text(&self, text: &str) -> bool {
        let at = |place: &usize| self.items.get(*place).and_then(Literal::as_text);
        if self.order.is_empty() {
            self.items.iter().any(|item| item.as_text() == Some(text))
        } else {
            self.order.binary_search_by(|place| at(place).cmp(&Some(text))).is_ok()
        }
    }
}

impl Literal {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is a number below zero, which is written with a sign.
    pub(super) fn is_signed(&self) -> bool {
        match self {
            Self::Int(number) => *number < 0,
            Self::Double(number) => number.is_sign_negative(),
            _ => false,
        }
    }

    /// Appends the canonical text.
    pub(super) fn print(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Double(number) => out.push_str(&double(*number)),
            Self::Text(text) => quote(text, out),
            Self::Timestamp(at) => {
                out.push_str("timestamp('");
                out.push_str(&at.to_string());
                out.push_str("')");
            }
            Self::Duration(micros) => {
                out.push_str("duration('");
                out.push_str(&duration_literal(*micros));
                out.push_str("')");
            }
            Self::List(list) => {
                out.push('[');
                for (index, item) in list.items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.print(out);
                }
                out.push(']');
            }
        }
    }
}

/// The shortest text that reads back as the same double, always with a point or an exponent.
pub(super) fn double(number: f64) -> String {
    format!("{number:?}")
}

/// The text as a literal of an expression, as canonical texts have it.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(text, &mut out);
    out
}

/// Appends the text in single quotes. Control characters are escaped, so that a canonical text is one line.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Also what would turn around or hide the text beside it.
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
            {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
}
