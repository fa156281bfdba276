//! Makes tokens for development and for machines of one's own, signed with the shared secret. People's logins come from an
//! identity provider, not from here.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::ExposeSecret;

use super::claims::Issued;
use super::error::AuthError;
use crate::config::{Algorithm, Auth};
use crate::domain::{Actor, Timestamp};

/// A token that proves `actor` from `now` on for `lifetime`.
pub fn issue_token(config: &Auth, actor: &Actor, now: Timestamp, lifetime: Duration) -> Result<String, AuthError> {
    let allowed = config.algorithms.contains(&Algorithm::HS256);
    let secret = config.secret.as_ref().filter(|_| allowed).ok_or(AuthError::NoSecret)?;
    let actor = actor.clone().checked()?;
    let seconds = |moment: Timestamp| moment.micros().div_euclid(1_000_000);
    let claims = Issued {
        iss: &config.issuer,
        aud: &config.audience,
        iat: seconds(now),
        exp: seconds(now + lifetime),
        sub: &actor.subject,
        name: &actor.name,
        tenant: actor.tenant.to_string(),
        role: actor.role.as_str(),
        user: actor.user.map(|id| id.to_string()),
        dealer: actor.dealer.map(|id| id.to_string()),
        source: actor.source.as_deref(),
        company: actor.company.map(|id| id.to_string()),
    };
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    encode(&Header::default(), &claims, &key).map_err(AuthError::Signing)
}
