//! GraphQL over WebSocket: `/graphql` by the protocol `graphql-transport-ws`, as its makers describe it
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>).
//!
//! What holds for HTTP holds here: no operation without a checked credential, a counted request and the guard. Beyond that a socket is
//! a place that somebody holds, so their number is bounded, and so is what waits for a client that does not read.

mod conversation;
mod credential;
mod line;
mod operations;
mod places;
mod protocol;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::http::{Method, header};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::Executor;
use tokio::sync::watch;

use self::conversation::Conversation;
use self::line::Line;
pub use self::line::keep_line;
use self::places::{Held, Places};
use super::Endpoint;
use super::refusal::HttpRefusal;

const PROTOCOL: &str = "graphql-transport-ws";

/// How much sockets may take. The numbers hold for one server.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// Sockets that are open at one time.
    pub total: usize,
    /// Sockets that one credential has open at one time.
    pub per_credential: usize,
    /// Operations that go on at one time on one socket.
    pub operations: usize,
    /// Within this the client has said who it is.
    pub init: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// For how long a message may wait for a client that does not read.
    pub send: Duration,
    /// Origins of web pages that may open sockets, beside the server's own.
    pub origins: Vec<String>,
    /// Becomes true when the server is to stop.
    pub closing: watch::Receiver<bool>,
}

/// The sockets of one server.
pub(super) struct Sockets {
    settings: SocketSettings,
    places: Arc<Places>,
}

impl Sockets {
    pub(super) fn new(settings: SocketSettings) -> Self {
        let places = Arc::new(Places::new(settings.total, settings.per_credential));
        Self { settings, places }
    }

    /// Whether a page of the request's origin may open a socket. A browser tells the origin of each page truly, whoever sends none is
    /// no browser; without this any page could use what the browser of its visitor is let in with.
    fn check_origin(&self, request: &HttpRequest) -> Result<(), HttpRefusal> {
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(()) };
        let origin = String::from_utf8_lossy(origin.as_bytes());
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
        if is_own || self.settings.origins.iter().any(|allowed| *allowed == *origin) {
            return Ok(());
        }
        Err(HttpRefusal::Origin(origin.chars().take(200).collect()))
    }
}

/// Whether the request asks for a socket.
pub(super) fn is_asked_for(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    request.method() == Method::GET && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens a socket and talks over it until one of both ends it.
pub(super) fn open<E: Executor>(
    endpoint: &web::Data<Endpoint<E>>,
    request: &HttpRequest,
    payload: Payload,
    id: &str,
) -> Result<HttpResponse, HttpRefusal> {
    let sockets = endpoint.sockets.as_ref().ok_or(HttpRefusal::NoSockets)?;
    sockets.check_origin(request)?;
    let place = sockets.places.take().ok_or(HttpRefusal::SocketsFull { allowed: sockets.settings.total })?;
    let (response, wire, messages) = match actix_ws::handle_with_protocols(request, payload, &[PROTOCOL]) {
        Ok(opened) => opened,
        // The handshake is not one: the answer says what is missing.
        Err(error) => return Ok(error.as_response_error().error_response()),
    };
    let bytes_max = usize::try_from(endpoint.body_bytes_max).unwrap_or(usize::MAX);
    let messages = messages.max_frame_size(bytes_max).aggregate_continuations().max_continuation_size(bytes_max);
    let is_spoken = response.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let conversation =
        Conversation::new(endpoint.clone(), (wire, Line::of(request)), super::authorization(request), id);
    actix_web::rt::spawn(conversation.run(messages, is_spoken));
    Ok(response.map_body(|_, body| Held::new(body, place).boxed()))
}
