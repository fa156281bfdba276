//! The demo's dealers and their contacts: believable, spread like people, and all invented.

use std::collections::BTreeMap;
use std::f64::consts::LN_2;

use chrono::{Datelike, NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::definitions::{DELIVERY, LANGUAGES, TIERS};
use super::ground::{Ground, Spot};
use super::network::{Moments, days};
use super::words;
use crate::domain::CountryCode;
use crate::domain::dealer::{
    Capacity, Contact, ContactKind, CrmIntegration, CrmKind, Dealer, OpeningHours, Span, TerritoryEntry,
};
use crate::domain::id::TenantId;
use crate::places::default_time_zone;

/// Where the default dealer stands: the middle of Chicago.
const DEFAULT_DEALER_ZIP: &str = "60601";
/// Every fortieth dealer is a second house of the one before: it shares its number.
const SECOND_HOUSE_EVERY: usize = 40;
/// Every fifth dealer has a CRM.
const CRM_EVERY: usize = 5;

/// What dealers are drawn with.
pub struct DealerDraw<'a> {
    /// Every draw.
    pub chance: &'a Chance,
    /// Where they stand.
    pub ground: &'a Ground,
    /// Whose they are.
    pub tenant: TenantId,
    /// When they joined.
    pub moments: Moments,
}

impl DealerDraw<'_> {
    /// So many dealers, the default one first.
    pub fn all(&self, count: usize) -> Vec<Dealer> {
        let first = self.ground.spot_at(DEFAULT_DEALER_ZIP, self.chance).map(|spot| self.default_dealer(&spot));
        let mut dealers: Vec<Dealer> = first.into_iter().collect();
        while dealers.len() < count {
            let Some(spot) = self.ground.spot(self.chance) else { break };
            let dealer = self.dealer(dealers.len(), &spot, dealers.last());
            dealers.push(dealer);
        }
        dealers
    }

    fn default_dealer(&self, spot: &Spot) -> Dealer {
        Dealer {
            number: "HQ00001".to_owned(),
            name: "Baton Demo Customer Desk".to_owned(),
            active: true,
            accepts_leads: true,
            is_default: true,
            capacity: Capacity::default(),
            territory: Vec::new(),
            ..self.dealer(0, spot, None)
        }
    }

    fn dealer(&self, place: usize, spot: &Spot, before: Option<&Dealer>) -> Dealer {
        let chance = self.chance;
        let region = spot.row.region.clone().unwrap_or_default();
        let second_house = before.filter(|_| place % SECOND_HOUSE_EVERY == SECOND_HOUSE_EVERY - 1);
        let tier = chance.weighted(&[(Some(0), 18.0), (Some(1), 37.0), (Some(2), 40.0), (None, 5.0)]);
        let joined = self.moments.founded + days(chance.below(5) as u64);
        let number = second_house.map_or_else(|| format!("{region}{place:05}"), |house| house.number.clone());
        Dealer {
            tenant: self.tenant,
            id: chance.id(joined),
            crm: crm(place, &number),
            number,
            sub_number: second_house.map(|_| "2".to_owned()).unwrap_or_default(),
            name: second_house.map_or_else(|| name(chance), |house| format!("{}, {}", house.name, spot.city())),
            active: !chance.holds(0.03),
            accepts_leads: !chance.holds(0.04),
            is_default: false,
            address: spot.address(chance),
            point: Some(spot.point),
            time_zone: default_time_zone(spot.row.country, &region).unwrap_or(chrono_tz::Tz::UTC),
            hours: hours(chance, self.moments),
            rating: rating(chance, tier),
            categories: tier.and_then(|tier| TIERS.get(tier)).map(tier_entry).into_iter().collect(),
            brands: brands(chance),
            territory: territory(chance, spot),
            capacity: Capacity {
                open: chance.holds(0.2).then(|| chance.between(15, 60)),
                per_day: chance.holds(0.1).then(|| chance.between(4, 12)),
            },
            custom: custom(chance, spot.row.country),
            version: 1,
            created_at: joined,
            updated_at: joined,
        }
    }
}

/// Some have a CRM that takes leads by mail, so that they land in the demo's mailbox; none has one that would be reached over HTTP.
fn crm(place: usize, number: &str) -> Vec<CrmIntegration> {
    let address = format!("leads@{}.crm.example", number.to_lowercase());
    let crm = CrmIntegration { kind: CrmKind::AdfEmail, address, active: true };
    if place % CRM_EVERY == CRM_EVERY - 1 { vec![crm] } else { Vec::new() }
}

fn tier_entry(tier: &&str) -> (String, String) {
    ("tier".to_owned(), (*tier).to_owned())
}

fn name(chance: &Chance) -> String {
    let (first, second) = (chance.pick(&words::DEALER_FIRST), chance.pick(&words::DEALER_SECOND));
    format!("{first} {second} {}", chance.weighted(&words::DEALER_KIND))
}

/// Better tiers are rated better on the whole; one in twelve has no rating yet.
fn rating(chance: &Chance, tier: Option<usize>) -> Option<f64> {
    let mean = match tier {
        Some(0) => 4.4,
        Some(1) => 4.0,
        _ => 3.5,
    };
    let rating = (chance.normal(mean, 0.5).clamp(0.5, 5.0) * 10.0).round() / 10.0;
    (!chance.holds(1.0 / 12.0)).then_some(rating)
}

fn brands(chance: &Chance) -> Vec<String> {
    let count = chance.weighted(&[(1, 55.0), (2, 30.0), (3, 15.0)]);
    let first = chance.below(words::BRANDS.len());
    let chosen = words::BRANDS.iter().cycle().skip(first).step_by(3).take(count);
    chosen.map(|brand| (*brand).to_owned()).collect()
}

/// A quarter look after the codes that begin like their own, some of these for one brand only.
fn territory(chance: &Chance, spot: &Spot) -> Vec<TerritoryEntry> {
    if !chance.holds(0.25) {
        return Vec::new();
    }
    let digits = if spot.row.country == CountryCode::CA { 2 } else { 3 };
    let prefix = spot.row.code.as_str().chars().take(digits).collect();
    let brand = chance.holds(0.3).then(|| chance.pick(&words::BRANDS).to_owned());
    vec![TerritoryEntry { prefix, brand }]
}

fn custom(chance: &Chance, country: CountryCode) -> Map<String, Value> {
    let mut custom = Map::new();
    if !chance.holds(0.1) {
        custom.insert("ev_certified".to_owned(), json!(chance.holds(0.35)));
    }
    let delivery = chance.weighted(&[(0, 25.0), (1, 40.0), (2, 25.0), (3, 10.0)]);
    custom.insert("delivery".to_owned(), json!(DELIVERY.get(delivery)));
    let french = if country == CountryCode::CA { 0.6 } else { 0.04 };
    let spoken = [1.0, if country == CountryCode::CA { 0.05 } else { 0.4 }, french, 0.08, 0.05, 0.04];
    let languages = LANGUAGES.iter().zip(spoken).filter(|(_, share)| chance.holds(*share));
    custom.insert("languages".to_owned(), languages.map(|(language, _)| json!(language)).collect());
    if chance.holds(0.8) {
        // Half of the showrooms are below 600 m², a few are halls.
        let size = 600.0 * (LN_2 * chance.normal(0.0, 1.0)).exp();
        custom.insert("showroom_m2".to_owned(), json!((size / 10.0).round() as i64 * 10));
    }
    custom
}

/// Monday to Friday, most Saturdays, few Sundays; closed on the holidays; one in twenty has told nobody.
fn hours(chance: &Chance, moments: Moments) -> OpeningHours {
    if chance.holds(0.05) {
        return OpeningHours::default();
    }
    let span = |from: i64, until: i64| {
        let hour = |hour| NaiveTime::from_hms_opt(u32::try_from(hour).unwrap_or(0), 0, 0).unwrap_or_default();
        vec![Span { from: hour(from), until: hour(until) }]
    };
    let (opens, closes) = (chance.between(7, 9), chance.between(17, 20));
    let saturday = if chance.holds(0.85) { span(9, chance.between(13, 17)) } else { Vec::new() };
    let sunday = if chance.holds(0.2) { span(11, 16) } else { Vec::new() };
    let weekdays = (0..5).map(|_| span(opens, closes)).chain([saturday, sunday]).collect();
    let year = moments.now.datetime().year();
    let holidays = [(year, 12, 25), (year + 1, 1, 1), (year + 1, 12, 25)];
    let closed: BTreeMap<NaiveDate, Vec<Span>> = holidays
        .into_iter()
        .filter_map(|(year, month, day)| Some((NaiveDate::from_ymd_opt(year, month, day)?, Vec::new())))
        .collect();
    OpeningHours { weekdays, exceptions: closed }
}

/// The people at a dealer: one or two who may act, sometimes one who is only told.
pub fn contacts(chance: &Chance, dealer: &Dealer, moments: Moments) -> Vec<Contact> {
    let acting = if chance.holds(0.25) { 2 } else { 1 };
    let told = usize::from(chance.holds(0.3));
    let kinds = std::iter::repeat_n(ContactKind::To, acting).chain(std::iter::repeat_n(ContactKind::Cc, told));
    kinds.map(|kind| contact(chance, dealer, moments, kind)).collect()
}

fn contact(chance: &Chance, dealer: &Dealer, moments: Moments, kind: ContactKind) -> Contact {
    let (first, last) = (chance.pick(&words::FIRST_NAMES), chance.pick(&words::LAST_NAMES));
    let host = words::address_part(&format!("{}{}", dealer.number, dealer.sub_number));
    let email = format!("{}.{}@{host}.example", words::address_part(first), words::address_part(last));
    // Telephone numbers of this form belong to nobody (555-0100 to 555-0199 are kept for stories).
    let mobile = chance.holds(0.6).then(|| format!("+1{}55501{:02}", chance.between(201, 989), chance.between(0, 99)));
    let since = || moments.now - days(chance.between(5, 80) as u64);
    let sound = dealer.is_default;
    Contact {
        tenant: dealer.tenant,
        id: chance.id(dealer.created_at),
        dealer: dealer.id,
        kind,
        name: format!("{first} {last}"),
        email: Some(email),
        mobile,
        active: sound || !chance.holds(0.02),
        unsubscribed_at: (!sound && chance.holds(0.03)).then(since),
        bounced_at: (!sound && chance.holds(0.02)).then(since),
        version: 1,
        created_at: dealer.created_at,
        updated_at: dealer.created_at,
    }
}
