//! How pushes leave and what becomes of their addresses: tries, claims, slow and dead receivers (SPEC SEND-2, SEND-4, SEND-6).

use std::time::Duration;

use async_trait::async_trait;
use baton::delivery::{Composed, Links, MailTransport, Mailer, Outcome, Poster, Reach, Sender};
use baton::domain::dealer::Dealer;
use baton::domain::delivery::{AttemptOutcome, Channel, Delivery, DeliveryState};
use baton::domain::event::{Event, EventKind};
use baton::domain::id::{DealerId, LeadId};
use baton::domain::lead::Recipient;
use baton::domain::message::{CrmPush, Message};
use baton::jobs::{LEASE, Outbox, Senders};
use baton::store::events::EventFilter;
use baton::store::pushes::{self, Endpoint, Reached};
use baton::store::{Order, PageRequest, Store, dealers, deliveries, events};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_each_database};
use crate::support::crm::{Receiver, with_receiver};

/// As many pushes to a dealer, each of a lead of its own; the copies.
async fn many_pushed(app: &TestApp, dealer: DealerId, count: usize) -> Vec<LeadId> {
    let other = app.new_dealer("Other").await;
    let mut copies = Vec::new();
    for _ in 0..count {
        let lead = app.offered_lead(other).await;
        copies.push(app.pushed(lead, dealer).await);
    }
    copies
}

async fn states(app: &TestApp, copies: &[LeadId], state: DeliveryState) -> usize {
    let mut count = 0;
    for copy in copies {
        count += usize::from(app.pushes(*copy).await[0].state == state);
    }
    count
}

async fn dealer(app: &TestApp, id: DealerId) -> Dealer {
    dealers::lookup(app.store().reader(), app.tenant.id, id).await.unwrap().unwrap()
}

async fn told(app: &TestApp, kind: EventKind) -> Vec<Event> {
    let filter = EventFilter { kinds: vec![kind], ..EventFilter::default() };
    let page = PageRequest::first(2_000);
    let found = events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap();
    found.into_rows()
}

/// Moves the clock to the earliest push that waits.
async fn until_next(app: &TestApp) {
    let next = pushes::next_due(app.store().reader(), app.now()).await.unwrap().unwrap();
    app.advance(next.since(app.now()));
}

// SEND-2
#[tokio::test]
async fn a_push_is_tried_again_under_the_same_key_and_not_before_the_receiver_said() {
    with_receiver(async |app, receiver| {
        receiver.answers("/ann", &["503 Busy\r\nretry-after: 600", "200 OK"]);
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        assert_eq!(app.work().await.posted.retried, 1);
        let push = app.pushes(copy).await.remove(0);
        assert_eq!(push.next_attempt_at, Some(app.now() + Duration::from_mins(10)));
        assert!(push.last_error.unwrap().contains("503 Service Unavailable"));
        app.advance(Duration::from_micros(599_999_999));
        assert_eq!(app.work().await.posted.count(), 0);
        app.advance(Duration::from_micros(1));
        assert_eq!(app.work().await.posted.sent, 1);
        let keys: Vec<String> = receiver.posted("/ann").into_iter().map(|posted| posted.key).collect();
        assert_eq!(keys, [push.id.to_string(), push.id.to_string()]);
        let attempts = deliveries::attempts(app.store().reader(), app.tenant.id, push.id).await.unwrap();
        let outcomes: Vec<AttemptOutcome> = attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [AttemptOutcome::Retry, AttemptOutcome::Sent]);
    })
    .await;
}

// SEND-2, SEND-3
#[tokio::test]
async fn a_push_that_is_refused_fails_at_once_on_its_leads_timeline_and_can_be_sent_again() {
    with_receiver(async |app, receiver| {
        receiver.answers("/ann", &["404 Gone", "200 OK"]);
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        assert_eq!(app.work().await.posted.failed, 1);
        let push = app.pushes(copy).await.remove(0);
        assert_eq!(push.state, DeliveryState::Failed);
        let failed = told(app, EventKind::DeliveryFailed).await;
        assert_eq!(
            (failed.len(), failed[0].lead, failed[0].subject.as_str()),
            (1, Some(copy), push.id.to_string().as_str())
        );
        assert!(failed[0].reason.as_deref().unwrap().contains("404 Not Found"));
        let again = "mutation($id: ID!) { resendDelivery(input: { deliveryId: $id }) { userErrors { message } } }";
        app.graphql(&app.admin(), again, json!({ "id": push.id.to_string() })).await;
        assert_eq!(app.work().await.posted.sent, 1);
        assert_eq!(receiver.posted("/ann")[1].key, push.id.to_string());
    })
    .await;
}

// ALLOC-4
#[tokio::test]
async fn what_a_crm_says_of_the_customer_is_told_to_nobody_who_may_not_see_the_customer() {
    with_receiver(async |app, receiver| {
        receiver.answers("/ann", &["422 No\r\n\r\nDOE, (617) 5550100, is Jo Doe-Miller of Elm Street"]);
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        assert_eq!(app.work().await.posted.failed, 1);
        let seen = "query($id: ID!) { delivery(id: $id) { state lastError attempts { outcome detail } lead { timeline(first: 50) { nodes {
            kind reason } } } } }";
        let id = app.pushes(copy).await[0].id.to_string();
        let by_admin = app.graphql(&app.admin(), seen, json!({ "id": id })).await;
        let words = by_admin["delivery"]["lastError"].as_str().unwrap();
        assert!(words.contains("Doe-Miller") || words.contains("-Miller"), "{words}");
        assert_eq!(by_admin["delivery"]["attempts"][0]["detail"], json!(words));
        let by_auditor = app.graphql(&app.auditor(), seen, json!({ "id": id })).await;
        assert_eq!(by_auditor["delivery"]["lastError"], Value::Null);
        assert_eq!(by_auditor["delivery"]["attempts"], json!([{ "outcome": "FAILED", "detail": null }]));
        assert!(!by_auditor.to_string().contains("Miller"), "{by_auditor:#}");
        let failed = told(app, EventKind::DeliveryFailed).await;
        assert_eq!(failed[0].reason.as_deref(), Some("the CRM answered 422 Unprocessable Entity"));
    })
    .await;
}

// SEND-6
#[tokio::test]
async fn a_private_address_gets_nothing_unless_the_configuration_says_so() {
    on_each_database(async |app: &TestApp| {
        // Were anybody asked, the answer would be that nobody listens there.
        let ann = app.dealer_with_crm("Ann", "https://127.0.0.1:9/leads").await;
        let amy = app.dealer_with_crm("Amy", "https://localhost:9/leads").await;
        for dealer in [ann, amy] {
            let copy = many_pushed(app, dealer, 1).await[0];
            assert_eq!(app.work().await.posted.failed, 1);
            let reason = app.pushes(copy).await.remove(0).last_error.unwrap();
            assert!(reason.starts_with("the address of the CRM is refused"), "{reason}");
            let address = app.pushes(copy).await.remove(0).address;
            let failing = pushes::find_failing(app.store().reader(), app.tenant.id, &address).await.unwrap();
            assert_eq!(failing, None, "it is our refusal, not the address's");
        }
    })
    .await;
}

// SEND-2, SEND-6
#[tokio::test]
async fn pushes_wait_where_nothing_is_reached() {
    with_receiver(async |app, receiver| {
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        let senders = Senders { mailer: None, poster: Poster::new(Reach::Nowhere).unwrap() };
        let links = Links::new("https://leads.example.com", app.context().links.clone());
        assert_eq!(Outbox::new(app.context().clone(), senders, links).step().await.unwrap().count(), 0);
        let push = app.pushes(copy).await.remove(0);
        assert_eq!((push.state, push.attempts), (DeliveryState::Pending, 0));
        assert_eq!(app.work().await.posted.sent, 1);
    })
    .await;
}

// SEND-2, SEND-4
#[tokio::test]
async fn an_address_that_asks_for_a_long_rest_gets_it_for_that_push_and_an_hour_for_the_others() {
    with_receiver(async |app, receiver| {
        receiver.answers("/ann", &["503 Busy\r\nretry-after: 86400", "200 OK"]);
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let asked = many_pushed(app, ann, 1).await[0];
        app.work().await;
        let day_after = app.now() + Duration::from_hours(24);
        let other = many_pushed(app, ann, 1).await[0];
        app.advance(Duration::from_hours(1).saturating_sub(Duration::from_micros(1)));
        app.work().await;
        assert_eq!(receiver.posted("/ann").len(), 1);
        until_next(app).await;
        app.work().await;
        assert_eq!(app.pushes(other).await[0].state, DeliveryState::Sent);
        assert_eq!(app.pushes(asked).await[0].next_attempt_at, Some(day_after));
        app.advance(Duration::from_hours(23));
        assert_eq!(app.work().await.posted.sent, 1);
    })
    .await;
}

// SEND-4
#[tokio::test]
async fn an_address_that_is_set_up_anew_or_asked_again_by_hand_starts_afresh() {
    with_receiver(async |app, receiver| {
        for (name, by_hand) in [("Ann", false), ("Bob", true)] {
            let url = receiver.url(&format!("/{name}"));
            receiver.answers(&format!("/{name}"), &["404 No", "500 No"]);
            let dealer = app.dealer_with_crm(name, &url).await;
            let copies = many_pushed(app, dealer, 12).await;
            app.work().await;
            receiver.answers(&format!("/{name}"), &["200 OK"]);
            app.work().await;
            assert_eq!(states(app, &copies, DeliveryState::Sent).await, 0, "it rests");
            let mut tried = 0;
            let mut refused = None;
            for copy in &copies {
                let push = app.pushes(*copy).await.remove(0);
                tried += usize::from(push.attempts > 0);
                refused = refused.or((push.state == DeliveryState::Failed).then_some(push.id));
            }
            if by_hand {
                let again =
                    "mutation($id: ID!) { resendDelivery(input: { deliveryId: $id }) { userErrors { message } } }";
                app.graphql(&app.admin(), again, json!({ "id": refused.unwrap().to_string() })).await;
            } else {
                app.set_crm(dealer, &[("ADF_HTTP", &url)]).await;
            }
            app.work().await;
            assert_eq!(states(app, &copies, DeliveryState::Sent).await, 12 - tried + usize::from(by_hand));
        }
    })
    .await;
}

// SEND-2, JOB-6
#[tokio::test]
async fn what_was_claimed_and_could_not_be_read_is_free_again_at_once() {
    with_receiver(async |app, receiver| {
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        let before = app.pushes(copy).await.remove(0);
        app.meddle("alter table requests rename to requests_away", app.tenant.id.uuid()).await;
        assert!(app.worker().step().await.is_err());
        app.meddle("alter table requests_away rename to requests", app.tenant.id.uuid()).await;
        let push = app.pushes(copy).await.remove(0);
        assert_eq!((push.attempts, push.next_attempt_at), (0, Some(app.now())));
        assert_eq!(push.state, before.state);
        app.work().await;
        assert_eq!(app.pushes(copy).await[0].state, DeliveryState::Sent);
    })
    .await;
}

// SEND-2, JOB-6
#[tokio::test]
async fn a_push_that_a_dead_worker_held_is_taken_over_after_its_lease_under_its_own_key() {
    with_receiver(async |app, receiver| {
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let copy = many_pushed(app, ann, 1).await[0];
        // This worker claims, and is never heard of again.
        let tx = app.store().begin().await.unwrap();
        let claimed = pushes::claim(&tx, (app.now(), LEASE), 10, &mut Endpoint::default()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claimed.deliveries.len(), 1);
        app.advance(LEASE.saturating_sub(Duration::from_micros(1)));
        app.work().await;
        assert!(receiver.posted("/ann").is_empty());
        app.advance(Duration::from_micros(1));
        app.work().await;
        let push = app.pushes(copy).await.remove(0);
        assert_eq!((push.state, push.attempts), (DeliveryState::Sent, 2));
        let posted = receiver.posted("/ann");
        assert_eq!((posted.len(), &posted[0].key), (1, &push.id.to_string()));
    })
    .await;
}

// SEND-2, SEND-4, JOB-6
#[tokio::test]
async fn two_processes_side_by_side_push_each_lead_once_and_two_at_a_time() {
    with_receiver(async |app, receiver| {
        let ann = app.dealer_with_crm("Ann", &receiver.url("/ann")).await;
        let amy = app.dealer_with_crm("Amy", &receiver.url("/amy")).await;
        let mut copies = many_pushed(app, ann, 20).await;
        copies.extend(many_pushed(app, amy, 20).await);
        let sibling = app.sibling(8).await;
        // Both claim at one moment, and are never heard of again.
        let claim = async |store: &Store| {
            let tx = store.begin().await.unwrap();
            let claimed = pushes::claim(&tx, (app.now(), LEASE), 40, &mut Endpoint::default()).await.unwrap();
            tx.commit().await.unwrap();
            claimed.deliveries.len()
        };
        let (one, two) = tokio::join!(claim(app.store()), claim(sibling.app.store()));
        assert_eq!(one + two, 4, "two of each address, whoever took them");
        app.advance(LEASE);
        let both = async || {
            let (one, two) = tokio::join!(app.worker().step(), sibling.app.worker.step());
            one.unwrap().posted.sent + two.unwrap().posted.sent
        };
        let mut sent = 0;
        // One of them may find nothing while the other has both places of an address.
        while sent < 40 {
            sent += both().await;
        }
        for path in ["/ann", "/amy"] {
            let mut keys: Vec<String> = receiver.posted(path).into_iter().map(|posted| posted.key).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!((keys.len(), receiver.posted(path).len()), (20, 20), "each once");
            assert!(receiver.most_under_way(path) <= 2, "{}", receiver.most_under_way(path));
        }
        assert_eq!(states(app, &copies, DeliveryState::Sent).await, 40);
    })
    .await;
}

// SEND-4
#[tokio::test]
async fn a_receiver_that_never_answers_delays_neither_mails_nor_other_receivers() {
    with_receiver(async |app, receiver| {
        let slow = app.dealer_with_crm("Slow", &receiver.url("/slow")).await;
        let quick = app.dealer_with_crm("Quick", &receiver.url("/z")).await;
        let gate = receiver.holds("/slow");
        // More than there are places, and the first ones of all.
        let waiting = many_pushed(app, slow, 80).await;
        app.advance(Duration::from_secs(1));
        let mailed = app.new_dealer("Mailed").await;
        many_pushed(app, quick, 20).await;
        app.offered_lead(mailed).await;
        let others_are_through = async {
            while receiver.posted("/z").len() < 20 || app.mails_to("mailed@example.org").is_empty() {
                tokio::task::yield_now().await;
            }
            let held = receiver.posted("/slow").len();
            gate.add_permits(1_000);
            held
        };
        let (posted, held) = tokio::join!(app.worker().step(), others_are_through);
        assert_eq!(held, 2, "two were under way, the others waited");
        assert_eq!(receiver.most_under_way("/slow"), 2);
        assert!(posted.unwrap().posted.sent > 100);
        assert_eq!(states(app, &waiting, DeliveryState::Sent).await, 80);
    })
    .await;
}

// SEND-4
#[tokio::test]
async fn an_address_that_keeps_failing_rests_longer_and_longer_and_then_gets_one_push() {
    with_receiver(async |app, receiver| {
        receiver.answers("/dead", &["500 No"]);
        let ann = app.dealer_with_crm("Ann", &receiver.url("/dead")).await;
        let copies = many_pushed(app, ann, 30).await;
        app.work().await;
        let tried = receiver.posted("/dead").len();
        assert!((5..=6).contains(&tried), "two at a time until five have failed: {tried}");
        // Those that were not tried wait as they are for the end of the rest, as do those that come meanwhile; nothing looks for them before.
        let rest = Duration::from_mins(if tried == 5 { 1 } else { 2 });
        let late = many_pushed(app, ann, 1).await;
        app.work().await;
        for copy in copies.iter().chain(&late) {
            let push = app.pushes(*copy).await.remove(0);
            assert!(push.attempts > 0 || push.next_attempt_at <= Some(app.now()), "{push:?}");
        }
        assert!(!pushes::is_any_due(app.store().reader(), app.now()).await.unwrap());
        assert!(pushes::next_due(app.store().reader(), app.now()).await.unwrap() <= Some(app.now() + rest));
        let mut probes = vec![app.now()];
        while probes.len() < 5 {
            until_next(app).await;
            let before = receiver.posted("/dead").len();
            app.work().await;
            let more = receiver.posted("/dead").len() - before;
            assert!(more <= 1, "one at a time");
            probes.extend((more == 1).then(|| app.now()));
        }
        let rests: Vec<Duration> = probes.windows(2).map(|two| two[1].since(two[0])).collect();
        assert_eq!(rests, [rest, rest * 2, rest * 4, rest * 8]);
        // It comes back, and gets everything.
        receiver.answers("/dead", &["200 OK"]);
        for _ in 0..40 {
            if states(app, &copies, DeliveryState::Sent).await == 30 {
                break;
            }
            until_next(app).await;
            app.work().await;
        }
        assert_eq!(states(app, &copies, DeliveryState::Sent).await, 30);
        app.leaves_work();
    })
    .await;
}

/// So many more wait for it than the first twelve.
async fn fails_for_a_day(app: &TestApp, receiver: &Receiver, more: usize) -> (DealerId, Vec<LeadId>) {
    receiver.answers("/dead", &["500 No"]);
    let ann = app.dealer_with_crm("Ann", &receiver.url("/dead")).await;
    let copies = many_pushed(app, ann, 12).await;
    waiting(app, copies[0], &receiver.url("/dead"), more).await;
    let began = app.now();
    while dealer(app, ann).await.crm[0].active {
        assert!(app.now().since(began) < Duration::from_hours(26), "it is given up after a day");
        app.work().await;
        if pushes::next_due(app.store().reader(), app.now()).await.unwrap().is_some() {
            until_next(app).await;
        }
    }
    assert!(app.now().since(began) >= Duration::from_hours(24), "and not before");
    (ann, copies)
}

// SEND-4
#[tokio::test]
async fn an_address_that_takes_nothing_for_a_day_is_switched_off_with_notice_until_somebody_switches_it_on() {
    with_receiver(async |app, receiver| {
        // More than one transaction gives up.
        let (ann, copies) = fails_for_a_day(app, receiver, 1_200).await;
        assert!(receiver.posted("/dead").len() >= 20);
        assert_eq!(states(app, &copies, DeliveryState::Failed).await, 12, "what waited is given up");
        let of_one = app.pushes(copies[0]).await;
        assert!(of_one.len() == 1_201 && of_one.iter().all(|push| push.state == DeliveryState::Failed));
        let notices = told(app, EventKind::Updated).await;
        let notice = notices.iter().rev().find(|event| event.subject == ann.to_string()).unwrap();
        assert!(notice.reason.as_deref().unwrap().contains("switched off"), "{notice:?}");
        assert_eq!(notice.after.as_ref().unwrap()["crm"][0]["active"], json!(false));
        let failed = told(app, EventKind::DeliveryFailed).await;
        assert!(
            copies.iter().all(|copy| failed.iter().any(|event| event.lead == Some(*copy) && event.request.is_some()))
        );
        // Nothing more is written for it, and the network knows.
        let lead = app.offered_lead(app.new_dealer("Bob").await).await;
        let unpushed = app.pushed(lead, ann).await;
        assert!(app.pushes(unpushed).await.is_empty());

        receiver.answers("/dead", &["200 OK"]);
        app.set_crm(ann, &[("ADF_HTTP", &receiver.url("/dead"))]).await;
        let push = app.pushes(copies[0]).await.remove(0);
        let again = "mutation($id: ID!) { resendDelivery(input: { deliveryId: $id }) { userErrors { message } } }";
        app.graphql(&app.admin(), again, json!({ "id": push.id.to_string() })).await;
        app.work().await;
        assert_eq!(app.pushes(copies[0]).await[0].state, DeliveryState::Sent);
    })
    .await;
}

/// As many pushes of one lead as are wanted, to an address, past the actions.
async fn waiting(app: &TestApp, copy: LeadId, address: &str, count: usize) {
    let first = app.pushes(copy).await.remove(0);
    let (state, next_attempt_at) = (DeliveryState::Pending, Some(app.now()));
    let Some(Recipient::Dealer(dealer)) = app.lead(copy).await.recipient else { panic!("a copy in a dealer's hands") };
    let one = |_| Delivery {
        tenant: first.tenant,
        id: app.context().id(app.now()),
        lead: first.lead,
        offer: first.offer,
        addressee: first.addressee,
        channel: first.channel,
        address: address.to_owned(),
        message: Message::Crm(CrmPush { dealer }),
        state,
        attempts: first.attempts,
        next_attempt_at,
        sent_at: first.sent_at,
        last_error: first.last_error.clone(),
        created_at: first.created_at,
    };
    deliveries::insert(app.store().writer(), (0..count).map(one).collect()).await.unwrap();
}

/// Rows of `deliveries` that a plan has read, by its scans.
fn rows_read(plan: &Value) -> u64 {
    let is_scan = plan["Relation Name"] == "deliveries" && plan["Node Type"].as_str().unwrap().contains("Scan");
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let rows = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
    let below = plan["Plans"].as_array().into_iter().flatten().map(rows_read).sum::<u64>();
    below + if is_scan { rows as u64 } else { 0 }
}

// SEND-4
#[tokio::test]
async fn thousands_that_wait_for_one_address_are_one_step_for_a_claim() {
    on_each_database(async |app: &TestApp| {
        let ann = app.dealer_with_crm("Ann", "https://a.example.com/").await;
        let copy = many_pushed(app, ann, 1).await[0];
        waiting(app, copy, "https://dead.example.com/", 5_000).await;
        for number in 0..10 {
            waiting(app, copy, &format!("https://z{number}.example.com/"), 3).await;
        }
        if app.engine() == Engine::Postgres {
            app.meddle("analyze deliveries", app.tenant.id.uuid()).await;
        }
        let tx = app.store().begin().await.unwrap();
        let plan = pushes::plan(&tx, app.now(), 100).await.unwrap();
        if app.engine() == Engine::Postgres {
            // Of twelve addresses two each and a step to the next, each read a few times; none of the thousands.
            let read = rows_read(&plan[0]["Plan"]);
            assert!((23..200).contains(&read), "{read} rows were read\n{plan:#}");
        } else {
            let lines = plan.to_string();
            let whole =
                plan.as_array().unwrap().iter().filter_map(Value::as_str).filter(|line| line.starts_with("SCAN"));
            assert!(whole.clone().all(|line| line.contains("walk") || line.contains("subquery")), "{lines}");
            for step in [
                "(tenant_id=? AND address>?)",
                "(tenant_id>?)",
                "(tenant_id=? AND address=? AND next_attempt_at>? AND next_attempt_at<?)",
            ] {
                assert!(lines.contains(&format!("USING INDEX deliveries_pushes {step}")), "{step} in {lines}");
            }
        }
        tx.rollback().await.unwrap();
        let tx = app.store().begin().await.unwrap();
        let claimed = pushes::claim(&tx, (app.now(), LEASE), 100, &mut Endpoint::default()).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(claimed.deliveries.len(), 1 + 2 + 10 * 2);
        app.leaves_work();
    })
    .await;
}

// SEND-4
#[tokio::test]
async fn mails_to_a_crm_are_given_up_by_their_address_but_those_in_hand() {
    on_each_database(async |app: &TestApp| {
        let ann = app.new_dealer("Ann").await;
        app.set_crm(ann, &[("ADF_EMAIL", "crm@example.org")]).await;
        let copies = many_pushed(app, ann, 3).await;
        app.work().await;
        let (tenant, now) = (app.tenant.id, app.now());
        let again = "update deliveries set state = 'PENDING', sent_at = null, next_attempt_at = 1 where lead_id = $1";
        for copy in &copies[..2] {
            assert_eq!(app.meddle(again, copy.uuid()).await, 1);
        }
        let claimed = deliveries::claim(app.store().writer(), now, LEASE, 1).await.unwrap().deliveries;
        let reached = Reached { tenant, address: "crm@example.org", channel: Channel::AdfEmail };
        let give_up = async |now| {
            let tx = app.store().begin().await.unwrap();
            let given_up = pushes::give_up(&tx, reached, (now, "refused"), 10).await.unwrap();
            tx.commit().await.unwrap();
            given_up.into_iter().map(|one| one.delivery).collect::<Vec<_>>()
        };
        let first = give_up(now).await;
        assert_eq!((claimed.len(), first.len()), (1, 1));
        assert_ne!(first[0], claimed[0].id, "one is in hand");
        assert_eq!(give_up(now + LEASE).await, [claimed[0].id], "and no longer after its lease");
        assert_eq!(states(app, &copies, DeliveryState::Sent).await, 1);

        waiting(app, copies[0], "other@example.org", 3_000).await;
        let postgres = app.engine() == Engine::Postgres;
        if postgres {
            app.meddle("analyze deliveries", tenant.uuid()).await;
        }
        let tx = app.store().begin().await.unwrap();
        let plan = pushes::plan_of_giving_up(&tx, reached, now).await.unwrap();
        tx.rollback().await.unwrap();
        if postgres {
            assert!(rows_read(&plan[0]["Plan"]) < 100, "{plan:#}");
        } else {
            let lines = plan.to_string();
            assert!(lines.contains("USING INDEX deliveries_pushes_by_mail (tenant_id=? AND address=?)"), "{lines}");
        }
        app.leaves_work();
    })
    .await;
}

/// A mail server that knows no CRM.
struct NoSuchUser;

#[async_trait]
impl MailTransport for NoSuchUser {
    async fn send(&self, mail: &Composed) -> Outcome {
        if mail.outgoing.to.starts_with("crm@") {
            return Outcome::Permanent { reason: "550 5.1.1 no such user".to_owned(), bad_address: true };
        }
        Outcome::Sent { reply: "250 queued".to_owned() }
    }
}

// SEND-3, SEND-4
#[tokio::test]
async fn a_mail_address_of_a_crm_that_is_refused_is_switched_off() {
    on_each_database(async |app: &TestApp| {
        let ann = app.new_dealer("Ann").await;
        app.set_crm(ann, &[("ADF_EMAIL", "crm@example.org"), ("ADF_EMAIL", "other@example.org")]).await;
        many_pushed(app, ann, 1).await;
        let mailer = Mailer::new(Sender::parse("leads@example.com", None).unwrap(), std::sync::Arc::new(NoSuchUser));
        let senders = Senders { mailer: Some(mailer), poster: Poster::new(Reach::Nowhere).unwrap() };
        let links = Links::new("https://leads.example.com", app.context().links.clone());
        let version =
            baton::store::tenants::lookup(app.store().reader(), app.tenant.id).await.unwrap().unwrap().network_version;
        Outbox::new(app.context().clone(), senders, links).step().await.unwrap();
        let active: Vec<bool> = dealer(app, ann).await.crm.iter().map(|crm| crm.active).collect();
        assert_eq!(active, [false, true]);
        let after =
            baton::store::tenants::lookup(app.store().reader(), app.tenant.id).await.unwrap().unwrap().network_version;
        assert!(after > version, "networks that are kept in memory are read anew");
    })
    .await;
}
