//! Definitions that are refused, and values that fit or do not.

use serde_json::json;

use super::*;

fn draft(key: &str, field_type: FieldType, choices: &[&str]) -> FieldDraft {
    let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
    FieldDraft {
        subject: Subject::Dealer,
        key: key.to_owned(),
        label: key.to_uppercase(),
        field_type,
        required: false,
        choices: choices.iter().map(choice).collect(),
        archived: false,
    }
}

fn field(key: &str, field_type: FieldType, choices: &[&str]) -> FieldDefinition {
    FieldDefinition::new(draft(key, field_type, choices)).unwrap()
}

fn all_types() -> Vec<FieldDefinition> {
    vec![
        field("note", FieldType::Text, &[]),
        field("bays", FieldType::Integer, &[]),
        field("score", FieldType::Decimal, &[]),
        field("ev", FieldType::Boolean, &[]),
        field("opened", FieldType::Date, &[]),
        field("audited", FieldType::DateTime, &[]),
        field("tier", FieldType::Choice, &["Gold", "Silver", "Bronze"]),
        field("skills", FieldType::MultiChoice, &["Sales", "Fleet", "Service"]),
    ]
}

// EXPR-8
#[test]
fn values_of_every_type_are_read_and_shown_in_one_form() {
    let given = json!({
        "note": " two bays ", "bays": -3, "score": 4, "ev": true, "opened": "2020-02-29",
        "audited": "2026-11-21T10:30:00.5+01:00", "tier": "Gold", "skills": ["Service", "Sales", "Sales"],
    });
    let values = CustomValues::check(&all_types(), &given).unwrap();
    let shown = json!({
        "note": "two bays", "bays": -3, "score": 4.0, "ev": true, "opened": "2020-02-29",
        "audited": "2026-11-21T09:30:00.500000Z", "tier": "Gold", "skills": ["Sales", "Service"],
    });
    assert_eq!(values.to_json(), shown);
    assert_eq!(CustomValues::stored(&all_types(), &shown), values);
}

// EXPR-8
#[test]
fn every_problem_is_named_at_once_with_its_path() {
    let given = json!({
        "note": "", "bays": 1.5, "score": "4", "ev": 1, "opened": "2020-02-30", "audited": "2026-11-21T10:30:00",
        "tier": "Glod", "skills": ["Sales", 7], "tire": "Gold",
    });
    let problems = CustomValues::check(&all_types(), &given).unwrap_err();
    assert_eq!(problems.len(), 9);
    let of = |key: &str| {
        let found = problems.iter().find(|problem| problem.path == ["custom", key]);
        found.map(|problem| (problem.code, problem.message.as_str())).unwrap()
    };
    assert_eq!(of("tier"), (InvalidCode::NotAllowed, "`Glod` is not a choice of TIER, did you mean `Gold`?"));
    assert_eq!(of("tire"), (InvalidCode::NotFound, "there is no custom field `tire`, did you mean `tier`?"));
    assert_eq!(of("bays").1, "`1.5` does not fit BAYS, give a whole number such as `42`");
}

// EXPR-5, EXPR-8
#[test]
fn a_decimal_is_one_that_every_database_reads_back() {
    let definitions = [field("score", FieldType::Decimal, &[])];
    for number in [0.0, -0.0, 1e100, -1e100, 1e-60, 4.5] {
        assert!(CustomValues::check(&definitions, &json!({ "score": number })).is_ok(), "{number}");
    }
    for number in [1.1e100, -1e101, 9e-61, 5e-324, f64::MAX] {
        let refused = CustomValues::check(&definitions, &json!({ "score": number })).unwrap_err();
        assert!(refused[0].message.contains("at most 1e100"), "{}", refused[0].message);
    }
}

// EXPR-8
#[test]
fn a_required_field_must_have_a_value_after_every_write() {
    let mut required = draft("tier", FieldType::Choice, &["Gold"]);
    required.required = true;
    let definitions = [FieldDefinition::new(required).unwrap()];
    let missing = CustomValues::check(&definitions, &json!({})).unwrap_err();
    assert_eq!((missing[0].code, &missing[0].path[1]), (InvalidCode::Required, &"tier".to_owned()));

    let values = CustomValues::check(&definitions, &json!({"tier": "Gold"})).unwrap();
    assert_eq!(values.changed(&definitions, &json!({})), Ok(values.clone()));
    assert_eq!(values.changed(&definitions, &json!({"tier": null})).unwrap_err()[0].code, InvalidCode::Required);
    assert_eq!(CustomValues::check(&definitions, &json!({"tier": 1})).unwrap_err().len(), 1, "said once");
}

// EXPR-8
#[test]
fn an_archived_field_keeps_its_values_and_takes_no_new_ones() {
    let live = field("ev", FieldType::Boolean, &[]);
    let values = CustomValues::check(std::slice::from_ref(&live), &json!({"ev": true})).unwrap();
    let archived = live.amended(FieldDraft { archived: true, ..live.draft() }).unwrap();
    let definitions = [archived, field("bays", FieldType::Integer, &[])];
    let after = values.changed(&definitions, &json!({"bays": 2})).unwrap();
    assert_eq!(after.to_json(), json!({"ev": true, "bays": 2}));
    let refused = values.changed(&definitions, &json!({"ev": false})).unwrap_err();
    assert_eq!(refused[0].message, "EV is archived and takes no new values");
}

// EXPR-8
#[test]
fn a_definition_is_refused_with_every_reason() {
    for key in ["", "Tier", "1st", "in", "while", "größe", "a-b", "_a", &"a".repeat(41)] {
        assert!(FieldDefinition::new(draft(key, FieldType::Text, &[])).is_err(), "{key}");
    }
    let problems = FieldDefinition::new(FieldDraft {
        label: " ".to_owned(),
        ..draft("Tier", FieldType::Choice, &["Gold", "Gold", ""])
    });
    let paths: Vec<String> = problems.unwrap_err().iter().map(|problem| problem.path.join(".")).collect();
    assert_eq!(paths, ["key", "label", "choices.1.value", "choices.2.value", "choices.2.label"]);
    assert!(FieldDefinition::new(draft("tier", FieldType::Text, &["Gold"])).is_err());
    assert!(FieldDefinition::new(draft("tier", FieldType::MultiChoice, &[])).is_err());
}

// EXPR-8
#[test]
fn subject_key_and_type_are_fixed_once_saved() {
    let saved = field("ev", FieldType::Boolean, &[]);
    let other = FieldDraft { subject: Subject::Lead, ..draft("evs", FieldType::Text, &[]) };
    assert_eq!(saved.amended(other).unwrap_err().len(), 3);
    let relabelled = FieldDraft { label: "Electric".to_owned(), required: true, ..saved.draft() };
    assert_eq!(saved.amended(relabelled).unwrap().label(), "Electric");
}

#[test]
fn a_definition_that_is_read_back_is_checked_again() {
    let saved = field("tier", FieldType::Choice, &["Gold"]);
    let json = serde_json::to_value(&saved).unwrap();
    assert_eq!(serde_json::from_value::<FieldDefinition>(json.clone()).unwrap(), saved);
    let mut broken = json;
    broken["choices"] = json!([]);
    assert!(serde_json::from_value::<FieldDefinition>(broken).is_err());
}

#[test]
fn only_names_that_are_alike_are_suggested() {
    let known = ["rating", "region", "city"];
    assert_eq!(nearest("ratng", known.into_iter()), Some("rating"));
    assert_eq!(nearest("CITY", known.into_iter()), Some("city"));
    assert_eq!(nearest("zzz", known.into_iter()), None);
    assert_eq!(nearest(&"x".repeat(10_000), known.into_iter()), None);
}
