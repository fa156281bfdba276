//! Digests: each person of a new owner is told once of all that an operation handed on, exactly once, whatever happens on the way, and only of
//! what was really handed on (SPEC BULK-5).

use std::collections::{BTreeMap, HashSet};

use baton::actions::operations::{Turns, step};
use baton::domain::dealer::ContactKind;
use baton::domain::id::DealerId;
use baton::domain::lead::{Lead, LeadState};
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::network::CONTACT_DATA;

/// Leads per chunk, and recipients that are told at a time, as the product has them.
const CHUNK: usize = 500;
const TOLD_AT_ONCE: usize = 20;

async fn prepared(app: &TestApp, target: Value) -> String {
    let input = json!({ "selection": { "all": true }, "target": target, "notifyNewOwner": "DIGEST" });
    let id = app.operated("prepareReassignment", input).await;
    app.work().await;
    id
}

async fn leads_of(app: &TestApp, dealer: DealerId, count: usize) {
    let lead = app.offered_lead(dealer).await;
    app.copied_leads(lead, count - 1).await;
    app.work().await;
}

fn to(dealer: DealerId) -> Value {
    json!({ "dealerId": dealer.to_string() })
}

/// Every link of a mail, in order.
fn links(text: &str) -> Vec<String> {
    let found = text.split("https://leads.example.com/l/").skip(1);
    found.map(|rest| format!("/l/{}", rest.split_whitespace().next().unwrap_or_default())).collect()
}

async fn open_leads(app: &TestApp) -> Vec<Lead> {
    let leads = app.all_leads(&LeadFilter::default()).await;
    leads.into_iter().filter(|lead| lead.state.is_open()).collect()
}

// BULK-5, ACK-1, ACK-3
#[tokio::test]
async fn each_person_of_the_new_owner_gets_one_mail_with_a_link_of_their_own_for_each_lead() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        app.new_contact(ann, "Amy", ContactKind::To).await;
        app.new_contact(ann, "Cleo", ContactKind::Cc).await;
        let away = app.new_contact(ann, "Away", ContactKind::To).await;
        let deactivate =
            "mutation($id: ID!) { updateContact(input: { contactId: $id, active: false }) { userErrors { message } } }";
        let done = app.graphql(&app.admin(), deactivate, json!({ "id": away.to_string() })).await;
        assert_eq!(done["updateContact"]["userErrors"], json!([]), "{done:#}");
        leads_of(app, bob, 53).await;
        let before = app.mailbox.count();
        let id = prepared(app, to(ann)).await;
        assert_eq!(app.operation(&id).await["mailCount"], json!(6), "a mail of fifty and one of three for each person");
        app.ran(&id).await;
        assert_eq!(app.mailbox.count(), before + 6, "as many as the plan said");
        let open = open_leads(app).await;
        let mut all = HashSet::new();
        for person in ["ann", "amy", "cleo"] {
            let mails = app.mails_to(&format!("{person}@example.org"));
            let mut subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
            subjects.sort_unstable();
            let expected = if person == "cleo" {
                ["Offered to your colleagues: 3 new leads", "Offered to your colleagues: 50 new leads"]
            } else {
                ["3 new leads for Ann", "50 new leads for Ann"]
            };
            assert_eq!(subjects, expected);
            for mail in &mails {
                let links = links(&mail.text);
                let says_more = mail.text.contains("3 more leads for you in another mail");
                assert_eq!(says_more, links.len() == 50, "{}", mail.text);
                for told in CONTACT_DATA {
                    assert!(!mail.text.contains(told) && !mail.html.contains(told), "{told}");
                }
                all.extend(links);
            }
        }
        assert_eq!(all.len(), 3 * 53, "each link is one person's and one lead's");
        let offers = app
            .graphql(
                &app.admin(),
                "query($id: ID!) { lead(id: $id) { offers { kind openedAt } } }",
                json!({ "id": open[0].id.to_string() }),
            )
            .await;
        assert_eq!(offers["lead"]["offers"].as_array().unwrap().len(), 3, "{offers:#}");
        // A link acknowledges its own lead alone, and a copied person's none.
        let copied = links(&app.mails_to("cleo@example.org")[0].text).remove(0);
        app.post(&format!("{copied}/acknowledge"), &[]).await;
        assert_eq!(open_leads(app).await.iter().filter(|lead| lead.state == LeadState::Acknowledged).count(), 0);
        let own = links(&app.mails_to("ann@example.org")[0].text).remove(1);
        assert_eq!(app.get(&own).await.status, 200);
        assert_eq!(app.post(&format!("{own}/acknowledge"), &[]).await.status, 303);
        assert!(app.get(&own).await.body.contains("jo.doe@example.net"));
        assert_eq!(open_leads(app).await.iter().filter(|lead| lead.state == LeadState::Acknowledged).count(), 1);
    })
    .await;
}

// BULK-5, BULK-6: workers that come and go between two steps; each recipient is told once, and the operation is done when all were.
#[tokio::test]
async fn a_worker_that_ends_between_two_batches_leaves_the_others_to_the_next() {
    on_each_database(async |app| {
        let bob = app.new_dealer("Bob").await;
        let mut dealers = Vec::new();
        for number in 0..TOLD_AT_ONCE + 4 {
            dealers.push(app.new_dealer(&format!("N{number}")).await);
        }
        let mia = app.new_user("mia@example.com").await;
        leads_of(app, bob, 2 * (dealers.len() + 1)).await;
        let before = app.mailbox.count();
        let ids: Vec<String> = dealers.iter().map(ToString::to_string).collect();
        let id = prepared(app, json!({ "evenSplit": { "dealerIds": ids, "userIds": [mia.to_string()] } })).await;
        assert_eq!(app.operation(&id).await["mailCount"], json!(dealers.len() + 1));
        app.operated("runOperation", json!({ "operationId": id })).await;
        for expected in ["the chunk", "twenty recipients", "the other five"] {
            assert!(step(app.context(), &Turns::default()).await.unwrap(), "{expected}");
            assert_eq!(app.operation(&id).await["state"], "RUNNING", "{expected}");
        }
        assert!(step(app.context(), &Turns::default()).await.unwrap(), "the end");
        assert_eq!(app.operation(&id).await["state"], "DONE");
        assert!(!step(app.context(), &Turns::default()).await.unwrap());
        app.work().await;
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mails = app.mailbox.list();
        let new = &mails[..mails.len() - before];
        for mail in new {
            *told.entry(mail.to.clone()).or_default() += 1;
            assert!(mail.subject.starts_with("2 new leads for "), "{}", mail.subject);
        }
        assert_eq!(told.len(), dealers.len() + 1);
        assert!(told.values().all(|count| *count == 1), "{told:?}");
    })
    .await;
}

// BULK-5, BULK-7: what was handed on until it was given up is told, paused or not; and its undo sends nothing.
#[tokio::test]
async fn what_a_cancelled_operation_handed_on_is_told_once_and_its_undo_tells_nobody() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        leads_of(app, bob, 2 * CHUNK).await;
        let id = prepared(app, to(ann)).await;
        let it = json!({ "operationId": id });
        app.operated("runOperation", it.clone()).await;
        assert!(step(app.context(), &Turns::default()).await.unwrap());
        app.operated("pauseOperation", it.clone()).await;
        app.work().await;
        assert!(app.mails_to("ann@example.org").is_empty(), "nobody is told while it is paused");
        app.operated("cancelOperation", it.clone()).await;
        app.work().await;
        let cancelled = app.operation(&id).await;
        assert_eq!((&cancelled["state"], &cancelled["progress"]["changed"]), (&json!("CANCELLED"), &json!(CHUNK)));
        let mails = app.mails_to("ann@example.org");
        assert_eq!(
            mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(),
            ["50 new leads for Ann"; CHUNK / 50]
        );
        let before = app.mailbox.count();
        let undo = app.operated("prepareUndo", it).await;
        assert_eq!(app.operation(&undo).await["mailCount"], json!(0));
        assert_eq!(app.ran(&undo).await["progress"]["changed"], json!(CHUNK));
        assert_eq!(app.mailbox.count(), before);
        assert!(!step(app.context(), &Turns::default()).await.unwrap(), "nothing is left to tell");
        // An operation that was cancelled before anything was handed on has nothing to tell either.
        let never = prepared(app, to(ann)).await;
        app.operated("cancelOperation", json!({ "operationId": never })).await;
        app.work().await;
        assert_eq!(app.mailbox.count(), before);
    })
    .await;
}

// BULK-7, SEND-2
#[tokio::test]
async fn a_digest_that_still_waits_when_its_operation_is_undone_is_not_sent() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        leads_of(app, bob, 2).await;
        let id = prepared(app, to(ann)).await;
        let turns = Turns::default();
        app.operated("runOperation", json!({ "operationId": id })).await;
        while step(app.context(), &turns).await.unwrap() {}
        assert_eq!(app.operation(&id).await["state"], "DONE");
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.operated("runOperation", json!({ "operationId": undo })).await;
        while step(app.context(), &turns).await.unwrap() {}
        app.work().await;
        assert!(app.mails_to("ann@example.org").is_empty(), "its links would lead to nothing");
    })
    .await;
}

// BULK-5: an operation that stops at a problem tells of what it had done.
#[tokio::test]
async fn what_a_failed_operation_handed_on_is_told() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        leads_of(app, bob, CHUNK + 5).await;
        let input =
            json!({ "selection": { "all": true }, "target": to(ann), "notifyNewOwner": "DIGEST", "onProblem": "STOP" });
        let id = app.operated("prepareReassignment", input).await;
        app.operated("runOperation", json!({ "operationId": id })).await;
        assert!(step(app.context(), &Turns::default()).await.unwrap());
        let last = open_leads(app).await.into_iter().filter(|lead| lead.round == 0).map(|lead| lead.id).max().unwrap();
        let change =
            "mutation($id: ID!) { updateLead(input: { leadId: $id, progress: \"2\" }) { userErrors { message } } }";
        app.graphql(&app.admin(), change, json!({ "id": last.to_string() })).await;
        app.work().await;
        assert_eq!(app.operation(&id).await["state"], "FAILED");
        let mails = app.mails_to("ann@example.org");
        assert_eq!(
            mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(),
            ["50 new leads for Ann"; CHUNK / 50]
        );
    })
    .await;
}

// BULK-5: only what still waits for an answer is told, and who has nothing waiting gets no mail.
#[tokio::test]
async fn what_was_skipped_answered_or_went_on_meanwhile_is_not_told() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let mut leads = Vec::new();
        for _ in 0..4 {
            leads.push(app.offered_lead(bob).await);
        }
        app.work().await;
        let id = prepared(app, to(ann)).await;
        let change =
            "mutation($id: ID!) { updateLead(input: { leadId: $id, progress: \"2\" }) { userErrors { message } } }";
        app.graphql(&app.admin(), change, json!({ "id": leads[0].to_string() })).await;
        app.operated("runOperation", json!({ "operationId": id })).await;
        assert!(step(app.context(), &Turns::default()).await.unwrap());
        let answer = "mutation($id: ID!) { acknowledgeLead(input: { leadId: $id }) { userErrors { message } } }";
        let taken = app.newest(leads[1]).await.id;
        app.graphql(&app.admin(), answer, json!({ "id": taken.to_string() })).await;
        app.reassign(app.newest(leads[2]).await.id, bob).await;
        app.work().await;
        let mails = app.mails_to("ann@example.org");
        let digests: Vec<&str> =
            mails.iter().map(|mail| mail.subject.as_str()).filter(|subject| subject.contains("new lead")).collect();
        assert_eq!(digests, ["1 new lead for Ann"]);
        // Of the only one that is left nothing is to be told.
        let again = app
            .operated(
                "prepareReassignment",
                json!({ "selection": { "leadIds": [leads[0].to_string()] },
            "target": to(ann), "notifyNewOwner": "DIGEST" }),
            )
            .await;
        app.operated("runOperation", json!({ "operationId": again })).await;
        assert!(step(app.context(), &Turns::default()).await.unwrap());
        let taken = app.newest(leads[0]).await.id;
        app.graphql(&app.admin(), answer, json!({ "id": taken.to_string() })).await;
        let before = app.mailbox.count();
        app.work().await;
        assert_eq!((&app.operation(&again).await["state"], app.mailbox.count()), (&json!("DONE"), before));
    })
    .await;
}
