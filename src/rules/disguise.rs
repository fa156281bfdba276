//! What the parser is given instead of the text: the same tokens at the same bytes, without what it is slow at.
//!
//! A character beyond ASCII costs it microseconds, and so does each number with a sign, whose two readings it tells apart by looking far
//! ahead. So comments and such characters are blotted out, and numbers with a sign stand as zeros; the tree gets their values back from
//! our own tokens. INVARIANT: the tree is the one that the parser would have made of the text itself; a test holds the two equal.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SourceInfo};

use super::limits::TOKENS_MAX;
use super::scan::{Kind, Tokens};

/// A disguised text, and what the disguise hides, by the byte at which it begins.
pub(super) struct Disguise {
    pub(super) text: String,
    hidden: BTreeMap<usize, Hidden>,
    /// Numbers and texts that have no value, and what the parser would say of them.
    pub(super) bad: Vec<(usize, &'static str)>,
}

struct Hidden {
    value: LiteralValue,
    is_lifted: bool,
}

impl Disguise {
    pub(super) fn of(tokens: &Tokens<'_>) -> Self {
        let mut text = String::with_capacity(tokens.text.len());
        let (mut hidden, mut bad) = (BTreeMap::new(), Vec::new());
        let mut hide = |start: usize, value: Result<LiteralValue, &'static str>| match value {
            Ok(value) => drop(hidden.insert(start, Hidden { value, is_lifted: false })),
            Err(message) => bad.push((start, message)),
        };
        for index in 0.. {
            let Some(token) = tokens.get(index) else { break };
            // Between tokens are blanks and comments only.
            blot_out(tokens.text.get(text.len()..token.span.start).unwrap_or_default(), ' ', &mut text);
            let own = tokens.text_of(token.span);
            if is_sign(tokens, index) {
                text.push(' ');
            } else if signs(tokens, index) == 1 {
                hide(token.span.start, negative(own));
                text.push('0');
                text.extend(std::iter::repeat_n(' ', own.len() - 1));
            } else if token.kind == Kind::Text && !own.is_ascii() {
                hide(token.span.start, text_value(own).map(|value| LiteralValue::String(value.into())));
                blot_out(own, 'x', &mut text);
            } else {
                text.push_str(own);
            }
        }
        Self { text, hidden, bad }
    }

    /// Gives the tree its values back. Whether all of them found their places.
    pub(super) fn lift(mut self, root: &mut IdedExpr, info: &SourceInfo) -> bool {
        self.restore(root, info);
        self.hidden.values().all(|hidden| hidden.is_lifted)
    }

    fn restore(&mut self, term: &mut IdedExpr, info: &SourceInfo) {
        match &mut term.expr {
            Expr::Literal(literal) => {
                let start = info.offset_for(term.id).map(|(start, _)| start as usize);
                if let Some(hidden) = start.and_then(|start| self.hidden.get_mut(&start)) {
                    *literal = hidden.value.clone();
                    hidden.is_lifted = true;
                }
            }
            Expr::Call(call) => {
                let target = call.target.as_deref_mut();
                target.into_iter().chain(&mut call.args).for_each(|part| self.restore(part, info));
            }
            Expr::Select(select) => self.restore(&mut select.operand, info),
            Expr::List(list) => list.elements.iter_mut().for_each(|item| self.restore(item, info)),
            Expr::Map(map) => map.entries.iter_mut().for_each(|entry| self.restore_entry(&mut entry.expr, info)),
            Expr::Struct(made) => made.entries.iter_mut().for_each(|entry| self.restore_entry(&mut entry.expr, info)),
            Expr::Comprehension(all) => {
                self.restore(&mut all.iter_range, info);
                self.restore(&mut all.accu_init, info);
                self.restore(&mut all.loop_cond, info);
                self.restore(&mut all.loop_step, info);
                self.restore(&mut all.result, info);
            }
            Expr::Ident(_) | Expr::Unspecified => {}
        }
    }

    fn restore_entry(&mut self, entry: &mut EntryExpr, info: &SourceInfo) {
        match entry {
            EntryExpr::StructField(field) => self.restore(&mut field.value, info),
            EntryExpr::MapEntry(entry) => {
                self.restore(&mut entry.key, info);
                self.restore(&mut entry.value, info);
            }
        }
    }
}

/// The same bytes long, with `blot` for every byte of what is not ASCII; a comment is blotted out whole.
fn blot_out(text: &str, blot: char, out: &mut String) {
    let mut in_comment = false;
    for c in text.chars() {
        in_comment = blot == ' ' && (in_comment || c == '/') && c != '\n';
        if c.is_ascii() && !in_comment {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n(blot, c.len_utf8()));
        }
    }
}

/// Whether the token is a sign that is hidden.
fn is_sign(tokens: &Tokens<'_>, index: usize) -> bool {
    let minuses = (index..TOKENS_MAX).take_while(|at| is(tokens, *at, "-")).count();
    minuses > 0 && minuses <= signs(tokens, index + minuses)
}

/// How many signs before a number are hidden: one, which is a part of it, or an even number of them, which say nothing.
fn signs(tokens: &Tokens<'_>, number: usize) -> usize {
    let of = |index: usize| tokens.get(index).map(|token| (token.kind, tokens.text_of(token.span)));
    if !of(number).is_some_and(|(kind, text)| kind == Kind::Number && !text.ends_with(['u', 'U'])) {
        return 0;
    }
    let minuses = (0..number).rev().take_while(|before| is(tokens, *before, "-")).count();
    let before = (number - minuses).checked_sub(1);
    let is_operand = |kind| matches!(kind, Kind::Name | Kind::Number | Kind::Text | Kind::Close);
    let follows_operand = before.and_then(of).is_some_and(|(kind, _)| is_operand(kind));
    match minuses - usize::from(follows_operand && minuses > 0) {
        1 => 1,
        // After a `!` the parser takes no other sign but the one of a number.
        even if even % 2 == 0 && !before.is_some_and(|before| is(tokens, before, "!")) => even,
        _ => 0,
    }
}

fn is(tokens: &Tokens<'_>, index: usize, sign: &str) -> bool {
    tokens.get(index).is_some_and(|token| tokens.text_of(token.span) == sign)
}

/// The number with a minus before it.
fn negative(number: &str) -> Result<LiteralValue, &'static str> {
    let (radix, digits) = number.strip_prefix("0x").map_or((10, number), |digits| (16, digits));
    if radix == 16 || digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let value = i64::from_str_radix(&format!("-{digits}"), radix);
        return value.map(|value| LiteralValue::Int(value.into())).map_err(|_| "invalid int literal");
    }
    let value = format!("-{digits}").parse::<f64>().ok().filter(|value| value.is_finite());
    value.map(|value| LiteralValue::Double(value.into())).ok_or("invalid double literal")
}

/// The value of a text in quotes, as the language has it. INVARIANT: the token was cut by `lex`, so its quotes match and its escape
/// sequences are whole.
fn text_value(token: &str) -> Result<String, &'static str> {
    const BAD: &str = "invalid string literal";
    let body = token.trim_start_matches(['r', 'R']);
    let is_raw = body.len() < token.len();
    let quotes = if body.starts_with("'''") || body.starts_with("\"\"\"") { 3 } else { 1 };
    let inner = body.get(quotes..body.len() - quotes).ok_or(BAD)?;
    let inner = inner.replace("\r\n", "\n").replace('\r', "\n");
    if is_raw {
        return Ok(inner);
    }
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner.as_str();
    while let Some((plain, escape)) = rest.split_once('\\') {
        value.push_str(plain);
        let code = |from: usize, to: usize, radix: u32| {
            let number = escape.get(from..to).and_then(|digits| u32::from_str_radix(digits, radix).ok());
            number.and_then(char::from_u32).map(|c| (c, to)).ok_or(BAD)
        };
        let (c, length) = match escape.chars().next().ok_or(BAD)? {
            'a' => ('\u{7}', 1),
            'b' => ('\u{8}', 1),
            'f' => ('\u{c}', 1),
            'n' => ('\n', 1),
            'r' => ('\r', 1),
            't' => ('\t', 1),
            'v' => ('\u{b}', 1),
            'x' | 'X' => code(1, 3, 16)?,
            'u' => code(1, 5, 16)?,
            'U' => code(1, 9, 16)?,
            '0'..='3' => code(0, 3, 8)?,
            itself => (itself, itself.len_utf8()),
        };
        value.push(c);
        rest = escape.get(length..).ok_or(BAD)?;
    }
    value.push_str(rest);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use cel::parser::Parser;
    use proptest::prelude::*;

    use super::*;

    const WORDS: &[&str] = &[
        "-",
        "-",
        "1",
        "2.5",
        "0x7f",
        "9223372036854775808",
        "1e999",
        "3u",
        "a",
        "in",
        "==",
        "&&",
        "!",
        "?",
        ":",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "'é'",
        r"'\u00e9ß'",
        r"r'\ü'",
        "\"\"\"é\r\n'\"\"\"",
        "'x'",
        "size(",
        "a.exists(x, ",
        "// é -1\n",
        "has(a.b)",
    ];

    fn parsed(text: &str) -> Option<IdedExpr> {
        Parser::default().parse_with_source_info(text).ok().map(|(root, _)| root)
    }

    /// The tree by way of the disguise; `None` where the parser finds an error, or a value is none.
    fn undisguised(text: &str) -> Option<IdedExpr> {
        let disguise = Disguise::of(&Tokens::scan(text).ok()?);
        assert!(disguise.text.is_ascii(), "{text:?}");
        let (mut root, info) = Parser::default().parse_with_source_info(&disguise.text).ok()?;
        let is_bad = !disguise.bad.is_empty();
        assert!(is_bad || disguise.lift(&mut root, &info), "a value found no place: {text:?}");
        (!is_bad).then_some(root)
    }

    // EXPR-6
    #[test]
    fn what_is_hidden_from_the_parser_comes_back() {
        for text in [
            "a == -1 && b in [-1, - 2, -0x1F, -1.5, -1e3, -.5] || -9223372036854775808 < -x",
            "a - -1 == --1 && !-1 && 1---1 < ---1 && ----.5 > 1----1 && - - 2 == -(-3) && [-1][-0] == -1u",
            "-1.size() == a[-1] ? -1 : f(-1, {-1: -2}, T{a: -1})",
            "'é' == \"ü\" // für 'alle' -1\n && r'\\é' == R\"\"\"é\n\"ü\\d\"\"\" && '''é'\r\nß''' != 'é'",
            r#"'\a\b\f\n\r\t\v\\\'\"\?\`é' == '\x41\XfFé\u00e9\U0001F600\101é'"#,
            "['é', 'b'].exists(x, x == 'ü' && y.all(z, z > -1))",
            "'é'.matches('ü') && has(a.b) && {'é': 'ü'}['é'] == 'ü'",
            "a == 1 // ends with é",
        ] {
            let tree = undisguised(text);
            assert!(tree.is_some(), "{text}");
            assert_eq!(tree, parsed(text), "{text}");
        }
        for text in ["-9223372036854775809 < 1", "a == -1e999", r"'é\ud800' == a", "-0xFFFFFFFFFFFFFFFFFF == 1"] {
            assert_eq!((undisguised(text), parsed(text)), (None, None), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        // EXPR-6: any row of tokens is the same tree, or none, with and without the disguise.
        #[test]
        fn a_disguised_text_is_the_same_tree(words in prop::collection::vec(prop::sample::select(WORDS), 1..14)) {
            let text = words.join(" ");
            if Tokens::scan(&text).is_ok() {
                prop_assert_eq!(undisguised(&text), parsed(&text), "{}", text);
            }
        }
    }
}
