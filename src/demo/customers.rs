//! Customers and what they ask for: the requests of the demo's past and of its living day. None of them exists, and no
//! mail or call to them arrives anywhere.

use super::chance::Chance;
use super::definitions::{SOURCE_BLAST, SOURCE_NEAREST};
use super::ground::{Ground, Spot};
use super::words;
use crate::domain::dealer::Address;
use crate::domain::id::{RequestId, TenantId};
use crate::domain::request::{Interest, Person, PointSource, Request};
use crate::domain::{CountryCode, Point, Timestamp};

/// From this source leads go to the demo's own sales teams first.
pub const SOURCE_FLEET: &str = "Fleet desk";

/// Where requests come from, with how often they do.
const SOURCES: [(&str, f64); 6] = [
    ("Website", 42.0),
    (SOURCE_BLAST, 20.0),
    (SOURCE_NEAREST, 13.0),
    ("Event", 10.0),
    ("Partner portal", 9.0),
    (SOURCE_FLEET, 6.0),
];

/// What somebody asks for, before it is a request with an id and a time.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Where it comes from.
    pub source: String,
    /// What brought the customer.
    pub campaign: Option<String>,
    /// What is wanted.
    pub interest: Interest,
    /// Who asks.
    pub person: Person,
    /// Where the customer lives.
    pub address: Address,
    /// Where that is, if anybody can tell.
    pub point: Option<(Point, PointSource)>,
    /// What the customer writes.
    pub comments: Option<String>,
    /// The customer's language.
    pub language: Option<String>,
    /// What the customer would spend, in whole dollars.
    pub budget: Option<f64>,
}

impl Customer {
    /// Somebody new.
    pub fn draw(chance: &Chance, ground: &Ground) -> Option<Self> {
        let spot = ground.spot(chance)?;
        let source = chance.weighted(&SOURCES);
        // One in sixty leaves no place at all: a lead for the exceptions.
        let nowhere = chance.holds(1.0 / 60.0);
        let quebec = spot.row.region.as_deref() == Some("QC");
        let language = if quebec { "fr" } else { chance.weighted(&[("en", 88.0), ("es", 12.0)]) };
        Some(Self {
            source: source.to_owned(),
            campaign: chance.holds(0.3).then(|| chance.pick(&words::CAMPAIGNS).to_owned()),
            interest: Interest {
                brand: chance.holds(0.95).then(|| chance.pick(&words::BRANDS).to_owned()),
                product: chance.holds(0.7).then(|| chance.pick(&words::PRODUCTS).to_owned()),
                kind: Some(chance.weighted(&words::INTERESTS).to_owned()),
            },
            person: person(chance),
            address: if nowhere { elsewhere(spot.row.country) } else { spot.address(chance) },
            point: (!nowhere).then(|| point(chance, &spot)),
            comments: chance.holds(0.4).then(|| chance.pick(&words::COMMENTS).to_owned()),
            language: Some(language.to_owned()),
            budget: chance.holds(0.6).then(|| chance.between(16, 160) as f64 * 500.0),
        })
    }

    /// The request that it becomes, under the source's own reference.
    pub fn request(&self, tenant: TenantId, id: RequestId, received_at: Timestamp, external_id: String) -> Request {
        Request {
            tenant,
            id,
            external_id: Some(external_id),
            source: self.source.clone(),
            campaign: self.campaign.clone(),
            interest: self.interest.clone(),
            person: self.person.clone(),
            address: self.address.clone(),
            point: self.point,
            comments: self.comments.clone(),
            language: self.language.clone(),
            received_at,
            created_by: format!("partner:{}", words::address_part(&self.source)),
        }
    }
}

fn person(chance: &Chance) -> Person {
    let (first, last) = (chance.pick(&words::FIRST_NAMES), chance.pick(&words::LAST_NAMES));
    let email =
        format!("{}.{}{}@example.com", words::address_part(first), words::address_part(last), chance.between(1, 9_999));
    Person {
        first_name: Some(first.to_owned()),
        last_name: Some(last.to_owned()),
        email: Some(email),
        // Numbers that are kept for stories.
        phone: chance.holds(0.8).then(|| format!("+1{}55501{:02}", chance.between(201, 989), chance.between(0, 99))),
    }
}

/// A third name their own point; for the others it is the middle of their postal code.
fn point(chance: &Chance, spot: &Spot) -> (Point, PointSource) {
    if chance.holds(0.33) { (spot.point, PointSource::Given) } else { (spot.row.point, PointSource::PostalCode) }
}

fn elsewhere(country: CountryCode) -> Address {
    Address { street: None, city: None, region: None, country, postal_code: None }
}
