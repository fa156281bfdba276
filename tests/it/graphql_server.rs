//! A GraphQL endpoint over a schema of a few fields, on a free port of the loopback: for tests of the transport,
//! which must not depend on the real schema.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpServer};
use async_graphql::{Context, Data, EmptySubscription, Object, Schema};
use baton::clock::{Entropy, SetClock};
use baton::domain::Timestamp;
use baton::graphql::guard::{Guard, IdempotencyKeyHeader, Limits, RequestId, Visibility};
use baton::http::graphql::{Admitted, AuthRefusal, Endpoint};
use baton::http::playground;

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

struct Actor(String);

/// A running server; it stops when dropped.
pub struct TestServer {
    pub address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl TestServer {
    /// Starts with the usual limits.
    pub fn start() -> Self {
        Self::with(Limits::default())
    }

    /// Starts with `limits`. The token `closed` may not see the schema; the token `wrong` is refused.
    pub fn with(limits: Limits) -> Self {
        let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Guard::new(limits)).finish();
        let clock = Arc::new(SetClock::at(Timestamp::from_micros(1_000_000_000)));
        let endpoint = Arc::new(Endpoint::new(schema, limits, clock, Arc::new(Entropy::from_seed(1)), |request| {
            ready(admit(&request))
        }));
        let app = move || App::new().service(endpoint.resource()).service(playground::scope());
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { address, handle }
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

fn admit(request: &HttpRequest) -> Result<Admitted, AuthRefusal> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let name = header.map_or("anonymous", |value| value.trim_start_matches("Bearer "));
    if name == "wrong" {
        return Err(AuthRefusal { message: "the token has expired: get a new one".to_owned() });
    }
    let mut data = Data::default();
    data.insert(Actor(name.to_owned()));
    let visibility = if name == "closed" { Visibility::CLOSED } else { Visibility::OPEN };
    Ok(Admitted { data, credential: name.to_owned(), visibility })
}
