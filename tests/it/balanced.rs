//! Leads that are shared out together under capacities: nobody gets more than there is room for, as many as possible find a place, the
//! distance is least, and what capacity makes impossible is said (SPEC ALGO-7, BULK-4, BULK-9).

use std::collections::BTreeMap;

use baton::domain::id::{DealerId, LeadId};
use baton::domain::input::DealerInput;
use baton::domain::interface::{CandidateKind, Definition};
use baton::domain::lead::Lead;
use baton::domain::operation::LeadImage;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;
use crate::support::rules::{holder, nearest_first};

fn open(capacity: i64) -> DealerInput {
    DealerInput { capacity_open: Some(Some(capacity)), ..DealerInput::default() }
}

async fn everything(app: &TestApp) -> Vec<Lead> {
    app.all_leads(&LeadFilter::default()).await
}

/// How many leads each dealer of these has open.
async fn in_hand(app: &TestApp, dealers: &[DealerId]) -> Vec<usize> {
    let leads = everything(app).await;
    let open: Vec<&Lead> = leads.iter().filter(|lead| lead.state.is_open()).collect();
    dealers.iter().map(|dealer| open.iter().filter(|lead| holder(lead) == *dealer).count()).collect()
}

async fn depart(app: &TestApp, dealer: DealerId, target: Value) -> Value {
    let document = "mutation($input: PrepareDepartureInput!) { prepareDeparture(input: $input) {
        operation { id state } userErrors { path code message } } }";
    let input = json!({ "leaving": { "dealerId": dealer.to_string() }, "target": target });
    app.graphql(&app.admin(), document, json!({ "input": input })).await["prepareDeparture"].take()
}

/// Three dealers with room for five leads beside one who has six: three from Cambridge, two from Worcester, one from Quincy.
async fn crowded(app: &TestApp) -> (DealerId, [DealerId; 3], Vec<LeadId>) {
    let old = app.dealer_at("OLD", "02108", DealerInput::default()).await;
    let cambridge = app.dealer_at("CAM", "02139", open(2)).await;
    let worcester = app.dealer_at("WOR", "01608", open(2)).await;
    let quincy = app.dealer_at("QUI", "02169", open(1)).await;
    let mut leads = Vec::new();
    for code in ["02138", "02138", "01608", "02138", "01608", "02169"] {
        leads.push(app.offered_lead_from(code, old).await);
    }
    app.work().await;
    (old, [cambridge, worcester, quincy], leads)
}

// ALGO-7, BULK-3, BULK-7
#[tokio::test]
async fn nobody_gets_more_than_there_is_room_for_and_the_rest_is_named() {
    on_each_database(async |app| {
        let (_, dealers, leads) = crowded(app).await;
        let before = everything(app).await;
        let id = app.prepared(json!({ "all": true }), json!({ "balanced": {} })).await;
        let plan = app.operation(&id).await;
        let counts = [&plan["leadCount"], &plan["changeCount"], &plan["problemCount"]];
        assert_eq!((&plan["state"], counts), (&json!("READY"), [&json!(6), &json!(5), &json!(1)]), "{plan:#}");
        assert_eq!(plan["problems"], json!([{ "reason": "NO_ROOM", "leadCount": 1 }]));
        let shares = plan["shares"]["nodes"].as_array().unwrap();
        let share =
            |one: &Value| (one["dealer"]["number"].as_str().unwrap().to_owned(), one["leadCount"].as_i64().unwrap());
        let shares: BTreeMap<String, i64> = shares.iter().map(share).collect();
        let expected = [("CAM", 2), ("QUI", 1), ("WOR", 2)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(shares, BTreeMap::from(expected));
        let done = app.ran(&id).await;
        assert_eq!(done["progress"]["changed"], json!(5));
        assert_eq!(in_hand(app, &dealers).await, [2, 2, 1]);
        // Quincy's stays in Quincy: the one that is left is one of Cambridge's, for whom Quincy is far.
        assert_eq!(holder(&app.newest(leads[5]).await), dealers[2]);
        for worcester in [leads[2], leads[4]] {
            assert_eq!(holder(&app.newest(worcester).await), dealers[1]);
        }
        let left = done["results"]["nodes"].as_array().unwrap().iter().find(|one| one["outcome"] == "SKIPPED").unwrap();
        assert!(left["message"].as_str().unwrap().contains("no room beside the rest of the plan"), "{left}");
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.ran(&undo).await;
        for lead in &before {
            let mut after = app.lead(lead.id).await;
            after.times.updated_at = lead.times.updated_at;
            assert_eq!(LeadImage::of(&after), LeadImage::of(lead), "every lead is as before");
        }
    })
    .await;
}

// BULK-9: more leads than an answer waits for, more than a chunk, and two ways looked at side by side.
#[tokio::test]
async fn a_dealer_leaves_and_two_plans_are_compared_before_one_runs() {
    on_each_database(async |app| {
        let old = app.dealer_at("OLD", "02108", DealerInput::default()).await;
        let near = app.dealer_at("NEAR", "02139", open(600)).await;
        let far = app.dealer_at("FAR", "01608", open(500)).await;
        app.offered_leads(old, 1_110).await;
        app.work().await;
        let nearest = depart(app, old, json!({ "nearest": true })).await;
        let balanced = depart(app, old, json!({ "balanced": {} })).await;
        assert_eq!((&nearest["userErrors"], &balanced["userErrors"]), (&json!([]), &json!([])));
        assert_eq!(balanced["operation"]["state"], "PREPARING", "so many are looked at together in the background");
        app.work().await;
        let [nearest, balanced] = [nearest, balanced].map(|one| one["operation"]["id"].as_str().unwrap().to_owned());
        for id in [&nearest, &balanced] {
            let plan = app.operation(id).await;
            assert_eq!((&plan["state"], &plan["changeCount"]), (&json!("READY"), &json!(1_100)), "{plan:#}");
        }
        let plan = app.operation(&balanced).await;
        assert_eq!(plan["problems"], json!([{ "reason": "NO_ROOM", "leadCount": 10 }]));
        let done = app.ran(&balanced).await;
        assert_eq!((&done["progress"]["changed"], &done["progress"]["skipped"]), (&json!(1_100), &json!(10)));
        assert_eq!(in_hand(app, &[old, near, far]).await, [10, 600, 500]);
    })
    .await;
}

// BULK-9: nobody's lead is left behind.
#[tokio::test]
async fn a_lead_that_comes_between_the_plan_and_the_run_goes_to_the_nearest_who_has_room() {
    on_each_database(async |app| {
        let old = app.dealer_at("OLD", "02108", DealerInput::default()).await;
        let near = app.dealer_at("NEAR", "02139", open(1)).await;
        let far = app.dealer_at("FAR", "01608", open(5)).await;
        let planned = app.offered_lead(old).await;
        app.work().await;
        let plan = depart(app, old, json!({ "balanced": {} })).await;
        let late = app.offered_lead(old).await;
        // What was planned is changed, too: it does not stand in its own way.
        let change =
            "mutation($id: ID!) { updateLead(input: { leadId: $id, progress: \"2\" }) { userErrors { message } } }";
        let done = app.graphql(&app.admin(), change, json!({ "id": planned.to_string() })).await;
        assert_eq!(done["updateLead"]["userErrors"], json!([]));
        app.work().await;
        app.ran(plan["operation"]["id"].as_str().unwrap()).await;
        assert_eq!(holder(&app.newest(planned).await), near);
        assert_eq!(holder(&app.newest(late).await), far, "the nearest is full by the plan");
    })
    .await;
}

// ALGO-7: an interface's candidates are its list, and capacities are those of the moment of the plan.
#[tokio::test]
async fn only_an_interfaces_candidates_get_leads_and_what_they_have_counts() {
    on_each_database(async |app| {
        let (old, dealers, leads) = crowded(app).await;
        app.offered_lead(dealers[0]).await;
        let named = Definition { filter: "dealer.number in ['CAM', 'QUI']".to_owned(), ..nearest_first() };
        let interface = app.interface("two of them", CandidateKind::Dealer, named).await;
        let target = json!({ "balanced": { "interfaceId": interface.to_string() } });
        let id =
            app.prepared(json!({ "leadIds": leads.iter().map(ToString::to_string).collect::<Vec<_>>() }), target).await;
        let plan = app.operation(&id).await;
        assert_eq!((&plan["changeCount"], &plan["problemCount"]), (&json!(2), &json!(4)), "{plan:#}");
        // Whoever fills up between the plan and the run does not get more than was planned, nor less.
        app.ran(&id).await;
        assert_eq!(in_hand(app, &[old, dealers[0], dealers[1], dealers[2]]).await, [4, 2, 0, 1]);
    })
    .await;
}

// BULK-2, BULK-9
#[tokio::test]
async fn what_can_not_be_shared_out_is_refused_in_words() {
    on_each_database(async |app| {
        app.dealers(1).await;
        let users =
            app.interface("users", CandidateKind::User, Definition { sort: Vec::new(), ..nearest_first() }).await;
        let missing = "ifc_00000000000070008000000000000009";
        for (interface, expected, words) in [
            (users.to_string(), "NOT_ALLOWED", "it ranks users"),
            (missing.to_owned(), "NOT_FOUND", "no such interface"),
        ] {
            let target = json!({ "balanced": { "interfaceId": interface } });
            let input = json!({ "selection": { "all": true }, "target": target });
            let refused = app.operate(&app.admin(), "prepareReassignment", input).await;
            assert_eq!(code(&refused), expected, "{refused:#}");
            assert_eq!(refused["userErrors"][0]["path"], json!(["target", "balanced", "interfaceId"]));
            assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains(words), "{refused:#}");
        }
        let nothing = app.prepared(json!({ "all": true }), json!({ "balanced": {} })).await;
        assert_eq!(app.operation(&nothing).await["leadCount"], json!(0), "a plan without leads is a plan");
    })
    .await;
}
