//! How an action ends when it does not succeed.

use crate::domain::{Invalid, InvalidCode};
use crate::store::StoreError;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// Something that the caller can put right: shown as `userErrors`.
    #[error("refused: {}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Invalid>),
    /// A fault of ours or of the database: shown as a code and a request id only.
    #[error(transparent)]
    Store(StoreError),
}

impl ActionError {
    /// One problem with the value at `field`.
    pub fn refused(field: &str, code: InvalidCode, message: impl Into<String>) -> Self {
        Self::Refused(vec![Invalid::new(field, code, message)])
    }

    /// The object does not exist or is not for the actor to see: the two look the same.
    pub fn not_found(field: &str, what: &str) -> Self {
        Self::refused(field, InvalidCode::NotFound, format!("there is no such {what}"))
    }

    /// The object has another version than the caller expected.
    pub fn conflict(field: &str, expected: i64, found: i64) -> Self {
        let message = format!("changed meanwhile: expected version {expected}, found {found}, read it again");
        Self::refused(field, InvalidCode::Conflict, message)
    }
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::refused("", InvalidCode::Conflict, "changed by somebody else at the same moment, read it again")
            }
            other => Self::Store(other),
        }
    }
}

impl From<Invalid> for ActionError {
    fn from(problem: Invalid) -> Self {
        Self::Refused(vec![problem])
    }
}

impl From<Vec<Invalid>> for ActionError {
    fn from(problems: Vec<Invalid>) -> Self {
        Self::Refused(problems)
    }
}
