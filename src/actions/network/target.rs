//! The object that a change is about, with the version that the caller has read.

use crate::actions::ActionError;
use crate::store::StoreError;

/// An object to be changed.
#[derive(Clone, Copy, Debug)]
pub struct Target<Id> {
    /// Which.
    pub id: Id,
    /// The version that the caller has read; without one, the last to write wins.
    pub expected_version: Option<i64>,
}

impl<Id> Target<Id> {
    /// Whichever version it has.
    pub const fn any(id: Id) -> Self {
        Self { id, expected_version: None }
    }

    /// Refuses if the object has another version than the caller has read.
    pub fn check(&self, found: i64) -> Result<(), ActionError> {
        match self.expected_version {
            Some(expected) if expected != found => Err(ActionError::conflict("expectedVersion", expected, found)),
            _ => Ok(()),
        }
    }
}

/// Turns the database's refusal of a second row with the same `column` into a problem with `field`.
pub fn taken(error: StoreError, column: &str, field: &str, message: String) -> ActionError {
    if error.is_unique_violation(column) {
        return ActionError::refused(field, crate::domain::InvalidCode::Taken, message);
    }
    error.into()
}
