//! Changing leads: one mutation per intent, each one call of one action.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::lead::Lead;
use super::target::LeadTarget;
use super::update_input::UpdateLeadInput;
use crate::actions::ActionError;
use crate::actions::amend;
use crate::actions::answer::Answer;
use crate::actions::intake::{self, NewLead};
use crate::actions::reassign::{self, Reassignment};
use crate::actions::respond::{self, LeadAnswer};
use crate::domain::id::LeadId;
use crate::domain::input::PointInput as DomainPoint;
use crate::domain::request::{Interest, Person, RequestInput};
use crate::domain::{Invalid, Timestamp};
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::leads;

/// A point on the globe, WGS 84.
#[derive(InputObject)]
pub struct PointInput {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
}

/// A new lead. The customer needs a mail address or a phone number.
#[derive(InputObject)]
pub struct SubmitLeadInput {
    /// Where it comes from. A partner's own source if left out; no other is allowed to a partner that has one.
    source: Option<String>,
    /// Your own reference: the same source cannot hand one in twice.
    external_id: Option<String>,
    /// The campaign that it belongs to, at most 200 characters.
    campaign: Option<String>,
    /// The brand asked for.
    brand: Option<String>,
    /// The model, vehicle or article asked for.
    product: Option<String>,
    /// What about it: buy, lease, service, test drive.
    interest: Option<String>,
    /// The customer's first name.
    first_name: Option<String>,
    /// The customer's last name.
    last_name: Option<String>,
    /// The customer's mail address.
    email: Option<String>,
    /// The customer's telephone number.
    phone: Option<String>,
    /// Street and number.
    street: Option<String>,
    /// Town.
    city: Option<String>,
    /// State, province or the like.
    region: Option<String>,
    /// ISO 3166-1 alpha-2; the tenant's country if left out.
    country: Option<String>,
    /// As people type it; normalised. An unknown one leaves the lead without a point, a named problem.
    postal_code: Option<String>,
    /// Where the customer is; the postal code's centroid if left out.
    point: Option<PointInput>,
    /// What the customer wrote.
    comments: Option<String>,
    /// The language to answer in: a BCP 47 tag such as `en` or `es-MX`.
    language: Option<String>,
    /// When the customer asked; now if left out.
    received_at: Option<DateTime<Utc>>,
    /// The tenant's type of file.
    file_type: Option<String>,
    /// Values of custom fields of leads, by key.
    custom: Option<Json<Value>>,
    /// Who gets it; the tenant's default dealer if left out.
    target: Option<LeadTarget>,
    /// Whether the recipient gets links by mail.
    #[graphql(default = true)]
    notify: bool,
    /// Whether the lead is pushed to each active CRM integration of the dealer that gets it. A CRM gets the customer's contact data at once,
    /// before anybody acknowledges: that is what a push is for.
    #[graphql(default = false)]
    push_to_crm: bool,
    /// The same key with the same input adds the lead once.
    idempotency_key: Option<String>,
}

impl SubmitLeadInput {
    fn read(self) -> Result<NewLead, Invalid> {
        let target = self.target.as_ref().map(LeadTarget::read).transpose()?;
        Ok(NewLead {
            request: RequestInput {
                external_id: self.external_id,
                source: self.source,
                campaign: self.campaign,
                interest: Interest { brand: self.brand, product: self.product, kind: self.interest },
                person: Person {
                    first_name: self.first_name,
                    last_name: self.last_name,
                    email: self.email,
                    phone: self.phone,
                },
                street: self.street,
                city: self.city,
                region: self.region,
                country: self.country,
                postal_code: self.postal_code,
                point: self.point.map(|point| DomainPoint { lat: point.lat, lon: point.lon }),
                comments: self.comments,
                language: self.language,
                received_at: self.received_at.map(Timestamp::from),
            },
            custom: self.custom.map(|custom| custom.0),
            file_type: self.file_type,
            target,
            notify: self.notify,
            push_to_crm: self.push_to_crm,
        })
    }
}

/// Leads to hand on.
#[derive(InputObject)]
pub struct ReassignLeadsInput {
    /// 1 to 250 copies, all handed on or, if one can't be, none.
    lead_ids: Vec<ID>,
    /// Who gets them.
    target: LeadTarget,
    /// Why, shown in the timeline and to the old owner.
    reason: Option<String>,
    /// Whether new owners get links by mail.
    #[graphql(default = true)]
    notify_new_owner: bool,
    /// Whether old owners are told.
    #[graphql(default = false)]
    notify_old_owner: bool,
    /// Whether each new copy is pushed to each active CRM integration of the dealer that gets it. A CRM gets the customer's contact data at
    /// once, before anybody acknowledges: that is what a push is for.
    #[graphql(default = false)]
    push_to_crm: bool,
    /// The same key with the same input hands on once.
    idempotency_key: Option<String>,
}

impl ReassignLeadsInput {
    fn read(self) -> Result<Reassignment, Invalid> {
        Ok(Reassignment {
            leads: ids::parse_all("leadIds", &self.lead_ids)?,
            target: self.target.read()?,
            reason: self.reason,
            notify_new_owner: self.notify_new_owner,
            notify_old_owner: self.notify_old_owner,
            push_to_crm: self.push_to_crm,
        })
    }
}

/// A lead to acknowledge or accept.
#[derive(InputObject)]
pub struct LeadInput {
    /// `lead_…`
    lead_id: ID,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A lead to give back, to lose or to delete.
#[derive(InputObject)]
pub struct LeadReasonInput {
    /// `lead_…`
    lead_id: ID,
    /// Why; at most 500 characters.
    reason: String,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// How a lead ended.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum CloseOutcome {
    /// Sold.
    Won,
    /// No sale; needs a reason.
    Lost,
}

/// A lead to close.
#[derive(InputObject)]
pub struct CloseLeadInput {
    /// `lead_…`
    lead_id: ID,
    /// How it ended.
    outcome: CloseOutcome,
    /// Why; needed for a lost one.
    reason: Option<String>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A lead that was changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct LeadPayload {
    /// The lead as it is now; null when nothing was done, or when it left your reach.
    lead: Option<Lead>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of handing leads on.
#[derive(SimpleObject)]
pub struct ReassignLeadsPayload {
    /// The new copies, or the leads themselves where nobody had them.
    leads: Vec<Lead>,
    /// Those without a candidate, now listed under exceptions.
    exceptions: Vec<Lead>,
    /// What stands in the way; nothing was changed if there is any.
    user_errors: Vec<UserError>,
}

/// Changes of leads.
#[derive(Default)]
pub struct LeadMutation;

/// Changes of leads.
#[Object]
impl LeadMutation {
    /// Takes a new lead in and offers it. Needs the role admin, manager, member or partner.
    async fn submit_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: SubmitLeadInput,
    ) -> async_graphql::Result<LeadPayload> {
        let call = OwnedCall::read(ctx, "submitLead")?;
        let done = match input.read() {
            Ok(given) => intake::submit_lead(&ctx.session()?.actions, call.call(), given).await,
            Err(problem) => Err(problem.into()),
        };
        lead_payload(ctx, done.map(|submitted| submitted.lead)).await
    }

    /// Hands leads on by hand, through the same engine, transaction and log as jobs do. Needs the role admin or manager.
    async fn reassign_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads and where they go.")] input: ReassignLeadsInput,
    ) -> async_graphql::Result<ReassignLeadsPayload> {
        let call = OwnedCall::read(ctx, "reassignLeads")?;
        let done = match input.read() {
            Ok(given) => reassign::reassign(&ctx.session()?.actions, call.call(), given).await,
            Err(problem) => Err(problem.into()),
        };
        let (done, user_errors) = split(done)?;
        let (made, exceptions) = done.map(|done| (done.copies, done.exceptions)).unwrap_or_default();
        Ok(ReassignLeadsPayload {
            leads: load(ctx, &made).await?,
            exceptions: load(ctx, &exceptions).await?,
            user_errors,
        })
    }

    /// Acknowledges: shows the contact data, fixes the response time, stops the clock. Acknowledging again changes nothing.
    async fn acknowledge_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead.")] input: LeadInput,
    ) -> async_graphql::Result<LeadPayload> {
        answer(ctx, "acknowledgeLead", (&input.lead_id, input.expected_version), Answer::Acknowledge).await
    }

    /// Accepts: the recipient will work on it. Acknowledges first where that was not done.
    async fn accept_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead.")] input: LeadInput,
    ) -> async_graphql::Result<LeadPayload> {
        answer(ctx, "acceptLead", (&input.lead_id, input.expected_version), Answer::Accept).await
    }

    /// Gives a lead back: it moves on at once.
    async fn reject_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and why.")] input: LeadReasonInput,
    ) -> async_graphql::Result<LeadPayload> {
        let LeadReasonInput { lead_id, reason, expected_version, .. } = input;
        answer(ctx, "rejectLead", (&lead_id, expected_version), Answer::Reject { reason }).await
    }

    /// Closes a lead as won or lost.
    async fn close_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and how it ended.")] input: CloseLeadInput,
    ) -> async_graphql::Result<LeadPayload> {
        let CloseLeadInput { lead_id, outcome, reason, expected_version, .. } = input;
        let given = match outcome {
            CloseOutcome::Won => Answer::Win { reason },
            CloseOutcome::Lost => Answer::Lose { reason: reason.unwrap_or_default() },
        };
        answer(ctx, "closeLead", (&lead_id, expected_version), given).await
    }

    /// Changes what is noted on a lead within your reach.
    async fn update_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and what to note.")] input: UpdateLeadInput,
    ) -> async_graphql::Result<LeadPayload> {
        let call = OwnedCall::read(ctx, "updateLead")?;
        let copy = copy_of(&input.lead_id, input.expected_version);
        let done = match copy.and_then(|copy| Ok((copy, input.read()?))) {
            Ok((copy, patch)) => amend::update_lead(&ctx.session()?.actions, call.call(), copy, patch).await,
            Err(problem) => Err(problem.into()),
        };
        lead_payload(ctx, done.map(|changed| changed.lead)).await
    }

    /// Deletes a lead: its links show the reason from now on. Needs the role admin or manager.
    async fn delete_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and why.")] input: LeadReasonInput,
    ) -> async_graphql::Result<LeadPayload> {
        let call = OwnedCall::read(ctx, "deleteLead")?;
        let done = match copy_of(&input.lead_id, input.expected_version) {
            Ok(copy) => amend::delete_lead(&ctx.session()?.actions, call.call(), copy, &input.reason).await,
            Err(problem) => Err(problem.into()),
        };
        lead_payload(ctx, done.map(|changed| changed.lead)).await
    }
}

/// Which copy, at which version.
fn copy_of(id: &ID, expected_version: Option<i32>) -> Result<(LeadId, Option<i64>), Invalid> {
    Ok((ids::parse("leadId", id)?, expected_version.map(i64::from)))
}

async fn answer(
    ctx: &Context<'_>,
    mutation: &'static str,
    (id, expected_version): (&ID, Option<i32>),
    answer: Answer,
) -> async_graphql::Result<LeadPayload> {
    let call = OwnedCall::read(ctx, mutation)?;
    let done = match copy_of(id, expected_version) {
        Ok((lead, expected_version)) => {
            let given = LeadAnswer { lead, answer, expected_version };
            respond::answer_lead(&ctx.session()?.actions, call.call(), given).await
        }
        Err(problem) => Err(problem.into()),
    };
    lead_payload(ctx, done.map(|answered| answered.lead)).await
}

async fn lead_payload(ctx: &Context<'_>, done: Result<LeadId, ActionError>) -> async_graphql::Result<LeadPayload> {
    let (id, user_errors) = split(done)?;
    let lead = match id {
        Some(id) => load(ctx, &[id]).await?.pop(),
        None => None,
    };
    Ok(LeadPayload { lead, user_errors })
}

/// Leads as they are after the change, in the order of `ids`; those that left the caller's reach are left out.
pub(super) async fn load(ctx: &Context<'_>, ids: &[LeadId]) -> async_graphql::Result<Vec<Lead>> {
    let session = ctx.session()?;
    // Read where it was written: a replica may lag behind.
    let found = leads::lookup_many(session.actions.store.writer(), &session.scope, ids).await?;
    let one = |id: &LeadId| found.iter().find(|lead| lead.id == *id).cloned().map(Lead::from);
    Ok(ids.iter().filter_map(one).collect())
}
