//! The demo's network and past, held against the rules that the real thing follows. Nothing here touches a database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use super::chance::Chance;
use super::ground::Ground;
use super::market::Wanted;
use super::network::{Moments, Network, days};
use super::past::{MESSAGES_KEPT, Past, World};
use super::rows::Rows;
use super::words;
use crate::domain::Timestamp;
use crate::domain::category::Category;
use crate::domain::dealer::ContactKind;
use crate::domain::decision::Outcome;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::EventKind;
use crate::domain::field::CustomValues;
use crate::domain::id::{LeadId, RequestId};
use crate::domain::job::Algorithm;
use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::domain::link::LinkKey;
use crate::places::distance_km;
use crate::routing::{Sorted, check_definition};
use crate::rules::{Catalog, CatalogParts, CategoryGroup, Context, Expect, check};

/// A Saturday evening in November.
const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);
const DEALERS: usize = 300;
const REQUESTS: usize = 1_000;

struct Sample {
    network: Network,
    rows: Rows,
    run_count: usize,
}

/// Most tests look at one and the same sample.
static SAMPLE: LazyLock<Sample> = LazyLock::new(|| sample(1, REQUESTS));

fn links() -> LinkKey {
    LinkKey::new(&[9; 32]).unwrap()
}

fn sample(seed: u64, request_count: usize) -> Sample {
    let (chance, ground) = (Chance::from_seed(seed), Ground::load());
    let network = Network::draw(&chance, &ground, Moments::before(NOW), DEALERS);
    let key = links();
    let world = World::of(&network, &chance, &key);
    let mut past = Past::of(&world, &ground, request_count);
    let mut rows = Rows::default();
    while let Some(piece) = past.next(400) {
        rows.requests.extend(piece.requests);
        rows.decisions.extend(piece.decisions);
        rows.leads.extend(piece.leads);
        rows.offers.extend(piece.offers);
        rows.deliveries.extend(piece.deliveries);
        rows.attempts.extend(piece.attempts);
        rows.events.extend(piece.events);
    }
    let run_count = past.runs().len();
    drop(past);
    drop(world);
    Sample { network, rows, run_count }
}

fn chains(leads: &[Lead]) -> BTreeMap<RequestId, Vec<&Lead>> {
    let mut chains: BTreeMap<RequestId, Vec<&Lead>> = BTreeMap::new();
    for lead in leads {
        chains.entry(lead.request).or_default().push(lead);
    }
    chains
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

// RUN-5
#[test]
fn the_same_seed_makes_the_same_rows_and_another_seed_others() {
    let text = |sample: &Sample| {
        let Rows { requests, decisions, leads, offers, deliveries, attempts, events } = &sample.rows;
        format!(
            "{:?}{:?}{:?}{requests:?}{decisions:?}{leads:?}{offers:?}{deliveries:?}{attempts:?}{events:?}",
            sample.network.dealers, sample.network.contacts, sample.network.staff.users
        )
    };
    let few = |seed| text(&sample(seed, 60));
    let first = few(1);
    assert!(first == few(1), "the same seed");
    assert!(first != few(2), "another seed");
}

// RUN-5
#[test]
fn the_network_is_as_large_and_as_varied_as_asked() {
    let Sample { network, rows, run_count } = &*SAMPLE;
    assert_eq!((network.dealers.len(), rows.requests.len()), (DEALERS, REQUESTS));
    assert!(rows.leads.len() * 10 > REQUESTS * 12, "requests move on: {} copies", rows.leads.len());
    assert_eq!((network.staff.users.len(), network.staff.groups.len()), (66, 8));
    assert!(*run_count > 20);
    let dealers = &network.dealers;
    assert_eq!(dealers.iter().filter(|dealer| dealer.is_default).count(), 1);
    assert!(dealers[0].is_default && dealers[0].active && dealers[0].accepts_leads && !network.desks[0].to.is_empty());
    let count =
        |holds: &dyn Fn(&crate::domain::dealer::Dealer) -> bool| dealers.iter().filter(|one| holds(one)).count();
    for (what, found) in [
        ("inactive", count(&|dealer| !dealer.active)),
        ("not accepting", count(&|dealer| !dealer.accepts_leads)),
        ("unrated", count(&|dealer| dealer.rating.is_none())),
        ("without a tier", count(&|dealer| dealer.categories.is_empty())),
        ("limited", count(&|dealer| dealer.capacity.open.is_some())),
        ("with a territory", count(&|dealer| !dealer.territory.is_empty())),
        ("without hours", count(&|dealer| dealer.hours.weekdays.is_empty())),
        ("with a sub-number", count(&|dealer| !dealer.sub_number.is_empty())),
        ("Canadian", count(&|dealer| dealer.address.country == crate::domain::CountryCode::CA)),
        ("unreachable", network.desks.iter().filter(|desk| desk.to.is_empty()).count()),
        ("CC", network.contacts.iter().filter(|contact| contact.kind == ContactKind::Cc).count()),
        ("unsubscribed", network.contacts.iter().filter(|contact| contact.unsubscribed_at.is_some()).count()),
        ("bouncing", network.contacts.iter().filter(|contact| contact.bounced_at.is_some()).count()),
    ] {
        assert!((1..DEALERS / 2).contains(&found), "{what}: {found}");
    }
    let numbers: BTreeSet<_> = dealers.iter().map(|dealer| (&dealer.number, &dealer.sub_number)).collect();
    assert_eq!(numbers.len(), DEALERS, "numbers are unique");
    let emails: BTreeSet<_> = network.staff.users.iter().map(|user| &user.email).collect();
    assert_eq!(emails.len(), network.staff.users.len(), "addresses of users are unique");
}

// EXPR-2, EXPR-8
#[test]
fn every_definition_is_one_that_an_admin_could_have_saved() {
    let network = &SAMPLE.network;
    let definitions = &network.definitions;
    assert_eq!((definitions.fields.len(), definitions.versions.len(), definitions.jobs.len()), (5, 4, 4));
    let group = |category: &Category| CategoryGroup {
        key: category.key.clone(),
        label: category.label.clone(),
        values: category.choices.clone(),
    };
    let categories: Vec<_> = definitions.categories.iter().map(group).collect();
    let catalog = Catalog::new(CatalogParts { fields: &definitions.fields, categories: &categories });
    let drafts = definitions.interfaces.iter().filter_map(|interface| interface.draft.as_ref());
    for definition in definitions.versions.iter().map(|version| &version.definition).chain(drafts) {
        let kind = crate::domain::interface::CandidateKind::Dealer;
        check_definition(&catalog, kind, definition).unwrap_or_else(|problems| panic!("{problems:?}"));
    }
    for job in definitions.jobs.iter().filter(|job| !job.condition.is_empty()) {
        check(&job.condition, &catalog, Context::LeadCondition, Expect::Condition).unwrap();
    }
    for algorithm in [Algorithm::Single, Algorithm::Blast, Algorithm::RoundRobin, Algorithm::Nearest] {
        assert!(definitions.jobs.iter().any(|job| job.algorithm == algorithm && job.enabled), "{algorithm:?}");
    }
    let of = |subject| {
        definitions.fields.iter().filter(move |field| field.subject() == subject).cloned().collect::<Vec<_>>()
    };
    let (dealer_fields, lead_fields) =
        (of(crate::domain::field::Subject::Dealer), of(crate::domain::field::Subject::Lead));
    for dealer in &network.dealers {
        CustomValues::check(&dealer_fields, &serde_json::Value::Object(dealer.custom.clone())).unwrap();
    }
    for lead in &SAMPLE.rows.leads {
        CustomValues::check(&lead_fields, &serde_json::Value::Object(lead.custom.clone())).unwrap();
    }
}

#[test]
fn no_real_maker_is_named() {
    let makers = [
        "acura",
        "audi",
        "bmw",
        "buick",
        "cadillac",
        "chevrolet",
        "chevy",
        "chrysler",
        "citro",
        "dodge",
        "fiat",
        "ford",
        "gmc",
        "harley",
        "honda",
        "hyundai",
        "infiniti",
        "jaguar",
        "jeep",
        "john deere",
        "kia ",
        "lexus",
        "lincoln",
        "lucid",
        "mazda",
        "mercedes",
        "mini ",
        "mitsubishi",
        "nissan",
        "opel",
        "peugeot",
        "polaris",
        "polestar",
        "pontiac",
        "porsche",
        "renault",
        "rivian",
        "saturn",
        "subaru",
        "suzuki",
        "tesla",
        "toyota",
        "volkswagen",
        "volvo",
        "yamaha",
        "winnebago",
    ];
    let goods = words::BRANDS.iter().chain(&words::PRODUCTS).chain(&words::CAMPAIGNS).map(|word| (*word).to_owned());
    let named = words::DEALER_FIRST.iter().chain(&words::DEALER_SECOND).map(|word| (*word).to_owned());
    let kinds = words::DEALER_KIND.iter().map(|(word, _)| (*word).to_owned());
    for word in goods.chain(named).chain(kinds) {
        let lower = format!("{} ", word.to_lowercase());
        assert!(!makers.iter().any(|maker| lower.contains(maker)), "{word}");
    }
}

// JOB-4
#[test]
fn every_chain_begins_with_one_root_and_each_copy_names_an_earlier_parent() {
    for (request, chain) in chains(&SAMPLE.rows.leads) {
        let roots: Vec<_> = chain.iter().filter(|lead| lead.parent.is_none()).collect();
        assert_eq!(roots.len(), 1, "{request}");
        let root = roots[0];
        assert_eq!((root.root, root.round, root.id), (root.id, 0, chain[0].id));
        for (place, lead) in chain.iter().enumerate().skip(1) {
            let parent = chain[..place].iter().find(|one| Some(one.id) == lead.parent).expect("an earlier parent");
            assert_eq!((lead.round, lead.root), (parent.round + 1, root.id));
            assert_eq!((lead.received_at, &lead.source, &lead.brand), (root.received_at, &root.source, &root.brand));
            assert!(parent.times.reassigned_at.is_some_and(|at| lead.times.created_at == at), "handed on then");
            assert!(lead.decision.is_some());
        }
        let holders = chain.iter().filter(|lead| lead.state.is_held()).count();
        assert!(holders <= 1, "{request} has {holders} holders");
        let recipients: BTreeSet<_> =
            chain.iter().filter_map(|lead| lead.recipient).map(|one| format!("{one:?}")).collect();
        let placed = chain.iter().filter(|lead| lead.recipient.is_some()).count();
        assert_eq!(recipients.len(), placed, "nobody had {request} twice");
    }
}

#[test]
fn every_state_has_its_times_in_order_and_none_lies_ahead() {
    for lead in &SAMPLE.rows.leads {
        let times = &lead.times;
        let happened = [
            Some(lead.received_at),
            Some(times.created_at),
            times.offered_at,
            times.acknowledged_at,
            times.accepted_at.or(times.rejected_at),
            times.closed_at,
        ];
        let happened: Vec<Timestamp> = happened.into_iter().flatten().collect();
        assert!(happened.is_sorted(), "{lead:?}");
        let ends = [times.expired_at, times.reassigned_at, times.deleted_at];
        for end in ends.into_iter().flatten() {
            assert!(happened.iter().all(|at| *at <= end), "{lead:?}");
        }
        let all = happened.iter().copied().chain(ends.into_iter().flatten());
        assert_eq!(all.max().map(|last| last.max(times.updated_at)), Some(times.updated_at), "{lead:?}");
        assert!(times.updated_at <= NOW, "{lead:?}");
        let sound = match lead.state {
            LeadState::Unassigned => lead.recipient.is_none() && lead.exception.is_some(),
            LeadState::Offered => {
                lead.recipient.is_some() && times.offered_at.is_some() && times.reassigned_at.is_none()
            }
            LeadState::Acknowledged => times.acknowledged_at.is_some(),
            LeadState::Accepted => times.acknowledged_at.is_some() && times.accepted_at.is_some(),
            LeadState::Rejected => times.rejected_at.is_some() && lead.state_reason.is_some(),
            LeadState::Expired => times.expired_at.is_some() && lead.state_reason.is_some(),
            LeadState::Won | LeadState::Lost => times.accepted_at.is_some() && times.closed_at.is_some(),
            LeadState::Deleted => times.deleted_at.is_some() && lead.state_reason.is_some(),
        };
        assert!(sound, "{lead:?}");
        assert_eq!(times.acknowledged_at.is_some(), lead.acknowledged_by.is_some());
        assert!(lead.state == LeadState::Offered || (lead.due_at.is_none() && lead.warn_at.is_none()));
        assert!(lead.due_at.is_none_or(|due| due > NOW) && lead.warn_at.is_none_or(|warn| warn > NOW));
    }
}

// RUN-5
#[test]
fn the_past_is_believable() {
    let Sample { rows, .. } = &*SAMPLE;
    for state in LeadState::ALL {
        assert!(rows.leads.iter().any(|lead| lead.state == state), "no lead is {state:?}");
    }
    let offered: Vec<&Lead> = rows.leads.iter().filter(|lead| lead.times.offered_at.is_some()).collect();
    let answered = offered.iter().filter(|lead| lead.times.acknowledged_at.is_some()).count();
    assert!((0.55..0.85).contains(&share(answered, offered.len())), "{answered} of {}", offered.len());
    let mut minutes: Vec<u64> = offered
        .iter()
        .filter_map(|lead| Some(lead.times.acknowledged_at?.since(lead.times.offered_at?).as_secs() / 60))
        .collect();
    minutes.sort_unstable();
    let median = minutes[minutes.len() / 2];
    assert!((8..60).contains(&median) && minutes[minutes.len() * 9 / 10] > 60, "median {median} minutes");
    let quicker = |lead: &&Lead| lead.state_reason.as_deref() == Some("another dealer was quicker");
    assert!(rows.leads.iter().filter(quicker).count() > 3, "blasts have losers");
    assert!(rows.leads.iter().any(|lead| lead.round >= 3), "some go through several hands");
    assert!(rows.leads.iter().any(|lead| matches!(lead.recipient, Some(Recipient::User(_)))));
    assert!(rows.leads.iter().any(|lead| lead.exception.is_some()));
    for outcome in [Outcome::Assigned, Outcome::Fallback, Outcome::NoCandidate] {
        assert!(rows.decisions.iter().any(|decision| decision.outcome == outcome), "{outcome:?}");
    }
    let oldest = rows.requests.iter().map(|request| request.received_at).min().unwrap();
    assert!(oldest < NOW - days(85) && oldest > NOW - days(91));
}

// JOB-2
#[test]
fn something_falls_due_within_minutes_and_nothing_floods_the_start() {
    let due: Vec<Duration> =
        SAMPLE.rows.leads.iter().filter_map(|lead| lead.due_at).map(|due| due.since(NOW)).collect();
    assert!(due.len() >= 3, "{due:?}");
    assert!(due.iter().all(|due| *due <= Duration::from_mins(5)), "{due:?}");
}

// IFACE-9
#[test]
fn every_decision_counts_everybody_and_its_distances_are_true() {
    let Sample { network, rows, .. } = &*SAMPLE;
    let points: BTreeMap<_, _> = network.dealers.iter().map(|dealer| (dealer.id, dealer.point.unwrap())).collect();
    let requests: BTreeMap<_, _> = rows.requests.iter().map(|request| (request.id, request)).collect();
    let mut placed_first = 0;
    for decision in &rows.decisions {
        let excluded: u64 = decision.excluded.reasons.values().sum();
        assert_eq!(decision.considered, decision.matched + excluded, "{decision:?}");
        let from = requests[&decision.request].point.map(|(point, _)| point);
        for candidate in &decision.candidates {
            let Recipient::Dealer(dealer) = candidate.recipient else { panic!("{candidate:?}") };
            let km = candidate.distance_km.unwrap();
            assert!((distance_km(from.unwrap(), points[&dealer]) - km).abs() < 1e-9);
        }
        assert!(decision.candidates.iter().map(|candidate| candidate.rank).eq(1..=decision.candidates.len() as u32));
        let made: Vec<&Lead> = rows.leads.iter().filter(|lead| lead.decision == Some(decision.id)).collect();
        match decision.outcome {
            Outcome::NoCandidate => assert!(made.is_empty()),
            Outcome::Fallback => assert_eq!(made[0].recipient, Some(Recipient::Dealer(network.dealers[0].id))),
            Outcome::Assigned => {
                let best: Vec<_> = decision.candidates.iter().take(made.len()).map(|one| Some(one.recipient)).collect();
                let taken: Vec<_> = made.iter().map(|lead| lead.recipient).collect();
                assert_eq!(best, taken, "{decision:?}");
                placed_first += made.len();
            }
        }
    }
    assert!(placed_first > REQUESTS / 2);
}

// IFACE-1: the past was ranked under the version of its time.
#[test]
fn a_decision_names_the_version_that_was_published_then() {
    let Sample { network, rows, .. } = &*SAMPLE;
    let mut seen = BTreeSet::new();
    for decision in &rows.decisions {
        let Some((interface, number)) = decision.interface else { continue };
        let (_, version) = network.definitions.version_at(interface, decision.decided_at).unwrap();
        assert_eq!(version.number, number);
        seen.insert((interface, number));
    }
    assert_eq!(seen.len(), network.definitions.versions.len(), "each version was used");
}

// IFACE-4
#[test]
fn the_nearest_interface_finds_whom_measuring_everybody_finds() {
    let Sample { network, rows, .. } = &*SAMPLE;
    let (chance, key) = (Chance::from_seed(5), links());
    let world = World::of(network, &chance, &key);
    let roots: BTreeMap<RequestId, &Lead> =
        rows.leads.iter().filter(|lead| lead.parent.is_none()).map(|lead| (lead.request, lead)).collect();
    for request in rows.requests.iter().filter(|request| request.point.is_some()).take(300) {
        let open = network.dealers.iter().zip(&network.desks).filter(|(dealer, desk)| {
            dealer.active
                && dealer.accepts_leads
                && !desk.to.is_empty()
                && dealer.address.country == request.address.country
        });
        let nearest =
            open.map(|(dealer, _)| distance_km(request.point.unwrap().0, dealer.point.unwrap())).min_by(f64::total_cmp);
        let wanted = Wanted { lead: roots[&request.id], request, chain: &[], at: NOW };
        let ranked = world.market.rank(0, wanted, Sorted::AsDefined);
        assert!((ranked.candidates[0].distance_km.unwrap() - nearest.unwrap()).abs() < 1e-9);
    }
}

// ACK-1
#[test]
fn every_offered_copy_has_a_link_of_our_own_and_no_message_names_the_customer() {
    let Sample { rows, .. } = &*SAMPLE;
    let key = links();
    let mut by_lead: BTreeMap<LeadId, Vec<ContactKind>> = BTreeMap::new();
    for offer in &rows.offers {
        assert!(offer.token_hash == key.issue(offer.tenant, offer.id, offer.generation).hash());
        assert!(offer.opened_at.is_none_or(|at| at >= offer.created_at));
        by_lead.entry(offer.lead).or_default().push(offer.kind);
    }
    for lead in rows.leads.iter().filter(|lead| lead.recipient.is_some()) {
        assert!(by_lead[&lead.id].contains(&ContactKind::To), "{lead:?}");
    }
    let requests: BTreeMap<_, _> = rows.requests.iter().map(|request| (request.id, request)).collect();
    let leads: BTreeMap<_, _> = rows.leads.iter().map(|lead| (lead.id, lead)).collect();
    assert!(rows.deliveries.len() > 50);
    for delivery in &rows.deliveries {
        assert!(delivery.state == DeliveryState::Sent && delivery.sent_at.is_some_and(|at| at <= NOW));
        assert!(NOW.since(delivery.created_at) < MESSAGES_KEPT);
        let person = &requests[&leads[&delivery.lead.unwrap()].request].person;
        let message = serde_json::to_string(&delivery.message).unwrap();
        assert!(!message.contains(person.email.as_ref().unwrap()), "{message}");
        let attempts: Vec<_> = rows.attempts.iter().filter(|(_, attempt)| attempt.delivery == delivery.id).collect();
        assert_eq!(attempts.len(), delivery.attempts as usize);
    }
}

#[test]
fn every_step_of_a_copy_stands_in_its_timeline() {
    let Sample { rows, .. } = &*SAMPLE;
    let mut said: BTreeMap<LeadId, Vec<(EventKind, Timestamp)>> = BTreeMap::new();
    for event in &rows.events {
        said.entry(event.lead.unwrap()).or_default().push((event.kind, event.at));
    }
    for lead in &rows.leads {
        let times = &lead.times;
        let closed = if lead.state == LeadState::Won { EventKind::LeadWon } else { EventKind::LeadLost };
        let steps = [
            (EventKind::LeadReceived, lead.parent.is_none().then_some(lead.received_at)),
            (EventKind::LeadOffered, times.offered_at),
            (EventKind::LeadAcknowledged, times.acknowledged_at),
            (EventKind::LeadAccepted, times.accepted_at),
            (EventKind::LeadRejected, times.rejected_at),
            (EventKind::LeadExpired, times.expired_at),
            (EventKind::LeadReassigned, times.reassigned_at),
            (EventKind::LeadDeleted, times.deleted_at),
            (closed, times.closed_at),
        ];
        for (kind, at) in steps {
            let found: Vec<_> = said[&lead.id].iter().filter(|(said, _)| *said == kind).map(|(_, at)| *at).collect();
            assert_eq!(found, at.into_iter().collect::<Vec<_>>(), "{kind:?} of {lead:?}");
        }
    }
}
