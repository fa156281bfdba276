//! A [`TestApp`] over HTTP: its real server on a free port of the loopback, asked as browsers and programs ask.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use baton::app::App;
use baton::domain::Actor;
use serde_json::{Value, json};

use super::app::TestApp;

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    handle: ServerHandle,
}

/// What came back for a page.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl TestServer {
    /// Serves `app` until it is stopped or the test's runtime ends.
    pub fn start(app: &Arc<App>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let running = baton::http::server(app, listener).unwrap();
        let handle = running.handle();
        tokio::spawn(running);
        Self { address, handle }
    }

    /// Answers what is under way, then no more.
    pub async fn stop(&self) {
        self.handle.stop(true).await;
    }

    /// A GraphQL request with a token; the whole answer.
    pub async fn graphql(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let url = format!("http://{}/graphql", self.address);
        let answer = client().post(url).bearer_auth(token).json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Opens a path, as a browser does, but follows no redirect.
    pub async fn get(&self, path: &str) -> Page {
        Page::of(client().get(self.url(path)).send().await.unwrap()).await
    }

    /// Asks for a path's headers alone.
    pub async fn head(&self, path: &str) -> Page {
        Page::of(client().head(self.url(path)).send().await.unwrap()).await
    }

    /// Sends a form, as a browser does, but follows no redirect.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form = client()
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        Page::of(form.send().await.unwrap()).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Page {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestApp {
    /// The app's server, started when it is first asked for.
    pub fn server(&self) -> &TestServer {
        self.server.get_or_init(|| TestServer::start(&self.app))
    }

    /// A GraphQL request by `actor`; its `data`. Fails on any top-level error: see [`TestApp::graphql_answer`] for those.
    pub async fn graphql(&self, actor: &Actor, query: &str, variables: Value) -> Value {
        let mut answer = self.graphql_answer(actor, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{:#}", answer["errors"]);
        answer["data"].take()
    }

    /// A GraphQL request by `actor`; the whole answer.
    pub async fn graphql_answer(&self, actor: &Actor, query: &str, variables: Value) -> Value {
        self.server().graphql(&self.token(actor), query, variables).await
    }

    /// Opens a path.
    pub async fn get(&self, path: &str) -> Page {
        self.server().get(path).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.server().post(path, fields).await
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
