//! The messages of `graphql-transport-ws` and the codes with which a socket is closed.
//!
//! What a client sends is read strictly: whatever is no message of the protocol ends the socket with 4400 and the reason.

use actix_ws::{CloseCode, CloseReason};
use async_graphql::{Request, Response, ServerError};
use serde_json::{Map, Value, json};

use crate::http::graphql::answer::Body;
use crate::http::graphql::parameters;

/// RFC 6455, section 5.5: a control frame has 125 bytes, of which two are the code.
const REASON_BYTES_MAX: usize = 123;

/// A message of a client.
pub(super) enum Incoming {
    /// Says who it is.
    Init(Map<String, Value>),
    /// Asks whether we are there.
    Ping(Option<Value>),
    /// Says that it is there.
    Pong,
    /// Begins an operation.
    Subscribe {
        /// The client's own name for it.
        id: String,
        /// The operation.
        request: Box<Request>,
    },
    /// Ends an operation.
    Complete(String),
}

impl Incoming {
    /// Reads a message, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("the message is not JSON: {error}"))?;
        let Value::Object(mut message) = value else { return Err("the message is not a JSON object".to_owned()) };
        match message.get("type").and_then(Value::as_str) {
            Some("connection_init") => Ok(Self::Init(payload(&mut message)?.unwrap_or_default())),
            Some("ping") => Ok(Self::Ping(payload(&mut message)?.map(Value::Object))),
            Some("pong") => payload(&mut message).map(|_| Self::Pong),
            Some("subscribe") => {
                let id = id(&mut message)?;
                let payload = payload(&mut message)?.ok_or("`payload` is missing: send the operation in it")?;
                let request = parameters::from_parameters(payload).map_err(|refusal| refusal.to_string())?;
                Ok(Self::Subscribe { id, request: Box::new(request) })
            }
            Some("complete") => id(&mut message).map(Self::Complete),
            Some(other) => Err(format!("`{}` is not a type of message", other.chars().take(40).collect::<String>())),
            None => Err("`type` is missing".to_owned()),
        }
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        Some(_) => Err("`id` must be a text that is not empty".to_owned()),
        None => Err("`id` is missing".to_owned()),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, String> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err("`payload` must be a JSON object".to_owned()),
    }
}

/// `connection_ack`
pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// `pong`, with what the ping brought.
pub(super) fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// `complete`
pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// `error`: the operation was not executed, or its execution broke off. Nothing follows it.
pub(super) fn error(id: &str, errors: &[ServerError]) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

/// `next` with a result; or the errors of an operation that was refused before it was executed.
pub(super) fn next(id: &str, response: Response) -> Result<String, Vec<ServerError>> {
    let body = Body::executed(response);
    if body.data.is_none() {
        return Err(body.errors);
    }
    Ok(json!({ "id": id, "type": "next", "payload": body }).to_string())
}

/// Why a socket is closed, beyond [`CloseCode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// What came is no message of the protocol.
    BadRequest(String),
    /// An operation before the client said who it is.
    Unauthorized,
    /// The credential is not, or no longer, good.
    Forbidden(String),
    /// None of the protocols that the client speaks.
    Protocol,
    /// The client did not say in time who it is.
    InitTimeout,
    /// An operation under a name that is in use.
    SubscriberExists(String),
    /// The client said twice who it is.
    TooManyInits,
    /// The credential has as many sockets as it may have.
    TooManySockets(usize),
    /// A message is longer than allowed.
    TooLong(u64),
    /// The frames are not those of a WebSocket.
    Frames,
    /// The server stops: another one, or the next one, takes over.
    Restart,
}

impl Closing {
    /// The code, and the reason in at most as many bytes as fit.
    pub(super) fn reason(&self) -> CloseReason {
        let (code, reason) = match self {
            Self::BadRequest(reason) => (4400, reason.clone()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::Forbidden(reason) => (4403, format!("Forbidden: {reason}")),
            Self::Protocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::SubscriberExists(id) => (4409, format!("Subscriber for {id} already exists")),
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            Self::TooManySockets(allowed) => {
                (CloseCode::Again.into(), format!("this credential has {allowed} sockets open, close one first"))
            }
            Self::TooLong(allowed) => (CloseCode::Size.into(), format!("a message has at most {allowed} bytes")),
            Self::Frames => (CloseCode::Protocol.into(), "the frames can't be read".to_owned()),
            Self::Restart => (CloseCode::Restart.into(), "the server stops, connect again".to_owned()),
        };
        CloseReason { code: code.into(), description: Some(cut(&reason)) }
    }
}

/// The beginning of a text that fits, whole characters only.
fn cut(text: &str) -> String {
    let end = (0..=REASON_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-1
    #[test]
    fn what_is_no_message_of_the_protocol_is_refused_with_the_reason() {
        for (text, expected) in [
            ("", "the message is not JSON: EOF while parsing a value at line 1 column 0"),
            ("[]", "the message is not a JSON object"),
            ("{}", "`type` is missing"),
            (r#"{"type":1}"#, "`type` is missing"),
            (r#"{"type":"start"}"#, "`start` is not a type of message"),
            (r#"{"type":"ping","payload":[]}"#, "`payload` must be a JSON object"),
            (r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, "`id` is missing"),
            (r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#, "`id` must be a text that is not empty"),
            (r#"{"type":"subscribe","id":"1"}"#, "`payload` is missing: send the operation in it"),
            (r#"{"type":"subscribe","id":"1","payload":{}}"#, "`query` is missing: send the document in it"),
            (r#"{"type":"complete","id":7}"#, "`id` must be a text that is not empty"),
        ] {
            assert_eq!(Incoming::read(text).err().as_deref(), Some(expected), "{text}");
        }
        assert!(matches!(Incoming::read(r#"{"type":"ping","payload":null}"#), Ok(Incoming::Ping(None))));
    }

    // API-1
    #[test]
    fn a_reason_is_cut_to_what_a_control_frame_holds() {
        let reason = Closing::BadRequest("é".repeat(100)).reason().description.unwrap();
        assert_eq!((reason.len(), reason.chars().count()), (122, 61));
        assert_eq!(Closing::Unauthorized.reason().description.as_deref(), Some("Unauthorized"));
    }
}
