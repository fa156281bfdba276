//! Parses a document that the scan let through, and words the parser's complaint.
//!
//! The message must never repeat the document's text: a caller's own line may hold personal data, and 100 KB of it
//! would come back in the answer and in logs.

use async_graphql::parser::{self, types::ExecutableDocument};

use super::limits::{Limit, Limits};
use super::{Refusal, scan::scan};

/// A message longer than this tells nothing more.
const MESSAGE_CHARS_MAX: usize = 200;

/// Parses `document` after checking its length, nesting, tokens and directives.
pub(super) fn parse(document: &str, limits: &Limits) -> Result<ExecutableDocument, Refusal> {
    limits.check(Limit::DocumentBytes, document.len() as u64)?;
    let counts = scan(document);
    limits.check(Limit::Nesting, counts.nesting)?;
    limits.check(Limit::Tokens, counts.tokens)?;
    limits.check(Limit::Directives, counts.directives)?;
    parser::parse_query(document).map_err(|error| refusal(&error))
}

fn refusal(error: &parser::Error) -> Refusal {
    let at = error.positions().next();
    let reason = match error {
        parser::Error::Syntax { message, .. } => reason(message),
        other => shorten(&other.to_string(), MESSAGE_CHARS_MAX),
    };
    let message = match at {
        Some(at) => format!("syntax error at line {}, column {}: {reason}", at.line, at.column),
        None => format!("syntax error: {reason}"),
    };
    Refusal::Syntax { message, at }
}

/// The parser prints the line with an arrow under it, then `= expected selection_set`: only the last part is kept.
fn reason(message: &str) -> String {
    let reason = message.rsplit_once("\n  = ").or_else(|| message.rsplit_once("= ")).map_or(message, |(_, last)| last);
    shorten(&reason.trim().replace('_', " "), MESSAGE_CHARS_MAX)
}

/// The first `chars_max` characters, with an ellipsis for the rest.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> String {
        parse(document, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_syntax_error_says_where_and_what_was_expected_without_the_line() {
        assert_eq!(refused("{"), "syntax error at line 1, column 2: expected selection");
        let message = refused("{ lead(email: \"jo@example.org\" }");
        assert!(message.starts_with("syntax error at line 1, column "), "{message}");
        assert!(!message.contains("jo@example"), "{message}");
    }

    #[test]
    fn a_very_long_name_is_cut_in_the_message() {
        let name = "x".repeat(50_000);
        assert!(refused(&format!("query {name} {{ a }} query {name} {{ a }}")).len() < 400);
    }

    // API-5
    #[test]
    fn two_thousand_nested_lists_are_refused_before_the_parser_sees_them() {
        let document = format!("{{ a(x: {}{}) }}", "[".repeat(2_000), "]".repeat(2_000));
        assert!(refused(&document).contains("2002 brackets inside each other, at most 64"), "{}", refused(&document));
        let hidden = format!("{{ a(x: [\"\"\" \" {}", "[".repeat(2_000));
        assert!(refused(&hidden).contains("brackets inside each other"));
    }

    // API-5
    #[test]
    fn the_deepest_nesting_allowed_parses_on_a_small_stack() {
        let document = format!("{{ a(x: {}{}) }}", "[".repeat(62), "]".repeat(62));
        let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let parsed = small.spawn(move || parse(&document, &Limits::default()).is_ok()).unwrap().join();
        assert!(parsed.unwrap());
    }

    // API-5
    #[test]
    fn length_tokens_and_directives_are_each_refused_one_above_their_limit() {
        assert!(refused(&format!("{{ a }} #{}", "x".repeat(102_400))).contains("bytes of document"));
        let fields = |count: usize| format!("{{ {} }}", "a ".repeat(count));
        assert!(parse(&fields(1_998), &Limits::default()).is_ok());
        assert!(refused(&fields(1_999)).contains("has 2001 tokens, at most 2000"));
        let directives = |count: usize| format!("{{ a {} }}", "@b ".repeat(count));
        assert!(parse(&directives(50), &Limits::default()).is_ok());
        assert!(refused(&directives(51)).contains("has 51 directives, at most 50"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "(", ")", "[", "]", "\"", "\"\"\"", "\\", "...", "on ", "a", "é", ":", "$", "@", "!", "=", "#", "\n",
                " ", "1", "-", ".5", "e9", "query ", "mutation ", "fragment ", "null ", "true ", "{a}", "\\u00e9", "\u{feff}",
            ]), 0..60)) {
            let text = pieces.concat();
            let _ = parse(&text, &Limits::default());
            let _ = parse(&format!("{{ a(x: \"\"\"{text}\"\"\") }}"), &Limits::default());
            let _ = parse(&format!("{{ a(x: [{text}]) }}"), &Limits::default());
        }
    }
}
