//! Why keys can't be used, and why a token is refused. Neither ever holds the token or a key.

use std::path::PathBuf;

use crate::domain::Invalid;

/// The server's own part is not in order.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No token could ever be believed.
    #[error(
        "no token can be checked: set `BATON_AUTH__SECRET` (HS256), or `auth.jwks_file` or `auth.jwks_url` and their \
         algorithms"
    )]
    NoKeys,
    /// The key set's file can't be read.
    #[error("can't read the key set `{}`, named by `auth.jwks_file`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not a JSON Web Key Set.
    #[error("the key set is not a JSON Web Key Set (RFC 7517): {problem}")]
    NotAKeySet {
        /// Where it is wrong; the keys are public, so this may be shown.
        problem: String,
    },
    /// One key of the set can't be used.
    #[error("key `{kid}` of the key set {problem}")]
    Key {
        /// Its id, or its number in the set.
        kid: String,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// A development token needs the shared secret.
    #[error("a token can only be issued with a shared secret, set `BATON_AUTH__SECRET` and allow HS256")]
    NoSecret,
    /// The token to be issued would be refused.
    #[error("no token is issued")]
    Actor(#[from] Invalid),
    /// The cryptographic library failed.
    #[error("the token can't be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// A token was refused. The wording goes to whoever sent it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nobody needs a token this long.
    #[error("the token has {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not three parts of base64url, or not JSON in them.
    #[error("the token is not a signed JWT, send three parts separated by dots")]
    Malformed,
    /// `none`, or another algorithm outside the list.
    #[error("the token's algorithm is not allowed, sign with one of {allowed}")]
    Algorithm {
        /// What is allowed.
        allowed: String,
    },
    /// The header asks for something that is not understood, and says that it must be (RFC 7515 section 4.1.11).
    #[error("the token's header has `crit`, which is not supported")]
    Critical,
    /// No `kid`, or one of no known key.
    #[error("the token's `kid` names no known key for its algorithm, fetch a new token")]
    UnknownKey,
    /// Signed by someone else, or changed since.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing.
    #[error("the token has no `{claim}`")]
    Missing {
        /// The claim.
        claim: String,
    },
    /// A claim has the wrong form or does not fit the role.
    #[error("the token's `{claim}` is wrong: {problem}")]
    Claim {
        /// The claim.
        claim: String,
        /// What is wrong.
        problem: String,
    },
    /// From another issuer.
    #[error("the token's `iss` is not the issuer expected here")]
    Issuer,
    /// Meant for another service.
    #[error("the token's `aud` does not name this service")]
    Audience,
    /// Over.
    #[error("the token has expired, fetch a new one")]
    Expired,
    /// Not begun.
    #[error("the token is not valid yet, compare the clocks")]
    NotYetValid,
}
