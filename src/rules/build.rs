//! Terms made without text: each function keeps the invariants of the tree that it adds to.
//!
//! What comes from here is well typed if its parts are; whether they go together is for the caller to know.

use super::literal::Literal;
use super::tree::{Arithmetic, Comparison, Function, Item, Kind, Node, Span, Type};

fn made(kind: Kind, ty: Type) -> Node {
    Node { kind, ty, span: Span::default() }
}

/// A value.
pub(super) fn literal(literal: Literal) -> Node {
    let ty = match &literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Double(_) => Type::Double,
        Literal::Text(_) => Type::Text,
        Literal::Timestamp(_) => Type::Timestamp,
        Literal::Duration(_) => Type::Duration,
        Literal::List(list) => {
            let first = list.items().first().map(|item| self::literal(item.clone()).ty);
            Type::List(first.and_then(Item::of).unwrap_or(Item::None))
        }
    };
    made(Kind::Literal(literal), ty)
}

/// Holds when all terms do; `None` without any.
pub(super) fn all(terms: Vec<Node>) -> Option<Node> {
    joined(terms, true)
}

/// Holds when any term does; `None` without any.
pub(super) fn any(terms: Vec<Node>) -> Option<Node> {
    joined(terms, false)
}

/// One term is itself, and a chain within a chain of its kind is one chain.
fn joined(terms: Vec<Node>, and: bool) -> Option<Node> {
    let mut flat = Vec::with_capacity(terms.len());
    for term in terms {
        match term.kind {
            Kind::And(inner) if and => flat.extend(inner),
            Kind::Or(inner) if !and => flat.extend(inner),
            kind => flat.push(Node { kind, ..term }),
        }
    }
    if flat.len() > 1 {
        return Some(made(if and { Kind::And(flat) } else { Kind::Or(flat) }, Type::Bool));
    }
    flat.pop()
}

/// The contrary.
pub(super) fn not(term: Node) -> Node {
    made(Kind::Not(Box::new(term)), Type::Bool)
}

/// Two values compared.
pub(super) fn compare(op: Comparison, left: Node, right: Node) -> Node {
    made(Kind::Compare(op, Box::new([left, right])), Type::Bool)
}

/// `item in list`
pub(super) fn is_in(item: Node, list: Node) -> Node {
    made(Kind::In(Box::new([item, list])), Type::Bool)
}

/// Two values combined to one of type `ty`.
pub(super) fn combine(op: Arithmetic, left: Node, right: Node, ty: Type) -> Node {
    made(Kind::Arithmetic(op, Box::new([left, right])), ty)
}

/// A function of its arguments, with a result of type `ty`.
pub(super) fn call(function: Function, arguments: Vec<Node>, ty: Type) -> Node {
    made(Kind::Call(function, arguments), ty)
}

/// `list.all(name, body)` or `list.exists(name, body)`
pub(super) fn quantify(every: bool, name: &str, list: Node, body: Node) -> Node {
    made(Kind::Quantify { all: every, name: name.to_owned(), parts: Box::new([list, body]) }, Type::Bool)
}

/// A term that has no parts.
pub(super) fn leaf(kind: Kind, ty: Type) -> Node {
    made(kind, ty)
}

/// How many terms and levels the checker counts in the text of a term. Moments, durations and signs are written with a term
/// around a literal, and a list of literals is one term.
pub(super) fn extent(node: &Node) -> (usize, usize) {
    match &node.kind {
        Kind::Literal(Literal::List(list)) => {
            let deepest = list.items().iter().map(literal_depth).max().unwrap_or(0);
            (1, 1 + deepest)
        }
        Kind::Literal(literal) => (literal_depth(literal), literal_depth(literal)),
        _ => {
            let parts = node.children().into_iter().map(extent);
            let (terms, depth) = parts.fold((0, 0), |(terms, depth), part| (terms + part.0, depth.max(part.1)));
            (terms + 1, depth + 1)
        }
    }
}

fn literal_depth(literal: &Literal) -> usize {
    match literal {
        Literal::Timestamp(_) | Literal::Duration(_) => 2,
        literal => 1 + usize::from(literal.is_signed()),
    }
}
