//! The rows of the demo's past, as they gather before they are written; and how its events and messages are worded.
//!
//! What is said here is what the engine, the actions and the outbox say of the same things; no customer's contact data
//! is ever in a message.

use super::chance::Chance;
use super::network::Network;
use crate::domain::Timestamp;
use crate::domain::dealer::Contact;
use crate::domain::decision::Decision;
use crate::domain::delivery::{Attempt, Delivery};
use crate::domain::event::{ActorKind, Event, EventActor, EventKind};
use crate::domain::id::{AttemptId, LeadId};
use crate::domain::job::Job;
use crate::domain::lead::Lead;
use crate::domain::message::{About, Distance, LeadSummary, Line, PostalArea};
use crate::domain::offer::{Addressee, Offer};
use crate::domain::request::Request;
use crate::domain::tenant::DistanceUnit;
use crate::domain::user::User;

/// Rows that wait to be written, parents before children.
#[derive(Default)]
pub struct Rows {
    /// What customers asked for.
    pub requests: Vec<Request>,
    /// Who should get it.
    pub decisions: Vec<Decision>,
    /// The copies.
    pub leads: Vec<Lead>,
    /// The links.
    pub offers: Vec<Offer>,
    /// The messages that are still kept.
    pub deliveries: Vec<Delivery>,
    /// Their attempts.
    pub attempts: Vec<(AttemptId, Attempt)>,
    /// The timelines.
    pub events: Vec<Event>,
}

/// A line of a timeline before it has an id.
#[derive(Clone, Debug)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Who.
    pub actor: EventActor,
    /// Why.
    pub reason: Option<String>,
}

impl Rows {
    /// Adds a line to a copy's timeline.
    pub fn say(&mut self, chance: &Chance, request: &Request, lead: LeadId, said: Said) {
        self.events.push(Event {
            tenant: request.tenant,
            id: chance.id(said.at),
            at: said.at,
            kind: said.kind,
            subject: lead.to_string(),
            lead: Some(lead),
            request: Some(request.id),
            actor: said.actor,
            before: None,
            after: None,
            reason: said.reason,
        });
    }
}

/// Somebody who is told of a lead.
#[derive(Clone, Debug)]
pub struct Told {
    /// Who.
    pub addressee: Addressee,
    /// Where mail goes.
    pub address: String,
    /// As shown to people.
    pub name: String,
    /// In the timeline.
    pub actor: EventActor,
}

impl From<&Contact> for Told {
    fn from(contact: &Contact) -> Self {
        Self {
            addressee: Addressee::Contact(contact.id),
            address: contact.email.clone().unwrap_or_default(),
            name: contact.name.clone(),
            actor: EventActor { kind: ActorKind::Contact, id: contact.id.to_string(), name: contact.name.clone() },
        }
    }
}

impl From<&User> for Told {
    fn from(user: &User) -> Self {
        Self {
            addressee: Addressee::User(user.id),
            address: user.email.clone(),
            name: user.name(),
            actor: EventActor { kind: ActorKind::User, id: user.id.to_string(), name: user.name() },
        }
    }
}

/// A job in the timeline.
pub fn by_job(job: &Job) -> EventActor {
    EventActor { kind: ActorKind::Job, id: job.id.to_string(), name: job.name.clone() }
}

/// The machine that hands in a request.
pub fn by_partner(request: &Request) -> EventActor {
    EventActor { kind: ActorKind::Partner, id: request.created_by.clone(), name: request.source.clone() }
}

/// Baton itself.
pub fn by_baton() -> EventActor {
    EventActor { kind: ActorKind::System, id: "baton".to_owned(), name: "Baton".to_owned() }
}

/// What a message says of a copy.
pub fn about(network: &Network, request: &Request, lead: &Lead, holder: &str, told: &Told) -> About {
    let line = |text: &Option<String>| Line::optional(text.as_deref());
    About {
        network: Line::new(&network.tenant.name),
        dealer: Line::new(holder),
        recipient: Some(Line::new(&told.name)),
        zone: network.tenant.time_zone,
        lead: lead.id,
        summary: LeadSummary {
            brand: line(&request.interest.brand),
            product: line(&request.interest.product),
            interest: line(&request.interest.kind),
            city: line(&request.address.city),
            postal_area: request.address.postal_code.as_ref().map(PostalArea::of),
            country: Some(request.address.country),
            source: Some(Line::new(&request.source)),
            received_at: request.received_at,
        },
    }
}

/// How far it is, in the tenant's unit.
pub fn miles_away(km: Option<f64>) -> Option<Distance> {
    km.map(|km| Distance { km, unit: DistanceUnit::Mi })
}
