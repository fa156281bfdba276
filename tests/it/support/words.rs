//! The words that generated and golden expressions are made of: a tenant with a field of every type, and rows of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use baton::domain::Timestamp;
use baton::domain::field::{Choice, CustomValue, FieldDefinition, FieldDraft, FieldType, Subject};
use baton::rules::{Catalog, CatalogParts, CategoryGroup, FieldId, Item, Type, Value, Values};

/// A row whose values stand in a plain array by field.
pub struct Row(pub Vec<Option<CustomValue>>);

impl Values for Row {
    fn field(&self, field: FieldId) -> Value<'_> {
        Value::maybe(self.0.get(field.index()).and_then(Option::as_ref))
    }
}

/// A tenant with a field of every type.
pub fn catalog() -> Catalog {
    let field = |subject, key: &str, field_type, choices: &[&str]| {
        let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
        FieldDefinition::new(FieldDraft {
            subject,
            key: key.to_owned(),
            label: key.to_owned(),
            field_type,
            required: false,
            choices: choices.iter().map(choice).collect(),
            archived: key == "old_flag",
        })
        .unwrap()
    };
    let fields = [
        field(Subject::Dealer, "ev", FieldType::Boolean, &[]),
        field(Subject::Dealer, "bays", FieldType::Integer, &[]),
        field(Subject::Dealer, "score", FieldType::Decimal, &[]),
        field(Subject::Dealer, "opened", FieldType::Date, &[]),
        field(Subject::Dealer, "audited", FieldType::DateTime, &[]),
        field(Subject::Dealer, "note", FieldType::Text, &[]),
        field(Subject::Dealer, "segment", FieldType::Choice, &["Premium", "Volume"]),
        field(Subject::Dealer, "skills", FieldType::MultiChoice, &["Sales", "Fleet", "Service"]),
        field(Subject::Dealer, "old_flag", FieldType::Boolean, &[]),
        field(Subject::Lead, "budget", FieldType::Integer, &[]),
        field(Subject::Lead, "trade_in", FieldType::Boolean, &[]),
        field(Subject::User, "level", FieldType::Integer, &[]),
    ];
    let tier = CategoryGroup {
        key: "tier".to_owned(),
        label: "Tier".to_owned(),
        values: ["Gold", "Silver", "Bronze"].map(str::to_owned).to_vec(),
    };
    Catalog::new(CatalogParts { fields: &fields, categories: &[tier] })
}

/// The rows of `tests/rules/rows.json`, by name.
pub fn rows(catalog: &Catalog) -> Vec<(String, Row)> {
    let text = fs::read_to_string(folder().join("rows.json")).unwrap();
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let row = |values: &serde_json::Value| {
        let mut row = vec![None; catalog.fields().len()];
        for (path, value) in values.as_object().unwrap() {
            let id = catalog.find(path).unwrap_or_else(|| panic!("rows.json: no field {path}"));
            row[id.index()] = Some(typed(catalog.field(id).unwrap().ty, value));
        }
        Row(row)
    };
    json.iter().map(|(name, values)| (name.clone(), row(values))).collect()
}

fn typed(ty: Type, json: &serde_json::Value) -> CustomValue {
    let text = || json.as_str().unwrap().to_owned();
    match ty {
        Type::Bool => CustomValue::Boolean(json.as_bool().unwrap()),
        Type::Int => CustomValue::Integer(json.as_i64().unwrap()),
        Type::Double => CustomValue::Decimal(json.as_f64().unwrap()),
        Type::Text => CustomValue::Text(text()),
        Type::Timestamp => {
            let at = chrono::DateTime::parse_from_rfc3339(&text()).unwrap();
            CustomValue::DateTime(Timestamp::from(at.to_utc()))
        }
        Type::List(Item::Text) => CustomValue::MultiChoice(serde_json::from_value(json.clone()).unwrap()),
        other => panic!("no field is {other}"),
    }
}

/// Where the golden cases lie.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}
