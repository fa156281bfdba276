//! The engine: for each copy that is to be handed on, who gets it and why. What it takes is read before; deciding itself is pure.
//!
//! While the network at hand is older than the version that the transaction holds, candidates are found there and looked at again as
//! they are now (see `recheck`). Only if those do not tell who gets a copy, the whole network of that version is waited for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::actions::Context;
use crate::actions::held::Held;
use crate::domain::Timestamp;
use crate::domain::decision::{Decision, Excluded, Outcome, RankedCandidate};
use crate::domain::event::EventActor;
use crate::domain::id::{InterfaceId, JobId, RequestId};
use crate::domain::job::{Algorithm, Fallback, Job, Ranking};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::Request;
use crate::domain::rotation::TurnChange;
use crate::routing::{self, Choice, History, Ledger, Network, Nobody, Question, Settings, Sorted, Subject};
use crate::rules::{Term, Truth};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, decisions, tenants};

use super::desk::{Announce, Placement};
use super::eligible::{Condition, Skip, Urgency, Verdict, verdict};
use super::ground::{Ground, Published};
use super::inputs::{Seen, inputs};
use super::recheck::{Older, Rankings, Recheck, recipients, sorted};
use super::turns::{Ledgers, ledgers};

/// How a copy is handed on.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// From which list.
    pub published: &'a Published,
    /// How many of it, and whether again.
    pub settings: Settings,
    /// Who gets a copy if nobody is on the list.
    pub fallback: Fallback,
    /// By which job, if by one.
    pub job: Option<&'a Job>,
    /// How new owners hear of it.
    pub announce: Announce,
}

/// What was decided about a copy.
pub struct Decided {
    /// The answer as it is stored.
    pub decision: Decision,
    /// Who gets a copy; empty when nobody does.
    pub placements: Vec<Placement>,
    /// What it does to the ledger of a rotation.
    pub turns: Vec<TurnChange>,
}

/// What is to be decided.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// About which copies.
    pub copies: &'a [&'a Lead],
    /// From which interface and how, if not by the tenant's enabled jobs alone.
    pub more: Option<(InterfaceId, Algorithm)>,
}

/// Everything that deciding reads.
pub struct Engine<'c> {
    context: &'c Context,
    conn: &'c Conn,
    held: &'c Held,
    at: Timestamp,
    by: EventActor,
    wanted: Vec<InterfaceId>,
    ground: Ground,
    /// Set while the ground is only the part of the network that an older one named.
    recheck: Option<Recheck>,
    rankings: Rankings,
    /// Who got a lead since the ground was read.
    taken: Vec<Recipient>,
    /// Of the jobs that hand leads out in turn, once they are held.
    ledgers: Ledgers,
}

/// How firmly the engine holds what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmness {
    /// Inside a transaction that will write.
    ToWrite,
    /// Only to look.
    ToLook,
}

/// On whose word a copy is handed on.
#[derive(Clone, Copy)]
enum Order<'j> {
    Job(&'j Job),
    Named { interface: InterfaceId, settings: Settings, announce: Announce },
}

impl<'j> Order<'j> {
    const fn job(&self) -> Option<&'j Job> {
        match self {
            Self::Job(job) => Some(job),
            Self::Named { .. } => None,
        }
    }
}

impl<'c> Engine<'c> {
    /// Reads what deciding about the task's copies needs. `held` holds them all.
    pub async fn prepare(
        context: &'c Context,
        conn: &'c Conn,
        held: &'c Held,
        (at, by): (Timestamp, EventActor),
        task: Task<'_>,
        firmness: Firmness,
    ) -> Result<Self, StoreError> {
        let rankings = rankings(conn, held).await?;
        let wanted = task.interfaces(held);
        let (ground, recheck) = match hold_network(context, conn, held, firmness).await? {
            Hold::Current(network) => (Ground::on(context, conn, held, at, network, &wanted).await?, None),
            Hold::Older(older) => {
                let found = Box::pin(Recheck::make(context, conn, held, at, &older, task, &rankings)).await?;
                if let Some((recheck, ground)) = found {
                    (ground, Some(recheck))
                } else {
                    let network = whole_network(context, conn, held, older.version).await?;
                    (Ground::on(context, conn, held, at, network, &wanted).await?, None)
                }
            }
        };
        let (taken, ledgers) = (Vec::new(), Ledgers::new());
        Ok(Self { context, conn, held, at, by, wanted, ground, recheck, rankings, taken, ledgers })
    }

    /// The same with the ledgers of the tenant's rotations: needed before [`Engine::decide`] is asked for jobs. Apart, since a ledger is
    /// held by one transaction at a time.
    pub async fn with_ledgers(mut self, firmness: Firmness) -> Result<Self, StoreError> {
        self.ledgers = ledgers(self.conn, self.held, &self.ground, self.at, firmness).await?;
        Ok(self)
    }

    /// What a job does with a copy now.
    pub fn verdict(&self, job: &Job, copy: &Lead, request: &Request, urgency: Urgency) -> Verdict {
        if !self.ground.published.contains_key(&job.interface) {
            return Verdict::Skip(Skip::NothingPublished);
        }
        let chain = self.held.chain(copy.request);
        verdict(job, (copy, chain), urgency, self.at, || self.condition(job, copy, request))
    }

    /// Who gets `copy`. Those who are taken count as having it for the next decision.
    pub async fn decide(&mut self, copy: &Lead, request: &Request, job: &Job) -> Result<Decided, StoreError> {
        if job.algorithm == Algorithm::Rotation && !self.ledgers.contains_key(&job.id) {
            return Err(StoreError::corrupt(
                "rotation_members.job_id",
                format!("the ledger of {} is not held", job.id),
            ));
        }
        let decided = self.settle(copy, request, Order::Job(job)).await?;
        decided.ok_or_else(|| {
            StoreError::corrupt("jobs.interface_id", format!("{} has no published version", job.interface))
        })
    }

    /// Who gets `copy` from an interface that somebody named; `None` without a published version.
    pub async fn decide_from(
        &mut self,
        copy: &Lead,
        request: &Request,
        interface: InterfaceId,
        settings: Settings,
        announce: Announce,
    ) -> Result<Option<Decided>, StoreError> {
        self.settle(copy, request, Order::Named { interface, settings, announce }).await
    }

    async fn settle(
        &mut self,
        copy: &Lead,
        request: &Request,
        order: Order<'_>,
    ) -> Result<Option<Decided>, StoreError> {
        let mut ledger = order.job().and_then(|job| self.ledgers.remove(&job.id));
        let mut decided = self.way(order).and_then(|way| self.answer(copy, request, way, ledger.as_mut()));
        if decided.is_none() && self.recheck.take().is_some() {
            // Whom the older network named does not tell who gets it: then nothing less than the whole network does.
            Box::pin(self.widen()).await?;
            decided = self.way(order).and_then(|way| self.answer(copy, request, way, ledger.as_mut()));
        }
        self.ledgers.extend(order.job().map(|job| job.id).zip(ledger));
        for placement in decided.iter().flat_map(|decided| &decided.placements) {
            self.ground.loads.add(placement.recipient);
            self.taken.push(placement.recipient);
        }
        Ok(decided)
    }

    /// Stands on the whole network from here on.
    async fn widen(&mut self) -> Result<(), StoreError> {
        let version = self.ground.network.version();
        let network = whole_network(self.context, self.conn, self.held, version).await?;
        self.ground = Ground::on(self.context, self.conn, self.held, self.at, network, &self.wanted).await?;
        self.taken.iter().for_each(|recipient| self.ground.loads.add(*recipient));
        Ok(())
    }

    fn way<'a>(&'a self, order: Order<'a>) -> Option<Way<'a>> {
        let of = |interface| self.ground.published.get(&interface);
        Some(match order {
            Order::Job(job) => Way {
                published: of(job.interface)?,
                settings: Settings::of(job),
                fallback: job.fallback,
                job: Some(job),
                announce: Announce { by_mail: job.notify.new_owner, to_crm: job.push_to_crm },
            },
            Order::Named { interface, settings, announce } => {
                Way { published: of(interface)?, settings, fallback: Fallback::Leave, job: None, announce }
            }
        })
    }

    fn condition(&self, job: &Job, copy: &Lead, request: &Request) -> Condition {
        let Some(checked) = self.ground.conditions.get(&job.id).and_then(Option::as_ref) else {
            // Blank holds for every lead; one that no longer checks holds for none.
            return if job.condition.trim().is_empty() { Condition::Met } else { Condition::NotMet };
        };
        let chain = self.chain(copy);
        let subject = Subject::new(&self.ground.network, copy, request, &chain);
        match routing::holds(checked, &self.ground.network, &subject, self.at) {
            Truth::True => Condition::Met,
            _ if checked.terms().iter().any(Term::mentions_now) => Condition::NotYet,
            _ => Condition::NotMet,
        }
    }

    /// `None` if those whom an older network named do not tell; the whole network always does.
    fn answer(&self, copy: &Lead, request: &Request, way: Way<'_>, ledger: Option<&mut Ledger>) -> Option<Decided> {
        let chain = self.chain(copy);
        let subject = Subject::new(&self.ground.network, copy, request, &chain);
        let question = Question { subject: &subject, loads: &self.ground.loads, now: self.at };
        let plan = &way.published.plan;
        let frozen = way.job.and_then(|job| self.rankings.get(&(copy.request, job.id)));
        let frozen_ids: Option<Vec<Recipient>> = frozen.map(|ranked| ranked.iter().map(|one| one.recipient).collect());
        let made_by = |other: &&Lead| other.job.is_some() && other.job == way.job.map(|job| job.id);
        let history = History {
            chain: &chain,
            holder: copy.recipient,
            rounds: u32::try_from(self.held.chain(copy.request).iter().filter(made_by).count()).unwrap_or(u32::MAX),
            frozen: frozen_ids.as_deref(),
        };
        let sorted = sorted(way.settings.algorithm);
        let ranking = match &self.recheck {
            Some(recheck) => {
                let key = (copy.id, way.published.interface.id, sorted);
                recheck.rank(plan, question, key, &self.taken)?
            }
            None => plan.rank(question, sorted),
        };
        let mut ranked = ranking.recipients();
        if let Some(ledger) = &ledger {
            ranked.retain(|one| !history.has_had(*one));
            ranked = ledger.order(&ranked);
        }
        let choice = routing::choose(way.settings, &ranked, &history, |one| plan.can_take(question, one).is_ok());
        if self.recheck.is_some() && choice == Choice::Nobody(Nobody::NoCandidate) {
            return None;
        }
        let turns = match (ledger, &choice) {
            (Some(ledger), Choice::Take { recipients, .. }) => {
                recipients.iter().flat_map(|taken| ledger.take(*taken, &ranked)).collect()
            }
            _ => Vec::new(),
        };
        let candidates = match frozen {
            Some(frozen) if !way.settings.ranks_anew(&history) => frozen.clone(),
            _ => plan.describe(question, &ranking),
        };
        let found = Found {
            candidates,
            considered: ranking.considered,
            matched: ranking.matched,
            excluded: ranking.excluded(),
        };
        Some(Decided { turns, ..self.decided((copy, request), way, choice, found) })
    }

    fn decided(&self, (copy, request): (&Lead, &Request), way: Way<'_>, choice: Choice, found: Found) -> Decided {
        let id = self.context.id(self.at);
        let (outcome, recipients, reason, exception) = match choice {
            Choice::Take { recipients, .. } => {
                let reason = reason_of(way, &recipients, &found);
                (Outcome::Assigned, recipients, reason, None)
            }
            Choice::Nobody(nobody) => {
                let why = why_nobody(nobody, way, &found);
                match self.fallback(way.fallback, copy) {
                    Some(recipient) => {
                        (Outcome::Fallback, vec![recipient], format!("{why}; the fallback gets it"), Some(why))
                    }
                    None => (Outcome::NoCandidate, Vec::new(), why, None),
                }
            }
        };
        let placement = |recipient: &Recipient| Placement {
            recipient: *recipient,
            decision: id,
            job: way.job.map(|job| job.id),
            distance_km: found
                .candidates
                .iter()
                .find(|one| one.recipient == *recipient)
                .and_then(|one| one.distance_km),
            reason: reason.clone(),
            exception: exception.clone(),
            announce: way.announce,
        };
        let placements = recipients.iter().map(placement).collect();
        let decision = Decision {
            tenant: copy.tenant,
            id,
            request: copy.request,
            lead: copy.id,
            job: way.job.map(|job| job.id),
            interface: Some((way.published.interface.id, way.published.version.number)),
            algorithm: way.settings.algorithm.as_str().to_owned(),
            outcome,
            decided_at: self.at,
            decided_by: self.by.id.clone(),
            inputs: inputs(copy, request, &self.chain(copy), Some(self.seen())),
            considered: found.considered,
            matched: found.matched,
            excluded: found.excluded,
            candidates: found.candidates,
            reason,
        };
        Decided { decision, placements, turns: Vec::new() }
    }

    /// The fallback, unless it has had the request before or is no longer active.
    fn fallback(&self, fallback: Fallback, copy: &Lead) -> Option<Recipient> {
        let recipient = match fallback {
            Fallback::DefaultDealer => Recipient::Dealer(self.ground.network.default_dealer()?),
            Fallback::User(user) => Recipient::User(user),
            Fallback::Leave => return None,
        };
        (self.ground.fallbacks.may_receive(recipient) && !self.chain(copy).contains(&recipient)).then_some(recipient)
    }

    fn chain(&self, copy: &Lead) -> Vec<Recipient> {
        recipients(self.held.chain(copy.request))
    }

    fn seen(&self) -> Seen {
        let checked = self.ground.network.version();
        Seen { version: self.recheck.as_ref().map_or(checked, Recheck::older), checked }
    }
}

impl Task<'_> {
    pub(super) fn interfaces(&self, held: &Held) -> Vec<InterfaceId> {
        let more = self.more.map(|(interface, _)| interface);
        let mut wanted: Vec<InterfaceId> = held.jobs.iter().map(|job| job.interface).chain(more).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// In which ways a copy may be handed on.
    pub(super) fn ways(&self, held: &Held) -> Vec<(InterfaceId, Sorted)> {
        let jobs = held.jobs.iter().filter(|job| job.enabled).map(|job| (job.interface, job.algorithm));
        jobs.chain(self.more).map(|(interface, algorithm)| (interface, sorted(algorithm))).collect()
    }
}

/// What a ranking found, or the frozen one that goes on.
struct Found {
    candidates: Vec<RankedCandidate>,
    considered: u64,
    matched: u64,
    excluded: Excluded,
}

/// What the transaction has of the network.
enum Hold {
    /// As it is for the rest of the transaction, or, only to look, as it was just now.
    Current(Arc<Network>),
    /// One of an earlier version.
    Older(Older),
}

async fn hold_network(context: &Context, conn: &Conn, held: &Held, firmness: Firmness) -> Result<Hold, StoreError> {
    let tenant = held.tenant.id;
    let hold = |network: &Network| {
        if network.has_capacities() { VersionHold::Exclusive } else { VersionHold::Shared }
    };
    if firmness == Firmness::ToWrite
        && let Some(network) = context.networks.at_hand(tenant)
    {
        let version = tenants::network_version(conn, tenant, hold(&network)).await?;
        let is_current = network.version() == version;
        return Ok(if is_current { Hold::Current(network) } else { Hold::Older(Older { network, version }) });
    }
    let now = tenants::network_version(conn, tenant, VersionHold::None).await?;
    let network = context.networks.load(conn, tenant, now).await?;
    if firmness == Firmness::ToLook {
        return Ok(Hold::Current(network));
    }
    let version = tenants::network_version(conn, tenant, hold(&network)).await?;
    let is_current = network.version() == version;
    Ok(Hold::Current(if is_current { network } else { whole_network(context, conn, held, version).await? }))
}

/// The network at the version that the transaction holds, be it read for this.
async fn whole_network(context: &Context, conn: &Conn, held: &Held, version: i64) -> Result<Arc<Network>, StoreError> {
    let network = context.networks.load(conn, held.tenant.id, version).await?;
    if network.has_capacities() {
        // The one by which the version was held may have had none, and then it is only shared so far.
        tenants::hold_capacities(conn, held.tenant.id).await?;
    }
    Ok(network)
}

/// The first ranking of each round robin that goes on with it.
async fn rankings(conn: &Conn, held: &Held) -> Result<Rankings, StoreError> {
    let frozen = |job: &&Job| job.algorithm == Algorithm::RoundRobin && job.ranking == Ranking::Frozen;
    let jobs: Vec<JobId> = held.jobs.iter().filter(frozen).map(|job| job.id).collect();
    let goes_on = |copy: &&Lead| copy.job.is_some_and(|job| jobs.contains(&job));
    let mut requests: Vec<RequestId> = held.copies().filter(goes_on).map(|copy| copy.request).collect();
    requests.sort_unstable();
    requests.dedup();
    let mut rankings = HashMap::new();
    for decision in decisions::list_by_requests(conn, held.tenant.id, &requests).await? {
        if let Some(job) = decision.job.filter(|job| jobs.contains(job)) {
            rankings.entry((decision.request, job)).or_insert(decision.candidates);
        }
    }
    Ok(rankings)
}

fn reason_of(way: Way<'_>, recipients: &[Recipient], found: &Found) -> String {
    let name = &way.published.interface.name;
    let number = way.published.version.number;
    let rank = |recipient: &Recipient| {
        found.candidates.iter().find(|one| one.recipient == *recipient).map_or(0, |one| one.rank)
    };
    let ranks: Vec<String> = recipients.iter().map(|recipient| format!("number {}", rank(recipient))).collect();
    match way.settings.algorithm {
        Algorithm::Rotation => format!("next in turn of {} on `{name}`, version {number}", found.candidates.len()),
        Algorithm::Nearest => format!("the nearest of {} on `{name}`, version {number}", found.matched),
        _ => format!(
            "{} of {} on `{name}`, version {number}",
            ranks.join(", "),
            found.matched.max(found.candidates.len() as u64)
        ),
    }
}

fn why_nobody(nobody: Nobody, way: Way<'_>, found: &Found) -> String {
    let name = &way.published.interface.name;
    match nobody {
        Nobody::Finished => "the job has done all that its algorithm does".to_owned(),
        Nobody::RoundsUsed => "the job's rounds are used up".to_owned(),
        Nobody::NoCandidate if found.matched > 0 || !found.candidates.is_empty() => {
            format!("no candidate is left on `{name}`, all have had the lead")
        }
        Nobody::NoCandidate => format!("none of {} matches `{name}`", found.considered),
    }
}
