//! The pages behind links, over HTTP, and what a supervisor asks.

use std::time::Duration;

use baton::actions::Call;
use baton::actions::amend;
use baton::actions::answer::EXPIRED_TEXT;
use baton::domain::dealer::ContactKind;
use baton::domain::event::EventKind;
use baton::domain::lead::LeadState;
use baton::store::events::EventFilter;
use baton::store::{Order, PageRequest, events};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::http::Page;
use crate::support::network::CONTACT_DATA;

fn shows_no_contact_data(page: &Page) {
    for datum in CONTACT_DATA {
        assert!(!page.body.contains(datum), "{datum} is on the page\n{}", page.body);
    }
}

/// ACK-1, ACK-2, ACK-3
#[tokio::test]
async fn opening_a_link_never_acknowledges_and_its_button_does_once() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let link = app.latest_link("ann@example.org");
        for _ in 0..3 {
            let page = app.get(&link).await;
            assert_eq!(page.status, 200);
            assert!(page.body.contains("Acknowledge this lead"), "{}", page.body);
            shows_no_contact_data(&page);
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            assert_eq!(app.server().head(&link).await.status, 200);
        }
        assert_eq!(app.lead(lead).await.state, LeadState::Offered);

        app.advance(Duration::from_mins(30));
        let answer = app.post(&format!("{link}/acknowledge"), &[]).await;
        assert_eq!((answer.status, answer.header("location")), (303, link.as_str()));
        let held = app.lead(lead).await;
        assert_eq!((held.state, held.acknowledged_by.as_deref()), (LeadState::Acknowledged, Some("Ann")));
        assert_eq!(held.times.acknowledged_at, Some(app.now()));
        let page = app.get(&link).await;
        for datum in CONTACT_DATA {
            assert!(page.body.contains(datum), "{datum} is missing\n{}", page.body);
        }

        app.advance(Duration::from_mins(5));
        assert_eq!(app.post(&format!("{link}/acknowledge"), &[]).await.status, 303);
        let again = app.lead(lead).await;
        assert_eq!(again.times.acknowledged_at, held.times.acknowledged_at);
    })
    .await;
}

/// ACK-3
#[tokio::test]
async fn a_copied_contact_sees_the_status_and_can_do_nothing() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        app.new_contact(dealer, "Cora", ContactKind::Cc).await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let (own, copied) = (app.latest_link("ann@example.org"), app.latest_link("cora@example.org"));
        let page = app.get(&copied).await;
        assert!(page.body.contains("Waiting for an answer") && !page.body.contains("<form"), "{}", page.body);
        app.post(&format!("{copied}/acknowledge"), &[]).await;
        assert_eq!(app.lead(lead).await.state, LeadState::Offered);
        app.post(&format!("{own}/acknowledge"), &[]).await;
        let page = app.get(&copied).await;
        assert!(page.body.contains("Acknowledged"), "{}", page.body);
        shows_no_contact_data(&page);
    })
    .await;
}

/// ACK-4
#[tokio::test]
async fn a_lead_that_was_taken_away_says_so_whatever_is_tried() {
    on_each_database(async |app: &TestApp| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let lead = app.offered_lead(ann).await;
        app.work().await;
        let link = app.latest_link("ann@example.org");
        app.post(&format!("{link}/acknowledge"), &[]).await;
        let copy = app.reassign(lead, bob).await;
        app.work().await;
        for page in [app.get(&link).await, app.post(&format!("{link}/acknowledge"), &[]).await] {
            assert_eq!(page.status, 410);
            assert!(page.body.contains(EXPIRED_TEXT), "{}", page.body);
            shows_no_contact_data(&page);
        }
        let link = app.latest_link("bob@example.org");
        assert_eq!(app.post(&format!("{link}/acknowledge"), &[]).await.status, 303);
        assert_eq!(app.lead(copy).await.state, LeadState::Acknowledged);
    })
    .await;
}

/// ACK-4
#[tokio::test]
async fn a_deleted_lead_shows_its_reason() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let admin = app.admin();
        let call = Call { actor: &admin, mutation: "deleteLead", input: &Value::Null, key: None };
        amend::delete_lead(app.context(), call, (lead, None), "asked for by the customer").await.unwrap();
        let page = app.get(&app.latest_link("ann@example.org")).await;
        assert_eq!(page.status, 410);
        assert!(page.body.contains("asked for by the customer"), "{}", page.body);
        shows_no_contact_data(&page);
        app.work().await;
    })
    .await;
}

/// ACK-5
#[tokio::test]
async fn a_link_that_has_run_out_mails_a_fresh_one_once() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let old = app.latest_link("ann@example.org");
        app.advance(app.tenant.link_lifetime + Duration::from_micros(1));
        let page = app.post(&format!("{old}/acknowledge"), &[]).await;
        assert!(page.body.contains("a•••@example.org"), "{}", page.body);
        assert_eq!(app.lead(lead).await.state, LeadState::Offered);
        let again = app.get(&old).await;
        assert!(again.body.contains("mailed you a fresh one already"), "{}", again.body);
        assert_eq!(app.work().await.posted.sent, 1);
        let fresh = app.latest_link("ann@example.org");
        assert_ne!(fresh, old);
        assert_eq!(app.post(&format!("{fresh}/acknowledge"), &[]).await.status, 303);
        assert_eq!(app.lead(lead).await.state, LeadState::Acknowledged);
    })
    .await;
}

/// ACK-6
#[tokio::test]
async fn a_recipient_rejects_with_a_reason_and_reports_won_or_lost() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let link = app.latest_link("ann@example.org");
        let page = app.post(&format!("{link}/reject"), &[("reason", "")]).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains("Please choose a reason"), "{}", page.body);
        let page = app.post(&format!("{link}/reject"), &[("reason", "too_far"), ("text", "200 miles & a ferry")]).await;
        assert!(page.body.contains("the lead moves on"), "{}", page.body);
        let rejected = app.lead(lead).await;
        assert_eq!(rejected.state, LeadState::Rejected);
        assert_eq!(rejected.state_reason.as_deref(), Some("Too far away: 200 miles & a ferry"));
        assert_eq!(app.get(&link).await.status, 410);
        app.work().await;

        for (path, fields, state, words) in [
            ("won", vec![("text", "")], LeadState::Won, "Congratulations!"),
            ("lost", vec![("reason", "unreachable")], LeadState::Lost, "Thank you for telling us"),
        ] {
            let lead = app.offered_lead(dealer).await;
            app.work().await;
            let link = app.latest_link("ann@example.org");
            assert_eq!(app.post(&format!("{link}/accept"), &[]).await.status, 303);
            let page = app.post(&format!("{link}/{path}"), &fields).await;
            assert!(page.body.contains(words), "{}", page.body);
            assert_eq!(app.lead(lead).await.state, state);
        }
    })
    .await;
}

/// ACK-1
#[tokio::test]
async fn what_is_no_link_of_ours_is_not_found() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        app.offered_lead(dealer).await;
        app.work().await;
        let link = app.latest_link("ann@example.org");
        let other_end = if link.ends_with('A') { "B" } else { "A" };
        let tampered = format!("{}{other_end}", &link[..link.len() - 1]);
        let unknown = format!("{link}/destroy");
        for path in ["/l/x", "/l/..%2f..%2fetc", tampered.as_str(), "/nothing", "/l/"] {
            let page = app.get(path).await;
            assert_eq!(page.status, 404, "{path}");
            assert_eq!(app.post(&format!("{path}/acknowledge"), &[]).await.status, 404, "{path}");
        }
        assert_eq!(app.post(&unknown, &[]).await.status, 404);
        let flood = "x".repeat(100_000);
        assert_eq!(app.post(&format!("{link}/reject"), &[("text", &flood)]).await.status, 422);
    })
    .await;
}

/// REP-2
#[tokio::test]
async fn the_first_opening_of_a_link_stands_in_the_timeline() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let link = app.latest_link("ann@example.org");
        app.get(&link).await;
        app.get(&link).await;
        let filter = EventFilter { lead: Some(lead), kinds: vec![EventKind::LinkOpened], ..EventFilter::default() };
        let count = events::count(app.store().reader(), app.tenant.id, &filter, 10).await.unwrap();
        assert_eq!(count, 1);
        let page = PageRequest::first(1);
        let opened = events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap();
        assert_eq!(opened.rows[0].1.actor.name, "Ann");
    })
    .await;
}

/// RUN-4, AUTH-1
#[tokio::test]
async fn a_server_says_how_it_is_and_lets_in_who_has_a_token() {
    on_each_database(async |app: &TestApp| {
        assert_eq!(app.get("/healthz").await.status, 200);
        let ready = app.get("/readyz").await;
        assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
        assert_eq!(app.get("/").await.header("location"), "/playground");
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let found = app.graphql(&app.admin(), query, json!({ "id": lead.to_string() })).await;
        assert_eq!(found["node"]["id"], lead.to_string());
        let refused = app.server().graphql("forged", query, json!({ "id": "x" })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    })
    .await;
}

/// RUN-4
#[tokio::test]
async fn a_server_without_its_database_lives_but_is_not_ready() {
    on_each_database(async |app: &TestApp| {
        app.store().clone().close().await.unwrap();
        app.leaves_work();
        let ready = app.get("/readyz").await;
        assert_eq!((ready.status, ready.body.as_str()), (503, "database\n"));
        assert_eq!(app.get("/healthz").await.status, 200);
        let page = app.get(&format!("/l/{}", "A".repeat(64))).await;
        assert_eq!(page.status, 500);
        let id = page.header("x-request-id");
        assert!(id.len() == 32 && page.body.contains(id), "{}", page.body);
    })
    .await;
}

/// RUN-5
#[tokio::test]
async fn caught_mails_are_shown_in_the_mailbox_of_the_demo() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        app.offered_lead(dealer).await;
        app.work().await;
        let list = app.get("/demo/mail").await;
        let mail = &app.mails_to("ann@example.org")[0];
        assert!(list.body.contains(&mail.subject), "{}", list.body);
        let shown = app.get(&format!("/demo/mail/{}", mail.delivery)).await;
        assert!(shown.status == 200 && shown.body.contains("sandbox="), "{}", shown.body);
        assert_eq!(app.get("/demo/mail/dlv_x").await.status, 404);
    })
    .await;
}
