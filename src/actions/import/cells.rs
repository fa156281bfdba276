//! Reading typed values out of a row's cells, with what is wrong told by the file's own column names.

use std::cell::RefCell;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::mapping::Mapping;
use super::problem::RowProblem;
use super::sheet::Row;
use crate::domain::field::{FieldDefinition, FieldType};
use crate::domain::{Invalid, Timestamp};

/// Separates several values in one cell.
const LIST_SEPARATORS: [char; 2] = ['|', ';'];

/// A row's cells by our names. Problems are collected while values are read.
pub(super) struct Cells<'r> {
    row: &'r Row,
    mapping: &'r Mapping,
    problems: RefCell<Vec<RowProblem>>,
}

impl<'r> Cells<'r> {
    pub(super) fn new(row: &'r Row, mapping: &'r Mapping) -> Self {
        Self { row, mapping, problems: RefCell::default() }
    }

    /// The text, if the cell is not blank.
    pub(super) fn text(&self, ours: &str) -> Option<String> {
        self.raw(ours).map(str::to_owned)
    }

    pub(super) fn raw(&self, ours: &str) -> Option<&'r str> {
        self.mapping.value(&self.row.cells, ours)
    }

    /// Several texts in one cell.
    pub(super) fn list(&self, ours: &str) -> Option<Vec<String>> {
        Some(split(self.raw(ours)?))
    }

    /// Yes or no, as people write it.
    pub(super) fn flag(&self, ours: &str) -> Option<bool> {
        let flag = flag(self.raw(ours)?);
        if flag.is_none() {
            self.refuse(ours, "is neither yes nor no, write `true` or `false`");
        }
        flag
    }

    /// A number.
    pub(super) fn number<T: FromStr>(&self, ours: &str) -> Option<T> {
        let number = self.raw(ours)?.parse().ok();
        if number.is_none() {
            self.refuse(ours, "is not a number, write it like `42` or `4.5`");
        }
        number
    }

    /// A moment: RFC 3339, or a local date and time in `zone`.
    pub(super) fn moment(&self, ours: &str, zone: Tz) -> Option<Timestamp> {
        let moment = moment(self.raw(ours)?, zone);
        if moment.is_none() {
            self.refuse(ours, "is not a date and time, write it like `2026-11-21T09:30:00Z`");
        }
        moment
    }

    /// The values of custom fields that have a column.
    pub(super) fn custom(&self, fields: &[FieldDefinition]) -> Map<String, Value> {
        let mut values = Map::new();
        for key in self.mapping.below("custom.") {
            let field = fields.iter().find(|field| field.key() == key);
            if let (Some(field), Some(text)) = (field, self.raw(&format!("custom.{key}"))) {
                values.insert(key.to_owned(), typed(field.field_type(), text));
            }
        }
        values
    }

    /// The values of category groups that have a column.
    pub(super) fn categories(&self) -> std::collections::BTreeMap<String, Option<String>> {
        let value = |key: &str| Some((key.to_owned(), Some(self.text(&format!("category.{key}"))?)));
        self.mapping.below("category.").filter_map(value).collect()
    }

    /// Says what is wrong with a column.
    pub(super) fn refuse(&self, ours: &str, message: &str) {
        let shown: String = self.raw(ours).unwrap_or_default().chars().take(60).collect();
        let problem = self.problem(ours, format!("`{shown}` {message}"), false);
        self.problems.borrow_mut().push(problem);
    }

    /// A problem of this row.
    pub(super) fn problem(&self, ours: &str, message: String, imported: bool) -> RowProblem {
        RowProblem {
            row: self.row.number,
            column: self.mapping.header(ours),
            value: self.text(ours).unwrap_or_default(),
            message,
            imported,
        }
    }

    /// Problems with the input that was made of this row, told by columns.
    pub(super) fn add(&self, problems: Vec<Invalid>, rename: impl Fn(&str) -> Option<&'static str>) {
        let told = problems.into_iter().map(|problem| {
            let ours = column_of(&problem.path);
            let ours = rename(&ours).map_or(ours, str::to_owned);
            self.problem(&ours, problem.message, false)
        });
        self.problems.borrow_mut().extend(told);
    }

    /// Whether anything is wrong with the row so far.
    pub(super) fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// Everything that is wrong with the row.
    pub(super) fn problems(&self) -> Vec<RowProblem> {
        self.problems.take()
    }
}

/// Our column for a path: `["postalCode"]` → `postal_code`, `["custom", "ev"]` → `custom.ev`, `["point", "lat"]` → `lat`.
fn column_of(path: &[String]) -> String {
    match path {
        [first, second, ..] if first == "custom" => format!("custom.{second}"),
        [first, second, ..] if first == "categories" => format!("category.{second}"),
        [first, second, ..] if first == "point" => second.clone(),
        [first, ..] => snake_case(first),
        [] => String::new(),
    }
}

fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn split(text: &str) -> Vec<String> {
    text.split(LIST_SEPARATORS).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "active" => Some(true),
        "false" | "no" | "n" | "0" | "inactive" => Some(false),
        _ => None,
    }
}

/// The JSON that the field's type reads; what does not fit stays a text and is refused with the field's own words.
fn typed(field_type: FieldType, text: &str) -> Value {
    let number = || serde_json::from_str::<serde_json::Number>(text).map(Value::Number).ok();
    let value = match field_type {
        FieldType::Integer | FieldType::Decimal => number(),
        FieldType::Boolean => flag(text).map(Value::Bool),
        FieldType::MultiChoice => Some(Value::from(split(text))),
        FieldType::Text | FieldType::Choice | FieldType::Date | FieldType::DateTime => None,
    };
    value.unwrap_or_else(|| Value::from(text))
}

fn moment(text: &str, zone: Tz) -> Option<Timestamp> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc().into());
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let local = local.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    // In the hour that occurs twice in autumn the earlier one; in the hour that spring leaves out there is none.
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_their_zone_or_in_the_tenants() {
        let zone = chrono_tz::America::New_York;
        for (text, utc) in [
            ("2026-08-26T07:33:53Z", "2026-08-26T07:33:53Z"),
            ("2026-08-26T07:33:53+02:00", "2026-08-26T05:33:53Z"),
            ("2026-08-26 07:33", "2026-08-26T11:33:00Z"),
            ("2026-01-26", "2026-01-26T05:00:00Z"),
            ("2026-11-01 01:30", "2026-11-01T05:30:00Z"),
        ] {
            assert_eq!(moment(text, zone).map(|at| at.to_string()).as_deref(), Some(utc), "{text}");
        }
        for text in ["", "yesterday", "26.8.2026", "2026-03-08 02:30"] {
            assert_eq!(moment(text, zone), None, "{text}");
        }
    }

    #[test]
    fn cells_are_typed_as_their_field_is() {
        assert_eq!(typed(FieldType::Integer, "42"), Value::from(42));
        assert_eq!(typed(FieldType::Decimal, "4.5"), Value::from(4.5));
        assert_eq!(typed(FieldType::Boolean, "Yes"), Value::from(true));
        assert_eq!(typed(FieldType::MultiChoice, "Sales| Fleet"), Value::from(vec!["Sales", "Fleet"]));
        assert_eq!(typed(FieldType::Integer, "many"), Value::from("many"));
    }

    #[test]
    fn problems_are_told_by_column() {
        let path = |names: &[&str]| column_of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(path(&["postalCode"]), "postal_code");
        assert_eq!(path(&["custom", "ev"]), "custom.ev");
        assert_eq!(path(&["categories", "tier"]), "category.tier");
        assert_eq!(path(&["point", "lat"]), "lat");
        assert_eq!(path(&["brands", "3"]), "brands");
    }
}
