//! What became of each lead of an operation, as CSV: while it runs, page by page, for whoever sees it, and harmless (SPEC BULK-6, BULK-10).

use baton::actions::export::ResultExport;
use baton::actions::operations::{Turns, step};
use baton::domain::Actor;
use baton::domain::download::ResultTable;
use baton::domain::id::LeadId;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

const EXPORT: &str = "mutation($input: ExportOperationResultsInput!) { made: exportOperationResults(input: $input) {
    download { path } userErrors { path code } } }";
const HEADINGS: &str = "Position,Lead id,Request id,Outcome,Reason code,Reason,Copy ids,Recipient ids,Recipients\r\n";

async fn ordered(app: &TestApp, actor: &Actor, input: Value) -> Value {
    app.graphql(actor, EXPORT, json!({ "input": input })).await["made"].take()
}

/// The lines of the file.
async fn fetched(app: &TestApp, input: Value) -> Vec<Vec<String>> {
    let made = ordered(app, &app.admin(), input).await;
    let page = app.get(made["download"]["path"].as_str().unwrap_or_else(|| panic!("{made:#}"))).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.starts_with(HEADINGS), "{}", page.body);
    let mut reader = csv::Reader::from_reader(page.body.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

// BULK-6, BULK-10
#[tokio::test]
async fn each_lead_has_its_line_with_what_became_of_it() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let rename =
            "mutation($id: ID!) { updateDealer(input: { dealerId: $id, name: \"x;=D1\" }) { userErrors { message } } }";
        app.graphql(&app.admin(), rename, json!({ "id": dealers[0].to_string() })).await;
        let mut leads = Vec::new();
        for _ in 0..3 {
            leads.push(app.offered_lead(dealers[1]).await);
        }
        let there = app.offered_lead(dealers[0]).await;
        app.work().await;
        let target = json!({ "dealerId": dealers[0].to_string() });
        let id = app.prepared(json!({ "all": true }), target).await;
        let change =
            "mutation($id: ID!) { updateLead(input: { leadId: $id, progress: \"2\" }) { userErrors { message } } }";
        app.graphql(&app.admin(), change, json!({ "id": leads[1].to_string() })).await;
        app.ran(&id).await;
        let rows = fetched(app, json!({ "operationId": id })).await;
        let positions: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(positions, ["0", "1", "2", "3"]);
        for row in &rows {
            let lead: LeadId = row[1].parse().unwrap();
            assert_eq!(row[2], app.lead(lead).await.request.to_string());
            let (outcome, reason) = match lead {
                lead if lead == leads[1] => ("SKIPPED", "CHANGED_SINCE"),
                lead if lead == there => ("UNCHANGED", "ALREADY_THERE"),
                _ => ("CHANGED", ""),
            };
            assert_eq!((row[3].as_str(), row[4].as_str()), (outcome, reason), "{row:?}");
            assert_eq!(row[5].is_empty(), outcome == "CHANGED", "{row:?}");
            if outcome == "CHANGED" {
                assert_eq!(row[6], app.newest(lead).await.id.to_string());
                assert_eq!((row[7].as_str(), row[8].as_str()), (dealers[0].to_string().as_str(), "x;'=D1"));
            } else {
                assert_eq!(row[6..], ["", "", ""], "{row:?}");
            }
        }
        let left = fetched(app, json!({ "operationId": id, "outcomes": ["SKIPPED", "FAILED"] })).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0][1], leads[1].to_string());
    })
    .await;
}

// BULK-6, BULK-10: what is there so far, however many there are, in the memory of a page.
#[tokio::test]
async fn a_file_of_an_operation_that_runs_holds_what_is_there_so_far() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.copied_leads(lead, 749).await;
        app.work().await;
        let input = json!({ "selection": { "all": true }, "fields": { "progress": "2" } });
        let id = app.operated("prepareLeadUpdate", input).await;
        app.operated("runOperation", json!({ "operationId": id })).await;
        assert!(step(app.context(), &Turns::default()).await.unwrap());
        assert_eq!(fetched(app, json!({ "operationId": id })).await.len(), 500);
        app.work().await;
        let table = ResultTable { operation: id.parse().unwrap(), outcomes: Vec::new() };
        let mut export = ResultExport::open(app.context(), &app.admin(), &table).await.unwrap();
        let mut counts = Vec::new();
        loop {
            let before = app.store().statement_count();
            let Some(page) = export.next().await.unwrap() else { break };
            let statements = app.store().statement_count() - before;
            assert!(statements <= 4, "results, plan, dealers, users: {statements}");
            counts.push(String::from_utf8(page).unwrap().matches("\r\n").count());
        }
        assert_eq!(counts, [501, 250], "the headings stand in front once");
    })
    .await;
}

// BULK-10, ALLOC-4
#[tokio::test]
async fn whoever_sees_the_operation_may_fetch_its_results() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_lead(dealers[1]).await;
        app.work().await;
        let id = app.prepared(json!({ "all": true }), json!({ "dealerId": dealers[0].to_string() })).await;
        let input = json!({ "operationId": id });
        let mia = app.new_user("mia@example.com").await;
        let stranger = app.in_tenant(app.another_tenant("borealis").await.id, app.admin());
        for (actor, code) in [(app.manager(mia), "NOT_FOUND"), (app.member(mia), "FORBIDDEN"), (stranger, "NOT_FOUND")]
        {
            let refused = ordered(app, &actor, input.clone()).await;
            assert_eq!((&refused["download"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!(code)));
        }
        let made = ordered(app, &app.auditor(), input).await;
        let page = app.get(made["download"]["path"].as_str().unwrap()).await;
        assert_eq!((page.status, page.body.as_str()), (200, HEADINGS), "nothing has become of any lead yet");
        let name = format!("attachment; filename=\"Results of {id} 2026-11-21.csv\"");
        assert!(page.header("content-disposition").starts_with(&name));
        let malformed = ordered(app, &app.admin(), json!({ "operationId": "lead_1" })).await;
        assert_eq!(malformed["userErrors"][0], json!({ "path": ["operationId"], "code": "MALFORMED" }));
    })
    .await;
}
