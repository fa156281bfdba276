//! GraphQL over HTTP: `/graphql` by GET and POST, as the specification has it
//! (<https://graphql.github.io/graphql-over-http/draft/>); and over WebSocket at the same address ([`socket`]).
//!
//! It knows neither users nor types: the application's closure says who asks, the schema what is answered. Nothing
//! may reach the schema without a checked credential, a counted request and a bounded body, and no panic of a
//! resolver may leave a client without an answer.

mod accept;
mod answer;
mod idempotency;
mod parameters;
mod refusal;
mod socket;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse, Resource};
use async_graphql::{Data, Executor, Request, Response};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use self::accept::AnswerType;
use self::answer::Answer;
pub use self::refusal::AuthRefusal;
use self::refusal::HttpRefusal;
use self::socket::Sockets;
pub use self::socket::{SocketSettings, keep_line};
use crate::clock::{Clock, Entropy};
use crate::domain::Timestamp;
use crate::graphql::guard::{Limits, RequestId, Transport, Visibility};
use crate::http::body::body;
use crate::http::rate::Rate;
use crate::http::request_id::request_id;

/// What the application says of a request whose credential is good.
pub struct Admitted {
    /// What resolvers find in their context: the actor and what belongs to the request.
    pub data: Data,
    /// What requests are counted by; one credential, one name.
    pub credential: String,
    /// How much of the schema the caller may see.
    pub visibility: Visibility,
    /// From when on the credential is good no more; none if it always is. Ends a socket.
    pub until: Option<Timestamp>,
}

/// Given what stands in the header `authorization`, or in its place where there are no headers.
type Admit = dyn Fn(Option<String>) -> LocalBoxFuture<'static, Result<Admitted, AuthRefusal>> + Send + Sync;

/// All that the route needs; one for the whole server, in a [`web::Data`].
pub struct Endpoint<E> {
    executor: E,
    admit: Box<Admit>,
    body_bytes_max: u64,
    rate: Arc<Rate>,
    clock: Arc<dyn Clock>,
    entropy: Arc<Entropy>,
    sockets: Option<Sockets>,
}

impl<E: Executor> Endpoint<E> {
    /// An endpoint that executes with `executor` what `admit` lets in.
    ///
    /// `executor` has to be [`Guarded`](crate::graphql::guard::Guarded) by the same limits.
    pub fn new<F>(
        executor: E,
        limits: Limits,
        clock: Arc<dyn Clock>,
        entropy: Arc<Entropy>,
        admit: impl Fn(Option<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Admitted, AuthRefusal>> + 'static,
    {
        Self {
            executor,
            admit: Box::new(move |authorization| admit(authorization).boxed_local()),
            body_bytes_max: limits.body_bytes,
            rate: Arc::new(Rate::new(limits.requests_per_minute, Arc::clone(&clock))),
            clock,
            entropy,
            sockets: None,
        }
    }

    /// Serves sockets too.
    #[must_use]
    pub fn with_sockets(mut self, settings: SocketSettings) -> Self {
        self.sockets = Some(Sockets::new(settings));
        self
    }

    /// The route, `/graphql` with every method.
    pub fn resource(self: &Arc<Self>) -> Resource {
        web::resource("/graphql").app_data(web::Data::from(Arc::clone(self))).to(serve::<E>)
    }

    /// What counts the requests of each credential, for other routes to count by as well.
    pub fn rate(&self) -> Arc<Rate> {
        Arc::clone(&self.rate)
    }

    /// Reads the request; whatever is wrong with it is a refusal.
    async fn read(&self, request: &HttpRequest, payload: Payload, id: &str) -> Result<Request, HttpRefusal> {
        let transport = match *request.method() {
            Method::GET => Transport::Get,
            Method::POST => Transport::Post,
            ref other => return Err(HttpRefusal::Method(other.to_string())),
        };
        let admitted = (self.admit)(authorization(request)).await;
        let admitted = admitted.map_err(|refusal| HttpRefusal::Unauthenticated(refusal.message))?;
        self.rate.check(&admitted.credential)?;
        let idempotency_key = idempotency::key(request)?;
        let mut read = if transport == Transport::Get {
            parameters::from_query_string(request.query_string())?
        } else {
            parameters::check_content_type(request)?;
            parameters::from_body(&body(request, payload, self.body_bytes_max).await?)?
        };
        read.data = admitted.data;
        read = read.data(transport).data(admitted.visibility).data(RequestId(id.to_owned()));
        Ok(match idempotency_key {
            Some(key) => read.data(key),
            None => read,
        })
    }

    /// Executes the request; a panic on the way is a fault.
    async fn execute(&self, request: Request, id: &str) -> Result<Response, HttpRefusal> {
        // Unwind safe: what a resolver shares beyond its request sits behind locks that survive a panic.
        AssertUnwindSafe(self.executor.execute(request)).catch_unwind().await.map_err(|_| {
            tracing::error!(request.id = id, "a resolver panicked");
            HttpRefusal::Fault
        })
    }
}

/// What stands in the header `authorization`.
fn authorization(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

async fn serve<E: Executor>(endpoint: web::Data<Endpoint<E>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let id = request_id(&request, &endpoint.entropy);
    if socket::is_asked_for(&request) {
        let opened = socket::open(&endpoint, &request, payload, &id);
        return opened.unwrap_or_else(|refusal| Answer::refused(&refusal, &id).write(AnswerType::Json, &id));
    }
    let Some(answer_type) = AnswerType::negotiate(&request) else {
        return Answer::refused(&HttpRefusal::NotAcceptable, &id).write(AnswerType::Json, &id);
    };
    let answer = match endpoint.read(&request, payload, &id).await {
        Ok(read) => match endpoint.execute(read, &id).await {
            Ok(response) => Answer::executed(response),
            Err(refusal) => Answer::refused(&refusal, &id),
        },
        Err(refusal) => Answer::refused(&refusal, &id),
    };
    answer.write(answer_type, &id)
}
