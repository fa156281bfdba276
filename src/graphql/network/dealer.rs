//! A dealer, as somebody may see it.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Map, Value};

use super::contact::Contact;
use super::loaders::{ContactsKey, DealerKey, DealerSummaryKey};
use crate::actions::Sight;
use crate::domain::dealer as domain;
use crate::domain::id::DealerId;
use crate::graphql::asked;
use crate::graphql::leads::Point;
use crate::graphql::session::Ctx;

/// How a dealer's system takes leads.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::dealer::CrmKind")]
pub enum CrmKind {
    /// ADF 1.0 by mail.
    AdfEmail,
    /// ADF 1.0 by HTTP POST.
    AdfHttp,
    /// JSON by HTTP POST.
    JsonHttp,
}

/// A dealer's value in a category group.
#[derive(SimpleObject)]
pub struct CategoryValue {
    /// The group's key.
    key: String,
    /// The dealer's value.
    value: String,
}

/// A postal code, or the beginning of one, that a dealer looks after.
#[derive(SimpleObject)]
pub struct TerritoryEntry {
    /// `941` covers every code that begins so.
    prefix: String,
    /// Only for this brand; null for all.
    brand: Option<String>,
}

/// A dealer's own system that wants its leads.
#[derive(SimpleObject)]
pub struct CrmIntegration {
    /// How it takes them.
    kind: CrmKind,
    /// A mail address or an https URL, by kind.
    address: String,
    /// Whether it gets any.
    active: bool,
}

/// From `from` up to, not including, `until`; an end at or before the start lies on the next day.
#[derive(SimpleObject)]
pub struct OpeningSpan {
    /// When it opens.
    from: NaiveTime,
    /// When it closes.
    until: NaiveTime,
}

/// A day on which the hours differ.
#[derive(SimpleObject)]
pub struct OpeningException {
    /// The day.
    date: NaiveDate,
    /// When it is open then; none means closed all day.
    spans: Vec<OpeningSpan>,
}

/// When a dealer is open, in its own time zone.
#[derive(SimpleObject)]
pub struct OpeningHours {
    /// Seven lists of spans, Monday first; empty altogether when unknown.
    weekdays: Vec<Vec<OpeningSpan>>,
    /// Holidays and the like.
    exceptions: Vec<OpeningException>,
}

impl From<&domain::OpeningHours> for OpeningHours {
    fn from(hours: &domain::OpeningHours) -> Self {
        let spans = |spans: &Vec<domain::Span>| -> Vec<OpeningSpan> {
            spans.iter().map(|span| OpeningSpan { from: span.from, until: span.until }).collect()
        };
        let exception =
            |(date, open): (&NaiveDate, &Vec<domain::Span>)| OpeningException { date: *date, spans: spans(open) };
        Self {
            weekdays: hours.weekdays.iter().map(spans).collect(),
            exceptions: hours.exceptions.iter().map(exception).collect(),
        }
    }
}

/// A location that receives leads: its summary, and all of it where more is asked.
#[derive(Clone)]
pub struct Dealer {
    summary: domain::DealerSummary,
    whole: Option<Box<domain::Dealer>>,
}

/// The fields that the summary answers.
const OF_SUMMARY: [&str; 15] = [
    "__typename",
    "id",
    "number",
    "subNumber",
    "name",
    "active",
    "acceptsLeads",
    "isDefault",
    "city",
    "region",
    "rating",
    "contacts",
    "reachable",
    "version",
    "updatedAt",
];

impl From<domain::DealerSummary> for Dealer {
    fn from(summary: domain::DealerSummary) -> Self {
        Self { summary, whole: None }
    }
}

impl From<domain::Dealer> for Dealer {
    fn from(dealer: domain::Dealer) -> Self {
        Self { summary: dealer.summary(), whole: Some(Box::new(dealer)) }
    }
}

impl Dealer {
    /// The dealer with this id; as much of it as the field at hand asks for.
    pub async fn load(ctx: &Context<'_>, id: DealerId) -> async_graphql::Result<Option<Self>> {
        let loaders = ctx.loaders()?;
        Ok(if asked::of_object(ctx, &OF_SUMMARY) {
            loaders.load(DealerSummaryKey(id)).await?.map(Self::from)
        } else {
            loaders.load(DealerKey(id)).await?.map(Self::from)
        })
    }

    /// All of it, for the fields that the summary does not answer.
    fn whole(&self) -> async_graphql::Result<&domain::Dealer> {
        self.whole.as_deref().ok_or_else(|| async_graphql::Error::new("a field of a dealer that was not read"))
    }

    fn is_open_to(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(Sight::of(&ctx.session()?.actor).sees(self.summary.id))
    }
}

/// A location that receives leads. To credentials that are neither staff nor the dealer's own, rating, categories, territory,
/// capacity, systems, custom fields and contacts are null or empty.
#[Object]
impl Dealer {
    /// `dlr_…`
    pub async fn id(&self) -> ID {
        self.summary.id.into()
    }

    /// Unique together with the sub-number: letters, digits and single hyphens, at most 20.
    async fn number(&self) -> &str {
        &self.summary.number
    }

    /// Tells locations with one number apart; null when there is none.
    async fn sub_number(&self) -> Option<&str> {
        Some(self.summary.sub_number.as_str()).filter(|sub_number| !sub_number.is_empty())
    }

    /// As shown to people.
    async fn name(&self) -> &str {
        &self.summary.name
    }

    /// Whether it belongs to the network.
    async fn active(&self) -> bool {
        self.summary.active
    }

    /// Whether it is offered leads.
    async fn accepts_leads(&self) -> bool {
        self.summary.accepts_leads
    }

    /// Whether it is the tenant's fallback for leads without a candidate.
    async fn is_default(&self) -> bool {
        self.summary.is_default
    }

    /// Street and house number.
    fn street(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.address.street.as_deref())
    }

    /// City.
    async fn city(&self) -> Option<&str> {
        self.summary.city.as_deref()
    }

    /// State or province, abbreviated as the post does.
    async fn region(&self) -> Option<&str> {
        self.summary.region.as_deref()
    }

    /// ISO 3166-1 alpha-2.
    fn country(&self) -> async_graphql::Result<String> {
        Ok(self.whole()?.address.country.to_string())
    }

    /// Normalised: five digits in the United States, the forward sortation area in Canada.
    fn postal_code(&self) -> async_graphql::Result<Option<String>> {
        Ok(self.whole()?.address.postal_code.as_ref().map(ToString::to_string))
    }

    /// Where it is: its own point, else the middle of its postal code; null when neither is known.
    fn point(&self) -> async_graphql::Result<Option<Point>> {
        Ok(self.whole()?.point.map(|point| Point { lat: point.lat(), lon: point.lon(), source: None }))
    }

    /// An IANA name such as `America/New_York`.
    fn time_zone(&self) -> async_graphql::Result<&'static str> {
        Ok(self.whole()?.time_zone.name())
    }

    /// When it is open.
    fn hours(&self) -> async_graphql::Result<OpeningHours> {
        Ok((&self.whole()?.hours).into())
    }

    /// 0 to 5; null for none.
    fn rating(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<f64>> {
        Ok(if self.is_open_to(ctx)? { self.summary.rating } else { None })
    }

    /// Its values in the category groups, by key.
    fn categories(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CategoryValue>> {
        if !self.is_open_to(ctx)? {
            return Ok(Vec::new());
        }
        let value = |(key, value): (&String, &String)| CategoryValue { key: key.clone(), value: value.clone() };
        Ok(self.whole()?.categories.iter().map(value).collect())
    }

    /// What it sells.
    fn brands(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.whole()?.brands)
    }

    /// The postal codes that it looks after.
    fn territory(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<TerritoryEntry>> {
        if !self.is_open_to(ctx)? {
            return Ok(Vec::new());
        }
        let entry = |entry: &domain::TerritoryEntry| TerritoryEntry {
            prefix: entry.prefix.clone(),
            brand: entry.brand.clone(),
        };
        Ok(self.whole()?.territory.iter().map(entry).collect())
    }

    /// How many open leads it takes at one time; null for no limit.
    fn capacity_open(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        let capacity = if self.is_open_to(ctx)? { self.whole()?.capacity.open } else { None };
        Ok(capacity.and_then(|count| i32::try_from(count).ok()))
    }

    /// How many leads it is offered in a day of the tenant's time zone; null for no limit.
    fn capacity_per_day(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        let capacity = if self.is_open_to(ctx)? { self.whole()?.capacity.per_day } else { None };
        Ok(capacity.and_then(|count| i32::try_from(count).ok()))
    }

    /// Its own systems that want its leads.
    fn crm(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CrmIntegration>> {
        if !self.is_open_to(ctx)? {
            return Ok(Vec::new());
        }
        let shown = |crm: &domain::CrmIntegration| CrmIntegration {
            kind: crm.kind.into(),
            address: crm.address.clone(),
            active: crm.active,
        };
        Ok(self.whole()?.crm.iter().map(shown).collect())
    }

    /// The values of custom fields, by key.
    fn custom(&self, ctx: &Context<'_>) -> async_graphql::Result<Json<Map<String, Value>>> {
        Ok(Json(if self.is_open_to(ctx)? { self.whole()?.custom.clone() } else { Map::new() }))
    }

    /// The people there who are told of leads.
    async fn contacts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Contact>> {
        if !self.is_open_to(ctx)? {
            return Ok(Vec::new());
        }
        let contacts = ctx.loaders()?.load(ContactsKey(self.summary.id)).await?;
        Ok(contacts.unwrap_or_default().into_iter().map(Contact).collect())
    }

    /// Whether a lead can be offered to it: it has an active TO contact with a mail address that works.
    async fn reachable(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let contacts = ctx.loaders()?.load(ContactsKey(self.summary.id)).await?;
        Ok(contacts.unwrap_or_default().iter().any(domain::Contact::can_be_offered))
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.summary.version).unwrap_or(i32::MAX)
    }

    /// When it was made.
    fn created_at(&self) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.whole()?.created_at.datetime())
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.summary.updated_at.datetime()
    }
}
