//! Networks and leads to test with: small worlds with ties, gaps and every kind of exclusion.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{Load, Loads, Network, NetworkParts};
use crate::domain::actor::Role;
use crate::domain::category::Category;
use crate::domain::dealer::{Address, Capacity, Dealer, OpeningHours, TerritoryEntry};
use crate::domain::field::{Choice, FieldDefinition, FieldDraft, FieldType, Subject};
use crate::domain::id::{CategoryId, DealerId, GroupId, LeadId, RequestId, TenantId, UserId};
use crate::domain::interface::{Definition, Direction, Nulls, Radius, SortLevel};
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::request::{Interest, Person, PointSource, Request};
use crate::domain::user::{DaysOff, Group, Membership, User};
use crate::domain::{CountryCode, Point, Timestamp};

pub(super) const TENANT: TenantId = TenantId(Uuid::from_u128(1));
/// 2026-11-21T12:00:00Z
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

/// Numbers that look random and come again for the same seed: SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub(super) fn chance(&mut self, share: f64) -> bool {
        (self.below(1_000) as f64) < share * 1_000.0
    }
}

pub(super) fn dealer_id(number: u128) -> DealerId {
    DealerId(Uuid::from_u128(number))
}

pub(super) fn user_id(number: u128) -> UserId {
    UserId(Uuid::from_u128(1_000_000 + number))
}

pub(super) fn point(lat: f64, lon: f64) -> Point {
    Point::new(lat, lon).unwrap()
}

/// A sound dealer in the United States, without a place.
pub(super) fn dealer(number: u128) -> Dealer {
    Dealer {
        tenant: TENANT,
        id: dealer_id(number),
        number: format!("D{number:05}"),
        sub_number: String::new(),
        name: format!("Dealer {number}"),
        active: true,
        accepts_leads: true,
        is_default: false,
        address: Address {
            street: None,
            city: None,
            region: Some("MA".to_owned()),
            country: CountryCode::US,
            postal_code: None,
        },
        point: None,
        time_zone: Tz::America__New_York,
        hours: OpeningHours::default(),
        rating: None,
        categories: BTreeMap::new(),
        brands: Vec::new(),
        territory: Vec::new(),
        capacity: Capacity::default(),
        crm: Vec::new(),
        custom: Map::new(),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn user(number: u128) -> User {
    User {
        tenant: TENANT,
        id: user_id(number),
        first_name: "Ada".to_owned(),
        last_name: format!("User {number}"),
        email: format!("user{number:05}@example.org"),
        mobile: None,
        locale: "en-US".to_owned(),
        time_zone: Tz::America__New_York,
        active: true,
        on_holiday: false,
        role: Role::Member,
        dealer: None,
        days_off: Vec::new(),
        custom: Map::new(),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn field(subject: Subject, key: &str, field_type: FieldType, choices: &[&str]) -> FieldDefinition {
    let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
    FieldDefinition::new(FieldDraft {
        subject,
        key: key.to_owned(),
        label: key.to_owned(),
        field_type,
        required: false,
        choices: choices.iter().map(choice).collect(),
        archived: false,
    })
    .unwrap()
}

/// Tier, and custom fields of every subject.
pub(super) fn words() -> NetworkParts {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    NetworkParts {
        version: 1,
        fields: vec![
            field(Subject::Dealer, "region", FieldType::Text, &[]),
            field(Subject::Dealer, "bays", FieldType::Integer, &[]),
            field(Subject::Dealer, "tags", FieldType::MultiChoice, &["ev", "van", "fleet"]),
            field(Subject::Lead, "region", FieldType::Text, &[]),
            field(Subject::User, "skill", FieldType::Decimal, &[]),
        ],
        categories: vec![Category {
            tenant: TENANT,
            id: CategoryId(Uuid::from_u128(1)),
            key: "tier".to_owned(),
            label: "Tier".to_owned(),
            choices: texts(&["Gold", "Silver", "Bronze"]),
            created_at: NOW,
        }],
        ..NetworkParts::default()
    }
}

/// All of these dealers, everybody reachable.
pub(super) fn network(dealers: Vec<Dealer>) -> Arc<Network> {
    let reachable = dealers.iter().map(|dealer| dealer.id).collect();
    Arc::new(Network::build(NetworkParts { dealers, reachable, ..words() }))
}

/// Half of what can be missing is; every value repeats often.
pub(super) fn world(seed: u64, count: u128) -> Arc<Network> {
    Arc::new(Network::build(world_parts(seed, count)))
}

/// The same dealers and users by their ids and numbers for every seed.
pub(super) fn world_parts(seed: u64, count: u128) -> NetworkParts {
    let mut dice = Dice(seed);
    let dealers: Vec<Dealer> = (0..count).map(|number| random_dealer(&mut dice, number)).collect();
    let reachable: HashSet<DealerId> = dealers.iter().map(|dealer| dealer.id).filter(|_| dice.chance(0.9)).collect();
    let users: Vec<User> = (0..count / 2).map(|number| random_user(&mut dice, number, &dealers)).collect();
    let groups: Vec<Group> = ["East", "West"]
        .iter()
        .zip(1_u128..)
        .map(|(name, id)| Group {
            tenant: TENANT,
            id: GroupId(Uuid::from_u128(id)),
            name: (*name).to_owned(),
            created_at: NOW,
        })
        .collect();
    let memberships = users.iter().flat_map(|user| groups.iter().map(|group| (user.id, group.id)).collect::<Vec<_>>());
    let memberships = memberships
        .filter(|_| dice.chance(0.5))
        .map(|(user, group)| Membership { group, user, manages: false })
        .collect();
    NetworkParts { dealers, reachable, users, groups, memberships, ..words() }
}

fn random_dealer(dice: &mut Dice, number: u128) -> Dealer {
    // Numbers run against ids, so that neither order can stand for the other.
    let mut made = dealer(number);
    made.number = format!("D{:05}", 99_999 - number / 2);
    made.sub_number = if number.is_multiple_of(2) { String::new() } else { "2".to_owned() };
    made.active = dice.chance(0.9);
    made.accepts_leads = dice.chance(0.9);
    made.address.country = if dice.chance(0.8) { CountryCode::US } else { CountryCode::CA };
    // A coarse grid over a few degrees: equal distances are common, and the antimeridian is near for some seeds.
    // Some are anywhere on the globe.
    let anywhere = dice.chance(0.2);
    made.point = dice.chance(0.9).then(|| {
        if anywhere {
            point(dice.below(181) as f64 - 90.0, dice.below(361) as f64 - 180.0)
        } else {
            point((dice.below(9) as f64 - 4.0) * 0.5, -180.0 + dice.below(5) as f64 * 0.5)
        }
    });
    made.rating = dice.chance(0.8).then(|| dice.below(11) as f64 / 2.0);
    if dice.chance(0.8) {
        let tier = ["Gold", "Silver", "Bronze"][dice.below(3) as usize];
        made.categories.insert("tier".to_owned(), tier.to_owned());
    }
    made.brands = ["Alpha", "Beta"].into_iter().filter(|_| dice.chance(0.5)).map(str::to_owned).collect();
    made.territory = vec![TerritoryEntry { prefix: "02".to_owned(), brand: None }];
    if dice.chance(0.7) {
        made.custom
            .insert("region".to_owned(), Json::from(["north", "south", "Ost", "Süd 😀"][dice.below(4) as usize]));
    }
    if dice.chance(0.5) {
        made.custom.insert("bays".to_owned(), Json::from(dice.below(5) as i64 - 2));
        made.custom.insert("tags".to_owned(), json!(["ev"]));
    }
    if dice.chance(0.3) {
        made.capacity = Capacity { open: Some(dice.below(4) as i64), per_day: dice.chance(0.5).then_some(2) };
    }
    made
}

fn random_user(dice: &mut Dice, number: u128, dealers: &[Dealer]) -> User {
    let mut made = user(number);
    made.active = dice.chance(0.9);
    made.on_holiday = dice.chance(0.1);
    made.dealer =
        (dice.chance(0.7) && !dealers.is_empty()).then(|| dealers[dice.below(dealers.len() as u64) as usize].id);
    if dice.chance(0.3) {
        let from = NOW.datetime().date_naive() - chrono::Days::new(dice.below(4));
        made.days_off = vec![DaysOff { from, until: from + chrono::Days::new(2) }];
    }
    if dice.chance(0.6) {
        made.custom.insert("skill".to_owned(), Json::from(dice.below(4) as f64 / 2.0));
    }
    made
}

/// What the candidates of a world have in hand.
pub(super) fn random_loads(seed: u64, network: &Arc<Network>) -> Loads {
    let mut dice = Dice(seed);
    let dealers = network.pool(crate::domain::interface::CandidateKind::Dealer).ids();
    let users = network.pool(crate::domain::interface::CandidateKind::User).ids();
    let mut some: Vec<Recipient> = dealers.iter().chain(users).copied().collect();
    some.retain(|_| dice.chance(0.5));
    Loads::new(network, some.into_iter().map(|id| (id, random_load(&mut dice))))
}

fn random_load(dice: &mut Dice) -> Load {
    Load {
        open: dice.below(4) as i64,
        today: dice.below(3) as i64,
        ack_rate: dice.chance(0.5).then(|| dice.below(4) as f64 / 4.0),
        response_minutes: None,
    }
}

/// A lead and its request.
pub(super) struct Case {
    pub(super) lead: Lead,
    pub(super) request: Request,
    pub(super) chain: Vec<Recipient>,
}

pub(super) fn case(at: Option<Point>) -> Case {
    let id = LeadId(Uuid::from_u128(77));
    let request = Request {
        tenant: TENANT,
        id: RequestId(Uuid::from_u128(7)),
        external_id: None,
        source: "web".to_owned(),
        campaign: None,
        interest: Interest { brand: Some("Alpha".to_owned()), ..Interest::default() },
        person: Person::default(),
        address: Address { street: None, city: None, region: None, country: CountryCode::US, postal_code: None },
        point: at.map(|point| (point, PointSource::Given)),
        comments: None,
        language: None,
        received_at: NOW,
        created_by: "test".to_owned(),
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
        brand: Some("Alpha".to_owned()),
        received_at: NOW,
        times: LeadTimes::made_at(NOW),
        acknowledged_by: None,
        state_reason: None,
        exception: None,
        due_at: None,
        warn_at: None,
        excluded_from_automation: false,
        workflow: Workflow::default(),
        labels: Labels::default(),
        custom: Map::from_iter([("region".to_owned(), Json::from("north"))]),
        version: 1,
        created_by: "test".to_owned(),
    };
    Case { lead, request, chain: Vec::new() }
}

pub(super) fn level(expression: &str, direction: Direction, nulls: Nulls) -> SortLevel {
    SortLevel { expression: expression.to_owned(), direction, nulls }
}

pub(super) fn definition(filter: &str, radius: Radius, sort: Vec<SortLevel>, limit: u32) -> Definition {
    Definition { filter: filter.to_owned(), radius, same_country: true, exclude_recipients: true, sort, limit }
}
