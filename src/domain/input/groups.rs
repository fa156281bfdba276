//! What people give to make or change a group of users, or a category group of dealers.

use super::problems::Problems;
use crate::domain::category::Category;
use crate::domain::error::text;
use crate::domain::user::Group;
use crate::domain::{Invalid, InvalidCode};

/// A key becomes part of every expression that names it, so it stays short.
const KEY_LENGTH_MAX: usize = 40;
const LABEL_LENGTH_MAX: usize = 100;
/// A value stands on every dealer and in expressions.
const CHOICE_LENGTH_MAX: usize = 100;
/// More values than this are no order that anybody keeps in mind.
const CHOICES_MAX: usize = 200;

/// A group of users, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct GroupInput {
    /// Unique in the tenant.
    pub name: Option<String>,
}

impl GroupInput {
    /// What this input makes of a group.
    pub fn apply(&self, mut group: Group) -> Result<Group, Vec<Invalid>> {
        let mut problems = Problems::default();
        problems.set(&mut group.name, self.name.as_deref().map(|name| text("name", name, LABEL_LENGTH_MAX)));
        if group.name.is_empty() && self.name.is_none() {
            problems.add("name", InvalidCode::Required, "name is missing, give one");
        }
        problems.done(group)
    }
}

/// A category group of dealers, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct CategoryInput {
    /// The name in expressions; fixed once saved.
    pub key: Option<String>,
    /// The name for people; the key if never given.
    pub label: Option<String>,
    /// The values, best first.
    pub choices: Option<Vec<String>>,
}

impl CategoryInput {
    /// What this input makes of a category. One that is not saved yet has no key.
    pub fn apply(&self, mut category: Category) -> Result<Category, Vec<Invalid>> {
        let mut problems = Problems::default();
        let saved = !category.key.is_empty();
        match &self.key {
            Some(key) if saved && *key != category.key => {
                let message = "the key of a saved category can't change, expressions rely on it: make another one";
                problems.add("key", InvalidCode::NotAllowed, message);
            }
            Some(key) => problems.set(&mut category.key, Some(checked_key(key))),
            None if !saved => problems.add("key", InvalidCode::Required, "key is missing, give one such as `tier`"),
            None => {}
        }
        problems.set(&mut category.label, self.label.as_deref().map(|label| text("label", label, LABEL_LENGTH_MAX)));
        if category.label.is_empty() && self.label.is_none() {
            category.label.clone_from(&category.key);
        }
        match &self.choices {
            Some(choices) => category.choices = checked_choices(choices, &mut problems),
            None if category.choices.is_empty() => {
                problems.add("choices", InvalidCode::Required, "choices are missing, give them best first");
            }
            None => {}
        }
        problems.done(category)
    }
}

fn checked_key(key: &str) -> Result<String, Invalid> {
    let mut bytes = key.bytes();
    let sound = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if sound && key.len() <= KEY_LENGTH_MAX {
        return Ok(key.to_owned());
    }
    let shown: String = key.chars().take(KEY_LENGTH_MAX).collect();
    let advice = format!("give at most {KEY_LENGTH_MAX} lower-case letters, digits and `_` such as `tier`");
    Err(Invalid::new("key", InvalidCode::Malformed, format!("`{shown}` is not a key, {advice}")))
}

fn checked_choices(given: &[String], problems: &mut Problems) -> Vec<String> {
    if given.is_empty() || given.len() > CHOICES_MAX {
        let message = format!("{} choices are given, give 1 to {CHOICES_MAX}", given.len());
        problems.add("choices", InvalidCode::OutOfRange, message);
        return Vec::new();
    }
    let mut choices: Vec<String> = Vec::with_capacity(given.len());
    for (index, choice) in given.iter().enumerate() {
        let index = index.to_string();
        let parsed = text(&index, choice, CHOICE_LENGTH_MAX).and_then(|choice| {
            if choices.contains(&choice) {
                return Err(Invalid::new(
                    &index,
                    InvalidCode::Taken,
                    format!("`{choice}` is listed twice, remove one"),
                ));
            }
            Ok(choice)
        });
        choices.extend(problems.keep(parsed.map_err(|problem| problem.under("choices"))));
    }
    choices
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Timestamp;

    fn blank() -> Category {
        Category::blank(Uuid::nil().into(), Uuid::nil().into(), Timestamp::from_micros(0))
    }

    // SPEC §1: categories are ordered groups
    #[test]
    fn a_category_keeps_its_values_in_order_and_its_key_for_good() {
        let input = CategoryInput {
            key: Some("tier".into()),
            choices: Some(vec!["Gold".into(), " Silver ".into()]),
            ..Default::default()
        };
        let tier = input.apply(blank()).unwrap();
        assert_eq!((tier.label.as_str(), tier.choices.as_slice()), ("tier", &["Gold".to_owned(), "Silver".into()][..]));
        let other_key = CategoryInput { key: Some("level".into()), ..Default::default() };
        assert_eq!(other_key.apply(tier.clone()).unwrap_err()[0].code, InvalidCode::NotAllowed);
        let relabelled = CategoryInput { label: Some("Tier".into()), ..Default::default() };
        assert_eq!(relabelled.apply(tier).unwrap().label, "Tier");
    }

    #[test]
    fn every_problem_of_a_category_is_named() {
        let input = CategoryInput {
            key: Some("Tier!".into()),
            label: Some(" ".into()),
            choices: Some(vec!["Gold".into(), "Gold".into(), String::new()]),
        };
        let paths: Vec<String> =
            input.apply(blank()).unwrap_err().iter().map(|problem| problem.path.join(".")).collect();
        assert_eq!(paths, ["key", "label", "choices.1", "choices.2"]);
        assert_eq!(CategoryInput::default().apply(blank()).unwrap_err().len(), 2);
    }
}
