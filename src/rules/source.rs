//! A parsed text: the parser's tree, and where each of its terms stands.
//!
//! The parser places a term at its operator; what a person wants underlined is the whole term, so it is found again here.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, SourceInfo};
use cel::parser::Parser;

use super::disguise::Disguise;
use super::error::Diagnostic;
use super::scan::{Token, Tokens};
use super::syntax;
use super::tree::Span;

/// A text with its tree.
pub(super) struct Source<'t> {
    pub(super) tokens: Tokens<'t>,
    pub(super) root: IdedExpr,
    info: SourceInfo,
}

impl<'t> Source<'t> {
    /// Parses; answers with every problem of form at once.
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Diagnostic>> {
        let tokens = Tokens::scan(text)?;
        syntax::check_words(&tokens)?;
        let disguise = Disguise::of(&tokens);
        let (mut root, info) = match Parser::default().parse_with_source_info(&disguise.text) {
            Ok(parsed) if disguise.bad.is_empty() => parsed,
            Ok(_) => return Err(syntax::reword(&tokens, &disguise, &[])),
            Err(errors) => return Err(syntax::reword(&tokens, &disguise, &errors.errors)),
        };
        if disguise.lift(&mut root, &info) {
            return Ok(Self { tokens, root, info });
        }
        // A value that found no place is one that the parser has moved elsewhere: then slowly, but rightly.
        let parsed = Parser::default().parse_with_source_info(text);
        let (root, info) = parsed.map_err(|_| vec![tokens.at_end("the expression can't be read, simplify it")])?;
        Ok(Self { tokens, root, info })
    }

    /// Where the whole term stands, with the brackets that it needs to be balanced.
    pub(super) fn span(&self, term: &IdedExpr) -> Span {
        let first = self.first(term);
        let last = self.last(term);
        match (first, last) {
            (Some(first), Some(last)) if first <= last => self.balanced(first, last),
            _ => Span::default(),
        }
    }

    /// The word before a call's bracket: the name under which a macro was called.
    pub(super) fn called(&self, term: &IdedExpr) -> &'t str {
        let name = self.own(term).and_then(|bracket| bracket.checked_sub(1)).and_then(|index| self.tokens.get(index));
        name.map_or("", |token| self.tokens.text_of(token.span))
    }

    /// The token at which the parser placed the term.
    fn own(&self, term: &IdedExpr) -> Option<usize> {
        let (start, _) = self.info.offset_for(term.id)?;
        self.tokens.at(start as usize)
    }

    fn first(&self, term: &IdedExpr) -> Option<usize> {
        let own = self.own(term);
        match &term.expr {
            Expr::Call(call) => match (&call.target, call.args.first()) {
                (Some(target), _) => self.first(target),
                // An operator of one operand stands before it, one of two or three after the first.
                (None, Some(argument)) if is_operator(&call.func_name) => match self.first(argument) {
                    Some(first) => Some(own.map_or(first, |own| own.min(first))),
                    None => own,
                },
                (None, _) => own.and_then(|bracket| bracket.checked_sub(1)),
            },
            Expr::Select(select) if select.test => own.and_then(|bracket| bracket.checked_sub(1)),
            Expr::Select(select) => self.first(&select.operand),
            Expr::Comprehension(quantified) => self.first(&quantified.iter_range),
            Expr::Struct(_) => own.and_then(|bracket| bracket.checked_sub(1)),
            Expr::Literal(literal) if is_negative(literal) => {
                let sign = own.and_then(|number| number.checked_sub(1));
                let is_sign =
                    |index: &usize| self.tokens.get(*index).is_some_and(|t| self.tokens.text_of(t.span) == "-");
                sign.filter(is_sign).or(own)
            }
            _ => own,
        }
    }

    fn last(&self, term: &IdedExpr) -> Option<usize> {
        let own = self.own(term)?;
        let closes = |index: usize| self.tokens.get(index).and_then(|token| token.partner).or(Some(index));
        match &term.expr {
            Expr::Call(call) if is_operator(&call.func_name) && call.func_name != "_[_]" => {
                call.args.last().and_then(|argument| self.last(argument)).map(|last| last.max(own))
            }
            Expr::Select(select) if !select.test => Some(own + 1),
            Expr::Call(_)
            | Expr::Select(_)
            | Expr::Comprehension(_)
            | Expr::List(_)
            | Expr::Map(_)
            | Expr::Struct(_) => closes(own),
            _ => Some(own),
        }
    }

    /// Widens a range of tokens until every bracket in it has its partner in it.
    fn balanced(&self, first: usize, last: usize) -> Span {
        let (mut from, mut to) = (first, last);
        for index in first..=last {
            if let Some(partner) = self.tokens.get(index).and_then(|token| token.partner) {
                from = from.min(partner);
                to = to.max(partner);
            }
        }
        let edge = |index: usize, pick: fn(&Token) -> usize| self.tokens.get(index).map_or(0, pick);
        Span { start: edge(from, |token| token.span.start), end: edge(to, |token| token.span.end) }
    }
}

/// The parser names operators by their shape: `_&&_`, `!_`, `_?_:_`, `@in`.
pub(super) fn is_operator(name: &str) -> bool {
    name.contains('_') && name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') || name == "@in"
}

fn is_negative(literal: &LiteralValue) -> bool {
    match literal {
        LiteralValue::Int(number) => *number.inner() < 0,
        LiteralValue::Double(number) => number.inner().is_sign_negative(),
        _ => false,
    }
}
