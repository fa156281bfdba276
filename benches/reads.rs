//! FAST-5: what screens read, each query asked over GraphQL on SQLite by 16 clients as fast as they are answered, of 100,000 leads and
//! 10,000 dealers after half of the leads were handed on by an operation; beside the least that can be asked. Prints requests per second,
//! times and the ratio; it sets no target.
//!
//! `BATON_BENCH_LEADS` changes how many leads there are, `BATON_BENCH_READ` names the one query to ask.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

#[path = "support/network.rs"]
#[allow(dead_code, reason = "others run on PostgreSQL, too")]
mod network;
#[path = "support/server.rs"]
mod server;

use std::time::{Duration, Instant};

use network::SqliteFile;
use serde_json::{Value, json};
use server::{PREPARE, RUN, Server};

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 16;
const MEASURED_FOR: Duration = Duration::from_secs(5);

const NOTHING: &str = "{ __typename }";
/// What screens read. Each may use `$source`, `$dealer`, `$lead`, `$operation`, `$interface` and `$list`.
const READS: [(&str, &str); 26] = [
    (
        "grid by source",
        "query($source: String) { leads(first: 50, where: { source: { eq: $source } }) {
            nodes { id state receivedAt source followUpStatus dealer { name rating } } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid by state",
        "{ leads(first: 50, where: { state: { eq: \"OFFERED\" } }) {
            nodes { id state receivedAt source dealer { name } } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid of a dealer",
        "query($dealer: String) { leads(first: 50, where: { dealer: { id: { eq: $dealer } } }) {
            nodes { id state receivedAt source } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid by update",
        "{ leads(first: 50, order: { field: UPDATED_AT, direction: DESC }) {
            nodes { id state updatedAt dealer { name } } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid by expression",
        "{ leads(first: 50, filter: \"lead.state == 'OFFERED' && lead.round > 0 || lead.brand == 'Boreal'\") {
            nodes { id state receivedAt dealer { name rating } } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid with customer, chain and history",
        "{ leads(first: 20, where: { state: { eq: \"OFFERED\" } }) {
            nodes { id state round receivedAt dueAt source brand request { city region postalCode } dealer { number name rating }
                root { id } latestEvent { kind at } } pageInfo { hasNextPage endCursor } } }",
    ),
    (
        "grid with total",
        "query($source: String) { leads(first: 50, where: { source: { eq: $source } }) {
            totalCount nodes { id state } } }",
    ),
    ("customer's name", "{ leads(first: 50, search: \"doe\") { nodes { id state request { person { lastName email } } } } }"),
    (
        "one lead",
        "query($lead: ID!) { lead(id: $lead) { id state request { city person { email } } dealer { name }
            copies { id round state dealer { number name } deliveries { template state }
                decision { algorithm reason candidates { rank label distanceMiles } excluded { reasons { reason count } } } }
            timeline(first: 50) { nodes { at kind actor { kind name } reason } } } }",
    ),
    (
        "dealers",
        "{ dealers(first: 50, where: { rating: { gte: 4 } }) { nodes { id number name rating city contacts { name email } } } }",
    ),
    ("dealers by name", "{ dealers(first: 50, search: \"Dealer 77\") { nodes { id number name } } }"),
    ("one dealer", "query($dealer: ID!) { dealer(id: $dealer) { name hours { weekdays { from until } } contacts { name email } } }"),
    ("events", "{ events(first: 50) { nodes { at kind subject actor { name } reason before after } } }"),
    ("deliveries", "{ deliveries(first: 50, state: PENDING) { nodes { id template address state lead { id } } } }"),
    ("operations", "{ operations(first: 20) { nodes { id state leadCount progress { done } } } }"),
    (
        "an operation's preview",
        "query($operation: ID!) { operation(id: $operation) { state leadCount changeCount mailCount problems { reason leadCount }
            sample { position lead { id } targets { dealer { name } } } shares(first: 50) { nodes { dealer { name } leadCount } } } }",
    ),
    (
        "an operation's results",
        "query($operation: ID!) { operation(id: $operation) { results(first: 50) {
            nodes { position outcome lead { id state } } pageInfo { endCursor } } } }",
    ),
    (
        "an operation's problems",
        "query($operation: ID!) { operation(id: $operation) { items(first: 50, verdict: PROBLEM) {
            nodes { position reason lead { id } } pageInfo { endCursor } } } }",
    ),
    (
        "what an operation left",
        "query($operation: ID!) { operation(id: $operation) { results(first: 50, outcomes: [SKIPPED, FAILED]) {
            nodes { position outcome reason lead { id } } pageInfo { endCursor } } } }",
    ),
    ("a list", "query($list: ID!) { list(id: $list) { name leads(first: 50) { nodes { id state dealer { name } } } } }"),
    ("a list's count", "query($list: ID!) { list(id: $list) { leadCount { count } } }"),
    ("a draft's count", "{ draftLeadCount(where: { round: { eq: 1 }, dealer: { rating: { gte: 4 } } }) { count } }"),
    (
        "preview of an interface",
        "query($interface: ID!, $lead: ID!) { previewInterface(input: {
            source: { interfaceId: $interface } subject: { leadId: $lead } }) { preview { considered matched
                candidates { rank label distanceMiles dealer { name rating } } excluded { reasons { reason count } } } } }",
    ),
    (
        "why, and why not",
        "query($interface: ID!, $lead: ID!, $dealer: ID!) { explainCandidate(input: {
            source: { interfaceId: $interface } subject: { leadId: $lead } dealerId: $dealer }) {
                explanation { rank exclusions { reason } terms { term truth value } } } }",
    ),
    ("interfaces", "{ reassignmentInterfaces(first: 50) { nodes { id name draft { filter } } } }"),
    ("check of an expression", "{ checkExpression(text: \"dealer.rating >= 4.0\", context: CANDIDATE_DEALER) { canonical diagnostics { message } } }"),
];

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(bench());
}

async fn bench() {
    let leads: u64 = std::env::var("BATON_BENCH_LEADS").map_or(100_000, |count| count.parse().unwrap());
    let only = std::env::var("BATON_BENCH_READ").ok();
    let file = SqliteFile::filled(leads).await;
    let server = Server::start(&file.url()).await;
    let variables = history(&server, leads).await;
    // Shows an error whole, before anything is measured.
    for (_, query) in READS {
        server.ask(query, given(query, &variables)).await;
    }
    let least = measure(&server, NOTHING, &variables).await;
    report("nothing", &least, None);
    for (name, query) in READS {
        if only.as_ref().is_none_or(|only| only == name) {
            let measured = measure(&server, query, &variables).await;
            report(name, &measured, Some(&least));
        }
    }
}

/// Hands half of the leads on, and stores what else is read: gives the variables of the queries.
async fn history(server: &Server, leads: u64) -> Value {
    let half = chrono::DateTime::from_timestamp_micros(1_780_000_000_000_000 + leads as i64 / 2).unwrap();
    let half = half.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let prepared = server
        .ask(PREPARE, json!({ "selection": { "where": { "receivedAt": { "lte": half } } }, "told": "PER_LEAD" }))
        .await;
    let operation = prepared["prepareReassignment"]["operation"]["id"].as_str().unwrap().to_owned();
    assert_eq!(server.until(&operation, "READY").await["changeCount"], json!(leads / 2));
    server.ask(RUN, json!({ "id": operation })).await;
    server.until(&operation, "DONE").await;
    let handed_on = "query($operation: ID!) { operation(id: $operation) { results(first: 1) { nodes { lead { id dealer { id } } } } } }";
    let first = server.ask(handed_on, json!({ "operation": operation })).await;
    let lead = &first["operation"]["results"]["nodes"][0]["lead"];
    let interface = "mutation { createReassignmentInterface(input: { name: \"Stars nearby\" definition: {
        filter: \"dealer.rating >= 4.0\" radius: { miles: 100 }
        sort: [{ expression: \"dealer.rating\", direction: DESC, nulls: LAST }
            { expression: \"dealer.distance_mi\", direction: ASC, nulls: LAST }] limit: 10 } }) {
        reassignmentInterface { id } userErrors { message } } }";
    let interface = server.ask(interface, json!({})).await;
    let list = "mutation { createList(input: { name: \"Handed on to stars\" where: { round: { eq: 1 }, dealer: { rating: { gte: 4 } } } }) {
        list { id } userErrors { message } } }";
    let list = server.ask(list, json!({})).await;
    json!({
        "source": "Web", "dealer": lead["dealer"]["id"], "lead": lead["id"], "operation": operation,
        "interface": interface["createReassignmentInterface"]["reassignmentInterface"]["id"],
        "list": list["createList"]["list"]["id"],
    })
}

/// Answers per second, and the times of all of them in microseconds, sorted.
struct Measured {
    per_second: f64,
    micros: Vec<u64>,
}

/// The variables that a query declares.
fn given(query: &str, all: &Value) -> Value {
    let declared = all.as_object().unwrap().iter().filter(|(name, _)| query.contains(&format!("${name}:")));
    declared.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

async fn measure(server: &Server, query: &'static str, all: &Value) -> Measured {
    let variables = given(query, all);
    // Warms the caches and the statements.
    for _ in 0..50 {
        server.ask(query, variables.clone()).await;
    }
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (server, variables) = (server.clone(), variables.clone());
            tokio::spawn(async move {
                let mut micros = Vec::new();
                while began.elapsed() < MEASURED_FOR {
                    let asked = Instant::now();
                    let answer = server.fetch(query, &variables).await;
                    micros.push(asked.elapsed().as_micros() as u64);
                    assert!(answer.starts_with(b"{\"data\":{"), "{}", String::from_utf8_lossy(&answer));
                }
                micros
            })
        })
        .collect();
    let mut micros = Vec::new();
    for client in clients {
        micros.extend(client.await.unwrap());
    }
    micros.sort_unstable();
    Measured { per_second: micros.len() as f64 / began.elapsed().as_secs_f64(), micros }
}

fn report(what: &str, measured: &Measured, beside: Option<&Measured>) {
    let at = |measured: &Measured, share: f64| {
        measured.micros[((measured.micros.len() - 1) as f64 * share) as usize] as f64 / 1e3
    };
    let ratio = beside.map_or(String::new(), |beside| {
        format!(", {:.1} times that of nothing", at(measured, 0.99) / at(beside, 0.99))
    });
    println!(
        "{what}: {:.0} per second, p50 {:.1} ms, p99 {:.1} ms{ratio}",
        measured.per_second,
        at(measured, 0.5),
        at(measured, 0.99)
    );
}
