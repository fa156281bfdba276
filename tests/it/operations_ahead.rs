//! On SQLite the next chunk of an operation is worked out while one is written: it must come out as if it had been worked out when its turn
//! came, whatever changes in between (SPEC BULK-3, BULK-6).

use std::time::Duration;

use baton::actions::operations::{Turns, step};
use baton::domain::id::{DealerId, LeadId};
use baton::domain::interface::CandidateKind;
use baton::domain::lead::LeadState;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::rules::{HOUR, nearest_first};

/// Leads per chunk, as the product has it.
const CHUNK: usize = 500;
/// Leads of the second chunk.
const LATER: usize = 20;

/// What an operation over two chunks made of the second, where something happens between the two.
struct Second {
    /// The results of its leads.
    outcomes: Vec<String>,
    /// Copies that it made, with what the timeline says of each offer.
    copies: Vec<(LeadId, Value)>,
}

async fn second(app: &TestApp, between: impl AsyncFnOnce(DealerId, &[LeadId])) -> Second {
    let dealers = app.dealers(2).await;
    let first = app.offered_lead(dealers[1]).await;
    app.copied_leads(first, CHUNK + LATER - 1).await;
    app.work().await;
    let mut leads: Vec<LeadId> = app.all_leads(&LeadFilter::default()).await.iter().map(|lead| lead.id).collect();
    leads.sort_unstable();
    let id = app.prepared(json!({ "all": true }), json!({ "dealerNumber": { "number": "D1" } })).await;
    app.operated("runOperation", json!({ "operationId": id })).await;
    let turns = Turns::default();
    assert!(step(app.context(), &turns).await.unwrap());
    // Whatever is done ahead has time to be done.
    for _ in 0..5 {
        assert_eq!(app.operation(&id).await["progress"]["done"], json!(CHUNK));
    }
    between(dealers[0], &leads[CHUNK..]).await;
    while step(app.context(), &turns).await.unwrap() {}
    assert_eq!(app.operation(&id).await["state"], "DONE");
    let ask = "query($id: ID!) { operation(id: $id) { results(last: 20) { nodes { outcome copies { id
        latestEvent { kind after } } } } } }";
    let told = app.graphql(&app.admin(), ask, json!({ "id": id })).await;
    let results = told["operation"]["results"]["nodes"].as_array().unwrap();
    let copies = results.iter().flat_map(|one| one["copies"].as_array().unwrap());
    let copy = |copy: &Value| (copy["id"].as_str().unwrap().parse().unwrap(), copy["latestEvent"].clone());
    Second {
        outcomes: results.iter().map(|one| one["outcome"].as_str().unwrap().to_owned()).collect(),
        copies: copies.map(copy).collect(),
    }
}

#[tokio::test]
async fn nothing_happens_in_between() {
    on_each_database(async |app| {
        let second = second(app, async |_, _| {}).await;
        assert_eq!(second.outcomes, ["CHANGED"; LATER]);
        assert_eq!(second.copies.len(), LATER);
        app.leaves_work();
    })
    .await;
}

#[tokio::test]
async fn a_lead_is_changed_in_between() {
    on_each_database(async |app| {
        let change =
            "mutation($id: ID!) { updateLead(input: { leadId: $id, progress: \"2\" }) { userErrors { message } } }";
        let second = second(app, async |_, leads| {
            app.graphql(&app.admin(), change, json!({ "id": leads[7].to_string() })).await;
        })
        .await;
        assert_eq!(second.outcomes.iter().filter(|outcome| *outcome == "SKIPPED").count(), 1);
        assert_eq!(second.copies.len(), LATER - 1);
        app.leaves_work();
    })
    .await;
}

#[tokio::test]
async fn the_new_owner_gets_another_name_in_between() {
    on_each_database(async |app| {
        let rename =
            "mutation($id: ID!) { updateDealer(input: { dealerId: $id, name: \"Renamed\" }) { userErrors { message } } }";
        let second = second(app, async |new_owner, _| {
            app.graphql(&app.admin(), rename, json!({ "id": new_owner.to_string() })).await;
        })
        .await;
        assert_eq!(second.copies.len(), LATER);
        for (copy, offered) in second.copies {
            assert_eq!((&offered["kind"], &offered["after"]["name"]), (&json!("LEAD_OFFERED"), &json!("Renamed")), "{copy}");
        }
        app.leaves_work();
    })
    .await;
}

#[tokio::test]
async fn a_job_begins_in_between() {
    on_each_database(async |app| {
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let second = second(app, async |_, _| {
            app.job("after an hour", interface, |_| {}).await;
        })
        .await;
        assert_eq!(second.copies.len(), LATER);
        for (copy, _) in second.copies {
            let copy = app.lead(copy).await;
            assert_eq!((copy.state, copy.due_at), (LeadState::Offered, Some(app.now() + HOUR)), "{}", copy.id);
        }
        app.leaves_work();
    })
    .await;
}

#[tokio::test]
async fn time_passes_in_between() {
    on_each_database(async |app| {
        let second = second(app, async |_, _| app.advance(Duration::from_mins(1))).await;
        assert_eq!(second.copies.len(), LATER);
        for (copy, _) in second.copies {
            assert_eq!(app.lead(copy).await.times.offered_at, Some(app.now()));
        }
        app.leaves_work();
    })
    .await;
}
