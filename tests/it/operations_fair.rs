//! Fairness between operations: two servers, three operations of two tenants. The small ones are done while the huge one goes on, and each
//! lead is changed once (SPEC BULK-6).

use std::collections::BTreeMap;

use baton::actions::operations::{Turns, step};
use baton::domain::Actor;
use baton::domain::id::LeadId;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

/// Leads per chunk, as the product has it.
const CHUNK: usize = 500;
/// Chunks of the huge operation: clearly more than it may be given while another one waits.
const HUGE_CHUNKS: usize = 10;
/// Chunks that the huge operation may be given before one of a single chunk has ended.
///
/// The small one needs two turns: one of the two servers carries its chunk out, and the next turn of whichever of them ends it. Of the same
/// tenant, a server does not take up the huge one twice without having tried the small one in between, which makes three at most for each
/// server. Of another tenant, a server turns to that tenant every second time, so both have had four turns each, of which two were the
/// small one's.
const MEANWHILE_MAX: usize = 6;

async fn prepared(app: &TestApp, actor: &Actor, selection: Value, fields: Value) -> String {
    let input = json!({ "selection": selection, "fields": fields });
    let made = app.operate(actor, "prepareLeadUpdate", input).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["operation"]["id"].as_str().unwrap().to_owned()
}

async fn run(app: &TestApp, actor: &Actor, id: &str) {
    let done = app.operate(actor, "runOperation", json!({ "operationId": id })).await;
    assert_eq!(done["userErrors"], json!([]), "{done:#}");
}

async fn versions(app: &TestApp) -> BTreeMap<LeadId, i64> {
    let leads = app.all_leads(&LeadFilter::default()).await;
    leads.into_iter().map(|lead| (lead.id, lead.version)).collect()
}

/// What another tenant's leads are like.
async fn strangers(app: &TestApp, actor: &Actor) -> Vec<(i64, String)> {
    let found = app.graphql(actor, "{ leads(first: 50) { nodes { version progress } } }", json!({})).await;
    let lead = |lead: &Value| (lead["version"].as_i64().unwrap(), lead["progress"].to_string());
    found["leads"]["nodes"].as_array().unwrap().iter().map(lead).collect()
}

// BULK-6
#[tokio::test]
async fn two_servers_finish_the_small_operations_of_two_tenants_before_the_huge_one_and_no_lead_twice() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let first = app.offered_lead(dealers[0]).await;
        app.copied_leads(first, HUGE_CHUNKS * CHUNK - 1).await;
        let admin = app.admin();
        let stranger = app.in_tenant(app.another_tenant("borealis").await.id, app.admin());
        let submit =
            "mutation { submitLead(input: { source: \"web\", email: \"jo@example.net\" }) { userErrors { message } } }";
        for _ in 0..5 {
            let made = app.graphql(&stranger, submit, json!({})).await;
            assert_eq!(made["submitLead"]["userErrors"], json!([]), "{made:#}");
        }
        let (before, strange) = (versions(app).await, strangers(app, &stranger).await);
        let ten: Vec<String> = before.keys().take(10).map(ToString::to_string).collect();
        let huge = prepared(app, &admin, json!({ "all": true }), json!({ "progress": "2" })).await;
        app.work().await;
        let small = prepared(app, &admin, json!({ "leadIds": ten }), json!({ "fileType": "car" })).await;
        let other = prepared(app, &stranger, json!({ "all": true }), json!({ "progress": "3" })).await;
        for (actor, id) in [(&admin, &huge), (&admin, &small), (&stranger, &other)] {
            run(app, actor, id).await;
        }
        let sibling = app.sibling(3).await;
        let (here, there) = (Turns::default(), Turns::default());
        let both = async || {
            let (one, two) = tokio::join!(step(app.context(), &here), step(&sibling.app.actions, &there));
            one.unwrap() | two.unwrap()
        };
        let (mut changed, mut waiting) = (0, vec![(&admin, &small), (&stranger, &other)]);
        while !waiting.is_empty() {
            assert!(both().await, "while one waits there is something to do");
            let now = app.operation(&huge).await;
            let (was, is) = (changed, now["progress"]["changed"].as_u64().unwrap());
            assert!(is >= was, "progress only grows");
            changed = is;
            let mut left = Vec::new();
            for (actor, id) in waiting {
                if app.operation_as(actor, id).await["state"] != "DONE" {
                    left.push((actor, id));
                }
            }
            waiting = left;
            let given = usize::try_from(now["progress"]["done"].as_u64().unwrap()).unwrap() / CHUNK;
            assert!(given <= MEANWHILE_MAX, "{given} chunks while {} waited", waiting.len());
            assert_eq!(now["state"], "RUNNING");
        }
        while both().await {}
        let (huge, small) = (app.operation(&huge).await, app.operation(&small).await);
        assert_eq!((&huge["state"], &small["state"]), (&json!("DONE"), &json!("DONE")));
        // Ten leads are in both plans: the second to come to each finds it changed.
        let sum = |name: &str| huge["progress"][name].as_u64().unwrap() + small["progress"][name].as_u64().unwrap();
        let all = before.len() as u64;
        assert_eq!((sum("done"), sum("changed"), sum("skipped")), (all + 10, all, 10));
        let after: BTreeMap<LeadId, i64> = versions(app).await.into_iter().map(|(id, at)| (id, at - 1)).collect();
        assert_eq!(after, before, "each was changed once");
        let changed: Vec<(i64, String)> = strange.iter().map(|(at, _)| (at + 1, "\"3\"".to_owned())).collect();
        assert_eq!(strangers(app, &stranger).await, changed, "each of the other tenant's, too");
        let progress = json!({ "done": 5, "changed": 5, "unchanged": 0, "skipped": 0, "failed": 0 });
        assert_eq!(app.operation_as(&stranger, &other).await["progress"], progress);
        app.leaves_work();
    })
    .await;
}
