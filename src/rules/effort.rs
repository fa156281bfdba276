//! What one row may cost: how often the conditions on the items of lists are tried, and how long texts become that are put together
//! (SPEC EXPR-6).
//!
//! Lists within lists multiply, and `[x + x].exists(y, …)` doubles a text at each level: within the limits of size alone an expression
//! of a few lines could keep a server busy for hours. What is stored is taken to be of an ordinary size.

use super::limits::{JOINED_BYTES_MAX, STORED_BYTES, STORED_ITEMS, TRIALS_MAX};
use super::literal::Literal;
use super::tree::{Arithmetic, Function, Kind, Node, Span, Type};

/// The first term that is too much, and what to do.
pub(super) fn too_much(root: &Node) -> Option<(Span, String)> {
    let mut effort = Effort { rounds: 1, trials: 0, items: Vec::new() };
    effort.look(root).err()
}

struct Effort {
    /// How often the term at hand is looked at.
    rounds: usize,
    /// All trials so far.
    trials: usize,
    /// Bytes of the items at hand, outermost first.
    items: Vec<usize>,
}

impl Effort {
    /// Bytes of the text that the term may be, or that a list of it may hold.
    fn look(&mut self, node: &Node) -> Result<usize, (Span, String)> {
        match &node.kind {
            Kind::Literal(literal) => Ok(bytes(literal)),
            Kind::Field(_) => Ok(STORED_BYTES),
            Kind::Variable { level, .. } => Ok(self.items.iter().rev().nth(*level).copied().unwrap_or(0)),
            Kind::List(parts) | Kind::Call(Function::LowerAscii | Function::Text, parts) => self.longest(parts),
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.look(condition)?;
                Ok(self.look(then)?.max(self.look(otherwise)?))
            }
            Kind::Arithmetic(Arithmetic::Add, sides) if node.ty == Type::Text => {
                let [left, right] = &**sides;
                let joined = self.look(left)?.saturating_add(self.look(right)?);
                if joined <= JOINED_BYTES_MAX {
                    return Ok(joined);
                }
                let message = format!("the text could get longer than {JOINED_BYTES_MAX} bytes here, join fewer");
                Err((node.span, message))
            }
            Kind::Quantify { parts, .. } => {
                let [list, body] = &**parts;
                let item = self.look(list)?;
                let size = size(list);
                self.try_out(node, size)?;
                let around = self.rounds;
                self.rounds = around.saturating_mul(size);
                self.items.push(item);
                self.look(body)?;
                self.items.pop();
                self.rounds = around;
                Ok(0)
            }
            Kind::In(sides) => {
                let [item, list] = &**sides;
                self.look(item)?;
                self.look(list)?;
                // Texts that stand in the expression are looked up, not gone through.
                let is_looked_up = item.ty == Type::Text && matches!(list.kind, Kind::Literal(_));
                self.try_out(node, if is_looked_up { 1 } else { size(list) })?;
                Ok(0)
            }
            _ => {
                for part in node.children() {
                    self.look(part)?;
                }
                Ok(0)
            }
        }
    }

    fn longest(&mut self, parts: &[Node]) -> Result<usize, (Span, String)> {
        parts.iter().try_fold(0, |longest, part| Ok(self.look(part)?.max(longest)))
    }

    fn try_out(&mut self, node: &Node, items: usize) -> Result<(), (Span, String)> {
        self.trials = self.trials.saturating_add(self.rounds.saturating_mul(items));
        if self.trials <= TRIALS_MAX {
            return Ok(());
        }
        let message = format!(
            "one row would take {} trials of list items, at most {TRIALS_MAX} are allowed: use shorter lists, or nest fewer",
            self.trials
        );
        Err((node.span, message))
    }
}

fn size(list: &Node) -> usize {
    match &list.kind {
        Kind::Literal(Literal::List(items)) => items.items().len(),
        Kind::List(items) => items.len(),
        Kind::Choose(parts) => {
            let [_, then, otherwise] = &**parts;
            size(then).max(size(otherwise))
        }
        _ => STORED_ITEMS,
    }
}

fn bytes(literal: &Literal) -> usize {
    match literal {
        Literal::Text(text) => text.len(),
        Literal::List(list) => list.items().iter().map(bytes).max().unwrap_or(0),
        _ => 0,
    }
}
