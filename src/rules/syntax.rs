//! What is wrong with an expression's form, in plain words and at the right place.
//!
//! The parser's own messages list the tokens of its grammar; none of that wording leaves this file.

use cel::ParseError;

use super::disguise::Disguise;
use super::error::{Diagnostic, Problems};
use super::scan::{Kind, Tokens};
use super::tree::Span;

/// A parser that lost its way reports more with every token; the first few are the ones that help.
const SYNTAX_ERRORS_SHOWN: usize = 3;

/// Words that other languages use as operators, refused before the parser stumbles over what follows them.
pub(super) fn check_words(tokens: &Tokens<'_>) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let mut previous = None;
    for index in 0.. {
        let Some(token) = tokens.get(index) else { break };
        let after_operand = matches!(previous, Some(Kind::Name | Kind::Number | Kind::Text | Kind::Close));
        let text = tokens.text_of(token.span);
        let written = match text.to_ascii_lowercase().as_str() {
            "and" => Some("&&"),
            "or" => Some("||"),
            "is" => Some("=="),
            "in" if text != "in" => Some("in"),
            _ => None,
        };
        if let (Kind::Name, true, Some(written)) = (token.kind, after_operand, written) {
            let message = format!("`{text}` is written `{written}`");
            problems.push(tokens.problem(token.span, message, Some(written.to_owned())));
        }
        let before_operand = tokens.get(index + 1).is_some_and(|next| matches!(next.kind, Kind::Name | Kind::Text));
        if text.eq_ignore_ascii_case("not") && token.kind == Kind::Name && before_operand {
            problems.push(tokens.problem(token.span, format!("`{text}` is written `!`"), Some("!".to_owned())));
        }
        previous = Some(token.kind);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.sorted()) }
}

/// The errors of the parser, and of what was hidden from it, in our words.
pub(super) fn reword(tokens: &Tokens<'_>, disguise: &Disguise, errors: &[ParseError]) -> Vec<Diagnostic> {
    let mut problems = Problems::default();
    let (syntax, meaning): (Vec<_>, Vec<_>) =
        errors.iter().partition(|error| error.msg.starts_with("Syntax error") || error.pos.0 < 1);
    // After an error of form, the parser also reports the half-read terms as wrong; they say nothing new.
    for error in syntax.iter().take(SYNTAX_ERRORS_SHOWN) {
        problems.push(misplaced(tokens, byte_at(&disguise.text, error.pos)));
    }
    if syntax.is_empty() {
        for error in meaning {
            problems.push(meaningless(tokens, byte_at(&disguise.text, error.pos), &error.msg));
        }
        for (byte, message) in &disguise.bad {
            problems.push(meaningless(tokens, *byte, message));
        }
    }
    if problems.is_empty() {
        problems.push(tokens.at_end("the expression can't be read, simplify it"));
    }
    problems.sorted()
}

/// A token that does not fit where it stands.
fn misplaced(tokens: &Tokens<'_>, byte: usize) -> Diagnostic {
    let Some((index, token)) = tokens.at(byte).and_then(|index| Some((index, tokens.get(index)?))) else {
        let last = tokens.last().map_or("", |token| tokens.text_of(token.span));
        return tokens.at_end(format!("the expression ends too early, something is missing after `{last}`"));
    };
    let text = tokens.text_of(token.span);
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    let follows_operand =
        before.is_some_and(|t| matches!(t.kind, Kind::Name | Kind::Number | Kind::Text | Kind::Close));
    let starts_operand = matches!(token.kind, Kind::Name | Kind::Number | Kind::Text);
    let message = match before.map(|token| tokens.text_of(token.span)) {
        Some(before) if follows_operand && starts_operand => {
            format!("an operator such as `&&` is missing between `{before}` and `{text}`")
        }
        Some(before) => format!("`{text}` does not fit after `{before}`"),
        None => format!("an expression can't begin with `{text}`"),
    };
    tokens.problem(token.span, message, None)
}

/// A token that fits but means nothing.
fn meaningless(tokens: &Tokens<'_>, byte: usize, parser: &str) -> Diagnostic {
    let token = tokens.at(byte).and_then(|index| tokens.get(index));
    let span = token.map_or_else(Span::default, |token| token.span);
    let text = tokens.text_of(span);
    let message = if parser.starts_with("reserved identifier") {
        format!("`{text}` is a word of the expression language and can't be a name")
    } else if parser.starts_with("invalid int") {
        format!("`{text}` is too large, whole numbers end at 9223372036854775807")
    } else if parser.starts_with("invalid uint") {
        format!("`{text}` is not supported, write it without the `u`")
    } else if parser.starts_with("invalid double") {
        format!("`{text}` is too large for a number")
    } else if parser.starts_with("invalid string") {
        "this text has an escape sequence that is not a character".to_owned()
    } else if parser.starts_with("invalid argument to has") {
        "`has` asks for a field, such as `has(dealer.rating)`".to_owned()
    } else if parser.starts_with("unsupported syntax") {
        format!("optional access with `{text}?` is not supported, a missing value is unknown by itself")
    } else {
        format!("`{text}` can't stand here; the first argument of `exists` and `all` is a plain name")
    };
    tokens.problem(span, message, None)
}

/// The byte at a line and column that count characters from 1, in a text of ASCII alone.
fn byte_at(text: &str, (line, column): (isize, isize)) -> usize {
    let (line, column) = (usize::try_from(line).unwrap_or(1), usize::try_from(column).unwrap_or(1));
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let before: usize = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    start + before
}
