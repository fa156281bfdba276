//! A tenant full of rows from chance: missing values, the ends of every range, text of every plane, values that were valid once.

use std::collections::BTreeMap;

use baton::domain::category::Category;
use baton::domain::dealer::{Address, Capacity, Dealer, OpeningHours, TerritoryEntry};
use baton::domain::field::{
    Choice, CustomValue, CustomValues, DECIMAL_SIZES, FieldDefinition, FieldDraft, FieldType, Subject,
};
use baton::domain::id::{DealerId, GroupId, JobId, LeadId, RequestId, TenantId, UserId};
use baton::domain::interface::CandidateKind;
use baton::domain::label::{Labels, Visibility};
use baton::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use baton::domain::request::{Interest, Person, Request};
use baton::domain::user::{Group, Membership, User};
use baton::domain::{CountryCode, PostalCode, Role, Timestamp};
use baton::routing::{Network, NetworkParts};
use baton::rules::{Catalog, DealerField, Field, FieldSource, LeadField, Root, UserField};
use baton::store::{dealers, groups, leads, requests, users};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::app::TestApp;
use super::dice::Dice;
use super::rules::nearest_first;
use crate::support::words::Row;

/// A tenant's rows, as they are in memory and in the database.
pub struct World {
    pub network: Network,
    pub leads: Vec<Lead>,
    pub requests: BTreeMap<RequestId, Request>,
    pub dealers: Vec<Dealer>,
    pub users: Vec<User>,
    groups: Vec<Group>,
    memberships: Vec<Membership>,
    definitions: Vec<FieldDefinition>,
}

const TIERS: [&str; 3] = ["Gold", "Silver", "Bronze"];
const SKILLS: [&str; 3] = ["Sales", "Fleet", "it's"];

impl World {
    /// The same for the same seed, in the app's tenant.
    pub async fn made(app: &TestApp, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (tenant, at) = (app.tenant.id, app.now());
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("after an hour", interface, |_| {}).await;
        let dealers: Vec<Dealer> = (1..=40).map(|number| dealer(&mut dice, tenant, number)).collect();
        let users: Vec<User> = (1..=40).map(|number| user(&mut dice, tenant, number)).collect();
        let group = |(index, name): (usize, &str)| Group {
            tenant,
            id: GroupId(Uuid::from_u128(index as u128 + 1)),
            name: name.to_owned(),
            created_at: at,
        };
        let groups: Vec<Group> = ["Web", "é", "😀"].into_iter().enumerate().map(group).collect();
        let mut memberships = Vec::new();
        for user in &users {
            for group in &groups {
                memberships.extend(dice.once_in(3).then_some(Membership {
                    group: group.id,
                    user: user.id,
                    manages: false,
                }));
            }
        }
        let mut leads: Vec<Lead> = Vec::new();
        let mut requests = BTreeMap::new();
        for number in 1..=60 {
            let parent = leads.last().filter(|_| dice.once_in(3)).cloned();
            let request = request(&mut dice, tenant, number);
            leads.push(lead(&mut dice, &request, parent.as_ref(), job));
            requests.entry(request.id).or_insert(request);
        }
        let definitions = definitions();
        let category = Category {
            label: "Tier".to_owned(),
            key: "tier".to_owned(),
            choices: TIERS.map(str::to_owned).to_vec(),
            ..Category::blank(tenant, app.context().id(at), at)
        };
        let network = Network::build(NetworkParts {
            dealers: dealers.clone(),
            users: users.clone(),
            groups: groups.clone(),
            memberships: memberships.clone(),
            fields: definitions.clone(),
            categories: vec![category],
            ..NetworkParts::default()
        });
        let world = Self { network, leads, requests, dealers, users, groups, memberships, definitions };
        world.write(app).await;
        world
    }

    async fn write(&self, app: &TestApp) {
        let writer = app.store().writer();
        dealers::insert(writer, &self.dealers).await.unwrap();
        users::insert(writer, &self.users).await.unwrap();
        for group in &self.groups {
            groups::insert(writer, group).await.unwrap();
        }
        groups::insert_members(writer, app.tenant.id, &self.memberships).await.unwrap();
        let requests: Vec<Request> = self.requests.values().cloned().collect();
        requests::insert(writer, &requests).await.unwrap();
        leads::insert(writer, &self.leads).await.unwrap();
    }

    /// What expressions read of a lead, in memory.
    pub fn lead_row(&self, lead: &Lead) -> Row {
        let request = &self.requests[&lead.request];
        let dealer = self.dealers.iter().find(|dealer| lead.recipient == Some(Recipient::Dealer(dealer.id)));
        let owner = self.users.iter().find(|user| lead.recipient == Some(Recipient::User(user.id)));
        self.row(|field| match field.root {
            Root::Lead => self.of_lead(field, lead, request),
            Root::LeadDealer => self.of_dealer(field, dealer?),
            Root::LeadOwner => self.of_user(field, owner?),
            _ => None,
        })
    }

    /// What expressions read of a dealer.
    pub fn dealer_row(&self, dealer: &Dealer) -> Row {
        self.row(|field| (field.root == Root::Dealer).then(|| self.of_dealer(field, dealer))?)
    }

    /// What expressions read of a user.
    pub fn user_row(&self, user: &User) -> Row {
        self.row(|field| (field.root == Root::User).then(|| self.of_user(field, user))?)
    }

    pub fn catalog(&self) -> &Catalog {
        self.network.catalog()
    }

    fn row(&self, value: impl Fn(&Field) -> Option<CustomValue>) -> Row {
        let now =
            |field: &Field| (field.source == FieldSource::Now).then_some(CustomValue::DateTime(super::app::START));
        Row(self.catalog().fields().iter().map(|field| now(field).or_else(|| value(field))).collect())
    }

    fn custom(&self, subject: Subject, key: &str, stored: &Map<String, Value>) -> Option<CustomValue> {
        let own: Vec<FieldDefinition> =
            self.definitions.iter().filter(|field| field.subject() == subject).cloned().collect();
        CustomValues::stored(&own, &Value::Object(stored.clone())).get(key).cloned()
    }

    fn of_lead(&self, field: &Field, lead: &Lead, request: &Request) -> Option<CustomValue> {
        let built_in = match &field.source {
            FieldSource::Lead(built_in) => *built_in,
            FieldSource::Custom(key) => return self.custom(Subject::Lead, key, &lead.custom),
            _ => return None,
        };
        let (times, workflow) = (&lead.times, &lead.workflow);
        match built_in {
            LeadField::Id => text(lead.id.to_string()),
            LeadField::RequestId => text(lead.request.to_string()),
            LeadField::JobId => text(lead.job?.to_string()),
            LeadField::State => text(lead.state.as_str()),
            LeadField::Round => Some(CustomValue::Integer(lead.round)),
            LeadField::Source => text(&lead.source),
            LeadField::Campaign => text(lead.labels.campaign.as_ref()?),
            LeadField::Brand => text(lead.brand.as_ref()?),
            LeadField::Product => text(request.interest.product.as_ref()?),
            LeadField::Interest => text(request.interest.kind.as_ref()?),
            LeadField::FileType => text(workflow.file_type.as_ref()?),
            LeadField::WorkflowStatus => text(workflow.status.as_ref()?),
            LeadField::FollowUpStatus => text(&workflow.follow_up_status),
            LeadField::Progress => text(workflow.progress.as_ref()?),
            LeadField::Language => text(lead.labels.language.as_ref()?),
            LeadField::Country => text(request.address.country.as_str()),
            LeadField::PostalCode => text(request.address.postal_code.as_ref()?.as_str()),
            LeadField::Region => text(request.address.region.as_ref()?),
            LeadField::City => text(request.address.city.as_ref()?),
            LeadField::Visibility => text(lead.labels.visibility.as_str()),
            LeadField::Alert => text(lead.labels.alert.as_ref()?),
            LeadField::Exception => text(lead.exception.as_ref()?),
            LeadField::ReceivedAt => moment(Some(lead.received_at)),
            LeadField::OfferedAt => moment(times.offered_at),
            LeadField::AcknowledgedAt => moment(times.acknowledged_at),
            LeadField::CreatedAt => moment(Some(times.created_at)),
            LeadField::UpdatedAt => moment(Some(times.updated_at)),
            LeadField::ExcludedFromAutomation => Some(CustomValue::Boolean(lead.excluded_from_automation)),
        }
    }

    fn of_dealer(&self, field: &Field, dealer: &Dealer) -> Option<CustomValue> {
        let built_in = match &field.source {
            FieldSource::Dealer(built_in) => *built_in,
            FieldSource::Custom(key) => return self.custom(Subject::Dealer, key, &dealer.custom),
            FieldSource::Category(key) => return text(dealer.categories.get(key)?),
            FieldSource::CategoryRank(key) => {
                let rank =
                    TIERS.iter().position(|tier| Some(*tier) == dealer.categories.get(key).map(String::as_str))?;
                return Some(CustomValue::Integer(rank as i64));
            }
            _ => return None,
        };
        let address = &dealer.address;
        match built_in {
            DealerField::Id => text(dealer.id.to_string()),
            DealerField::Number => text(&dealer.number),
            DealerField::SubNumber => Some(&dealer.sub_number).filter(|text| !text.is_empty()).and_then(text),
            DealerField::Name => text(&dealer.name),
            DealerField::City => text(address.city.as_ref()?),
            DealerField::Region => text(address.region.as_ref()?),
            DealerField::Country => text(address.country.as_str()),
            DealerField::PostalCode => text(address.postal_code.as_ref()?.as_str()),
            DealerField::TimeZone => text(dealer.time_zone.name()),
            DealerField::Active => Some(CustomValue::Boolean(dealer.active)),
            DealerField::AcceptsLeads => Some(CustomValue::Boolean(dealer.accepts_leads)),
            DealerField::IsDefault => Some(CustomValue::Boolean(dealer.is_default)),
            DealerField::Rating => dealer.rating.map(CustomValue::Decimal),
            DealerField::Brands => Some(CustomValue::MultiChoice(dealer.brands.clone())),
            DealerField::Territory => {
                Some(CustomValue::MultiChoice(dealer.territory.iter().map(|entry| entry.prefix.clone()).collect()))
            }
            DealerField::CapacityOpen => dealer.capacity.open.map(CustomValue::Integer),
            DealerField::CapacityPerDay => dealer.capacity.per_day.map(CustomValue::Integer),
            DealerField::CreatedAt => moment(Some(dealer.created_at)),
            DealerField::UpdatedAt => moment(Some(dealer.updated_at)),
            _ => None,
        }
    }

    fn of_user(&self, field: &Field, user: &User) -> Option<CustomValue> {
        let built_in = match &field.source {
            FieldSource::User(built_in) => *built_in,
            FieldSource::Custom(key) => return self.custom(Subject::User, key, &user.custom),
            _ => return None,
        };
        match built_in {
            UserField::Id => text(user.id.to_string()),
            UserField::FirstName => text(&user.first_name),
            UserField::LastName => text(&user.last_name),
            UserField::Email => text(&user.email),
            UserField::Locale => text(&user.locale),
            UserField::TimeZone => text(user.time_zone.name()),
            UserField::Active => Some(CustomValue::Boolean(user.active)),
            UserField::OnHoliday => Some(CustomValue::Boolean(user.on_holiday)),
            UserField::Groups => {
                let own = self.memberships.iter().filter(|membership| membership.user == user.id);
                let name = |membership: &Membership| {
                    self.groups.iter().find(|group| group.id == membership.group).unwrap().name.clone()
                };
                Some(CustomValue::MultiChoice(own.map(name).collect()))
            }
            UserField::Roles => Some(CustomValue::MultiChoice(vec![user.role.as_str().to_owned()])),
            _ => None,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside values that may be missing")]
fn text(text: impl AsRef<str>) -> Option<CustomValue> {
    Some(CustomValue::Text(text.as_ref().to_owned()))
}

fn moment(at: Option<Timestamp>) -> Option<CustomValue> {
    at.map(CustomValue::DateTime)
}

fn definitions() -> Vec<FieldDefinition> {
    let kinds = [
        ("note", FieldType::Text, &[][..]),
        ("bays", FieldType::Integer, &[]),
        ("score", FieldType::Decimal, &[]),
        ("ev", FieldType::Boolean, &[]),
        ("opened", FieldType::Date, &[]),
        ("audited", FieldType::DateTime, &[]),
        ("segment", FieldType::Choice, &TIERS),
        ("skills", FieldType::MultiChoice, &SKILLS),
    ];
    let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
    let subjects = [Subject::Lead, Subject::Dealer, Subject::User];
    let all = subjects.into_iter().flat_map(|subject| kinds.iter().map(move |kind| (subject, *kind)));
    all.map(|(subject, (key, field_type, choices))| {
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
    })
    .collect()
}

/// Custom values as they are stored, some of them of choices that have gone since.
fn custom(dice: &mut Dice) -> Map<String, Value> {
    let mut custom = Map::new();
    let mut put = |key: &str, value: Option<Value>| custom.extend(value.map(|value| (key.to_owned(), value)));
    put("note", dice.maybe(|dice| json!(dice.text())));
    put("bays", dice.maybe(|dice| json!(dice.int())));
    put("score", dice.maybe(|dice| json!(decimal(dice))));
    put("ev", dice.maybe(|dice| json!(dice.once_in(2))));
    let day = |dice: &mut Dice| {
        let day = Timestamp::from_micros(dice.moment()).datetime().format("%Y-%m-%d").to_string();
        json!(format!("{day:0>10}"))
    };
    put("opened", dice.maybe(day));
    put("audited", dice.maybe(|dice| CustomValue::DateTime(Timestamp::from_micros(dice.moment())).to_json()));
    put("segment", dice.maybe(|dice| json!(dice.pick(&["Gold", "Silver", "Iron"]))));
    let skills = |dice: &mut Dice| {
        let mut kept: Vec<&str> = SKILLS.into_iter().filter(|_| dice.once_in(2)).collect();
        kept.extend(dice.once_in(6).then_some("Repairs"));
        json!(kept)
    };
    put("skills", dice.maybe(skills));
    custom
}

/// As many as a stored decimal may be.
fn decimal(dice: &mut Dice) -> f64 {
    let number = dice.double();
    let is_stored = number == 0.0 || DECIMAL_SIZES.contains(&number.abs());
    if is_stored { number } else { dice.pick(&[1e100, -1e100, 1e-60, 0.1]) }
}

fn at(dice: &mut Dice) -> Timestamp {
    Timestamp::from_micros(dice.moment())
}

fn address(dice: &mut Dice) -> Address {
    let country = CountryCode::parse(dice.pick(&["US", "CA", "DE"])).unwrap();
    let code = dice.maybe(|dice| dice.pick(&["02138", "90210"]));
    Address {
        street: None,
        city: dice.maybe(Dice::text),
        region: dice.maybe(Dice::text),
        country,
        postal_code: code.and_then(|code| PostalCode::parse(country, code).ok()),
    }
}

fn dealer(dice: &mut Dice, tenant: TenantId, number: u128) -> Dealer {
    let zones = [chrono_tz::America::Chicago, chrono_tz::Asia::Kathmandu, chrono_tz::UTC];
    let mut categories = BTreeMap::new();
    categories
        .extend(dice.maybe(|dice| ("tier".to_owned(), dice.pick(&["Gold", "Silver", "Bronze", "Iron"]).to_owned())));
    let prefix = |dice: &mut Dice| TerritoryEntry { prefix: dice.pick(&["02", "é", "Gold"]).to_owned(), brand: None };
    Dealer {
        tenant,
        id: DealerId(Uuid::from_u128(number)),
        number: format!("D{number}"),
        sub_number: if dice.once_in(3) { "7".to_owned() } else { String::new() },
        name: dice.text(),
        active: dice.once_in(2),
        accepts_leads: dice.once_in(2),
        is_default: number == 5,
        address: address(dice),
        point: None,
        time_zone: dice.pick(&zones),
        hours: OpeningHours::default(),
        rating: dice.maybe(|dice| dice.pick(&[0.0, -0.0, 4.5, 5.0, 3.3, 5e-324])),
        categories,
        brands: (0..dice.below(4)).map(|_| dice.text()).collect(),
        territory: (0..dice.below(3)).map(|_| prefix(dice)).collect(),
        capacity: Capacity {
            open: dice.maybe(|dice| dice.int().saturating_abs()),
            per_day: dice.maybe(|dice| dice.int().saturating_abs()),
        },
        crm: Vec::new(),
        custom: custom(dice),
        version: 1,
        created_at: at(dice),
        updated_at: at(dice),
    }
}

fn user(dice: &mut Dice, tenant: TenantId, number: u128) -> User {
    User {
        tenant,
        id: UserId(Uuid::from_u128(number)),
        first_name: dice.text(),
        last_name: dice.text(),
        email: format!("{number}{}@example.org", dice.pick(&["a", "É", "Z"])),
        mobile: None,
        locale: dice.pick(&["en-US", "de"]).to_owned(),
        time_zone: dice.pick(&[chrono_tz::America::Chicago, chrono_tz::UTC]),
        active: dice.once_in(2),
        on_holiday: dice.once_in(2),
        role: dice.pick(&[Role::Admin, Role::Manager, Role::Member, Role::Auditor]),
        dealer: None,
        days_off: Vec::new(),
        custom: custom(dice),
        version: 1,
        created_at: at(dice),
        updated_at: at(dice),
    }
}

fn request(dice: &mut Dice, tenant: TenantId, number: u128) -> Request {
    Request {
        tenant,
        id: RequestId(Uuid::from_u128(number)),
        external_id: None,
        source: dice.text(),
        campaign: dice.maybe(Dice::text),
        interest: Interest { brand: None, product: dice.maybe(Dice::text), kind: dice.maybe(Dice::text) },
        person: Person::default(),
        address: address(dice),
        point: None,
        comments: None,
        language: dice.maybe(Dice::text),
        received_at: at(dice),
        created_by: "chance".to_owned(),
    }
}

/// A later copy shares its parent's request, and nobody holds it, because one may be held already.
fn lead(dice: &mut Dice, request: &Request, parent: Option<&Lead>, job: JobId) -> Lead {
    let id = LeadId(request.id.0);
    let state = match parent {
        None => dice.pick(&LeadState::ALL),
        Some(_) => dice.pick(&[LeadState::Offered, LeadState::Rejected, LeadState::Expired, LeadState::Unassigned]),
    };
    let recipient = match (state, dice.below(3)) {
        (LeadState::Unassigned, _) => None,
        (LeadState::Offered, 0 | 1) | (_, 0) => {
            Some(Recipient::Dealer(DealerId(Uuid::from_u128(1 + dice.below(40) as u128))))
        }
        (LeadState::Offered, _) | (_, 1) => Some(Recipient::User(UserId(Uuid::from_u128(1 + dice.below(40) as u128)))),
        _ => None,
    };
    let needs = |states: &[LeadState]| states.contains(&state);
    let holds = needs(&[LeadState::Acknowledged, LeadState::Accepted]);
    let mut time = |needed: bool| if needed { Some(at(dice)) } else { dice.maybe(at) };
    let times = LeadTimes {
        offered_at: time(state == LeadState::Offered),
        acknowledged_at: time(holds),
        accepted_at: time(state == LeadState::Accepted),
        rejected_at: time(state == LeadState::Rejected),
        expired_at: time(state == LeadState::Expired),
        reassigned_at: time(false),
        closed_at: time(needs(&[LeadState::Won, LeadState::Lost])),
        deleted_at: time(state == LeadState::Deleted),
        ..LeadTimes::made_at(at(dice))
    };
    Lead {
        tenant: request.tenant,
        id,
        request: parent.map_or(request.id, |parent| parent.request),
        root: parent.map_or(id, |parent| parent.root),
        parent: parent.map(|parent| parent.id),
        round: if parent.is_some() { dice.int().saturating_abs().max(1) } else { 0 },
        state,
        recipient,
        decision: None,
        job: dice.maybe(|_| job),
        source: dice.text(),
        brand: dice.maybe(Dice::text),
        received_at: at(dice),
        times: LeadTimes { updated_at: at(dice), ..times },
        acknowledged_by: Some("somebody".to_owned()),
        state_reason: Some("chance".to_owned()),
        exception: dice.maybe(Dice::text),
        due_at: None,
        warn_at: None,
        excluded_from_automation: dice.once_in(2),
        workflow: Workflow {
            file_type: dice.maybe(Dice::text),
            status: dice.maybe(Dice::text),
            follow_up_status: dice.text(),
            progress: dice.maybe(Dice::text),
        },
        labels: Labels {
            campaign: dice.maybe(Dice::text),
            language: dice.maybe(Dice::text),
            visibility: dice.pick(&Visibility::ALL),
            alert: dice.maybe(Dice::text).filter(|alert| !alert.is_empty()),
        },
        custom: custom(dice),
        version: 1,
        created_by: "chance".to_owned(),
    }
}
