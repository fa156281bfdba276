//! A dealer: a location that receives leads, and the people there who are told of them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::id::{ContactId, DealerId, TenantId};
use super::place::{CountryCode, Point, PostalCode};
use super::time::Timestamp;
use serde_json::{Map, Value};

/// A location that receives leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dealer {
    pub tenant: TenantId,
    pub id: DealerId,
    /// Unique in the tenant together with `sub_number`; alphanumeric, at most 20 characters.
    pub number: String,
    /// Empty when the dealer has none.
    pub sub_number: String,
    pub name: String,
    pub active: bool,
    pub accepts_leads: bool,
    /// The tenant's fallback for leads without a candidate.
    pub is_default: bool,
    pub address: Address,
    pub point: Option<Point>,
    pub time_zone: Tz,
    pub hours: OpeningHours,
    /// 0 to 5, or none.
    pub rating: Option<f64>,
    /// The dealer's value in each category group, by the group's key.
    pub categories: BTreeMap<String, String>,
    pub brands: Vec<String>,
    pub territory: Vec<TerritoryEntry>,
    pub capacity: Capacity,
    pub crm: Vec<CrmIntegration>,
    pub custom: Map<String, Value>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is shown of a dealer where something else is what was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct DealerSummary {
    pub id: DealerId,
    pub number: String,
    /// Empty when the dealer has none.
    pub sub_number: String,
    pub name: String,
    pub active: bool,
    pub accepts_leads: bool,
    pub is_default: bool,
    pub city: Option<String>,
    pub region: Option<String>,
    /// 0 to 5, or none.
    pub rating: Option<f64>,
    pub version: i64,
    pub updated_at: Timestamp,
}

impl Dealer {
    /// What is shown of it beside something else.
    pub fn summary(&self) -> DealerSummary {
        DealerSummary {
            id: self.id,
            number: self.number.clone(),
            sub_number: self.sub_number.clone(),
            name: self.name.clone(),
            active: self.active,
            accepts_leads: self.accepts_leads,
            is_default: self.is_default,
            city: self.address.city.clone(),
            region: self.address.region.clone(),
            rating: self.rating,
            version: self.version,
            updated_at: self.updated_at,
        }
    }
}

/// Where post goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub street: Option<String>,
    pub city: Option<String>,
    /// State, province or the like, as the country's post abbreviates it.
    pub region: Option<String>,
    pub country: CountryCode,
    pub postal_code: Option<PostalCode>,
}

/// How many leads a dealer can take; none means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Offered, acknowledged and accepted leads at one time.
    pub open: Option<i64>,
    /// Leads offered in one day of the tenant's time zone.
    pub per_day: Option<i64>,
}

/// When a dealer is open, by weekday (Monday first), with the days that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours {
    /// Seven lists of spans, Monday to Sunday; empty altogether when unknown.
    pub weekdays: Vec<Vec<Span>>,
    /// Holidays and the like; an empty list means closed all day.
    pub exceptions: BTreeMap<NaiveDate, Vec<Span>>,
}

/// From `from` up to, not including, `until`; an end at or before the start lies on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: NaiveTime,
    pub until: NaiveTime,
}

/// A postal code, or a prefix of one, that a dealer looks after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerritoryEntry {
    /// `941` covers every code that begins so.
    pub prefix: String,
    /// Only for this brand, or for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
}

/// A dealer's own system that wants its leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmIntegration {
    pub kind: CrmKind,
    /// A mail address or an https URL, by kind.
    pub address: String,
    pub active: bool,
}

/// How a dealer's system takes leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmKind {
    /// ADF 1.0 by mail.
    AdfEmail,
    /// ADF 1.0 by HTTP POST.
    AdfHttp,
    /// JSON by HTTP POST.
    JsonHttp,
}

/// Whether a contact may act on a lead or is only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactKind {
    /// Gets links that acknowledge.
    To,
    /// Gets links that only show the status.
    Cc,
}

/// A person at a dealer who is notified. Not a login.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub tenant: TenantId,
    pub id: ContactId,
    pub dealer: DealerId,
    pub kind: ContactKind,
    pub name: String,
    pub email: Option<String>,
    /// E.164, `+14155550123`.
    pub mobile: Option<String>,
    pub active: bool,
    pub unsubscribed_at: Option<Timestamp>,
    pub bounced_at: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Contact {
    /// Whether a lead can be offered through this contact: an active TO contact with a mail address that works.
    pub fn can_be_offered(&self) -> bool {
        self.kind == ContactKind::To && self.can_be_told()
    }

    /// Whether mail to this contact makes sense.
    pub fn can_be_told(&self) -> bool {
        self.active && self.email.is_some() && self.unsubscribed_at.is_none() && self.bounced_at.is_none()
    }
}
