//! Pushes to dealers' CRMs: who asks for them, what arrives, and what does not any more (SPEC BULK-5, JOB-1, SEND-1, SEND-5).

use baton::domain::delivery::{Channel, DeliveryState};
use baton::domain::id::LeadId;
use baton::domain::lead::LeadState;
use baton::domain::request::{Person, Request};
use baton::store::requests;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::crm::with_receiver;
use crate::support::network::CONTACT_DATA;

const PUSHES: &str =
    "query($id: ID!) { lead(id: $id) { deliveries { id channel template address addresseeId state lastError } } }";

/// Where a dealer's three systems take their leads, and a fourth that is switched off.
async fn with_every_kind(app: &TestApp, name: &str, urls: [&str; 3]) -> baton::domain::id::DealerId {
    let dealer = app.new_dealer(name).await;
    let [adf, json_url, off] = urls;
    app.set_integrations(
        dealer,
        json!([
            { "kind": "ADF_EMAIL", "address": format!("crm@{}.example.org", name.to_lowercase()) },
            { "kind": "ADF_HTTP", "address": adf },
            { "kind": "JSON_HTTP", "address": json_url },
            { "kind": "ADF_HTTP", "address": off, "active": false },
        ]),
    )
    .await;
    dealer
}

async fn request_of(app: &TestApp, lead: LeadId) -> Request {
    let lead = app.lead(lead).await;
    requests::lookup(app.store().reader(), app.tenant.id, lead.request).await.unwrap().unwrap()
}

// BULK-3, BULK-5, SEND-1, SEND-5
#[tokio::test]
async fn an_operation_pushes_as_much_as_its_plan_said_and_nothing_before_it_runs() {
    with_receiver(async |app, receiver| {
        let bob = app.new_dealer("Bob").await;
        let ann =
            with_every_kind(app, "Ann", [&receiver.url("/adf"), &receiver.url("/json"), &receiver.url("/off")]).await;
        let leads = [app.offered_lead(bob).await, app.offered_lead(bob).await];
        app.work().await;
        let before = app.mailbox.count();
        let input =
            json!({ "selection": { "all": true }, "target": { "dealerId": ann.to_string() }, "pushToCrm": true });
        let id = app.operated("prepareReassignment", input).await;
        app.work().await;
        let planned = "query($id: ID!) { operation(id: $id) { pushToCrm pushCount mailCount } }";
        let plan = app.graphql(&app.admin(), planned, json!({ "id": id })).await;
        assert_eq!(plan["operation"], json!({ "pushToCrm": true, "pushCount": 6, "mailCount": 0 }));
        assert!(receiver.posted("/adf").is_empty() && app.mailbox.count() == before, "nothing is sent before it runs");

        app.ran(&id).await;
        for path in ["/adf", "/json"] {
            assert_eq!(receiver.posted(path).len(), 2, "{path}");
        }
        assert!(receiver.posted("/off").is_empty(), "it is switched off");
        let mails = app.mails_to("crm@ann.example.org");
        assert_eq!((mails.len(), app.mailbox.count()), (2, before + 2));
        let mut written = 0;
        for lead in leads {
            let copy = app.newest(lead).await;
            let pushes = app.pushes(copy.id).await;
            written += pushes.len();
            for push in &pushes {
                assert_eq!((push.state, push.addressee), (DeliveryState::Sent, None));
                let holding = async |told: &str| {
                    let sql =
                        format!("update deliveries set message = message where id = $1 and message like '%{told}%'");
                    app.meddle(&sql, push.id.uuid()).await
                };
                assert_eq!(holding("crm").await, 1);
                for told in CONTACT_DATA {
                    assert_eq!(holding(told).await, 0, "{told}");
                }
            }
            let shown = app.graphql(&app.admin(), PUSHES, json!({ "id": copy.id.to_string() })).await;
            let shown = shown["lead"]["deliveries"].as_array().unwrap();
            let mut channels: Vec<&str> = shown.iter().map(|one| one["channel"].as_str().unwrap()).collect();
            channels.sort_unstable();
            assert_eq!(channels, ["ADF_EMAIL", "ADF_HTTP", "JSON_HTTP"]);
            let of = |channel| pushes.iter().find(|push| push.channel == channel).unwrap().id.to_string();
            let adf = receiver.posted("/adf").into_iter().find(|one| one.key == of(Channel::AdfHttp)).unwrap();
            assert_eq!(adf.content_type, "application/xml; charset=utf-8");
            for told in CONTACT_DATA.into_iter().filter(|told| *told != "Jo Doe") {
                assert!(adf.body.contains(told), "{told} in {}", adf.body);
            }
            assert!(adf.body.contains("status=\"resend\"") && adf.body.contains(&copy.id.to_string()), "{}", adf.body);
            let posted = receiver.posted("/json").into_iter().find(|one| one.key == of(Channel::JsonHttp)).unwrap();
            let posted: Value = serde_json::from_str(&posted.body).unwrap();
            assert_eq!((&posted["lead"]["id"], &posted["lead"]["round"]), (&json!(copy.id), &json!(1)));
            assert_eq!(posted["lead"]["chain"], json!([lead, copy.id]));
            assert_eq!(posted["deliveryId"], json!(of(Channel::JsonHttp)));
            let mail = mails.iter().find(|mail| mail.subject == format!("Lead {}", copy.id)).unwrap();
            assert!(mail.text.starts_with("<?xml ") && mail.html.is_empty(), "{}", mail.text);
        }
        assert_eq!(written, 6, "as many as the plan said");

        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.ran(&undo).await;
        assert_eq!(receiver.posted("/adf").len() + receiver.posted("/json").len() + app.mailbox.count() - before, 6);
    })
    .await;
}

// BULK-3, BULK-5: only dealers have CRMs, and a plan that pushes nothing says so.
#[tokio::test]
async fn the_count_is_that_of_the_targets_and_not_known_before_the_plan_is_whole() {
    with_receiver(async |app, receiver| {
        let (bob, ann) = (app.new_dealer("Bob").await, app.dealer_with_crm("Ann", &receiver.url("/ann")).await);
        let mia = app.new_user("mia@example.com").await;
        let lead = app.offered_lead(bob).await;
        app.copied_leads(lead, 1_600).await;
        app.work().await;
        let split = json!({ "evenSplit": { "dealerIds": [ann.to_string()], "userIds": [mia.to_string()] } });
        let input = json!({ "selection": { "all": true }, "target": split, "pushToCrm": true });
        let prepared = app.operate(&app.admin(), "prepareReassignment", input).await;
        assert_eq!(
            (&prepared["operation"]["state"], &prepared["operation"]["pushCount"]),
            (&json!("PREPARING"), &Value::Null)
        );
        app.work().await;
        let count = "query($id: ID!) { operation(id: $id) { state pushCount } }";
        let id = prepared["operation"]["id"].clone();
        let whole = app.graphql(&app.admin(), count, json!({ "id": id })).await;
        assert_eq!(whole["operation"], json!({ "state": "READY", "pushCount": 801 }), "every other one of 1,601");
        let quiet = app.prepared(json!({ "all": true }), json!({ "dealerId": ann.to_string() })).await;
        let quiet = app.graphql(&app.admin(), count, json!({ "id": quiet })).await;
        assert_eq!(quiet["operation"]["pushCount"], json!(0));
    })
    .await;
}

// BULK-5, BULK-9
#[tokio::test]
async fn what_a_dealer_leaves_behind_is_pushed_if_that_is_asked_for() {
    with_receiver(async |app, receiver| {
        let (bob, ann) = (app.new_dealer("Bob").await, app.dealer_with_crm("Ann", &receiver.url("/ann")).await);
        app.offered_lead(bob).await;
        app.work().await;
        let prepare = "mutation($input: PrepareDepartureInput!) { prepareDeparture(input: $input) { operation { id pushCount pushToCrm }
            userErrors { message } } }";
        let target = json!({ "dealerId": ann.to_string() });
        let input = json!({ "leaving": { "dealerId": bob.to_string() }, "target": target, "pushToCrm": true });
        let done = app.graphql(&app.admin(), prepare, json!({ "input": input })).await;
        let operation = &done["prepareDeparture"]["operation"];
        assert_eq!((&operation["pushCount"], &operation["pushToCrm"]), (&json!(1), &json!(true)), "{done:#}");
        app.ran(operation["id"].as_str().unwrap()).await;
        assert_eq!(receiver.posted("/ann").len(), 1);
    })
    .await;
}

// JOB-1
#[tokio::test]
async fn a_job_pushes_what_it_hands_on_if_it_says_so() {
    with_receiver(async |app, receiver| {
        let create = "mutation($input: CreateReassignmentJobInput!) { createReassignmentJob(input: $input) {
            reassignmentJob { id pushToCrm } userErrors { message } } }";
        let update = "mutation($input: UpdateReassignmentJobInput!) { updateReassignmentJob(input: $input) {
            reassignmentJob { pushToCrm } userErrors { message } } }";
        let enable = "mutation($input: ReassignmentJobInput!) { enableReassignmentJob(input: $input) { userErrors { message } } }";
        let bob = app.new_dealer("Bob").await;
        app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let interface = app.interface("nearest", baton::domain::interface::CandidateKind::Dealer, crate::support::rules::nearest_first());
        let settings = json!({ "elapsedSeconds": 3600, "interfaceId": interface.await.to_string(), "algorithm": "SINGLE" });
        let made = app.graphql(&app.admin(), create, json!({ "input": { "name": "J", "settings": settings } })).await;
        let job = &made["createReassignmentJob"]["reassignmentJob"];
        assert_eq!(job["pushToCrm"], json!(false), "a new job does not: {made:#}");
        app.graphql(&app.admin(), enable, json!({ "input": { "jobId": job["id"] } })).await;
        let first = app.offered_lead(bob).await;
        app.work().await;
        app.an_hour_later().await;
        assert_ne!(app.newest(first).await.id, first);
        assert!(receiver.posted("/ann").is_empty());

        let changed = json!({ "input": { "jobId": job["id"], "settings": { "pushToCrm": true } } });
        let changed = app.graphql(&app.admin(), update, changed).await;
        assert_eq!(changed["updateReassignmentJob"]["reassignmentJob"], json!({ "pushToCrm": true }), "{changed:#}");
        let second = app.offered_lead(bob).await;
        app.work().await;
        app.an_hour_later().await;
        let copy = app.newest(second).await;
        let posted = receiver.posted("/ann");
        assert_eq!(posted.len(), 1);
        assert!(posted[0].body.contains(&copy.id.to_string()));
    })
    .await;
}

// SEND-5, JOB-8
#[tokio::test]
async fn a_new_lead_is_pushed_as_new_and_one_that_is_handed_on_by_hand_as_sent_again() {
    with_receiver(async |app, receiver| {
        let (ann, bob) = (
            app.dealer_with_crm("Ann", &receiver.url("/ann")).await,
            app.dealer_with_crm("Bob", &receiver.url("/bob")).await,
        );
        let submit =
            "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { lead { id } userErrors { message } } }";
        let mut input = json!({ "source": "web", "externalId": "W-7", "email": "jo@example.net", "notify": false,
            "target": { "dealerId": ann.to_string() } });
        app.graphql(&app.admin(), submit, json!({ "input": input })).await;
        app.work().await;
        assert!(receiver.posted("/ann").is_empty(), "nobody asked for it");
        (input["externalId"], input["pushToCrm"]) = (json!("W-8"), json!(true));
        let done = app.graphql(&app.admin(), submit, json!({ "input": input })).await;
        let lead: LeadId = done["submitLead"]["lead"]["id"].as_str().unwrap().parse().unwrap();
        app.work().await;
        let posted = receiver.posted("/ann");
        assert_eq!(posted.len(), 1);
        assert!(
            posted[0].body.contains("status=\"new\"") && posted[0].body.contains(">W-8</id>"),
            "{}",
            posted[0].body
        );
        let copy = app.pushed(lead, bob).await;
        app.work().await;
        let posted = receiver.posted("/bob");
        assert_eq!(posted.len(), 1);
        let body = &posted[0].body;
        for part in
            ["status=\"resend\"", ">W-8</id>", &format!(">{lead}</id>"), &format!(">{copy}</id>"), "<vendorname>Bob<"]
        {
            assert!(body.contains(part), "{part} in {body}");
        }
        assert_eq!(app.mailbox.count(), 0, "mails were not asked for");
    })
    .await;
}

// SEND-1: what has gone to another is not told to the one before; what was acknowledged is.
#[tokio::test]
async fn a_push_of_a_copy_that_is_gone_is_cancelled_and_one_of_an_acknowledged_copy_leaves() {
    with_receiver(async |app, receiver| {
        let (ann, bob) = (app.dealer_with_crm("Ann", &receiver.url("/ann")).await, app.new_dealer("Bob").await);
        let gone = app.pushed(app.offered_lead(bob).await, ann).await;
        let deleted = app.pushed(app.offered_lead(bob).await, ann).await;
        let kept = app.pushed(app.offered_lead(bob).await, ann).await;
        app.reassign(gone, bob).await;
        let delete =
            "mutation($id: ID!) { deleteLead(input: { leadId: $id, reason: \"spam\" }) { userErrors { message } } }";
        app.graphql(&app.admin(), delete, json!({ "id": deleted.to_string() })).await;
        let acknowledge = "mutation($id: ID!) { acknowledgeLead(input: { leadId: $id }) { userErrors { message } } }";
        app.graphql(&app.admin(), acknowledge, json!({ "id": kept.to_string() })).await;
        assert_eq!(app.lead(kept).await.state, LeadState::Acknowledged);
        app.work().await;
        let posted = receiver.posted("/ann");
        assert_eq!(posted.len(), 1);
        assert!(posted[0].body.contains(&kept.to_string()));
        for copy in [gone, deleted] {
            let push = app.pushes(copy).await.remove(0);
            assert_eq!((push.state, push.attempts), (DeliveryState::Cancelled, 1));
            assert!(push.last_error.unwrap().contains("taken away"));
        }
    })
    .await;
}

// SEND-1, REP-4: the document is made when it is sent.
#[tokio::test]
async fn a_request_that_was_changed_or_erased_since_does_not_leave_as_it_was() {
    with_receiver(async |app, receiver| {
        let (ann, bob) = (app.dealer_with_crm("Ann", &receiver.url("/ann")).await, app.new_dealer("Bob").await);
        let changed = app.pushed(app.offered_lead(bob).await, ann).await;
        let erased = app.pushed(app.offered_lead(bob).await, ann).await;
        let person = "update requests set first_name = 'Ida', email = 'ida@example.net' where id = $1";
        assert_eq!(app.meddle(person, request_of(app, changed).await.id.uuid()).await, 1);
        let nobody =
            "update requests set first_name = null, last_name = null, email = null, phone = null, street = null,
            comments = null where id = $1";
        assert_eq!(app.meddle(nobody, request_of(app, erased).await.id.uuid()).await, 1);
        assert_eq!(request_of(app, erased).await.person, Person::default());
        app.work().await;
        let posted = receiver.posted("/ann");
        assert_eq!(posted.len(), 1);
        assert!(
            posted[0].body.contains("ida@example.net") && !posted[0].body.contains("jo.doe@"),
            "{}",
            posted[0].body
        );
        let push = app.pushes(erased).await.remove(0);
        assert_eq!(push.state, DeliveryState::Cancelled);
        assert!(push.last_error.unwrap().contains("contact data"));
    })
    .await;
}

// SEND-1: an address that the dealer no longer has gets nobody's data.
#[tokio::test]
async fn a_push_to_an_address_that_was_taken_away_is_cancelled_and_one_that_was_switched_off_can_be_sent_again() {
    with_receiver(async |app, receiver| {
        let bob = app.new_dealer("Bob").await;
        let (ann, amy) = (app.dealer_with_crm("Ann", &receiver.url("/ann")).await, app.dealer_with_crm("Amy", &receiver.url("/amy")).await);
        let moved = app.pushed(app.offered_lead(bob).await, ann).await;
        let off = app.pushed(app.offered_lead(bob).await, amy).await;
        app.set_crm(ann, &[("ADF_HTTP", &receiver.url("/new"))]).await;
        app.set_integrations(amy, json!([{ "kind": "ADF_HTTP", "address": receiver.url("/amy"), "active": false }])).await;
        app.work().await;
        assert!(["/ann", "/amy", "/new"].iter().all(|path| receiver.posted(path).is_empty()));
        assert_eq!(app.pushes(moved).await[0].state, DeliveryState::Cancelled);
        let failed = app.pushes(off).await.remove(0);
        assert_eq!(failed.state, DeliveryState::Failed);
        assert!(failed.last_error.unwrap().contains("switched off"));
        app.set_crm(amy, &[("ADF_HTTP", &receiver.url("/amy"))]).await;
        let again = "mutation($id: ID!) { resendDelivery(input: { deliveryId: $id }) { delivery { state channel } userErrors { message } } }";
        let again = app.graphql(&app.admin(), again, json!({ "id": failed.id.to_string() })).await;
        assert_eq!(again["resendDelivery"]["delivery"], json!({ "state": "PENDING", "channel": "ADF_HTTP" }), "{again:#}");
        app.work().await;
        assert_eq!(receiver.posted("/amy").len(), 1);
    })
    .await;
}

// BULK-4, ALLOC-4: whoever has a restricted copy sees it, and so does its CRM; nobody else learns of the push.
#[tokio::test]
async fn a_restricted_copy_is_pushed_to_whoever_has_it_and_its_push_is_shown_to_admins_alone() {
    with_receiver(async |app, receiver| {
        let (ann, bob) = (app.dealer_with_crm("Ann", &receiver.url("/ann")).await, app.new_dealer("Bob").await);
        let lead = app.offered_lead(bob).await;
        let restrict = "mutation($id: ID!) { updateLead(input: { leadId: $id, visibility: RESTRICTED }) { userErrors { message } } }";
        app.graphql(&app.admin(), restrict, json!({ "id": lead.to_string() })).await;
        let copy = app.pushed(lead, ann).await;
        app.work().await;
        let posted = receiver.posted("/ann");
        assert_eq!(posted.len(), 1);
        assert!(posted[0].body.contains(&copy.to_string()));
        let seen = app.graphql(&app.admin(), PUSHES, json!({ "id": copy.to_string() })).await;
        assert_eq!(seen["lead"]["deliveries"][0]["channel"], json!("ADF_HTTP"));
        let own = app.graphql(&app.dealer(ann), PUSHES, json!({ "id": copy.to_string() })).await;
        assert_eq!(own["lead"], json!({ "deliveries": [] }), "whoever has it sees it, but messages are the staff's");
        let other = app.graphql(&app.dealer(bob), PUSHES, json!({ "id": copy.to_string() })).await;
        assert_eq!(other["lead"], Value::Null);
        // Nor among all messages: the push, and the mail of the copy before, which is restricted by now.
        let mia = app.manager(app.new_user("mia@example.com").await);
        let all = "query($id: ID!) { deliveries(first: 50) { totalCount nodes { id } } delivery(id: $id) { address } }";
        let id = json!({ "id": app.pushes(copy).await[0].id.to_string() });
        let by_admin = app.graphql(&app.admin(), all, id.clone()).await;
        assert_eq!(by_admin["deliveries"]["totalCount"], json!(2));
        assert_eq!(by_admin["delivery"]["address"], json!(receiver.url("/ann")));
        let by_manager = app.graphql(&mia, all, id.clone()).await;
        assert_eq!(by_manager, json!({ "deliveries": { "totalCount": 0, "nodes": [] }, "delivery": null }));
        let again = "mutation($id: ID!) { resendDelivery(input: { deliveryId: $id }) { delivery { id } userErrors { code message } } }";
        let again = app.graphql(&mia, again, id).await;
        assert_eq!(again["resendDelivery"]["userErrors"][0]["code"], json!("NOT_FOUND"), "{again:#}");
    })
    .await;
}
