//! The whole story over HTTP alone: words, an interface, its preview, jobs, a lead that is ignored, its copy, its links, its timeline.

use std::time::Duration;

use baton::domain::Actor;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::network::CONTACT_DATA;
use crate::support::rules::HOUR;

/// A mutation whose payload has no user errors; the payload.
async fn done(app: &TestApp, actor: &Actor, name: &str, input: Value, wanted: &str) -> Value {
    let of = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let of = match name {
        "enableReassignmentJob" => "ReassignmentJobInput".to_owned(),
        "acknowledgeLead" => "LeadInput".to_owned(),
        _ => of,
    };
    let query = format!(
        "mutation Do($input: {of}!) {{ {name}(input: $input) {{ {wanted} userErrors {{ path code message }} }} }}"
    );
    let mut data = app.graphql(actor, &query, json!({ "input": input })).await;
    assert_eq!(data[name]["userErrors"], json!([]), "{name}");
    data[name].take()
}

async fn a_dealer(app: &TestApp, number: &str, code: &str, more: Value) -> String {
    let mut input = json!({ "number": number, "name": format!("Dealer {number}"), "postalCode": code });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = done(app, &app.admin(), "createDealer", input, "dealer { id }").await;
    let dealer = made["dealer"]["id"].as_str().unwrap().to_owned();
    let contact = json!({ "dealerId": dealer, "kind": "TO", "name": number, "email": format!("{number}@example.org") });
    done(app, &app.admin(), "createContact", contact, "contact { id }").await;
    dealer
}

fn gold(rating: f64, ev: bool) -> Value {
    json!({ "rating": rating, "custom": { "ev_certified": ev }, "categories": [{ "key": "tier", "value": "Gold" }] })
}

/// Tier Gold or Silver, rated 4 or better, certified, within 100 miles, best rating first, then nearest.
fn definition() -> Value {
    json!({
        "filter": "dealer.category.tier in ['Gold', 'Silver'] && dealer.rating >= 4.0 && dealer.custom.ev_certified",
        "radius": { "miles": 100.0 },
        "sort": [
            { "expression": "dealer.rating", "direction": "DESC", "nulls": "LAST" },
            { "expression": "dealer.distance_mi", "direction": "ASC", "nulls": "LAST" }
        ],
        "limit": 10
    })
}

async fn the_network(app: &TestApp) {
    let admin = app.admin();
    let tier = json!({ "key": "tier", "label": "Tier", "choices": ["Gold", "Silver", "Bronze"] });
    done(app, &admin, "createCategory", tier, "category { id }").await;
    let field = json!({ "subject": "DEALER", "key": "ev_certified", "label": "EV certified", "fieldType": "BOOLEAN" });
    done(app, &admin, "createCustomField", field, "customField { id }").await;
    a_dealer(app, "A1", "02139", gold(4.8, true)).await;
    a_dealer(app, "A2", "02108", gold(4.8, true)).await;
    a_dealer(app, "A3", "02169", gold(4.2, true)).await;
    a_dealer(app, "LOW", "02138", gold(3.9, true)).await;
    a_dealer(app, "NOEV", "02138", gold(5.0, false)).await;
    a_dealer(app, "FAR", "90210", gold(5.0, true)).await;
    a_dealer(app, "OFF", "02138", json!({ "rating": 5.0, "active": false })).await;
    a_dealer(app, "PLAIN", "02138", json!({ "rating": 4.5, "custom": { "ev_certified": true } })).await;
}

async fn the_interface(app: &TestApp) -> String {
    let made = json!({ "name": "EV stars nearby", "definition": definition() });
    let made = done(app, &app.admin(), "createReassignmentInterface", made, "reassignmentInterface { id }").await;
    made["reassignmentInterface"]["id"].as_str().unwrap().to_owned()
}

// IFACE-1 to IFACE-5, EXPR-2
#[tokio::test]
async fn an_interface_is_refused_with_every_error_then_previewed_and_published() {
    on_each_database(async |app| {
        the_network(app).await;
        let admin = app.admin();
        let broken = json!({ "name": "Broken", "definition": { "filter": "dealer.ratng >= 4 && dealer.category.tier == 'Glod'" } });
        let query = "mutation Do($input: CreateReassignmentInterfaceInput!) { createReassignmentInterface(input: $input) {
            reassignmentInterface { id } diagnostics { line column length message suggestion } userErrors { path code message } } }";
        let refused = app.graphql(&admin, query, json!({ "input": broken })).await["createReassignmentInterface"].take();
        assert_eq!(refused["reassignmentInterface"], Value::Null);
        let found = refused["diagnostics"].as_array().unwrap();
        assert_eq!(found.len(), 2, "{refused:#}");
        assert_eq!((&found[0]["line"], &found[0]["column"], &found[0]["suggestion"]), (&json!(1), &json!(1), &json!("dealer.rating")));
        assert_eq!(found[1]["suggestion"], "'Gold'", "{refused:#}");

        let interface = the_interface(app).await;
        let query = "query P($input: PreviewInterfaceInput!) { previewInterface(input: $input) { userErrors { message } preview {
            considered matched candidates { rank label distanceMiles } excluded { reasons { reason count } terms { term count } } } } }";
        let input = json!({ "source": { "interfaceId": interface }, "subject": { "place": { "postalCode": "02138" } } });
        let seen = app.graphql(&admin, query, json!({ "input": input })).await["previewInterface"]["preview"].take();
        assert_eq!((&seen["considered"], &seen["matched"]), (&json!(8), &json!(3)), "{seen:#}");
        let labels: Vec<_> = seen["candidates"].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        assert_eq!(labels, ["A1", "A2", "A3"], "by rating, then the nearer");
        let reasons = seen["excluded"]["reasons"].as_array().unwrap();
        let count = |reason: &str| reasons.iter().find(|one| one["reason"] == reason).map_or(json!(0), |one| one["count"].clone());
        assert_eq!(count("INACTIVE"), 1);
        assert_eq!(count("OUTSIDE_RADIUS"), 1);
        assert_eq!(count("FILTER_NOT_MATCHED"), 2);
        assert_eq!(count("FILTER_UNKNOWN"), 1, "one has no tier");

        let published = json!({ "interfaceId": interface, "note": "first" });
        let wanted = "reassignmentInterface { published { number note publishedBy } draft { filter } }";
        let published = done(app, &admin, "publishReassignmentInterface", published, wanted).await["reassignmentInterface"].take();
        assert_eq!((&published["published"]["number"], &published["draft"]), (&json!(1), &Value::Null));
    })
    .await;
}

async fn a_job(app: &TestApp, interface: &str, algorithm: &str, source: &str) -> String {
    let settings = json!({ "interfaceId": interface, "algorithm": algorithm, "elapsedSeconds": 3600, "upperAgeSeconds": 86_400,
        "condition": format!("lead.source == '{source}'"), "blastSize": 3, "notifyOldOwner": true });
    let input = json!({ "name": format!("{algorithm} for {source}"), "settings": settings });
    let made = done(app, &app.admin(), "createReassignmentJob", input, "reassignmentJob { id enabled }").await;
    assert_eq!(made["reassignmentJob"]["enabled"], false, "new jobs start disabled");
    let job = made["reassignmentJob"]["id"].as_str().unwrap().to_owned();
    done(app, &app.admin(), "enableReassignmentJob", json!({ "jobId": job }), "reassignmentJob { enabled }").await;
    job
}

async fn submit(app: &TestApp, source: &str, dealer: &str) -> String {
    let input = json!({ "source": source, "firstName": "Jo", "lastName": "Doe", "email": "jo.doe@example.net",
        "phone": "617-555-0100", "street": "12 Elm Street", "city": "Cambridge", "postalCode": "02138",
        "target": { "dealerNumber": { "number": dealer } } });
    let made = done(app, &app.partner(source), "submitLead", input, "lead { id state }").await;
    assert_eq!(made["lead"]["state"], "OFFERED");
    made["lead"]["id"].as_str().unwrap().to_owned()
}

fn shows_no_contact_data(page: &str) -> bool {
    CONTACT_DATA.iter().filter(|secret| **secret != "02138").all(|secret| !page.contains(secret))
}

// ACK-1 to ACK-4, JOB-4, IFACE-9
#[tokio::test]
async fn an_ignored_lead_finds_its_way_and_can_be_read_back() {
    on_each_database(async |app| {
        the_network(app).await;
        let interface = the_interface(app).await;
        done(app, &app.admin(), "publishReassignmentInterface", json!({ "interfaceId": interface }), "reassignmentInterface { id }").await;
        for (algorithm, source) in [("SINGLE", "web"), ("BLAST", "phone"), ("ROUND_ROBIN", "event"), ("NEAREST", "walk-in")] {
            a_job(app, &interface, algorithm, source).await;
        }
        let lead = submit(app, "web", "LOW").await;
        app.work().await;
        let first_link = app.latest_link("LOW@example.org");
        let page = app.get(&first_link).await;
        assert_eq!(page.status, 200);
        assert!(shows_no_contact_data(&page.body), "{}", page.body);

        app.advance(HOUR);
        app.work().await;
        let expired = app.get(&first_link).await;
        assert!(expired.body.contains("This lead has expired and is no longer available"), "{}", expired.body);
        assert!(shows_no_contact_data(&expired.body));

        let second_link = app.latest_link("A1@example.org");
        app.advance(Duration::from_mins(5));
        assert!(shows_no_contact_data(&app.get(&second_link).await.body));
        let pressed = app.post(&format!("{second_link}/acknowledge"), &[]).await;
        assert!(pressed.status < 400, "{}", pressed.body);
        let own = app.get(&second_link).await;
        assert!(CONTACT_DATA.iter().all(|shown| own.body.contains(shown)), "{}", own.body);

        let query = "query L($id: ID!) { lead(id: $id) { state copies { state round acknowledgedBy responseSeconds dealer { number }
            decision { outcome algorithm interfaceNumber reason candidates { label rank } } } timeline(first: 50) { nodes { kind reason actor { name } } } } }";
        let seen = app.graphql(&app.admin(), query, json!({ "id": lead })).await["lead"].take();
        assert_eq!(seen["state"], "EXPIRED");
        let copy = &seen["copies"][1];
        assert_eq!((&copy["state"], &copy["dealer"]["number"], &copy["responseSeconds"]), (&json!("ACKNOWLEDGED"), &json!("A1"), &json!(300.0)));
        assert_eq!((&copy["decision"]["outcome"], &copy["decision"]["interfaceNumber"]), (&json!("ASSIGNED"), &json!(1)));
        let ranked: Vec<_> = copy["decision"]["candidates"].as_array().unwrap().iter().map(|one| one["label"].clone()).collect();
        assert_eq!(ranked, [json!("A1"), json!("A2"), json!("A3")]);
        let kinds: Vec<_> = seen["timeline"]["nodes"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
        for kind in ["LEAD_RECEIVED", "LEAD_OFFERED", "LINK_OPENED", "LEAD_REASSIGNED", "LEAD_ACKNOWLEDGED"] {
            assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
        }
    })
    .await;
}

// ALGO-1, ALGO-2, ALGO-3, ALGO-5: one job per algorithm, told apart by the leads' source.
#[tokio::test]
async fn each_algorithm_hands_on_in_its_own_way() {
    on_each_database(async |app| {
        the_network(app).await;
        let interface = the_interface(app).await;
        done(
            app,
            &app.admin(),
            "publishReassignmentInterface",
            json!({ "interfaceId": interface }),
            "reassignmentInterface { id }",
        )
        .await;
        let cases: [(&str, &str, &[&str]); 4] = [
            ("SINGLE", "web", &["A1"]),
            ("BLAST", "phone", &["A1", "A2", "A3"]),
            ("ROUND_ROBIN", "event", &["A1", "A2", "A3"]),
            ("NEAREST", "walk-in", &["A1"]),
        ];
        for (algorithm, source, expected) in cases {
            a_job(app, &interface, algorithm, source).await;
            let lead = submit(app, source, "LOW").await;
            for _ in 0..3 {
                app.advance(HOUR);
                app.work().await;
            }
            let query = "query L($id: ID!) { lead(id: $id) { copies { round dealer { number } } } }";
            let seen = app.graphql(&app.admin(), query, json!({ "id": lead })).await["lead"]["copies"].take();
            let mut got: Vec<_> = seen
                .as_array()
                .unwrap()
                .iter()
                .filter(|copy| copy["round"] != 0)
                .map(|copy| copy["dealer"]["number"].as_str().unwrap())
                .collect();
            got.sort_unstable();
            assert_eq!(got, expected, "{algorithm}");
        }
    })
    .await;
}
