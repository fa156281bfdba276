//! The first look at a text: cut it into tokens and refuse what could overflow the parser's stack or confuse its messages.
//!
//! Runs in one pass without recursion. What it lets through, the parser can take on a stack of 2 MB.

use super::error::{Diagnostic, Problems};
use super::lex::{Lexed, lex};
use super::limits::{DEPTH_MAX, DIAGNOSTICS_MAX, LIST_ITEMS_MAX, TEXT_BYTES_MAX, TOKENS_MAX};
use super::tree::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Name,
    Number,
    Text,
    Operator,
    Dot,
    Comma,
    Question,
    Colon,
}

/// One token, with the token that closes or opens it if it is a bracket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) kind: Kind,
    pub(super) partner: Option<usize>,
}

/// A text and its tokens.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    pub(super) text: &'t str,
    list: Vec<Token>,
}

impl<'t> Tokens<'t> {
    /// Cuts the text; answers with every problem of single tokens and brackets.
    pub(super) fn scan(text: &'t str) -> Result<Self, Vec<Diagnostic>> {
        let mut tokens = Self { text, list: Vec::new() };
        let mut problems = Problems::default();
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the expression has {} bytes, at most {TEXT_BYTES_MAX} are allowed", text.len());
            problems.push(Diagnostic { line: 1, column: 1, length: 0, message, suggestion: None });
            return Err(problems.sorted());
        }
        tokens.cut(&mut problems);
        tokens.pair_brackets(&mut problems);
        if tokens.list.is_empty() && problems.is_empty() {
            problems.push(tokens.at_end("the expression is empty, write a condition such as `dealer.rating >= 4.0`"));
        }
        if tokens.list.len() > TOKENS_MAX {
            let message =
                format!("the expression has {} words and signs, at most {TOKENS_MAX} are allowed", tokens.list.len());
            problems.push(tokens.at_end(message));
        } else if problems.is_empty() {
            tokens.check_depth(&mut problems);
        }
        if problems.is_empty() { Ok(tokens) } else { Err(problems.sorted()) }
    }

    pub(super) fn get(&self, index: usize) -> Option<&Token> {
        self.list.get(index)
    }

    pub(super) fn text_of(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The token that covers or follows a byte.
    pub(super) fn at(&self, byte: usize) -> Option<usize> {
        let index = self.list.partition_point(|token| token.span.end <= byte);
        (index < self.list.len()).then_some(index)
    }

    pub(super) fn last(&self) -> Option<&Token> {
        self.list.last()
    }

    /// A problem with the term at `span`.
    pub(super) fn problem(&self, span: Span, message: impl Into<String>, suggestion: Option<String>) -> Diagnostic {
        Diagnostic::at(self.text, span, message.into(), suggestion)
    }

    pub(super) fn at_end(&self, message: impl Into<String>) -> Diagnostic {
        let end = self.last().map_or(0, |token| token.span.end);
        self.problem(Span { start: end, end }, message, None)
    }

    fn cut(&mut self, problems: &mut Problems) {
        let mut start = 0;
        while let Some(rest) = self.text.get(start..).filter(|rest| !rest.is_empty() && !problems.full()) {
            let length = match lex(rest) {
                Lexed::Blank(length) => length,
                Lexed::Token(kind, length) => {
                    let span = Span { start, end: start + length };
                    self.list.push(Token { span, kind, partner: None });
                    length
                }
                Lexed::Bad { length, message, suggestion } => {
                    let span = Span { start, end: start + length };
                    problems.push(self.problem(span, message, suggestion.map(str::to_owned)));
                    length
                }
            };
            start += length.max(1);
        }
    }

    fn pair_brackets(&mut self, problems: &mut Problems) {
        let mut open: Vec<usize> = Vec::new();
        for index in 0..self.list.len() {
            let Some(token) = self.list.get(index).copied() else { continue };
            match token.kind {
                Kind::Open => open.push(index),
                Kind::Close => {
                    let fits = |opener: &usize| {
                        let opener = self.list.get(*opener).map(|token| self.text_of(token.span));
                        matches!(
                            (opener, self.text_of(token.span)),
                            (Some("("), ")") | (Some("["), "]") | (Some("{"), "}")
                        )
                    };
                    if let Some(opener) = open.last().copied().filter(fits) {
                        open.pop();
                        self.pair(opener, index);
                    } else if !problems.full() {
                        let text = self.text_of(token.span);
                        problems.push(self.problem(
                            token.span,
                            format!("this `{text}` closes nothing, remove it"),
                            None,
                        ));
                    }
                }
                _ => {}
            }
        }
        for opener in open.iter().filter_map(|index| self.list.get(*index)).take(DIAGNOSTICS_MAX) {
            let text = self.text_of(opener.span);
            problems.push(self.problem(opener.span, format!("this `{text}` is never closed"), None));
        }
    }

    fn pair(&mut self, opener: usize, closer: usize) {
        if let Some(token) = self.list.get_mut(opener) {
            token.partner = Some(closer);
        }
        if let Some(token) = self.list.get_mut(closer) {
            token.partner = Some(opener);
        }
    }

    /// Bounds the depth of the tree that the parser will build. Brackets nest, and every operator, `.name`, call or index
    /// in a row adds a level, because such chains lean left: `a.b.c + 1 + 2` is four levels deep.
    fn check_depth(&self, problems: &mut Problems) {
        let mut groups = vec![Group::default()];
        for token in &self.list {
            match token.kind {
                Kind::Open => groups.push(Group::default()),
                Kind::Close => {
                    let inner = groups.pop().map_or(0, |group| group.depth());
                    if let Some(group) = groups.last_mut() {
                        group.operand = group.operand.max(inner) + 1;
                    }
                }
                _ => {
                    if let Some(group) = groups.last_mut() {
                        group.take(token.kind, self.text_of(token.span));
                    }
                }
            }
            if groups.last().is_some_and(|group| group.commas > LIST_ITEMS_MAX) {
                let message = format!("the list is too long from here, at most {LIST_ITEMS_MAX} items are allowed");
                problems.push(self.problem(token.span, message, None));
                return;
            }
            // INVARIANT: while brackets are open, each of them is a level already.
            let deepest = groups.last().map_or(0, Group::depth).max(groups.len() - 1);
            if deepest > DEPTH_MAX {
                let message = format!("nested deeper than {DEPTH_MAX} levels from here, split the expression up");
                problems.push(self.problem(token.span, message, None));
                return;
            }
        }
    }
}

/// The depth of what was read so far between two brackets.
#[derive(Default)]
struct Group {
    /// Of the finished parts, between `&&`, `||`, `,`, `?` and `:`.
    finished: usize,
    /// Operators in the current part.
    operators: usize,
    /// The deepest operand of the current part.
    deepest: usize,
    /// The current operand.
    operand: usize,
    /// Items so far, but for the last.
    commas: usize,
    /// `?` nest to the right.
    choices: usize,
}

impl Group {
    fn take(&mut self, kind: Kind, text: &str) {
        match kind {
            Kind::Dot => self.operand += 1,
            Kind::Comma => {
                self.finish();
                self.commas += 1;
            }
            Kind::Colon => self.finish(),
            Kind::Question => {
                self.finish();
                self.choices += 1;
            }
            Kind::Operator if matches!(text, "&&" | "||") => self.finish(),
            Kind::Operator => {
                self.deepest = self.deepest.max(self.operand);
                self.operand = 0;
                self.operators += 1;
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        self.finished = self.finished.max(self.operators + self.deepest.max(self.operand));
        self.operators = 0;
        self.deepest = 0;
        self.operand = 0;
    }

    fn depth(&self) -> usize {
        self.finished.max(self.operators + self.deepest.max(self.operand)) + self.choices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Tokens::scan(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    // EXPR-6
    #[test]
    fn nesting_is_allowed_to_the_limit_and_refused_one_past_it() {
        let parens = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
        let sum = |terms: usize| vec!["1"; terms].join(" + ");
        let chain = |links: usize| format!("a{}", ".b".repeat(links));
        let choice = |count: usize| format!("{}1", "true ? 1 : ".repeat(count));
        for at in [parens(DEPTH_MAX), sum(DEPTH_MAX + 1), chain(DEPTH_MAX), choice(DEPTH_MAX)] {
            assert!(Tokens::scan(&at).is_ok(), "{at}");
        }
        let past = [parens(DEPTH_MAX + 1), sum(DEPTH_MAX + 2), chain(DEPTH_MAX + 1), choice(DEPTH_MAX + 1)];
        for past in past.into_iter().chain([format!("(({}))", sum(64)), format!("{}x", "!".repeat(70))]) {
            assert!(refusal(&past).contains("nested deeper than 64 levels"), "{past}");
        }
    }

    // EXPR-6
    #[test]
    fn a_long_row_of_conditions_is_not_deep() {
        assert!(Tokens::scan(&vec!["a.b.c == 1"; 500].join(" && ")).is_ok());
        assert!(Tokens::scan(&format!("x in [{}]", vec!["-1"; 1000].join(","))).is_ok());
        assert!(refusal(&"a".repeat(TEXT_BYTES_MAX + 1)).contains("16385 bytes"));
    }

    // EXPR-2
    #[test]
    fn places_count_characters_not_bytes() {
        let problem = &Tokens::scan("'héhé' == x &&\n  'ü' = y").unwrap_err()[0];
        assert_eq!((problem.line, problem.column, problem.length), (2, 7, 1));
        assert_eq!(problem.suggestion.as_deref(), Some("=="));
    }

    // EXPR-2
    #[test]
    fn every_bad_token_is_reported_at_once() {
        let found = refusal("a = 1 & b <> ‘x’ | 5km");
        assert_eq!(found.lines().count(), 7, "{found}");
    }
}
