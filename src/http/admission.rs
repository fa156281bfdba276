//! Who asks: the bearer of a good token; for `/graphql` with a session of its own.
//!
//! What is wrong with a token is told to whoever sent it; the token itself is never shown or logged.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::graphql::{Admitted, AuthRefusal};
use crate::app::App;
use crate::auth::Proof;
use crate::config::Visibility as Audience;
use crate::domain::{Actor, Role};
use crate::graphql::Session;
use crate::graphql::guard::Visibility;

/// A session for what stands in `authorization`, or why not.
pub(super) fn admit(app: &App, authorization: Option<&str>) -> Result<Admitted, AuthRefusal> {
    let Proof { actor, until } = proof(app, authorization)?;
    let limits = &app.config.limits;
    let visibility = Visibility {
        introspection: is_for(limits.introspection, &actor),
        suggestions: is_for(limits.suggestions, &actor),
    };
    let credential = actor.credential();
    let data = Session::data(actor, app.actions.clone(), app.cursors.clone(), app.live.clone());
    Ok(Admitted { data, credential, visibility, until: Some(until) })
}

/// Whose credential a request carries, or why it carries none.
pub(super) fn caller(app: &App, request: &HttpRequest) -> Result<Actor, AuthRefusal> {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    Ok(proof(app, authorization)?.actor)
}

fn proof(app: &App, authorization: Option<&str>) -> Result<Proof, AuthRefusal> {
    let refuse = |message: &str| AuthRefusal { message: message.to_owned() };
    let given =
        authorization.ok_or_else(|| refuse("no credential: send the header `authorization: Bearer <token>`"))?;
    let token = bearer(given).ok_or_else(|| refuse("the header `authorization` has the form `Bearer <token>`"))?;
    app.authenticator.prove(token).map_err(|error| refuse(&error.to_string()))
}

/// The scheme's name has no case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Nobody gets here without a token, so `everyone` is whoever has one.
fn is_for(audience: Audience, actor: &Actor) -> bool {
    match audience {
        Audience::Everyone | Audience::Authenticated => true,
        Audience::Admins => actor.role == Role::Admin,
        Audience::Nobody => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // AUTH-1
    #[test]
    fn a_token_stands_behind_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for header in ["abc", "Basic abc", "Bearer", "Bearer  "] {
            assert_eq!(bearer(header), None, "{header}");
        }
    }
}
