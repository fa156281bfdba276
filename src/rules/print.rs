//! The canonical text of a checked tree: one tree, one text, and the text checks back to the same tree.

use super::catalog::Catalog;
use super::literal::quote;
use super::tree::{Arithmetic, Function, Kind, Node};

/// How tightly a term holds together; a looser term inside a tighter one stands in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Choose,
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Unary,
    Member,
}

/// The canonical text of a term; `catalog` must be the one that it was checked against.
pub(super) fn print(node: &Node, catalog: &Catalog) -> String {
    let mut printer = Printer { catalog, out: String::new() };
    printer.node(node);
    printer.out
}

struct Printer<'c> {
    catalog: &'c Catalog,
    out: String,
}

impl Printer<'_> {
    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Literal(literal) => literal.print(&mut self.out),
            Kind::Field(field) => self.path(*field),
            Kind::Has(field) => {
                self.out.push_str("has(");
                self.path(*field);
                self.out.push(')');
            }
            Kind::Variable { name, .. } => self.out.push_str(name),
            Kind::List(items) => {
                self.out.push('[');
                self.listed(items);
                self.out.push(']');
            }
            Kind::And(terms) => self.joined(terms, " && ", Level::Compare),
            Kind::Or(terms) => self.joined(terms, " || ", Level::And),
            Kind::Not(term) => self.prefixed("!", term),
            Kind::Negate(term) => self.prefixed("-", term),
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.at_least(condition, Level::Or);
                self.out.push_str(" ? ");
                self.at_least(then, Level::Or);
                self.out.push_str(" : ");
                self.node(otherwise);
            }
            Kind::Compare(op, sides) => self.infix(sides, op.symbol(), Level::Add, Level::Add),
            Kind::In(sides) => self.infix(sides, "in", Level::Add, Level::Add),
            Kind::Arithmetic(op, sides) => {
                let (left, right) = match op {
                    Arithmetic::Add | Arithmetic::Subtract => (Level::Add, Level::Multiply),
                    Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Modulo => (Level::Multiply, Level::Unary),
                };
                self.infix(sides, op.symbol(), left, right);
            }
            Kind::Quantify { all, name, parts } => {
                let [list, body] = &**parts;
                self.at_least(list, Level::Member);
                self.out.push_str(if *all { ".all(" } else { ".exists(" });
                self.out.push_str(name);
                self.out.push_str(", ");
                self.node(body);
                self.out.push(')');
            }
            Kind::Matches(text, pattern) => {
                self.at_least(text, Level::Member);
                self.out.push_str(".matches(");
                quote(pattern.text(), &mut self.out);
                self.out.push(')');
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn call(&mut self, function: Function, arguments: &[Node]) {
        let rest = match arguments.split_first() {
            Some((receiver, rest)) if function.has_receiver() => {
                self.at_least(receiver, Level::Member);
                self.out.push('.');
                rest
            }
            _ => arguments,
        };
        self.out.push_str(function.name());
        self.out.push('(');
        self.listed(rest);
        self.out.push(')');
    }

    fn path(&mut self, field: super::catalog::FieldId) {
        // A tree holds only fields of the catalog that it was checked against.
        self.out.push_str(self.catalog.field(field).map_or("unknown", |field| field.path.as_str()));
    }

    fn listed(&mut self, nodes: &[Node]) {
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.node(node);
        }
    }

    fn joined(&mut self, terms: &[Node], between: &str, least: Level) {
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
            }
            self.at_least(term, least);
        }
    }

    fn infix(&mut self, sides: &[Node; 2], symbol: &str, left: Level, right: Level) {
        let [left_side, right_side] = sides;
        self.at_least(left_side, left);
        self.out.push(' ');
        self.out.push_str(symbol);
        self.out.push(' ');
        self.at_least(right_side, right);
    }

    /// `--x` would read as `x`, so a sign never follows a sign without a parenthesis.
    fn prefixed(&mut self, sign: &str, term: &Node) {
        self.out.push_str(sign);
        self.at_least(term, Level::Member);
    }

    fn at_least(&mut self, node: &Node, least: Level) {
        if level(node) >= least {
            self.node(node);
        } else {
            self.out.push('(');
            self.node(node);
            self.out.push(')');
        }
    }
}

fn level(node: &Node) -> Level {
    match &node.kind {
        Kind::Choose(_) => Level::Choose,
        Kind::Or(_) => Level::Or,
        Kind::And(_) => Level::And,
        Kind::Compare(..) | Kind::In(_) => Level::Compare,
        Kind::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, _) => Level::Add,
        Kind::Arithmetic(..) => Level::Multiply,
        Kind::Not(_) | Kind::Negate(_) => Level::Unary,
        Kind::Literal(literal) if literal.is_signed() => Level::Unary,
        Kind::Literal(_)
        | Kind::Field(_)
        | Kind::Variable { .. }
        | Kind::List(_)
        | Kind::Has(_)
        | Kind::Quantify { .. }
        | Kind::Matches(..)
        | Kind::Call(..) => Level::Member,
    }
}
