//! The outbox: takes messages that may be sent, sends several at once, writes down how each went (SPEC SEND-2, SEND-4).
//!
//! ```text
//! claim (one statement, a lease) ─▶ weed out ─▶ send, outside any transaction ─▶ record (one transaction for all that ended)
//! ```
//!
//! A message is sent at least once: a worker that dies between sending and recording leaves it to the next one, after the lease, and
//! the receiver can tell the second copy by its Message-ID. A slow receiver holds one place of sixteen and nobody else's message.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::error::JobError;
use super::record::record;
use crate::actions::Context;
use crate::delivery::{Links, Mailer, Outcome, Outgoing, render};
use crate::domain::delivery::Delivery;
use crate::domain::id::{DeliveryId, LeadId, TenantId};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::message::Message;
use crate::store::{Scope, StoreError, deliveries, leads};

/// How long a claimed message is left to its worker: ten times what the slowest try takes.
pub const LEASE: Duration = Duration::from_mins(5);
/// Messages under way at once. A mail server that takes longer than usual still gets a few hundred per minute.
const UNDER_WAY_MAX: usize = 16;

/// How many messages went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// The receiver took them.
    pub sent: u64,
    /// They will be tried again.
    pub retried: u64,
    /// They were given up.
    pub failed: u64,
    /// They no longer made sense.
    pub cancelled: u64,
    /// Another worker had taken them over meanwhile.
    pub taken_over: u64,
}

impl Posted {
    /// How many in all.
    pub fn count(self) -> u64 {
        self.sent + self.retried + self.failed + self.cancelled + self.taken_over
    }
}

impl std::ops::AddAssign for Posted {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.taken_over += other.taken_over;
    }
}

/// Sends what may be sent.
#[derive(Clone)]
pub struct Outbox {
    pub(super) context: Context,
    mailer: Mailer,
    links: Links,
}

/// A message whose try has ended, with the copies that it is about.
pub(super) struct Done {
    pub(super) delivery: Delivery,
    pub(super) about: Vec<Lead>,
    pub(super) outcome: Outcome,
}

/// Messages of one worker that are under way, and those that ended but are not written down yet.
pub(super) struct UnderWay<'o> {
    outbox: &'o Outbox,
    tries: FuturesUnordered<BoxFuture<'static, Done>>,
    done: Vec<Done>,
}

impl Outbox {
    /// Sends by `mailer` what stands in the store of `context`; links begin as `links` says.
    pub fn new(context: Context, mailer: Mailer, links: Links) -> Self {
        Self { context, mailer, links }
    }

    /// Sends until nothing may be sent any more, and says how that went.
    pub async fn step(&self) -> Result<Posted, JobError> {
        let mut under_way = UnderWay::new(self);
        let mut posted = Posted::default();
        loop {
            posted += under_way.fill().await?;
            if under_way.is_empty() {
                return Ok(posted);
            }
            under_way.next_done().await;
            posted += under_way.record().await?;
        }
    }

    /// One try, which always ends.
    fn attempt(&self, delivery: Delivery, about: Vec<Lead>) -> BoxFuture<'static, Done> {
        let outbox = self.clone();
        async move {
            // Our mistake, not the message's: it waits for a program without it.
            let outcome = AssertUnwindSafe(outbox.send(&delivery))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Outcome::Retry { after: None, reason: "sending panicked, see the log".to_owned() });
            Done { delivery, about, outcome }
        }
        .boxed()
    }

    async fn send(&self, delivery: &Delivery) -> Outcome {
        match render(&delivery.message, delivery.tenant, &self.links) {
            Ok(rendered) => {
                let name = delivery.message.recipient().cloned();
                let (to, written_at) = (delivery.address.clone(), delivery.created_at);
                self.mailer.send(Outgoing { delivery: delivery.id, to, name, written_at, rendered }).await
            }
            Err(error) => Outcome::Retry { after: None, reason: error.to_string() },
        }
    }
}

impl<'o> UnderWay<'o> {
    pub(super) fn new(outbox: &'o Outbox) -> Self {
        Self { outbox, tries: FuturesUnordered::new(), done: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tries.is_empty() && self.done.is_empty()
    }

    /// Claims as many messages as there is room for and begins to send them; says how many were cancelled instead.
    pub(super) async fn fill(&mut self) -> Result<Posted, JobError> {
        let context = &self.outbox.context;
        let mut posted = Posted::default();
        let room = UNDER_WAY_MAX.saturating_sub(self.tries.len() + self.done.len());
        if room == 0 {
            return Ok(posted);
        }
        let claimed = deliveries::claim(context.store.writer(), context.clock.now(), LEASE, room as u64).await?;
        for (id, error) in &claimed.unreadable {
            tracing::error!(delivery = %id, %error, "a message can't be read, it waits until somebody repairs it");
        }
        let mut found = copies_of(context, &claimed.deliveries).await?;
        for delivery in claimed.deliveries {
            if found.unreadable.contains(&delivery.id) {
                let reason = "the lead that it is about can't be read".to_owned();
                self.done.push(Done { delivery, about: Vec::new(), outcome: Outcome::Retry { after: None, reason } });
                continue;
            }
            let about = found.copies.remove(&delivery.id).unwrap_or_default();
            match staleness(&delivery.message, &about) {
                None => self.tries.push(self.outbox.attempt(delivery, about)),
                Some(reason) => {
                    deliveries::cancel(context.store.writer(), &delivery, reason).await?;
                    posted.cancelled += 1;
                }
            }
        }
        Ok(posted)
    }

    /// Waits until a try has ended, and takes along all others that have. Nothing is lost if the wait is cut short.
    pub(super) async fn next_done(&mut self) {
        if self.done.is_empty()
            && let Some(done) = self.tries.next().await
        {
            self.done.push(done);
        }
        while let Some(Some(done)) = self.tries.next().now_or_never() {
            self.done.push(done);
        }
    }

    /// Writes down what has ended. If that fails, it is kept and written down with the next.
    pub(super) async fn record(&mut self) -> Result<Posted, JobError> {
        if self.done.is_empty() {
            return Ok(Posted::default());
        }
        let posted = record(&self.outbox.context, &self.done).await?;
        self.done.clear();
        Ok(posted)
    }
}

/// The copies that messages are about.
#[derive(Default)]
struct About {
    copies: HashMap<DeliveryId, Vec<Lead>>,
    /// Messages about a copy that can't be read.
    unreadable: HashSet<DeliveryId>,
}

/// One statement per tenant; where a copy can't be read, one per message, so that the others still leave.
async fn copies_of(context: &Context, claimed: &[Delivery]) -> Result<About, JobError> {
    let mut by_tenant: HashMap<TenantId, Vec<(DeliveryId, LeadId)>> = HashMap::new();
    for delivery in claimed {
        let of = by_tenant.entry(delivery.tenant).or_default();
        match &delivery.message {
            Message::Digest(mail) => of.extend(mail.leads.iter().map(|lead| (delivery.id, lead.lead))),
            _ => of.extend(delivery.lead.map(|lead| (delivery.id, lead))),
        }
    }
    let mut about = About::default();
    for (tenant, of) in by_tenant {
        match about.read(context, tenant, &of).await {
            Err(StoreError::Corrupt { .. }) => {
                for one in of {
                    match about.read(context, tenant, &[one]).await {
                        Err(error @ StoreError::Corrupt { .. }) => {
                            tracing::error!(lead = %one.1, %error, "a lead can't be read, its message waits");
                            about.unreadable.insert(one.0);
                        }
                        read => read?,
                    }
                }
            }
            read => read?,
        }
    }
    Ok(about)
}

impl About {
    async fn read(
        &mut self,
        context: &Context,
        tenant: TenantId,
        of: &[(DeliveryId, LeadId)],
    ) -> Result<(), StoreError> {
        let ids: Vec<LeadId> = of.iter().map(|(_, lead)| *lead).collect();
        let found = leads::lookup_many(context.store.reader(), &Scope::system(tenant), &ids).await?;
        let found: HashMap<LeadId, Lead> = found.into_iter().map(|copy| (copy.id, copy)).collect();
        for (delivery, lead) in of {
            if let Some(copy) = found.get(lead) {
                self.copies.entry(*delivery).or_default().push(copy.clone());
            }
        }
        Ok(())
    }
}

/// Why a message should not be sent any more: it would offer what the recipient no longer has, or warn of what is over.
fn staleness(message: &Message, about: &[Lead]) -> Option<&'static str> {
    if let Message::Digest(_) = message {
        let is_over = !about.is_empty() && about.iter().all(|copy| copy.state != LeadState::Offered);
        return is_over.then_some("none of the leads waits for an answer any more");
    }
    let copy = about.first()?;
    let gone =
        matches!(copy.state, LeadState::Unassigned | LeadState::Expired | LeadState::Rejected | LeadState::Deleted);
    match message {
        Message::Offer(_) | Message::Status(_) | Message::FreshLink(_) if gone => {
            Some("the lead was taken away before this could be sent")
        }
        Message::Warning(_) if copy.state != LeadState::Offered => Some("the lead no longer waits for an answer"),
        _ => None,
    }
}
