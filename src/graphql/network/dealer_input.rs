//! What clients give to make or change dealers and contacts.

use async_graphql::{ID, InputObject, Json, MaybeUndefined};
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Map, Value};

use super::contact::ContactKind;
use super::dealer::CrmKind;
use crate::domain::dealer as domain;
use crate::domain::input::{ContactInput, DealerInput, PointInput as DomainPoint};
use crate::graphql::leads::PointInput;
use crate::graphql::mutation::patch;

/// A dealer's value in a category group.
#[derive(InputObject)]
pub struct CategoryValueInput {
    /// The group's key.
    key: String,
    /// The value; null takes it away.
    value: Option<String>,
}

/// A postal code, or the beginning of one.
#[derive(InputObject)]
pub struct TerritoryEntryInput {
    /// `941` covers every code that begins so.
    prefix: String,
    /// Only for this brand; all when left out.
    brand: Option<String>,
}

/// A dealer's own system that wants its leads.
#[derive(InputObject)]
pub struct CrmIntegrationInput {
    /// How it takes them.
    kind: CrmKind,
    /// A mail address for `ADF_EMAIL`, else an https URL. Only https to public addresses is spoken, unless the configuration says otherwise
    /// (`crm.reach`).
    address: String,
    /// Whether it gets any.
    #[graphql(default = true)]
    active: bool,
}

/// From `from` up to, not including, `until`; an end at or before the start lies on the next day.
#[derive(InputObject)]
pub struct OpeningSpanInput {
    /// When it opens.
    from: NaiveTime,
    /// When it closes.
    until: NaiveTime,
}

/// A day on which the hours differ.
#[derive(InputObject)]
pub struct OpeningExceptionInput {
    /// The day.
    date: NaiveDate,
    /// When it is open then; none means closed all day.
    spans: Vec<OpeningSpanInput>,
}

/// When a dealer is open, in its own time zone.
#[derive(InputObject)]
pub struct OpeningHoursInput {
    /// Seven lists of spans, Monday first; none when unknown.
    weekdays: Vec<Vec<OpeningSpanInput>>,
    /// Holidays and the like.
    #[graphql(default)]
    exceptions: Vec<OpeningExceptionInput>,
}

/// All of a dealer but its number and name. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct DealerFields {
    /// Tells locations with one number apart.
    sub_number: MaybeUndefined<String>,
    /// Whether it belongs to the network; yes if never given.
    active: Option<bool>,
    /// Whether it is offered leads; yes if never given.
    accepts_leads: Option<bool>,
    /// Whether it is the tenant's fallback. Making one the fallback ends it for the one before.
    is_default: Option<bool>,
    /// Street and house number.
    street: MaybeUndefined<String>,
    /// City.
    city: MaybeUndefined<String>,
    /// State or province, abbreviated as the post does.
    region: MaybeUndefined<String>,
    /// ISO 3166-1 alpha-2; the tenant's country if never given.
    country: Option<String>,
    /// Postal code as people type it.
    postal_code: MaybeUndefined<String>,
    /// Where it is. Without one the middle of the postal code is taken; a new postal code takes its own.
    point: MaybeUndefined<PointInput>,
    /// An IANA name such as `America/New_York`; the region's if never given, else the tenant's.
    time_zone: MaybeUndefined<String>,
    /// When it is open.
    hours: MaybeUndefined<OpeningHoursInput>,
    /// 0 to 5.
    rating: MaybeUndefined<f64>,
    /// Values in category groups; groups that are not named stay.
    categories: Option<Vec<CategoryValueInput>>,
    /// What it sells, at most 100.
    brands: Option<Vec<String>>,
    /// The postal codes that it looks after, at most 2,000.
    territory: Option<Vec<TerritoryEntryInput>>,
    /// How many open leads it takes at one time; null for no limit.
    capacity_open: MaybeUndefined<i32>,
    /// How many leads it is offered in a day; null for no limit.
    capacity_per_day: MaybeUndefined<i32>,
    /// Its own systems that want its leads, at most 10.
    crm: Option<Vec<CrmIntegrationInput>>,
    /// Values of custom fields by key; null takes one away, others stay.
    custom: Option<Json<Map<String, Value>>>,
}

/// A new dealer.
#[derive(InputObject)]
pub struct CreateDealerInput {
    /// Unique together with the sub-number: letters, digits and single hyphens, at most 20.
    number: String,
    /// As shown to people.
    name: String,
    /// The rest.
    #[graphql(flatten)]
    fields: DealerFields,
    /// The same key with the same input makes one dealer.
    idempotency_key: Option<String>,
}

/// What to change of a dealer. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UpdateDealerInput {
    /// `dlr_…`
    pub dealer_id: ID,
    /// Unique together with the sub-number.
    number: Option<String>,
    /// As shown to people.
    name: Option<String>,
    /// The rest.
    #[graphql(flatten)]
    fields: DealerFields,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A dealer to deactivate.
#[derive(InputObject)]
pub struct DeactivateDealerInput {
    /// `dlr_…`
    pub dealer_id: ID,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// All of a contact but its name. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct ContactFields {
    /// Whether links to this contact acknowledge; `TO` if never given.
    kind: Option<ContactKind>,
    /// Where mail goes. A mail address or a mobile number is needed.
    email: MaybeUndefined<String>,
    /// Where short messages go; a national number is completed in the United States and Canada only.
    mobile: MaybeUndefined<String>,
    /// Whether the contact is told of leads; yes if never given.
    active: Option<bool>,
    /// Whether the person wants no more mail.
    unsubscribed: Option<bool>,
    /// Whether mail comes back; a new address starts afresh.
    bouncing: Option<bool>,
}

/// A new contact of a dealer.
#[derive(InputObject)]
pub struct CreateContactInput {
    /// `dlr_…`
    pub dealer_id: ID,
    /// The person's or the desk's name.
    name: String,
    /// The rest.
    #[graphql(flatten)]
    fields: ContactFields,
    /// The same key with the same input makes one contact.
    idempotency_key: Option<String>,
}

/// What to change of a contact. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UpdateContactInput {
    /// `con_…`
    pub contact_id: ID,
    /// The person's or the desk's name.
    name: Option<String>,
    /// The rest.
    #[graphql(flatten)]
    fields: ContactFields,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A contact to remove.
#[derive(InputObject)]
pub struct RemoveContactInput {
    /// `con_…`
    pub contact_id: ID,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

impl CreateDealerInput {
    /// As actions take it.
    pub fn read(self) -> DealerInput {
        self.fields.read(Some(self.number), Some(self.name))
    }
}

impl UpdateDealerInput {
    /// As actions take it.
    pub fn read(self) -> DealerInput {
        self.fields.read(self.number, self.name)
    }
}

impl DealerFields {
    fn read(self, number: Option<String>, name: Option<String>) -> DealerInput {
        let point = |point: PointInput| DomainPoint { lat: point.lat, lon: point.lon };
        let categories = |given: Vec<CategoryValueInput>| given.into_iter().map(|one| (one.key, one.value)).collect();
        let territory = |given: Vec<TerritoryEntryInput>| {
            given.into_iter().map(|one| domain::TerritoryEntry { prefix: one.prefix, brand: one.brand }).collect()
        };
        let crm = |given: Vec<CrmIntegrationInput>| {
            let one = |one: CrmIntegrationInput| domain::CrmIntegration {
                kind: one.kind.into(),
                address: one.address,
                active: one.active,
            };
            given.into_iter().map(one).collect()
        };
        DealerInput {
            number,
            sub_number: patch(self.sub_number),
            name,
            active: self.active,
            accepts_leads: self.accepts_leads,
            is_default: self.is_default,
            street: patch(self.street),
            city: patch(self.city),
            region: patch(self.region),
            country: self.country,
            postal_code: patch(self.postal_code),
            point: patch(self.point).map(|given| given.map(point)),
            time_zone: patch(self.time_zone),
            hours: patch(self.hours).map(|given| given.map(Into::into)),
            rating: patch(self.rating),
            categories: self.categories.map(categories),
            brands: self.brands,
            territory: self.territory.map(territory),
            capacity_open: patch(self.capacity_open).map(|given| given.map(i64::from)),
            capacity_per_day: patch(self.capacity_per_day).map(|given| given.map(i64::from)),
            crm: self.crm.map(crm),
            custom: self.custom.map(|custom| custom.0),
        }
    }
}

impl CreateContactInput {
    /// As actions take it.
    pub fn read(self) -> ContactInput {
        self.fields.read(Some(self.name))
    }
}

impl UpdateContactInput {
    /// As actions take it.
    pub fn read(self) -> ContactInput {
        self.fields.read(self.name)
    }
}

impl ContactFields {
    fn read(self, name: Option<String>) -> ContactInput {
        ContactInput {
            kind: self.kind.map(Into::into),
            name,
            email: patch(self.email),
            mobile: patch(self.mobile),
            active: self.active,
            unsubscribed: self.unsubscribed,
            bouncing: self.bouncing,
        }
    }
}

impl From<OpeningHoursInput> for domain::OpeningHours {
    fn from(given: OpeningHoursInput) -> Self {
        let spans = |spans: Vec<OpeningSpanInput>| -> Vec<domain::Span> {
            spans.into_iter().map(|span| domain::Span { from: span.from, until: span.until }).collect()
        };
        Self {
            weekdays: given.weekdays.into_iter().map(spans).collect(),
            exceptions: given.exceptions.into_iter().map(|day| (day.date, spans(day.spans))).collect(),
        }
    }
}
