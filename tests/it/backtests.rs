//! Backtests over the API and through the library: what they compare, that they survive a kill at any batch, and what is refused
//! (SPEC IFACE-7).

use std::time::Duration;

use baton::actions::backtests;
use baton::domain::Actor;
use baton::domain::backtest::BacktestState;
use baton::domain::id::BacktestId;
use baton::domain::input::DealerInput;
use baton::store::backtests as rows;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

const CREATE: &str =
    "mutation($input: CreateReassignmentInterfaceInput!) { createReassignmentInterface(input: $input) {
    reassignmentInterface { id } userErrors { message } } }";
const UPDATE: &str =
    "mutation($input: UpdateReassignmentInterfaceInput!) { updateReassignmentInterface(input: $input) {
    reassignmentInterface { id } userErrors { message } } }";
const PUBLISH: &str =
    "mutation($input: PublishReassignmentInterfaceInput!) { publishReassignmentInterface(input: $input) {
    userErrors { message } } }";
const START: &str = "mutation($input: StartBacktestInput!) { startBacktest(input: $input) {
    backtest { id state leadCount examined publishedNumber draft { filter } requestedBy } userErrors { path code message } } }";
const CANCEL: &str = "mutation($input: CancelBacktestInput!) { cancelBacktest(input: $input) {
    backtest { id state finishedAt } userErrors { path code message } } }";
const READ: &str =
    "query($id: ID!) { backtest(id: $id) { state error examined unchanged moved gained lost unplaced finishedAt
    before { placed measured distanceKmSum distanceKmMean distanceKmMedian } after { placed measured distanceKmMean }
    shares(first: 10) { totalCount nodes { dealer { number } before after change shareBefore shareAfter } } } }";
const SUBMIT: &str =
    "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { lead { id } userErrors { path message } } }";

async fn run(app: &TestApp, actor: &Actor, document: &str, input: Value) -> Value {
    let mut data = app.graphql(actor, document, json!({ "input": input })).await;
    data.as_object_mut().unwrap().values_mut().next().unwrap().take()
}

/// `D1` is nearest to the customers in Cambridge, `D3` the next but one; the published version takes the nearest, the draft the last.
async fn interface(app: &TestApp) -> String {
    app.dealers(3).await;
    let admin = app.admin();
    let nearest = json!({ "sort": [{ "expression": "dealer.distance_km" }] });
    let made = run(app, &admin, CREATE, json!({ "name": "Nearby", "definition": nearest })).await;
    let id = made["reassignmentInterface"]["id"].as_str().unwrap().to_owned();
    assert_eq!(run(app, &admin, PUBLISH, json!({ "interfaceId": id })).await["userErrors"], json!([]));
    // Those who asked for a truck go to D3, those from elsewhere to nobody, all others stay.
    let draft = json!({ "filter": "lead.product != 'truck' && lead.language != 'fr' || lead.product == 'truck' && dealer.number == 'D3'",
        "sort": [{ "expression": "dealer.distance_km" }] });
    let changed = run(app, &admin, UPDATE, json!({ "interfaceId": id, "definition": draft })).await;
    assert_eq!(changed["userErrors"], json!([]), "{changed:#}");
    id
}

async fn submit(app: &TestApp, product: &str, language: &str) {
    let input = json!({ "source": "web", "country": "US", "postalCode": "02139", "language": language, "product": product, "email": "jo@example.net" });
    let done = run(app, &app.admin(), SUBMIT, input).await;
    assert_eq!(done["userErrors"], json!([]), "{done:#}");
}

fn period() -> (&'static str, &'static str) {
    ("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z")
}

async fn start(app: &TestApp, interface: &str) -> String {
    let (from, before) = period();
    let input = json!({ "interfaceId": interface, "receivedFrom": from, "receivedBefore": before });
    let started = run(app, &app.admin(), START, input).await;
    assert_eq!(started["userErrors"], json!([]), "{started:#}");
    started["backtest"]["id"].as_str().unwrap().to_owned()
}

async fn read(app: &TestApp, id: &str) -> Value {
    app.graphql(&app.auditor(), READ, json!({ "id": id })).await["backtest"].take()
}

/// A backtest of a few leads, not begun yet.
pub async fn started(app: &TestApp) -> String {
    let interface = interface(app).await;
    for product in ["car", "truck"] {
        submit(app, product, "en").await;
    }
    app.work().await;
    start(app, &interface).await
}

fn code(answer: &Value) -> &str {
    answer["userErrors"][0]["code"].as_str().unwrap_or_default()
}

// IFACE-7
#[tokio::test]
async fn a_backtest_says_who_would_go_elsewhere_and_writes_nothing_else() {
    on_each_database(async |app| {
        let interface = interface(app).await;
        for (product, language) in [("car", "en"), ("car", "en"), ("truck", "en"), ("car", "fr")] {
            submit(app, product, language).await;
        }
        app.work().await;
        let before = app.all_leads(&LeadFilter::default()).await;
        let (mails, id) = (app.mailbox.list().len(), start(app, &interface).await);
        let stepped = app.work().await;
        assert_eq!((stepped.backtests, stepped.due, stepped.runs), (1, 0, 0));
        let found = read(app, &id).await;
        assert_eq!((&found["state"], &found["error"], &found["examined"]), (&json!("DONE"), &json!(null), &json!(4)));
        let counts = ["unchanged", "moved", "gained", "lost", "unplaced"].map(|name| found[name].as_i64().unwrap());
        assert_eq!(counts, [2, 1, 0, 1, 0], "{found:#}");
        assert_eq!((&found["before"]["placed"], &found["after"]["placed"]), (&json!(4), &json!(3)));
        let (sum, mean) = (&found["before"]["distanceKmSum"], &found["before"]["distanceKmMean"]);
        assert!((sum.as_f64().unwrap() - 4.0 * mean.as_f64().unwrap()).abs() < 1e-9, "{found:#}");
        assert!(found["after"]["distanceKmMean"].as_f64() > mean.as_f64(), "{found:#}");
        let shares = [
            json!({ "dealer": { "number": "D3" }, "before": 0, "after": 1, "change": 1, "shareBefore": 0.0, "shareAfter": 1.0 / 3.0 }),
            json!({ "dealer": { "number": "D1" }, "before": 4, "after": 2, "change": -2, "shareBefore": 1.0, "shareAfter": 2.0 / 3.0 }),
        ];
        assert_eq!((&found["shares"]["nodes"], &found["shares"]["totalCount"]), (&json!(shares), &json!(2)));
        // Nothing but the result was written, and nobody was told.
        let versions = |leads: &[baton::domain::lead::Lead]| leads.iter().map(|lead| (lead.id, lead.version)).collect::<Vec<_>>();
        assert_eq!(versions(&app.all_leads(&LeadFilter::default()).await), versions(&before));
        assert_eq!(app.mailbox.list().len(), mails);
    })
    .await;
}

// IFACE-7, JOB-6: a worker that dies with a batch in hand leaves it to the next, and no lead counts twice.
#[tokio::test]
async fn a_killed_backtest_goes_on_where_it_was() {
    on_each_database(async |app| {
        let interface = interface(app).await;
        let dealer = app.dealer_at("Elsewhere", "90001", DealerInput::default()).await;
        app.offered_leads(dealer, 50).await;
        let id = start(app, &interface).await;
        // The first batch is done, the second is in hand when the worker dies.
        assert!(backtests::step(app.context(), 40).await.unwrap());
        let half = read(app, &id).await;
        assert_eq!((&half["state"], &half["examined"]), (&json!("RUNNING"), &json!(40)));
        let claimed = rows::claim(app.store().writer(), app.now(), Duration::from_mins(1)).await.unwrap().unwrap();
        assert_eq!(claimed.backtest.id.to_string(), id);
        assert!(!backtests::step(app.context(), 40).await.unwrap(), "nobody else takes what is in hand");
        app.advance(Duration::from_mins(1));
        let sibling = app.sibling(3).await;
        while backtests::step(&sibling.app.actions, 3).await.unwrap() {}
        let done = read(app, &id).await;
        assert_eq!((&done["state"], &done["examined"]), (&json!("DONE"), &json!(50)));
        let placed: i64 =
            done["shares"]["nodes"].as_array().unwrap().iter().map(|share| share["before"].as_i64().unwrap()).sum();
        assert_eq!((placed, &done["before"]["placed"]), (50, &json!(50)));
        // The dead worker's turn is over: what it would have written is refused.
        let late = rows::record(app.store().writer(), &claimed.backtest, claimed.until).await;
        assert!(late.is_err());
        assert_eq!(read(app, &id).await["examined"], json!(50));
        app.leaves_work();
    })
    .await;
}

// IFACE-7
#[tokio::test]
async fn a_cancelled_backtest_stops_with_what_it_has_counted() {
    on_each_database(async |app| {
        let interface = interface(app).await;
        submit(app, "car", "en").await;
        let id = start(app, &interface).await;
        let again = json!({ "interfaceId": interface, "receivedFrom": period().0, "receivedBefore": period().1 });
        assert_eq!(code(&run(app, &app.admin(), START, again).await), "WRONG_STATE", "one at a time");
        let cancelled = run(app, &app.admin(), CANCEL, json!({ "backtestId": id })).await;
        assert_eq!(cancelled["backtest"]["state"], json!("CANCELLED"), "{cancelled:#}");
        assert_eq!(code(&run(app, &app.admin(), CANCEL, json!({ "backtestId": id })).await), "WRONG_STATE");
        app.work().await;
        let found = read(app, &id).await;
        assert_eq!((&found["state"], &found["examined"]), (&json!("CANCELLED"), &json!(0)));
        // One that is cancelled while a worker has it in hand: the batch counts for nothing.
        let id = start(app, &interface).await;
        let claimed = rows::claim(app.store().writer(), app.now(), Duration::from_mins(1)).await.unwrap().unwrap();
        run(app, &app.admin(), CANCEL, json!({ "backtestId": id })).await;
        assert!(rows::record(app.store().writer(), &claimed.backtest, claimed.until).await.is_err());
        let parsed: BacktestId = id.parse().unwrap();
        let found = rows::lookup(app.store().reader(), app.tenant.id, parsed).await.unwrap().unwrap();
        assert_eq!(found.state, BacktestState::Cancelled);
    })
    .await;
}

// IFACE-7, BULK-8, AUTH-2
#[tokio::test]
async fn what_a_backtest_needs_is_said_when_it_is_asked_for() {
    on_each_database(async |app| {
        let admin = app.admin();
        let (from, before) = period();
        let input = |id: &str, from: &str, before: &str| json!({ "interfaceId": id, "receivedFrom": from, "receivedBefore": before });
        let unknown = run(app, &admin, START, input("ifc_00000000000000000000000000000001", from, before)).await;
        assert_eq!(code(&unknown), "NOT_FOUND");
        assert_eq!(code(&run(app, &admin, START, input("lead_1", from, before)).await), "MALFORMED");
        let unpublished = run(app, &admin, CREATE, json!({ "name": "New", "definition": {} })).await;
        let unpublished = unpublished["reassignmentInterface"]["id"].as_str().unwrap();
        assert_eq!(code(&run(app, &admin, START, input(unpublished, from, before)).await), "WRONG_STATE");
        let interface = interface(app).await;
        assert_eq!(code(&run(app, &admin, START, input(&interface, before, from)).await), "OUT_OF_RANGE");
        assert_eq!(code(&run(app, &app.auditor(), START, input(&interface, from, before)).await), "FORBIDDEN");
        let mut keyed = input(&interface, from, before);
        keyed["idempotencyKey"] = json!("once");
        let first = run(app, &admin, START, keyed.clone()).await;
        let second = run(app, &admin, START, keyed).await;
        assert_eq!(first["backtest"]["id"], second["backtest"]["id"]);
        assert_eq!((&first["backtest"]["leadCount"], &first["backtest"]["publishedNumber"]), (&json!(0), &json!(1)));
        let other = app.another_tenant("other").await;
        let foreign = app.in_tenant(other.id, app.admin());
        let id = first["backtest"]["id"].as_str().unwrap();
        assert_eq!(app.graphql(&foreign, READ, json!({ "id": id })).await["backtest"], json!(null));
        let list = "query($id: ID) { backtests(first: 5, interfaceId: $id) { totalCount nodes { id } } }";
        let listed = app.graphql(&app.auditor(), list, json!({ "id": interface })).await;
        assert_eq!(listed["backtests"], json!({ "totalCount": 1, "nodes": [{ "id": id }] }));
        assert_eq!(app.graphql(&foreign, list, json!({})).await["backtests"]["totalCount"], json!(0));
        app.work().await;
        assert_eq!(read(app, id).await["state"], json!("DONE"), "a period without leads is done at once");
    })
    .await;
}
