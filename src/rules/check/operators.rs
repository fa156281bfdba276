//! Operators: which types go together, and what to write when they don't.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, operators as cel_names};

use super::Checker;
use crate::rules::literal::{Literal, double};
use crate::rules::moments::parse_moment;
use crate::rules::tree::{Arithmetic, Comparison, Item, Kind, Node, Span, Type};

impl Checker<'_> {
    /// An operator with its operands.
    pub(super) fn operator(&mut self, term: &IdedExpr, call: &CallExpr) -> Option<Node> {
        let name = call.func_name.as_str();
        match (name, call.args.as_slice()) {
            (cel_names::LOGICAL_AND, [left, right]) => self.logic(term, left, right, true),
            (cel_names::LOGICAL_OR, [left, right]) => self.logic(term, left, right, false),
            (cel_names::LOGICAL_NOT, [operand]) => self.not(term, operand),
            (cel_names::NEGATE, [operand]) => self.negation(term, operand),
            (cel_names::CONDITIONAL, [condition, then, otherwise]) => self.choice(term, condition, then, otherwise),
            (cel_names::IN, [item, list]) => self.membership(term, item, list),
            (_, [left, right]) => match (comparison(name), arithmetic(name)) {
                (Some(op), _) => self.compared(term, op, left, right),
                (_, Some(op)) => self.combined(term, op, left, right),
                _ => self.refuse(term, "this operator is not supported"),
            },
            _ => self.refuse(term, "this operator is not supported"),
        }
    }

    /// The parser makes a balanced tree of a chain; one flat list says the same and names the terms.
    fn logic(&mut self, term: &IdedExpr, left: &IdedExpr, right: &IdedExpr, and: bool) -> Option<Node> {
        // The inner halves of one chain are not terms of their own.
        let same = |side: &IdedExpr| {
            matches!(&side.expr, cel::common::ast::Expr::Call(call) if call.target.is_none()
            && call.func_name == if and { cel_names::LOGICAL_AND } else { cel_names::LOGICAL_OR })
        };
        let mut terms = Vec::new();
        let mut sound = true;
        for side in [left, right] {
            let node = if same(side) {
                self.nodes = self.nodes.saturating_sub(1);
                self.depth -= 1;
                let node = self.node(side);
                self.depth += 1;
                node
            } else {
                self.condition(side, if and { "&&" } else { "||" })
            };
            match node.map(|node| (node.kind, node.ty, node.span)) {
                Some((Kind::And(inner), ..)) if and => terms.extend(inner),
                Some((Kind::Or(inner), ..)) if !and => terms.extend(inner),
                Some((kind, ty, span)) => terms.push(Node { kind, ty, span }),
                None => sound = false,
            }
        }
        let kind = if and { Kind::And(terms) } else { Kind::Or(terms) };
        sound.then(|| self.made(term, kind, Type::Bool))
    }

    fn not(&mut self, term: &IdedExpr, operand: &IdedExpr) -> Option<Node> {
        let operand = self.condition(operand, "!")?;
        Some(self.made(term, Kind::Not(Box::new(operand)), Type::Bool))
    }

    /// A term that must be true or false.
    pub(super) fn condition(&mut self, term: &IdedExpr, at: &str) -> Option<Node> {
        let node = self.node(term)?;
        if node.ty == Type::Bool {
            return Some(node);
        }
        let shown = self.shown(node.span);
        self.problem_at(node.span, format!("`{at}` needs a condition, but `{shown}` is {}", node.ty), None);
        None
    }

    fn negation(&mut self, term: &IdedExpr, operand: &IdedExpr) -> Option<Node> {
        let operand = self.node(operand)?;
        // A sign before a number is part of the number, as it is in the canonical text.
        let folded = match operand.kind {
            Kind::Literal(Literal::Int(number)) => number.checked_neg().map(Literal::Int),
            Kind::Literal(Literal::Double(number)) => Some(Literal::Double(-number)),
            _ => None,
        };
        match (folded, operand.ty) {
            (Some(literal), ty) => Some(self.made(term, Kind::Literal(literal), ty)),
            (None, ty @ (Type::Int | Type::Double)) => Some(self.made(term, Kind::Negate(Box::new(operand)), ty)),
            (None, ty) => {
                let message = format!("`-` needs a number, but `{}` is {ty}", self.shown(operand.span));
                self.problem_at(operand.span, message, None);
                None
            }
        }
    }

    fn choice(&mut self, term: &IdedExpr, test: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> Option<Node> {
        let test = self.condition(test, "?");
        let then = self.node(then);
        let otherwise = self.node(otherwise);
        let (test, then, otherwise) = (test?, then?, otherwise?);
        let ty = match (then.ty, otherwise.ty) {
            (then, otherwise) if then == otherwise => then,
            (Type::List(Item::None), list @ Type::List(_)) | (list @ Type::List(_), Type::List(Item::None)) => list,
            (then, other) => {
                let message = format!("both results of `?` must have one type, but they are {then} and {other}");
                let suggestion = decimal_suggestion(&otherwise, then);
                self.problem_at(otherwise.span, message, suggestion);
                return None;
            }
        };
        Some(self.made(term, Kind::Choose(Box::new([test, then, otherwise])), ty))
    }

    fn membership(&mut self, term: &IdedExpr, item: &IdedExpr, list: &IdedExpr) -> Option<Node> {
        let item = self.node(item);
        let list = self.node(list);
        let (item, list) = (item?, list?);
        let Type::List(of) = list.ty else {
            let (shown, ty) = (self.shown(list.span), list.ty);
            let advice =
                if ty == Type::Text && item.ty == Type::Text { ", use `contains` to look within a text" } else { "" };
            self.problem_at(list.span, format!("`in` needs a list, but `{shown}` is {ty}{advice}"), None);
            return None;
        };
        let fits = of.ty().is_none_or(|of| of == item.ty || (of.is_number() && item.ty.is_number()));
        if !fits {
            let message = format!("`{}` is {} and can't be in {}", self.shown(item.span), item.ty, list.ty);
            self.problem_at(item.span, message, None);
            return None;
        }
        self.check_choices(&item, &list);
        self.check_choices(&list, &item);
        Some(self.made(term, Kind::In(Box::new([item, list])), Type::Bool))
    }

    fn compared(&mut self, term: &IdedExpr, op: Comparison, left: &IdedExpr, right: &IdedExpr) -> Option<Node> {
        let left = self.node(left);
        let right = self.node(right);
        let (left, right) = (left?, right?);
        if left.ty == Type::Null || right.ty == Type::Null {
            self.check_null(op, &left, &right)?;
        } else if !comparable(op, left.ty, right.ty) {
            self.refuse_comparison(op, &left, &right);
            return None;
        }
        self.check_choices(&left, &right);
        self.check_choices(&right, &left);
        Some(self.made(term, Kind::Compare(op, Box::new([left, right])), Type::Bool))
    }

    /// A missing value is unknown, never null, so a field compared with null is a mistake that matches nothing.
    fn check_null(&mut self, op: Comparison, left: &Node, right: &Node) -> Option<()> {
        let other = if left.ty == Type::Null { right } else { left };
        let span = Span { start: left.span.start, end: right.span.end };
        if !op.is_equality() {
            self.problem_at(span, format!("null has no order, `{}` can't compare it", op.symbol()), None);
            return None;
        }
        if let Kind::Field(_) = other.kind {
            let field = self.shown(other.span);
            let instead = if op == Comparison::Equal { format!("!has({field})") } else { format!("has({field})") };
            self.problem_at(span, format!("a missing value is never null, write `{instead}`"), Some(instead));
            return None;
        }
        Some(())
    }

    fn refuse_comparison(&mut self, op: Comparison, left: &Node, right: &Node) {
        let (left_text, right_text) = (self.shown(left.span), self.shown(right.span));
        let message = if left.ty == right.ty {
            format!("`{}` can't compare {}", op.symbol(), left.ty)
        } else {
            format!("`{left_text}` is {} and `{right_text}` is {}, they can't be compared", left.ty, right.ty)
        };
        // The literal is the likelier mistake; it is underlined if it could be written to fit.
        let fitting = |literal: &Node, other: &Node| literal_for(literal, other.ty).map(|text| (literal.span, text));
        let span = Span { start: left.span.start, end: right.span.end };
        match fitting(right, left).or_else(|| fitting(left, right)) {
            Some((span, text)) => self.problem_at(span, format!("{message}; write `{text}`"), Some(text)),
            None => self.problem_at(span, message, None),
        }
    }

    fn combined(&mut self, term: &IdedExpr, op: Arithmetic, left: &IdedExpr, right: &IdedExpr) -> Option<Node> {
        let left = self.node(left);
        let right = self.node(right);
        let (left, right) = (left?, right?);
        if let Some(ty) = result(op, left.ty, right.ty) {
            return Some(self.made(term, Kind::Arithmetic(op, Box::new([left, right])), ty));
        }
        let symbol = op.symbol();
        let (left_text, right_text) = (self.shown(left.span), self.shown(right.span));
        let message = format!("`{symbol}` can't join `{left_text}`, {}, and `{right_text}`, {}", left.ty, right.ty);
        let mixed = left.ty.is_number() && right.ty.is_number() && left.ty != right.ty;
        let decimal = [(&right, left.ty), (&left, right.ty)]
            .into_iter()
            .find_map(|(literal, other)| decimal_suggestion(literal, other).map(|text| (literal.span, text)));
        if let Some((span, text)) = decimal {
            self.problem_at(span, format!("{message}; write `{text}`"), Some(text));
        } else {
            let advice = if mixed { "; turn the whole number into a decimal with `double(…)`" } else { "" };
            let span = Span { start: left.span.start, end: right.span.end };
            self.problem_at(span, format!("{message}{advice}"), None);
        }
        None
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        cel_names::EQUALS => Comparison::Equal,
        cel_names::NOT_EQUALS => Comparison::NotEqual,
        cel_names::LESS => Comparison::Less,
        cel_names::LESS_EQUALS => Comparison::LessOrEqual,
        cel_names::GREATER => Comparison::Greater,
        cel_names::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        cel_names::ADD => Arithmetic::Add,
        cel_names::SUBSTRACT => Arithmetic::Subtract,
        cel_names::MULTIPLY => Arithmetic::Multiply,
        cel_names::DIVIDE => Arithmetic::Divide,
        cel_names::MODULO => Arithmetic::Modulo,
        _ => return None,
    })
}

fn comparable(op: Comparison, left: Type, right: Type) -> bool {
    match (left, right) {
        (Type::List(left), Type::List(right)) => {
            let of_numbers = |item: Item| item.ty().is_some_and(Type::is_number);
            op.is_equality()
                && (left == right
                    || left == Item::None
                    || right == Item::None
                    || (of_numbers(left) && of_numbers(right)))
        }
        (left, right) => left == right || (left.is_number() && right.is_number()),
    }
}

fn result(op: Arithmetic, left: Type, right: Type) -> Option<Type> {
    use Arithmetic::{Add, Modulo, Subtract};
    match (op, left, right) {
        (_, Type::Int, Type::Int) => Some(Type::Int),
        (op, Type::Double, Type::Double) if op != Modulo => Some(Type::Double),
        (Add, Type::Text, Type::Text) => Some(Type::Text),
        (Add | Subtract, Type::Timestamp, Type::Duration) | (Add, Type::Duration, Type::Timestamp) => {
            Some(Type::Timestamp)
        }
        (Subtract, Type::Timestamp, Type::Timestamp) | (Add | Subtract, Type::Duration, Type::Duration) => {
            Some(Type::Duration)
        }
        _ => None,
    }
}

/// A whole number that should be a decimal: `1` beside a decimal is `1.0`.
fn decimal_suggestion(literal: &Node, wanted: Type) -> Option<String> {
    match (&literal.kind, wanted) {
        (Kind::Literal(Literal::Int(number)), Type::Double) => Some(double(*number as f64)),
        _ => None,
    }
}

/// How a literal would be written to be of the other type.
fn literal_for(literal: &Node, wanted: Type) -> Option<String> {
    let Kind::Literal(literal) = &literal.kind else { return None };
    match (literal, wanted) {
        (Literal::Text(text), Type::Int) => text.parse::<i64>().ok().map(|number| number.to_string()),
        (Literal::Text(text), Type::Double) => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(double),
        (Literal::Text(text), Type::Bool) if text == "true" || text == "false" => Some(text.clone()),
        (Literal::Text(text), Type::Timestamp) => {
            let at = parse_moment(text).or_else(|| parse_moment(&format!("{text}T00:00:00Z")))?;
            Some(format!("timestamp('{at}')"))
        }
        (Literal::Int(number), Type::Text) => Some(format!("'{number}'")),
        (Literal::Bool(flag), Type::Text) => Some(format!("'{flag}'")),
        _ => None,
    }
}
