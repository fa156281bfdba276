//! The lead that candidates are found for: its values, its place, and who had it before.
//!
//! A view over a lead and its request; it holds nothing that the two do not say.

use super::network::Network;
use crate::domain::field::CustomValues;
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::Request;
use crate::domain::{CountryCode, Point, PostalCode};
use crate::rules::{FieldSource, LeadField, Value};

/// The lead that candidates are found for.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    lead: &'a Lead,
    request: &'a Request,
    chain: &'a [Recipient],
    custom: CustomValues,
    id: String,
}

impl<'a> Subject<'a> {
    /// `chain` names everybody who has had a copy of the request, the lead's own recipient among them.
    pub fn new(network: &Network, lead: &'a Lead, request: &'a Request, chain: &'a [Recipient]) -> Self {
        let custom = if lead.custom.is_empty() {
            CustomValues::default()
        } else {
            CustomValues::stored(network.lead_fields(), &serde_json::Value::Object(lead.custom.clone()))
        };
        Self { lead, request, chain, custom, id: lead.id.to_string() }
    }

    /// The copy.
    pub fn lead(&self) -> &'a Lead {
        self.lead
    }

    /// Where the customer is.
    pub fn point(&self) -> Option<Point> {
        self.request.point.map(|(point, _)| point)
    }

    /// The customer's country.
    pub fn country(&self) -> CountryCode {
        self.request.address.country
    }

    /// Everybody who has had a copy.
    pub fn chain(&self) -> &'a [Recipient] {
        self.chain
    }

    /// The lead's own value of a field; missing for a field that is no lead's.
    pub(super) fn value(&self, source: &FieldSource) -> Value<'_> {
        match source {
            FieldSource::Lead(LeadField::Id) => Value::text(&self.id),
            FieldSource::Lead(field) => lead_value(self.lead, self.request, *field),
            FieldSource::Custom(key) => Value::maybe(self.custom.get(key)),
            _ => Value::Missing,
        }
    }
}

/// A lead's own stored field.
pub(super) fn lead_value<'v>(lead: &'v Lead, request: &'v Request, field: LeadField) -> Value<'v> {
    let times = &lead.times;
    match field {
        LeadField::Id => Value::Text(lead.id.to_string().into()),
        LeadField::State => Value::text(lead.state.as_str()),
        LeadField::Round => Value::Int(lead.round),
        LeadField::Source => Value::text(&lead.source),
        LeadField::Campaign => Value::maybe(lead.labels.campaign.as_ref()),
        LeadField::Brand => Value::maybe(lead.brand.as_ref()),
        LeadField::Product => Value::maybe(request.interest.product.as_ref()),
        LeadField::Interest => Value::maybe(request.interest.kind.as_ref()),
        LeadField::FileType => Value::maybe(lead.workflow.file_type.as_ref()),
        LeadField::WorkflowStatus => Value::maybe(lead.workflow.status.as_ref()),
        LeadField::FollowUpStatus => Value::text(&lead.workflow.follow_up_status),
        LeadField::Progress => Value::maybe(lead.workflow.progress.as_ref()),
        LeadField::Language => Value::maybe(lead.labels.language.as_ref()),
        LeadField::Country => Value::text(request.address.country.as_str()),
        LeadField::PostalCode => Value::maybe(request.address.postal_code.as_ref().map(PostalCode::as_str)),
        LeadField::Region => Value::maybe(request.address.region.as_ref()),
        LeadField::City => Value::maybe(request.address.city.as_ref()),
        LeadField::ReceivedAt => Value::Timestamp(lead.received_at),
        LeadField::OfferedAt => Value::maybe(times.offered_at),
        LeadField::AcknowledgedAt => Value::maybe(times.acknowledged_at),
        LeadField::CreatedAt => Value::Timestamp(times.created_at),
        LeadField::UpdatedAt => Value::Timestamp(times.updated_at),
        LeadField::Visibility => Value::text(lead.labels.visibility.as_str()),
        LeadField::Alert => Value::maybe(lead.labels.alert.as_ref()),
        LeadField::ExcludedFromAutomation => Value::Bool(lead.excluded_from_automation),
        LeadField::RequestId => Value::Text(lead.request.to_string().into()),
        LeadField::JobId => Value::maybe(lead.job.map(|job| Value::Text(job.to_string().into()))),
        LeadField::Exception => Value::maybe(lead.exception.as_ref()),
    }
}
