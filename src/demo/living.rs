//! Carries out what happens on a demo's day, by the same actions that customers and dealers use.
//!
//! A deed that is refused is left: a dealer who acknowledges too late is a part of the day.

use serde_json::{Value, json};

use super::day::{Day, Deed, Submission};
use crate::actions::answer::Answer;
use crate::actions::intake::{NewLead, submit_lead};
use crate::actions::reassign::Target;
use crate::actions::{ActionError, Call, Context, links};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{OfferId, TenantId};
use crate::domain::input::PointInput;
use crate::domain::lead::Recipient;
use crate::domain::request::{PointSource, RequestInput};

/// A day that is being lived.
pub struct Living {
    day: Day,
    tenant: TenantId,
}

impl Living {
    /// Lives `day` in the demo's tenant.
    pub fn new(day: Day, tenant: TenantId) -> Self {
        Self { day, tenant }
    }

    /// Does what happens up to now; how much that was.
    pub async fn step(&mut self, context: &Context) -> Result<usize, ActionError> {
        let deeds = self.day.step(&context.store, context.clock.now()).await?;
        let count = deeds.len();
        for deed in deeds {
            match self.carry_out(context, deed).await {
                Ok(()) | Err(ActionError::Refused(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(count)
    }

    async fn carry_out(&self, context: &Context, deed: Deed) -> Result<(), ActionError> {
        let (offer, answer) = match deed {
            Deed::Submit(submission) => return self.submit(context, *submission).await,
            Deed::Acknowledge { offer, .. } => (offer, Answer::Acknowledge),
            Deed::Accept { offer, .. } => (offer, Answer::Accept),
            Deed::Reject { offer, reason, .. } => (offer, Answer::Reject { reason: reason.to_owned() }),
        };
        links::answer(context, &self.token(context, offer), answer).await.map(drop)
    }

    /// The link as it was mailed; links of the demo last longer than anybody waits here.
    fn token(&self, context: &Context, offer: OfferId) -> String {
        context.links.issue(self.tenant, offer, 0).to_string()
    }

    async fn submit(&self, context: &Context, submission: Submission) -> Result<(), ActionError> {
        let Submission { customer, external_id, dealer } = submission;
        let partner = Actor {
            tenant: self.tenant,
            subject: format!("demo partner {}", customer.source),
            name: customer.source.clone(),
            role: Role::Partner,
            user: None,
            dealer: None,
            source: Some(customer.source.clone()),
            company: None,
        };
        let given = customer.point.filter(|(_, source)| *source == PointSource::Given);
        let address = customer.address;
        let request = RequestInput {
            external_id: Some(external_id),
            source: Some(customer.source),
            campaign: customer.campaign,
            interest: customer.interest,
            person: customer.person,
            street: address.street,
            city: address.city,
            region: address.region,
            country: Some(address.country.to_string()),
            postal_code: address.postal_code.map(|code| code.as_str().to_owned()),
            point: given.map(|(point, _)| PointInput { lat: point.lat(), lon: point.lon() }),
            comments: customer.comments,
            language: customer.language,
            received_at: None,
        };
        let new = NewLead {
            request,
            custom: customer.budget.map(|budget| json!({ "budget": budget })),
            file_type: None,
            target: dealer.map(|dealer| Target::Recipient(Recipient::Dealer(dealer))),
            notify: true,
            push_to_crm: true,
        };
        let call = Call { actor: &partner, mutation: "submitLead", input: &Value::Null, key: None };
        submit_lead(context, call, new).await.map(drop)
    }
}
