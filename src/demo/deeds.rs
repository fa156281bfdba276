//! Carries out what happens in the living day, by the actions that real partners and dealers use: nothing here writes a row
//! itself.

use serde_json::{Value, json};

use super::day::{Deed, Submission};
use super::words;
use crate::actions::answer::Answer;
use crate::actions::intake::{NewLead, submit_lead};
use crate::actions::reassign::Target;
use crate::actions::{ActionError, Call, Context, links};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{DealerId, OfferId, TenantId};
use crate::domain::lead::Recipient;
use crate::domain::request::RequestInput;
use crate::domain::{CountryCode, PostalCode};

/// Does it. Answers whether it was taken: a lead that expired a moment before is no fault.
pub async fn carry_out(context: &Context, tenant: TenantId, deed: &Deed) -> Result<bool, ActionError> {
    let done = match deed {
        Deed::Submit(new) => match submit(context, tenant, new, new.dealer).await {
            // The dealer that the partner knows may have left meanwhile: the lead comes in without.
            Err(ActionError::Refused(_)) if new.dealer.is_some() => submit(context, tenant, new, None).await,
            done => done,
        },
        Deed::Acknowledge { offer, .. } => answer(context, tenant, *offer, Answer::Acknowledge).await,
        Deed::Accept { offer, .. } => answer(context, tenant, *offer, Answer::Accept).await,
        Deed::Reject { offer, reason, .. } => {
            answer(context, tenant, *offer, Answer::Reject { reason: (*reason).to_owned() }).await
        }
    };
    match done {
        Ok(()) => Ok(true),
        Err(ActionError::Refused(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

async fn submit(
    context: &Context,
    tenant: TenantId,
    new: &Submission,
    dealer: Option<DealerId>,
) -> Result<(), ActionError> {
    let source = new.customer.source.clone();
    let actor = Actor {
        tenant,
        subject: format!("partner:{}", words::address_part(&source)),
        name: source.clone(),
        role: Role::Partner,
        user: None,
        dealer: None,
        source: Some(source),
    };
    let call = Call { actor: &actor, mutation: "submitLead", input: &Value::Null, key: None };
    let given = NewLead {
        request: request(new),
        custom: new.customer.budget.map(|budget| json!({ "budget": budget })),
        file_type: Some("Sales".to_owned()),
        target: dealer.map(|dealer| Target::Recipient(Recipient::Dealer(dealer))),
        notify: true,
    };
    submit_lead(context, call, given).await.map(drop)
}

/// What the partner's machine would send; the point is left to the postal code.
fn request(new: &Submission) -> RequestInput {
    let customer = new.customer.clone();
    RequestInput {
        external_id: Some(new.external_id.clone()),
        source: Some(customer.source),
        campaign: customer.campaign,
        interest: customer.interest,
        person: customer.person,
        street: customer.address.street,
        city: customer.address.city,
        region: customer.address.region,
        country: Some(CountryCode::as_str(&customer.address.country).to_owned()),
        postal_code: customer.address.postal_code.as_ref().map(PostalCode::as_str).map(str::to_owned),
        point: None,
        comments: customer.comments,
        language: customer.language,
        received_at: None,
    }
}

/// By the link that was mailed, as the recipient does.
async fn answer(context: &Context, tenant: TenantId, offer: OfferId, answer: Answer) -> Result<(), ActionError> {
    // Links are renewed after a week only, and the living day answers within minutes.
    let token = context.links.issue(tenant, offer, 0).to_string();
    links::answer(context, &token, answer).await.map(drop)
}
