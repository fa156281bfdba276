//! The API's own rules: pages, counts, cursors, ids, idempotency, versions, and a fixed number of statements (SPEC §12, BULK-8).

use baton::domain::actor::Actor;
use baton::domain::id::LeadId;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

const PAGE: &str = "query Page($first: Int, $after: String, $last: Int, $before: String, $where: LeadWhere, $filter: String, $search: String, $order: LeadOrder) {
    leads(first: $first, after: $after, last: $last, before: $before, where: $where, filter: $filter, search: $search, order: $order) {
        edges { cursor node { id receivedAt } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(app: &TestApp, actor: &Actor, variables: Value) -> Value {
    app.graphql(actor, PAGE, variables).await["leads"].take()
}

fn ids(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn some_leads(app: &TestApp, count: usize) -> Vec<LeadId> {
    let dealers = app.dealers(2).await;
    let mut leads = Vec::new();
    for index in 0..count {
        // Pairs share their moment, so that the id has to break ties.
        if index % 2 == 0 {
            app.advance(std::time::Duration::from_secs(1));
        }
        leads.push(app.offered_lead(dealers[index % 2]).await);
    }
    app.work().await;
    leads
}

// API-2
#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition_in_both_directions() {
    on_each_database(async |app| {
        let made = some_leads(app, 23).await;
        let admin = app.admin();
        let order = json!({ "field": "RECEIVED_AT", "direction": "ASC" });
        let whole = ids(&page(app, &admin, json!({ "first": 250, "order": order })).await);
        assert_eq!(whole.len(), made.len());
        for size in [1, 2, 5, 22, 23, 24] {
            let (mut forward, mut after) = (Vec::new(), Value::Null);
            loop {
                let found = page(app, &admin, json!({ "first": size, "after": after, "order": order })).await;
                forward.extend(ids(&found));
                if found["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
                after = found["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(forward, whole, "by {size}");
            let (mut backward, mut before) = (Vec::new(), Value::Null);
            loop {
                let found = page(app, &admin, json!({ "last": size, "before": before, "order": order })).await;
                backward.splice(0..0, ids(&found));
                if found["pageInfo"]["hasPreviousPage"] == json!(false) {
                    break;
                }
                before = found["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(backward, whole, "back by {size}");
        }
    })
    .await;
}

// API-2
#[tokio::test]
async fn a_wrong_page_or_cursor_is_the_callers_error_and_says_what_to_do() {
    on_each_database(async |app| {
        some_leads(app, 3).await;
        let admin = app.admin();
        let cursor =
            page(app, &admin, json!({ "first": 1 })).await["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let forged = format!("{}A", &cursor[..cursor.len() - 1]);
        let forged = if forged == cursor { format!("{}B", &cursor[..cursor.len() - 1]) } else { forged };
        let other_order = json!({ "field": "UPDATED_AT", "direction": "ASC" });
        for (variables, words) in [
            (json!({}), "give `first` or `last`"),
            (json!({ "first": 1, "last": 1 }), "not both"),
            (json!({ "first": 0 }), "`first` must be 1 to 250"),
            (json!({ "first": 251 }), "`first` must be 1 to 250"),
            (json!({ "last": -1 }), "`last` must be 1 to 250"),
            (json!({ "first": 1, "after": forged }), "`after` is not a cursor of this list"),
            (json!({ "first": 1, "after": "" }), "`after` is not a cursor of this list"),
            (json!({ "first": 1, "after": cursor, "order": other_order }), "`after` is not a cursor of this list"),
            (json!({ "first": 1, "search": "x" }), "search: give at least two characters"),
        ] {
            let answer = app.graphql_answer(&admin, PAGE, variables.clone()).await;
            let error = &answer["errors"][0];
            assert!(error["message"].as_str().unwrap().contains(words), "{variables}: {answer:#}");
            assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{answer:#}");
        }
    })
    .await;
}

// API-2
#[tokio::test]
async fn the_total_is_counted_only_when_it_is_asked_for() {
    on_each_database(async |app| {
        some_leads(app, 5).await;
        let admin = app.admin();
        app.graphql(&admin, "{ leads(first: 1) { nodes { id } } }", json!({})).await;
        let before = app.store().statement_count();
        app.graphql(&admin, "{ leads(first: 1) { nodes { id } } }", json!({})).await;
        assert_eq!(app.store().statement_count() - before, 1);
        let before = app.store().statement_count();
        let counted = "{ leads(first: 1) { totalCount totalCountIsCapped nodes { id } } }";
        let data = app.graphql(&admin, counted, json!({})).await;
        assert_eq!(app.store().statement_count() - before, 2);
        assert_eq!((&data["leads"]["totalCount"], &data["leads"]["totalCountIsCapped"]), (&json!(5), &json!(false)));
    })
    .await;
}

// API-4
#[tokio::test]
async fn a_page_of_a_hundred_leads_costs_as_many_statements_as_a_page_of_one() {
    on_each_database(async |app| {
        some_leads(app, 100).await;
        let admin = app.admin();
        let query = "query Page($first: Int!) { leads(first: $first) { nodes {
            id state dealer { id name contacts { name } } owner { id } root { id } latestEvent { kind at }
            request { city person { lastName } } copies { id } offers { id } deliveries { id } } } }";
        app.graphql(&admin, query, json!({ "first": 1 })).await;
        let mut costs = Vec::new();
        for first in [1, 100] {
            let before = app.store().statement_count();
            let data = app.graphql(&admin, query, json!({ "first": first })).await;
            assert_eq!(data["leads"]["nodes"].as_array().unwrap().len(), first);
            costs.push(app.store().statement_count() - before);
        }
        // The page, and one each for dealers, contacts, roots, latest events, requests, copies, links and messages.
        assert_eq!(costs, [9, 9]);
    })
    .await;
}

// API-2, AUTH-2
#[tokio::test]
async fn another_tenants_id_is_null_everywhere() {
    on_each_database(async |app| {
        let lead = some_leads(app, 1).await[0];
        let other = app.another_tenant("boreal").await;
        let stranger = app.in_tenant(other.id, app.admin());
        let query = "query Any($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } lead(id: $id) { id } }";
        let seen = app.graphql(&app.admin(), query, json!({ "id": lead.to_string() })).await;
        assert_eq!(seen["node"]["id"], lead.to_string());
        assert_eq!(seen["nodes"][0]["id"], lead.to_string());
        let unseen = app.graphql(&stranger, query, json!({ "id": lead.to_string() })).await;
        assert_eq!(unseen, json!({ "node": null, "nodes": [null], "lead": null }));
        for wrong in ["", "lead_", "dlr_01920000000070008000000000000001", "x", "lead_zz"] {
            let unseen = app.graphql(&app.admin(), query, json!({ "id": wrong })).await;
            assert_eq!(unseen, json!({ "node": null, "nodes": [null], "lead": null }), "{wrong}");
        }
    })
    .await;
}

const SUBMIT: &str = "mutation Submit($input: SubmitLeadInput!) {
    submitLead(input: $input) { lead { id state version } userErrors { path code message } } }";

fn new_lead(key: &str, last_name: &str) -> Value {
    json!({ "input": { "source": "web", "lastName": last_name, "email": "jo@example.net", "idempotencyKey": key } })
}

// BULK-8
#[tokio::test]
async fn the_same_key_and_content_return_the_first_answer_and_other_content_is_an_error() {
    on_each_database(async |app| {
        let admin = app.admin();
        let first = app.graphql(&admin, SUBMIT, new_lead("k1", "Doe")).await;
        let again = app.graphql(&admin, SUBMIT, new_lead("k1", "Doe")).await;
        assert_eq!(first, again);
        let other = app.graphql(&admin, SUBMIT, new_lead("k1", "Roe")).await;
        assert_eq!(other["submitLead"]["userErrors"][0]["code"], "KEY_REUSED");
        assert_eq!(other["submitLead"]["userErrors"][0]["path"], json!(["idempotencyKey"]));
        let third = app.graphql(&admin, SUBMIT, new_lead("k2", "Doe")).await;
        assert_ne!(third["submitLead"]["lead"]["id"], first["submitLead"]["lead"]["id"]);
        let data = app.graphql(&admin, "{ leads(first: 10) { totalCount } }", json!({})).await;
        assert_eq!(data["leads"]["totalCount"], 2);
    })
    .await;
}

// BULK-8: the answer is remembered with what it made true, so that a crash before it was sent loses nothing.
#[tokio::test]
async fn ten_repetitions_at_once_add_one_lead() {
    on_each_database(async |app| {
        let admin = app.admin();
        let calls = (0..10).map(|_| app.graphql(&admin, SUBMIT, new_lead("k1", "Doe")));
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        let data = app.graphql(&admin, "{ leads(first: 10) { totalCount } }", json!({})).await;
        assert_eq!(data["leads"]["totalCount"], 1);
    })
    .await;
}

// API-3
#[tokio::test]
async fn a_stale_version_is_a_conflict_and_nothing_is_overwritten() {
    on_each_database(async |app| {
        let lead = some_leads(app, 1).await[0].to_string();
        let admin = app.admin();
        let update = "mutation Note($input: UpdateLeadInput!) {
            updateLead(input: $input) { lead { followUpStatus version } userErrors { path code message } } }";
        let version = app.lead(lead.parse().unwrap()).await.version;
        let first = json!({ "input": { "leadId": lead, "followUpStatus": "CONTACTED", "expectedVersion": version } });
        let done = app.graphql(&admin, update, first).await;
        assert_eq!(done["updateLead"]["lead"], json!({ "followUpStatus": "CONTACTED", "version": version + 1 }));
        let stale = json!({ "input": { "leadId": lead, "followUpStatus": "LOST_TRACK", "expectedVersion": version } });
        let refused = app.graphql(&admin, update, stale).await;
        assert_eq!(refused["updateLead"]["lead"], Value::Null);
        assert_eq!(refused["updateLead"]["userErrors"][0]["code"], "CONFLICT");
        assert_eq!(refused["updateLead"]["userErrors"][0]["path"], json!(["expectedVersion"]));
        assert_eq!(app.lead(lead.parse().unwrap()).await.workflow.follow_up_status, "CONTACTED");
    })
    .await;
}

// API-3, ALLOC-1: all problems at once, each with its place.
#[tokio::test]
async fn a_bad_lead_is_refused_with_every_problem_in_its_place() {
    on_each_database(async |app| {
        let admin = app.admin();
        let input = json!({ "input": { "email": "not a mail address", "postalCode": "1", "point": { "lat": 91.0, "lon": 0.0 },
            "custom": { "no_such": 1 } } });
        let refused = app.graphql(&admin, SUBMIT, input).await;
        let problems = refused["submitLead"]["userErrors"].as_array().unwrap();
        let paths: Vec<String> = problems.iter().map(|problem| problem["path"].to_string()).collect();
        assert_eq!(paths, [r#"["source"]"#, r#"["email"]"#, r#"["postalCode"]"#, r#"["point","lat"]"#, r#"["custom","no_such"]"#]);
        let unknown = json!({ "input": { "source": "web", "phone": "1", "postalCode": "00000" } });
        let taken = app.graphql(&admin, SUBMIT, unknown).await;
        assert!(taken["submitLead"]["lead"]["id"].is_string(), "an unknown code leaves the lead without a point: {taken}");
    })
    .await;
}

// ALGO-2: handing in and handing on refuse the same blasts.
#[tokio::test]
async fn a_blast_of_nobody_or_of_too_many_is_refused_when_a_lead_is_handed_in() {
    on_each_database(async |app| {
        for size in [0, 101] {
            let interface = json!({ "interfaceId": "ifc_019200000000700080000000000000ff", "algorithm": "BLAST", "blastSize": size });
            let input = json!({ "source": "web", "phone": "1", "target": { "interface": interface } });
            let refused = app.graphql(&app.admin(), SUBMIT, json!({ "input": input })).await;
            assert_eq!(refused["submitLead"]["userErrors"][0]["path"], json!(["blastSize"]), "{refused}");
        }
    })
    .await;
}
