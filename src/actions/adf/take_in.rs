//! Taking prospects in: each is a lead of its own, and one that is sent again is the lead that it was.

use chrono::TimeZone;
use serde_json::Value;

use super::prospect::{Moment, Prospect, Told};
use crate::actions::intake::{NewLead, submit_lead};
use crate::actions::reassign::Target;
use crate::actions::{ActionError, Call, Context, Permission, permit};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::LeadId;
use crate::domain::lead::Recipient;
use crate::domain::request::RequestInput;
use crate::domain::tenant::Tenant;
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::store::{Scope, StoreError, dealers, leads, requests, tenants};

/// Where a prospect comes from that names no provider.
const SOURCE: &str = "adf";

/// On whose behalf documents are taken in.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Whose credential it is.
    pub actor: &'a Actor,
    /// Whether recipients are told by mail; not for files that are brought in.
    pub notify: bool,
}

/// What came of one prospect.
#[derive(Clone, Debug)]
pub struct TakenIn {
    /// Which of the document's, from 1.
    pub number: usize,
    /// Under which reference it is known from now on.
    pub external_id: Option<String>,
    /// What was done.
    pub outcome: Outcome,
    /// What was left out or taken otherwise.
    pub told: Vec<Told>,
}

/// What was done with a prospect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It became this lead.
    Created(LeadId),
    /// It was sent before, and is this lead if the sender may see it. Nothing was changed.
    Known(Option<LeadId>),
    /// It is no lead, for these reasons.
    Refused(Vec<Told>),
}

/// Takes prospects in, one after the other, each in a transaction of its own. An error is a fault, or that the sender may not hand in
/// leads at all.
pub async fn take_in(cx: &Context, sender: Sender<'_>, prospects: Vec<Prospect>) -> Result<Vec<TakenIn>, ActionError> {
    permit(sender.actor, Permission::SubmitLead)?;
    let tenant = tenants::lookup(cx.store.reader(), sender.actor.tenant).await?;
    let tenant = tenant.ok_or_else(|| ActionError::not_found("", "tenant"))?;
    let mut taken = Vec::with_capacity(prospects.len());
    for prospect in prospects {
        taken.push(one(cx, sender, &tenant, prospect).await?);
    }
    Ok(taken)
}

async fn one(
    cx: &Context,
    sender: Sender<'_>,
    tenant: &Tenant,
    mut prospect: Prospect,
) -> Result<TakenIn, ActionError> {
    prospect.request.received_at = prospect.requested_at.and_then(|moment| known(moment, tenant));
    // A partner's leads come under the source that its credential says.
    prospect.request.source = match &sender.actor.source {
        Some(own) => Some(own.clone()),
        None => prospect.provider.clone().or_else(|| Some(SOURCE.to_owned())),
    };
    let target = target(cx, sender.actor, &mut prospect).await?;
    let external_id = prospect.request.external_id.clone();
    let outcome = submit(cx, sender, target, &mut prospect).await?;
    Ok(TakenIn { number: prospect.number, external_id, outcome, told: prospect.told })
}

/// Hands the prospect in. What it can do without is left out if it is wrong: a lead is worth more than its postal code.
async fn submit(
    cx: &Context,
    sender: Sender<'_>,
    target: Option<Target>,
    prospect: &mut Prospect,
) -> Result<Outcome, ActionError> {
    loop {
        let given = NewLead {
            request: prospect.request.clone(),
            custom: None,
            file_type: None,
            target: target.clone(),
            notify: sender.notify,
            push_to_crm: false,
        };
        let call = Call { actor: sender.actor, mutation: "adf", input: &Value::Null, key: None };
        let problems = match Box::pin(submit_lead(cx, call, given)).await {
            Ok(submitted) => return Ok(Outcome::Created(submitted.lead)),
            Err(ActionError::Refused(problems)) => problems,
            Err(fault) => return Err(fault),
        };
        if problems.iter().any(|problem| problem.code == InvalidCode::Taken) {
            return Ok(Outcome::Known(known_lead(cx, sender.actor, &prospect.request).await?));
        }
        let can_do_without = problems.iter().all(|problem| is_dispensable(problem, &prospect.request));
        for problem in &problems {
            let field = problem.path.first().map(String::as_str).unwrap_or_default();
            let place = prospect.place(field);
            let message = if can_do_without {
                leave_out(&mut prospect.request, field);
                format!("{}; it was left out", problem.message)
            } else {
                problem.message.clone()
            };
            prospect.told.push(Told { place, message });
        }
        if !can_do_without {
            let reasons = prospect.told.split_off(prospect.told.len() - problems.len());
            return Ok(Outcome::Refused(reasons));
        }
    }
}

/// Whether a lead is one without the value that this problem is about. Each value can be left out once, so trying again ends.
fn is_dispensable(problem: &Invalid, request: &RequestInput) -> bool {
    match problem.path.first().map(String::as_str) {
        Some("postalCode") => request.postal_code.is_some(),
        Some("country") => request.country.is_some(),
        Some("receivedAt") => request.received_at.is_some(),
        Some("street") => request.street.is_some(),
        Some("city") => request.city.is_some(),
        Some("region") => request.region.is_some(),
        Some("campaign") => request.campaign.is_some(),
        // One way to reach the customer has to be left.
        Some("email" | "phone") => request.person.email.is_some() && request.person.phone.is_some(),
        _ => false,
    }
}

fn leave_out(request: &mut RequestInput, field: &str) {
    match field {
        "postalCode" => request.postal_code = None,
        "country" => request.country = None,
        "receivedAt" => request.received_at = None,
        "street" => request.street = None,
        "city" => request.city = None,
        "region" => request.region = None,
        "campaign" => request.campaign = None,
        "email" => request.person.email = None,
        "phone" => request.person.phone = None,
        _ => {}
    }
}

/// The dealer that the document names by a number of ours, if it takes leads; none leaves it to the routing. A partner that stands for a
/// dealer hands in to that one and nobody else.
async fn target(cx: &Context, actor: &Actor, prospect: &mut Prospect) -> Result<Option<Target>, StoreError> {
    if let (Role::Partner, Some(own)) = (actor.role, actor.dealer) {
        return Ok(Some(Target::Recipient(Recipient::Dealer(own))));
    }
    let found = dealers::find_by_numbers(cx.store.reader(), actor.tenant, &prospect.vendor_ids).await?;
    let named = prospect.vendor_ids.iter().find_map(|number| {
        let mut of_number = found.iter().filter(|dealer| dealer.number == *number);
        of_number.clone().find(|dealer| dealer.sub_number.is_empty()).or_else(|| of_number.next())
    });
    match named {
        Some(dealer) if dealer.active && dealer.accepts_leads => {
            Ok(Some(Target::Recipient(Recipient::Dealer(dealer.id))))
        }
        Some(dealer) => {
            let message = format!("the dealer `{}` takes no leads now; the lead goes where others go", dealer.number);
            prospect.told.push(Told { place: prospect.place("vendor"), message });
            Ok(None)
        }
        None => {
            if let Some(number) = prospect.vendor_ids.first() {
                let message = format!("`{number}` is no dealer's number; the lead goes where others go");
                prospect.told.push(Told { place: prospect.place("vendor"), message });
            }
            Ok(None)
        }
    }
}

/// The lead that a reference stands for, if the sender may see it.
async fn known_lead(cx: &Context, actor: &Actor, request: &RequestInput) -> Result<Option<LeadId>, StoreError> {
    let (Some(source), Some(external_id)) = (&request.source, &request.external_id) else { return Ok(None) };
    let reader = cx.store.reader();
    let found = requests::find_by_external_id(reader, actor.tenant, source.trim(), external_id.trim()).await?;
    let Some(found) = found else { return Ok(None) };
    let copies = leads::chains(reader, &Scope::of(actor), &[found.id]).await?;
    Ok(copies.first().map(|copy| copy.id))
}

/// A moment without a zone is in the tenant's own; in the hour that spring leaves out there is none.
fn known(moment: Moment, tenant: &Tenant) -> Option<Timestamp> {
    match moment {
        Moment::Known(known) => Some(known.to_utc().into()),
        Moment::Local(local) => {
            tenant.time_zone.from_local_datetime(&local).earliest().map(|known| known.to_utc().into())
        }
    }
}
