//! Pieces of SQL with their bound values, and how they are put together.
//!
//! A piece is text, not a tree of the query library: the deepest rule that is allowed would be some hundred levels of that tree,
//! too many for a small stack. Values stand as `?` and are numbered when the piece is handed over. INVARIANT: no text of a user
//! is ever part of a piece's text.

use std::fmt::Write;

use sea_orm::Value;
use sea_orm::sea_query::Expr;

/// Which database a piece is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// How firmly a piece holds together, hence where it needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// A column or a value: firm, and so cheap that it may be repeated.
    Atom,
    /// A call, a case, or something in parentheses.
    Closed,
    /// A comparison: firm beside `and` and `or`.
    Comparison,
    /// Anything else.
    Open,
}

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
    shape: Shape,
}

impl Sql {
    /// A column, or a constant that is written out.
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new(), shape: Shape::Atom }
    }

    /// A bound value.
    pub(super) fn bound(value: impl Into<Value>) -> Self {
        Self { text: "?".to_owned(), values: vec![value.into()], shape: Shape::Atom }
    }

    /// A call, a case or a subquery. In the template `{0}` stands for the first part, in parentheses where it needs them as an operand;
    /// `{0;}` for the same beside `and` and `or`; `{0,}` for the same between commas or keywords, where nothing needs them.
    pub(super) fn closed(template: &str, parts: &[&Self]) -> Self {
        Self::filled(template, parts, Shape::Closed)
    }

    /// As [`Self::closed`], for a comparison.
    pub(super) fn comparison(template: &str, parts: &[&Self]) -> Self {
        Self::filled(template, parts, Shape::Comparison)
    }

    /// As [`Self::closed`], for what needs parentheses as an operand.
    pub(super) fn open(template: &str, parts: &[&Self]) -> Self {
        Self::filled(template, parts, Shape::Open)
    }

    fn filled(template: &str, parts: &[&Self], shape: Shape) -> Self {
        let mut filled = Self { text: String::with_capacity(template.len() + 16), values: Vec::new(), shape };
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            filled.text.push_str(before);
            let Some((place, after)) = after.split_once('}') else { break };
            let (number, firm_up_to) = match (place.strip_suffix(','), place.strip_suffix(';')) {
                (Some(number), _) => (number, Shape::Open),
                (_, Some(number)) => (number, Shape::Comparison),
                _ => (place, Shape::Closed),
            };
            if let Some(part) = number.parse::<usize>().ok().and_then(|number| parts.get(number)) {
                filled.push(part, firm_up_to);
            }
            rest = after;
        }
        filled.text.push_str(rest);
        filled
    }

    fn push(&mut self, part: &Self, firm_up_to: Shape) {
        let needs_parentheses = part.shape > firm_up_to;
        self.text.push_str(if needs_parentheses { "(" } else { "" });
        self.text.push_str(&part.text);
        self.text.push_str(if needs_parentheses { ")" } else { "" });
        self.values.extend_from_slice(&part.values);
    }

    /// Pieces between commas.
    pub(super) fn listed(parts: &[Self]) -> Self {
        let mut list = Self { text: String::new(), values: Vec::new(), shape: Shape::Open };
        for (index, part) in parts.iter().enumerate() {
            list.text.push_str(if index > 0 { ", " } else { "" });
            list.push(part, Shape::Open);
        }
        list
    }

    /// All of several conditions, or any of them; at least one.
    pub(super) fn joined(all: bool, mut parts: Vec<Self>) -> Self {
        /// A longer chain is halved: SQLite counts each link as a level, and has at most 1,000.
        const CHAIN_MAX: usize = 16;
        if parts.len() > CHAIN_MAX {
            let second = parts.split_off(parts.len() / 2);
            parts = vec![Self::joined(all, parts), Self::joined(all, second)];
        }
        let mut joined = Self { text: String::new(), values: Vec::new(), shape: Shape::Open };
        for (index, part) in parts.iter().enumerate() {
            joined.text.push_str(match (index, all) {
                (0, _) => "",
                (_, true) => " and ",
                (_, false) => " or ",
            });
            joined.push(part, Shape::Comparison);
        }
        joined
    }

    /// The piece with each operand worked out once, however often `body` names it: an operand that is no atom becomes a column of a
    /// subquery. `body` must name nothing else that is worked out.
    pub(super) fn once(dialect: Dialect, operands: &[&Self], body: impl FnOnce(&[Self]) -> Self) -> Self {
        let mut columns = Vec::new();
        let mut atoms = Vec::with_capacity(operands.len());
        for (index, operand) in operands.iter().enumerate() {
            if operand.is_atom() {
                atoms.push((*operand).clone());
            } else {
                atoms.push(Self::atom(format!("v.x{index}")));
                columns.push(Self::open(&format!("{{0,}} as x{index}"), &[operand]));
            }
        }
        let body = body(&atoms);
        if columns.is_empty() {
            return body;
        }
        // PostgreSQL would put the operands back in the place of the columns; SQLite can't, as the subquery has no table.
        let fence = if dialect == Dialect::Postgres { " offset 0" } else { "" };
        Self::closed(&format!("(select {{0,}} from (select {{1,}}{fence}) v)"), &[&body, &Self::listed(&columns)])
    }

    /// Whether it may be repeated.
    pub(super) fn is_atom(&self) -> bool {
        self.shape == Shape::Atom
    }

    /// Whether it reads some of these columns and no other.
    pub(super) fn reads_only(&self, columns: &[&str]) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let mut names = self.text.split(|c| !is_part(c)).filter(|name| name.contains('.')).peekable();
        names.peek().is_some() && names.all(|name| columns.contains(&name))
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// For the query library.
    pub(super) fn expr(&self, dialect: Dialect) -> Expr {
        let closed = Self::closed("{0;}", &[self]);
        Expr::cust_with_values(closed.numbered(dialect), closed.values)
    }

    /// The text with its places as the database writes them. On PostgreSQL a number's place names its type: a prepared statement is found
    /// again by its text alone, and must then not take the bits of one type for another.
    pub(super) fn numbered(&self, dialect: Dialect) -> String {
        if dialect == Dialect::Sqlite {
            return self.text.clone();
        }
        let mut pieces = self.text.split('?');
        let mut numbered = pieces.next().unwrap_or_default().to_owned();
        for ((place, value), piece) in (1..).zip(&self.values).zip(pieces) {
            let ty = match value {
                Value::BigInt(_) => "::bigint",
                Value::Double(_) => "::double precision",
                _ => "",
            };
            // Writing to a string can't fail.
            let _ = write!(numbered, "${place}{ty}{piece}");
        }
        numbered
    }

    /// The bound values, in the order of their places.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }
}
