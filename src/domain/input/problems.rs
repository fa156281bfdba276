//! Collects problems while a value is being built, so that all of them are named at once.

use crate::domain::{Invalid, InvalidCode};

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Invalid>);

impl Problems {
    /// One more problem.
    pub fn add(&mut self, field: &str, code: InvalidCode, message: impl Into<String>) {
        self.0.push(Invalid::new(field, code, message));
    }

    /// The value, or nothing and one more problem.
    pub fn keep<T>(&mut self, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Puts what was given in its place; a problem leaves the place as it was.
    pub fn set<T>(&mut self, place: &mut T, given: Option<Result<T, Invalid>>) {
        if let Some(value) = given.and_then(|parsed| self.keep(parsed)) {
            *place = value;
        }
    }

    /// Several problems at once.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Invalid>) {
        self.0.extend(problems);
    }

    /// The value if nothing was wrong with it.
    pub fn done<T>(self, value: T) -> Result<T, Vec<Invalid>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
