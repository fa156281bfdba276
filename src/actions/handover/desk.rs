//! The desk: offers copies to recipients and takes them away, gathering links, mails and events as it goes.
//!
//! It never reads the database and never decides who gets a lead: that was done before.

use crate::actions::Context;
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::delivery::{Channel, Delivery, DeliveryState};
use crate::domain::event::{Event, EventActor, EventKind};
use crate::domain::id::{DecisionId, JobId, LeadId, NoteId, OperationId};
use crate::domain::job::{Algorithm, Job};
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::message::{
    About, CrmPush, DigestLead, DigestMail, Distance, LeadSummary, Line, LinkOf, LossMail, ManagerMail, Message,
    OfferMail, PostalArea, StatusMail, TakenMail, WarningMail,
};
use crate::domain::note::{Note, NoteDraft};
use crate::domain::offer::Offer;
use crate::domain::request::Request;
use crate::domain::tenant::Tenant;

use super::changes::Changes;
use super::directory::{Directory, Person};
use super::eligible::deadlines;

/// Leads of one digest: about what somebody looks through in one mail. Whoever gets more gets another mail for them.
pub const DIGEST_LEADS_MAX: usize = 50;

/// Where a copy goes and why.
#[derive(Clone, Debug)]
pub struct Placement {
    /// To whom.
    pub recipient: Recipient,
    /// By which decision.
    pub decision: DecisionId,
    /// By which job, if one did it.
    pub job: Option<JobId>,
    /// From the customer to the recipient.
    pub distance_km: Option<f64>,
    /// Why this one, in a sentence.
    pub reason: String,
    /// Set when this is a fallback: the copy is listed under exceptions with the reason.
    pub exception: Option<String>,
    /// How the new owner hears of it.
    pub announce: Announce,
}

/// How a new owner hears of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announce {
    /// Each person gets a link by mail.
    pub by_mail: bool,
    /// Each active CRM integration of a dealer gets the lead, contact data and all.
    pub to_crm: bool,
}

/// Whom to tell that a copy was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Nobody.
    Nobody,
    /// The one who had it.
    OldOwner,
    /// The one who had it, that another was quicker.
    Loser,
}

/// One transaction's worth of hand-overs.
pub struct Desk<'c> {
    context: &'c Context,
    tenant: &'c Tenant,
    jobs: &'c [Job],
    directory: &'c Directory,
    by: EventActor,
    at: Timestamp,
    /// What is to become true.
    pub changes: Changes,
}

impl<'c> Desk<'c> {
    /// A desk for hand-overs at one moment.
    pub fn new(
        context: &'c Context,
        tenant: &'c Tenant,
        jobs: &'c [Job],
        directory: &'c Directory,
        by: EventActor,
        at: Timestamp,
    ) -> Self {
        Self { context, tenant, jobs, directory, by, at, changes: Changes::default() }
    }

    /// The moment of everything at this desk.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// A new copy beside or instead of `parent`, offered as `placement` says. Its id.
    pub fn place(&mut self, parent: &Lead, chain: &[Lead], request: &Request, placement: &Placement) -> LeadId {
        let mut copy = self.copy_of(parent);
        self.offer(&mut copy, chain, request, placement);
        let id = copy.id;
        self.changes.copies.push(copy);
        id
    }

    /// A new copy of `parent` in nobody's hands, listed under exceptions with the reason.
    pub fn leave(&mut self, parent: &Lead, decision: DecisionId, reason: &str) {
        let copy = Lead { decision: Some(decision), exception: Some(reason.to_owned()), ..self.copy_of(parent) };
        self.event(EventKind::LeadException, &copy, None, None, Some(reason.to_owned()));
        self.changes.copies.push(copy);
    }

    fn copy_of(&self, parent: &Lead) -> Lead {
        Lead {
            tenant: parent.tenant,
            id: self.context.id(self.at),
            request: parent.request,
            root: parent.root,
            parent: Some(parent.id),
            round: parent.round + 1,
            state: LeadState::Unassigned,
            recipient: None,
            decision: None,
            job: None,
            source: parent.source.clone(),
            brand: parent.brand.clone(),
            received_at: parent.received_at,
            times: LeadTimes::made_at(self.at),
            acknowledged_by: None,
            state_reason: None,
            exception: None,
            due_at: None,
            warn_at: None,
            excluded_from_automation: parent.excluded_from_automation,
            workflow: Workflow { file_type: parent.workflow.file_type.clone(), ..Workflow::default() },
            labels: parent.labels.clone(),
            custom: parent.custom.clone(),
            version: 1,
            created_by: self.by.id.clone(),
        }
    }

    /// Writes a note on a copy, and keeps nothing else of the copy. Its id.
    pub fn note(&mut self, copy: &Lead, draft: &NoteDraft, operation: Option<OperationId>) -> NoteId {
        let id = self.context.id(self.at);
        self.changes.notes.push(Note {
            tenant: copy.tenant,
            id,
            lead: copy.id,
            kind: draft.kind.clone(),
            text: draft.text.clone(),
            author: self.by.name.clone(),
            created_at: self.at,
            operation,
        });
        id
    }

    /// Offers a copy that nobody has: fills it in, and gathers its links, mails and event. The caller keeps the copy.
    pub fn offer(&mut self, copy: &mut Lead, chain: &[Lead], request: &Request, placement: &Placement) {
        copy.state = LeadState::Offered;
        copy.recipient = Some(placement.recipient);
        copy.decision = Some(placement.decision);
        copy.job = placement.job;
        copy.exception.clone_from(&placement.exception);
        copy.times.offered_at = Some(self.at);
        copy.times.updated_at = self.at;
        (copy.due_at, copy.warn_at) = deadlines(self.jobs, copy, chain.iter().chain([&*copy]));
        let name = self.directory.name(placement.recipient);
        let after = serde_json::json!({ "recipient": placement.recipient, "name": name, "round": copy.round, "dueAt": copy.due_at.map(|due| due.to_string()) });
        self.event(EventKind::LeadOffered, copy, None, Some(after), Some(placement.reason.clone()));
        if placement.announce.by_mail {
            for person in self.directory.people(placement.recipient) {
                self.send_link(copy, request, placement, &person);
            }
        }
        if placement.announce.to_crm {
            self.push(copy.id, placement.recipient);
        }
    }

    /// An offer is rejected, or ends without having been acknowledged: the turn is given back if its job rotates and says so.
    pub fn give_turn_back(&mut self, copy: &Lead) {
        self.changes.returned.extend(self.turn_of(copy));
    }

    /// Whether a turn is given back if the copy is taken away.
    pub fn gives_turn_back(&self, copy: &Lead) -> bool {
        copy.state == LeadState::Offered && self.turn_of(copy).is_some()
    }

    /// The turn that a job which rotates gets back.
    fn turn_of(&self, copy: &Lead) -> Option<(JobId, Recipient)> {
        let gives =
            |job: &&Job| job.algorithm == Algorithm::Rotation && job.gives_turn_back && Some(job.id) == copy.job;
        let job = self.jobs.iter().find(gives)?;
        Some((job.id, copy.recipient?))
    }

    /// Takes a copy away. The caller has made sure that it is open.
    pub fn take_away(&mut self, copy: &Lead, request: &Request, reason: &str, reassigned: bool, tell: Tell) {
        if copy.state == LeadState::Offered {
            self.give_turn_back(copy);
        }
        self.changes.expired.entry((reason.to_owned(), reassigned)).or_default().push(copy.id);
        let kind = if reassigned { EventKind::LeadReassigned } else { EventKind::LeadExpired };
        let before = serde_json::json!({ "state": copy.state, "recipient": copy.recipient });
        self.event(
            kind,
            copy,
            Some(before),
            Some(serde_json::json!({ "state": LeadState::Expired })),
            Some(reason.to_owned()),
        );
        let (Some(recipient), Some(offered_at)) = (copy.recipient, copy.times.offered_at) else { return };
        if tell == Tell::Nobody {
            return;
        }
        for person in self.directory.people(recipient) {
            let about = self.about(copy, request, recipient, &person);
            let message = match tell {
                Tell::Loser => Message::Taken(TakenMail { about, offered_at, taken_at: self.at }),
                _ => Message::Loss(LossMail { about, offered_at, lost_at: self.at, reason: Line::new(reason) }),
            };
            self.send(Some(copy.id), None, &person, message);
        }
    }

    /// Tells managers that a copy changed hands.
    pub fn tell_managers(
        &mut self,
        managers: &[Person],
        from: &Lead,
        copy: LeadId,
        request: &Request,
        placement: &Placement,
    ) {
        for manager in managers {
            let moved = Lead { id: copy, ..from.clone() };
            let message = Message::Manager(ManagerMail {
                about: self.about(&moved, request, placement.recipient, manager),
                from_dealer: from.recipient.map(|recipient| Line::new(&self.directory.name(recipient))),
                round: shown_round(from.round + 1),
                distance: self.distance(placement.distance_km),
                reason: Line::new(&placement.reason),
                moved_at: self.at,
            });
            self.send(Some(copy), None, manager, message);
        }
    }

    /// Warns those who may acknowledge that the copy will be taken away.
    pub fn warn(&mut self, copy: &Lead, request: &Request, offers: &[Offer]) {
        let (Some(recipient), Some(expires_at)) = (copy.recipient, copy.due_at) else { return };
        for person in self.directory.people(recipient) {
            let own = offers.iter().find(|offer| offer.addressee == person.addressee && offer.kind == ContactKind::To);
            let Some(offer) = own else { continue };
            let link = LinkOf { offer: offer.id, generation: offer.generation };
            let about = self.about(copy, request, recipient, &person);
            let message = Message::Warning(WarningMail { about, link, warned_at: self.at, expires_at });
            self.send(Some(copy.id), Some(offer), &person, message);
        }
        self.event(EventKind::LeadWarned, copy, None, None, None);
    }

    /// A line of a copy's timeline.
    pub fn event(
        &mut self,
        kind: EventKind,
        copy: &Lead,
        before: Option<serde_json::Value>,
        after: Option<serde_json::Value>,
        reason: Option<String>,
    ) {
        let line = self.context.event(copy.tenant, self.at, self.by.clone(), kind, copy.id);
        self.changes.events.push(Event {
            lead: Some(copy.id),
            request: Some(copy.request),
            before,
            after,
            reason,
            ..line
        });
    }

    /// Tells a recipient of copies that were offered before without a message: one mail to each person, with a link for each copy. `count` is
    /// how many there are, also of those that the mail has no room for; none are nothing to tell.
    pub fn send_digest(&mut self, recipient: Recipient, copies: &[(&Lead, &Request)], count: i64, reason: &str) {
        if copies.is_empty() {
            return;
        }
        let dealer = Line::new(&self.directory.name(recipient));
        for person in self.directory.people(recipient) {
            let mut leads = Vec::with_capacity(copies.len());
            for (copy, request) in copies {
                let offer = self.link(copy, &person);
                leads.push(DigestLead {
                    lead: copy.id,
                    link: LinkOf { offer: offer.id, generation: offer.generation },
                    summary: summary(request),
                    expires_at: copy.due_at,
                });
                self.changes.offers.push(offer);
            }
            let more = u32::try_from(count).unwrap_or(0).saturating_sub(u32::try_from(leads.len()).unwrap_or(u32::MAX));
            let message = Message::Digest(DigestMail {
                network: Line::new(&self.tenant.name),
                dealer: dealer.clone(),
                recipient: Line::optional(Some(&person.name)),
                zone: person.zone,
                kind: person.kind,
                leads,
                more,
                reason: Line::new(reason),
                written_at: self.at,
            });
            self.send(None, None, &person, message);
        }
    }

    fn send_link(&mut self, copy: &Lead, request: &Request, placement: &Placement, person: &Person) {
        let offer = self.link(copy, person);
        let link = LinkOf { offer: offer.id, generation: offer.generation };
        let about = self.about(copy, request, placement.recipient, person);
        let (round, expires_at) = (shown_round(copy.round), copy.due_at);
        let message = match person.kind {
            ContactKind::To => Message::Offer(OfferMail {
                about,
                link,
                round,
                distance: self.distance(placement.distance_km),
                reason: Line::new(&placement.reason),
                offered_at: self.at,
                expires_at,
            }),
            ContactKind::Cc => Message::Status(StatusMail { about, link, round, offered_at: self.at, expires_at }),
        };
        self.send(Some(copy.id), Some(&offer), person, message);
        self.changes.offers.push(offer);
    }

    /// A new link for one person. Only its hash is kept.
    fn link(&self, copy: &Lead, person: &Person) -> Offer {
        let id = self.context.id(self.at);
        Offer {
            tenant: copy.tenant,
            id,
            lead: copy.id,
            addressee: person.addressee,
            kind: person.kind,
            generation: 0,
            token_hash: self.context.links.issue(copy.tenant, id, 0).hash(),
            expires_at: self.at + self.tenant.link_lifetime,
            opened_at: None,
            created_at: self.at,
        }
    }

    /// A push for each CRM that the new owner has. What is in it is read when it is sent.
    fn push(&mut self, copy: LeadId, recipient: Recipient) {
        let Recipient::Dealer(id) = recipient else { return };
        for crm in self.directory.crm(recipient) {
            let push = Delivery {
                channel: crm.kind.into(),
                address: crm.address.clone(),
                ..self.delivery(Some(copy), Message::Crm(CrmPush { dealer: id }))
            };
            self.changes.deliveries.push(push);
        }
    }

    fn send(&mut self, lead: Option<LeadId>, offer: Option<&Offer>, person: &Person, message: Message) {
        let mail = Delivery {
            offer: offer.map(|offer| offer.id),
            addressee: Some(person.addressee),
            address: person.email.clone(),
            ..self.delivery(lead, message)
        };
        self.changes.deliveries.push(mail);
    }

    /// A message that waits, to nobody yet.
    fn delivery(&self, lead: Option<LeadId>, message: Message) -> Delivery {
        Delivery {
            tenant: self.tenant.id,
            id: self.context.id(self.at),
            lead,
            offer: None,
            addressee: None,
            channel: Channel::Email,
            address: String::new(),
            message,
            state: DeliveryState::Pending,
            attempts: 0,
            next_attempt_at: Some(self.at),
            sent_at: None,
            last_error: None,
            created_at: self.at,
        }
    }

    fn about(&self, copy: &Lead, request: &Request, recipient: Recipient, person: &Person) -> About {
        about(self.tenant, &self.directory.name(recipient), person, copy.id, request)
    }

    fn distance(&self, km: Option<f64>) -> Option<Distance> {
        km.map(|km| Distance { km, unit: self.tenant.distance_unit })
    }
}

/// People count from one.
fn shown_round(round: i64) -> u32 {
    u32::try_from(round.saturating_add(1)).unwrap_or(u32::MAX)
}

/// What every message names.
pub fn about(tenant: &Tenant, dealer: &str, person: &Person, lead: LeadId, request: &Request) -> About {
    About {
        network: Line::new(&tenant.name),
        dealer: Line::new(dealer),
        recipient: Line::optional(Some(&person.name)),
        zone: person.zone,
        lead,
        summary: summary(request),
    }
}

/// What may be shown of a request before anybody acknowledged it.
pub fn summary(request: &Request) -> LeadSummary {
    LeadSummary {
        brand: Line::optional(request.interest.brand.as_deref()),
        product: Line::optional(request.interest.product.as_deref()),
        interest: Line::optional(request.interest.kind.as_deref()),
        city: Line::optional(request.address.city.as_deref()),
        postal_area: request.address.postal_code.as_ref().map(PostalArea::of),
        country: Some(request.address.country),
        source: Line::optional(Some(&request.source)),
        received_at: request.received_at,
    }
}
