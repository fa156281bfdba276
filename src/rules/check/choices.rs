//! Literals held against a field that can only take certain values: a value that it never takes is a mistake.

use super::Checker;
use crate::domain::field::nearest;
use crate::rules::catalog::{Field, FieldId};
use crate::rules::literal::{Literal, quote};
use crate::rules::scan::Kind as TokenKind;
use crate::rules::tree::{Kind, Node, Span};

/// What is wrong, and the choice that was likely meant.
type Never = (String, Option<String>);

/// Why a field with choices can't be this text; `None` when it can.
pub(in crate::rules) fn never(field: &Field, text: &str) -> Option<Never> {
    if field.choices.is_empty() || field.choices.iter().any(|choice| choice.value == text) {
        return None;
    }
    let (path, shown): (_, String) = (&field.path, text.chars().take(60).collect());
    let near = nearest(text, field.choices.iter().map(|choice| choice.value.as_str())).map(str::to_owned);
    let message = if let Some(near) = &near {
        format!("`{path}` is never `{shown}`, did you mean `{near}`?")
    } else {
        let some: Vec<String> = field.choices.iter().take(10).map(|choice| format!("`{}`", choice.value)).collect();
        format!("`{path}` is never `{shown}`, it is one of {}", some.join(", "))
    };
    Some((message, near))
}

impl Checker<'_> {
    /// Reports each literal of `literals` (a text, or a list of texts) that `of` can never be.
    pub(super) fn check_choices(&mut self, of: &Node, literals: &Node) {
        let Some(field) = self.choice_field(of).filter(|field| !field.choices.is_empty()) else { return };
        let typed = match &literals.kind {
            Kind::Literal(Literal::Text(text)) => vec![text.clone()],
            Kind::Literal(Literal::List(list)) => {
                list.items().iter().filter_map(Literal::as_text).map(str::to_owned).collect()
            }
            _ => return,
        };
        let places = self.text_places(literals.span);
        let wrong = typed.iter().enumerate().filter_map(|(index, text)| Some((index, never(field, text)?)));
        let wrong: Vec<(usize, Never)> = wrong.collect();
        for (index, (message, near)) in wrong {
            let suggestion = near.map(|near| {
                let mut quoted = String::new();
                quote(&near, &mut quoted);
                quoted
            });
            self.problem_at(places.get(index).copied().unwrap_or(literals.span), message, suggestion);
        }
    }

    /// Where the text literals of a term stand. In a list of literals the n-th one is the n-th item.
    fn text_places(&self, span: Span) -> Vec<Span> {
        let tokens = &self.source.tokens;
        let within = (tokens.at(span.start).unwrap_or(0)..).map_while(|index| tokens.get(index));
        let texts = within.take_while(|token| token.span.end <= span.end).filter(|token| token.kind == TokenKind::Text);
        texts.map(|token| token.span).collect()
    }

    /// The field whose choices a term's value comes from.
    fn choice_field(&self, node: &Node) -> Option<&Field> {
        self.origin(node).and_then(|id| self.catalog.field(id))
    }

    /// The field that a term stands for: itself, or for the item of a quantifier the list's.
    pub(super) fn origin(&self, node: &Node) -> Option<FieldId> {
        match &node.kind {
            Kind::Field(id) => Some(*id),
            Kind::Variable { level, .. } => self.bound(*level).and_then(|bound| bound.origin),
            _ => None,
        }
    }
}
