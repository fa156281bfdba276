//! What is wrong with a value that a user gave: where it stood, a code for machines, a sentence for people.
//!
//! Wording is lower case without a full stop, the user's own text in backticks, then what to do.

use serde::{Deserialize, Serialize};

/// Why a value was refused; the GraphQL enum `UserErrorCode` shows the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvalidCode {
    /// A required value is missing or blank.
    Required,
    /// The value has the wrong form.
    Malformed,
    /// The value is outside the allowed range.
    OutOfRange,
    /// The text or list is too long.
    TooLong,
    /// The value is not one of the allowed ones.
    NotAllowed,
    /// Another object already has this value.
    Taken,
    /// The object does not exist, or the actor may not see it.
    NotFound,
    /// The object has changed since the version that the caller named.
    Conflict,
    /// The object is used by others and can't be removed or changed.
    InUse,
    /// The object's state does not allow this.
    WrongState,
    /// The actor may not do this.
    Forbidden,
    /// The idempotency key was used with other content.
    KeyReused,
    /// An expression does not parse or check.
    Expression,
}

/// One problem with what a user gave. `path` leads to the value, outermost first (`["contacts", "0", "email"]`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Invalid {
    /// Where the value stood in the input, outermost name first; empty for the input as a whole.
    pub path: Vec<String>,
    /// What kind of problem it is.
    pub code: InvalidCode,
    /// What is wrong and what to do.
    pub message: String,
}

impl Invalid {
    /// A problem with the value at `field`.
    pub fn new(field: &str, code: InvalidCode, message: impl Into<String>) -> Self {
        let path = if field.is_empty() { Vec::new() } else { vec![field.to_owned()] };
        Self { path, code, message: message.into() }
    }

    /// The same problem, seen from one level further out.
    #[must_use]
    pub fn under(mut self, outer: impl Into<String>) -> Self {
        self.path.insert(0, outer.into());
        self
    }
}

/// A text that is not blank and at most `max` characters long, trimmed.
pub fn text(field: &str, value: &str, max: usize) -> Result<String, Invalid> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Invalid::new(field, InvalidCode::Required, format!("{field} must not be blank")));
    }
    let length = value.chars().count();
    if length > max {
        return Err(Invalid::new(
            field,
            InvalidCode::TooLong,
            format!("{field} has {length} characters, at most {max} are allowed"),
        ));
    }
    if value.contains('\0') {
        return Err(Invalid::new(
            field,
            InvalidCode::Malformed,
            format!("{field} contains a NUL character, remove it"),
        ));
    }
    Ok(value.to_owned())
}

/// Like [`text`], but a missing or blank value is `None`.
pub fn optional_text(field: &str, value: Option<&str>, max: usize) -> Result<Option<String>, Invalid> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(value) => text(field, value, max).map(Some),
    }
}
