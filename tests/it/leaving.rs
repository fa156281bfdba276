//! Dealers and users who leave the network with open leads: where these go, what still names them, and back again (SPEC BULK-9).

use baton::domain::id::{DealerId, LeadId};
use baton::domain::interface::{CandidateKind, Definition};
use baton::domain::job::Fallback;
use baton::domain::lead::{LeadState, Recipient};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::rules::{holder, nearest_first};

const OPERATION: &str = "operation { id state leadCount error leaving { dealer { number active } user { email active } openLeadCount rules } }
    userErrors { path code message }";

async fn mutate(app: &TestApp, name: &str, input_type: &str, selected: &str, input: Value) -> Value {
    let document = format!("mutation($input: {input_type}!) {{ {name}(input: $input) {{ {selected} }} }}");
    app.graphql(&app.admin(), &document, json!({ "input": input })).await[name].clone()
}

async fn prepare(app: &TestApp, input: Value) -> Value {
    mutate(app, "prepareDeparture", "PrepareDepartureInput", OPERATION, input).await
}

async fn run(app: &TestApp, prepared: &Value) -> Value {
    let id = &prepared["operation"]["id"];
    mutate(app, "runOperation", "OperationInput", OPERATION, json!({ "operationId": id })).await
}

fn code(answer: &Value) -> (&str, String) {
    let problem = &answer["userErrors"][0];
    (problem["code"].as_str().unwrap_or_default(), problem["path"].to_string())
}

async fn is_active(app: &TestApp, dealer: DealerId) -> bool {
    let query = "query($id: ID!) { dealer(id: $id) { active } }";
    app.graphql(&app.admin(), query, json!({ "id": dealer.to_string() })).await["dealer"]["active"] == true
}

async fn offered(app: &TestApp, dealer: DealerId, count: usize) -> Vec<LeadId> {
    let mut leads = Vec::new();
    for _ in 0..count {
        leads.push(app.offered_lead(dealer).await);
    }
    app.work().await;
    leads
}

// BULK-9
#[tokio::test]
async fn a_dealer_leaves_its_open_leads_go_on_and_both_come_back() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let named = Definition { filter: "dealer.number != 'D1'".to_owned(), ..nearest_first() };
        let interface = app.interface("not the first", CandidateKind::Dealer, named).await;
        app.job("hourly", interface, |job| {
            job.condition = format!("lead.dealer.id == '{}'", dealers[0]);
            job.enabled = false;
        })
        .await;
        let leads = offered(app, dealers[0], 4).await;
        let deactivate = json!({ "dealerId": dealers[0].to_string() });
        let refused =
            mutate(app, "deactivateDealer", "DeactivateDealerInput", "userErrors { path code message }", deactivate)
                .await;
        assert_eq!(code(&refused), ("IN_USE", r#"["active"]"#.to_owned()));
        assert_eq!(
            refused["userErrors"][0]["message"],
            "`D1` has 4 open leads: say where they go, with `prepareDeparture`"
        );
        let update = json!({ "dealerId": dealers[0].to_string(), "active": false });
        let refused =
            mutate(app, "updateDealer", "UpdateDealerInput", "userErrors { path code message }", update).await;
        assert_eq!(code(&refused), ("IN_USE", r#"["active"]"#.to_owned()));

        let leaving = json!({ "leaving": { "dealerId": dealers[0].to_string() }, "target": { "nearest": true } });
        let plan = prepare(app, leaving).await;
        assert_eq!(plan["userErrors"], json!([]));
        let operation = &plan["operation"];
        assert_eq!((&operation["state"], &operation["leadCount"]), (&json!("READY"), &json!(4)));
        let before = json!({ "dealer": { "number": "D1", "active": true }, "user": null, "openLeadCount": 4,
            "rules": ["interface `not the first`", "job `hourly`"] });
        assert_eq!(operation["leaving"], before);

        let running = run(app, &plan).await;
        assert_eq!(running["operation"]["leaving"]["dealer"]["active"], false, "{running}");
        app.work().await;
        for lead in &leads {
            assert_eq!(holder(&app.newest(*lead).await), dealers[1]);
        }
        assert!(app.mails_to("d2@example.org").is_empty(), "no mail per lead unless asked");

        let undo = json!({ "operationId": operation["id"] });
        let undo = mutate(app, "prepareUndo", "PrepareUndoInput", OPERATION, undo).await;
        run(app, &undo).await;
        app.work().await;
        assert!(is_active(app, dealers[0]).await);
        for lead in &leads {
            let lead = app.lead(*lead).await;
            assert_eq!((lead.state, lead.recipient), (LeadState::Offered, Some(Recipient::Dealer(dealers[0]))));
        }
    })
    .await;
}

// BULK-9: a dealer without open leads is simply gone.
#[tokio::test]
async fn who_has_nothing_open_leaves_at_once() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let deactivate = json!({ "dealerId": dealers[0].to_string() });
        let done = mutate(app, "deactivateDealer", "DeactivateDealerInput", "userErrors { message }", deactivate).await;
        assert_eq!(done["userErrors"], json!([]));
        assert!(!is_active(app, dealers[0]).await);
    })
    .await;
}

// BULK-9, BULK-3
#[tokio::test]
async fn leads_that_come_or_change_before_the_run_stop_it_or_go_with_the_others() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let planned = offered(app, dealers[0], 3).await;
        // One that nobody has, and that is offered itself: no new copy, so no new id.
        let waiting = offered(app, dealers[2], 1).await[0];
        let nobody = app.prepared(json!({ "leadIds": [waiting.to_string()] }), json!({ "nobody": true })).await;
        app.ran(&nobody).await;
        let waiting = app.newest(waiting).await.id;
        let leaving = |on_problem: &str| {
            json!({ "leaving": { "dealerId": dealers[0].to_string() }, "target": { "dealerId": dealers[1].to_string() },
                "onProblem": on_problem, "notifyNewOwner": "PER_LEAD" })
        };
        let (stop, skip) = (prepare(app, leaving("STOP")).await, prepare(app, leaving("SKIP")).await);
        let came = offered(app, dealers[0], 1).await[0];
        let to_first = json!({ "dealerId": dealers[0].to_string() });
        let offer = app.prepared(json!({ "leadIds": [waiting.to_string()] }), to_first).await;
        app.ran(&offer).await;
        let change = json!({ "leadId": planned[0].to_string(), "progress": "2" });
        mutate(app, "updateLead", "UpdateLeadInput", "userErrors { message }", change).await;
        let answer = json!({ "leadId": planned[1].to_string() });
        mutate(app, "acknowledgeLead", "LeadInput", "userErrors { message }", answer).await;
        let refused = run(app, &stop).await;
        assert_eq!(code(&refused), ("CONFLICT", r#"["operationId"]"#.to_owned()), "{refused}");
        assert!(is_active(app, dealers[0]).await);
        let mails = app.mailbox.count();
        run(app, &skip).await;
        app.work().await;
        let query = "query($id: ID!) { operation(id: $id) { state leadCount mailCount progress { changed skipped }
            leaving { openLeadCount } } }";
        let done = app.graphql(&app.admin(), query, json!({ "id": skip["operation"]["id"] })).await;
        // The changed two stand in the plan twice: as they were, and as they are.
        let expected = json!({ "state": "DONE", "leadCount": 7, "mailCount": 5, "progress": { "changed": 5, "skipped": 2 },
            "leaving": { "openLeadCount": 0 } });
        assert_eq!(done["operation"], expected);
        for lead in planned.iter().chain([&came, &waiting]) {
            assert_eq!(holder(&app.newest(*lead).await), dealers[1], "nobody's lead is left behind");
        }
        assert_eq!(app.mailbox.count(), mails + 5);
    })
    .await;
}

// BULK-9, BULK-3: who gets most is told of the plan as it runs.
#[tokio::test]
async fn leads_that_come_before_the_run_count_for_who_gets_most() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        offered(app, dealers[0], 2).await;
        let to: Vec<String> = dealers[1..].iter().map(ToString::to_string).collect();
        let leaving = json!({ "leaving": { "dealerId": dealers[0].to_string() }, "target": { "evenSplit": { "dealerIds": to } } });
        let plan = prepare(app, leaving).await;
        offered(app, dealers[0], 1).await;
        run(app, &plan).await;
        app.work().await;
        let query = "query($id: ID!) { operation(id: $id) { shares(first: 5) { nodes { dealer { number } leadCount } } } }";
        let done = app.graphql(&app.admin(), query, json!({ "id": plan["operation"]["id"] })).await;
        let share = |number: &str, count: i32| json!({ "dealer": { "number": number }, "leadCount": count });
        assert_eq!(done["operation"]["shares"]["nodes"], json!([share("D2", 2), share("D3", 1)]));
    })
    .await;
}

// BULK-9
#[tokio::test]
async fn a_user_leaves_too_but_not_as_the_fallback_of_a_job() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let (mia, ben) = (app.new_user("mia@example.com").await, app.new_user("ben@example.com").await);
        let lead = offered(app, dealers[0], 1).await[0];
        let to_mia = json!({ "selection": { "all": true }, "target": { "userId": mia.to_string() } });
        let given = mutate(app, "prepareReassignment", "PrepareReassignmentInput", OPERATION, to_mia).await;
        run(app, &given).await;
        app.work().await;
        let deactivate = json!({ "userId": mia.to_string() });
        let refused =
            mutate(app, "deactivateUser", "DeactivateUserInput", "userErrors { path code message }", deactivate).await;
        assert_eq!(code(&refused), ("IN_USE", r#"["active"]"#.to_owned()));
        let leaving = json!({ "leaving": { "userId": mia.to_string() }, "target": { "userId": ben.to_string() } });
        let plan = prepare(app, leaving.clone()).await;
        assert_eq!(plan["operation"]["leaving"]["user"], json!({ "email": "mia@example.com", "active": true }));
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("hourly", interface, |job| {
            job.fallback = Fallback::User(mia);
            job.enabled = false;
        })
        .await;
        let refused = run(app, &plan).await;
        assert_eq!(code(&refused), ("IN_USE", r#"["active"]"#.to_owned()), "{refused}");
        assert_eq!(code(&prepare(app, leaving).await), ("IN_USE", r#"["active"]"#.to_owned()));
        app.meddle(
            "update jobs set fallback = 'LEAVE', fallback_user_id = null where fallback_user_id = $1",
            mia.uuid(),
        )
        .await;
        let running = run(app, &plan).await;
        assert_eq!(running["operation"]["leaving"]["user"]["active"], false, "{running}");
        app.work().await;
        assert_eq!(app.newest(lead).await.recipient, Some(Recipient::User(ben)));
    })
    .await;
}

// BULK-9
#[tokio::test]
async fn a_departure_that_makes_no_sense_is_refused_with_its_place() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let default = json!({ "dealerId": dealers[1].to_string(), "isDefault": true });
        mutate(app, "updateDealer", "UpdateDealerInput", "userErrors { message }", default).await;
        let leave = async |leaving: Value, target: Value| {
            let refused = prepare(app, json!({ "leaving": leaving, "target": target })).await;
            assert_eq!(refused["operation"], Value::Null);
            let (code, path) = code(&refused);
            (code.to_owned(), path)
        };
        let (own, default) =
            (json!({ "dealerId": dealers[0].to_string() }), json!({ "dealerId": dealers[1].to_string() }));
        let stranger = json!({ "dealerId": "dlr_01920000000070008000000000000001" });
        let wrong = json!({ "dealerId": "usr_01920000000070008000000000000001" });
        let nearest = json!({ "nearest": true });
        assert_eq!(leave(own.clone(), own.clone()).await, ("NOT_ALLOWED".to_owned(), r#"["target"]"#.to_owned()));
        assert_eq!(leave(default, nearest.clone()).await, ("IN_USE".to_owned(), r#"["active"]"#.to_owned()));
        assert_eq!(leave(stranger, nearest.clone()).await, ("NOT_FOUND".to_owned(), r#"["leaving"]"#.to_owned()));
        assert_eq!(leave(wrong, nearest).await, ("MALFORMED".to_owned(), r#"["leaving","dealerId"]"#.to_owned()));
        assert!(is_active(app, dealers[0]).await);
    })
    .await;
}
