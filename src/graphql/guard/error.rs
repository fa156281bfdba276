//! Why a request was refused before or around execution, as clients see it at the top level of an answer.
//!
//! What a user can cause inside an operation (a name that is taken, a stale version) is never here: that is
//! `userErrors` of the payload.

use async_graphql::{ErrorExtensionValues, Pos, ServerError};

use super::limits::{Limit, sentence};

/// The value of `extensions.code` of a top-level error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is not one of GraphQL over HTTP: its JSON, its parameters or a header.
    BadRequest,
    /// The document does not follow GraphQL's grammar.
    Syntax,
    /// The document does not fit the schema.
    Validation,
    /// A value given for an argument or a variable has the wrong form.
    BadInput,
    /// One of the named limits is exceeded; `extensions.limit` says which.
    LimitExceeded,
    /// Introspection is not open to this caller.
    IntrospectionDisabled,
    /// The operation's kind does not go over this transport.
    MethodNotAllowed,
    /// No type of answer that the caller accepts.
    NotAcceptable,
    /// The body's type is not JSON.
    UnsupportedMediaType,
    /// The credential is missing or not valid.
    Unauthenticated,
    /// The actor may not ask this.
    Forbidden,
    /// The server failed; `extensions.requestId` finds it in the log.
    Internal,
}

impl ErrorCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Syntax => "SYNTAX",
            Self::Validation => "VALIDATION",
            Self::BadInput => "BAD_INPUT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Internal => "INTERNAL",
        }
    }

    /// Puts the code into an error's `extensions`.
    pub fn mark(self, error: &mut ServerError) {
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", self.as_str());
    }

    /// Whether the error carries this code.
    pub fn marks(self, error: &ServerError) -> bool {
        code_of(error) == Some(self.as_str())
    }
}

/// The code that an error carries, if any.
pub(super) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        async_graphql::Value::Enum(code) => Some(code.as_str()),
        _ => None,
    }
}

/// Why the guard refused a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More than a limit allows.
    #[error("{}", sentence(*.limit, *.allowed, *.found))]
    Limit {
        /// Which limit.
        limit: Limit,
        /// The number that is allowed.
        allowed: u64,
        /// The number that was found.
        found: u64,
    },
    /// The text does not parse.
    #[error("{message}")]
    Syntax {
        /// What was expected; never the line itself.
        message: String,
        /// Where.
        at: Option<Pos>,
    },
    /// A fragment spreads itself, directly or through others.
    #[error("the fragment `{name}` spreads itself: take the spread out of it")]
    FragmentCycle {
        /// The fragment's name.
        name: String,
        /// Where it is spread.
        at: Pos,
    },
    /// `__schema` or `__type` by a caller who may not see the schema.
    #[error("introspection is not open here: ask the operator, or use the published schema")]
    IntrospectionDisabled {
        /// Where it was asked for.
        at: Pos,
    },
    /// A subscription with several fields at its root, or with a fragment there.
    #[error("a subscription has exactly one field at its root, not in a fragment: send one subscription for each")]
    SubscriptionRoot {
        /// Where the operation is.
        at: Pos,
    },
    /// A mutation or subscription over a transport that does not carry it.
    #[error("a {operation} can't be sent {transport}: {advice}")]
    Transport {
        /// `mutation` or `subscription`.
        operation: &'static str,
        /// Where it came from, as it reads in the sentence.
        transport: &'static str,
        /// What to use instead.
        advice: &'static str,
    },
}

impl Refusal {
    /// The code for `extensions.code`.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Limit { .. } => ErrorCode::LimitExceeded,
            Self::Syntax { .. } => ErrorCode::Syntax,
            Self::FragmentCycle { .. } | Self::SubscriptionRoot { .. } => ErrorCode::Validation,
            Self::IntrospectionDisabled { .. } => ErrorCode::IntrospectionDisabled,
            Self::Transport { .. } => ErrorCode::MethodNotAllowed,
        }
    }

    fn at(&self) -> Option<Pos> {
        match self {
            Self::Syntax { at, .. } => *at,
            Self::FragmentCycle { at, .. } | Self::SubscriptionRoot { at } | Self::IntrospectionDisabled { at } => {
                Some(*at)
            }
            Self::Limit { .. } | Self::Transport { .. } => None,
        }
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let mut error = ServerError::new(refusal.to_string(), refusal.at());
        refusal.code().mark(&mut error);
        if let Refusal::Limit { limit, allowed, found } = refusal {
            let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
            extensions.set("limit", limit.name());
            extensions.set("allowed", allowed);
            extensions.set("found", found);
        }
        error
    }
}
