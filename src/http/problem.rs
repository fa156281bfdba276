//! A refusal of a route that is not GraphQL: a status, a code for machines, a sentence for people, as
//! `application/problem+json` (RFC 9457).

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::BodyRefusal;
use super::graphql::AuthRefusal;
use super::rate::TooFast;
use super::request_id::REQUEST_ID_HEADER;
use crate::actions::ActionError;
use crate::domain::{Invalid, InvalidCode};
use crate::store::StoreError;

/// Why a request was refused.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    retry_after_seconds: Option<u64>,
    fault: Option<Box<StoreError>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (detail, more) = (detail.into(), Map::new());
        Self { status, code, detail, more, retry_after_seconds: None, fault: None }
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.more.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// A body of a type or encoding that the route does not read.
    pub(super) fn media_type(expected: &str) -> Self {
        let detail = format!("a body of this type is not read here: send {expected}, without `content-encoding`");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail)
    }

    /// As the answer to the request of this id. A fault is logged here, and shown as an id only.
    pub(super) fn answer(self, request_id: &str) -> HttpResponse {
        if let Some(fault) = &self.fault {
            tracing::error!(request.id = request_id, error = %fault, "fault");
        }
        let mut body = self.more;
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("title".to_owned(), self.status.canonical_reason().unwrap_or_default().into());
        body.insert("code".to_owned(), self.code.into());
        body.insert("detail".to_owned(), self.detail.into());
        body.insert("requestId".to_owned(), request_id.into());
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((REQUEST_ID_HEADER, request_id));
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        answer.body(Value::Object(body).to_string())
    }
}

impl From<AuthRefusal> for Problem {
    fn from(refusal: AuthRefusal) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", refusal.message)
    }
}

impl From<TooFast> for Problem {
    fn from(refusal: TooFast) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "LIMIT_EXCEEDED", refusal.to_string());
        Self { retry_after_seconds: Some(refusal.retry_after_seconds), ..problem }
    }
}

impl From<BodyRefusal> for Problem {
    fn from(refusal: BodyRefusal) -> Self {
        match refusal {
            BodyRefusal::TooLarge { allowed, found } => {
                let detail = format!("the body has {found} bytes or more, at most {allowed} are allowed");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", detail).with("allowed", allowed)
            }
            BodyRefusal::CutOff => {
                let detail = "the body was cut off before its end: send it again";
                Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", detail)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(fault: StoreError) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the server failed");
        Self { fault: Some(Box::new(fault)), ..problem }
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(fault) => fault.into(),
            ActionError::Refused(problems) => {
                let detail = problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ");
                let has = |code| problems.iter().any(|problem: &Invalid| problem.code == code);
                if has(InvalidCode::Forbidden) {
                    Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", detail)
                } else if has(InvalidCode::NotFound) {
                    Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail)
                } else {
                    Self::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_INPUT", detail)
                }
            }
        }
    }
}
