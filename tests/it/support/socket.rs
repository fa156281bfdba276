//! A WebSocket client that is not ours: it speaks `graphql-transport-ws` message by message, and waits for no time to pass.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// An open socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came over a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Message(Value),
    /// The code and the reason.
    Closed(u16, String),
    /// Without a word.
    Gone,
}

impl Socket {
    /// Opens one; the status if it is refused.
    pub async fn try_open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.unwrap() {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one that speaks the protocol.
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Opens one and says who it is.
    pub async fn of(address: SocketAddr, token: &str) -> Self {
        let mut socket = Self::open(address).await;
        socket.init(token).await;
        socket
    }

    /// Says who it is, and is let in.
    pub async fn init(&mut self, token: &str) {
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.hear().await, Heard::Message(json!({ "type": "connection_ack" })));
    }

    pub async fn send(&mut self, message: Value) {
        self.send_frame(Message::text(message.to_string())).await;
    }

    pub async fn send_frame(&mut self, frame: Message) {
        timeout(PATIENCE, self.0.send(frame)).await.unwrap().unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub async fn complete(&mut self, id: &str) {
        self.send(json!({ "id": id, "type": "complete" })).await;
    }

    /// The next message, or how the socket ended.
    pub async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.hear_on()).await.expect("something should have come by now")
    }

    /// Waits for a ping of the server's, which is answered.
    pub async fn pinged(&mut self) {
        match timeout(PATIENCE, self.0.next()).await.unwrap() {
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("{other:?}"),
        }
    }

    async fn hear_on(&mut self) -> Heard {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Heard::Gone,
            }
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The data of the next result of an operation.
    pub async fn next_of(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message:#}");
        assert!(message["payload"]["errors"].is_null(), "{message:#}");
        message["payload"]["data"].take()
    }

    /// The errors with which an operation ends.
    pub async fn error_of(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("error")), "{message:#}");
        message["payload"].take()
    }

    /// An operation ends.
    pub async fn completed(&mut self, id: &str) {
        assert_eq!(self.message().await, json!({ "id": id, "type": "complete" }));
    }

    /// How the socket ended; nothing else may come before.
    pub async fn closed(&mut self) -> (u16, String) {
        match self.hear().await {
            Heard::Closed(code, reason) => (code, reason),
            other => panic!("{other:?}"),
        }
    }
}

/// Waits for something that another task brings about.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let look = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        while !is_so() {
            ticks.tick().await;
        }
    };
    timeout(PATIENCE, look).await.expect("it should have happened by now");
}
