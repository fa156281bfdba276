//! The protocol `graphql-transport-ws` from outside: each message, each code of closing, each limit (SPEC API-1, API-5).

use std::time::Duration;

use baton::graphql::guard::Limits;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::graphql_server::TestServer;
use crate::support::socket::{Heard, Socket, until};

fn init() -> Value {
    json!({ "type": "connection_init" })
}

fn silence(id: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": "subscription { silence }" } })
}

// API-1
#[actix_web::test]
async fn what_breaks_the_protocol_closes_the_socket_with_its_code() {
    let server = TestServer::start();
    let scripts: [(&[Value], u16, &str); 9] = [
        (&[json!("no object")], 4400, "the message is not a JSON object"),
        (&[json!({ "type": "start" })], 4400, "`start` is not a type of message"),
        (&[init(), json!({ "type": "subscribe", "id": "1" })], 4400, "`payload` is missing: send the operation in it"),
        (&[json!({ "type": "connection_init", "payload": 7 })], 4400, "`payload` must be a JSON object"),
        (&[silence("1")], 4401, "Unauthorized"),
        (
            &[json!({ "type": "connection_init", "payload": { "authorization": "Bearer wrong" } })],
            4403,
            "Forbidden: the token has expired: get a new one",
        ),
        (&[init(), silence("one"), silence("one")], 4409, "Subscriber for one already exists"),
        (&[init(), init()], 4429, "Too many initialisation requests"),
        (
            &[init(), json!({ "type": "ping", "payload": { "long": "x".repeat(110_000) } })],
            1009,
            "a message has at most 102400 bytes",
        ),
    ];
    for (messages, code, reason) in scripts {
        let mut socket = Socket::open(server.address).await;
        for message in messages {
            socket.send(message.clone()).await;
        }
        let mut heard = socket.hear().await;
        if heard == Heard::Message(json!({ "type": "connection_ack" })) {
            heard = socket.hear().await;
        }
        assert_eq!(heard, Heard::Closed(code, reason.to_owned()));
    }
    until(|| server.stream_count() == 0).await;
    let mut socket = Socket::open(server.address).await;
    socket.send_frame(Message::text("{")).await;
    assert_eq!(socket.closed().await.0, 4400);
    let mut socket = Socket::open(server.address).await;
    socket.send_frame(Message::binary(b"{}".to_vec())).await;
    assert_eq!(socket.closed().await, (4400, "a message is JSON as text, not binary".to_owned()));
}

// API-1
#[actix_web::test]
async fn whoever_speaks_another_protocol_or_none_is_told_so() {
    let server = TestServer::start();
    let mut none = Socket::try_open(server.address, &[]).await.unwrap();
    assert_eq!(none.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
    let several = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
    let mut socket = Socket::try_open(server.address, &several).await.unwrap();
    socket.init("ada").await;
}

// API-1
#[actix_web::test]
async fn whoever_does_not_say_in_time_who_it_is_is_let_go() {
    let server = TestServer::with_sockets(Limits::default(), |sockets| sockets.init = Duration::from_millis(30));
    let mut socket = Socket::open(server.address).await;
    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".to_owned()));
    let mut socket = Socket::of(server.address, "ada").await;
    socket.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
}

// API-1
#[actix_web::test]
async fn a_ping_is_answered_at_any_time_and_a_pong_needs_no_ping() {
    let server = TestServer::start();
    let mut socket = Socket::open(server.address).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
    socket.init("ada").await;
    socket.send(json!({ "type": "pong", "payload": { "a": 1 } })).await;
    socket.send(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong", "payload": { "a": 1 } }));
}

// API-1
#[actix_web::test]
async fn queries_mutations_and_subscriptions_are_answered_by_next_and_complete() {
    let server = TestServer::start();
    let mut socket = Socket::of(server.address, "ada").await;
    socket.subscribe("q", "query($text: String!) { echo(text: $text) whoami }", json!({ "text": "é" })).await;
    assert_eq!(socket.next_of("q").await, json!({ "echo": "é", "whoami": "ada" }));
    socket.completed("q").await;
    socket.subscribe("q", "mutation { touch }", json!({})).await;
    assert_eq!(socket.next_of("q").await, json!({ "touch": true }));
    socket.completed("q").await;
    socket.subscribe("s", "subscription { count(to: 3) }", json!({})).await;
    for number in 1..=3 {
        assert_eq!(socket.next_of("s").await, json!({ "count": number }));
    }
    socket.completed("s").await;
    // An error of execution is a result.
    socket.subscribe("e", "{ broken }", json!({})).await;
    let message = socket.message().await;
    assert_eq!((&message["type"], &message["payload"]["data"]), (&json!("next"), &json!({ "broken": null })));
    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "INTERNAL", "{message:#}");
    assert!(!message.to_string().contains("secrets"), "{message:#}");
    socket.completed("e").await;
    socket.subscribe("r", "subscription { refused }", json!({})).await;
    let message = socket.message().await;
    assert_eq!((&message["type"], &message["payload"]["data"]), (&json!("next"), &json!(null)), "{message:#}");
    socket.completed("r").await;
}

// API-1, API-5
#[actix_web::test]
async fn an_operation_that_is_refused_gets_one_error_message_and_the_socket_goes_on() {
    let server = TestServer::with(Limits { depth: 3, ..Limits::default() });
    let mut socket = Socket::of(server.address, "closed").await;
    for (query, code) in [
        ("{ whoam }", "VALIDATION"),
        ("{", "SYNTAX"),
        ("{ __schema { types { fields { name } } } }", "INTROSPECTION_DISABLED"),
        ("subscription { a: silence b: silence }", "VALIDATION"),
        ("subscription { ... on Subscription { silence } }", "VALIDATION"),
        ("subscription { ...f } fragment f on Subscription { silence }", "VALIDATION"),
        (&format!("{{ echo(text: {}1{}) }}", "[".repeat(200), "]".repeat(200)), "LIMIT_EXCEEDED"),
        (&format!("{{ {} }}", (0..31).map(|n| format!("a{n}: whoami ")).collect::<String>()), "LIMIT_EXCEEDED"),
    ] {
        socket.subscribe("1", query, json!({})).await;
        let errors = socket.error_of("1").await;
        assert_eq!(errors[0]["extensions"]["code"], code, "{query}: {errors:#}");
    }
    socket.subscribe("1", "{ whoami }", json!({})).await;
    assert_eq!(socket.next_of("1").await, json!({ "whoami": "closed" }));
    socket.completed("1").await;
}

// API-1
#[actix_web::test]
async fn a_panic_ends_its_operation_with_a_fault_and_the_socket_goes_on() {
    let server = TestServer::start();
    let mut socket = Socket::of(server.address, "ada").await;
    socket.subscribe("1", "subscription { breaks }", json!({})).await;
    assert_eq!(socket.next_of("1").await, json!({ "breaks": 1 }));
    let errors = socket.error_of("1").await;
    assert_eq!(errors[0]["extensions"]["code"], "INTERNAL");
    assert!(errors[0]["extensions"]["requestId"].is_string(), "{errors:#}");
    socket.subscribe("1", "{ panics }", json!({})).await;
    assert_eq!(socket.error_of("1").await[0]["extensions"]["code"], "INTERNAL");
    socket.subscribe("1", "{ whoami }", json!({})).await;
    socket.next_of("1").await;
}

// API-1
#[actix_web::test]
async fn a_client_that_completes_hears_nothing_more_and_may_use_the_name_again() {
    let server = TestServer::start();
    let mut socket = Socket::of(server.address, "ada").await;
    socket.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
    socket.complete("1").await;
    until(|| server.stream_count() == 0).await;
    socket.complete("unknown").await;
    socket.subscribe("1", "subscription { count(to: 1) }", json!({})).await;
    assert_eq!(socket.next_of("1").await, json!({ "count": 1 }));
    socket.completed("1").await;
    // A client that goes without a word takes its operations with it.
    socket.send(silence("2")).await;
    until(|| server.stream_count() == 1).await;
    drop(socket);
    until(|| server.stream_count() == 0).await;
}

// API-1, AUTH-1
#[actix_web::test]
async fn a_credential_comes_in_the_payload_or_in_the_header_and_its_end_ends_the_socket() {
    let server = TestServer::start();
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", "Bearer by-header")];
    let mut socket = Socket::try_open(server.address, &headers).await.unwrap();
    socket.send(init()).await;
    socket.message().await;
    socket.subscribe("1", "{ whoami }", json!({})).await;
    assert_eq!(socket.next_of("1").await, json!({ "whoami": "by-header" }));
    let mut socket = Socket::try_open(server.address, &headers).await.unwrap();
    socket.init("by-payload").await;
    socket.subscribe("1", "{ whoami }", json!({})).await;
    assert_eq!(socket.next_of("1").await, json!({ "whoami": "by-payload" }));

    let mut short = Socket::of(server.address, "short").await;
    short.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
    server.clock.advance(Duration::from_secs(59));
    short.send(json!({ "type": "ping" })).await;
    assert_eq!(short.message().await, json!({ "type": "pong" }));
    server.clock.advance(Duration::from_secs(1));
    short.send(json!({ "type": "ping" })).await;
    let reason = "Forbidden: the token has expired, connect again with a new one";
    assert_eq!(short.closed().await, (4403, reason.to_owned()));
    until(|| server.stream_count() == 0).await;
}

// API-1, AUTH-1
#[actix_web::test]
async fn the_end_of_a_token_ends_a_socket_on_which_nothing_happens() {
    let server = TestServer::start();
    server.clock.advance(Duration::from_millis(59_950));
    let mut socket = Socket::of(server.address, "short").await;
    // The clock stands: the socket looks after fifty milliseconds, and again and again until it has moved on.
    server.clock.advance(Duration::from_millis(50));
    assert_eq!(socket.closed().await.0, 4403);
}

// API-5
#[actix_web::test]
async fn each_limit_of_sockets_is_told_to_whoever_meets_it() {
    let server = TestServer::with_sockets(Limits { requests_per_minute: 4, ..Limits::default() }, |sockets| {
        (sockets.total, sockets.per_credential, sockets.operations) = (3, 1, 2);
    });
    let mut ada = Socket::of(server.address, "ada").await;
    let mut second = Socket::open(server.address).await;
    second.send(json!({ "type": "connection_init", "payload": { "token": "ada" } })).await;
    assert_eq!(second.closed().await, (1013, "this credential has 1 sockets open, close one first".to_owned()));
    drop(second);
    for id in ["1", "2"] {
        ada.send(silence(id)).await;
    }
    ada.subscribe("3", "{ whoami }", json!({})).await;
    let errors = ada.error_of("3").await;
    assert_eq!(errors[0]["extensions"]["code"], "LIMIT_EXCEEDED");
    assert!(errors[0]["message"].as_str().unwrap().starts_with("2 operations go on over this socket"), "{errors:#}");
    ada.complete("1").await;
    ada.complete("2").await;
    for _ in 0..2 {
        ada.subscribe("3", "{ whoami }", json!({})).await;
        ada.next_of("3").await;
        ada.completed("3").await;
    }
    ada.subscribe("3", "{ whoami }", json!({})).await;
    let errors = ada.error_of("3").await;
    assert_eq!(errors[0]["extensions"]["limit"], "RATE", "{errors:#}");

    let mut others = Vec::new();
    let full = loop {
        match Socket::try_open(server.address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await {
            Ok(socket) => others.push(socket),
            Err(status) => break status,
        }
    };
    assert!((1..=2).contains(&others.len()), "{} beside the first", others.len());
    assert_eq!(full, 503);
    drop(others);
    drop(ada);
    // Places are given back.
    let again = async {
        while Socket::try_open(server.address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.is_err() {}
    };
    tokio::time::timeout(crate::support::socket::PATIENCE, again).await.unwrap();
}

// API-1
#[actix_web::test]
async fn pages_of_other_origins_open_no_socket_unless_they_are_listed() {
    let server = TestServer::with_sockets(Limits::default(), |sockets| {
        sockets.origins = vec!["https://console.example.com".to_owned()];
    });
    let own = format!("http://{}", server.address);
    for (origin, expected) in [
        (own.as_str(), None),
        ("https://console.example.com", None),
        ("https://evil.example.com", Some(403)),
        ("https://console.example.com.evil.example.com", Some(403)),
        ("http://console.example.com", Some(403)),
        ("null", Some(403)),
    ] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        assert_eq!(Socket::try_open(server.address, &headers).await.err(), expected, "{origin}");
    }
}

// API-7
#[actix_web::test]
async fn a_client_that_does_not_read_is_let_go_and_what_it_followed_ends() {
    let server = TestServer::with_sockets(Limits::default(), |sockets| {
        (sockets.send, sockets.total) = (Duration::from_millis(100), 1);
    });
    let mut socket = Socket::of(server.address, "ada").await;
    socket.subscribe("1", "subscription { flood }", json!({})).await;
    until(|| server.stream_count() == 1).await;
    // Nothing is read from here on, and the client keeps its end of the connection: its place is free all the same.
    until(|| server.stream_count() == 0).await;
    let another = async {
        loop {
            match Socket::try_open(server.address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await {
                Ok(opened) => return opened,
                Err(status) => assert_eq!(status, 503),
            }
        }
    };
    let mut reader = tokio::time::timeout(crate::support::socket::PATIENCE, another).await.unwrap();
    reader.init("ada").await;
    drop(socket);
    reader.subscribe("1", "{ whoami }", json!({})).await;
    reader.next_of("1").await;
}

// API-7
#[actix_web::test]
async fn a_client_that_does_not_answer_pings_is_let_go() {
    let server = TestServer::with_sockets(Limits::default(), |sockets| sockets.ping = Duration::from_millis(100));
    let mut silent = Socket::of(server.address, "ada").await;
    silent.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
    // Only whoever reads answers a ping.
    until(|| server.stream_count() == 0).await;

    let mut reader = Socket::of(server.address, "ada").await;
    reader.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
    for _ in 0..4 {
        reader.pinged().await;
    }
    assert_eq!(server.stream_count(), 1);
}

// RUN-4
#[actix_web::test]
async fn a_server_that_stops_closes_its_sockets_without_completing_what_goes_on() {
    let server = TestServer::start();
    let mut socket = Socket::of(server.address, "ada").await;
    socket.send(silence("1")).await;
    until(|| server.stream_count() == 1).await;
    server.closing.send_replace(true);
    assert_eq!(socket.closed().await, (1012, "the server stops, connect again".to_owned()));
    until(|| server.stream_count() == 0).await;
}
