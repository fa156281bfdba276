//! Undo: every lead as before but for its version and its events; what others have changed since is left and listed (SPEC BULK-7).

use baton::domain::lead::{Lead, LeadState};
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;
use crate::support::rules::holder;

/// Every column of every copy that is not deleted, but for the version.
async fn picture(app: &TestApp) -> Vec<String> {
    let leads = app.all_leads(&LeadFilter::default()).await;
    let shown = |lead: Lead| format!("{:?}", Lead { version: 0, ..lead });
    leads.into_iter().filter(|lead| lead.state != LeadState::Deleted).map(shown).collect()
}

/// Leads in as many states as can be handed on, some with deadlines.
async fn some_leads(app: &TestApp) {
    let dealers = app.dealers(3).await;
    let kind = baton::domain::interface::CandidateKind::Dealer;
    let interface = app.interface("near", kind, crate::support::rules::nearest_first()).await;
    app.job("soon", interface, |_| {}).await;
    for dealer in [2, 1, 2, 1, 2] {
        app.offered_lead(dealers[dealer]).await;
    }
    app.work().await;
    let leads = app.all_leads(&LeadFilter::default()).await;
    let answer = async |mutation: &str, kind: &str, input: Value| {
        let document =
            format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}");
        let done = app.graphql(&app.admin(), &document, json!({ "input": input })).await;
        assert_eq!(done[mutation]["userErrors"], json!([]), "{done:#}");
    };
    answer("acknowledgeLead", "LeadInput", json!({ "leadId": leads[0].id.to_string() })).await;
    answer("acceptLead", "LeadInput", json!({ "leadId": leads[1].id.to_string() })).await;
    let nobody = app.prepared(json!({ "leadIds": [leads[2].id.to_string()] }), json!({ "nobody": true })).await;
    app.ran(&nobody).await;
    app.advance(std::time::Duration::from_mins(5));
}

async fn undone(app: &TestApp, id: &str) -> Value {
    let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
    app.work().await;
    app.ran(&undo).await
}

// BULK-7: undo after run is the identity, whatever was done.
#[tokio::test]
async fn every_lead_is_as_before() {
    on_each_database(async |app| {
        some_leads(app).await;
        let before = picture(app).await;
        let fields = json!({ "progress": "3", "excludedFromAutomation": true, "createdBy": "x", "source": "fair", "campaign": "Spring",
            "language": "fr-CA", "visibility": "RESTRICTED", "alert": "Call first", "note": { "text": "Told them." } });
        let changes = [
            (
                "prepareReassignment",
                json!({ "selection": { "all": true }, "target": { "dealerNumber": { "number": "D1" } } }),
            ),
            (
                "prepareReassignment",
                json!({ "selection": { "all": true }, "target": { "nearest": true }, "notifyNewOwner": "PER_LEAD" }),
            ),
            ("prepareReassignment", json!({ "selection": { "all": true }, "target": { "nobody": true } })),
            ("prepareLeadUpdate", json!({ "selection": { "all": true }, "fields": fields })),
        ];
        for (mutation, input) in changes {
            let id = app.operated(mutation, input.clone()).await;
            let done = app.ran(&id).await;
            let changed = done["progress"]["changed"].as_i64().unwrap();
            assert!(changed >= 4, "{done:#}");
            assert_ne!(picture(app).await, before, "{input}");
            app.advance(std::time::Duration::from_secs(30));
            let undo = undone(app, &id).await;
            assert_eq!(undo["progress"]["changed"].as_i64().unwrap(), changed, "{undo:#}");
            assert_eq!(picture(app).await, before, "{input}");
        }
    })
    .await;
}

// BULK-7: whoever got a lead that was taken back has not had it: nearest finds the same dealer again.
#[tokio::test]
async fn a_recipient_whose_copy_was_taken_back_may_get_the_lead_again() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let lead = app.offered_lead(dealers[2]).await;
        app.work().await;
        let select = json!({ "leadIds": [lead.to_string()] });
        let id = app.prepared(select.clone(), json!({ "nearest": true })).await;
        app.ran(&id).await;
        assert_eq!(holder(&app.newest(lead).await), dealers[0]);
        undone(app, &id).await;
        let gone = app.newest(lead).await;
        assert_eq!((gone.state, gone.recipient), (LeadState::Deleted, None));
        let again = app.prepared(select, json!({ "nearest": true })).await;
        app.ran(&again).await;
        let open: Vec<_> = app.copies(lead).await.into_iter().filter(|copy| copy.state.is_open()).collect();
        assert_eq!((open.len(), holder(&open[0])), (1, dealers[0]));
    })
    .await;
}

// BULK-7: changed since, opened since, and acknowledged since.
#[tokio::test]
async fn leads_that_were_taken_up_since_are_left_and_listed() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let mut leads = Vec::new();
        for _ in 0..3 {
            leads.push(app.offered_lead(dealers[1]).await);
        }
        app.work().await;
        let input = json!({ "selection": { "all": true }, "target": { "dealerNumber": { "number": "D1" } }, "notifyNewOwner": "PER_LEAD" });
        let id = app.operated("prepareReassignment", input).await;
        app.ran(&id).await;
        // One is acknowledged before the undo is prepared, one is opened between the two.
        let taken = app.newest(leads[0]).await;
        let document = "mutation($input: LeadInput!) { acknowledgeLead(input: $input) { userErrors { message } } }";
        app.graphql(&app.admin(), document, json!({ "input": { "leadId": taken.id.to_string() } })).await;
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        let plan = app.operation(&undo).await;
        assert_eq!(plan["problems"], json!([{ "reason": "TAKEN_UP", "leadCount": 1 }]), "{plan:#}");
        let link = app.latest_link("d1@example.org");
        assert_eq!(app.get(&link).await.status, 200);
        let done = app.ran(&undo).await;
        let progress = json!({ "done": 3, "changed": 1, "unchanged": 0, "skipped": 2, "failed": 0 });
        assert_eq!(done["progress"], progress, "{done:#}");
        let reasons: Vec<_> = done["results"]["nodes"].as_array().unwrap().iter().map(|one| one["reason"].clone()).collect();
        assert_eq!(reasons.iter().filter(|reason| **reason == "TAKEN_UP").count(), 2, "{reasons:?}");
        assert_eq!(app.newest(leads[0]).await.state, LeadState::Acknowledged);
    })
    .await;
}

// BULK-7
#[tokio::test]
async fn an_undo_is_made_once_and_not_undone() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_lead(dealers[1]).await;
        app.work().await;
        let id = app.prepared(json!({ "all": true }), json!({ "dealerNumber": { "number": "D1" } })).await;
        app.ran(&id).await;
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.ran(&undo).await;
        let twice = app.operate(&app.admin(), "prepareUndo", json!({ "operationId": id })).await;
        assert_eq!(code(&twice), "WRONG_STATE", "{twice:#}");
        let back = app.operate(&app.admin(), "prepareUndo", json!({ "operationId": undo })).await;
        assert_eq!(code(&back), "NOT_ALLOWED", "{back:#}");
        assert!(back["userErrors"][0]["message"].as_str().unwrap().contains("can't be undone"));
    })
    .await;
}
