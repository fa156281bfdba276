//! FAST-1: candidates for one lead out of 1,000, 10,000 and 100,000 dealers, with and without a radius, for filters that match few
//! and many, on one core; beside the same question in indexed SQL on both, and the plain way of looking at everybody. Then what a network
//! costs to build and to keep, and how many leads a backtest compares. Prints figures and ratios; it sets no target.
//!
//! `BATON_BENCH_DEALERS` names other numbers of dealers, separated by commas.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails loudly")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(
    dead_code,
    unused_imports,
    clippy::panic,
    clippy::expect_used,
    reason = "the tests use more of it; it fails loudly as they do"
)]
mod postgres;
#[path = "candidates/sql.rs"]
mod sql;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton::domain::category::Category;
use baton::domain::dealer::{Address, Capacity, Dealer, OpeningHours};
use baton::domain::field::{FieldDefinition, FieldDraft, FieldType, Subject as Owner};
use baton::domain::id::{CategoryId, DealerId, LeadId, RequestId, TenantId};
use baton::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius, SortLevel};
use baton::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use baton::domain::request::{Interest, Person, PointSource, Request};
use baton::domain::{CountryCode, Point, Timestamp};
use baton::routing::{Compared, Loads, Network, NetworkParts, Plan, Question, Sorted, Subject, plain};
use serde_json::{Map, Value};
use uuid::Uuid;

use sql::{Asked, Database, Filter, Row};

/// What the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
const TENANT: TenantId = TenantId(Uuid::from_u128(1));
const REGIONS: u64 = 4;
const LEADS: u64 = 512;
/// How long each way is run.
const MEASURED_FOR: Duration = Duration::from_millis(700);
/// Leads for which engine and SQL must name the same ten.
const CHECKED: usize = 20;

/// The question of FAST-1, and two that match fewer and more: as the database is asked, too.
const FILTERS: [(&str, &str, &[&str], f64, bool); 3] = [
    (
        "1 %",
        "dealer.category.tier == 'Gold' && dealer.rating >= 4.8 && dealer.custom.region == lead.custom.region",
        &["Gold"],
        4.8,
        true,
    ),
    (
        "10 %",
        "dealer.category.tier in ['Gold', 'Silver'] && dealer.rating >= 2.0 && dealer.custom.region == lead.custom.region",
        &["Gold", "Silver"],
        2.0,
        true,
    ),
    (
        "90 %",
        "dealer.category.tier in ['Gold', 'Silver', 'Bronze'] && dealer.rating >= 0.5",
        &["Gold", "Silver", "Bronze"],
        0.5,
        false,
    ),
];
const RADII: [(&str, Option<f64>); 3] = [("100 km", Some(100.0)), ("2,414 km", Some(2_414.016)), ("none", None)];

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(bench());
}

async fn bench() {
    let counts = std::env::var("BATON_BENCH_DEALERS").unwrap_or_else(|_| "1000,10000,100000".to_owned());
    for count in counts.split(',').map(|count| count.trim().parse().unwrap()) {
        let parts = parts(count);
        let database = Database::fill(&rows(&parts.dealers)).await;
        let began = Instant::now();
        let network = Arc::new(Network::build(parts));
        let built = began.elapsed();
        let bench = Bench::new(network);
        println!(
            "{:>8} {:>7} {:>9} {:>9} {:>10} {:>8} {:>8} {:>10} {:>7} {:>10} {:>7}",
            "dealers",
            "filter",
            "radius",
            "matched",
            "lists/s",
            "p50 µs",
            "p99 µs",
            "SQL/s",
            "ratio",
            "plain/s",
            "ratio"
        );
        for filter in FILTERS {
            for radius in RADII {
                bench.compare(&database, filter, radius).await;
            }
        }
        bench.others(count);
        bench.costs(count, built);
    }
}

/// A network and the leads that are asked about.
struct Bench {
    network: Arc<Network>,
    loads: Loads,
    leads: Vec<(Lead, Request)>,
    asked: Arc<Vec<Asked>>,
}

impl Bench {
    fn new(network: Arc<Network>) -> Self {
        let leads: Vec<(Lead, Request)> = (0..LEADS).map(lead).collect();
        let asked = |(lead, request): &(Lead, Request)| Asked {
            point: request.point.unwrap().0,
            region: lead.custom["region"].as_str().unwrap().to_owned(),
        };
        Self { loads: Loads::none(&network), asked: Arc::new(leads.iter().map(asked).collect()), network, leads }
    }

    fn plan(&self, filter: &str, km: Option<f64>, sort: &[(&str, Direction)]) -> Plan {
        let level = |(expression, direction): &(&str, Direction)| SortLevel {
            expression: (*expression).to_owned(),
            direction: *direction,
            nulls: Nulls::Last,
        };
        let definition = Definition {
            filter: filter.to_owned(),
            radius: km.map_or(Radius::Nearest, |km| Radius::Within { km }),
            same_country: true,
            exclude_recipients: true,
            sort: sort.iter().map(level).collect(),
            limit: 10,
        };
        Plan::compile(Arc::clone(&self.network), CandidateKind::Dealer, &definition).unwrap()
    }

    fn subjects(&self) -> Vec<Subject<'_>> {
        self.leads.iter().map(|(lead, request)| Subject::new(&self.network, lead, request, &[])).collect()
    }

    async fn compare(
        &self,
        database: &Database,
        (share, text, tiers, rating_min, same_region): (&str, &str, &'static [&'static str], f64, bool),
        (label, km): (&str, Option<f64>),
    ) {
        let plan = self.plan(text, km, &[("dealer.rating", Direction::Desc), ("dealer.distance_km", Direction::Asc)]);
        let subjects = self.subjects();
        let ask = |index: usize| Question { subject: &subjects[index % subjects.len()], loads: &self.loads, now: NOW };
        let filter = Filter { tiers, rating_min, same_region, km };
        for index in 0..CHECKED {
            let own: Vec<i64> = plan.rank(ask(index), Sorted::AsDefined).recipients().into_iter().map(number).collect();
            assert_eq!(own, database.first(filter, &self.asked[index]).await, "{share}, {label}, lead {index}");
        }
        let (engine, spread) = measure(|index| drop(std::hint::black_box(plan.rank(ask(index), Sorted::AsDefined))));
        let sql = database.rate(filter, &self.asked).await;
        let (naive, _) = measure(|index| drop(std::hint::black_box(plain::rank(&plan, ask(index)))));
        let matched: u64 = (0..64).map(|index| plan.rank(ask(index), Sorted::AsDefined).matched).sum();
        println!(
            "{:>8} {share:>7} {label:>9} {:>9.1} {engine:>10.0} {:>8.1} {:>8.1} {sql:>10.0} {:>7.0} {naive:>10.1} {:>7.0}",
            self.network.pool(CandidateKind::Dealer).len(),
            matched as f64 / 64.0,
            at(&spread, 0.5),
            at(&spread, 0.99),
            engine / sql,
            engine / naive,
        );
    }

    /// Questions that the shortcuts of the first ones do not answer.
    fn others(&self, count: u64) {
        let nearest = [("dealer.distance_km", Direction::Asc)];
        let weighted = [("0.7 * dealer.rating / 5.0 - 0.3 * dealer.distance_km / 100.0", Direction::Desc)];
        let subjects = self.subjects();
        for (label, text, km, sort) in [
            ("nearest of 90 %, 2,414 km", FILTERS[2].1, Some(2_414.016), &nearest),
            ("nearest of 10 %, no radius", FILTERS[1].1, None, &nearest),
            ("weighted sort of 90 %, 100 km", FILTERS[2].1, Some(100.0), &weighted),
            ("distance as a term, 100 km", "dealer.distance_km < 80.0 && dealer.rating >= 0.5", Some(100.0), &nearest),
        ] {
            let plan = self.plan(text, km, sort);
            let ask =
                |index: usize| Question { subject: &subjects[index % subjects.len()], loads: &self.loads, now: NOW };
            let (rate, spread) = measure(|index| drop(std::hint::black_box(plan.rank(ask(index), Sorted::AsDefined))));
            println!("{count:>8} {label:<30} {rate:>10.0} lists/s, p99 {:.1} µs", at(&spread, 0.99));
        }
    }

    fn costs(&self, count: u64, built: Duration) {
        let sort = [("dealer.rating", Direction::Desc), ("dealer.distance_km", Direction::Asc)];
        let began = Instant::now();
        let before = self.plan(FILTERS[1].1, Some(100.0), &sort);
        let compiled = began.elapsed();
        let after = self.plan(FILTERS[2].1, Some(100.0), &sort);
        let subjects = self.subjects();
        let mut compared = Compared::default();
        let (rate, _) = measure(|index| {
            let subject = &subjects[index % subjects.len()];
            compared.add(&before, &after, Question { subject, loads: &self.loads, now: NOW });
        });
        println!(
            "{count:>8} dealers: built in {:.0} ms, {:.1} MB; an interface compiled in {:.1} ms, {:.2} MB; a backtest of {rate:.0} leads/s \
             ({} went elsewhere)\n",
            built.as_secs_f64() * 1e3,
            self.network.bytes() as f64 / 1e6,
            compiled.as_secs_f64() * 1e3,
            before.bytes() as f64 / 1e6,
            compared.totals.moved,
        );
    }
}

fn at(spread: &[Duration], share: f64) -> f64 {
    spread[((spread.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6
}

fn number(recipient: Recipient) -> i64 {
    match recipient {
        Recipient::Dealer(id) => id.uuid().as_u128() as i64,
        Recipient::User(_) => -1,
    }
}

fn rows(dealers: &[Dealer]) -> Vec<Row> {
    let row = |dealer: &Dealer| Row {
        id: number(Recipient::Dealer(dealer.id)),
        tier: dealer.categories["tier"].clone(),
        rating: dealer.rating.unwrap(),
        region: dealer.custom["region"].as_str().unwrap().to_owned(),
        point: dealer.point.unwrap(),
    };
    dealers.iter().map(row).collect()
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
        labels: baton::domain::label::Labels::default(),
        custom: Map::from_iter([("region".to_owned(), region(number + 1_000_000))]),
        version: 1,
        created_by: "bench".to_owned(),
    };
    (lead, request)
}
