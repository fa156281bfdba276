//! What a term means, apart from how it is written: terms that say the same have one text here.
//!
//! Only what holds for every row, missing values included, is evened out: the order of the parts of `&&`, `||`, `==`, `+` and of
//! a list after `in`, which side of a comparison stands left, double negation, and the names of items.

use super::build;
use super::catalog::Catalog;
use super::literal::{ListLiteral, Literal};
use super::print::print;
use super::tree::{Arithmetic, Comparison, Kind, Node, Type};

/// The text that a term shares with all terms that say the same; to be compared, not shown. `catalog` must be the term's own.
pub fn meaning(node: &Node, catalog: &Catalog) -> String {
    print(&Normal { catalog, items: 0 }.of(node), catalog)
}

struct Normal<'c> {
    catalog: &'c Catalog,
    /// How many quantifiers stand around the term.
    items: usize,
}

impl Normal<'_> {
    fn of(&self, node: &Node) -> Node {
        let kind = match &node.kind {
            Kind::And(terms) => return self.chain(terms, build::all, node),
            Kind::Or(terms) => return self.chain(terms, build::any, node),
            Kind::Not(term) => return contrary(self.of(term)),
            Kind::Compare(op, sides) => return self.compared(*op, sides),
            Kind::In(sides) => return self.member(sides),
            Kind::Arithmetic(op, sides) => {
                let [left, right] = &**sides;
                let (left, right) = (self.of(left), self.of(right));
                let commutes = matches!(op, Arithmetic::Add | Arithmetic::Multiply) && node.ty != Type::Text;
                let (left, right) = if commutes { self.sorted_pair(left, right) } else { (left, right) };
                Kind::Arithmetic(*op, Box::new([left, right]))
            }
            Kind::Quantify { all, parts, .. } => {
                let [list, body] = &**parts;
                let inner = Normal { catalog: self.catalog, items: self.items + 1 };
                Kind::Quantify {
                    all: *all,
                    name: item_name(self.items),
                    parts: Box::new([self.of(list), inner.of(body)]),
                }
            }
            Kind::Variable { level, .. } => {
                Kind::Variable { level: *level, name: item_name(self.items.saturating_sub(level + 1)) }
            }
            Kind::Choose(parts) => Kind::Choose(Box::new((**parts).each_ref().map(|part| self.of(part)))),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.of(item)).collect()),
            Kind::Negate(term) => Kind::Negate(Box::new(self.of(term))),
            Kind::Matches(text, pattern) => Kind::Matches(Box::new(self.of(text)), pattern.clone()),
            Kind::Call(function, arguments) => {
                Kind::Call(*function, arguments.iter().map(|argument| self.of(argument)).collect())
            }
            kind @ (Kind::Literal(_) | Kind::Field(_) | Kind::Has(_)) => kind.clone(),
        };
        Node { kind, ty: node.ty, span: node.span }
    }

    /// Each part once, in the order of the texts.
    fn chain(&self, terms: &[Node], join: fn(Vec<Node>) -> Option<Node>, whole: &Node) -> Node {
        let mut terms: Vec<(String, Node)> = terms.iter().map(|term| self.with_text(self.of(term))).collect();
        terms.sort_by(|(left, _), (right, _)| left.cmp(right));
        terms.dedup_by(|(left, _), (right, _)| left == right);
        join(terms.into_iter().map(|(_, term)| term).collect()).unwrap_or_else(|| whole.clone())
    }

    fn compared(&self, op: Comparison, sides: &[Node; 2]) -> Node {
        let [left, right] = sides;
        let (left, right) = (self.of(left), self.of(right));
        let ((left_text, left), (right_text, right)) = (self.with_text(left), self.with_text(right));
        let (op, left, right) = if right_text < left_text { (op.mirrored(), right, left) } else { (op, left, right) };
        match (op, truth_literal(&left), truth_literal(&right)) {
            (Comparison::Equal, Some(wanted), _) => {
                if wanted {
                    right
                } else {
                    contrary(right)
                }
            }
            (Comparison::Equal, _, Some(wanted)) => {
                if wanted {
                    left
                } else {
                    contrary(left)
                }
            }
            (Comparison::NotEqual, Some(wanted), _) => {
                if wanted {
                    contrary(right)
                } else {
                    right
                }
            }
            (Comparison::NotEqual, _, Some(wanted)) => {
                if wanted {
                    contrary(left)
                } else {
                    left
                }
            }
            _ => build::compare(op, left, right),
        }
    }

    /// A list is a set here, and to be in a list of one is to be that one.
    fn member(&self, sides: &[Node; 2]) -> Node {
        let [item, list] = sides;
        let Kind::Literal(Literal::List(literals)) = &list.kind else {
            return build::is_in(self.of(item), self.of(list));
        };
        let mut items: Vec<(String, Literal)> = Vec::with_capacity(literals.items().len());
        for literal in literals.items() {
            let mut text = String::new();
            literal.print(&mut text);
            items.push((text, literal.clone()));
        }
        items.sort_by(|(left, _), (right, _)| left.cmp(right));
        items.dedup_by(|(left, _), (right, _)| left == right);
        if let [(_, only)] = items.as_slice() {
            return self.compared(Comparison::Equal, &[item.clone(), build::literal(only.clone())]);
        }
        let items = items.into_iter().map(|(_, literal)| literal).collect();
        build::is_in(self.of(item), build::literal(Literal::List(ListLiteral::new(items))))
    }

    fn sorted_pair(&self, left: Node, right: Node) -> (Node, Node) {
        let ((left_text, left), (right_text, right)) = (self.with_text(left), self.with_text(right));
        if right_text < left_text { (right, left) } else { (left, right) }
    }

    fn with_text(&self, node: Node) -> (String, Node) {
        (print(&node, self.catalog), node)
    }
}

/// Of a comparison the opposite one: an order is total within a type, and what is unknown stays so.
fn contrary(term: Node) -> Node {
    match term.kind {
        Kind::Not(inner) => *inner,
        Kind::Compare(op, sides) => Node { kind: Kind::Compare(op.contrary(), sides), ..term },
        kind => build::not(Node { kind, ..term }),
    }
}

fn truth_literal(node: &Node) -> Option<bool> {
    match node.kind {
        Kind::Literal(Literal::Bool(flag)) => Some(flag),
        _ => None,
    }
}

fn item_name(depth: usize) -> String {
    format!("item{depth}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{CatalogParts, Context, Expect, check};

    fn means(text: &str) -> String {
        let catalog = Catalog::new(CatalogParts::default());
        let checked = check(text, &catalog, Context::CandidateDealer, Expect::Condition).unwrap();
        meaning(checked.root(), &catalog)
    }

    // IFACE-1
    #[test]
    fn terms_that_say_the_same_mean_the_same() {
        for (left, right) in [
            ("dealer.rating >= 4.0", "(4.0<=dealer.rating)"),
            ("dealer.rating >= 4.0", "!(dealer.rating < 4.0)"),
            ("dealer.active", "!!dealer.active"),
            ("dealer.active", "dealer.active == true && dealer.active"),
            ("!dealer.active", "false == dealer.active"),
            ("!dealer.active", "dealer.active != true"),
            ("dealer.city == 'A' || dealer.active", "dealer.active || 'A' == dealer.city"),
            ("dealer.city in ['A', 'B']", "dealer.city in [\"B\", 'A', 'B']"),
            ("dealer.city in ['A']", "dealer.city == 'A'"),
            ("!(dealer.city == 'A')", "dealer.city != 'A'"),
            ("dealer.rating + 1.0 > 2.0", "2.0 < 1.0 + dealer.rating"),
            ("dealer.brands.exists(b, b == lead.brand)", "dealer.brands.exists(x, lead.brand == x)"),
        ] {
            assert_eq!(means(left), means(right), "{left} and {right}");
        }
    }

    // IFACE-1
    #[test]
    fn terms_that_differ_for_some_row_do_not() {
        for (left, right) in [
            ("dealer.rating >= 4.0", "dealer.rating > 4.0"),
            ("dealer.rating - 1.0 > 2.0", "1.0 - dealer.rating > 2.0"),
            ("dealer.city + 'A' == 'BA'", "'A' + dealer.city == 'BA'"),
            ("dealer.active ? true : false", "dealer.active ? false : true"),
            ("dealer.brands.all(b, b == 'A')", "dealer.brands.exists(b, b == 'A')"),
            (
                "dealer.brands.exists(a, dealer.territory.exists(b, a < b))",
                "dealer.brands.exists(a, dealer.territory.exists(b, b < a))",
            ),
            ("!has(dealer.rating)", "has(dealer.rating)"),
            ("[dealer.city, 'A'] == ['B', 'A']", "['A', dealer.city] == ['B', 'A']"),
        ] {
            assert_ne!(means(left), means(right), "{left} and {right}");
        }
    }
}
