//! A GraphQL endpoint over a schema of a few fields, on a free port of the loopback: for tests of the transport,
//! which must not depend on the real schema.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{App, HttpServer};
use async_graphql::{Context, Data, Object, Schema, Subscription};
use baton::clock::{Clock, Entropy, SetClock};
use baton::domain::Timestamp;
use baton::graphql::guard::{Guarded, IdempotencyKeyHeader, Limits, RequestId, Visibility};
use baton::http::graphql::{Admitted, AuthRefusal, Endpoint, SocketSettings, keep_line};
use baton::http::playground;
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use crate::support::socket::PATIENCE;

/// When every such server begins.
const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

struct Query;

#[Object]
impl Query {
    /// Who asks.
    async fn whoami(&self, context: &Context<'_>) -> String {
        context.data_unchecked::<Actor>().0.clone()
    }

    /// The text itself.
    async fn echo(&self, text: String) -> String {
        text
    }

    /// The request's own marks.
    async fn marks(&self, context: &Context<'_>) -> Vec<String> {
        let key = context.data_opt::<IdempotencyKeyHeader>().map_or("none", |key| &key.0);
        vec![key.to_owned(), context.data_unchecked::<RequestId>().0.clone()]
    }

    /// Always fails.
    async fn broken(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(std::io::Error::other("no such table: secrets").into()))
    }

    /// Always panics.
    async fn panics(&self) -> i32 {
        "a mistake".parse().unwrap()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    /// Changes nothing.
    async fn touch(&self) -> bool {
        true
    }
}

struct Subscription;

#[Subscription]
impl Subscription {
    /// The numbers up to one, then no more.
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// Nothing, for ever.
    async fn silence(&self, context: &Context<'_>) -> impl Stream<Item = i32> {
        let going = context.data_unchecked::<Streams>().begin();
        stream::pending().take_while(move |_: &i32| going.goes_on())
    }

    /// Long texts, for ever.
    async fn flood(&self, context: &Context<'_>) -> impl Stream<Item = String> {
        let going = context.data_unchecked::<Streams>().begin();
        stream::repeat("x".repeat(64 * 1024)).take_while(move |_| going.goes_on())
    }

    /// Begins, then panics.
    async fn breaks(&self) -> impl Stream<Item = i32> {
        stream::iter(["1", "a mistake"]).map(|text| text.parse().unwrap())
    }

    /// Can't be begun.
    async fn refused(&self) -> async_graphql::Result<stream::Pending<i32>> {
        std::future::ready(Err(async_graphql::Error::new("not today"))).await
    }
}

/// Counts a server's streams that go on.
struct Streams(Arc<AtomicUsize>);

/// One of them.
struct Going(Arc<AtomicUsize>);

impl Streams {
    fn begin(&self) -> Going {
        self.0.fetch_add(1, Ordering::SeqCst);
        Going(Arc::clone(&self.0))
    }
}

impl Going {
    /// For as long as a stream asks, it goes on.
    fn goes_on(&self) -> std::future::Ready<bool> {
        std::future::ready(self.0.load(Ordering::SeqCst) > 0)
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Actor(String);

/// A running server; it stops when dropped.
pub struct TestServer {
    pub address: SocketAddr,
    /// Tells its sockets that it stops.
    pub closing: watch::Sender<bool>,
    /// What time it is there.
    pub clock: Arc<SetClock>,
    going: Arc<AtomicUsize>,
    handle: actix_web::dev::ServerHandle,
}

impl TestServer {
    /// Starts with the usual limits.
    pub fn start() -> Self {
        Self::with(Limits::default())
    }

    /// Starts with `limits`. The token `closed` may not see the schema; the token `wrong` is refused.
    pub fn with(limits: Limits) -> Self {
        Self::with_sockets(limits, |_| {})
    }

    /// Starts with `limits` and changed settings of sockets. The token `short` is good for a minute.
    pub fn with_sockets(limits: Limits, change: impl FnOnce(&mut SocketSettings)) -> Self {
        let schema = Guarded::new(Schema::build(Query, Mutation, Subscription), limits);
        let set_clock = Arc::new(SetClock::at(NOW));
        let clock = Arc::clone(&set_clock) as Arc<dyn Clock>;
        let (closing, going) = (watch::Sender::new(false), Arc::new(AtomicUsize::new(0)));
        let mut sockets = SocketSettings {
            total: 100,
            per_credential: 100,
            operations: 10,
            init: PATIENCE,
            ping: PATIENCE,
            send: PATIENCE,
            origins: Vec::new(),
            closing: closing.subscribe(),
        };
        change(&mut sockets);
        let streams = Arc::clone(&going);
        let endpoint = Endpoint::new(
            schema,
            limits,
            clock,
            Arc::new(Entropy::from_seed(1)),
            move |authorization: Option<String>| ready(admit(authorization.as_deref(), &streams)),
        );
        let endpoint = Arc::new(endpoint.with_sockets(sockets));
        let app = move || App::new().service(endpoint.resource()).service(playground::scope());
        let server = HttpServer::new(app).on_connect(keep_line).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { address, closing, clock: set_clock, going, handle }
    }

    /// How many of its streams go on.
    pub fn stream_count(&self) -> usize {
        self.going.load(Ordering::SeqCst)
    }

    /// The address of the endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn admit(authorization: Option<&str>, going: &Arc<AtomicUsize>) -> Result<Admitted, AuthRefusal> {
    let name = authorization.map_or("anonymous", |value| value.trim_start_matches("Bearer "));
    if name == "wrong" {
        return Err(AuthRefusal { message: "the token has expired: get a new one".to_owned() });
    }
    let mut data = Data::default();
    data.insert(Actor(name.to_owned()));
    data.insert(Streams(Arc::clone(going)));
    let until = (name == "short").then_some(NOW + Duration::from_mins(1));
    let visibility = if name == "closed" { Visibility::CLOSED } else { Visibility::OPEN };
    Ok(Admitted { data, credential: name.to_owned(), visibility, until })
}
