//! Ids as they come in: a wrong one in a query is null, in a mutation a problem with its place.

use std::str::FromStr;

use async_graphql::ID;

use crate::domain::id::IdError;
use crate::domain::{Invalid, InvalidCode};

/// The id, or nothing: what is no id of this kind looks like an object that does not exist.
pub fn parse_or_null<Id: FromStr<Err = IdError>>(id: &ID) -> Option<Id> {
    id.parse().ok()
}

/// The id, or a problem with the value at `field`.
pub fn parse<Id: FromStr<Err = IdError>>(field: &str, id: &ID) -> Result<Id, Invalid> {
    id.parse().map_err(|error: IdError| Invalid::new(field, InvalidCode::Malformed, error.to_string()))
}

/// Several ids; the first wrong one is the problem.
pub fn parse_all<Id: FromStr<Err = IdError>>(field: &str, ids: &[ID]) -> Result<Vec<Id>, Invalid> {
    let place = |(index, id): (usize, &ID)| {
        id.parse().map_err(|error: IdError| {
            Invalid::new(&index.to_string(), InvalidCode::Malformed, error.to_string()).under(field)
        })
    };
    ids.iter().enumerate().map(place).collect()
}

/// An optional id.
pub fn parse_optional<Id: FromStr<Err = IdError>>(field: &str, id: Option<&ID>) -> Result<Option<Id>, Invalid> {
    id.map(|id| parse(field, id)).transpose()
}
