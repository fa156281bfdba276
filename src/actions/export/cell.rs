//! Cells of a CSV file (RFC 4180), harmless to the spreadsheets that it is opened in.
//!
//! A spreadsheet runs a text that begins like a formula, and customers write what they like. As OWASP advises
//! (<https://owasp.org/www-community/attacks/CSV_Injection>), such a text gets an apostrophe in front, which shows it as text. Only texts
//! do: a number stays a number, also below zero.

use std::fmt::Write as _;

use crate::domain::field::CustomValue;
use crate::rules::{List, Value};

/// Between several values in one cell; an import takes them apart at the same sign.
const LIST_SEPARATOR: &str = "|";

/// A text as a cell.
pub(super) fn text(text: &str) -> String {
    // The full-width forms are folded to the plain ones by some spreadsheets.
    let begins_formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(begins_formula) { format!("'{text}") } else { text.to_owned() }
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
        for harmless in ["Doe", "a=b", "5-3", " =1", "", "'x"] {
            assert_eq!(text(harmless), harmless);
        }
        let texts = ["=1+1".to_owned(), "Kia".to_owned()];
        assert_eq!(value(&Value::from(&texts[..])), "'=1+1|Kia");
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
