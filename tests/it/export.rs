//! Leads as CSV: over HTTP by an address of a few minutes, and from the command line; what stands in the file, and how it is read
//! (BULK-10).

use std::process::Command;
use std::time::Duration;

use baton::actions::export::LeadExport;
use baton::domain::Actor;
use baton::domain::download::LeadTable;
use baton::domain::id::{DealerId, LeadId};
use baton::domain::lead::Lead;
use baton::domain::list::{BaseSet, ListSort};
use baton::domain::sort::{LeadSort, Order};
use baton::store::{leads, requests};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::http::Page;

const EXPORT: &str = "mutation($input: ExportLeadsInput!) { made: exportLeads(input: $input) {
    download { id path expiresAt } userErrors { path code message } } }";

/// The path at which the file is fetched.
async fn ordered(app: &TestApp, actor: &Actor, input: Value) -> String {
    let made = app.graphql(actor, EXPORT, json!({ "input": input })).await["made"].take();
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["download"]["path"].as_str().unwrap().to_owned()
}

async fn fetched(app: &TestApp, actor: &Actor, input: Value) -> Page {
    let path = ordered(app, actor, input).await;
    let page = app.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

/// Heading and rows.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A lead as many times, each a request of its own, received a second apart, oldest first.
async fn copied(app: &TestApp, lead: &Lead, count: usize, comments: &str) {
    let first = requests::lookup(app.store().reader(), app.tenant.id, lead.request).await.unwrap().unwrap();
    let ids = &app.context().entropy;
    for begin in (0..count).step_by(1_000) {
        let (mut made_requests, mut made_leads) = (Vec::new(), Vec::new());
        for number in begin..count.min(begin + 1_000) {
            let received_at = app.now() + Duration::from_secs(number as u64);
            let (request, id) = (ids.id(app.now()), ids.id::<LeadId>(app.now()));
            let external_id = Some(format!("X-{number}"));
            made_requests.push(baton::domain::request::Request {
                id: request,
                external_id,
                received_at,
                comments: Some(comments.to_owned()),
                ..first.clone()
            });
            made_leads.push(Lead { id, request, root: id, received_at, decision: None, ..lead.clone() });
        }
        requests::insert(app.store().writer(), &made_requests).await.unwrap();
        leads::insert(app.store().writer(), &made_leads).await.unwrap();
    }
}

async fn one_lead(app: &TestApp) -> (DealerId, Lead) {
    let dealer = app.new_dealer("Ann").await;
    let lead = app.offered_lead(dealer).await;
    app.work().await;
    (dealer, app.lead(lead).await)
}

fn table(columns: &[&str], order: Order) -> LeadTable {
    LeadTable {
        name: "All".to_owned(),
        base: BaseSet::All,
        filter: String::new(),
        sort: ListSort { field: LeadSort::ReceivedAt, order },
        columns: columns.iter().map(|path| (*path).to_owned()).collect(),
    }
}

// BULK-10: the memory is that of one page and the reading that of the pages, whatever the number of leads.
#[tokio::test]
async fn twenty_thousand_leads_are_read_page_by_page_in_their_order() {
    on_each_database(async |app: &TestApp| {
        let (_, lead) = one_lead(app).await;
        copied(app, &lead, 19_999, "Hello").await;
        let columns = ["request.external_id", "lead.id", "lead.dealer.name", "lead.owner.last_name"];
        let mut export = LeadExport::open(app.context(), &app.admin(), &table(&columns, Order::Asc)).await.unwrap();
        let (mut pages, mut file) = (0, String::new());
        loop {
            let before = app.store().statement_count();
            let Some(page) = export.next().await.unwrap() else { break };
            let page = String::from_utf8(page).unwrap();
            assert!(page.matches("\r\n").count() <= 501, "a page holds 500 leads and at most the headings");
            let statements = app.store().statement_count() - before;
            assert!(statements <= 4, "leads, requests, dealers, users: {statements}");
            pages += 1;
            file.push_str(&page);
        }
        assert_eq!(pages, 40);
        let rows = rows(&file);
        assert_eq!(rows.len(), 20_001);
        assert_eq!(rows[0], ["External id", "Id", "Dealer: Name", "Owner: Last name"]);
        let ids: std::collections::HashSet<&String> = rows[1..].iter().map(|row| &row[1]).collect();
        assert_eq!(ids.len(), 20_000, "each lead once");
        let numbers: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).filter(|id| !id.is_empty()).collect();
        let expected: Vec<String> = (0..19_999).map(|number| format!("X-{number}")).collect();
        assert_eq!(numbers, expected);
        assert!(rows[1..].iter().all(|row| row[2] == "Ann"));
    })
    .await;
}

// BULK-10: a client that goes away ends the reading.
#[tokio::test]
async fn a_client_that_goes_away_ends_the_reading() {
    on_each_database(async |app: &TestApp| {
        let (_, lead) = one_lead(app).await;
        // Forty megabytes, more than any buffer between the two holds.
        copied(app, &lead, 20_000, &"x".repeat(2_000)).await;
        let path = ordered(app, &app.admin(), json!({ "columns": ["customer.comments"] })).await;
        let before = app.store().statement_count();
        let url = format!("http://{}{path}", app.server().address);
        let mut answer = reqwest::get(url).await.unwrap();
        assert!(!answer.chunk().await.unwrap().unwrap().is_empty());
        drop(answer);
        // Waits for what is under way; the connections that it leaves are not asked again.
        app.server().stop().await;
        app.leaves_work();
        let statements = app.store().statement_count() - before;
        assert!(statements < 60, "two statements for each of 40 pages would be 80: {statements}");
    })
    .await;
}

// BULK-10, ACK-1, ALLOC-4, AUTH-3
#[tokio::test]
async fn customers_data_stands_in_the_file_only_where_it_is_shown() {
    on_each_database(async |app: &TestApp| {
        let (dealer, _) = one_lead(app).await;
        let columns = json!({ "columns": ["customer.last_name", "customer.email", "lead.city", "lead.dealer.rating", "lead.job_id"],
            "sort": { "direction": "ASC" } });
        let seen = async |actor: &Actor| rows(&fetched(app, actor, columns.clone()).await.body)[1].clone();
        assert_eq!(seen(&app.admin()).await, ["Doe", "jo.doe@example.net", "Cambridge", "", ""]);
        assert_eq!(seen(&app.auditor()).await, ["", "", "Cambridge", "", ""]);
        let of_dealer = app.dealer(dealer);
        assert_eq!(seen(&of_dealer).await, ["", "", "Cambridge", "", ""], "not before it is acknowledged");
        let acknowledge = "mutation($id: ID!) { acknowledgeLead(input: { leadId: $id }) { userErrors { message } } }";
        let lead = app.graphql(&app.admin(), "{ leads(first: 1) { nodes { id } } }", json!({})).await;
        app.graphql(&of_dealer, acknowledge, json!({ "id": lead["leads"]["nodes"][0]["id"] })).await;
        assert_eq!(seen(&of_dealer).await, ["Doe", "jo.doe@example.net", "Cambridge", "", ""]);
        let other = app.new_dealer("Bea").await;
        assert_eq!(rows(&fetched(app, &app.dealer(other), columns.clone()).await.body).len(), 1, "headings alone");
        app.leaves_work();
    })
    .await;
}

// BULK-10: what customers write is never run by the spreadsheet that it is opened in.
#[tokio::test]
async fn a_file_is_csv_that_no_spreadsheet_runs() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        for (key, kind) in [("margin", "INTEGER"), ("since", "DATE")] {
            let define =
                "mutation($key: String!, $kind: FieldType!) { createCustomField(input: { subject: LEAD, key: $key,
                label: \"=Margin\", fieldType: $kind }) { userErrors { message } } }";
            app.graphql(&admin, define, json!({ "key": key, "kind": kind })).await;
        }
        let submit = "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { userErrors { message } } }";
        let input = json!({ "source": "web", "lastName": "=HYPERLINK(\"http://evil\")", "firstName": "Zoë, \"Z\"",
            "phone": "+15550100", "comments": "a\nb", "custom": { "margin": -5, "since": "2026-11-21" } });
        let made = app.graphql(&admin, submit, json!({ "input": input })).await;
        assert_eq!(made["submitLead"]["userErrors"], json!([]));
        let columns = [
            "customer.last_name",
            "customer.first_name",
            "customer.phone",
            "customer.comments",
            "custom.margin",
            "custom.since",
        ];
        let page = fetched(app, &admin, json!({ "filter": "lead.source == 'web'", "columns": columns })).await;
        let expected = "Last name,First name,Phone,Comments,'=Margin,'=Margin\r\n\
            \"'=HYPERLINK(\"\"http://evil\"\")\",\"Zoë, \"\"Z\"\"\",'+15550100,\"a\nb\",-5,2026-11-21\r\n";
        assert_eq!(page.body, expected);
        assert_eq!(page.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(page.header("content-disposition").starts_with("attachment; filename=\"Leads 2026-11-21.csv\""));
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    })
    .await;
}

// BULK-10, AUTH-2
#[tokio::test]
async fn an_address_opens_one_file_for_a_quarter_of_an_hour() {
    on_each_database(async |app: &TestApp| {
        one_lead(app).await;
        let path = ordered(app, &app.admin(), json!({ "columns": ["lead.state"], "idempotencyKey": "k" })).await;
        let again = json!({ "columns": ["lead.state"], "idempotencyKey": "k" });
        assert_eq!(ordered(app, &app.admin(), again).await, path);
        app.advance(Duration::from_secs(15 * 60 - 1));
        assert_eq!(app.get(&path).await.body, "State\r\nOFFERED\r\n");
        let mut other = path.clone();
        other.replace_range(20..21, if &path[20..21] == "A" { "B" } else { "A" });
        for wrong in
            [other.as_str(), "/downloads/x", &path[..path.len() - 1], &format!("/l/{}", &path["/downloads/".len()..])]
        {
            assert_eq!(app.get(wrong).await.status, 404, "{wrong}");
        }
        app.advance(Duration::from_secs(1));
        let gone = app.get(&path).await;
        let problem: Value = serde_json::from_str(&gone.body).unwrap();
        assert_eq!((gone.status, &problem["code"]), (404, &json!("NOT_FOUND")));
        // Who took what stands in the audit log.
        let log = "{ events(first: 5) { nodes { kind subject after actor { id } } } }";
        let events = app.graphql(&app.auditor(), log, json!({})).await["events"]["nodes"].take();
        let line = events
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["subject"].as_str().unwrap().starts_with("dwn_"))
            .unwrap();
        assert_eq!((&line["after"]["columns"], &line["actor"]["id"]), (&json!(["lead.state"]), &json!("admin@aurora")));
        app.work().await;
    })
    .await;
}

// BULK-1, BULK-10
#[tokio::test]
async fn a_lists_own_columns_and_order_are_taken_and_what_is_wrong_is_refused() {
    on_each_database(async |app: &TestApp| {
        let (_, lead) = one_lead(app).await;
        copied(app, &lead, 2, "").await;
        let create =
            "mutation { createList(input: { name: \"Waiting\", baseSet: WAITING, columns: [\"request.external_id\"],
            sort: { field: RECEIVED_AT, direction: DESC } }) { list { id } } }";
        let list = app.graphql(&app.admin(), create, json!({})).await["createList"]["list"]["id"].take();
        let page = fetched(app, &app.admin(), json!({ "listId": list })).await;
        assert_eq!(page.body, "External id\r\nX-1\r\nX-0\r\n\"\"\r\n");
        assert!(page.header("content-disposition").contains("Waiting 2026-11-21.csv"));
        let member = app.member(app.new_user("mia@example.com").await);
        for (actor, input, code, path) in [
            (&member, json!({ "listId": list }), "NOT_FOUND", "listId"),
            (&app.admin(), json!({ "listId": list, "filter": "true" }), "NOT_ALLOWED", "listId"),
            (&app.admin(), json!({ "filter": "lead.stat == ''" }), "EXPRESSION", "filter"),
            (&app.admin(), json!({ "columns": ["lead.stat"] }), "NOT_ALLOWED", "columns.0"),
            (&app.admin(), json!({ "columns": [] }), "OUT_OF_RANGE", "columns"),
            (&member, json!({ "filter": "has(lead.job_id)" }), "FORBIDDEN", ""),
        ] {
            let made = app.graphql(actor, EXPORT, json!({ "input": input })).await["made"].take();
            let error = &made["userErrors"][0];
            let found: Vec<&str> =
                error["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
            assert_eq!((error["code"].as_str().unwrap(), found.join(".").as_str()), (code, path), "{input}");
        }
    })
    .await;
}

// BULK-10, RUN-1
#[tokio::test]
async fn the_command_line_writes_the_same_file() {
    on_each_database(async |app: &TestApp| {
        let (_, lead) = one_lead(app).await;
        copied(app, &lead, 1_200, "Hello").await;
        let run = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
            command
                .args(["export", "--tenant", "aurora"])
                .args(arguments)
                .env("BATON_DATABASE__URL", app.database_url());
            command.env("BATON_AUTH__SECRET", "a secret of the tests, 32 bytes or more");
            command.env("BATON_SECRETS__KEY", "a key of the tests, 32 bytes or more");
            command.env("BATON_SERVER__PUBLIC_URL", "https://leads.example.com").output().unwrap()
        };
        let written = run(&["--filter", "lead.state == 'OFFERED'", "--columns", "lead.id,customer.email"]);
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let input = json!({ "filter": "lead.state == 'OFFERED'", "columns": ["lead.id", "customer.email"] });
        let served = fetched(app, &app.admin(), input).await;
        assert_eq!(String::from_utf8(written.stdout).unwrap(), served.body);
        assert_eq!(rows(&served.body).len(), 1_202);
        let refused = run(&["--filter", "lead.stat == 'x'"]);
        assert!(!refused.status.success() && refused.stdout.is_empty());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("did you mean"));
    })
    .await;
}
