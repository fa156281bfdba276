//! Files imported through the API: uploaded, checked, run, followed; what is wrong told by row and column; and killed on the way
//! (BULK-10).

use std::time::Duration;

use baton::actions::import::step;
use baton::domain::Actor;
use baton::domain::file_import::PIECE_BYTES;
use baton::store::dealers::{self, DealerFilter};
use baton::store::leads::{self, LeadFilter};
use baton::store::{Scope, uploads};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_each_database};

const FIELDS: &str = "fileImport { id state name progress columns { column header value } ignoredHeaders error
    checked { rows created updated unchanged failed warned } imported { rows created updated unchanged failed warned }
    problems(first: 20) { nodes { row column value message imported } totalCount } } userErrors { path code message }";

async fn upload(app: &TestApp, actor: &Actor, file: impl Into<Vec<u8>>) -> (u16, Value) {
    let url = format!("http://{}/uploads?name=test.csv", app.server().address);
    let request = reqwest::Client::new().post(url).bearer_auth(app.token(actor)).header("content-type", "text/csv");
    let answer = request.body(file.into()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn uploaded(app: &TestApp, file: impl Into<Vec<u8>>) -> String {
    let (status, answer) = upload(app, &app.admin(), file).await;
    assert_eq!(status, 201, "{answer:#}");
    answer["uploadId"].as_str().unwrap().to_owned()
}

async fn change(app: &TestApp, mutation: &str, kind: &str, input: Value) -> Value {
    let query = format!("mutation($input: {kind}!) {{ made: {mutation}(input: $input) {{ {FIELDS} }} }}");
    app.graphql(&app.admin(), &query, json!({ "input": input })).await["made"].take()
}

async fn prepared(app: &TestApp, input: Value) -> Value {
    let made = change(app, "prepareImport", "PrepareImportInput", input).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["fileImport"]["id"].clone()
}

async fn run(app: &TestApp, id: &Value) -> Value {
    change(app, "runImport", "FileImportInput", json!({ "importId": id })).await
}

async fn seen(app: &TestApp, id: &Value) -> Value {
    let query = format!(
        "query($id: ID!) {{ {} }}",
        FIELDS.split(" userErrors").next().unwrap().replace("fileImport {", "fileImport(id: $id) {")
    );
    app.graphql(&app.admin(), &query, json!({ "id": id })).await["fileImport"].take()
}

async fn dealer_count(app: &TestApp) -> u64 {
    dealers::count(app.store().reader(), app.tenant.id, &DealerFilter::default(), 100_000).await.unwrap()
}

async fn lead_count(app: &TestApp) -> u64 {
    let scope = Scope::system(app.tenant.id);
    leads::count(app.store().reader(), &scope, &LeadFilter::default(), 100_000).await.unwrap()
}

/// How many uploads there are, whole or not.
async fn upload_count(app: &TestApp) -> u64 {
    let everything = if app.engine() == Engine::Sqlite { "$1 is not null" } else { "$1::uuid is not null" };
    app.meddle(&format!("update uploads set name = name where {everything}"), app.tenant.id.uuid()).await
}

const DEALERS: &str = "dealer_id,Dealer Name,State,zip,brands,rating,email,colour\n\
    A-1,Acme,MA,02138,Ford|Lincoln,4.5,acme@example.org,red\n\
    A-2,Bolt,CA,90210,Kia,,bolt@example.org,blue\n\
    ,Nameless,CA,90210,Kia,6,,\n\
    A-3,Short,CA\n";

// BULK-10
#[tokio::test]
async fn a_file_is_checked_before_it_is_imported_and_both_tell_row_and_column() {
    on_each_database(async |app: &TestApp| {
        let id = prepared(app, json!({ "uploadId": uploaded(app, DEALERS).await, "kind": "DEALERS" })).await;
        let fresh = seen(app, &id).await;
        assert_eq!((&fresh["state"], &fresh["progress"]), (&json!("CHECKING"), &json!(0.0)));
        assert_eq!(fresh["columns"][0], json!({ "column": "number", "header": "dealer_id", "value": null }));
        assert_eq!(fresh["ignoredHeaders"], json!(["colour"]));
        app.work().await;
        let checked = seen(app, &id).await;
        let counts = json!({ "rows": 4, "created": 2, "updated": 0, "unchanged": 0, "failed": 2, "warned": 0 });
        assert_eq!(
            (&checked["state"], &checked["checked"], &checked["progress"]),
            (&json!("READY"), &counts, &json!(1.0))
        );
        let problems: Vec<(i64, &str, &str)> = checked["problems"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["row"].as_i64().unwrap(), one["column"].as_str().unwrap(), one["value"].as_str().unwrap()))
            .collect();
        assert_eq!(problems, [(4, "dealer_id", ""), (4, "rating", "6"), (5, "", "A-3")]);
        assert_eq!(dealer_count(app).await, 0, "nothing is imported yet");

        assert_eq!(run(app, &id).await["fileImport"]["state"], "RUNNING");
        let twice = run(app, &id).await;
        assert_eq!((&twice["fileImport"], &twice["userErrors"][0]["code"]), (&Value::Null, &json!("WRONG_STATE")));
        app.work().await;
        let done = seen(app, &id).await;
        assert_eq!((&done["state"], &done["imported"], &done["checked"]), (&json!("DONE"), &counts, &counts));
        assert_eq!((&done["problems"]["totalCount"], dealer_count(app).await), (&json!(3), 2));
        assert_eq!(app.mails_to("acme@example.org").len(), 0);
    })
    .await;
}

// BULK-10: a value that can be left out is no reason to turn a row away, but of a row that is turned away nothing is imported.
#[tokio::test]
async fn a_row_that_is_refused_is_not_told_as_imported_with_a_warning() {
    on_each_database(async |app: &TestApp| {
        let file = "source,email,postal_code,dealer_number\nweb,a@example.net,00000,\nweb,b@example.net,00000,NONE\n";
        let id = prepared(app, json!({ "uploadId": uploaded(app, file).await, "kind": "LEADS" })).await;
        app.work().await;
        run(app, &id).await;
        app.work().await;
        let done = seen(app, &id).await;
        let counts = json!({ "rows": 2, "created": 1, "updated": 0, "unchanged": 0, "failed": 1, "warned": 1 });
        assert_eq!((&done["imported"], lead_count(app).await), (&counts, 1), "{done:#}");
        let problems: Vec<(i64, &str, bool)> = done["problems"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let (row, column) = (one["row"].as_i64().unwrap(), one["column"].as_str().unwrap());
                (row, column, one["imported"].as_bool().unwrap())
            })
            .collect();
        assert_eq!(problems, [(2, "postal_code", true), (3, "dealer_number", false), (3, "postal_code", false)]);
    })
    .await;
}

// BULK-10
#[tokio::test]
async fn leads_are_imported_with_columns_and_values_that_the_caller_names() {
    on_each_database(async |app: &TestApp| {
        let file = "Ref;Nachname;Telefon\nL-1;Doe;+1 555 0100\nL-1;Doe;+1 555 0100\nL-2;;\nL-3;Roe;555-0101\n";
        let map = json!([{ "column": "external_id", "header": "Ref" }, { "column": "last_name", "header": "Nachname" },
            { "column": "phone", "header": "Telefon" }]);
        let set = json!([{ "column": "source", "value": "fair" }]);
        let input = json!({ "uploadId": uploaded(app, file).await, "kind": "LEADS", "map": map, "set": set });
        let id = prepared(app, input.clone()).await;
        app.work().await;
        let counts = json!({ "rows": 4, "created": 2, "updated": 0, "unchanged": 1, "failed": 1, "warned": 0 });
        assert_eq!(seen(app, &id).await["checked"], counts);
        run(app, &id).await;
        app.work().await;
        assert_eq!((&seen(app, &id).await["imported"], lead_count(app).await), (&counts, 2));
        // The same file once more finds them all known.
        let again = prepared(app, input).await;
        app.work().await;
        run(app, &again).await;
        app.work().await;
        assert_eq!((&seen(app, &again).await["imported"]["unchanged"], lead_count(app).await), (&json!(3), 2));
    })
    .await;
}

// BULK-10, JOB-6: batch after batch by one worker or another; one that dies in the middle of a batch leaves nothing of it.
#[tokio::test]
async fn an_import_goes_on_where_a_killed_worker_left_it() {
    on_each_database(async |app: &TestApp| {
        let pad = "x".repeat(300);
        // Some two megabytes without references, so that a row that came twice would be two leads.
        let rows: String =
            (0..6_000).map(|number| format!("web,Doe {number},617-555-{number:04},\"{pad}\n{number}\"\n")).collect();
        let file = format!("source,last_name,phone,comments\n{rows}");
        assert!(file.len() > 7 * PIECE_BYTES);
        let id = prepared(app, json!({ "uploadId": uploaded(app, file).await, "kind": "LEADS" })).await;
        app.work().await;
        assert_eq!(seen(app, &id).await["checked"]["created"], 6_000);
        run(app, &id).await;
        let other = app.sibling(9).await;
        let (mut progress, mut turns) = (0.0, 0);
        loop {
            // A worker that is killed: its future is dropped somewhere on the way.
            let statements = app.store().statement_count();
            let cut = statements + turns % 12;
            let mut dying = Box::pin(step(app.context()));
            let died = std::future::poll_fn(|cx| {
                let done = dying.as_mut().poll(cx).is_ready();
                let is_cut = app.store().statement_count() >= cut;
                if done || is_cut { std::task::Poll::Ready(!done) } else { std::task::Poll::Pending }
            });
            let _ = died.await;
            drop(dying);
            turns += 1;
            // It finds nothing as long as the dead one's transaction is being undone.
            step(&other.app.actions).await.unwrap();
            let now = seen(app, &id).await;
            assert!(now["progress"].as_f64().unwrap() >= progress, "progress never goes back");
            progress = now["progress"].as_f64().unwrap();
            if now["state"] == "DONE" {
                break;
            }
        }
        let done = seen(app, &id).await;
        assert_eq!((&done["state"], &done["imported"]["created"]), (&json!("DONE"), &json!(6_000)), "{done:#}");
        assert_eq!(lead_count(app).await, 6_000);
    })
    .await;
}

// BULK-10
#[tokio::test]
async fn an_import_can_be_stopped_and_one_that_can_not_go_on_says_why() {
    on_each_database(async |app: &TestApp| {
        let rows: String = (0..1_200).map(|number| format!("D{number},Dealer {number}\n")).collect();
        let id = prepared(
            app,
            json!({ "uploadId": uploaded(app, format!("number,name\n{rows}")).await, "kind": "DEALERS" }),
        )
        .await;
        app.work().await;
        run(app, &id).await;
        assert!(step(app.context()).await.unwrap());
        let cancel = async || change(app, "cancelImport", "FileImportInput", json!({ "importId": id })).await;
        assert_eq!(cancel().await["fileImport"]["state"], "CANCELLED");
        assert_eq!(cancel().await["userErrors"][0]["code"], "WRONG_STATE");
        app.work().await;
        assert_eq!(dealer_count(app).await, 499, "what was imported stays: a batch, less the header");

        let endless = format!("number,name\nA,\"{}", "x".repeat(9 * PIECE_BYTES));
        let id = prepared(app, json!({ "uploadId": uploaded(app, endless).await, "kind": "DEALERS" })).await;
        app.work().await;
        let failed = seen(app, &id).await;
        assert_eq!(failed["state"], "FAILED", "{failed:#}");
        assert!(failed["error"].as_str().unwrap().contains("a quote that is not closed"), "{failed:#}");
    })
    .await;
}

// BULK-10, API-5: what does not come whole leaves nothing.
#[tokio::test]
async fn a_body_that_is_cut_off_or_too_long_leaves_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    on_each_database(async |app: &TestApp| {
        let limit = app.app.config.limits.upload_bytes;
        let head = |length: usize| {
            format!(
                "POST /uploads HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n\r\n",
                app.token(&app.admin())
            )
        };
        let connect = async || tokio::net::TcpStream::connect(app.server().address).await.unwrap();
        let mut socket = connect().await;
        socket.write_all(head(limit + 1).as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 413", "refused before any of it is read");

        let mut socket = connect().await;
        socket.write_all(head(4 * PIECE_BYTES).as_bytes()).await.unwrap();
        socket.write_all(&vec![b'x'; 3 * PIECE_BYTES]).await.unwrap();
        // Until two pieces lie in the database: the body is being received.
        while upload_count(app).await == 0 {
            tokio::task::yield_now().await;
        }
        drop(socket);
        while upload_count(app).await > 0 {
            tokio::task::yield_now().await;
        }
        let (status, empty) = upload(app, &app.admin(), "").await;
        assert_eq!((status, empty["code"].as_str()), (400, Some("BAD_REQUEST")));
        assert_eq!(upload_count(app).await, 0);
    })
    .await;
}

// BULK-10, ALLOC-4, AUTH-2
#[tokio::test]
async fn who_may_not_import_is_refused_and_what_is_wrong_is_told_at_once() {
    on_each_database(async |app: &TestApp| {
        for actor in [app.partner("web"), app.auditor(), app.member(app.new_user("mia@example.com").await)] {
            let (status, answer) = upload(app, &actor, DEALERS).await;
            assert_eq!((status, answer["code"].as_str()), (403, Some("FORBIDDEN")), "{}", actor.role);
        }
        assert_eq!(upload_count(app).await, 0);
        let prepare = async |input: Value| {
            let made = change(app, "prepareImport", "PrepareImportInput", input).await;
            let error = made["userErrors"][0].clone();
            (error["path"][0].as_str().unwrap_or_default().to_owned(), error["code"].as_str().unwrap().to_owned())
        };
        let unknown = json!({ "uploadId": "upl_019200000000700080000000000000ff", "kind": "LEADS" });
        assert_eq!(prepare(unknown).await, ("uploadId".into(), "NOT_FOUND".into()));
        let file = uploaded(app, DEALERS).await;
        let mistyped = json!({ "uploadId": file, "kind": "DEALERS", "map": [{ "column": "nam", "header": "x" }] });
        assert_eq!(prepare(mistyped).await, ("map".into(), "NOT_FOUND".into()));
        let nothing = uploaded(app, "a,b\n1,2\n").await;
        assert_eq!(prepare(json!({ "uploadId": nothing, "kind": "LEADS" })).await, ("file".into(), "MALFORMED".into()));
        let binary = uploaded(app, vec![0xff, 0xfe, 0x00, 0x41]).await;
        assert_eq!(prepare(json!({ "uploadId": binary, "kind": "LEADS" })).await, ("file".into(), "MALFORMED".into()));
        let elsewhere = app.in_tenant(app.another_tenant("other").await.id, app.admin());
        let query = "mutation($input: PrepareImportInput!) { prepareImport(input: $input) { userErrors { code } } }";
        let foreign = app.graphql(&elsewhere, query, json!({ "input": { "uploadId": file, "kind": "DEALERS" } })).await;
        assert_eq!(foreign["prepareImport"]["userErrors"][0]["code"], "NOT_FOUND");
    })
    .await;
}

// BULK-10: a file goes when its time is over, unless an import has yet to read it.
#[tokio::test]
async fn files_go_when_their_time_is_over() {
    on_each_database(async |app: &TestApp| {
        let waiting = prepared(app, json!({ "uploadId": uploaded(app, DEALERS).await, "kind": "DEALERS" })).await;
        app.work().await;
        uploaded(app, DEALERS).await;
        app.advance(Duration::from_hours(7 * 24));
        let fresh = uploaded(app, DEALERS).await;
        assert_eq!(upload_count(app).await, 2, "the one that waits to be run, and the fresh one");
        run(app, &waiting).await;
        app.work().await;
        assert_eq!(seen(app, &waiting).await["state"], "DONE");
        uploaded(app, DEALERS).await;
        assert_eq!(upload_count(app).await, 2, "the fresh one and the last");
        let content =
            uploads::read(app.store().reader(), (app.tenant.id, fresh.parse().unwrap()), 10, 8).await.unwrap();
        assert_eq!(content, &DEALERS.as_bytes()[10..]);
    })
    .await;
}
