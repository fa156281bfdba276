//! Hand-overs while the network in memory is older than the tenant's: nobody waits for a build, nobody unfit is taken
//! (SPEC IFACE-3, IFACE-9, JOB-4).

use baton::actions::due;
use baton::actions::network::{Target as Changed, contacts, dealers, fields, groups, users};
use baton::actions::reassign::{Reassignment, Target, reassign};
use baton::actions::{Call, NetworksUsage};
use baton::domain::dealer::Dealer;
use baton::domain::decision::{Decision, Exclusion};
use baton::domain::field::{FieldDraft, FieldType, Subject};
use baton::domain::id::{DealerId, LeadId};
use baton::domain::input::{ContactInput, DealerInput, GroupInput, PointInput, UserInput};
use baton::domain::interface::{CandidateKind, Definition, Radius};
use baton::domain::job::{Algorithm, Ranking};
use baton::domain::lead::Recipient;
use baton::store::tenants::{VersionHold, network_version};
use baton::store::{self, decisions};
use serde_json::Value;

use crate::support::app::{TestApp, on_each_database};
use crate::support::rules::{HOUR, holder, nearest_first};

/// Small networks are simply read anew, so it takes this many closed dealers beside those who matter.
const CLOSED: u64 = 500;

/// `D1` to `D4`, the nearest first, with rating 4, on a large network.
async fn large_network(app: &TestApp) -> Vec<DealerId> {
    let open = app.dealers(4).await;
    for dealer in &open {
        change(app, *dealer, DealerInput { rating: Some(Some(4.0)), ..DealerInput::default() }).await;
    }
    let first = store::dealers::lookup(app.store().reader(), app.tenant.id, open[0]).await.unwrap().unwrap();
    let closed = |number| Dealer {
        id: app.context().id(app.now()),
        number: format!("X{number}"),
        active: false,
        ..first.clone()
    };
    let closed: Vec<Dealer> = (0..CLOSED).map(closed).collect();
    store::dealers::insert(app.store().writer(), &closed).await.unwrap();
    open
}

/// Has the network in memory as it is now, and says how often one was built so far.
async fn remember(app: &TestApp) -> NetworksUsage {
    let version = network_version(app.store().reader(), app.tenant.id, VersionHold::None).await.unwrap();
    app.context().networks.load(app.store().reader(), app.tenant.id, version).await.unwrap();
    app.context().networks.usage()
}

/// How many networks, and parts of one, were built since.
fn built_since(app: &TestApp, before: NetworksUsage) -> (u64, u64) {
    let now = app.context().networks.usage();
    (now.builds - before.builds, now.parts - before.parts)
}

async fn change(app: &TestApp, dealer: DealerId, input: DealerInput) {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "updateDealer", input: &Value::Null, key: None };
    dealers::update_dealer(app.context(), call, Changed::any(dealer), &input).await.unwrap();
}

async fn set_active(app: &TestApp, dealer: DealerId, active: bool) {
    change(app, dealer, DealerInput { active: Some(active), ..DealerInput::default() }).await;
}

/// Whether the first contact of a dealer can be told.
async fn set_reachable(app: &TestApp, dealer: DealerId, active: bool) {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "updateContact", input: &Value::Null, key: None };
    let own = store::contacts::list_by_dealers(app.store().reader(), app.tenant.id, &[dealer]).await.unwrap();
    let input = ContactInput { active: Some(active), ..ContactInput::default() };
    contacts::update_contact(app.context(), call, Changed::any(own[0].id), &input).await.unwrap();
}

fn good_and_near() -> Definition {
    Definition { filter: "dealer.rating >= 3.0".to_owned(), radius: Radius::Within { km: 150.0 }, ..nearest_first() }
}

async fn decision(app: &TestApp, lead: LeadId) -> Decision {
    let id = app.newest(lead).await.decision.unwrap();
    decisions::lookup(app.store().reader(), app.tenant.id, id).await.unwrap().unwrap()
}

/// An hour later the lead is with this dealer, by a decision whose counts add up.
async fn goes_to(app: &TestApp, lead: LeadId, dealer: DealerId) -> Decision {
    app.an_hour_later().await;
    assert_eq!(holder(&app.newest(lead).await), dealer);
    let decision = decision(app, lead).await;
    assert_eq!(decision.considered, decision.matched + decision.excluded.reasons.values().sum::<u64>());
    decision
}

/// From which network a decision was made.
fn seen(decision: &Decision) -> Value {
    let inputs: Value = serde_json::from_str(&decision.inputs).unwrap();
    inputs["network"].clone()
}

// IFACE-3, IFACE-9, JOB-4
#[tokio::test]
async fn the_best_who_became_unfit_since_is_passed_over_and_nothing_is_built() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let as_it_was = || DealerInput {
            active: Some(true),
            accepts_leads: Some(true),
            point: Some(None),
            rating: Some(Some(4.0)),
            ..DealerInput::default()
        };
        let far = Some(Some(PointInput { lat: 34.0, lon: -118.0 }));
        for (input, reason) in [
            (DealerInput { active: Some(false), ..as_it_was() }, Exclusion::Inactive),
            (DealerInput { accepts_leads: Some(false), ..as_it_was() }, Exclusion::NotAccepting),
            (DealerInput { point: far, ..as_it_was() }, Exclusion::OutsideRadius),
            (DealerInput { rating: Some(Some(2.5)), ..as_it_was() }, Exclusion::FilterNotMatched),
            (DealerInput { rating: Some(None), ..as_it_was() }, Exclusion::FilterUnknown),
        ] {
            let lead = app.offered_lead(dealers[0]).await;
            let before = remember(app).await;
            change(app, dealers[1], input).await;
            let decision = goes_to(app, lead, dealers[2]).await;
            assert_eq!(built_since(app, before), (0, 1), "{reason:?}");
            assert_eq!((decision.considered, decision.matched), (CLOSED + 4, 2));
            let inactive = u64::from(reason == Exclusion::Inactive);
            let alone = if reason == Exclusion::Inactive { CLOSED + 1 } else { 1 };
            assert_eq!(decision.excluded.reasons[&Exclusion::Inactive], CLOSED + inactive);
            assert_eq!(decision.excluded.reasons[&reason], alone);
            assert_eq!(decision.excluded.reasons[&Exclusion::AlreadyRecipient], 1);
            let of_terms: u64 = decision.excluded.terms.values().sum();
            assert_eq!(of_terms == 1, matches!(reason, Exclusion::FilterNotMatched | Exclusion::FilterUnknown));
            let labels: Vec<_> = decision.candidates.iter().map(|one| (one.label.as_str(), one.rank)).collect();
            assert_eq!(labels, [("D3", 1), ("D4", 2)]);
            let seen = seen(&decision);
            assert!(seen["version"].as_i64().unwrap() < seen["checked"].as_i64().unwrap(), "{seen}");
            change(app, dealers[1], as_it_was()).await;
        }
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        set_reachable(app, dealers[1], false).await;
        let decision = goes_to(app, lead, dealers[2]).await;
        assert_eq!(decision.excluded.reasons[&Exclusion::NoReachableContact], 1);
        assert_eq!(built_since(app, before), (0, 1));
        app.work().await;
    })
    .await;
}

// IFACE-3: who has moved is ranked where they are now, by what the decision says of them.
#[tokio::test]
async fn who_is_still_fit_is_ranked_as_they_are_now() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        let next_door = Some(Some(PointInput { lat: 42.3796, lon: -71.1328 }));
        change(app, dealers[3], DealerInput { point: next_door, ..DealerInput::default() }).await;
        let decision = goes_to(app, lead, dealers[3]).await;
        assert!(decision.candidates[0].distance_km.unwrap() < 1.0, "{:?}", decision.candidates[0]);
        assert_eq!(built_since(app, before), (0, 1));
        let (lead, current) = (app.offered_lead(dealers[0]).await, remember(app).await);
        let decision = goes_to(app, lead, dealers[3]).await;
        assert_eq!(built_since(app, current), (0, 0), "the network is current again");
        assert_eq!(seen(&decision)["version"], seen(&decision)["checked"]);
    })
    .await;
}

// IFACE-3: two leads of one batch, and room for one.
#[tokio::test]
async fn who_was_made_full_since_gets_no_more_than_there_is_room_for() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let room = |open| DealerInput { capacity_open: Some(Some(open)), ..DealerInput::default() };
        change(app, dealers[3], room(100)).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let leads = [app.offered_lead(dealers[0]).await, app.offered_lead(dealers[0]).await];
        let before = remember(app).await;
        change(app, dealers[1], room(1)).await;
        app.an_hour_later().await;
        let mut got = [holder(&app.newest(leads[0]).await), holder(&app.newest(leads[1]).await)];
        got.sort_by_key(|dealer| dealers.iter().position(|other| other == dealer));
        assert_eq!(got, [dealers[1], dealers[2]]);
        assert_eq!(built_since(app, before), (0, 1));
        let lead = app.offered_lead(dealers[0]).await;
        let decision = goes_to(app, lead, dealers[2]).await;
        assert_eq!(decision.excluded.reasons[&Exclusion::AtCapacity], 1);
        assert_eq!(built_since(app, before), (0, 2));
    })
    .await;
}

// IFACE-3: without any limit before, the first one makes hand-overs exclude each other, so the whole network is asked.
#[tokio::test]
async fn the_first_limit_of_a_network_holds_at_once() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let leads = [app.offered_lead(dealers[0]).await, app.offered_lead(dealers[0]).await];
        let before = remember(app).await;
        change(app, dealers[1], DealerInput { capacity_open: Some(Some(1)), ..DealerInput::default() }).await;
        app.an_hour_later().await;
        let mut got = [holder(&app.newest(leads[0]).await), holder(&app.newest(leads[1]).await)];
        got.sort_by_key(|dealer| dealers.iter().position(|other| other == dealer));
        assert_eq!(got, [dealers[1], dealers[2]]);
        assert_eq!(built_since(app, before).0, 1);
    })
    .await;
}

// ALGO-8, IFACE-3
#[tokio::test]
async fn when_nobody_of_those_found_is_fit_any_more_the_whole_network_is_asked() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        for dealer in &dealers[1..] {
            set_active(app, *dealer, false).await;
        }
        let rated = DealerInput { rating: Some(Some(5.0)), ..DealerInput::default() };
        let newcomer = app.dealer_at("New", "01608", rated).await;
        let decision = goes_to(app, lead, newcomer).await;
        assert_eq!((decision.considered, decision.matched), (CLOSED + 5, 1));
        assert_eq!(built_since(app, before), (1, 1));
        let lead = app.offered_lead(dealers[0]).await;
        change(app, newcomer, DealerInput { accepts_leads: Some(false), ..DealerInput::default() }).await;
        app.an_hour_later().await;
        let exception = app.newest(lead).await.exception;
        assert_eq!(exception.as_deref(), Some("none of 505 matches `good and near`"));
        assert_eq!(built_since(app, before).0, 2);
    })
    .await;
}

// IFACE-3: the price of not waiting, until the network is built anew in the background.
#[tokio::test]
async fn who_came_since_may_be_missed_until_the_network_is_brought_up_to_date() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        let rated = DealerInput { rating: Some(Some(5.0)), ..DealerInput::default() };
        let newcomer = app.dealer_at("New", "02138", rated).await;
        goes_to(app, lead, dealers[1]).await;
        assert_eq!(built_since(app, before), (0, 1));
        app.context().networks.refresh(app.store()).await.unwrap();
        let lead = app.offered_lead(dealers[0]).await;
        let decision = goes_to(app, lead, newcomer).await;
        assert_eq!((decision.considered, decision.matched), (CLOSED + 5, 4));
        assert_eq!(built_since(app, before), (1, 1));
    })
    .await;
}

// EXPR-8, IFACE-3
#[tokio::test]
async fn a_new_definition_of_a_field_has_the_whole_network_asked() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        let admin = app.admin();
        let call = Call { actor: &admin, mutation: "createCustomField", input: &Value::Null, key: None };
        let draft = FieldDraft {
            subject: Subject::Dealer,
            key: "bays".to_owned(),
            label: "Bays".to_owned(),
            field_type: FieldType::Integer,
            required: false,
            choices: Vec::new(),
            archived: false,
        };
        fields::create_field(app.context(), call, draft).await.unwrap();
        goes_to(app, lead, dealers[1]).await;
        assert_eq!(built_since(app, before).0, 1);
    })
    .await;
}

// JOB-2: the condition reads the dealer who has the lead, as they are now.
#[tokio::test]
async fn a_condition_reads_the_holder_as_they_are_now() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("of the well rated", interface, |job| {
            job.condition = "lead.dealer.rating >= 3.0".to_owned();
            job.notify.new_owner = false;
        })
        .await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        change(app, dealers[0], DealerInput { rating: Some(Some(1.0)), ..DealerInput::default() }).await;
        app.an_hour_later().await;
        assert_eq!(app.copies(lead).await.len(), 1, "the job leaves it");
        let other = app.offered_lead(dealers[1]).await;
        goes_to(app, other, dealers[2]).await;
        assert_eq!(built_since(app, before), (0, 2));
    })
    .await;
}

// ALGO-3
#[tokio::test]
async fn a_frozen_ranking_goes_on_past_who_became_unfit_since() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("round robin", interface, |job| {
            job.algorithm = Algorithm::RoundRobin;
            job.ranking = Ranking::Frozen;
            job.notify.new_owner = false;
        })
        .await;
        let lead = app.offered_lead(dealers[0]).await;
        let before = remember(app).await;
        goes_to(app, lead, dealers[1]).await;
        set_active(app, dealers[2], false).await;
        let decision = goes_to(app, lead, dealers[3]).await;
        assert_eq!(decision.candidates.len(), 3, "the first ranking is the one that goes on");
        assert_eq!(built_since(app, before), (0, 1));
    })
    .await;
}

// IFACE-3, IFACE-1: candidates that are users, and by the hand of a person.
#[tokio::test]
async fn users_are_looked_at_again_with_their_groups_and_holidays() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let admin = app.admin();
        let call = |mutation| Call { actor: &admin, mutation, input: &Value::Null, key: None };
        let mut members = Vec::new();
        for email in ["a@example.org", "b@example.org", "c@example.org"] {
            members.push(app.new_user(email).await);
        }
        let east = GroupInput { name: Some("East".to_owned()) };
        let east = groups::create_group(app.context(), call("createGroup"), &east).await.unwrap();
        groups::add_members(app.context(), call("addGroupMembers"), east, &members, false).await.unwrap();
        let definition = Definition { filter: "'East' in user.groups".to_owned(), sort: Vec::new(), ..nearest_first() };
        let interface = app.interface("east", CandidateKind::User, definition).await;
        let by_hand = async |lead| {
            let target = Target::Interface { interface, algorithm: Algorithm::Single, blast_size: 1 };
            let given = Reassignment {
                leads: vec![lead],
                target,
                reason: None,
                notify_new_owner: false,
                push_to_crm: false,
                notify_old_owner: false,
            };
            reassign(app.context(), call("reassignLeads"), given).await.unwrap();
            app.newest(lead).await.recipient.unwrap()
        };
        let before = remember(app).await;
        let away = UserInput { on_holiday: Some(true), ..UserInput::default() };
        users::update_user(app.context(), call("updateUser"), Changed::any(members[0]), &away).await.unwrap();
        assert_eq!(by_hand(app.offered_lead(dealers[0]).await).await, Recipient::User(members[1]));
        groups::remove_members(app.context(), call("removeGroupMembers"), east, &members[1..2]).await.unwrap();
        assert_eq!(by_hand(app.offered_lead(dealers[0]).await).await, Recipient::User(members[2]));
        assert_eq!(built_since(app, before), (0, 2));
        app.work().await;
    })
    .await;
}

// JOB-6: two processes, each with an older network, and room for one lead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_with_older_networks_do_not_fill_a_dealer_beyond_its_room() {
    on_each_database(async |app| {
        let dealers = large_network(app).await;
        let room = |open| DealerInput { capacity_open: Some(Some(open)), ..DealerInput::default() };
        change(app, dealers[3], room(100)).await;
        let interface = app.interface("good and near", CandidateKind::Dealer, good_and_near()).await;
        app.job("single", interface, |job| job.notify.new_owner = false).await;
        let sibling = app.sibling(11).await;
        let mut leads = Vec::new();
        for _ in 0..20 {
            leads.push(app.offered_lead(dealers[0]).await);
        }
        app.work().await;
        let before = remember(app).await;
        let version = network_version(app.store().reader(), app.tenant.id, VersionHold::None).await.unwrap();
        let others = sibling.app.actions.networks.clone();
        others.load(sibling.app.store().reader(), app.tenant.id, version).await.unwrap();
        change(app, dealers[1], room(3)).await;
        app.advance(HOUR);
        let sweep = |context: baton::actions::Context| async move {
            while due::sweep(&context, 2).await.unwrap().examined > 0 {}
        };
        let (one, other) = (app.context().clone(), (*sibling.app.actions).clone());
        let (a, b) = tokio::join!(tokio::spawn(sweep(one)), tokio::spawn(sweep(other)));
        a.unwrap();
        b.unwrap();
        let mut of = [0; 4];
        for lead in leads {
            let copies = app.copies(lead).await;
            assert_eq!(copies.len(), 2, "{copies:?}");
            of[dealers.iter().position(|dealer| *dealer == holder(&copies[1])).unwrap()] += 1;
        }
        assert_eq!(of, [0, 3, 17, 0]);
        assert_eq!((built_since(app, before).0, others.usage().builds), (0, 1));
    })
    .await;
}
