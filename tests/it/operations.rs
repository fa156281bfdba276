//! Bulk operations over the API: planned, looked at, run, stopped, tried again; what is refused, and what happens when others change the
//! leads meanwhile (SPEC §7).

use std::time::Duration;

use baton::actions::operations::{Turns, step};
use baton::domain::id::LeadId;
use baton::domain::lead::{Lead, LeadState, Recipient};
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;
use crate::support::rules::holder;

/// Leads per chunk, as the product has it.
const CHUNK: usize = 500;

fn all() -> Value {
    json!({ "all": true })
}

fn ids(leads: &[LeadId]) -> Value {
    json!({ "leadIds": leads.iter().map(ToString::to_string).collect::<Vec<_>>() })
}

fn to(number: &str) -> Value {
    json!({ "dealerNumber": { "number": number } })
}

fn open(leads: &[Lead]) -> Vec<&Lead> {
    leads.iter().filter(|lead| lead.state.is_open()).collect()
}

async fn everything(app: &TestApp) -> Vec<Lead> {
    app.all_leads(&LeadFilter::default()).await
}

// BULK-2, BULK-3, BULK-6, BULK-8
#[tokio::test]
async fn what_runs_is_what_was_shown() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        for _ in 0..3 {
            app.offered_lead(dealers[2]).await;
        }
        let there = app.offered_lead(dealers[0]).await;
        app.work().await;
        let (mails, before) = (app.mailbox.list().len(), format!("{:?}", everything(app).await));
        let version = app.lead(there).await.version;
        let input = json!({ "selection": { "filter": "lead.state == 'OFFERED'" }, "target": to("D1"),
            "notifyNewOwner": "PER_LEAD", "notifyOldOwner": true, "idempotencyKey": "once" });
        let id = app.operated("prepareReassignment", input.clone()).await;
        assert_eq!(app.operated("prepareReassignment", input).await, id, "the same key prepares once");
        let plan = app.operation(&id).await;
        assert_eq!(
            (&plan["state"], &plan["kind"], &plan["leadCount"]),
            (&json!("READY"), &json!("REASSIGN"), &json!(4))
        );
        let counts = [&plan["changeCount"], &plan["unchangedCount"], &plan["problemCount"], &plan["mailCount"]];
        assert_eq!(counts, [&json!(3), &json!(1), &json!(0), &json!(6)], "{plan:#}");
        assert_eq!(plan["shares"]["nodes"], json!([{ "dealer": { "number": "D1" }, "leadCount": 3 }]));
        assert_eq!(plan["sample"].as_array().unwrap().len(), 3);
        assert_eq!(plan["sample"][0]["before"]["recipients"][0]["dealer"], json!(dealers[2].to_string()));
        assert_eq!(
            plan["sample"][0]["after"],
            json!({ "state": "OFFERED", "recipients": [{ "dealer": dealers[0].to_string() }] })
        );
        app.work().await;
        assert_eq!(format!("{:?}", everything(app).await), before, "nothing changes before the run");
        assert_eq!(app.mailbox.list().len(), mails, "and nothing is sent");
        let done = app.ran(&id).await;
        let progress = json!({ "done": 4, "changed": 3, "unchanged": 1, "skipped": 0, "failed": 0 });
        assert_eq!((&done["progress"], &done["results"]["totalCount"]), (&progress, &json!(4)));
        assert_eq!(app.mailbox.list().len(), mails + 6, "as many mails as the plan said");
        let leads = everything(app).await;
        assert_eq!(open(&leads).len(), 4);
        assert!(open(&leads).iter().all(|lead| holder(lead) == dealers[0]));
        assert_eq!(app.lead(there).await.version, version, "a lead that is there already is not written");
        let again = app.operate(&app.admin(), "runOperation", json!({ "operationId": id })).await;
        assert_eq!(code(&again), "WRONG_STATE", "{again:#}");
    })
    .await;
}

// BULK-4
#[tokio::test]
async fn leads_go_to_the_nearest_by_an_interface_or_to_nobody() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let lead = app.offered_lead(dealers[2]).await;
        app.work().await;
        let id = app.prepared(ids(&[lead]), json!({ "nearest": true })).await;
        let plan = app.operation(&id).await;
        assert_eq!(plan["sample"][0]["targets"][0]["dealer"]["number"], "D1");
        assert!(plan["sample"][0]["targets"][0]["distanceKm"].as_f64().unwrap() < 10.0);
        app.ran(&id).await;
        let nearest = app.newest(lead).await;
        assert_eq!(holder(&nearest), dealers[0]);
        let kind = baton::domain::interface::CandidateKind::Dealer;
        let interface = app.interface("near", kind, crate::support::rules::nearest_first()).await;
        let target =
            json!({ "interface": { "interfaceId": interface.to_string(), "algorithm": "BLAST", "blastSize": 5 } });
        let id = app.prepared(ids(&[nearest.id]), target).await;
        let done = app.ran(&id).await;
        assert_eq!(done["results"]["nodes"][0]["copies"].as_array().unwrap().len(), 1, "only D2 has not had it");
        let third = app.newest(lead).await;
        assert_eq!(holder(&third), dealers[1]);
        let id = app.prepared(ids(&[third.id]), json!({ "nearest": true })).await;
        let plan = app.operation(&id).await;
        assert_eq!(plan["problems"], json!([{ "reason": "NO_CANDIDATE", "leadCount": 1 }]), "all have had it");
        app.ran(&id).await;
        assert_eq!(app.lead(third.id).await.version, third.version, "a lead with a problem is left");
        let id = app.prepared(ids(&[third.id]), json!({ "nobody": true })).await;
        app.ran(&id).await;
        let left = app.newest(lead).await;
        assert_eq!((left.state, left.recipient), (LeadState::Unassigned, None));
        assert!(left.exception.is_some(), "no lead ends nowhere: it is listed under exceptions");
        // From nobody's hands it is offered itself.
        let id = app.prepared(ids(&[left.id]), to("D3")).await;
        app.ran(&id).await;
        assert_eq!((app.newest(lead).await.id, holder(&app.newest(lead).await)), (left.id, dealers[2]));
    })
    .await;
}

// BULK-3: changed, added and removed between prepare and run.
#[tokio::test]
async fn leads_that_others_changed_since_are_left_and_listed() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let mut leads = Vec::new();
        for _ in 0..4 {
            leads.push(app.offered_lead(dealers[2]).await);
        }
        app.work().await;
        let skip = app.prepared(all(), to("D1")).await;
        let stop = app
            .operated("prepareReassignment", json!({ "selection": all(), "target": to("D1"), "onProblem": "STOP" }))
            .await;
        let input = json!({ "leadId": leads[0].to_string(), "progress": "2" });
        change(app, "updateLead", "UpdateLeadInput", input).await;
        let input = json!({ "leadId": leads[1].to_string(), "reason": "twice" });
        change(app, "deleteLead", "LeadReasonInput", input).await;
        let added = app.offered_lead(dealers[2]).await;
        let before = format!("{:?}", everything(app).await);
        let refused = app.operate(&app.admin(), "runOperation", json!({ "operationId": stop })).await;
        assert_eq!(code(&refused), "CONFLICT", "{refused:#}");
        app.work().await;
        assert_eq!(format!("{:?}", everything(app).await), before, "one problem stops everything");
        let done = app.ran(&skip).await;
        let progress = json!({ "done": 4, "changed": 2, "unchanged": 0, "skipped": 2, "failed": 0 });
        assert_eq!(done["progress"], progress, "{done:#}");
        let reasons: Vec<_> = done["results"]["nodes"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
        assert_eq!(reasons, [&json!("CHANGED_SINCE"), &json!("CHANGED_SINCE"), &json!(null), &json!(null)]);
        assert_eq!(holder(&app.lead(added).await), dealers[2], "what came later is not touched");
        // What was left is tried again, as it is now.
        let retry = app.operated("prepareRetry", json!({ "operationId": skip })).await;
        let plan = app.operation(&retry).await;
        assert_eq!((&plan["leadCount"], &plan["changeCount"]), (&json!(2), &json!(1)));
        assert_eq!(plan["problems"], json!([{ "reason": "WRONG_STATE", "leadCount": 1 }]));
        app.ran(&retry).await;
        assert_eq!(holder(&app.newest(leads[0]).await), dealers[0]);
    })
    .await;
}

async fn change(app: &TestApp, mutation: &str, kind: &str, input: Value) {
    let document = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}");
    let done = app.graphql(&app.admin(), &document, json!({ "input": input })).await;
    assert_eq!(done[mutation]["userErrors"], json!([]), "{done:#}");
}

// BULK-3: an operation that stops at problems stops where it meets one; what it did can be undone.
#[tokio::test]
async fn a_lead_changed_in_the_moment_of_the_run_stops_an_operation_that_is_to_stop() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_leads(dealers[1], CHUNK + 20).await;
        app.work().await;
        let input = json!({ "selection": all(), "target": to("D1"), "onProblem": "STOP" });
        let id = app.operated("prepareReassignment", input).await;
        app.operated("runOperation", json!({ "operationId": id })).await;
        let turns = Turns::default();
        assert!(step(app.context(), &turns).await.unwrap());
        let last = everything(app).await.into_iter().filter(|lead| lead.round == 0).map(|lead| lead.id).max().unwrap();
        change(app, "updateLead", "UpdateLeadInput", json!({ "leadId": last.to_string(), "progress": "2" })).await;
        while step(app.context(), &turns).await.unwrap() {}
        let failed = app.operation(&id).await;
        assert_eq!((&failed["state"], &failed["progress"]["changed"]), (&json!("FAILED"), &json!(CHUNK)));
        assert!(failed["error"].as_str().unwrap().contains(&last.to_string()), "{failed:#}");
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        let done = app.ran(&undo).await;
        assert_eq!(done["progress"]["changed"], json!(CHUNK));
        let leads = everything(app).await;
        assert!(open(&leads).iter().all(|lead| holder(lead) == dealers[1] && lead.round == 0));
    })
    .await;
}

// BULK-6: stopped between two chunks, gone on, given up; the counts only grow.
#[tokio::test]
async fn an_operation_is_paused_resumed_and_cancelled_between_chunks() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_leads(dealers[1], 3 * CHUNK).await;
        app.work().await;
        let id = app.prepared(all(), to("D1")).await;
        let (turns, it) = (Turns::default(), json!({ "operationId": id }));
        assert_eq!(code(&app.operate(&app.admin(), "pauseOperation", it.clone()).await), "WRONG_STATE");
        app.operated("runOperation", it.clone()).await;
        assert!(step(app.context(), &turns).await.unwrap());
        app.operated("pauseOperation", it.clone()).await;
        assert!(!step(app.context(), &turns).await.unwrap(), "nothing happens while it is paused");
        let paused = app.operation(&id).await;
        assert_eq!((&paused["state"], &paused["progress"]["changed"]), (&json!("PAUSED"), &json!(CHUNK)));
        app.operated("resumeOperation", it.clone()).await;
        assert!(step(app.context(), &turns).await.unwrap());
        app.operated("cancelOperation", it.clone()).await;
        assert!(!step(app.context(), &turns).await.unwrap());
        let cancelled = app.operation(&id).await;
        assert_eq!((&cancelled["state"], &cancelled["progress"]["changed"]), (&json!("CANCELLED"), &json!(2 * CHUNK)));
        for mutation in ["cancelOperation", "resumeOperation", "runOperation"] {
            assert_eq!(code(&app.operate(&app.admin(), mutation, it.clone()).await), "WRONG_STATE", "{mutation}");
        }
        // What it did not come to is tried again.
        let retry = app.operated("prepareRetry", it).await;
        let done = app.ran(&retry).await;
        assert_eq!(done["progress"]["changed"], json!(CHUNK));
        app.leaves_work();
    })
    .await;
}

// BULK-6: a chunk takes as many statements for many leads as for few.
#[tokio::test]
async fn a_chunk_takes_a_fixed_number_of_statements() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_leads(dealers[1], 220).await;
        app.work().await;
        let leads: Vec<LeadId> = everything(app).await.iter().map(|lead| lead.id).collect();
        let mut counts = Vec::new();
        for some in [&leads[..20], &leads[20..]] {
            let input = json!({ "selection": ids(some), "target": { "nearest": true }, "notifyNewOwner": "PER_LEAD" });
            let id = app.operated("prepareReassignment", input).await;
            app.operated("runOperation", json!({ "operationId": id })).await;
            let before = app.store().statement_count();
            assert!(step(app.context(), &Turns::default()).await.unwrap());
            counts.push(app.store().statement_count() - before);
            assert_eq!(app.operation(&id).await["progress"]["changed"], json!(some.len()));
            app.work().await;
        }
        assert!(counts[1] == counts[0] && counts[0] <= 30, "{counts:?}");
    })
    .await;
}

// BULK-6: one lead that can't be dealt with is listed, and the others of its chunk are changed.
#[tokio::test]
async fn one_broken_lead_fails_alone() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_leads(dealers[1], 12).await;
        app.work().await;
        let id = app.prepared(all(), to("D1")).await;
        let broken = everything(app).await[5].id;
        let copy = app.lead(broken).await;
        assert_eq!(app.meddle("update leads set custom = '[]' where id = $1", broken.uuid()).await, 1);
        app.operated("runOperation", json!({ "operationId": id })).await;
        while step(app.context(), &Turns::default()).await.unwrap() {}
        assert_eq!(app.meddle("update leads set custom = '{}' where id = $1", broken.uuid()).await, 1);
        let done = app.operation(&id).await;
        let progress = json!({ "done": 12, "changed": 11, "unchanged": 0, "skipped": 0, "failed": 1 });
        assert_eq!((&done["state"], &done["progress"]), (&json!("DONE"), &progress), "{done:#}");
        let failed =
            done["results"]["nodes"].as_array().unwrap().iter().find(|one| one["outcome"] == "FAILED").unwrap();
        assert_eq!((&failed["reason"], &failed["lead"]["id"]), (&json!("FAULT"), &json!(broken.to_string())));
        assert_eq!(app.lead(broken).await.version, copy.version);
        let retry = app.operated("prepareRetry", json!({ "operationId": id })).await;
        assert_eq!(app.ran(&retry).await["progress"]["changed"], json!(1));
    })
    .await;
}

// ALGO-6, BULK-2, BULK-4: a list's leads, dealt in turn.
#[tokio::test]
async fn a_lists_leads_are_dealt_to_several_in_numbers_that_differ_by_one() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        app.offered_leads(dealers[2], 7).await;
        app.work().await;
        let list = json!({ "name": "Waiting", "baseSet": "WAITING", "filter": "lead.source == 'web'" });
        let document = "mutation($input: CreateListInput!) { createList(input: $input) { list { id } userErrors { path message } } }";
        let made = app.graphql(&app.admin(), document, json!({ "input": list })).await["createList"].take();
        let list = made["list"]["id"].as_str().unwrap_or_else(|| panic!("{made:#}")).to_owned();
        let split = |dealers: Vec<String>| json!({ "evenSplit": { "dealerIds": dealers } });
        let two = vec![dealers[0].to_string(), dealers[1].to_string()];
        let id = app.prepared(json!({ "listId": list }), split(two)).await;
        let shares = json!([{ "dealer": { "number": "D1" }, "leadCount": 4 }, { "dealer": { "number": "D2" }, "leadCount": 3 }]);
        assert_eq!(app.operation(&id).await["shares"]["nodes"], shares);
        assert_eq!(app.ran(&id).await["progress"]["changed"], json!(7));
        for (dealers, expected) in [(vec![], "REQUIRED"), (vec![dealers[0].to_string(); 2], "NOT_ALLOWED")] {
            let input = json!({ "selection": { "listId": list }, "target": split(dealers) });
            assert_eq!(code(&app.operate(&app.admin(), "prepareReassignment", input).await), expected);
        }
        let input = json!({ "selection": { "listId": "lst_019200000000700080000000000000ff" }, "target": to("D1") });
        assert_eq!(code(&app.operate(&app.admin(), "prepareReassignment", input).await), "NOT_FOUND");
    })
    .await;
}

// BULK-4: only named fields change.
#[tokio::test]
async fn only_named_fields_change() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.work().await;
        let noted = json!({ "leadId": lead.to_string(), "progress": "1", "fileType": "old" });
        change(app, "updateLead", "UpdateLeadInput", noted).await;
        let fields = json!({ "workflowStatus": "Called", "progress": null, "excludedFromAutomation": true, "createdBy": "import",
            "createdAt": "2026-01-02T03:04:05Z" });
        let input = json!({ "selection": { "where": { "fileType": { "eq": "old" } } }, "fields": fields });
        let id = app.operated("prepareLeadUpdate", input.clone()).await;
        let plan = app.operation(&id).await;
        assert_eq!(plan["sample"][0]["before"]["workflowStatus"], json!(null));
        assert_eq!(plan["sample"][0]["after"]["workflowStatus"], json!("Called"));
        app.ran(&id).await;
        let copy = app.lead(lead).await;
        assert_eq!(copy.workflow.status.as_deref(), Some("Called"));
        assert_eq!((copy.workflow.progress.as_deref(), copy.workflow.file_type.as_deref()), (None, Some("old")));
        assert!(copy.excluded_from_automation && copy.created_by == "import" && copy.state == LeadState::Offered);
        assert_eq!(copy.times.created_at.to_string(), "2026-01-02T03:04:05Z");
        let again = app.operated("prepareLeadUpdate", input).await;
        assert_eq!(app.operation(&again).await["unchangedCount"], json!(1), "it has these values already");
    })
    .await;
}

// BULK-2, BULK-3, ALLOC-4
#[tokio::test]
async fn bad_input_stale_and_foreign_plans_are_refused_in_words() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.work().await;
        let admin = app.admin();
        let missing = "lead_019200000000700080000000000000ff";
        for (selection, path, expected) in [
            (json!({ "filter": "  " }), json!(["selection", "filter"]), "REQUIRED"),
            (json!({ "filter": "lead.colour == 'red'" }), json!(["selection", "filter"]), "EXPRESSION"),
            (json!({ "filter": "lead.source.matches('a.*b')" }), json!(["selection", "filter"]), "EXPRESSION"),
            (json!({ "where": {} }), json!(["selection", "where"]), "REQUIRED"),
            (
                json!({ "where": { "source": { "eq": null } } }),
                json!(["selection", "where", "source", "eq"]),
                "REQUIRED",
            ),
            (json!({ "leadIds": [] }), json!(["selection", "leadIds"]), "REQUIRED"),
            (json!({ "leadIds": [lead.to_string(), missing] }), json!(["selection", "leadIds", "1"]), "NOT_FOUND"),
            (json!({ "leadIds": ["dlr_1"] }), json!(["selection", "leadIds", "0"]), "MALFORMED"),
            (json!({ "all": false }), json!(["selection", "all"]), "NOT_ALLOWED"),
        ] {
            let input = json!({ "selection": selection, "target": to("D1") });
            let refused = app.operate(&admin, "prepareReassignment", input).await;
            assert_eq!(
                (code(&refused), &refused["userErrors"][0]["path"]),
                (expected, &path),
                "{selection} {refused:#}"
            );
        }
        for (target, expected) in [
            (to("D9"), "NOT_FOUND"),
            (json!({ "nearest": false }), "NOT_ALLOWED"),
            (json!({ "interface": { "interfaceId": "ifc_019200000000700080000000000000ff" } }), "NOT_FOUND"),
        ] {
            let refused =
                app.operate(&admin, "prepareReassignment", json!({ "selection": all(), "target": target })).await;
            assert_eq!(code(&refused), expected, "{target} {refused:#}");
        }
        let empty = app.operate(&admin, "prepareLeadUpdate", json!({ "selection": all(), "fields": {} })).await;
        assert_eq!(code(&empty), "REQUIRED", "{empty:#}");
        let id = app.prepared(all(), to("D1")).await;
        let it = json!({ "operationId": id });
        let stranger = app.another_tenant("borealis").await;
        let foreign = app.operate(&app.in_tenant(stranger.id, app.admin()), "runOperation", it.clone()).await;
        let manager = app.manager(app.new_user("mia@example.com").await);
        let anothers = app.operate(&manager, "runOperation", it.clone()).await;
        assert_eq!((code(&foreign), code(&anothers)), ("NOT_FOUND", "NOT_FOUND"));
        let early = app.operate(&admin, "prepareUndo", it.clone()).await;
        assert_eq!(code(&early), "WRONG_STATE", "{early:#}");
        app.advance(Duration::from_hours(24));
        assert_eq!(app.operation(&id).await["state"], "EXPIRED");
        let stale = app.operate(&admin, "runOperation", it).await;
        assert!(stale["userErrors"][0]["message"].as_str().unwrap().contains("expired"), "{stale:#}");
    })
    .await;
}

// BULK-2, ALLOC-4: a selection never goes beyond the reach of whoever made it.
#[tokio::test]
async fn a_managers_selection_ends_at_the_managers_reach() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let mia = app.new_user("mia@example.com").await;
        let (own, other) = (app.offered_lead(dealers[0]).await, app.offered_lead(dealers[0]).await);
        app.work().await;
        let id = app.prepared(ids(&[own]), json!({ "userId": mia.to_string() })).await;
        app.ran(&id).await;
        let manager = app.manager(mia);
        let input = json!({ "selection": all(), "fields": { "progress": "2" } });
        let plan = app.operate(&manager, "prepareLeadUpdate", input).await;
        assert_eq!(plan["operation"]["leadCount"], json!(1), "{plan:#}");
        let input = json!({ "selection": ids(&[other]), "fields": { "progress": "2" } });
        assert_eq!(code(&app.operate(&manager, "prepareLeadUpdate", input).await), "NOT_FOUND");
        assert_eq!(app.newest(own).await.recipient, Some(Recipient::User(mia)));
        app.leaves_work();
    })
    .await;
}
