//! What a mutation answers: the object, or the problems that the caller can put right.

use async_graphql::{Enum, SimpleObject};

use crate::actions::ActionError;
use crate::domain::Invalid;
use crate::rules::typed::camel_case;

/// What kind of problem a user error is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::InvalidCode")]
pub enum UserErrorCode {
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
    /// The object does not exist, or you may not see it.
    NotFound,
    /// The object has changed since the version that you named.
    Conflict,
    /// The object is used by others and can't be removed or changed.
    InUse,
    /// The object's state does not allow this.
    WrongState,
    /// Your role does not allow this.
    Forbidden,
    /// The idempotency key was used with other content.
    KeyReused,
    /// An expression does not parse or check.
    Expression,
}

/// A problem that the caller can put right; nothing was changed.
#[derive(SimpleObject, Clone)]
pub struct UserError {
    /// Where in `input` the value stands, outermost name first; empty for the input as a whole.
    path: Vec<String>,
    /// What kind of problem it is.
    code: UserErrorCode,
    /// What is wrong and what to do, for people.
    message: String,
}

impl From<Invalid> for UserError {
    fn from(problem: Invalid) -> Self {
        // Paths are told in the names of the API, whatever the code calls its fields; below `custom` stand keys that the tenant chose.
        let keys_from = problem.path.iter().position(|name| name == "custom").map_or(usize::MAX, |custom| custom + 1);
        let shown = |(index, name): (usize, &String)| if index < keys_from { camel_case(name) } else { name.clone() };
        let path = problem.path.iter().enumerate().map(shown).collect();
        Self { path, code: problem.code.into(), message: problem.message }
    }
}

/// Splits an action's end into its outcome or its user errors; a fault stays an error.
pub fn split<T>(result: Result<T, ActionError>) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(outcome) => Ok((Some(outcome), Vec::new())),
        Err(ActionError::Refused(problems)) => Ok((None, problems.into_iter().map(UserError::from).collect())),
        Err(ActionError::Store(error)) => Err(error.into()),
    }
}
