//! Links: what somebody who opens one sees, and what they may answer (SPEC ACK-1 to ACK-5).
//!
//! Opening a link never acknowledges. What it shows depends on the copy as it is now, not as it was when the mail went out.

use crate::domain::InvalidCode;
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::delivery::{Channel, Delivery, DeliveryState};
use crate::domain::event::{ActorKind, Event, EventActor, EventKind};
use crate::domain::id::{LeadId, RequestId, TenantId};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::link::{LinkToken, Parsed};
use crate::domain::message::{FreshLinkMail, LinkOf, Message};
use crate::domain::offer::{Addressee, Offer};
use crate::domain::request::Request;
use crate::domain::tenant::Tenant;
use crate::store::{Conn, Scope, decisions, deliveries, events, leads, offers, requests, tenants};

use super::answer::{Answer, Answered};
use super::context::Context;
use super::error::ActionError;
use super::handover::{Directory, Person, about};
use super::respond;

/// What a link leads to.
pub enum Seen {
    /// No link of ours.
    NotFound,
    /// The lead that it was sent for.
    Lead(Box<SeenLead>),
    /// The link had run out; a fresh one is on its way to this address.
    Renewed {
        /// Whose link it is.
        tenant: Tenant,
        /// Where the fresh one goes.
        address: String,
    },
    /// The link had run out, and a fresh one was mailed at this moment.
    AlreadyRenewed {
        /// Whose link it is.
        tenant: Tenant,
        /// Who it was mailed to.
        person: Person,
        /// When.
        at: Timestamp,
    },
}

/// A lead as the holder of a link sees it. Whether contact data may be shown is [`SeenLead::shows_contact_data`].
pub struct SeenLead {
    /// Whose lead it is.
    pub tenant: Tenant,
    /// The link.
    pub offer: Offer,
    /// The copy.
    pub lead: Lead,
    /// What the customer asked for.
    pub request: Request,
    /// What people call the recipient.
    pub recipient: String,
    /// Whose link it is.
    pub person: Person,
    /// From the customer to the recipient.
    pub distance_km: Option<f64>,
    /// Why this recipient.
    pub reason: String,
}

impl SeenLead {
    /// Contact data is shown to those who may act, once the copy is in their hands.
    pub fn shows_contact_data(&self) -> bool {
        self.offer.kind == ContactKind::To && self.lead.state.is_held()
    }
}

/// What the holder of `token` sees. Notes the first opening; mails a fresh link, once, when this one has run out.
pub async fn see(context: &Context, token: &str) -> Result<Seen, ActionError> {
    let reader = context.store.reader();
    let Some((tenant, offer, parsed)) = find(context, reader, token).await? else { return Ok(Seen::NotFound) };
    let Some(seen) = load(reader, tenant, offer).await? else { return Ok(Seen::NotFound) };
    if !parsed.opens(&seen.offer.token_hash) {
        let at = seen.offer.expires_at - seen.tenant.link_lifetime;
        return Ok(Seen::AlreadyRenewed { tenant: seen.tenant, person: seen.person, at });
    }
    let now = context.clock.now();
    let waits = !matches!(seen.lead.state, LeadState::Expired | LeadState::Rejected | LeadState::Deleted);
    if now > seen.offer.expires_at && waits {
        return renew(context, seen, now).await;
    }
    if seen.offer.opened_at.is_none() {
        note_opening(context, &seen, now).await?;
    }
    Ok(Seen::Lead(Box::new(seen)))
}

/// Answers through a link. A link that has run out, only shows the status, or is not ours is refused.
pub async fn answer(context: &Context, token: &str, answer: Answer) -> Result<Answered, ActionError> {
    let reader = context.store.reader();
    let unknown = || ActionError::not_found("token", "link");
    let (tenant, offer, parsed) = find(context, reader, token).await?.ok_or_else(unknown)?;
    let seen = load(reader, tenant, offer).await?.ok_or_else(unknown)?;
    let refuse = |message: &str| ActionError::refused("token", InvalidCode::WrongState, message);
    if !parsed.opens(&seen.offer.token_hash) || context.clock.now() > seen.offer.expires_at {
        return Err(refuse("the link has run out, open it again to get a fresh one by mail"));
    }
    if seen.offer.kind == ContactKind::Cc {
        return Err(refuse("this link only shows how the lead stands"));
    }
    let by =
        EventActor { kind: ActorKind::Contact, id: addressee_id(seen.offer.addressee), name: seen.person.name.clone() };
    respond::respond(context, &seen.lead, by, answer).await
}

/// The offer that a token was made for, whatever its generation.
async fn find(context: &Context, conn: &Conn, token: &str) -> Result<Option<(TenantId, Offer, Parsed)>, ActionError> {
    let Ok(parsed) = LinkToken::parse(token) else { return Ok(None) };
    let Some(offer) = offers::lookup(conn, parsed.tenant, parsed.offer).await? else { return Ok(None) };
    let made = |generation| parsed.opens(&context.links.issue(parsed.tenant, offer.id, generation).hash());
    let ours = parsed.opens(&offer.token_hash) || (0..offer.generation).any(made);
    Ok(ours.then_some((parsed.tenant, offer, parsed)))
}

async fn load(conn: &Conn, tenant: TenantId, offer: Offer) -> Result<Option<SeenLead>, ActionError> {
    let Some(lead) = leads::lookup(conn, &Scope::system(tenant), offer.lead).await? else { return Ok(None) };
    let Some(request) = requests::lookup(conn, tenant, lead.request).await? else { return Ok(None) };
    let (Some(recipient), Some(tenant)) = (lead.recipient, tenants::lookup(conn, tenant).await?) else {
        return Ok(None);
    };
    let directory = Directory::load(conn, tenant.id, &[recipient]).await?;
    let person = directory.people(recipient).into_iter().find(|person| person.addressee == offer.addressee);
    // Somebody who left since is still the one whom the link was sent to; they see what anybody with the link sees.
    let person = person.unwrap_or_else(|| Person {
        addressee: offer.addressee,
        kind: offer.kind,
        name: addressee_id(offer.addressee),
        email: String::new(),
        zone: tenant.time_zone,
    });
    let decision = match lead.decision {
        Some(id) => decisions::lookup(conn, tenant.id, id).await?,
        None => None,
    };
    let ranked =
        decision.as_ref().and_then(|decision| decision.candidates.iter().find(|one| one.recipient == recipient));
    Ok(Some(SeenLead {
        recipient: directory.name(recipient),
        distance_km: ranked.and_then(|one| one.distance_km),
        reason: decision.map(|decision| decision.reason).unwrap_or_default(),
        tenant,
        offer,
        lead,
        request,
        person,
    }))
}

async fn note_opening(context: &Context, seen: &SeenLead, now: Timestamp) -> Result<(), ActionError> {
    let tx = context.store.begin().await?;
    if offers::mark_opened(&tx, seen.tenant.id, seen.offer.id, now).await? {
        let line = link_event(context, seen, EventKind::LinkOpened, now);
        events::insert(&tx, vec![line]).await?;
    }
    Ok(tx.commit().await?)
}

async fn renew(context: &Context, seen: SeenLead, now: Timestamp) -> Result<Seen, ActionError> {
    let Some(generation) = seen.offer.generation.checked_add(1) else { return Ok(Seen::NotFound) };
    if seen.person.email.is_empty() {
        return Ok(Seen::NotFound);
    }
    let fresh = Offer {
        generation,
        token_hash: context.links.issue(seen.tenant.id, seen.offer.id, generation).hash(),
        expires_at: now + seen.tenant.link_lifetime,
        ..seen.offer.clone()
    };
    let tx = context.store.begin().await?;
    match offers::renew(&tx, &fresh).await {
        Ok(()) => {}
        // Two opened it at once; the other one mailed the fresh link.
        Err(crate::store::StoreError::Conflict) => {
            tx.rollback().await?;
            return Ok(Seen::AlreadyRenewed { tenant: seen.tenant, person: seen.person, at: now });
        }
        Err(error) => return Err(error.into()),
    }
    deliveries::insert(&tx, vec![fresh_mail(context, &seen, generation, now)]).await?;
    events::insert(&tx, vec![link_event(context, &seen, EventKind::LinkRenewed, now)]).await?;
    tx.commit().await?;
    Ok(Seen::Renewed { tenant: seen.tenant, address: seen.person.email })
}

fn fresh_mail(context: &Context, seen: &SeenLead, generation: u8, now: Timestamp) -> Delivery {
    let message = Message::FreshLink(FreshLinkMail {
        about: about(&seen.tenant, &seen.recipient, &seen.person, seen.lead.id, &seen.request),
        link: LinkOf { offer: seen.offer.id, generation },
        asked_at: now,
        expires_at: seen.lead.due_at,
    });
    Delivery {
        tenant: seen.tenant.id,
        id: context.id(now),
        lead: Some(seen.lead.id),
        offer: Some(seen.offer.id),
        addressee: Some(seen.offer.addressee),
        channel: Channel::Email,
        address: seen.person.email.clone(),
        message,
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: Some(now),
        sent_at: None,
        last_error: None,
        created_at: now,
    }
}

fn link_event(context: &Context, seen: &SeenLead, kind: EventKind, at: Timestamp) -> Event {
    let by =
        EventActor { kind: ActorKind::Contact, id: addressee_id(seen.offer.addressee), name: seen.person.name.clone() };
    let line = context.event(seen.tenant.id, at, by, kind, seen.offer.id);
    let (lead, request): (LeadId, RequestId) = (seen.lead.id, seen.lead.request);
    Event { lead: Some(lead), request: Some(request), ..line }
}

fn addressee_id(addressee: Addressee) -> String {
    match addressee {
        Addressee::Contact(id) => id.to_string(),
        Addressee::User(id) => id.to_string(),
    }
}
