//! Whose request it is: a signed token becomes an [`Actor`](crate::domain::Actor), or is refused with the reason.
//!
//! A token, a key and a claim's value are never shown or logged. The time comes from the clock that is handed in.

mod claims;
mod error;
mod issue;
mod keys;
mod verify;

pub use error::{AuthError, TokenError};
pub use issue::issue_token;
pub use verify::{Authenticator, Proof};

#[cfg(test)]
mod tests;
