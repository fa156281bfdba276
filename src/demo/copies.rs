//! The copies of a request as they are placed, taken away and left waiting, each with its links, mails and timeline. The
//! token of a link is never kept, only its hash.

use std::ops::Range;
use std::time::Duration;

use super::course::{Cause, Course, Hand, Party, Placement};
use super::past::MESSAGES_KEPT;
use super::rows::{Said, Told, about, by_baton, miles_away};
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::delivery::{Attempt, AttemptOutcome, Channel, Delivery, DeliveryState};
use crate::domain::event::{EventActor, EventKind};
use crate::domain::id::{LeadId, OfferId};
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Workflow};
use crate::domain::message::{Line, LinkOf, LossMail, Message, OfferMail, StatusMail, TakenMail};
use crate::domain::offer::Offer;
use crate::places::distance_km;

impl Course<'_> {
    /// Makes a copy for each and offers it. The first copy of a request has its id already.
    pub(super) fn place(&mut self, to: &[Party], placement: &Placement, root: Option<LeadId>) -> Option<Hand> {
        let start = self.copies.len();
        let due_at = self.deadline(placement.at);
        for party in to {
            let id = root.unwrap_or_else(|| self.world.chance.id(placement.at));
            let mut lead = self.unassigned(id);
            lead.state = LeadState::Offered;
            lead.recipient = self.world.recipient(*party);
            lead.times.offered_at = Some(placement.at);
            lead.times.updated_at = placement.at;
            lead.decision = placement.decision;
            lead.exception.clone_from(&placement.exception);
            if let Some(parent) = placement.parent {
                lead.root = self.copies.first().map_or(id, |(first, _)| first.id);
                lead.parent = Some(parent);
                lead.round = placement.round;
                lead.job = placement.job;
                lead.created_by.clone_from(&placement.by.id);
                lead.times.created_at = placement.at;
            }
            self.chain.extend(lead.recipient);
            self.offer(&lead, *party, placement, due_at);
            self.copies.push((lead, Some(*party)));
        }
        (start < self.copies.len()).then_some(Hand {
            copies: start..self.copies.len(),
            offered_at: placement.at,
            due_at,
        })
    }

    /// A first copy that nobody has yet.
    pub(super) fn unassigned(&self, id: LeadId) -> Lead {
        let request = &self.request;
        let file_type = if request.interest.kind.as_deref() == Some("Service") { "Service" } else { "Sales" };
        Lead {
            tenant: request.tenant,
            id,
            request: request.id,
            root: id,
            parent: None,
            round: 0,
            state: LeadState::Unassigned,
            recipient: None,
            decision: None,
            job: None,
            source: request.source.clone(),
            brand: request.interest.brand.clone(),
            received_at: request.received_at,
            times: LeadTimes::made_at(request.received_at),
            acknowledged_by: None,
            state_reason: None,
            exception: None,
            due_at: None,
            warn_at: None,
            excluded_from_automation: false,
            workflow: Workflow { file_type: Some(file_type.to_owned()), ..Workflow::default() },
            labels: Labels::of(request),
            custom: self.custom.clone(),
            version: 1,
            created_by: request.created_by.clone(),
        }
    }

    /// The copies wait, and their job will act on them.
    pub(super) fn arm(&mut self, copies: Range<usize>, due_at: Timestamp) {
        let warn_at = self.job.notify.warn_before.map(|before| due_at - before);
        let now = self.world.network.moments.now;
        for (lead, _) in self.copies.get_mut(copies).into_iter().flatten() {
            lead.due_at = Some(due_at);
            lead.warn_at = warn_at.filter(|at| *at > now);
        }
    }

    /// Nobody else was found: the copies stay where they are, among the exceptions.
    pub(super) fn stay(&mut self, copies: Range<usize>, at: Timestamp, reason: &str) {
        let mut stayed = Vec::new();
        for (lead, _) in self.copies.get_mut(copies).into_iter().flatten() {
            lead.exception = Some(reason.to_owned());
            changed(lead, at);
            stayed.push(lead.id);
        }
        for lead in stayed {
            self.say(lead, at, EventKind::LeadException, by_baton(), Some(reason));
        }
    }

    /// Takes the copies that are still offered away; those that were given back are only marked as handed on.
    pub(super) fn take_away(&mut self, copies: Range<usize>, at: Timestamp, cause: &Cause) {
        let by = if let Cause::ByHand(actor) = cause { actor.clone() } else { super::rows::by_job(self.job) };
        let reason = if matches!(cause, Cause::Due) { "not acknowledged in time" } else { "handed on by hand" };
        for copy in copies {
            let Some((lead, party)) = self.copies.get_mut(copy) else { continue };
            let expires = lead.state == LeadState::Offered;
            if expires {
                expire(lead, at, reason);
            }
            lead.times.reassigned_at = Some(at);
            changed(lead, at);
            let (lead, party) = (lead.clone(), *party);
            if expires {
                self.say(lead.id, at, EventKind::LeadExpired, by.clone(), Some(reason));
                self.tell_loss(&lead, party, at, reason);
            }
            self.say(lead.id, at, EventKind::LeadReassigned, by.clone(), None);
        }
    }

    /// A blast has its winner: the others expire at that instant.
    pub(super) fn lose(&mut self, copies: Range<usize>, winner: usize, at: Timestamp) {
        for copy in copies.filter(|copy| *copy != winner) {
            let Some((lead, party)) = self.copies.get_mut(copy) else { continue };
            expire(lead, at, "another dealer was quicker");
            changed(lead, at);
            let (lead, party) = (lead.clone(), *party);
            self.say(lead.id, at, EventKind::LeadExpired, by_baton(), Some("another dealer was quicker"));
            let Some((told, holder)) = party.and_then(|party| self.first_told(party)) else { continue };
            let offered_at = lead.times.offered_at.unwrap_or(at);
            let about = about(self.world.network, &self.request, &lead, &holder, &told);
            self.mail(&lead, &told, None, at, Message::Taken(TakenMail { about, offered_at, taken_at: at }));
        }
    }

    /// A line in a copy's timeline.
    pub(super) fn say(
        &mut self,
        lead: LeadId,
        at: Timestamp,
        kind: EventKind,
        actor: EventActor,
        reason: Option<&str>,
    ) {
        let said = Said { at, kind, actor, reason: reason.map(str::to_owned) };
        self.rows.say(self.world.chance, &self.request, lead, said);
    }

    /// Links and mails to everybody who can be reached.
    fn offer(&mut self, lead: &Lead, party: Party, placement: &Placement, due_at: Option<Timestamp>) {
        let world = self.world;
        let at = placement.at;
        self.say(lead.id, at, EventKind::LeadOffered, placement.by.clone(), Some(&placement.reason));
        let (told, holder, point) = world.told(party);
        let from = self.request.point.map(|(point, _)| point);
        let km = from.zip(point).map(|(from, to)| distance_km(from, to));
        let round = u32::try_from(lead.round).unwrap_or(0) + 1;
        for (told, kind) in told {
            let id: OfferId = world.chance.id(at);
            let link = LinkOf { offer: id, generation: 0 };
            self.rows.offers.push(Offer {
                tenant: lead.tenant,
                id,
                lead: lead.id,
                addressee: told.addressee,
                kind,
                generation: 0,
                token_hash: world.links.issue(lead.tenant, id, 0).hash(),
                expires_at: at + world.network.tenant.link_lifetime,
                opened_at: None,
                created_at: at,
            });
            if !self.is_kept(at) {
                continue;
            }
            let about = about(world.network, &self.request, lead, &holder, &told);
            let message = if kind == ContactKind::To {
                let (distance, reason) = (miles_away(km), Line::new(&placement.reason));
                Message::Offer(OfferMail { about, link, round, distance, reason, offered_at: at, expires_at: due_at })
            } else {
                Message::Status(StatusMail { about, link, round, offered_at: at, expires_at: due_at })
            };
            self.mail(lead, &told, Some(id), at, message);
        }
    }

    fn tell_loss(&mut self, lead: &Lead, party: Option<Party>, at: Timestamp, reason: &str) {
        let Some((told, holder)) = party.and_then(|party| self.first_told(party)) else { return };
        let offered_at = lead.times.offered_at.unwrap_or(at);
        let about = about(self.world.network, &self.request, lead, &holder, &told);
        self.mail(
            lead,
            &told,
            None,
            at,
            Message::Loss(LossMail { about, offered_at, lost_at: at, reason: Line::new(reason) }),
        );
    }

    fn first_told(&self, party: Party) -> Option<(Told, String)> {
        let (told, holder, _) = self.world.told(party);
        told.into_iter().next().map(|(told, _)| (told, holder))
    }

    fn is_kept(&self, at: Timestamp) -> bool {
        self.world.network.moments.now.since(at) < MESSAGES_KEPT
    }

    /// A mail that was sent within seconds; one in thirty only at the second attempt.
    fn mail(&mut self, lead: &Lead, told: &Told, offer: Option<OfferId>, at: Timestamp, message: Message) {
        if !self.is_kept(at) {
            return;
        }
        let (chance, now) = (self.world.chance, self.world.network.moments.now);
        let id = chance.id(at);
        let first = at + Duration::from_millis(chance.between(200, 3_000) as u64);
        let second = (first + Duration::from_mins(1)).min(now);
        let again = chance.holds(1.0 / 30.0);
        let sent_at = if again { second } else { first.min(now) };
        let attempts = if again {
            vec![
                (AttemptOutcome::Retry, first.min(now), Some("451 try again later")),
                (AttemptOutcome::Sent, second, None),
            ]
        } else {
            vec![(AttemptOutcome::Sent, sent_at, None)]
        };
        self.rows.deliveries.push(Delivery {
            tenant: lead.tenant,
            id,
            lead: Some(lead.id),
            offer,
            addressee: Some(told.addressee),
            channel: Channel::Email,
            address: told.address.clone(),
            message,
            state: DeliveryState::Sent,
            attempts: attempts.len() as u32,
            next_attempt_at: None,
            sent_at: Some(sent_at),
            last_error: None,
            created_at: at,
        });
        for (number, (outcome, attempted_at, detail)) in (1..).zip(attempts) {
            let detail = detail.map(str::to_owned);
            let attempt = Attempt { delivery: id, number, outcome, detail, attempted_at };
            self.rows.attempts.push((chance.id(attempted_at), attempt));
        }
    }
}

/// Notes a change.
pub(super) fn changed(lead: &mut Lead, at: Timestamp) {
    lead.times.updated_at = lead.times.updated_at.max(at);
    lead.version += 1;
}

fn expire(lead: &mut Lead, at: Timestamp, reason: &str) {
    lead.state = LeadState::Expired;
    lead.times.expired_at = Some(at);
    lead.state_reason = Some(reason.to_owned());
}
