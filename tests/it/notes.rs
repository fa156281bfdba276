//! Notes on leads: added by hand and in bulk, read newest first, taken away again with the operation that wrote them (SPEC BULK-4, BULK-7).

use std::time::Duration;

use baton::actions::operations::{Turns, step};
use baton::domain::Actor;
use baton::domain::id::LeadId;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;

const ADD: &str = "mutation($input: AddLeadNoteInput!) { addLeadNote(input: $input) {
    lead { id version } note { id kind text author createdAt } userErrors { path code message } } }";

const READ: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { lead(id: $id) { version updatedAt
    notes(first: $first, after: $after, last: $last, before: $before) { totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
        nodes { id kind text author lead { id } operation { id } } } } }";

async fn add(app: &TestApp, actor: &Actor, input: Value) -> Value {
    app.graphql(actor, ADD, json!({ "input": input })).await["addLeadNote"].take()
}

/// A lead with a page of its notes.
async fn read(app: &TestApp, actor: &Actor, lead: LeadId, page: Value) -> Value {
    let mut variables = page;
    variables["id"] = json!(lead.to_string());
    app.graphql(actor, READ, variables).await["lead"].take()
}

/// Texts of all notes of a lead, newest first.
async fn texts(app: &TestApp, lead: LeadId) -> Vec<String> {
    let read = read(app, &app.admin(), lead, json!({ "first": 50 })).await;
    let nodes = read["notes"]["nodes"].as_array().unwrap();
    assert_eq!(read["notes"]["totalCount"], nodes.len());
    nodes.iter().map(|node| node["text"].as_str().unwrap().to_owned()).collect()
}

async fn some_leads(app: &TestApp, count: usize) -> Vec<LeadId> {
    let dealers = app.dealers(1).await;
    app.offered_leads(dealers[0], count).await;
    app.work().await;
    app.all_leads(&LeadFilter::default()).await.iter().map(|lead| lead.id).collect()
}

// BULK-4, API-2
#[tokio::test]
async fn notes_are_read_newest_first_page_by_page_by_whoever_sees_the_copy() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let version = app.lead(lead).await.version;
        for number in 1..=5 {
            // Two of them in the same moment.
            if number != 3 {
                app.advance(Duration::from_mins(1));
            }
            let input = json!({ "leadId": lead.to_string(), "kind": " CALL ", "text": format!("Call {number}") });
            let made = add(app, &app.dealer(dealer), input).await;
            assert_eq!(
                (&made["note"]["kind"], &made["note"]["author"]),
                (&json!("CALL"), &json!("Ada, dealer")),
                "{made:#}"
            );
        }
        let copy = app.lead(lead).await;
        assert_eq!((copy.version, copy.times.updated_at), (version + 5, app.now()), "a note is a change");
        let all = texts(app, lead).await;
        assert_eq!((all.len(), all[0].as_str(), all[4].as_str()), (5, "Call 5", "Call 1"));
        let (mut forward, mut cursor) = (Vec::new(), json!(null));
        loop {
            let page =
                read(app, &app.dealer(dealer), lead, json!({ "first": 2, "after": cursor })).await["notes"].take();
            forward
                .extend(page["nodes"].as_array().unwrap().iter().map(|node| node["text"].as_str().unwrap().to_owned()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            cursor = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(forward, all);
        let page = read(app, &app.admin(), lead, json!({ "last": 2 })).await["notes"].take();
        assert_eq!((&page["nodes"][1]["text"], &page["pageInfo"]["hasPreviousPage"]), (&json!("Call 1"), &json!(true)));
        let before = json!({ "last": 2, "before": page["pageInfo"]["startCursor"] });
        let page = read(app, &app.admin(), lead, before).await["notes"].take();
        assert_eq!(page["nodes"][0]["text"], json!(all[1]));
        let note = page["nodes"][0]["id"].clone();
        let node = "query($id: ID!) { node(id: $id) { id ... on LeadNote { text author } } }";
        for (actor, expected) in [
            (app.admin(), json!({ "id": note, "text": all[1], "author": "Ada, dealer" })),
            (app.auditor(), json!({ "id": note, "text": null, "author": "Ada, dealer" })),
            (app.partner("elsewhere"), json!(null)),
        ] {
            assert_eq!(app.graphql(&actor, node, json!({ "id": note })).await["node"], expected);
        }
        // It may name a customer: the timeline and the audit log tell its kind only.
        let events = "{ events(first: 50) { nodes { kind before after } } }";
        let told = app.graphql(&app.auditor(), events, json!({})).await.to_string();
        assert!(told.contains("\"kind\":\"CALL\"") && !told.contains("Call 5"), "{told}");
        app.leaves_work();
    })
    .await;
}

// BULK-4, ALLOC-4
#[tokio::test]
async fn a_note_that_says_nothing_or_too_much_or_on_anothers_lead_is_refused() {
    on_each_database(async |app| {
        let leads = some_leads(app, 2).await;
        let (admin, lead) = (app.admin(), leads[0].to_string());
        for (note, field, expected) in [
            (json!({ "text": "  " }), "text", "REQUIRED"),
            (json!({ "text": "x".repeat(5_001) }), "text", "TOO_LONG"),
            (json!({ "text": "x", "kind": "" }), "kind", "REQUIRED"),
            (json!({ "text": "x", "kind": "x".repeat(61) }), "kind", "TOO_LONG"),
        ] {
            let mut input = note.clone();
            input["leadId"] = json!(lead);
            let single = add(app, &admin, input).await;
            let input = json!({ "selection": { "all": true }, "fields": { "note": note } });
            let bulk = app.operate(&admin, "prepareLeadUpdate", input).await;
            for (refused, path) in [(single, json!([field])), (bulk, json!(["fields", "note", field]))] {
                assert_eq!((code(&refused), &refused["userErrors"][0]["path"]), (expected, &path), "{refused:#}");
            }
        }
        let input = json!({ "leadId": lead, "text": "x" });
        let foreign = add(app, &app.partner("elsewhere"), input.clone()).await;
        assert_eq!((code(&foreign), &foreign["lead"]), ("NOT_FOUND", &json!(null)));
        assert_eq!(code(&add(app, &app.auditor(), input.clone()).await), "FORBIDDEN");
        let delete = "mutation($input: LeadReasonInput!) { deleteLead(input: $input) { userErrors { message } } }";
        app.graphql(&admin, delete, json!({ "input": { "leadId": lead, "reason": "twice" } })).await;
        assert_eq!(code(&add(app, &admin, input).await), "WRONG_STATE");
        assert_eq!(texts(app, leads[0]).await, [""; 0]);
        let once = json!({ "leadId": leads[1].to_string(), "text": "x", "idempotencyKey": "once" });
        let first = add(app, &admin, once.clone()).await;
        assert_eq!(add(app, &admin, once).await["note"], first["note"]);
        assert_eq!((&first["note"]["kind"], texts(app, leads[1]).await.len()), (&json!("NOTE"), 1));
    })
    .await;
}

// BULK-4, API-4
#[tokio::test]
async fn the_notes_of_a_hundred_leads_cost_as_many_statements_as_those_of_one() {
    on_each_database(async |app| {
        some_leads(app, 100).await;
        let input = json!({ "selection": { "all": true }, "fields": { "note": { "text": "Told them." } } });
        let id = app.operated("prepareLeadUpdate", input).await;
        app.work().await;
        app.ran(&id).await;
        let query = "query Page($first: Int!) { leads(first: $first) { nodes {
            notes(first: 1) { totalCount nodes { kind text operation { id } } } } } }";
        let mut costs = Vec::new();
        for first in [1, 100] {
            let before = app.store().statement_count();
            let data = app.graphql(&app.admin(), query, json!({ "first": first })).await;
            let noted = data["leads"]["nodes"].as_array().unwrap().iter();
            let expected = json!({ "totalCount": 1, "nodes": [{ "kind": "NOTE", "text": "Told them.", "operation": { "id": id } }] });
            assert_eq!(noted.filter(|node| node["notes"] == expected).count(), first);
            costs.push(app.store().statement_count() - before);
        }
        // The leads, the notes, their numbers, and the operation.
        assert_eq!(costs, [4, 4]);
    })
    .await;
}

// BULK-4, BULK-7
#[tokio::test]
async fn each_changed_lead_gets_one_note_and_the_undo_takes_exactly_those_away() {
    on_each_database(async |app| {
        let leads = some_leads(app, 3).await;
        let admin = app.admin();
        let own = json!({ "leadId": leads[0].to_string(), "text": "My own." });
        add(app, &admin, own).await;
        let version = app.lead(leads[0]).await.version;
        let input =
            json!({ "selection": { "all": true }, "fields": { "note": { "kind": "CALL", "text": "Called all." } } });
        let first = app.operated("prepareLeadUpdate", input.clone()).await;
        assert_eq!(
            app.operation(&first).await["sample"][0]["after"]["note"],
            json!({ "kind": "CALL", "text": "Called all." })
        );
        let shown =
            "query($id: ID!) { operation(id: $id) { change { ... on OperationUpdate { fields } } sample { after } } }";
        let told = app.graphql(&app.auditor(), shown, json!({ "id": first })).await;
        assert_eq!(told["operation"]["change"]["fields"], json!({ "note": { "kind": "CALL" } }));
        assert!(!told.to_string().contains("Called all."), "{told:#}");
        app.advance(Duration::from_mins(5));
        let done = app.ran(&first).await;
        assert_eq!(done["progress"]["changed"], 3, "a note alone is a change: {done:#}");
        let copy = app.lead(leads[0]).await;
        assert_eq!((copy.version, copy.times.updated_at), (version + 1, app.now()));
        let second = app.operated("prepareLeadUpdate", input).await;
        assert_eq!(app.ran(&second).await["progress"]["changed"], 3, "and so is the same note again");
        assert_eq!(texts(app, leads[0]).await, ["Called all.", "Called all.", "My own."]);
        // One lead is worked on since: it is left, with its note.
        add(app, &admin, json!({ "leadId": leads[2].to_string(), "text": "Since then." })).await;
        let undo = app.operated("prepareUndo", json!({ "operationId": second })).await;
        let undone = app.ran(&undo).await;
        let progress = json!({ "done": 3, "changed": 2, "unchanged": 0, "skipped": 1, "failed": 0 });
        assert_eq!(undone["progress"], progress, "{undone:#}");
        assert_eq!(texts(app, leads[0]).await, ["Called all.", "My own."]);
        assert_eq!(texts(app, leads[1]).await, ["Called all."]);
        assert_eq!(texts(app, leads[2]).await, ["Since then.", "Called all.", "Called all."]);
        let kept = read(app, &admin, leads[1], json!({ "first": 9 })).await["notes"]["nodes"].take();
        assert_eq!(kept[0]["operation"]["id"], json!(first), "the first operation's stays");
        let line = "query($id: ID!) { lead(id: $id) { latestEvent { kind before after } } }";
        let line = app.graphql(&admin, line, json!({ "id": leads[1].to_string() })).await["lead"]["latestEvent"].take();
        assert_eq!((&line["kind"], &line["before"]["note"]), (&json!("LEAD_RESTORED"), &json!({ "kind": "CALL" })));
        assert!(line["after"].as_object().unwrap().get("note").is_some_and(Value::is_null), "{line:#}");
    })
    .await;
}

// BULK-6, BULK-7: set by set, never row by row.
#[tokio::test]
async fn a_chunk_with_notes_takes_a_fixed_number_of_statements_and_so_does_its_undo() {
    on_each_database(async |app| {
        let leads = some_leads(app, 220).await;
        let mut counts = Vec::new();
        for some in [&leads[..20], &leads[20..]] {
            let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
            let fields = json!({ "alert": "Call first", "note": { "text": "Told them." } });
            let input = json!({ "selection": { "leadIds": ids }, "fields": fields });
            let id = app.operated("prepareLeadUpdate", input).await;
            let done = stepped(app, &id).await;
            assert_eq!(app.operation(&id).await["progress"]["changed"], json!(some.len()));
            app.work().await;
            let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
            let undone = stepped(app, &undo).await;
            assert_eq!(app.operation(&undo).await["progress"]["changed"], json!(some.len()));
            app.work().await;
            counts.push((done, undone));
        }
        assert!(counts[1] == counts[0] && counts[0].0 <= 30 && counts[0].1 <= 30, "{counts:?}");
        assert_eq!(texts(app, leads[0]).await, [""; 0]);
    })
    .await;
}

/// Runs a plan of one chunk; how many statements that took.
async fn stepped(app: &TestApp, id: &str) -> u64 {
    app.operated("runOperation", json!({ "operationId": id })).await;
    let before = app.store().statement_count();
    assert!(step(app.context(), &Turns::default()).await.unwrap());
    app.store().statement_count() - before
}
