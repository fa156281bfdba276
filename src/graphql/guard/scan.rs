//! Counts brackets, tokens and directives of a document without parsing it.
//!
//! It must never count less than the parser will meet: whatever the parser could read as a bracket is one here.
//! It is a loop without recursion, linear in the text.

/// What a scan found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The most brackets open at one time.
    pub(super) nesting: u64,
    /// Names, numbers, strings and punctuation.
    pub(super) tokens: u64,
    /// `@` signs outside strings and comments.
    pub(super) directives: u64,
}

/// Scans `document` from end to end.
pub(super) fn scan(document: &str) -> Counts {
    let scanner = Scanner { rest: document.as_bytes(), block_strings_end: true };
    let mut counts = Counts::default();
    let mut open = 0_u64;
    for token in scanner {
        counts.tokens += 1;
        match token {
            Token::Open => open += 1,
            Token::Close => open = open.saturating_sub(1),
            Token::At => counts.directives += 1,
            Token::Other => {}
        }
        counts.nesting = counts.nesting.max(open);
    }
    counts
}

enum Token {
    Open,
    Close,
    At,
    Other,
}

struct Scanner<'a> {
    rest: &'a [u8],
    /// False once a `"""` was found that nothing closes: then nothing closes a later one either, and the search
    /// is not repeated.
    block_strings_end: bool,
}

impl Iterator for Scanner<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_ignored();
        let first = *self.rest.first()?;
        let (token, length) = match first {
            b'(' | b'[' | b'{' => (Token::Open, 1),
            b')' | b']' | b'}' => (Token::Close, 1),
            b'@' => (Token::At, 1),
            b'"' => (Token::Other, self.string_length()),
            b'.' if self.rest.starts_with(b"...") => (Token::Other, 3),
            b'0'..=b'9' | b'-' => (Token::Other, number_length(self.rest)),
            _ if is_name(first) => (Token::Other, length_while(self.rest, is_name)),
            _ => (Token::Other, 1),
        };
        self.advance(length);
        Some(token)
    }
}

impl Scanner<'_> {
    fn advance(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Skips blanks, commas, byte order marks and comments.
    fn skip_ignored(&mut self) {
        loop {
            let length = match self.rest.first() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b',') => 1,
                Some(b'#') => length_while(self.rest, |byte| byte != b'\n' && byte != b'\r'),
                Some(0xef) if self.rest.starts_with("\u{feff}".as_bytes()) => 3,
                _ => return,
            };
            self.advance(length);
        }
    }

    /// The length of the string that starts here.
    ///
    /// INVARIANT: a `"""` that nothing closes is an empty string `""`, as the parser falls back to read it.
    /// Taking it for a string up to the end of the document would hide every bracket after it.
    fn string_length(&mut self) -> usize {
        if self.rest.starts_with(b"\"\"\"") && self.block_strings_end {
            if let Some(length) = block_string_length(self.rest) {
                return length;
            }
            self.block_strings_end = false;
        }
        quoted_length(self.rest)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn length_while(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| !belongs(byte)).unwrap_or(text.len())
}

/// A number with fraction and exponent is one token; `1...f` and `1-2` are more, as the parser sees them.
fn number_length(text: &[u8]) -> usize {
    let mut previous = b'-';
    let mut length = 0;
    for &byte in text {
        let belongs = match byte {
            b'.' => previous.is_ascii_digit() && !text.get(length..).is_some_and(|rest| rest.starts_with(b"...")),
            b'-' | b'+' => length == 0 || matches!(previous, b'e' | b'E'),
            _ => is_name(byte),
        };
        if !belongs {
            break;
        }
        previous = byte;
        length += 1;
    }
    length.max(1)
}

/// The length of a string in single quotes: up to its closing quote, the end of the line, or the end of the text.
fn quoted_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (index, &byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'\n' | b'\r' => return index,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a block string, if something closes it; `\"""` inside does not.
fn block_string_length(text: &[u8]) -> Option<usize> {
    let mut index = 3;
    while let Some(rest) = text.get(index..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"\"\"\"") {
            return Some(index + 3);
        }
        index += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(document: &str) -> u64 {
        scan(document).tokens
    }

    #[test]
    fn tokens_are_names_numbers_strings_and_punctuation() {
        assert_eq!(tokens("{ a }"), 3);
        assert_eq!(tokens("\u{feff}{ a, b # c d e\n }"), 4);
        assert_eq!(tokens("{ a(x: -1.5e-3, y: \"b c\", z: $v) ...f @skip(if: true) }"), 24);
        assert_eq!(tokens("{ a(x: \"\"\"one \"two\" \\\"\"\" three\"\"\") }"), 8);
    }

    #[test]
    fn tokens_written_without_blanks_are_counted_apart() {
        assert_eq!(tokens("{a...b}"), 5);
        assert_eq!(tokens("[1-2-3]"), 5);
        assert_eq!(tokens("1...f"), 3);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        assert_eq!(scan("{ a(x: \"[[[[\") # [[[[\n }").nesting, 2);
        assert_eq!(scan("{ a(x: \"\"\"[[[\n[\"\"\") }").nesting, 2);
        assert_eq!(scan("{ a(x: \"\\\"[[\") }").nesting, 2);
    }

    #[test]
    fn brackets_behind_a_string_that_nothing_closes_do_nest() {
        assert_eq!(scan(&format!("{{ a(x: [\"\"\" \" {}", "[".repeat(100))).nesting, 103);
        assert_eq!(scan(&format!("{{ a(x: \"open\n {}", "[".repeat(100))).nesting, 102);
    }

    #[test]
    fn directives_are_counted_where_the_parser_meets_them() {
        assert_eq!(scan("query @a { b @skip(if: true) c(x: \"@d\") # @e\n }").directives, 2);
    }

    #[test]
    fn an_endless_run_of_block_quotes_is_scanned_once() {
        let text = "\"\"\"\\".repeat(25_000);
        assert!(scan(&text).tokens > 0);
    }
}
