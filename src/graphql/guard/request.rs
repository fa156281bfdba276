//! What a transport tells the schema about one request, as typed request data.
//!
//! A transport puts these into `async_graphql::Request::data`; nothing here reads a header or a socket itself.

use async_graphql::parser::types::OperationType;

use super::Refusal;

/// How the request came, which decides the operations that it may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP GET: queries only, for a link or an image on a foreign page can cause one.
    Get,
    /// HTTP POST: queries and mutations.
    Post,
    /// A WebSocket: everything.
    Socket,
}

impl Transport {
    /// Refuses an operation that this transport does not carry.
    pub(super) fn check(self, operation: OperationType) -> Result<(), Refusal> {
        match (self, operation) {
            (Self::Socket, _) | (_, OperationType::Query) | (Self::Post, OperationType::Mutation) => Ok(()),
            (Self::Get, OperationType::Mutation) => {
                Err(Refusal::Transport { operation: "mutation", transport: "by GET", advice: "send it by POST" })
            }
            (Self::Get | Self::Post, OperationType::Subscription) => Err(Refusal::Transport {
                operation: "subscription",
                transport: "by HTTP",
                advice: "open a WebSocket with the protocol `graphql-transport-ws`",
            }),
        }
    }
}

/// How much of the schema the caller may see through errors and introspection. Absent means all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visibility {
    /// Whether `__schema` and `__type` answer.
    pub introspection: bool,
    /// Whether validation errors suggest names ("Did you mean …").
    pub suggestions: bool,
}

impl Visibility {
    /// Everything is shown.
    pub const OPEN: Self = Self { introspection: true, suggestions: true };
    /// Nothing beyond what the caller already knows.
    pub const CLOSED: Self = Self { introspection: false, suggestions: false };
}

/// The request's id: in the answer's `x-request-id`, in the log, and in a fault's `extensions.requestId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The `Idempotency-Key` header: the same key with the same input makes the same change once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKeyHeader(pub String);
