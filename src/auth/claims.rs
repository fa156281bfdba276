//! What stands in a token, and the actor that it makes. A claim that is there but wrong is refused, never ignored.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::TokenError;
use crate::domain::{Actor, Invalid, Timestamp};

/// The claims of a token that we issue; what we read is the same set.
#[derive(Serialize)]
pub(super) struct Issued<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) sub: &'a str,
    pub(super) name: &'a str,
    pub(super) tenant: String,
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dealer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company: Option<String>,
}

/// The claims of a token whose signature, issuer and audience are right. Kept as JSON, so that each wrong one is named.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Refuses a token outside its time: valid from `nbf` on and until just before `exp`, both widened by `leeway`. Answers when that ends.
    pub(super) fn check_time(&self, now: Timestamp, leeway: Duration) -> Result<Timestamp, TokenError> {
        let until = self.moment("exp")?.ok_or_else(|| missing("exp"))? + leeway;
        if now >= until {
            return Err(TokenError::Expired);
        }
        match self.moment("nbf")? {
            Some(begins) if now + leeway < begins => Err(TokenError::NotYetValid),
            _ => Ok(until),
        }
    }

    /// The actor that the claims describe.
    pub(super) fn actor(&self) -> Result<Actor, TokenError> {
        let subject = self.text("sub")?.ok_or_else(|| missing("sub"))?;
        let actor = Actor {
            tenant: self.parsed("tenant")?.ok_or_else(|| missing("tenant"))?,
            subject: subject.to_owned(),
            name: self.text("name")?.unwrap_or(subject).to_owned(),
            role: self.parsed("role")?.ok_or_else(|| missing("role"))?,
            user: self.parsed("user")?,
            dealer: self.parsed("dealer")?,
            source: self.text("source")?.map(str::to_owned),
            company: self.parsed("company")?,
        };
        actor.checked().map_err(|Invalid { path, message, .. }| {
            let claim = path.into_iter().next().unwrap_or_default();
            let claim = if claim == "subject" { "sub".to_owned() } else { claim };
            TokenError::Claim { claim, problem: message }
        })
    }

    fn text(&self, claim: &str) -> Result<Option<&str>, TokenError> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(claim, "it must be a text")),
        }
    }

    fn parsed<T: std::str::FromStr>(&self, claim: &str) -> Result<Option<T>, TokenError> {
        // The parser's own message quotes the claim's value, which stays here.
        let parse = |text: &str| text.parse().map_err(|_| wrong(claim, "its value is not one that exists here"));
        self.text(claim)?.map(parse).transpose()
    }

    /// Seconds since 1970, perhaps with a fraction (RFC 7519 section 2, NumericDate).
    fn moment(&self, claim: &str) -> Result<Option<Timestamp>, TokenError> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (0.0..1e11).contains(seconds));
        let seconds = seconds.ok_or_else(|| wrong(claim, "it must be seconds since 1970"))?;
        Ok(Some(Timestamp::from_micros((seconds * 1e6).round() as i64)))
    }
}

fn missing(claim: &str) -> TokenError {
    TokenError::Missing { claim: claim.to_owned() }
}

fn wrong(claim: &str, problem: &str) -> TokenError {
    TokenError::Claim { claim: claim.to_owned(), problem: problem.to_owned() }
}
