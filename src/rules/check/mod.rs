//! From the parser's tree to the checked one: names resolved, types fitted, everything unsupported refused by name.
//!
//! All problems of a text are collected in one walk. A term with a problem has no type, and nothing that merely follows from
//! it is reported again.

mod calls;
mod choices;
mod names;
mod operators;

pub(super) use choices::never;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::catalog::{Catalog, Context, FieldId};
use super::effort::too_much;
use super::error::{Diagnostic, Problems};
use super::limits::{DEPTH_MAX, LIST_ITEMS_MAX, NODES_MAX};
use super::literal::{ListLiteral, Literal};
use super::source::Source;
use super::terms::Checked;
use super::tree::{Item, Kind, Node, Span, Type};

/// What an expression is for, hence which type it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// True or false, for filters and conditions.
    Condition,
    /// One value with an order, for sorting.
    SortKey,
}

/// Checks a text against the tenant's fields. Every problem is reported, in the order of the text.
pub fn check(text: &str, catalog: &Catalog, context: Context, expect: Expect) -> Result<Checked, Vec<Diagnostic>> {
    let source = Source::parse(text)?;
    let mut checker = Checker::new(&source, catalog, context);
    let root = checker.node(&source.root);
    if let Some(root) = &root {
        checker.expect(root, expect);
        if let Some((span, message)) = too_much(root) {
            checker.problem_at(span, message, None);
        }
    }
    match root {
        Some(root) if checker.problems.is_empty() => Ok(Checked::written(root, catalog, text)),
        _ => Err(checker.problems.sorted()),
    }
}

/// The item of an enclosing quantifier.
struct Bound {
    name: String,
    ty: Type,
    /// The list field that the item comes from, whose choices are the item's.
    origin: Option<FieldId>,
}

struct Checker<'a> {
    source: &'a Source<'a>,
    catalog: &'a Catalog,
    context: Context,
    scope: Vec<Bound>,
    nodes: usize,
    patterns: usize,
    depth: usize,
    problems: Problems,
}

impl<'a> Checker<'a> {
    fn new(source: &'a Source<'a>, catalog: &'a Catalog, context: Context) -> Self {
        let problems = Problems::default();
        Self { source, catalog, context, scope: Vec::new(), nodes: 0, patterns: 0, depth: 0, problems }
    }

    /// The checked term, or `None` when it, or something in it, was reported.
    fn node(&mut self, term: &IdedExpr) -> Option<Node> {
        if self.problems.full() || !self.within_limits(term) {
            return None;
        }
        self.depth += 1;
        let node = self.any(term);
        self.depth -= 1;
        node
    }

    fn any(&mut self, term: &IdedExpr) -> Option<Node> {
        match &term.expr {
            Expr::Ident(_) | Expr::Select(_) => self.name(term),
            Expr::Literal(literal) => self.literal(term, literal),
            Expr::List(list) => self.list(term, &list.elements),
            Expr::Call(call) => self.call(term, call),
            Expr::Comprehension(quantified) => self.quantifier(term, quantified),
            Expr::Map(_) => self.refuse(term, "maps in braces are not supported, compare the fields one by one"),
            Expr::Struct(_) => self.refuse(term, "messages in braces are not supported, compare the fields one by one"),
            Expr::Unspecified => self.refuse(term, "this can't be read"),
        }
    }

    fn within_limits(&mut self, term: &IdedExpr) -> bool {
        self.nodes += 1;
        // Reported once: at the first term past the limit.
        if self.nodes == NODES_MAX + 1 {
            self.problem(term, format!("the expression has more than {NODES_MAX} terms, split it up"), None);
        } else if self.nodes <= NODES_MAX && self.depth >= DEPTH_MAX {
            self.problem(
                term,
                format!("nested deeper than {DEPTH_MAX} levels from here, split the expression up"),
                None,
            );
        }
        self.nodes <= NODES_MAX && self.depth < DEPTH_MAX
    }

    fn literal(&mut self, term: &IdedExpr, literal: &LiteralValue) -> Option<Node> {
        let (literal, ty) = match literal {
            LiteralValue::Null => (Literal::Null, Type::Null),
            LiteralValue::Boolean(flag) => (Literal::Bool(*flag.inner()), Type::Bool),
            LiteralValue::Int(number) => (Literal::Int(*number.inner()), Type::Int),
            LiteralValue::Double(number) => (Literal::Double(*number.inner()), Type::Double),
            LiteralValue::String(text) => return self.text(term, text.inner()),
            LiteralValue::UInt(number) => {
                let plain = number.inner().to_string();
                self.problem(term, format!("unsigned numbers are not supported, write `{plain}`"), Some(plain));
                return None;
            }
            LiteralValue::Bytes(_) => {
                return self.refuse(term, "bytes are not supported, write a text without the `b`");
            }
        };
        Some(self.made(term, Kind::Literal(literal), ty))
    }

    fn text(&mut self, term: &IdedExpr, text: &str) -> Option<Node> {
        // PostgreSQL's text can't hold it, so no row can ever have it.
        if text.contains('\0') {
            return self.refuse(term, "a text can't contain the character NUL");
        }
        Some(self.made(term, Kind::Literal(Literal::Text(text.to_owned())), Type::Text))
    }

    fn list(&mut self, term: &IdedExpr, elements: &[IdedExpr]) -> Option<Node> {
        if elements.len() > LIST_ITEMS_MAX {
            let message = format!("the list has {} items, at most {LIST_ITEMS_MAX} are allowed", elements.len());
            return self.refuse(term, &message);
        }
        let mut items = Vec::with_capacity(elements.len());
        let mut sound = true;
        for element in elements {
            let before = self.nodes;
            match self.node(element) {
                Some(item) => {
                    // A list of literals is one term, however long.
                    if matches!(item.kind, Kind::Literal(_)) {
                        self.nodes = before;
                    }
                    items.push(item);
                }
                None => sound = false,
            }
        }
        if sound { self.typed_list(term, items) } else { None }
    }

    fn typed_list(&mut self, term: &IdedExpr, mut items: Vec<Node>) -> Option<Node> {
        if items.iter().any(|item| item.ty == Type::Double) {
            items.iter_mut().for_each(widen);
        }
        let Some(first) = items.first().map(|item| item.ty) else {
            let list = Kind::Literal(Literal::List(ListLiteral::new(Vec::new())));
            return Some(self.made(term, list, Type::List(Item::None)));
        };
        let Some(item) = Item::of(first) else {
            return self.refuse(term, &format!("a list can't hold {first}"));
        };
        if let Some(other) = items.iter().find(|item| item.ty != first) {
            let message = format!("a list holds values of one type, but this is {} after {first}", other.ty);
            self.problem_at(other.span, message, None);
            return None;
        }
        let literals: Option<Vec<Literal>> = items.iter().map(literal_of).collect();
        let kind = match literals {
            Some(literals) => Kind::Literal(Literal::List(ListLiteral::new(literals))),
            None => Kind::List(items),
        };
        Some(self.made(term, kind, Type::List(item)))
    }

    fn expect(&mut self, root: &Node, expect: Expect) {
        match (expect, root.ty) {
            (Expect::Condition, Type::Bool) => {}
            (Expect::Condition, ty) => {
                let message = format!("a condition is true or false, but this is {ty}, compare it with something");
                self.problem_at(root.span, message, None);
            }
            (Expect::SortKey, ty @ (Type::Null | Type::List(_))) => {
                self.problem_at(root.span, format!("{ty} has no order to sort by, give one value"), None);
            }
            (Expect::SortKey, _) => {}
        }
    }

    fn made(&self, term: &IdedExpr, kind: Kind, ty: Type) -> Node {
        Node { kind, ty, span: self.source.span(term) }
    }

    fn refuse<T>(&mut self, term: &IdedExpr, message: &str) -> Option<T> {
        self.problem(term, message.to_owned(), None);
        None
    }

    fn problem(&mut self, term: &IdedExpr, message: String, suggestion: Option<String>) {
        self.problem_at(self.source.span(term), message, suggestion);
    }

    fn problem_at(&mut self, span: Span, message: String, suggestion: Option<String>) {
        self.problems.push(self.source.tokens.problem(span, message, suggestion));
    }

    /// The text of a term, shortened for a message.
    fn shown(&self, span: Span) -> String {
        const SHOWN_MAX: usize = 60;
        let text = self.source.tokens.text_of(span);
        let cut: String = text.chars().take(SHOWN_MAX).collect();
        if cut.len() < text.len() { format!("{cut}…") } else { cut }
    }
}

fn literal_of(node: &Node) -> Option<Literal> {
    match &node.kind {
        Kind::Literal(literal) => Some(literal.clone()),
        _ => None,
    }
}

/// A whole number beside decimals becomes one, if it is the same number: `[4, 4.5]` is `[4.0, 4.5]`.
fn widen(item: &mut Node) {
    const EXACT_MAX: u64 = 1 << 53;
    if let Kind::Literal(Literal::Int(number)) = item.kind
        && number.unsigned_abs() <= EXACT_MAX
    {
        item.kind = Kind::Literal(Literal::Double(number as f64));
        item.ty = Type::Double;
    }
}
