//! The outbox: messages leave once, failed ones are tried again or given up, and a worker that dies loses none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use baton::actions::operations::{Turns, step};
use baton::delivery::{Composed, GIVE_UP_AFTER, Links, MailTransport, Mailer, Outcome, Poster, Reach, Sender};
use baton::domain::delivery::{AttemptOutcome, Delivery, DeliveryState};
use baton::domain::event::EventKind;
use baton::domain::id::LeadId;
use baton::domain::message::Template;
use baton::domain::offer::Addressee;
use baton::jobs::{LEASE, Outbox, Senders};
use baton::store::deliveries::AttemptRecord;
use baton::store::events::EventFilter;
use baton::store::{Order, PageRequest, contacts, deliveries, events};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::app::{TestApp, on_each_database};

/// A mail server that answers as it is told, by address; anything else it takes.
#[derive(Default)]
struct Relay {
    answers: HashMap<&'static str, Outcome>,
    /// Holds mails to `slow@example.org` until the test lets go.
    slow: Option<Arc<Semaphore>>,
    taken: Mutex<Vec<String>>,
}

#[async_trait]
impl MailTransport for Relay {
    async fn send(&self, mail: &Composed) -> Outcome {
        let to = mail.outgoing.to.clone();
        if let Some(slow) = self.slow.as_ref().filter(|_| to == "slow@example.org") {
            let _passed = slow.acquire().await;
        }
        if let Some(answer) = self.answers.get(to.as_str()) {
            return answer.clone();
        }
        self.taken.lock().unwrap().push(to);
        Outcome::Sent { reply: "250 queued".to_owned() }
    }
}

fn outbox(app: &TestApp, relay: &Arc<Relay>) -> Outbox {
    let sender = Sender::parse("leads@example.com", None).unwrap();
    let mailer = Some(Mailer::new(sender, Arc::clone(relay) as Arc<dyn MailTransport>));
    let senders = Senders { mailer, poster: Poster::new(Reach::Nowhere).unwrap() };
    Outbox::new(app.context().clone(), senders, Links::new("https://leads.example.com", app.context().links.clone()))
}

fn relay(answers: impl IntoIterator<Item = (&'static str, Outcome)>) -> Arc<Relay> {
    Arc::new(Relay { answers: answers.into_iter().collect(), ..Relay::default() })
}

fn busy() -> Outcome {
    Outcome::Retry { after: None, reason: "450 busy".to_owned() }
}

async fn only_delivery(app: &TestApp, lead: LeadId) -> Delivery<Template> {
    let found = deliveries::list_by_leads(app.store().reader(), app.tenant.id, &[lead]).await.unwrap();
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap()
}

async fn outcomes(app: &TestApp, delivery: &Delivery<Template>) -> Vec<AttemptOutcome> {
    let attempts = deliveries::attempts(app.store().reader(), app.tenant.id, delivery.id).await.unwrap();
    attempts.into_iter().map(|attempt| attempt.outcome).collect()
}

/// SEND-1, SEND-2
#[tokio::test]
async fn a_message_leaves_once() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let relay = relay([]);
        let outbox = outbox(app, &relay);
        assert_eq!(outbox.step().await.unwrap().sent, 1);
        app.advance(LEASE * 2);
        assert_eq!(outbox.step().await.unwrap().count(), 0);
        assert_eq!(*relay.taken.lock().unwrap(), ["ann@example.org"]);
        let delivery = only_delivery(app, lead).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Sent, 1));
        assert_eq!(outcomes(app, &delivery).await, [AttemptOutcome::Sent]);
    })
    .await;
}

/// SEND-2
#[tokio::test]
async fn a_refused_message_is_tried_again_for_three_days_then_given_up_and_can_be_sent_again() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let outbox = outbox(app, &relay([("ann@example.org", busy())]));
        assert_eq!(outbox.step().await.unwrap().retried, 1);
        assert_eq!(outbox.step().await.unwrap().count(), 0, "not before its time");
        let began = app.now();
        loop {
            let due = only_delivery(app, lead).await.next_attempt_at.unwrap();
            app.advance(due.since(app.now()));
            if outbox.step().await.unwrap().failed == 1 {
                break;
            }
        }
        assert_eq!(app.now().since(began), GIVE_UP_AFTER);
        let delivery = only_delivery(app, lead).await;
        assert_eq!((delivery.state, delivery.last_error.as_deref()), (DeliveryState::Failed, Some("450 busy")));
        let tries = outcomes(app, &delivery).await;
        assert_eq!(tries.last(), Some(&AttemptOutcome::Failed));
        assert!((20..60).contains(&tries.len()), "{}", tries.len());
        let filter = EventFilter { kinds: vec![EventKind::DeliveryFailed], ..EventFilter::default() };
        let page = PageRequest::first(10);
        let failed = events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap();
        let (_, failed) = &failed.rows[0];
        assert_eq!((failed.subject.as_str(), failed.lead), (delivery.id.to_string().as_str(), Some(lead)));

        // Sent again by hand, it has three days of its own.
        let again = deliveries::resend(app.store().writer(), app.tenant.id, delivery.id, app.now()).await.unwrap();
        assert!(again);
        assert_eq!(outbox.step().await.unwrap().retried, 1);
        app.leaves_work();
    })
    .await;
}

/// SEND-3
#[tokio::test]
async fn a_contact_whose_address_is_refused_is_marked_and_one_whose_mail_is_refused_is_not() {
    on_each_database(async |app: &TestApp| {
        let refused = |bad_address| Outcome::Permanent { reason: "550".to_owned(), bad_address };
        let relay = relay([("ann@example.org", refused(true)), ("bob@example.org", refused(false))]);
        for (name, marked) in [("Ann", true), ("Bob", false)] {
            let dealer = app.new_dealer(name).await;
            let lead = app.offered_lead(dealer).await;
            assert_eq!(outbox(app, &relay).step().await.unwrap().failed, 1);
            let delivery = only_delivery(app, lead).await;
            let Some(Addressee::Contact(contact)) = delivery.addressee else { panic!("a contact") };
            let contact = contacts::lookup(app.store().reader(), app.tenant.id, contact).await.unwrap().unwrap();
            assert_eq!(contact.bounced_at.is_some(), marked, "{name}");
        }
    })
    .await;
}

/// SEND-3, BULK-5
#[tokio::test]
async fn a_digest_that_is_given_up_is_told_on_the_timeline_of_each_of_its_leads() {
    on_each_database(async |app: &TestApp| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let leads = [app.offered_lead(bob).await, app.offered_lead(bob).await];
        app.work().await;
        let target = json!({ "dealerId": ann.to_string() });
        let input = json!({ "selection": { "all": true }, "target": target, "notifyNewOwner": "DIGEST" });
        let id = app.operated("prepareReassignment", input).await;
        app.operated("runOperation", json!({ "operationId": id })).await;
        while step(app.context(), &Turns::default()).await.unwrap() {}
        let refused = Outcome::Permanent { reason: "550".to_owned(), bad_address: false };
        assert_eq!(outbox(app, &relay([("ann@example.org", refused)])).step().await.unwrap().failed, 1);
        let filter = EventFilter { kinds: vec![EventKind::DeliveryFailed], ..EventFilter::default() };
        let page = PageRequest::first(10);
        let failed = events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap();
        let mut told: Vec<LeadId> = failed.rows.iter().filter_map(|(_, event)| event.lead).collect();
        let mut copies = vec![app.newest(leads[0]).await.id, app.newest(leads[1]).await.id];
        told.sort_unstable();
        copies.sort_unstable();
        assert_eq!(told, copies);
    })
    .await;
}

/// SEND-2, JOB-6
#[tokio::test]
async fn a_message_that_a_dead_worker_held_is_taken_over_after_its_lease() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        // This worker claims, and is never heard of again.
        let held = deliveries::claim(app.store().writer(), app.now(), LEASE, 10).await.unwrap().deliveries;
        assert_eq!(held.len(), 1);
        let relay = relay([]);
        let outbox = outbox(app, &relay);
        app.advance(LEASE.saturating_sub(Duration::from_micros(1)));
        assert_eq!(outbox.step().await.unwrap().count(), 0);
        app.advance(Duration::from_micros(1));
        assert_eq!(outbox.step().await.unwrap().sent, 1);
        assert_eq!(only_delivery(app, lead).await.attempts, 2);
        // Should it come back after all, it has nothing to say any more.
        let record = deliveries::AttemptRecord {
            id: app.context().id(app.now()),
            at: app.now(),
            outcome: AttemptOutcome::Failed,
            detail: Some("too late".to_owned()),
            next_attempt_at: None,
        };
        assert!(!deliveries::record(app.store().writer(), &held[0], &record).await.unwrap());
        assert_eq!(only_delivery(app, lead).await.state, DeliveryState::Sent);
    })
    .await;
}

/// SEND-2, JOB-6
#[tokio::test]
async fn two_processes_side_by_side_send_each_message_once() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        for _ in 0..40 {
            app.offered_lead(dealer).await;
        }
        let sibling = app.sibling(8).await;
        let (one, two) = tokio::join!(app.worker().step(), sibling.app.worker.step());
        assert_eq!(one.unwrap().posted.sent + two.unwrap().posted.sent, 40);
        assert_eq!(app.mailbox.count() + sibling.mailbox.count(), 40);
    })
    .await;
}

/// SEND-4
#[tokio::test]
async fn a_slow_receiver_delays_nobody_else() {
    on_each_database(async |app: &TestApp| {
        let slow = app.new_dealer("Slow").await;
        app.offered_lead(slow).await;
        app.advance(Duration::from_secs(1));
        let quick = app.new_dealer("Quick").await;
        for _ in 0..40 {
            app.offered_lead(quick).await;
        }
        let gate = Arc::new(Semaphore::new(0));
        let relay = Arc::new(Relay { slow: Some(Arc::clone(&gate)), ..Relay::default() });
        let outbox = outbox(app, &relay);
        let others_are_through = async {
            while relay.taken.lock().unwrap().len() < 40 {
                tokio::task::yield_now().await;
            }
            gate.add_permits(1);
        };
        let (posted, ()) = tokio::join!(outbox.step(), others_are_through);
        assert_eq!(posted.unwrap().sent, 41);
        assert_eq!(relay.taken.lock().unwrap().last().unwrap(), "slow@example.org");
    })
    .await;
}

/// SEND-1
#[tokio::test]
async fn an_offer_whose_lead_is_gone_before_it_left_is_cancelled() {
    on_each_database(async |app: &TestApp| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let lead = app.offered_lead(ann).await;
        app.reassign(lead, bob).await;
        let stepped = app.work().await;
        assert_eq!(stepped.posted.cancelled, 1);
        assert!(app.mails_to("ann@example.org").iter().all(|mail| !mail.subject.starts_with("New lead")));
        assert_eq!(app.mails_to("bob@example.org").len(), 1);
        let cancelled = deliveries::list_by_leads(app.store().reader(), app.tenant.id, &[lead]).await.unwrap();
        let cancelled: Vec<_> =
            cancelled.iter().filter(|delivery| delivery.state == DeliveryState::Cancelled).collect();
        assert_eq!(cancelled.len(), 1);
        assert!(cancelled[0].last_error.as_deref().unwrap().contains("taken away"));
    })
    .await;
}

/// A mail server that takes nothing before the test lets it.
struct Gated {
    ann: Semaphore,
    bob: Semaphore,
    under_way: AtomicUsize,
    taken: Mutex<Vec<String>>,
}

#[async_trait]
impl MailTransport for Gated {
    async fn send(&self, mail: &Composed) -> Outcome {
        let to = mail.outgoing.to.clone();
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let gate = if to == "ann@example.org" { &self.ann } else { &self.bob };
        gate.acquire().await.unwrap().forget();
        self.taken.lock().unwrap().push(to);
        Outcome::Sent { reply: "250 queued".to_owned() }
    }
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}

/// SEND-4: an answer that comes in time is read in time.
#[tokio::test]
async fn a_try_goes_on_while_others_wait_to_be_written_down() {
    on_each_database(async |app: &TestApp| {
        let lead = app.offered_lead(app.new_dealer("Ann").await).await;
        app.offered_lead(app.new_dealer("Bob").await).await;
        let gated = Arc::new(Gated {
            ann: Semaphore::new(0),
            bob: Semaphore::new(0),
            under_way: AtomicUsize::new(0),
            taken: Mutex::default(),
        });
        let sender = Sender::parse("leads@example.com", None).unwrap();
        let mailer = Some(Mailer::new(sender, Arc::clone(&gated) as Arc<dyn MailTransport>));
        let senders = Senders { mailer, poster: Poster::new(Reach::Nowhere).unwrap() };
        let links = Links::new("https://leads.example.com", app.context().links.clone());
        let outbox = Outbox::new(app.context().clone(), senders, links);
        let meanwhile = async {
            until(|| gated.under_way.load(Ordering::Relaxed) == 2).await;
            // Somebody else holds what the outbox has to write to.
            let tx = app.store().begin().await.unwrap();
            let mail = only_delivery(app, lead).await;
            let (id, at, outcome) = (app.context().id(app.now()), app.now(), AttemptOutcome::Sent);
            let attempt = AttemptRecord { id, at, outcome, detail: None, next_attempt_at: None };
            assert!(deliveries::record(&tx, &mail, &attempt).await.unwrap());
            let taken = || gated.taken.lock().unwrap().len();
            gated.ann.add_permits(1);
            until(|| taken() == 1).await;
            gated.bob.add_permits(1);
            until(|| taken() == 2).await;
            tx.rollback().await.unwrap();
        };
        let (posted, ()) = tokio::join!(outbox.step(), meanwhile);
        assert_eq!(posted.unwrap().sent, 2);
    })
    .await;
}
