//! Why an HTTP request never became a GraphQL one: its status, its code, its sentence.
//!
//! Every refusal has the form of a GraphQL answer, so that a client needs one way of reading errors.

use actix_web::http::StatusCode;
use async_graphql::ServerError;

use crate::graphql::guard::{ErrorCode, Limit, Refusal, fault};
use crate::http::body::BodyRefusal;
use crate::http::rate::TooFast;

/// What the application's check of the credential says when it says no. `message` is shown to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRefusal {
    /// What is wrong with the credential and what to do.
    pub message: String,
}

/// Why a request was refused before its document was looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HttpRefusal {
    #[error("`{0}` is not a method of this address: use GET for queries, POST for everything")]
    Method(String),
    #[error(
        "no acceptable type of answer: accept `application/graphql-response+json` or `application/json` in the \
         header `accept`"
    )]
    NotAcceptable,
    #[error(
        "the body has no type that is understood here: send JSON in UTF-8 with the header \
         `content-type: application/json`"
    )]
    ContentType,
    #[error("a compressed body is not understood here: send it without `content-encoding`")]
    ContentEncoding,
    #[error("{0}")]
    Unauthenticated(String),
    #[error("{}", Refusal::Limit { limit: Limit::BodyBytes, allowed: *.allowed, found: *.found })]
    BodyTooLarge { allowed: u64, found: u64 },
    #[error(transparent)]
    TooFast(#[from] TooFast),
    #[error("the body was cut off before its end: send it again")]
    BodyCutOff,
    #[error("the body is empty: send a JSON object with the document in `query`")]
    EmptyBody,
    #[error("the {part} is not text in UTF-8: the byte at position {at} is wrong")]
    NotUtf8 { part: &'static str, at: usize },
    #[error("the {part} is not JSON: {reason}")]
    NotJson { part: &'static str, reason: String },
    #[error("a list of requests is not understood here: send one request, with several root fields if need be")]
    Batch,
    #[error("the body is {0}: send a JSON object with the document in `query`")]
    NotAnObject(&'static str),
    #[error("`query` is missing: send the document in it")]
    NoQuery,
    #[error("`{parameter}` is {found}: send {expected}")]
    Parameter { parameter: &'static str, found: &'static str, expected: &'static str },
    #[error("pages of `{0}` may not open sockets here: the operator lists origins in `sockets.origins`")]
    Origin(String),
    #[error("sockets are not served here")]
    NoSockets,
    #[error("all {allowed} sockets of this server are taken: try again later")]
    SocketsFull { allowed: usize },
    #[error("{allowed} operations go on over this socket: complete one first, or open another socket")]
    TooManyOperations { allowed: usize },
    #[error("the header `Idempotency-Key` {0}")]
    IdempotencyKey(&'static str),
    #[error("the server failed")]
    Fault,
}

impl From<BodyRefusal> for HttpRefusal {
    fn from(refusal: BodyRefusal) -> Self {
        match refusal {
            BodyRefusal::TooLarge { allowed, found } => Self::BodyTooLarge { allowed, found },
            BodyRefusal::CutOff => Self::BodyCutOff,
        }
    }
}

impl HttpRefusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::NoSockets => StatusCode::NOT_IMPLEMENTED,
            Self::SocketsFull { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Method(_) => ErrorCode::MethodNotAllowed,
            Self::NotAcceptable => ErrorCode::NotAcceptable,
            Self::ContentType | Self::ContentEncoding => ErrorCode::UnsupportedMediaType,
            Self::Unauthenticated(_) => ErrorCode::Unauthenticated,
            Self::Origin(_) => ErrorCode::Forbidden,
            Self::BodyTooLarge { .. }
            | Self::TooFast(_)
            | Self::SocketsFull { .. }
            | Self::TooManyOperations { .. } => ErrorCode::LimitExceeded,
            Self::Fault => ErrorCode::Internal,
            _ => ErrorCode::BadRequest,
        }
    }

    /// The refusal as an error of a GraphQL answer.
    pub(super) fn error(&self, request_id: &str) -> ServerError {
        let mut error = match *self {
            Self::Fault => return fault(request_id),
            Self::BodyTooLarge { allowed, found } => {
                return Refusal::Limit { limit: Limit::BodyBytes, allowed, found }.into();
            }
            _ => ServerError::new(self.to_string(), None),
        };
        self.code().mark(&mut error);
        if let (Self::TooFast(TooFast { allowed, retry_after_seconds }), Some(extensions)) =
            (self, &mut error.extensions)
        {
            extensions.set("limit", Limit::Rate.name());
            extensions.set("allowed", *allowed);
            extensions.set("retryAfterSeconds", *retry_after_seconds);
        }
        error
    }
}
