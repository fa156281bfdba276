//! What a recipient makes of a lead: acknowledges it, accepts it or gives it back, sells or loses; and what is deleted.

use std::time::Duration;

use super::copies::changed;
use super::course::{Course, Hand};
use super::network::days;
use super::rows::{Told, by_baton};
use crate::domain::Timestamp;
use crate::domain::event::EventKind;
use crate::domain::id::LeadId;
use crate::domain::lead::{Lead, LeadState};

const REJECTED_FOR: [&str; 4] =
    ["Customer wants another brand", "Not in stock", "Too far from the customer", "No one free this week"];
const LOST_FOR: [&str; 4] = ["Bought elsewhere", "No longer interested", "Not to be reached", "Price"];
const DELETED_FOR: [&str; 3] = ["Duplicate of an earlier request", "Test request", "Customer asked for it"];

/// A request that was given back more often than this stays with the last recipient: nobody hands on for ever.
const COPIES_MAX: usize = 8;

impl Course<'_> {
    /// A copy is acknowledged and worked on; answers with the moment at which it is given back, if it is.
    pub(super) fn acknowledged(&mut self, copy: usize, at: Timestamp, hand: &Hand) -> Option<Timestamp> {
        let party = self.copies.get(copy)?.1?;
        let told = self.world.told(party).0.into_iter().next()?.0;
        let lead = self.change(copy, at, |lead| {
            lead.state = LeadState::Acknowledged;
            lead.times.acknowledged_at = Some(at);
            lead.acknowledged_by = Some(told.name.clone());
        })?;
        self.open_link(lead, &told, at);
        self.say(lead, at, EventKind::LeadAcknowledged, told.actor.clone(), None);
        self.lose(hand.copies.clone(), copy, at);
        let wait = |minutes, spread| self.world.chance.wait(Duration::from_mins(minutes), spread);
        let worked_on = at + wait(40, 1.0);
        if worked_on > self.world.network.moments.now {
            return None;
        }
        if self.world.chance.holds(0.05) && self.copies.len() < COPIES_MAX {
            return self.reject(copy, lead, &told, worked_on);
        }
        if self.world.chance.holds(0.92) {
            self.accept(copy, lead, &told, worked_on);
        }
        None
    }

    fn reject(&mut self, copy: usize, lead: LeadId, told: &Told, at: Timestamp) -> Option<Timestamp> {
        let reason = self.world.chance.pick(&REJECTED_FOR);
        self.change(copy, at, |lead| {
            lead.state = LeadState::Rejected;
            lead.times.rejected_at = Some(at);
            lead.state_reason = Some(reason.to_owned());
        })?;
        self.say(lead, at, EventKind::LeadRejected, told.actor.clone(), Some(reason));
        Some(at)
    }

    fn accept(&mut self, copy: usize, lead: LeadId, told: &Told, at: Timestamp) {
        self.change(copy, at, |lead| {
            lead.state = LeadState::Accepted;
            lead.times.accepted_at = Some(at);
            "CONTACTED".clone_into(&mut lead.workflow.follow_up_status);
        });
        self.say(lead, at, EventKind::LeadAccepted, told.actor.clone(), None);
        let closed_at = at + self.world.chance.wait(days(5), 0.9);
        if closed_at > self.world.network.moments.now {
            return;
        }
        let lost = self.world.chance.holds(0.68).then(|| self.world.chance.pick(&LOST_FOR));
        self.change(copy, closed_at, |lead| {
            lead.state = if lost.is_some() { LeadState::Lost } else { LeadState::Won };
            lead.times.closed_at = Some(closed_at);
            lead.state_reason = lost.map(str::to_owned);
        });
        let kind = if lost.is_some() { EventKind::LeadLost } else { EventKind::LeadWon };
        self.say(lead, closed_at, kind, told.actor.clone(), lost);
    }

    /// One request in eighty is removed by the admin, and half of those for whom nobody was found, a day or more after
    /// their last change.
    pub(super) fn delete_some(&mut self) {
        let Some(last) = self.copies.len().checked_sub(1) else { return };
        let Some((lead, party)) = self.copies.get(last) else { return };
        let share = if party.is_none() { 0.5 } else { 1.0 / 80.0 };
        let at = lead.times.updated_at + days(1) + self.world.chance.wait(Duration::from_hours(5), 0.8);
        let goes = matches!(lead.state, LeadState::Unassigned | LeadState::Offered | LeadState::Acknowledged);
        if !goes || at > self.world.network.moments.now || !self.world.chance.holds(share) {
            return;
        }
        let reason = self.world.chance.pick(&DELETED_FOR);
        let deleted = self.change(last, at, |lead| {
            lead.state = LeadState::Deleted;
            lead.times.deleted_at = Some(at);
            lead.state_reason = Some(reason.to_owned());
            lead.exception = None;
        });
        let actor = self.world.network.staff.admin().map_or_else(by_baton, |admin| Told::from(admin).actor);
        if let Some(lead) = deleted {
            self.say(lead, at, EventKind::LeadDeleted, actor, Some(reason));
        }
    }

    fn change(&mut self, copy: usize, at: Timestamp, change: impl FnOnce(&mut Lead)) -> Option<LeadId> {
        let (lead, _) = self.copies.get_mut(copy)?;
        change(lead);
        changed(lead, at);
        Some(lead.id)
    }

    /// Whoever acknowledges has opened the link shortly before.
    fn open_link(&mut self, lead: LeadId, told: &Told, at: Timestamp) {
        // The copy's links were made last but for those of its companions, so they are near the end.
        let mut offers = self.rows.offers.iter_mut().rev();
        let Some(offer) = offers.find(|offer| offer.lead == lead && offer.addressee == told.addressee) else { return };
        let opened_at = offer.created_at.max(at - Duration::from_secs(self.world.chance.between(5, 50) as u64));
        offer.opened_at = Some(opened_at);
        self.say(lead, opened_at, EventKind::LinkOpened, told.actor.clone(), None);
    }
}
