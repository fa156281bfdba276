//! What a hand-over leaves behind, gathered for many leads and written set by set in one transaction.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::assignment::Assignments;
use crate::domain::decision::Decision;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::id::{JobId, LeadId, OperationId, TenantId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::note::Note;
use crate::domain::offer::Offer;
use crate::domain::rotation::TurnChange;
use crate::store::leads::Expiry;
use crate::store::{Conn, StoreError, assignments, decisions, deliveries, events, leads, notes, offers, rotations};

/// Everything that is to become true at once.
#[derive(Debug, Default)]
pub struct Changes {
    /// Answers to "who gets it".
    pub decisions: Vec<Decision>,
    /// New copies.
    pub copies: Vec<Lead>,
    /// Changed copies, each with the version that was read.
    pub updated: Vec<Lead>,
    /// Copies that are assigned to others than before, each with all of its assignments. They stand among those that are changed, too.
    pub assigned: Vec<(LeadId, Assignments)>,
    /// Copies that are taken away, by reason and by whether they were handed on.
    pub expired: BTreeMap<(String, bool), Vec<LeadId>>,
    /// Copies that no job can act on as things stand.
    pub quieted: Vec<LeadId>,
    /// Copies that jobs look at again, by the moment and that of the warning.
    pub rearmed: BTreeMap<(Timestamp, Option<Timestamp>), Vec<LeadId>>,
    /// Copies whose recipient was warned.
    pub warned: Vec<LeadId>,
    /// Turns in rotations. INVARIANT: the transaction holds their ledgers.
    pub turns: Vec<TurnChange>,
    /// Turns that are given back.
    pub returned: Vec<(JobId, Recipient)>,
    /// Turns that were given back and are had again.
    pub regained: Vec<(JobId, Recipient)>,
    /// Links for new owners.
    pub offers: Vec<Offer>,
    /// Messages.
    pub deliveries: Vec<Delivery>,
    /// Notes on copies.
    pub notes: Vec<Note>,
    /// Copies from which the notes that an operation wrote are taken away.
    pub unnoted: BTreeMap<OperationId, Vec<LeadId>>,
    /// Lines of the timeline.
    pub events: Vec<Event>,
}

impl Changes {
    /// Adds what another hand-over of the same transaction leaves behind.
    pub fn append(&mut self, other: Self) {
        self.decisions.extend(other.decisions);
        self.copies.extend(other.copies);
        self.updated.extend(other.updated);
        self.assigned.extend(other.assigned);
        for (how, ids) in other.expired {
            self.expired.entry(how).or_default().extend(ids);
        }
        self.quieted.extend(other.quieted);
        for (when, ids) in other.rearmed {
            self.rearmed.entry(when).or_default().extend(ids);
        }
        self.warned.extend(other.warned);
        self.turns.extend(other.turns);
        self.returned.extend(other.returned);
        self.regained.extend(other.regained);
        self.offers.extend(other.offers);
        self.deliveries.extend(other.deliveries);
        self.notes.extend(other.notes);
        for (operation, ids) in other.unnoted {
            self.unnoted.entry(operation).or_default().extend(ids);
        }
        self.events.extend(other.events);
    }

    /// Writes all of it. INVARIANT: the caller holds the requests of all copies.
    pub async fn write(self, conn: &Conn, tenant: TenantId, at: Timestamp) -> Result<(), StoreError> {
        decisions::insert(conn, self.decisions).await?;
        // Copies that go make room before those that come: the database allows one holder per request.
        for ((reason, reassigned), ids) in &self.expired {
            leads::expire(conn, tenant, ids, Expiry { at, reason, reassigned: *reassigned }).await?;
        }
        leads::update(conn, &self.updated).await?;
        leads::quiet(conn, tenant, &self.quieted).await?;
        for ((due_at, warn_at), ids) in &self.rearmed {
            leads::rearm_at(conn, tenant, ids, *due_at, *warn_at).await?;
        }
        leads::warned(conn, tenant, &self.warned).await?;
        leads::insert(conn, &self.copies).await?;
        assignments::replace(conn, tenant, &self.assigned).await?;
        assignments::inherit(conn, tenant, &self.copies).await?;
        if !(self.returned.is_empty() && self.regained.is_empty()) {
            // All lines before any is written: each of the three would hold its own in order, but not after those of the one before.
            let taken = self.turns.iter().map(|turn| (turn.job, turn.recipient));
            let moved = self.returned.iter().chain(&self.regained).copied();
            rotations::hold_lines(conn, tenant, taken.chain(moved)).await?;
        }
        rotations::take_turns(conn, tenant, &self.turns, at).await?;
        rotations::give_turns_back(conn, tenant, &self.returned).await?;
        rotations::take_turns_again(conn, tenant, &self.regained).await?;
        offers::insert(conn, &self.offers).await?;
        deliveries::insert(conn, self.deliveries).await?;
        notes::insert(conn, &self.notes).await?;
        for (operation, ids) in &self.unnoted {
            notes::remove_written(conn, tenant, *operation, ids).await?;
        }
        events::insert(conn, self.events).await
    }
}
