//! Custom fields: what a tenant adds to leads, dealers and users, and the values that it gives them.
//!
//! A definition and a value can only be made valid; nothing here knows who uses a field.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::error::{self, Invalid, InvalidCode};
use super::time::Timestamp;

/// A key becomes part of every expression that names it, so it stays short.
pub const KEY_LENGTH_MAX: usize = 40;
/// A label is a column heading.
pub const LABEL_LENGTH_MAX: usize = 100;
/// A text value is a remark, not a document: rows stay small enough to hold a network in memory.
pub const TEXT_LENGTH_MAX: usize = 2_000;
/// More choices than this are a table of their own, not a list to pick from.
pub const CHOICES_MAX: usize = 200;
/// A choice's value is compared and stored often.
pub const CHOICE_LENGTH_MAX: usize = 100;
/// Definitions of one subject in one tenant, archived ones included.
pub const DEFINITIONS_MAX: usize = 200;

/// Sizes of a decimal other than zero: SQLite reads far smaller and greater ones back a digit off.
pub const DECIMAL_SIZES: std::ops::RangeInclusive<f64> = 1e-60..=1e100;

/// Words that the expression language keeps for itself, so that `x.custom.<key>` always reads as a name.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// What a custom field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// One copy of a request.
    Lead,
    /// A location that receives leads.
    Dealer,
    /// A staff login.
    User,
}

/// The type of a custom field; fixed once saved, because stored values and expressions rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldType {
    /// Up to [`TEXT_LENGTH_MAX`] characters.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A double of one of [`DECIMAL_SIZES`], or zero.
    Decimal,
    /// True or false.
    Boolean,
    /// A day of the calendar, years 1 to 9999.
    Date,
    /// A moment, to the microsecond.
    DateTime,
    /// One of the definition's choices.
    Choice,
    /// Any of the definition's choices, each once, in the definition's order.
    MultiChoice,
}

impl FieldType {
    /// Whether a definition of this type lists choices.
    pub const fn has_choices(self) -> bool {
        matches!(self, Self::Choice | Self::MultiChoice)
    }

    /// What a value looks like, for messages.
    const fn example(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number such as `42`",
            Self::Decimal => "a number such as `4.5`, at most 1e100",
            Self::Boolean => "`true` or `false`",
            Self::Date => "a date such as `2026-11-21`",
            Self::DateTime => "a date and time with its zone such as `2026-11-21T09:30:00Z`",
            Self::Choice => "one of its choices",
            Self::MultiChoice => "a list of its choices",
        }
    }
}

/// One value that a choice field may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As stored and as expressions name it.
    pub value: String,
    /// As people read it.
    pub label: String,
}

/// What an admin gives to define a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDraft {
    /// What the field belongs to.
    pub subject: Subject,
    /// The name in expressions: `<subject>.custom.<key>`.
    pub key: String,
    /// The name for people.
    pub label: String,
    /// The type of its values.
    pub field_type: FieldType,
    /// Whether every write of the subject must leave a value.
    pub required: bool,
    /// The allowed values, in order; empty unless the type has choices.
    pub choices: Vec<Choice>,
    /// An archived field keeps its values but takes no new ones.
    pub archived: bool,
}

/// A valid definition (EXPR-8). INVARIANT: choices are present exactly when the type has them, and are distinct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldDefinition(FieldDraft);

impl FieldDefinition {
    /// Checks a draft; answers with every problem at once.
    pub fn new(draft: FieldDraft) -> Result<Self, Vec<Invalid>> {
        let mut problems = Vec::new();
        let FieldDraft { subject, key, label, field_type, required, choices, archived } = draft;
        problems.extend(check_key(&key).err());
        let label = keep(error::text("label", &label, LABEL_LENGTH_MAX), &mut problems);
        let choices = check_choices(field_type, choices, &mut problems);
        if problems.is_empty() {
            Ok(Self(FieldDraft { subject, key, label, field_type, required, choices, archived }))
        } else {
            Err(problems)
        }
    }

    /// The definition after a change. Subject, key and type are fixed once saved.
    pub fn amended(&self, draft: FieldDraft) -> Result<Self, Vec<Invalid>> {
        let fixed = [
            ("subject", self.0.subject == draft.subject),
            ("key", self.0.key == draft.key),
            ("fieldType", self.0.field_type == draft.field_type),
        ];
        let mut problems: Vec<Invalid> = fixed
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(name, _)| {
                let message = format!("the {name} of a saved field can't change, archive it and define another one");
                Invalid::new(name, InvalidCode::NotAllowed, message)
            })
            .collect();
        match Self::new(draft) {
            Ok(amended) if problems.is_empty() => Ok(amended),
            Ok(_) => Err(problems),
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    /// What the field belongs to.
    pub const fn subject(&self) -> Subject {
        self.0.subject
    }

    /// The name in expressions.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// The name for people.
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// The type of its values.
    pub const fn field_type(&self) -> FieldType {
        self.0.field_type
    }

    /// Whether a value must be given.
    pub const fn required(&self) -> bool {
        self.0.required
    }

    /// The allowed values, in order.
    pub fn choices(&self) -> &[Choice] {
        &self.0.choices
    }

    /// Whether the field takes no new values.
    pub const fn archived(&self) -> bool {
        self.0.archived
    }

    /// The definition as it was given, to change and save again.
    pub fn draft(&self) -> FieldDraft {
        self.0.clone()
    }
}

impl<'de> Deserialize<'de> for FieldDefinition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(FieldDraft::deserialize(deserializer)?).map_err(|problems| {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            serde::de::Error::custom(sentences.join("; "))
        })
    }
}

/// One typed value of a custom field.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomValue {
    /// A text, trimmed, not blank.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite double.
    Decimal(f64),
    /// True or false.
    Boolean(bool),
    /// A day of the calendar.
    Date(NaiveDate),
    /// A moment.
    DateTime(Timestamp),
    /// One choice's value.
    Choice(String),
    /// Choices' values, in the definition's order.
    MultiChoice(Vec<String>),
}

impl CustomValue {
    /// Reads one value as the definition types it; the problem's path is empty.
    pub fn parse(definition: &FieldDefinition, json: &Json) -> Result<Self, Invalid> {
        let typed = match (definition.field_type(), json) {
            (FieldType::Text, Json::String(text)) => {
                return error::text("", text, TEXT_LENGTH_MAX).map(Self::Text).map_err(|problem| Invalid {
                    message: format!("{}{}", definition.label(), problem.message),
                    ..problem
                });
            }
            (FieldType::Choice, Json::String(text)) => return pick(definition, text).map(Self::Choice),
            (FieldType::MultiChoice, Json::Array(items)) => return pick_many(definition, items).map(Self::MultiChoice),
            (FieldType::Integer, json) => json.as_i64().map(Self::Integer),
            (FieldType::Decimal, json) => {
                json.as_f64().filter(|size| *size == 0.0 || DECIMAL_SIZES.contains(&size.abs())).map(Self::Decimal)
            }
            (FieldType::Boolean, Json::Bool(flag)) => Some(Self::Boolean(*flag)),
            (FieldType::Date, Json::String(text)) => date(text).map(Self::Date),
            (FieldType::DateTime, Json::String(text)) => moment(text).map(Self::DateTime),
            _ => None,
        };
        typed.ok_or_else(|| wrong_type(definition, json))
    }

    /// The plain JSON form, as it is stored and shown.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) | Self::Choice(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Decimal(number) => Json::from(*number),
            Self::Boolean(flag) => Json::from(*flag),
            Self::Date(day) => Json::from(day.format("%Y-%m-%d").to_string()),
            Self::DateTime(at) => Json::from(at.datetime().to_rfc3339_opts(SecondsFormat::Micros, true)),
            Self::MultiChoice(values) => Json::from(values.clone()),
        }
    }
}

/// The custom values of one lead, dealer or user: checked against its definitions, a plain JSON object outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomValues(BTreeMap<String, CustomValue>);

impl CustomValues {
    /// A whole set of values, as at creation. Every problem is reported, under the path `["custom", key]`.
    pub fn check(definitions: &[FieldDefinition], json: &Json) -> Result<Self, Vec<Invalid>> {
        Self::default().changed(definitions, json)
    }

    /// These values after a change that names only some of them: `null` takes a value away, what is not named stays.
    pub fn changed(&self, definitions: &[FieldDefinition], json: &Json) -> Result<Self, Vec<Invalid>> {
        let Json::Object(given) = json else {
            let message = "custom values are an object such as `{\"tier\": \"Gold\"}`";
            return Err(vec![Invalid::new("custom", InvalidCode::Malformed, message)]);
        };
        let mut after = self.clone();
        let mut problems = Vec::new();
        for (key, value) in given {
            if let Err(problem) = after.set(definitions, key, value) {
                problems.push(problem.under(key.as_str()).under("custom"));
            }
        }
        for missing in definitions.iter().filter(|field| field.required() && !field.archived()) {
            let refused = || problems.iter().any(|problem| problem.path.get(1).is_some_and(|key| key == missing.key()));
            if !after.0.contains_key(missing.key()) && !refused() {
                let message = format!("{} is required, give {}", missing.label(), missing.field_type().example());
                let problem = Invalid::new(missing.key(), InvalidCode::Required, message);
                problems.push(problem.under("custom"));
            }
        }
        if problems.is_empty() { Ok(after) } else { Err(problems) }
    }

    /// Reads what was stored. A value that no longer fits its definition (a choice since taken away, a field since
    /// removed) is left out rather than refused, so that a row stays readable whatever became of its fields.
    pub fn stored(definitions: &[FieldDefinition], json: &Json) -> Self {
        let read = |(key, value): (&String, &Json)| {
            let definition = definitions.iter().find(|field| field.key() == key)?;
            CustomValue::parse(definition, value).ok().map(|typed| (key.clone(), typed))
        };
        Self(json.as_object().into_iter().flatten().filter_map(read).collect())
    }

    /// The value of a field, if it has one.
    pub fn get(&self, key: &str) -> Option<&CustomValue> {
        self.0.get(key)
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &CustomValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether no field has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plain JSON object.
    pub fn to_json(&self) -> Json {
        Json::Object(self.0.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
    }

    fn set(&mut self, definitions: &[FieldDefinition], key: &str, value: &Json) -> Result<(), Invalid> {
        let definition =
            definitions.iter().find(|field| field.key() == key).ok_or_else(|| unknown_key(definitions, key))?;
        if definition.archived() {
            let message = format!("{} is archived and takes no new values", definition.label());
            return Err(Invalid { path: Vec::new(), code: InvalidCode::NotAllowed, message });
        }
        if value.is_null() {
            self.0.remove(key);
        } else {
            self.0.insert(key.to_owned(), CustomValue::parse(definition, value)?);
        }
        Ok(())
    }
}

impl Serialize for CustomValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

fn check_key(key: &str) -> Result<(), Invalid> {
    let refuse = |message: String| Err(Invalid::new("key", InvalidCode::Malformed, message));
    let shown: String = key.chars().take(KEY_LENGTH_MAX + 1).collect();
    let mut bytes = key.bytes();
    let sound = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !sound {
        return refuse(format!("`{shown}` is not a key, give lower-case letters, digits and `_` such as `fleet_size`"));
    }
    if key.len() > KEY_LENGTH_MAX {
        return refuse(format!("a key has at most {KEY_LENGTH_MAX} characters, `{shown}…` has {}", key.len()));
    }
    if RESERVED.contains(&key) {
        return refuse(format!("`{key}` is a word of the expression language, choose another key"));
    }
    Ok(())
}

fn check_choices(field_type: FieldType, choices: Vec<Choice>, problems: &mut Vec<Invalid>) -> Vec<Choice> {
    let mut refuse = |code, message: String| problems.push(Invalid::new("choices", code, message));
    match (field_type.has_choices(), choices.len()) {
        (true, 0) => refuse(InvalidCode::Required, "give at least one choice".to_owned()),
        (false, 1..) => refuse(InvalidCode::NotAllowed, "only choice and multi-choice fields have choices".to_owned()),
        (_, count) if count > CHOICES_MAX => {
            refuse(InvalidCode::TooLong, format!("{count} choices are given, at most {CHOICES_MAX} are allowed"));
        }
        _ => {}
    }
    let mut kept: Vec<Choice> = Vec::with_capacity(choices.len().min(CHOICES_MAX));
    for (index, choice) in choices.into_iter().take(CHOICES_MAX).enumerate() {
        let mut own = Vec::new();
        let value = keep(error::text("value", &choice.value, CHOICE_LENGTH_MAX), &mut own);
        let label = keep(error::text("label", &choice.label, LABEL_LENGTH_MAX), &mut own);
        if kept.iter().any(|earlier| earlier.value == value) && own.is_empty() {
            own.push(Invalid::new("value", InvalidCode::Taken, format!("`{value}` is listed twice, remove one")));
        }
        problems.extend(own.into_iter().map(|problem| problem.under(index.to_string()).under("choices")));
        kept.push(Choice { value, label });
    }
    kept
}

fn keep(checked: Result<String, Invalid>, problems: &mut Vec<Invalid>) -> String {
    checked.unwrap_or_else(|problem| {
        problems.push(problem);
        String::new()
    })
}

fn pick(definition: &FieldDefinition, text: &str) -> Result<String, Invalid> {
    if definition.choices().iter().any(|choice| choice.value == text) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(CHOICE_LENGTH_MAX).collect();
    let known = definition.choices().iter().map(|choice| choice.value.as_str());
    let advice = match nearest(text, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "give one of its choices".to_owned(),
    };
    let message = format!("`{shown}` is not a choice of {}, {advice}", definition.label());
    Err(Invalid { path: Vec::new(), code: InvalidCode::NotAllowed, message })
}

fn pick_many(definition: &FieldDefinition, items: &[Json]) -> Result<Vec<String>, Invalid> {
    let mut picked = Vec::with_capacity(items.len().min(CHOICES_MAX));
    for item in items {
        let text = item.as_str().ok_or_else(|| wrong_type(definition, item))?;
        picked.push(pick(definition, text)?);
    }
    // One set has one stored form, whatever the order in which its choices were ticked.
    let chosen = definition.choices().iter().filter(|choice| picked.contains(&choice.value));
    Ok(chosen.map(|choice| choice.value.clone()).collect())
}

fn date(text: &str) -> Option<NaiveDate> {
    // Only the padded form, because chrono also reads `2026-1-2`, which would not sort as text.
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (text.len() == 10 && (1..=9999).contains(&day.year())).then_some(day)
}

fn moment(text: &str) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1..=9999).contains(&at.year()).then(|| Timestamp::from(at))
}

fn wrong_type(definition: &FieldDefinition, json: &Json) -> Invalid {
    let shown: String = json.to_string().chars().take(60).collect();
    let message = format!("`{shown}` does not fit {}, give {}", definition.label(), definition.field_type().example());
    Invalid { path: Vec::new(), code: InvalidCode::Malformed, message }
}

fn unknown_key(definitions: &[FieldDefinition], key: &str) -> Invalid {
    let shown: String = key.chars().take(KEY_LENGTH_MAX).collect();
    let known = definitions.iter().filter(|field| !field.archived()).map(FieldDefinition::key);
    let advice = match nearest(key, known) {
        Some(near) => format!(", did you mean `{near}`?"),
        None => ", define it first".to_owned(),
    };
    let message = format!("there is no custom field `{shown}`{advice}");
    Invalid { path: Vec::new(), code: InvalidCode::NotFound, message }
}

/// The known name that is most like what was typed, if any is alike at all. Case does not count.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The distance is quadratic in the lengths; nobody mistypes a name of hundreds of characters.
    if typed.len() > 200 {
        return None;
    }
    let typed_lower = typed.to_lowercase();
    let length = typed_lower.chars().count();
    let alike = |name: &'a str| {
        let name_lower = name.to_lowercase();
        let name_length = name_lower.chars().count();
        let allowed = (length.max(name_length) / 3).max(1);
        // The lengths alone rule out most names, and cost nothing to compare.
        let distance = (length.abs_diff(name_length) <= allowed)
            .then(|| strsim::damerau_levenshtein(&typed_lower, &name_lower))
            .filter(|distance| *distance <= allowed)?;
        Some((distance, name))
    };
    known.filter_map(alike).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
