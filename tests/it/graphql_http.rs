//! The GraphQL endpoint from outside: statuses, headers, limits, and what it says of bad input.

use actix_web::rt::net::TcpStream;
use baton::graphql::guard::Limits;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::graphql_server::TestServer;

struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn extension(&self, name: &str) -> &Value {
        &self.body["errors"][0]["extensions"][name]
    }

    fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap_or_default()
    }
}

async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}"));
    Answer { status, headers, body }
}

fn post(server: &TestServer, body: &Value) -> RequestBuilder {
    Client::new().post(server.url()).json(body).header("accept", "application/graphql-response+json")
}

async fn query(server: &TestServer, document: &str) -> Answer {
    send(post(server, &json!({ "query": document }))).await
}

// API-1, API-5
#[actix_web::test]
async fn an_answer_tells_its_cost_and_carries_the_request_id_and_no_cache_keeps_it() {
    let server = TestServer::start();
    let answer = send(post(&server, &json!({ "query": "{ whoami }" })).bearer_auth("jo")).await;
    assert_eq!((answer.status, &answer.body["data"]["whoami"]), (StatusCode::OK, &json!("jo")));
    assert_eq!(answer.body["extensions"]["cost"], json!({ "requested": 0, "maximum": 5_000 }));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-request-id").len(), 32);
    let named = send(post(&server, &json!({ "query": "{ marks }" })).header("x-request-id", "proxy-7")).await;
    assert_eq!((named.header("x-request-id"), &named.body["data"]["marks"][1]), ("proxy-7", &json!("proxy-7")));
    let evil = send(post(&server, &json!({ "query": "{ marks }" })).header("x-request-id", "a b")).await;
    assert_eq!(evil.header("x-request-id").len(), 32);
}

// API-1
#[actix_web::test]
async fn get_carries_queries_only_and_other_methods_are_named() {
    let server = TestServer::start();
    let get = |document: &str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("query", document).finish();
        Client::new().get(format!("{}?{query}", server.url()))
    };
    let answer = send(get("{ echo(text: \"é\") }")).await;
    assert_eq!((answer.status, &answer.body["data"]["echo"]), (StatusCode::OK, &json!("é")));
    let answer = send(get("mutation { touch }")).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(answer.message(), "a mutation can't be sent by GET: send it by POST");
    let answer = send(Client::new().request(Method::PUT, server.url())).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"));
    assert_eq!(answer.extension("code"), "METHOD_NOT_ALLOWED");
}

// API-1
#[actix_web::test]
async fn types_that_are_not_understood_are_refused() {
    let server = TestServer::start();
    let typed = |content_type: &str| {
        Client::new().post(server.url()).header("content-type", content_type).body("{\"query\": \"{ whoami }\"}")
    };
    for refused in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
        assert_eq!(send(typed(refused)).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{refused}");
    }
    let answer = send(typed("application/json").header("content-encoding", "gzip")).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let answer = send(typed("application/json").header("accept", "text/html")).await;
    assert_eq!((answer.status, answer.extension("code")), (StatusCode::NOT_ACCEPTABLE, &json!("NOT_ACCEPTABLE")));
}

// AUTH-1
#[actix_web::test]
async fn a_bad_credential_is_401_in_the_form_of_a_graphql_answer() {
    let server = TestServer::start();
    let answer = send(post(&server, &json!({ "query": "{ whoami }" })).bearer_auth("wrong")).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert_eq!(answer.message(), "the token has expired: get a new one");
    assert_eq!((answer.extension("code"), answer.body.get("data")), (&json!("UNAUTHENTICATED"), None));
}

// API-5
#[actix_web::test]
async fn a_body_above_its_limit_is_413_with_both_numbers_whether_or_not_it_announces_its_length() {
    let server = TestServer::start();
    for megabytes in [1, 10] {
        let body = json!({ "query": "{ whoami }", "variables": { "x": "x".repeat(megabytes << 20) } });
        let answer = send(post(&server, &body)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!((answer.extension("limit"), answer.extension("allowed")), (&json!("BODY_BYTES"), &json!(102_400)));
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    stream.write_all(format!("{}0\r\n\r\n", chunk.repeat(2)).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("\"limit\":\"BODY_BYTES\""), "{answer}");
}

// API-5
#[actix_web::test]
async fn each_refused_document_names_its_limit() {
    let server = TestServer::start();
    let deep = |levels: usize| format!("{}whoami{}", "{ a ".repeat(levels), " }".repeat(levels));
    for (document, limit) in [
        (deep(13), "DEPTH"),
        (format!("{{ {} }}", "a: whoami ".repeat(31)), "ALIASES"),
        (format!("{{ {} }}", "whoami ".repeat(21)), "ROOT_FIELDS"),
        (format!("{{ echo(text: {}) }}", "[".repeat(2_000)), "NESTING"),
        ("{ a(first: 5001) { b } }".to_owned(), "COST"),
        (format!("{{ a(first: 2501) {{ {} }} }}", "b ".repeat(40)), "FIELDS"),
    ] {
        let answer = query(&server, &document).await;
        assert_eq!((answer.status, answer.extension("limit")), (StatusCode::BAD_REQUEST, &json!(limit)), "{limit}");
        assert_eq!(answer.extension("code"), "LIMIT_EXCEEDED");
        assert!(answer.extension("found").as_u64() > answer.extension("allowed").as_u64());
    }
}

// API-5
#[actix_web::test]
async fn a_credential_above_its_rate_waits() {
    let server = TestServer::with(Limits { requests_per_minute: 2, ..Limits::default() });
    for _ in 0..2 {
        assert_eq!(query(&server, "{ whoami }").await.status, StatusCode::OK);
    }
    let answer = query(&server, "{ whoami }").await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "30"));
    assert_eq!((answer.extension("limit"), answer.extension("allowed")), (&json!("RATE"), &json!(2)));
    let other = send(post(&server, &json!({ "query": "{ whoami }" })).bearer_auth("jo")).await;
    assert_eq!(other.status, StatusCode::OK);
}

// API-3
#[actix_web::test]
async fn a_fault_shows_its_code_and_the_request_id_and_a_panic_does_not_end_the_worker() {
    let server = TestServer::start();
    let answer = query(&server, "{ broken whoami }").await;
    assert_eq!((answer.status, &answer.body["data"]["whoami"]), (StatusCode::OK, &json!("anonymous")));
    assert_eq!(answer.extension("requestId"), answer.header("x-request-id"));
    assert!(!answer.body.to_string().contains("secrets"));
    let answer = query(&server, "{ panics }").await;
    assert_eq!((answer.status, answer.extension("code")), (StatusCode::INTERNAL_SERVER_ERROR, &json!("INTERNAL")));
    assert_eq!(answer.extension("requestId"), answer.header("x-request-id"));
    assert_eq!(query(&server, "{ whoami }").await.status, StatusCode::OK);
}

// API-5
#[actix_web::test]
async fn suggestions_and_introspection_are_kept_from_whom_they_are_closed_to() {
    let server = TestServer::start();
    let ask = |document: &str| send(post(&server, &json!({ "query": document })).bearer_auth("closed"));
    assert!(query(&server, "{ whoam }").await.message().contains("Did you mean"));
    let answer = ask("{ whoam }").await;
    assert_eq!((answer.extension("code"), answer.message().contains("whoami")), (&json!("VALIDATION"), false));
    assert_eq!(ask("{ __schema { types { name } } }").await.extension("code"), "INTROSPECTION_DISABLED");
}

// BULK-8
#[actix_web::test]
async fn the_idempotency_key_reaches_the_resolver_or_is_refused() {
    let server = TestServer::start();
    let with = |key: &str| send(post(&server, &json!({ "query": "{ marks }" })).header("idempotency-key", key));
    assert_eq!(with("\"8e03\"").await.body["data"]["marks"][0], "8e03");
    assert_eq!(query(&server, "{ marks }").await.body["data"]["marks"][0], "none");
    assert_eq!(with("\"8e03").await.status, StatusCode::BAD_REQUEST);
}

// API-1
#[actix_web::test]
async fn bytes_that_are_no_request_get_an_answer_in_the_form_of_graphql() {
    let server = TestServer::start();
    let raw = |body: &'static [u8]| {
        send(Client::new().post(server.url()).header("content-type", "application/json").body(body))
    };
    for body in [&b"\xff\xfe{}"[..], b"{\"query\": \"{ whoami }\"", b"[]", b"\"x\"", b"null", b"", b"\0"] {
        let answer = raw(body).await;
        assert_eq!((answer.status, answer.extension("code")), (StatusCode::BAD_REQUEST, &json!("BAD_REQUEST")));
    }
}
