//! The checked tree: what an expression says, with every name resolved and every term typed.
//!
//! Whoever gives a meaning to it (the interpreter here, SQL elsewhere) matches on [`Kind`] and never looks at text again.

use std::fmt;
use std::sync::Arc;

use regex::Regex;

use super::catalog::FieldId;
use super::literal::Literal;
use super::moments::Part;

/// The type of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A double, always finite.
    Double,
    /// Text, compared by code point.
    Text,
    /// A moment, to the microsecond.
    Timestamp,
    /// A span of time, to the microsecond.
    Duration,
    /// The literal `null`.
    Null,
    /// A list.
    List(Item),
}

/// The type of a list's items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A double.
    Double,
    /// Text.
    Text,
    /// A moment.
    Timestamp,
    /// A span of time.
    Duration,
    /// The empty list `[]`, which fits every type.
    None,
}

impl Item {
    /// The type of one item; `None` for the empty list.
    pub const fn ty(self) -> Option<Type> {
        match self {
            Self::Bool => Some(Type::Bool),
            Self::Int => Some(Type::Int),
            Self::Double => Some(Type::Double),
            Self::Text => Some(Type::Text),
            Self::Timestamp => Some(Type::Timestamp),
            Self::Duration => Some(Type::Duration),
            Self::None => None,
        }
    }

    /// The item type for values of `ty`; `None` where lists can't hold them.
    pub const fn of(ty: Type) -> Option<Self> {
        match ty {
            Type::Bool => Some(Self::Bool),
            Type::Int => Some(Self::Int),
            Type::Double => Some(Self::Double),
            Type::Text => Some(Self::Text),
            Type::Timestamp => Some(Self::Timestamp),
            Type::Duration => Some(Self::Duration),
            Type::Null | Type::List(_) => None,
        }
    }
}

impl Type {
    /// Whether it is one of the two kinds of numbers, which compare with each other.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Double => "a decimal number",
            Self::Text => "a text",
            Self::Timestamp => "a moment",
            Self::Duration => "a duration",
            Self::Null => "null",
            Self::List(Item::Bool) => "a list of true and false",
            Self::List(Item::Int) => "a list of whole numbers",
            Self::List(Item::Double) => "a list of decimal numbers",
            Self::List(Item::Text) => "a list of texts",
            Self::List(Item::Timestamp) => "a list of moments",
            Self::List(Item::Duration) => "a list of durations",
            Self::List(Item::None) => "an empty list",
        })
    }
}

/// Where a term stands in its text, in bytes, end excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One term. Two terms are equal when they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it says.
    pub kind: Kind,
    /// The type of its value.
    pub ty: Type,
    /// Where it stands; all zero in a tree that was not made from text.
    pub span: Span,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty && self.kind == other.kind
    }
}

/// What a term says.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A value that stands in the text.
    Literal(Literal),
    /// A field of the row.
    Field(FieldId),
    /// The item at hand of an enclosing [`Kind::Quantify`]; `level` 0 is the innermost.
    Variable {
        /// How many enclosing quantifiers lie between.
        level: usize,
        /// Its name, for printing.
        name: String,
    },
    /// A list with at least one item that is not a literal.
    List(Vec<Node>),
    /// True when all are; INVARIANT: at least two, none of them an `And`.
    And(Vec<Node>),
    /// True when any is; INVARIANT: at least two, none of them an `Or`.
    Or(Vec<Node>),
    /// The contrary.
    Not(Box<Node>),
    /// `condition ? then : otherwise`
    Choose(Box<[Node; 3]>),
    /// Two values compared; both of one type, both numbers, or one `null` under `==` and `!=`.
    Compare(Comparison, Box<[Node; 2]>),
    /// `item in list`
    In(Box<[Node; 2]>),
    /// Two values combined.
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    /// `-x`
    Negate(Box<Node>),
    /// Whether the row has a value for the field: true or false, never unknown.
    Has(FieldId),
    /// `list.all(name, body)` or `list.exists(name, body)`
    Quantify {
        /// `all` rather than `exists`.
        all: bool,
        /// The name of the item in the body.
        name: String,
        /// The list, then the body.
        parts: Box<[Node; 2]>,
    },
    /// A text that fits a pattern.
    Matches(Box<Node>, Pattern),
    /// A function of its arguments; the receiver comes first.
    Call(Function, Vec<Node>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The same question with the sides exchanged.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// The opposite question.
    #[must_use]
    pub const fn contrary(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// Whether it asks for equality only, not for an order.
    pub const fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// How two values are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`, also of texts, moments and durations.
    Add,
    /// `-`, also of moments and durations.
    Subtract,
    /// `*`
    Multiply,
    /// `/`; whole numbers truncate towards zero.
    Divide,
    /// `%`, of whole numbers; the sign is the dividend's.
    Modulo,
}

impl Arithmetic {
    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// A function that an expression can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `text.startsWith(text)`
    StartsWith,
    /// `text.endsWith(text)`
    EndsWith,
    /// `text.contains(text)`
    Contains,
    /// `text.lowerAscii()`: A to Z become a to z, all else stays.
    LowerAscii,
    /// `size(text)` in code points, or `size(list)`.
    Size,
    /// `timestamp(text)` as RFC 3339 has it, or `timestamp(int)` in seconds since 1970.
    Timestamp,
    /// `duration(text)`, such as `'1h30m'` or `'90s'`.
    Duration,
    /// `int(…)` of a decimal (truncated), text, or moment (seconds since 1970).
    Int,
    /// `double(…)` of a whole number or text.
    Double,
    /// `string(…)` of a whole number, true or false, moment or duration.
    Text,
    /// A part of a moment, in UTC or the zone given second; or of a duration.
    Get(Part),
}

impl Function {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
            Self::LowerAscii => "lowerAscii",
            Self::Size => "size",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Int => "int",
            Self::Double => "double",
            Self::Text => "string",
            Self::Get(part) => part.name(),
        }
    }

    /// Whether the first argument stands before the name: `x.contains(y)`.
    pub const fn has_receiver(self) -> bool {
        matches!(self, Self::StartsWith | Self::EndsWith | Self::Contains | Self::LowerAscii | Self::Get(_))
    }
}

/// A compiled pattern of `matches`; linear in the text that it is held against, whatever it says.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles; the error is the regex library's, for the message.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        let size = super::limits::PATTERN_BYTES_MAX;
        let regex = regex::RegexBuilder::new(text).size_limit(size).dfa_size_limit(size).build()?;
        Ok(Self(Arc::new(regex)))
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it fits anywhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Node {
    /// The terms directly below, in the order of the text.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Literal(_) | Kind::Field(_) | Kind::Variable { .. } | Kind::Has(_) => Vec::new(),
            Kind::List(nodes) | Kind::And(nodes) | Kind::Or(nodes) | Kind::Call(_, nodes) => nodes.iter().collect(),
            Kind::Not(node) | Kind::Negate(node) | Kind::Matches(node, _) => vec![node],
            Kind::Choose(nodes) => nodes.iter().collect(),
            Kind::Compare(_, nodes)
            | Kind::In(nodes)
            | Kind::Arithmetic(_, nodes)
            | Kind::Quantify { parts: nodes, .. } => nodes.iter().collect(),
        }
    }

    /// Calls `visit` for every field that the term reads, in the order of the text.
    pub fn each_field(&self, visit: &mut impl FnMut(FieldId)) {
        if let Kind::Field(field) | Kind::Has(field) = &self.kind {
            visit(*field);
        }
        for child in self.children() {
            child.each_field(visit);
        }
    }
}
