//! One token of an expression: where it ends, or why it is none.
//!
//! Follows CEL's lexical grammar, so that the parser after it never meets a token that it can't name.

use super::scan::Kind;

/// What stands at the beginning of a rest of the text, and how many bytes of it.
pub(super) enum Lexed {
    Blank(usize),
    Token(Kind, usize),
    Bad { length: usize, message: String, suggestion: Option<&'static str> },
}

/// The next token of a text that is not at its end.
pub(super) fn lex(rest: &str) -> Lexed {
    let bytes = rest.as_bytes();
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let run = |holds: fn(u8) -> bool| bytes.iter().take_while(|byte| holds(**byte)).count();
    match byte(0) {
        b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {
            Lexed::Blank(run(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0c)))
        }
        b'/' if byte(1) == b'/' => Lexed::Blank(rest.find('\n').unwrap_or(rest.len())),
        b'\'' | b'"' => lex_text(rest, 0),
        b'r' | b'R' if matches!(byte(1), b'\'' | b'"') => lex_text(rest, 1),
        b'b' | b'B' if matches!(byte(1), b'\'' | b'"') => lex_bytes(rest, 1),
        b'b' | b'B' if matches!(byte(1), b'r' | b'R') && matches!(byte(2), b'\'' | b'"') => lex_bytes(rest, 2),
        b'0'..=b'9' => lex_number(bytes),
        b'.' if byte(1).is_ascii_digit() => lex_number(bytes),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let length = run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let kind = if rest.get(..length) == Some("in") { Kind::Operator } else { Kind::Name };
            Lexed::Token(kind, length)
        }
        b'(' | b'[' | b'{' => Lexed::Token(Kind::Open, 1),
        b')' | b']' | b'}' => Lexed::Token(Kind::Close, 1),
        b'.' => Lexed::Token(Kind::Dot, 1),
        b',' => Lexed::Token(Kind::Comma, 1),
        b'?' => Lexed::Token(Kind::Question, 1),
        b':' => Lexed::Token(Kind::Colon, 1),
        _ => lex_operator(rest),
    }
}

fn lex_operator(rest: &str) -> Lexed {
    const WRONG: [(&str, &str); 6] =
        [("===", "=="), ("!==", "!="), ("<>", "!="), ("=", "=="), ("&", "&&"), ("|", "||")];
    let wrong =
        |(typed, right): &(&'static str, &'static str)| rest.starts_with(typed).then_some((typed.len(), *right));
    for typed in ["==", "!=", "<=", ">=", "&&", "||"] {
        let longer = rest.starts_with("===") || rest.starts_with("!==");
        if rest.starts_with(typed) && !longer {
            return Lexed::Token(Kind::Operator, 2);
        }
    }
    if let Some((length, right)) = WRONG.iter().find_map(wrong) {
        let typed = rest.get(..length).unwrap_or_default();
        return Lexed::Bad { length, message: format!("`{typed}` is written `{right}`"), suggestion: Some(right) };
    }
    let first = rest.chars().next().unwrap_or_default();
    if matches!(first, '<' | '>' | '+' | '-' | '*' | '/' | '%' | '!') {
        return Lexed::Token(Kind::Operator, 1);
    }
    let length = first.len_utf8();
    let message = match first {
        '‘' | '’' | '“' | '”' | '„' | '«' | '»' => {
            format!("`{first}` is not a quotation mark here, use `'`")
        }
        '`' => "names are written without backticks".to_owned(),
        c if c.is_control() || c.is_whitespace() => format!("the character {} has no place here", c.escape_unicode()),
        c => format!("`{c}` has no place in an expression; text stands in quotes"),
    };
    Lexed::Bad { length, message, suggestion: None }
}

fn lex_number(bytes: &[u8]) -> Lexed {
    let digits_from = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let mut length = if at(0) == b'0' && at(1) == b'x' && at(2).is_ascii_hexdigit() {
        2 + bytes.iter().skip(2).take_while(|byte| byte.is_ascii_hexdigit()).count()
    } else {
        let mut length = digits_from(0);
        if at(length) == b'.' && at(length + 1).is_ascii_digit() {
            length += 1 + digits_from(length + 1);
        }
        if matches!(at(length), b'e' | b'E') {
            let sign = usize::from(matches!(at(length + 1), b'+' | b'-'));
            let exponent = digits_from(length + 1 + sign);
            length += if exponent > 0 { 1 + sign + exponent } else { 0 };
        }
        length
    };
    if matches!(at(length), b'u' | b'U') {
        length += 1;
    }
    let tail = bytes.iter().skip(length).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if tail > 0 {
        let message = "a number is followed by letters; separate them, or put text in quotes".to_owned();
        return Lexed::Bad { length: length + tail, message, suggestion: None };
    }
    Lexed::Token(Kind::Number, length)
}

fn lex_bytes(rest: &str, prefix: usize) -> Lexed {
    match lex_text(rest, prefix) {
        Lexed::Token(_, length) => {
            let message = "bytes such as `b'…'` are not supported, write a text without the `b`".to_owned();
            Lexed::Bad { length, message, suggestion: None }
        }
        other => other,
    }
}

/// A text literal after `prefix` bytes of `r` or `b`: one or three quotes of either kind.
fn lex_text(rest: &str, prefix: usize) -> Lexed {
    let raw = rest.get(..prefix).is_some_and(|prefix| prefix.contains(['r', 'R']));
    let body = rest.get(prefix..).unwrap_or_default();
    let single = body.get(..1).unwrap_or("'");
    let triple = body.get(..3).filter(|quotes| quotes.bytes().all(|byte| Some(byte) == single.bytes().next()));
    let quote = triple.unwrap_or(single);
    let mut position = quote.len();
    while let Some(tail) = body.get(position..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with(quote) {
            return Lexed::Token(Kind::Text, prefix + position + quote.len());
        }
        if quote.len() == 1 && tail.starts_with(['\n', '\r']) {
            break;
        }
        position += if tail.starts_with('\\') && !raw {
            match escape(tail) {
                Some(length) => length,
                None => return bad_escape(rest, prefix + position),
            }
        } else {
            tail.chars().next().map_or(1, char::len_utf8)
        };
    }
    let length = prefix + position.min(body.len());
    Lexed::Bad { length, message: format!("this text is never closed, end it with `{quote}`"), suggestion: None }
}

/// The length of an escape sequence that CEL knows.
fn escape(tail: &str) -> Option<usize> {
    let bytes = tail.as_bytes();
    let digits = |from: usize, count: usize, holds: fn(&u8) -> bool| {
        bytes.get(from..from + count).is_some_and(|digits| digits.iter().all(holds)).then_some(from + count)
    };
    match bytes.get(1)? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => Some(2),
        b'x' | b'X' => digits(2, 2, u8::is_ascii_hexdigit),
        b'u' => digits(2, 4, u8::is_ascii_hexdigit),
        b'U' => digits(2, 8, u8::is_ascii_hexdigit),
        b'0'..=b'3' => digits(2, 2, |byte| (b'0'..=b'7').contains(byte)),
        _ => None,
    }
}

/// The whole rest of the line is skipped with it, because where the text ends is a guess.
fn bad_escape(rest: &str, at: usize) -> Lexed {
    let shown: String = rest.get(at..).unwrap_or_default().chars().take(2).collect();
    let length = rest.find('\n').unwrap_or(rest.len());
    let message = format!("`{shown}` is not an escape sequence in a text, write `\\\\` for a backslash");
    Lexed::Bad { length, message, suggestion: None }
}
