//! FAST-1: candidates for one lead out of 1,000, 10,000 and 100,000 dealers, with and without a radius, for filters that match few
//! and many; beside the plain way of looking at everybody. Prints lists per second and the ratio; it sets no target.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton::domain::category::Category;
use baton::domain::dealer::{Address, Capacity, Dealer, OpeningHours};
use baton::domain::field::{FieldDefinition, FieldDraft, FieldType, Subject as Owner};
use baton::domain::id::{CategoryId, DealerId, LeadId, RequestId, TenantId};
use baton::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius, SortLevel};
use baton::domain::lead::{Lead, LeadState, LeadTimes, Workflow};
use baton::domain::request::{Interest, Person, PointSource, Request};
use baton::domain::{CountryCode, Point, Timestamp};
use baton::routing::{Loads, Network, NetworkParts, Plan, Question, Sorted, Subject, plain};
use serde_json::{Map, Value};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
const TENANT: TenantId = TenantId(Uuid::from_u128(1));
const REGIONS: u64 = 4;
const LEADS: u64 = 512;
/// How long each way is run.
const MEASURED_FOR: Duration = Duration::from_millis(700);

/// The question of FAST-1, and two that match fewer and more.
const FILTERS: [(&str, &str); 3] = [
    ("1 %", "dealer.category.tier == 'Gold' && dealer.rating >= 4.8 && dealer.custom.region == lead.custom.region"),
    (
        "10 %",
        "dealer.category.tier in ['Gold', 'Silver'] && dealer.rating >= 2.0 && dealer.custom.region == lead.custom.region",
    ),
    ("90 %", "dealer.category.tier in ['Gold', 'Silver', 'Bronze'] && dealer.rating >= 0.5"),
];

fn main() {
    println!(
        "{:>8} {:>7} {:>8} {:>9} {:>12} {:>8} {:>8} {:>11} {:>7}",
        "dealers", "filter", "radius", "matched", "lists/s", "p50 µs", "p99 µs", "plain/s", "ratio"
    );
    for count in [1_000, 10_000, 100_000] {
        let parts = parts(count);
        let began = Instant::now();
        let network = Arc::new(Network::build(parts));
        let built = began.elapsed();
        for (share, filter) in FILTERS {
            for (label, radius) in [
                ("100 km", Radius::Within { km: 100.0 }),
                ("2,414 km", Radius::Within { km: 2_414.016 }),
                ("none", Radius::Nearest),
            ] {
                compare(&network, (share, filter), (label, radius));
            }
        }
        println!("{count:>8} dealers built in {:.1} ms", built.as_secs_f64() * 1e3);
    }
}

fn compare(network: &Arc<Network>, (share, filter): (&str, &str), (label, radius): (&str, Radius)) {
    let level =
        |expression: &str, direction| SortLevel { expression: expression.to_owned(), direction, nulls: Nulls::Last };
    let definition = Definition {
        filter: filter.to_owned(),
        radius,
        same_country: true,
        exclude_recipients: true,
        sort: vec![level("dealer.rating", Direction::Desc), level("dealer.distance_km", Direction::Asc)],
        limit: 10,
    };
    let plan = Plan::compile(Arc::clone(network), CandidateKind::Dealer, &definition).unwrap();
    let loads = Loads::none(network);
    let leads: Vec<(Lead, Request)> = (0..LEADS).map(lead).collect();
    let subjects: Vec<Subject<'_>> =
        leads.iter().map(|(lead, request)| Subject::new(network, lead, request, &[])).collect();
    let ask = |index: usize| Question { subject: &subjects[index % subjects.len()], loads: &loads, now: NOW };
    let matched: u64 = (0..64).map(|index| plan.rank(ask(index), Sorted::AsDefined).matched).sum();
    let (engine, spread) = measure(|index| drop(std::hint::black_box(plan.rank(ask(index), Sorted::AsDefined))));
    let (naive, _) = measure(|index| drop(std::hint::black_box(plain::rank(&plan, ask(index)))));
    let at = |share: f64| spread[((spread.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "{:>8} {share:>7} {label:>8} {:>9.1} {engine:>12.0} {:>8.1} {:>8.1} {naive:>11.1} {:>7.0}",
        network.pool(CandidateKind::Dealer).len(),
        matched as f64 / 64.0,
        at(0.5),
        at(0.99),
        engine / naive,
    );
}

/// How often per second, and each time that it took, shortest first.
fn measure(mut once: impl FnMut(usize)) -> (f64, Vec<Duration>) {
    (0..8).for_each(&mut once);
    let mut spread = Vec::new();
    let began = Instant::now();
    while began.elapsed() < MEASURED_FOR {
        let each = Instant::now();
        once(spread.len());
        spread.push(each.elapsed());
    }
    let rate = spread.len() as f64 / began.elapsed().as_secs_f64();
    spread.sort_unstable();
    (rate, spread)
}

/// SplitMix64: the same world at every run.
fn roll(seed: u64, salt: u64) -> f64 {
    let mixed = (seed.wrapping_mul(31).wrapping_add(salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
}

/// Spread over the contiguous United States.
fn place(seed: u64) -> Point {
    Point::new(25.0 + 24.0 * roll(seed, 1), -124.0 + 57.0 * roll(seed, 2)).unwrap()
}

fn region(seed: u64) -> Value {
    Value::from(format!("region {}", (roll(seed, 3) * REGIONS as f64) as u64))
}

fn parts(count: u64) -> NetworkParts {
    let dealers: Vec<Dealer> = (0..count).map(dealer).collect();
    let reachable: HashSet<DealerId> = dealers.iter().map(|dealer| dealer.id).collect();
    let field = |subject| {
        FieldDefinition::new(FieldDraft {
            subject,
            key: "region".to_owned(),
            label: "Region".to_owned(),
            field_type: FieldType::Text,
            required: false,
            choices: Vec::new(),
            archived: false,
        })
        .unwrap()
    };
    let tier = Category {
        tenant: TENANT,
        id: CategoryId(Uuid::from_u128(1)),
        key: "tier".to_owned(),
        label: "Tier".to_owned(),
        choices: ["Gold", "Silver", "Bronze"].map(str::to_owned).to_vec(),
        created_at: NOW,
    };
    NetworkParts {
        version: 1,
        dealers,
        reachable,
        fields: vec![field(Owner::Dealer), field(Owner::Lead)],
        categories: vec![tier],
        ..NetworkParts::default()
    }
}

fn dealer(number: u64) -> Dealer {
    let tier = ["Gold", "Silver", "Bronze"][(roll(number, 4) * 3.0) as usize % 3];
    Dealer {
        tenant: TENANT,
        id: DealerId(Uuid::from_u128(u128::from(number) + 1)),
        number: format!("D{number:06}"),
        sub_number: String::new(),
        name: format!("Dealer {number}"),
        active: true,
        accepts_leads: true,
        is_default: false,
        address: address(),
        point: Some(place(number)),
        time_zone: chrono_tz::Tz::UTC,
        hours: OpeningHours::default(),
        rating: Some((roll(number, 5) * 50.0).round() / 10.0),
        categories: BTreeMap::from([("tier".to_owned(), tier.to_owned())]),
        brands: vec!["Alpha".to_owned()],
        territory: Vec::new(),
        capacity: Capacity::default(),
        crm: Vec::new(),
        custom: Map::from_iter([("region".to_owned(), region(number))]),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn address() -> Address {
    Address { street: None, city: None, region: None, country: CountryCode::US, postal_code: None }
}

fn lead(number: u64) -> (Lead, Request) {
    let id = LeadId(Uuid::from_u128(u128::from(number) + 1));
    let request = Request {
        tenant: TENANT,
        id: RequestId(Uuid::from_u128(u128::from(number) + 1)),
        external_id: None,
        source: "web".to_owned(),
        campaign: None,
        interest: Interest::default(),
        person: Person::default(),
        address: address(),
        point: Some((place(number + 1_000_000), PointSource::Given)),
        comments: None,
        language: None,
        received_at: NOW,
        created_by: "bench".to_owned(),
    };
    let lead = Lead {
        tenant: TENANT,
        id,
        request: request.id,
        root: id,
        parent: None,
        round: 0,
        state: LeadState::Unassigned,
        recipient: None,
        decision: None,
        job: None,
        source: "web".to_owned(),
        brand: None,
        received_at: NOW,
        times: LeadTimes::made_at(NOW),
        acknowledged_by: None,
        state_reason: None,
        exception: None,
        due_at: None,
        warn_at: None,
        excluded_from_automation: false,
        workflow: Workflow::default(),
        custom: Map::from_iter([("region".to_owned(), region(number + 1_000_000))]),
        version: 1,
        created_by: "bench".to_owned(),
    };
    (lead, request)
}
