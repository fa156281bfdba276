//! Writes an answer: its status, its headers, its body.
//!
//! A request that was never executed has no `data` entry, for `data: null` means an execution that failed.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

use super::accept::AnswerType;
use super::refusal::HttpRefusal;
use crate::graphql::guard::ErrorCode;
use crate::http::request_id::REQUEST_ID_HEADER;

/// An answer about to be written.
pub(super) struct Answer {
    body: Body,
    /// The status, where the media type does not decide it.
    status: Option<StatusCode>,
    /// The methods to use instead.
    allow: Option<&'static str>,
    retry_after_seconds: Option<u64>,
}

/// Errors first: whoever reads it sees them at once.
#[derive(Serialize)]
pub(super) struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<ServerError>,
    /// None if nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: BTreeMap<String, Value>,
}

impl Body {
    /// The answer of the schema, executed or refused before.
    pub(super) fn executed(response: Response) -> Self {
        // An error of execution has a path; only a request that never got there has none at all.
        let unexecuted = response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
        let data = if unexecuted { None } else { Some(response.data) };
        Self { errors: response.errors, data, extensions: response.extensions }
    }
}

impl Answer {
    /// The answer to a request that was not a GraphQL one.
    pub(super) fn refused(refusal: &HttpRefusal, request_id: &str) -> Self {
        let retry_after_seconds = match refusal {
            HttpRefusal::TooFast(refusal) => Some(refusal.retry_after_seconds),
            _ => None,
        };
        let allow = matches!(refusal, HttpRefusal::Method(_)).then_some("GET, POST");
        let body = Body { errors: vec![refusal.error(request_id)], data: None, extensions: BTreeMap::new() };
        Self { body, status: Some(refusal.status()), allow, retry_after_seconds }
    }

    /// The answer of the schema, executed or refused before.
    pub(super) fn executed(response: Response) -> Self {
        let by_get = response.errors.iter().any(|error| ErrorCode::MethodNotAllowed.marks(error));
        let status = by_get.then_some(StatusCode::METHOD_NOT_ALLOWED);
        Self { body: Body::executed(response), status, allow: by_get.then_some("POST"), retry_after_seconds: None }
    }

    /// Writes the answer in the type that the client accepts.
    pub(super) fn write(self, answer_type: AnswerType, request_id: &str) -> HttpResponse {
        let status = self.status.unwrap_or(match (answer_type, &self.body.data) {
            (AnswerType::GraphqlResponse, None) => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        });
        let mut response = HttpResponse::build(status);
        response
            .insert_header((header::CONTENT_TYPE, answer_type.content_type()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REQUEST_ID_HEADER, request_id));
        if let Some(methods) = self.allow {
            response.insert_header((header::ALLOW, methods));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            // What is left of the body stays unread, so the connection can't carry another request.
            response.force_close();
        }
        match serde_json::to_vec(&self.body) {
            Ok(body) => response.body(body),
            Err(error) => {
                tracing::error!(request.id = request_id, error = %error, "an answer could not be written as JSON");
                response.status(StatusCode::INTERNAL_SERVER_ERROR).finish()
            }
        }
    }
}
