//! One socket from its opening to its end.
//!
//! ```text
//! opened ─ connection_init ─▶ acknowledged ─ subscribe ─▶ next … ─▶ complete or error
//!    │ 4408, 4401, 4403           │ 4400, 4409, 4429, 4403 when the token expires, 1012 when the server stops
//!    ▼                            ▼
//!  closed                       closed
//! ```
//!
//! One task reads, executes and sends in turn: while a message waits to be sent, nothing else is made or read.

use std::time::Duration;

use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use async_graphql::{Executor, Request};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until, timeout};

use super::credential::authorization;
use super::line::Line;
use super::operations::{Operations, Outcome};
use super::places::Seat;
use super::protocol::{self, Closing, Incoming};
use super::{SocketSettings, Sockets};
use crate::domain::Timestamp;
use crate::graphql::guard::{RequestId, Transport, fault};
use crate::http::graphql::refusal::HttpRefusal;
use crate::http::graphql::{Admitted, Endpoint};

/// Never sleeps for longer at once: a clock that was set is noticed within a minute.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// How a conversation ends.
enum End {
    /// With a word.
    Close(Closing),
    /// As the client wants it.
    Closed(Option<actix_ws::CloseReason>),
    /// The client is gone, or does not read any more.
    Gone,
}

type Step = Result<(), End>;

/// A client that was let in.
struct Client {
    authorization: Option<String>,
    credential: String,
    until: Option<Timestamp>,
    _seat: Seat,
}

/// One socket.
pub(super) struct Conversation<E> {
    endpoint: web::Data<Endpoint<E>>,
    wire: actix_ws::Session,
    line: Option<Line>,
    /// From the header of the request that opened the socket.
    authorization: Option<String>,
    request_id: String,
    request_count: u64,
    is_initialised: bool,
    client: Option<Client>,
    operations: Operations,
    ping_at: Instant,
    is_pinged: bool,
}

impl<E: Executor> Conversation<E> {
    pub(super) fn new(
        endpoint: web::Data<Endpoint<E>>,
        (wire, line): (actix_ws::Session, Option<Line>),
        authorization: Option<String>,
        request_id: &str,
    ) -> Self {
        Self {
            endpoint,
            wire,
            line,
            authorization,
            request_id: request_id.to_owned(),
            request_count: 0,
            is_initialised: false,
            client: None,
            operations: Operations::default(),
            ping_at: Instant::now(),
            is_pinged: false,
        }
    }

    /// Talks until one of both ends it. Without a protocol that both speak, it ends at once.
    pub(super) async fn run(mut self, mut messages: AggregatedMessageStream, is_spoken: bool) {
        let Some(settings) = self.endpoint.sockets.as_ref().map(|sockets| sockets.settings.clone()) else { return };
        let end = if is_spoken { self.talk(&mut messages, &settings).await } else { End::Close(Closing::Protocol) };
        // Subscriptions are not completed: a client takes a completed one for ended and would not begin it again elsewhere.
        (self.operations, self.client) = (Operations::default(), None);
        let (wire, line) = (self.wire, self.line);
        let heard = async {
            let reason = match end {
                End::Close(closing) => Some(closing.reason()),
                End::Closed(reason) => reason,
                End::Gone => return false,
            };
            // The client has heard it when it ends the connection, or lets us end it.
            let is_open = wire.close(reason).await.is_ok();
            while is_open && messages.recv().await.is_some_and(|message| message.is_ok()) {}
            true
        };
        if !timeout(settings.send, heard).await.unwrap_or(false) {
            tracing::debug!(request.id = self.request_id, "a socket's client does not read, it is hung up on");
            if let Some(line) = line {
                line.hang_up();
            }
        }
    }

    async fn talk(&mut self, messages: &mut AggregatedMessageStream, settings: &SocketSettings) -> End {
        let init_until = Instant::now() + settings.init;
        self.ping_at = Instant::now() + settings.ping;
        let mut closing = settings.closing.clone();
        loop {
            let stop = async {
                if closing.wait_for(|closing| *closing).await.is_err() {
                    // Whoever could have said it is gone, as in tests without a server to stop.
                    std::future::pending::<()>().await;
                }
            };
            let wake_at = self.wake_at();
            let step = tokio::select! {
                () = stop => Err(End::Close(Closing::Restart)),
                message = messages.recv() => self.hear(message, settings).await,
                (id, outcome) = self.operations.next() => self.tell(&id, outcome, settings).await,
                () = sleep_until(init_until), if self.client.is_none() => Err(End::Close(Closing::InitTimeout)),
                () = sleep_until(wake_at) => self.look_up(settings).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// When to ping, or to look whether the token has expired.
    fn wake_at(&self) -> Instant {
        let expires = self.client.as_ref().and_then(|client| client.until);
        let left = expires.map_or(SLEEP_MAX, |until| until.since(self.endpoint.clock.now()).min(SLEEP_MAX));
        self.ping_at.min(Instant::now() + left)
    }

    async fn look_up(&mut self, settings: &SocketSettings) -> Step {
        self.check_time()?;
        if Instant::now() < self.ping_at {
            return Ok(());
        }
        if self.is_pinged {
            return Err(End::Gone);
        }
        self.is_pinged = true;
        self.ping_at = Instant::now() + settings.ping;
        sent(timeout(settings.send, self.wire.ping(b"")).await)
    }

    /// Whether the token is still good.
    fn check_time(&self) -> Step {
        match self.client.as_ref().and_then(|client| client.until) {
            Some(until) if self.endpoint.clock.now() >= until => {
                Err(forbidden("the token has expired, connect again with a new one"))
            }
            _ => Ok(()),
        }
    }

    async fn hear(
        &mut self,
        message: Option<Result<AggregatedMessage, ProtocolError>>,
        settings: &SocketSettings,
    ) -> Step {
        self.is_pinged = false;
        self.check_time()?;
        let too_long = || End::Close(Closing::TooLong(self.endpoint.body_bytes_max));
        match message {
            Some(Ok(AggregatedMessage::Text(text))) => {
                let incoming = Incoming::read(&text).map_err(|reason| End::Close(Closing::BadRequest(reason)))?;
                self.answer(incoming, settings).await
            }
            Some(Ok(AggregatedMessage::Binary(_))) => {
                Err(End::Close(Closing::BadRequest("a message is JSON as text, not binary".to_owned())))
            }
            Some(Ok(AggregatedMessage::Ping(bytes))) => sent(timeout(settings.send, self.wire.pong(&bytes)).await),
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Close(reason))) => Err(End::Closed(reason)),
            // The library tells a continued message that is too long by an error of input and output of this kind alone.
            Some(Err(ProtocolError::Overflow)) => Err(too_long()),
            Some(Err(ProtocolError::Io(error))) if error.kind() == std::io::ErrorKind::Other => Err(too_long()),
            Some(Err(ProtocolError::Io(_))) | None => Err(End::Gone),
            Some(Err(_)) => Err(End::Close(Closing::Frames)),
        }
    }

    async fn answer(&mut self, incoming: Incoming, settings: &SocketSettings) -> Step {
        match incoming {
            Incoming::Init(payload) => self.init(&payload, settings).await,
            Incoming::Ping(payload) => self.send(protocol::pong(payload), settings).await,
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { id, request } => self.subscribe(id, *request, settings).await,
            Incoming::Complete(id) => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    async fn init(&mut self, payload: &Map<String, Value>, settings: &SocketSettings) -> Step {
        if std::mem::replace(&mut self.is_initialised, true) {
            return Err(End::Close(Closing::TooManyInits));
        }
        let authorization = authorization(payload).or_else(|| self.authorization.take());
        let admitted = self.admit(authorization.clone()).await?;
        let sockets: Option<&Sockets> = self.endpoint.sockets.as_ref();
        let seat = sockets.map(|sockets| sockets.places.sit(&admitted.credential)).ok_or(End::Gone)?;
        let seat = seat.map_err(|allowed| End::Close(Closing::TooManySockets(allowed)))?;
        let (credential, until) = (admitted.credential, admitted.until);
        self.client = Some(Client { authorization, credential, until, _seat: seat });
        self.send(protocol::ack(), settings).await
    }

    /// Checks the credential; each operation anew, for it may have been withdrawn.
    async fn admit(&self, authorization: Option<String>) -> Result<Admitted, End> {
        (self.endpoint.admit)(authorization).await.map_err(|refusal| forbidden(&refusal.message))
    }

    async fn subscribe(&mut self, id: String, request: Request, settings: &SocketSettings) -> Step {
        let Some(client) = &self.client else { return Err(End::Close(Closing::Unauthorized)) };
        if self.operations.contains(&id) {
            return Err(End::Close(Closing::SubscriberExists(id)));
        }
        let refusal = if self.operations.len() >= settings.operations {
            Err(HttpRefusal::TooManyOperations { allowed: settings.operations })
        } else {
            self.endpoint.rate.check(&client.credential).map_err(HttpRefusal::from)
        };
        let authorization = client.authorization.clone();
        let request_id = self.next_request_id();
        if let Err(refusal) = refusal {
            return self.send(protocol::error(&id, &[refusal.error(&request_id)]), settings).await;
        }
        let admitted = self.admit(authorization).await?;
        let mut request = request;
        request.data = admitted.data;
        let request = request.data(Transport::Socket).data(admitted.visibility).data(RequestId(request_id));
        let responses = self.endpoint.executor.execute_stream(request, None);
        self.operations.add(id, responses);
        Ok(())
    }

    fn next_request_id(&mut self) -> String {
        self.request_count += 1;
        format!("{}-{}", self.request_id, self.request_count)
    }

    async fn tell(&mut self, id: &str, outcome: Outcome, settings: &SocketSettings) -> Step {
        self.check_time()?;
        let (message, is_over) = match outcome {
            Outcome::Response(response) => match protocol::next(id, *response) {
                Ok(next) => (next, false),
                Err(errors) => (protocol::error(id, &errors), true),
            },
            Outcome::Panicked => {
                tracing::error!(request.id = self.request_id, "a resolver panicked");
                (protocol::error(id, &[fault(&self.request_id)]), true)
            }
            Outcome::Over => (protocol::complete(id), true),
        };
        if is_over {
            self.operations.end(id);
        }
        self.send(message, settings).await
    }

    async fn send(&mut self, text: String, settings: &SocketSettings) -> Step {
        sent(timeout(settings.send, self.wire.text(text)).await)
    }
}

fn forbidden(reason: &str) -> End {
    End::Close(Closing::Forbidden(reason.to_owned()))
}

/// Whoever does not take a message in time, is gone as far as we are concerned.
fn sent(result: Result<Result<(), actix_ws::Closed>, tokio::time::error::Elapsed>) -> Step {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => {
            tracing::debug!("a socket's client does not read, it is let go");
            Err(End::Gone)
        }
    }
}
