//! Which of the two media types of GraphQL over HTTP an answer is written in.
//!
//! The type decides the status as well: `application/json` answers a well-formed request with 200 whatever its
//! document holds, for caches and proxies of old do not know better.

use actix_web::HttpRequest;
use actix_web::http::header::{self, Accept, Header};
use mime::Mime;

/// An answer's media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerType {
    /// `application/json`
    Json,
    /// `application/graphql-response+json`
    GraphqlResponse,
}

impl AnswerType {
    /// The value of `content-type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// The type that the request's `Accept` likes best; `None` if it accepts neither.
    ///
    /// Without the header, and for a wildcard, it is `application/json`, which every client of old understands.
    pub(super) fn negotiate(request: &HttpRequest) -> Option<Self> {
        if !request.headers().contains_key(header::ACCEPT) {
            return Some(Self::Json);
        }
        let accept = Accept::parse(request).ok()?;
        let refused =
            |mime: &Mime| accept.iter().any(|item| item.item == *mime && item.quality == header::Quality::ZERO);
        accept.ranked().iter().filter(|mime| !refused(mime)).find_map(Self::of)
    }

    fn of(mime: &Mime) -> Option<Self> {
        match (mime.type_().as_str(), mime.subtype().as_str(), mime.suffix().map(|suffix| suffix.as_str())) {
            ("application", "graphql-response", Some("json")) => Some(Self::GraphqlResponse),
            ("application", "json", None) | ("*" | "application", "*", None) => Some(Self::Json),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn negotiated(accept: &str) -> Option<AnswerType> {
        AnswerType::negotiate(&TestRequest::default().insert_header((header::ACCEPT, accept)).to_http_request())
    }

    // API-1
    #[test]
    fn the_best_liked_type_wins_and_wildcards_mean_json() {
        use AnswerType::{GraphqlResponse, Json};
        assert_eq!(AnswerType::negotiate(&TestRequest::default().to_http_request()), Some(Json));
        for (accept, expected) in [
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json; charset=utf-8, application/json; q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json; q=0.5, application/json", Some(Json)),
            ("application/json, multipart/mixed", Some(Json)),
            ("text/html, */*; q=0.1", Some(Json)),
            ("text/html", None),
            ("application/json; q=0", None),
        ] {
            assert_eq!(negotiated(accept), expected, "{accept}");
        }
    }
}
