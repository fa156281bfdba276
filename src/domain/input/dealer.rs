//! What people give to make or change a dealer.

mod parts;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::known::{Known, PointInput};
use super::problems::Problems;
use crate::domain::dealer::{Address, Capacity, CrmIntegration, Dealer, OpeningHours, TerritoryEntry};
use crate::domain::error::{optional_text, text};
use crate::domain::id::DealerId;
use crate::domain::tenant::Tenant;
use crate::domain::{CountryCode, Invalid, InvalidCode, PostalCode, Timestamp};

pub use parts::{BRANDS_MAX, NUMBER_LENGTH_MAX, TERRITORY_MAX};
use parts::{brands, capacity, category, hours, integrations, number, rating, territory};
pub(super) use parts::{set_custom, time_zone};

const NAME_LENGTH_MAX: usize = 200;
const ADDRESS_LENGTH_MAX: usize = 200;

/// A dealer, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct DealerInput {
    /// Letters, digits and single hyphens between them, at most 20.
    pub number: Option<String>,
    /// Tells locations with one number apart.
    pub sub_number: Option<Option<String>>,
    /// As shown to people.
    pub name: Option<String>,
    /// Whether the dealer belongs to the network.
    pub active: Option<bool>,
    /// Whether it is offered leads.
    pub accepts_leads: Option<bool>,
    /// Whether it is the tenant's fallback; making one the fallback ends it for the one before.
    pub is_default: Option<bool>,
    /// Street and house number.
    pub street: Option<Option<String>>,
    /// City.
    pub city: Option<Option<String>>,
    /// State or province, abbreviated as the post does.
    pub region: Option<Option<String>>,
    /// Two letters; the tenant's country if never given.
    pub country: Option<String>,
    /// Postal code as people type it.
    pub postal_code: Option<Option<String>>,
    /// Where it is. Without one the postal code's centre is taken, also when the code changes later.
    pub point: Option<Option<PointInput>>,
    /// An IANA name; the region's if never given, else the tenant's.
    pub time_zone: Option<Option<String>>,
    /// When it is open.
    pub hours: Option<Option<OpeningHours>>,
    /// 0 to 5.
    pub rating: Option<Option<f64>>,
    /// A value per category group; `None` takes one away, groups that are not named stay.
    pub categories: Option<BTreeMap<String, Option<String>>>,
    /// What it sells.
    pub brands: Option<Vec<String>>,
    /// Postal codes, or beginnings of them, that it looks after.
    pub territory: Option<Vec<TerritoryEntry>>,
    /// Open leads at one time.
    pub capacity_open: Option<Option<i64>>,
    /// Leads offered in a day.
    pub capacity_per_day: Option<Option<i64>>,
    /// Systems that want its leads.
    pub crm: Option<Vec<CrmIntegration>>,
    /// Values of custom fields; `null` takes one away.
    pub custom: Option<Map<String, Value>>,
}

impl Dealer {
    /// A dealer about which nothing is known yet.
    pub fn blank(tenant: &Tenant, id: DealerId, at: Timestamp) -> Self {
        Self {
            tenant: tenant.id,
            id,
            number: String::new(),
            sub_number: String::new(),
            name: String::new(),
            active: true,
            accepts_leads: true,
            is_default: false,
            address: Address { street: None, city: None, region: None, country: tenant.country, postal_code: None },
            point: None,
            time_zone: tenant.time_zone,
            hours: OpeningHours::default(),
            rating: None,
            categories: BTreeMap::new(),
            brands: Vec::new(),
            territory: Vec::new(),
            capacity: Capacity::default(),
            crm: Vec::new(),
            custom: Map::new(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

impl DealerInput {
    /// What this input makes of a dealer; every problem at once.
    pub fn apply(&self, before: Dealer, known: &Known<'_>) -> Result<Dealer, Vec<Invalid>> {
        let mut problems = Problems::default();
        let mut dealer = before.clone();
        self.set_names(&mut dealer, &mut problems);
        self.set_address(&mut dealer, &mut problems);
        self.set_place(&before, &mut dealer, known, &mut problems);
        self.set_traits(&mut dealer, known, &mut problems);
        self.set_limits(&mut dealer, &mut problems);
        set_custom(&mut dealer.custom, self.custom.as_ref(), known.fields, &mut problems);
        problems.done(dealer)
    }

    fn set_names(&self, dealer: &mut Dealer, problems: &mut Problems) {
        problems.set(&mut dealer.number, self.number.as_deref().map(|given| number("number", given)));
        let sub_number = self.sub_number.as_ref().map(|given| match given.as_deref().map(str::trim) {
            None | Some("") => Ok(String::new()),
            Some(given) => number("subNumber", given),
        });
        problems.set(&mut dealer.sub_number, sub_number);
        problems.set(&mut dealer.name, self.name.as_deref().map(|name| text("name", name, NAME_LENGTH_MAX)));
        for (field, given, value) in [("number", &self.number, &dealer.number), ("name", &self.name, &dealer.name)] {
            if given.is_none() && value.is_empty() {
                problems.add(field, InvalidCode::Required, format!("{field} is missing, give one"));
            }
        }
        dealer.active = self.active.unwrap_or(dealer.active);
        dealer.accepts_leads = self.accepts_leads.unwrap_or(dealer.accepts_leads);
        dealer.is_default = self.is_default.unwrap_or(dealer.is_default);
        if dealer.is_default && !dealer.active {
            let message = "the default dealer must be active, make another one the default first";
            problems.add("isDefault", InvalidCode::NotAllowed, message);
        }
    }

    fn set_address(&self, dealer: &mut Dealer, problems: &mut Problems) {
        let address = &mut dealer.address;
        for (field, given, place) in [
            ("street", &self.street, &mut address.street),
            ("city", &self.city, &mut address.city),
            ("region", &self.region, &mut address.region),
        ] {
            problems.set(place, given.as_ref().map(|given| optional_text(field, given.as_deref(), ADDRESS_LENGTH_MAX)));
        }
        problems.set(&mut address.country, self.country.as_deref().map(CountryCode::parse));
        if let Some(region) = address.region.as_mut().filter(|region| region.len() == 2) {
            region.make_ascii_uppercase();
        }
        let code = match &self.postal_code {
            Some(given) => given.clone(),
            // Another country reads the code that stays in its own way, or refuses it.
            None => address.postal_code.as_ref().map(ToString::to_string),
        };
        let code = code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let parsed = code.map(|code| PostalCode::parse(address.country, code)).transpose();
        problems.set(&mut address.postal_code, Some(parsed));
    }

    /// Point and time zone: what is given holds; what was derived from the address before is derived again when that changes.
    fn set_place(&self, before: &Dealer, dealer: &mut Dealer, known: &Known<'_>, problems: &mut Problems) {
        let (old, new) = (&before.address, &dealer.address);
        let located = |address: &Address| (known.locate)(address.country, address.postal_code.as_ref()?);
        let moved = (old.country, &old.postal_code) != (new.country, &new.postal_code);
        let point = match self.point {
            Some(Some(point)) => Some(point.parse().map(Some)),
            None if !moved && dealer.point.is_some() => None,
            Some(None) | None => Some(Ok(located(new).map(|place| place.point))),
        };
        problems.set(&mut dealer.point, point);
        let usual = |address: &Address| {
            let region = address.region.clone().or_else(|| located(address)?.region);
            let zone = region.and_then(|region| (known.zone_of)(address.country, &region));
            zone.unwrap_or(known.tenant.time_zone)
        };
        let zone = match &self.time_zone {
            Some(Some(given)) => Some(time_zone(given)),
            Some(None) => Some(Ok(usual(new))),
            None if before.number.is_empty() || before.time_zone == usual(old) => Some(Ok(usual(new))),
            None => None,
        };
        problems.set(&mut dealer.time_zone, zone);
    }

    fn set_traits(&self, dealer: &mut Dealer, known: &Known<'_>, problems: &mut Problems) {
        problems.set(&mut dealer.rating, self.rating.map(rating));
        for (key, value) in self.categories.iter().flatten() {
            match category(known.categories, key, value.as_deref()) {
                Ok(Some(value)) => {
                    dealer.categories.insert(key.clone(), value);
                }
                Ok(None) => {
                    dealer.categories.remove(key);
                }
                Err(problem) => problems.extend([problem.under(key.as_str()).under("categories")]),
            }
        }
        if let Some(given) = &self.brands {
            dealer.brands = brands(given, problems);
        }
        if let Some(given) = &self.territory {
            dealer.territory = territory(given, problems);
        }
    }

    fn set_limits(&self, dealer: &mut Dealer, problems: &mut Problems) {
        for (field, given, place) in [
            ("capacityOpen", self.capacity_open, &mut dealer.capacity.open),
            ("capacityPerDay", self.capacity_per_day, &mut dealer.capacity.per_day),
        ] {
            problems.set(place, given.map(|given| capacity(field, given)));
        }
        problems.set(&mut dealer.hours, self.hours.as_ref().map(|given| hours(given.clone().unwrap_or_default())));
        if let Some(given) = &self.crm {
            dealer.crm = integrations(given, problems);
        }
    }
}

#[cfg(test)]
mod tests;
