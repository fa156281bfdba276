//! Races for a lead: many acknowledge at once, or one acknowledges at the very moment of reassignment (SPEC ALGO-2, ACK-7, JOB-6).

use std::sync::atomic::{AtomicBool, Ordering};

use baton::actions::answer::{Answer, Answered};
use baton::actions::due;
use baton::actions::respond::respond;
use baton::domain::event::{ActorKind, EventActor};
use baton::domain::id::DealerId;
use baton::domain::interface::CandidateKind;
use baton::domain::job::Algorithm;
use baton::domain::lead::{Lead, LeadState};
use baton::store::dealers;
use baton::store::tenants::{self, VersionHold};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on, on_each_database};
use crate::support::rules::{HOUR, nearest_first};
use crate::support::socket::PATIENCE;

fn contact(index: usize) -> EventActor {
    EventActor { kind: ActorKind::Contact, id: format!("con_{index}"), name: format!("Contact {index}") }
}

async fn live_copies(app: &TestApp, lead: &Lead) -> Vec<Lead> {
    let copies = app.copies(lead.id).await;
    copies.into_iter().filter(|copy| copy.state == LeadState::Offered || copy.state.is_held()).collect()
}

/// 200 rounds of 50 acknowledgements at once of the copies of a blast.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_acknowledgements_at_once_exactly_one_wins_each_of_two_hundred_blasts() {
    on_each_database(async |app| {
        let dealers = app.dealers(6).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("blast", interface, |job| {
            job.algorithm = Algorithm::Blast;
            job.blast_size = 5;
            job.notify.new_owner = false;
        })
        .await;
        let mut leads = Vec::new();
        for _ in 0..200 {
            leads.push(app.offered_lead(dealers[0]).await);
        }
        app.an_hour_later().await;
        for lead in leads {
            let blast: Vec<Lead> = app.copies(lead).await.into_iter().filter(|copy| copy.round == 1).collect();
            assert_eq!(blast.len(), 5);
            let attempts = (0..50).map(|index| {
                let (context, copy) = (app.context().clone(), blast[index % blast.len()].clone());
                tokio::spawn(async move { respond(&context, &copy, contact(index), Answer::Acknowledge).await })
            });
            let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(|joined| joined.unwrap()).collect();
            let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Answered::Changed))).count();
            assert_eq!(won, 1, "{outcomes:?}");
            let yours = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(
                yours, 10,
                "the winner's copy is theirs each time it is asked for, all others are told it expired"
            );
            let live = live_copies(app, &blast[0]).await;
            assert_eq!(live.len(), 1, "{live:?}");
        }
        // Eight hundred losers are told; the mails are not what this is about.
        app.leaves_work();
    })
    .await;
}

/// Acknowledging at the moment of reassignment yields "yours" or "expired", never both, never neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acknowledging_at_the_moment_of_reassignment_is_either_yours_or_expired() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let (mut yours, mut expired) = (0, 0);
        for index in 0..100 {
            let lead = app.offered_lead(dealers[0]).await;
            app.advance(HOUR);
            let copy = app.lead(lead).await;
            let (sweeping, answering) = (app.context().clone(), app.context().clone());
            let asked = copy.clone();
            let answering = async move { respond(&answering, &asked, contact(index), Answer::Acknowledge).await };
            let sweeping = async move { due::sweep(&sweeping, 100).await };
            // Each of the two is begun first in half of the rounds.
            let (swept, answered) = if index % 2 == 0 {
                let (a, b) = tokio::join!(tokio::spawn(answering), tokio::spawn(sweeping));
                (b.unwrap(), a.unwrap())
            } else {
                let (a, b) = tokio::join!(tokio::spawn(sweeping), tokio::spawn(answering));
                (a.unwrap(), b.unwrap())
            };
            swept.unwrap();
            // A sweep passes over what is held at that instant; the next one finds it.
            due::sweep(app.context(), 100).await.unwrap();
            let now = app.lead(lead).await;
            if answered.is_ok() {
                yours += 1;
                assert_eq!(now.state, LeadState::Acknowledged);
                assert_eq!(app.copies(lead).await.len(), 1);
            } else {
                expired += 1;
                assert_eq!(now.state, LeadState::Expired);
                assert_eq!(app.copies(lead).await.len(), 2);
            }
            assert_eq!(live_copies(app, &copy).await.len(), 1);
        }
        assert_eq!(yours + expired, 100);
        app.work().await;
    })
    .await;
}

/// Two workers on one database hand each due lead on once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_hand_each_due_lead_on_once() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("single", interface, |_| {}).await;
        let mut leads = Vec::new();
        for _ in 0..120 {
            leads.push(app.offered_lead(dealers[0]).await);
        }
        app.work().await;
        app.advance(HOUR);
        let sibling = app.sibling(11).await;
        let sweep = |context: baton::actions::Context| async move {
            while due::sweep(&context, 10).await.unwrap().examined > 0 {}
        };
        let (one, other) = (app.context().clone(), (*sibling.app.actions).clone());
        let (a, b) = tokio::join!(tokio::spawn(sweep(one)), tokio::spawn(sweep(other)));
        a.unwrap();
        b.unwrap();
        app.work().await;
        for lead in leads {
            let copies = app.copies(lead).await;
            assert_eq!(copies.len(), 2, "{copies:?}");
            assert_eq!(live_copies(app, &copies[0]).await.len(), 1);
        }
        assert_eq!(app.mails_to("d2@example.org").len(), 120);
    })
    .await;
}

// JOB-6: two that learn after their hold of the network that there are capacities, as when a tenant gets its first.
#[tokio::test]
async fn two_that_share_the_network_hold_its_capacities_one_after_the_other() {
    on(Engine::Postgres, async |app| {
        let tenant = app.tenant.id;
        let (first, second) = (app.store().begin().await.unwrap(), app.store().begin().await.unwrap());
        for tx in [&first, &second] {
            tenants::network_version(tx, tenant, VersionHold::Shared).await.unwrap();
        }
        // At once, though the second shares the network.
        tokio::time::timeout(PATIENCE, tenants::hold_capacities(&first, tenant)).await.unwrap().unwrap();
        let is_over = AtomicBool::new(false);
        let later = async {
            tenants::hold_capacities(&second, tenant).await.unwrap();
            assert!(is_over.load(Ordering::SeqCst), "the second holds them when the first is over");
        };
        let sooner = async {
            while app.waiting_count().await == 0 {
                tokio::task::yield_now().await;
            }
            is_over.store(true, Ordering::SeqCst);
            first.commit().await.unwrap();
        };
        tokio::join!(later, sooner);
        second.rollback().await.unwrap();
    })
    .await;
}

// BULK-9: a lead that is given to a named dealer waits for whoever takes that dealer out of the network, and is then refused.
#[tokio::test]
async fn nothing_is_given_to_a_dealer_who_leaves_at_that_moment() {
    on(Engine::Postgres, async |app| {
        let made = app.dealers(3).await;
        let lead = app.offered_lead(made[0]).await;
        app.work().await;
        let reassign =
            "mutation($input: ReassignLeadsInput!) { done: reassignLeads(input: $input) { userErrors { code } } }";
        let submit = "mutation($input: SubmitLeadInput!) { done: submitLead(input: $input) { userErrors { code } } }";
        let to = |dealer: DealerId| json!({ "dealerId": dealer.to_string() });
        let given = [
            (made[1], reassign, json!({ "leadIds": [lead.to_string()], "target": to(made[1]) })),
            (made[2], submit, json!({ "source": "web", "email": "jo@example.net", "target": to(made[2]) })),
        ];
        for (dealer, document, input) in given {
            let leaving = app.store().begin().await.unwrap();
            tenants::network_version(&leaving, app.tenant.id, VersionHold::Exclusive).await.unwrap();
            let mut gone = dealers::lookup(&leaving, app.tenant.id, dealer).await.unwrap().unwrap();
            gone.active = false;
            dealers::update(&leaving, &gone).await.unwrap();
            let (admin, variables) = (app.admin(), json!({ "input": input }));
            let giving = app.graphql(&admin, document, variables);
            let left = async {
                while app.waiting_count().await == 0 {
                    tokio::task::yield_now().await;
                }
                leaving.commit().await.unwrap();
            };
            let (answer, ()) = tokio::time::timeout(PATIENCE, async { tokio::join!(giving, left) }).await.unwrap();
            assert_eq!(answer["done"]["userErrors"][0]["code"], "NOT_ALLOWED", "{answer:#}");
        }
    })
    .await;
}
