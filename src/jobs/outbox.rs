//! The outbox: takes messages that may be sent, sends several at once, writes down how each went (SPEC SEND-2, SEND-4).
//!
//! ```text
//! claim (one statement, a lease) ─▶ weed out ─▶ send, outside any transaction ─▶ record (one transaction for all that ended)
//! ```
//!
//! A message is sent at least once: a worker that dies between sending and recording leaves it to the next one, after the lease, and
//! the receiver can tell the second copy by its Message-ID or key. Mails leave by our own server, and a slow one holds one place of
//! sixteen. Pushes by HTTP go wherever dealers say and have places of their own, of which one address gets few.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::task::JoinSet;

use super::endpoints::{self, Dead};
use super::error::JobError;
use super::parcels::{Packed, pack};
use super::record::record;
use crate::actions::Context;
use crate::delivery::{Answer, DeliveryError, Links, Mailer, Outcome, Outgoing, Parcel, Poster, Rendered, adf, render};
use crate::domain::Timestamp;
use crate::domain::delivery::{Channel, Delivery};
use crate::domain::id::{DeliveryId, LeadId, TenantId};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::message::Message;
use crate::store::deliveries::Claimed;
use crate::store::pushes::Endpoint;
use crate::store::{Scope, StoreError, deliveries, leads, pushes};

/// How long a claimed message is left to its worker: ten times what the slowest try takes.
pub const LEASE: Duration = Duration::from_mins(5);
/// Mails under way at once. A mail server that takes longer than usual still gets a few hundred per minute.
const MAILS_MAX: usize = 16;
/// Pushes under way at once: so many that a dozen addresses which say nothing leave most of the places to the others.
const PUSHES_MAX: usize = 64;

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
    senders: Senders,
    links: Links,
}

/// By what messages leave.
#[derive(Clone)]
pub struct Senders {
    /// Without one, mails wait.
    pub mailer: Option<Mailer>,
    /// Posts to dealers' CRMs. Where it reaches nothing, pushes by HTTP wait.
    pub poster: Poster,
}

/// A message whose try has ended, with the copies that it is about.
pub(super) struct Done {
    pub(super) delivery: Delivery,
    pub(super) about: Vec<Lead>,
    pub(super) answer: Answer,
}

/// Messages of one worker that are under way, and those that ended but are not written down yet.
pub(super) struct UnderWay<'o> {
    outbox: &'o Outbox,
    /// Each a task of its own, so that no try stands still while others are written down; all end with this.
    tries: JoinSet<Done>,
    done: Vec<Done>,
    /// Addresses that what is written down has shown to be dead.
    dead: Vec<Dead>,
    /// Claimed, but nothing came of it: to be handed back.
    unsent: Vec<Delivery>,
    /// How many of the first two are mails, and how many pushes by HTTP.
    mails: usize,
    pushes: usize,
    /// Where the round through the addresses of pushes stands: it goes on from there, so that each has its turn.
    endpoint: Endpoint,
}

impl Outbox {
    /// Sends by `senders` what stands in the store of `context`; links begin as `links` says.
    pub fn new(context: Context, senders: Senders, links: Links) -> Self {
        Self { context, senders, links }
    }

    /// Sends until nothing may be sent any more, and says how that went.
    pub async fn step(&self) -> Result<Posted, JobError> {
        let mut under_way = UnderWay::new(self);
        let mut posted = Posted::default();
        loop {
            let filled = under_way.fill().await?;
            posted += filled;
            if !under_way.is_empty() {
                under_way.next_done().await;
                posted += under_way.record().await?;
            } else if filled.count() == 0 {
                return Ok(posted);
            }
        }
    }

    /// When to look again, beside the end of a try: the earliest moment at which something may be sent. A push that could be sent by now
    /// waits for another one to its address.
    pub(super) async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let (reader, now) = (self.context.store.reader(), self.context.clock.now());
        let mail = if self.senders.mailer.is_some() { deliveries::next_due(reader).await? } else { None };
        let push = if self.senders.poster.reaches_any() { pushes::next_due(reader, now).await? } else { None };
        Ok([mail, push].into_iter().flatten().min())
    }

    /// One try, which always ends.
    fn attempt(
        &self,
        delivery: Delivery,
        about: Vec<Lead>,
        parcel: Option<Box<Parcel>>,
    ) -> impl Future<Output = Done> + Send + use<> {
        let outbox = self.clone();
        async move {
            // Our mistake, not the message's: it waits for a program without it.
            let answer = AssertUnwindSafe(outbox.send(&delivery, parcel.as_deref())).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| not_sent("sending panicked, see the log"));
            Done { delivery, about, answer }
        }
    }

    async fn send(&self, delivery: &Delivery, parcel: Option<&Parcel>) -> Answer {
        let rendered = match (delivery.channel, parcel) {
            (Channel::AdfHttp | Channel::JsonHttp, Some(parcel)) => {
                let now = self.context.clock.now();
                return self.senders.poster.post(delivery.channel, &delivery.address, parcel, now).await;
            }
            (Channel::AdfEmail, Some(parcel)) => document(parcel),
            (Channel::Email, None) => render(&delivery.message, delivery.tenant, &self.links),
            _ => return not_sent("its channel does not fit its message"),
        };
        match (rendered, &self.senders.mailer) {
            (Ok(rendered), Some(mailer)) => {
                let name = delivery.message.recipient().cloned();
                let (to, written_at) = (delivery.address.clone(), delivery.created_at);
                let outcome = mailer.send(Outgoing { delivery: delivery.id, to, name, written_at, rendered }).await;
                match delivery.channel {
                    Channel::AdfEmail => Answer::of(outcome, "the mail to the CRM was not taken"),
                    _ => Answer::open(outcome),
                }
            }
            (Ok(_), None) => not_sent("there is no mail server"),
            (Err(error), _) => not_sent(&error.to_string()),
        }
    }
}

/// For reasons of our own, which may pass.
fn not_sent(reason: &str) -> Answer {
    Answer::ours(Outcome::Retry { after: None, reason: reason.to_owned() })
}

/// The document as a mail: its body, and nothing else.
fn document(parcel: &Parcel) -> Result<Rendered, DeliveryError> {
    Ok(Rendered::plain(format!("Lead {}", parcel.copy.id), adf(parcel)?))
}

impl<'o> UnderWay<'o> {
    pub(super) fn new(outbox: &'o Outbox) -> Self {
        Self {
            outbox,
            tries: JoinSet::new(),
            done: Vec::new(),
            dead: Vec::new(),
            unsent: Vec::new(),
            mails: 0,
            pushes: 0,
            endpoint: Endpoint::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tries.is_empty() && self.done.is_empty() && self.dead.is_empty()
    }

    /// Claims as many messages as there is room for and begins to send them; says how many were cancelled instead.
    pub(super) async fn fill(&mut self) -> Result<Posted, JobError> {
        self.hand_back().await?;
        let mut posted = Posted::default();
        let room = MAILS_MAX.saturating_sub(self.mails);
        if room > 0 && self.outbox.senders.mailer.is_some() {
            let context = &self.outbox.context;
            let claimed = deliveries::claim(context.store.writer(), context.clock.now(), LEASE, room as u64).await?;
            posted += self.begin(claimed).await?;
        }
        let claimed = self.claim_pushes(PUSHES_MAX.saturating_sub(self.pushes) as u64).await?;
        posted += self.begin(claimed).await?;
        Ok(posted)
    }

    /// The next pushes of the round through all addresses, which ends where it began.
    async fn claim_pushes(&mut self, room: u64) -> Result<Claimed, JobError> {
        let context = &self.outbox.context;
        let now = context.clock.now();
        // Where nothing is reached, they wait. A look that finds nothing only reads.
        let may_claim = room > 0 && self.outbox.senders.poster.reaches_any();
        if !may_claim || !pushes::is_any_due(context.store.reader(), now).await? {
            return Ok(Claimed::default());
        }
        let tx = context.store.begin().await?;
        let is_whole_round = self.endpoint == Endpoint::default();
        let mut claimed = pushes::claim(&tx, (now, LEASE), room, &mut self.endpoint).await?;
        let left = room.saturating_sub(claimed.deliveries.len() as u64);
        if left > 0 && !is_whole_round {
            self.endpoint = Endpoint::default();
            let more = pushes::claim(&tx, (now, LEASE), left, &mut self.endpoint).await?;
            claimed.deliveries.extend(more.deliveries);
            claimed.unreadable.extend(more.unreadable);
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Begins to send what was claimed and still makes sense. If that fails, what was claimed is free again, as soon as the database lets us.
    async fn begin(&mut self, claimed: Claimed) -> Result<Posted, JobError> {
        self.unsent.extend(claimed.deliveries.iter().cloned());
        let begun = self.begin_some(claimed).await;
        if begun.is_ok() {
            self.unsent.clear();
        } else if let Err(error) = self.hand_back().await {
            tracing::warn!(%error, "messages could not be handed back yet");
        }
        begun
    }

    /// Hands back what was claimed and not sent.
    async fn hand_back(&mut self) -> Result<(), JobError> {
        let context = &self.outbox.context;
        while let Some(delivery) = self.unsent.last() {
            deliveries::hand_back(context.store.writer(), delivery, context.clock.now()).await?;
            self.unsent.pop();
        }
        Ok(())
    }

    async fn begin_some(&mut self, claimed: Claimed) -> Result<Posted, JobError> {
        let context = &self.outbox.context;
        for (id, error) in &claimed.unreadable {
            tracing::error!(delivery = %id, %error, "a message can't be read, it waits until somebody repairs it");
        }
        let mut found = copies_of(context, &claimed.deliveries).await?;
        let mut packed = pack(context, &claimed.deliveries, &found.copies).await?;
        let mut stale = Vec::new();
        for delivery in claimed.deliveries {
            let about = found.copies.remove(&delivery.id).unwrap_or_default();
            let parcel = match packed.remove(&delivery.id) {
                _ if found.unreadable.contains(&delivery.id) => Packed::unreadable(),
                Some(packed) => packed,
                None => staleness(&delivery.message, &about).map_or(Packed::Mail, Packed::Stale),
            };
            if let Packed::Stale(reason) = parcel {
                stale.push((delivery, reason));
                continue;
            }
            self.unsent.retain(|one| one.id != delivery.id);
            *(if delivery.channel.is_http() { &mut self.pushes } else { &mut self.mails }) += 1;
            match parcel {
                Packed::Parcel(parcel) => drop(self.tries.spawn(self.outbox.attempt(delivery, about, Some(parcel)))),
                Packed::NotNow(outcome) => self.done.push(Done { delivery, about, answer: Answer::ours(outcome) }),
                Packed::Mail | Packed::Stale(_) => drop(self.tries.spawn(self.outbox.attempt(delivery, about, None))),
            }
        }
        let mut posted = Posted::default();
        for (delivery, reason) in stale {
            deliveries::cancel(context.store.writer(), &delivery, reason).await?;
            posted.cancelled += 1;
        }
        Ok(posted)
    }

    /// Waits until a try has ended, and takes along all others that have. Nothing is lost if the wait is cut short.
    pub(super) async fn next_done(&mut self) {
        // A try catches its own panics: each ends with what became of it.
        if self.done.is_empty() {
            self.done.extend(self.tries.join_next().await.into_iter().flatten());
        }
        while let Some(ended) = self.tries.try_join_next() {
            self.done.extend(ended);
        }
    }

    /// Writes down what has ended. If that fails, it is kept and written down with the next.
    pub(super) async fn record(&mut self) -> Result<Posted, JobError> {
        let context = &self.outbox.context;
        let mut posted = Posted::default();
        if !self.done.is_empty() {
            let (recorded, dead) = record(context, &self.done).await?;
            let pushes = self.done.iter().filter(|done| done.delivery.channel.is_http()).count();
            (self.pushes, self.mails) = (self.pushes - pushes, self.mails - (self.done.len() - pushes));
            self.done.clear();
            self.dead.extend(dead);
            posted = recorded;
        }
        while let Some(dead) = self.dead.last_mut() {
            endpoints::end(context, dead).await?;
            self.dead.pop();
        }
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
