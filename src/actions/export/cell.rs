//! Cells of a CSV file (RFC 4180), harmless to the spreadsheets that it is opened in.
//!
//! A spreadsheet runs a text that begins like a formula, and customers write what they like. As OWASP advises
//! (<https://owasp.org/www-community/attacks/CSV_Injection>), such a text gets an apostrophe in front, which shows it as text. Only texts
//! do: a number stays a number, also below zero.
//!
//! Where a decimal comma is usual, spreadsheets take cells apart at semicolons or tabs whatever the file says. Then a quote that does not
//! follow a separator is a letter like any other, and neither it nor doubling it keeps a text together: what follows a semicolon, a tab or
//! a line break begins a cell of its own, quoted or not. So there, too, the apostrophe stands before what begins like a formula, also
//! behind the blanks and quotes that such a spreadsheet passes over. Commas need none: whoever takes cells apart at them heeds our quotes.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::field::CustomValue;
use crate::rules::{List, Value};

/// Between several values in one cell; an import takes them apart at the same sign.
const LIST_SEPARATOR: &str = "|";

/// A text as a cell.
pub(super) fn text(text: &str) -> String {
    let mut made = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for (at, letter) in text.char_indices() {
        // A tab or a line break in front is passed over by some spreadsheets.
        if (begins && begins_formula(letter)) || (at == 0 && separates(letter)) {
            made.push('\'');
        }
        made.push(letter);
        let passed_over = begins && at > 0 && matches!(letter, ' ' | '"' | '\u{a0}');
        begins = separates(letter) || passed_over;
    }
    made
}

fn separates(letter: char) -> bool {
    matches!(letter, ';' | '\t' | '\r' | '\n')
}

/// The full-width forms are folded to the plain ones by some spreadsheets.
fn begins_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// The name of one of a few, as the API has it.
pub(super) fn name(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Several values as one cell.
pub(super) fn list<T: AsRef<str>>(of: impl Iterator<Item = T>) -> String {
    let parts: Vec<T> = of.collect();
    text(&parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(LIST_SEPARATOR))
}

/// A value as a cell: empty if there is none, moments in UTC as RFC 3339 has them.
pub(super) fn value(value: &Value<'_>) -> String {
    match value {
        Value::Missing | Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Text(own) => text(own),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(micros) => micros.to_string(),
        Value::List(list) => text(&joined(list)),
    }
}

/// A custom field's value: a date is a day, not the moment at which it begins.
pub(super) fn custom(custom: &CustomValue) -> String {
    match custom {
        CustomValue::Date(day) => day.to_string(),
        other => value(&Value::maybe(Some(other))),
    }
}

fn joined(list: &List<'_>) -> String {
    let mut made = String::new();
    for (index, item) in list.iter().enumerate() {
        let separator = if index > 0 { LIST_SEPARATOR } else { "" };
        let plain = match &item {
            Value::Text(text) => text.to_string(),
            other => value(other),
        };
        // Writing to a text never fails.
        let _ = write!(made, "{separator}{plain}");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    // BULK-10
    #[test]
    fn a_text_that_begins_like_a_formula_is_shown_and_not_run() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"] {
            let formula = format!("{begin}cmd|' /C calc'!A0");
            assert_eq!(text(&formula), format!("'{formula}"));
            assert_eq!(value(&Value::text(&formula)), format!("'{formula}"));
        }
        for harmless in ["Doe", "a=b", "5-3", " =1", "", "'x", "a, -b", "x; y", "1;2"] {
            assert_eq!(text(harmless), harmless);
        }
        let texts = ["=1+1".to_owned(), "Kia".to_owned()];
        assert_eq!(value(&Value::from(&texts[..])), "'=1+1|Kia");
    }

    // BULK-10: where semicolons or tabs separate, quotes do not keep a text together.
    #[test]
    fn a_formula_behind_what_may_separate_is_shown_and_not_run() {
        for (given, shown) in [
            ("x;=1+1", "x;'=1+1"),
            (";=cmd|' /C calc'!A0;", "';'=cmd|' /C calc'!A0;"),
            ("x;@SUM(1)\t+1", "x;'@SUM(1)\t'+1"),
            ("x\r\n=1\n\n- y", "x\r\n'=1\n\n'- y"),
            ("x; \"=1\"", "x; \"'=1\""),
            ("a;b;;-1", "a;b;;'-1"),
            ("=1;=2", "'=1;'=2"),
        ] {
            assert_eq!(text(given), shown);
            // However the line is cut, no piece begins like a formula.
            let line = format!("a,\"{}\"", text(given).replace('"', "\"\""));
            for piece in line.split([';', '\t', '\r', '\n']).filter(|piece| !piece.is_empty()) {
                let begin = piece.trim_start_matches(['"', ' ']);
                assert!(!begin.starts_with(['=', '+', '-', '@']), "{piece} of {line}");
            }
        }
    }

    // BULK-10
    #[test]
    fn numbers_and_moments_stay_what_they_are() {
        assert_eq!(value(&Value::Int(-5)), "-5");
        assert_eq!((value(&Value::Double(-4.5)), value(&Value::Double(1.0))), ("-4.5".into(), "1".into()));
        assert_eq!(value(&Value::Timestamp(Timestamp::from_micros(0))), "1970-01-01T00:00:00Z");
        assert_eq!((value(&Value::Missing), value(&Value::Bool(false))), (String::new(), "false".into()));
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        assert_eq!(custom(&CustomValue::Date(day)), "2026-11-21");
        assert_eq!(custom(&CustomValue::Integer(-7)), "-7");
    }
}
