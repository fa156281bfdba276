//! The server that the benches of GraphQL ask, with its usual settings but no limit of requests.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use baton::app::{App, Outside, SchemaPolicy};
use baton::clock::{Clock, Entropy, SystemClock};
use baton::config::Config;
use serde_json::{Value, json};

use super::network::admin;

pub const PREPARE: &str = "mutation($selection: LeadSelection!, $told: NotifyNewOwner! = NONE) {
    prepareReassignment(input: { selection: $selection, target: { nearest: true }, notifyNewOwner: $told }) {
        operation { id } userErrors { message } } }";
pub const RUN: &str = "mutation($id: ID!) { runOperation(input: { operationId: $id }) { userErrors { message } } }";
const STATE: &str = "query($id: ID!) { operation(id: $id) { state changeCount } }";

/// A server that works, too, and whoever asks it.
#[derive(Clone)]
pub struct Server {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Server {
    pub async fn start(url: &str) -> Self {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = [
            set("BATON_DATABASE__URL", url),
            set("BATON_AUTH__SECRET", "a secret of the bench, 32 bytes or more"),
            set("BATON_SECRETS__KEY", "a key of the bench, 32 bytes or more"),
            set("BATON_LIMITS__REQUESTS_PER_MINUTE", "100000000"),
        ];
        let config = Config::load(None, variables).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let actor = admin();
        let token = baton::auth::issue_token(&config.auth, &actor, clock.now(), Duration::from_hours(1)).unwrap();
        let outside = Outside { clock, entropy: Arc::new(Entropy::from_os()), mailbox: None };
        let app = Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(baton::http::server(&app, listener).unwrap());
        tokio::spawn(async move { Box::pin(app.worker.run(app.closing.subscribe())).await });
        Self { http: reqwest::Client::new(), url: format!("http://{address}/graphql"), token }
    }

    /// The answer as it came.
    pub async fn fetch(&self, query: &str, variables: &Value) -> Bytes {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.http.post(&self.url).bearer_auth(&self.token).json(&body).send().await.unwrap();
        answer.bytes().await.unwrap()
    }

    /// The answer's data; fails at an error.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer: Value = serde_json::from_slice(&self.fetch(query, &variables).await).unwrap();
        assert!(answer["errors"].is_null(), "{answer:#}");
        answer["data"].take()
    }

    /// Waits until an operation has come to a state.
    pub async fn until(&self, id: &str, state: &str) -> Value {
        let mut beat = tokio::time::interval(Duration::from_millis(200));
        loop {
            beat.tick().await;
            let found = self.ask(STATE, json!({ "id": id })).await["operation"].take();
            if found["state"] == state {
                return found;
            }
            assert!(["PREPARING", "RUNNING"].iter().any(|open| found["state"] == *open), "{found}");
        }
    }
}
