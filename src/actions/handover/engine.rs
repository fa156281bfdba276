//! The engine: for each copy that is to be handed on, who gets it and why. Everything is read before; deciding itself is pure.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::actions::Context;
use crate::actions::held::Held;
use crate::actions::loads::loads;
use crate::domain::Timestamp;
use crate::domain::decision::{Decision, Excluded, Outcome, RankedCandidate};
use crate::domain::event::EventActor;
use crate::domain::id::{InterfaceId, JobId, RequestId};
use crate::domain::interface::{Interface, InterfaceVersion};
use crate::domain::job::{Algorithm, Fallback, Job, Ranking};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::Request;
use crate::routing::{self, Choice, History, Loads, Network, Nobody, Plan, Question, Settings, Sorted, Subject};
use crate::rules::{Checked, Expect, Truth, check};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, decisions, interfaces, tenants};

use super::desk::Placement;
use super::directory::Directory;
use super::eligible::{Condition, Urgency, Verdict, verdict};

/// A published interface, compiled.
pub struct Published {
    /// The interface.
    pub interface: Interface,
    /// Its published version.
    pub version: InterfaceVersion,
    /// Compiled against the network.
    pub plan: Arc<Plan>,
}

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
    /// Whether new owners get mail.
    pub notify: bool,
}

/// What was decided about a copy.
pub struct Decided {
    /// The answer as it is stored.
    pub decision: Decision,
    /// Who gets a copy; empty when nobody does.
    pub placements: Vec<Placement>,
}

/// Everything that deciding reads.
pub struct Engine<'c> {
    context: &'c Context,
    held: &'c Held,
    at: Timestamp,
    by: EventActor,
    network: Arc<Network>,
    loads: Loads,
    published: HashMap<InterfaceId, Published>,
    conditions: HashMap<JobId, Option<Checked>>,
    rankings: HashMap<(RequestId, JobId), Vec<RankedCandidate>>,
    fallbacks: Directory,
}

/// How firmly the engine holds what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmness {
    /// Inside a transaction that will write.
    ToWrite,
    /// Only to look.
    ToLook,
}

impl<'c> Engine<'c> {
    /// Reads what deciding about `held` by the tenant's jobs, and from `more` interfaces, needs.
    pub async fn prepare(
        context: &'c Context,
        conn: &Conn,
        held: &'c Held,
        (at, by): (Timestamp, EventActor),
        more: &[InterfaceId],
        firmness: Firmness,
    ) -> Result<Self, StoreError> {
        let tenant = held.tenant.id;
        let network = hold_network(context, conn, held, firmness).await?;
        let mut wanted: Vec<InterfaceId> =
            held.jobs.iter().map(|job| job.interface).chain(more.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut published = HashMap::new();
        for (interface, version) in interfaces::list_published(conn, tenant, &wanted).await? {
            // What was published was checked; a plan that fails now has lost a field it reads, and the job says so as a skip.
            let key = (interface.id, version.number);
            let Some(plan) = context.networks.plan(&network, interface.candidate_kind, key, &version.definition) else {
                continue;
            };
            published.insert(interface.id, Published { interface, version, plan });
        }
        let needed = published.values().any(|published| published.plan.needs_loads());
        let loads = loads(conn, &held.tenant, &network, at, needed).await?;
        let of_jobs = held.jobs.iter().filter_map(|job| match job.fallback {
            Fallback::User(user) => Some(Recipient::User(user)),
            _ => None,
        });
        let fallbacks: Vec<Recipient> = of_jobs.chain(network.default_dealer().map(Recipient::Dealer)).collect();
        let fallbacks = Directory::load(conn, tenant, &fallbacks).await?;
        let conditions = held.jobs.iter().map(|job| (job.id, condition(&network, job))).collect();
        let rankings = rankings(conn, held).await?;
        Ok(Self { context, held, at, by, network, loads, published, conditions, rankings, fallbacks })
    }

    /// The network that candidates are taken from.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// A published interface.
    pub fn published(&self, id: InterfaceId) -> Option<&Published> {
        self.published.get(&id)
    }

    /// What a job does with a copy now.
    pub fn verdict(&self, job: &Job, copy: &Lead, request: &Request, urgency: Urgency) -> Verdict {
        if !self.published.contains_key(&job.interface) {
            return Verdict::Skip(super::eligible::Skip::NothingPublished);
        }
        let chain = self.held.chain(copy.request);
        verdict(job, (copy, chain), urgency, self.at, || self.condition(job, copy, request))
    }

    /// The way in which a job hands leads on; `None` without a published interface.
    pub fn way<'a>(&'a self, job: &'a Job) -> Option<Way<'a>> {
        let published = self.published.get(&job.interface)?;
        Some(Way {
            published,
            settings: Settings::of(job),
            fallback: job.fallback,
            job: Some(job),
            notify: job.notify.new_owner,
        })
    }

    /// Who gets `copy`. Those who are taken count as having it for the next decision.
    pub fn decide(&mut self, copy: &Lead, request: &Request, job: &Job) -> Result<Decided, StoreError> {
        let missing =
            || StoreError::corrupt("jobs.interface_id", format!("{} has no published version", job.interface));
        let decided = self.answer(copy, request, self.way(job).ok_or_else(missing)?);
        for placement in &decided.placements {
            self.loads.add(placement.recipient);
        }
        Ok(decided)
    }

    /// Who gets `copy` from an interface that somebody named.
    pub fn decide_from(
        &mut self,
        copy: &Lead,
        request: &Request,
        interface: InterfaceId,
        settings: Settings,
        notify: bool,
    ) -> Option<Decided> {
        let published = self.published.get(&interface)?;
        let decided =
            self.answer(copy, request, Way { published, settings, fallback: Fallback::Leave, job: None, notify });
        for placement in &decided.placements {
            self.loads.add(placement.recipient);
        }
        Some(decided)
    }

    fn condition(&self, job: &Job, copy: &Lead, request: &Request) -> Condition {
        let Some(checked) = self.conditions.get(&job.id).and_then(Option::as_ref) else {
            // Blank holds for every lead; one that no longer checks holds for none.
            return if job.condition.trim().is_empty() { Condition::Met } else { Condition::NotMet };
        };
        let chain = self.chain(copy);
        let subject = Subject::new(&self.network, copy, request, &chain);
        match routing::holds(checked, &self.network, &subject, self.at) {
            Truth::True => Condition::Met,
            _ if checked.terms().iter().any(crate::rules::Term::mentions_now) => Condition::NotYet,
            _ => Condition::NotMet,
        }
    }

    fn answer(&self, copy: &Lead, request: &Request, way: Way<'_>) -> Decided {
        let chain = self.chain(copy);
        let subject = Subject::new(&self.network, copy, request, &chain);
        let question = Question { subject: &subject, loads: &self.loads, now: self.at };
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
        let sorted = if way.settings.algorithm == Algorithm::Nearest { Sorted::ByDistance } else { Sorted::AsDefined };
        let ranking = plan.rank(question, sorted);
        let choice =
            routing::choose(way.settings, &ranking.recipients(), &history, |one| plan.can_take(question, one).is_ok());
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
        self.decided((copy, request), way, choice, found)
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
            notify: way.notify,
        };
        let placements = recipients.iter().map(placement).collect();
        let decision = Decision {
            tenant: copy.tenant,
            id,
            request: copy.request,
            lead: copy.id,
            job: way.job.map(|job| job.id),
            interface: Some((way.published.interface.id, way.published.version.number)),
            algorithm: algorithm_name(way.settings.algorithm).to_owned(),
            outcome,
            decided_at: self.at,
            decided_by: self.by.id.clone(),
            inputs: inputs(copy, request, &self.chain(copy)),
            considered: found.considered,
            matched: found.matched,
            excluded: found.excluded,
            candidates: found.candidates,
            reason,
        };
        Decided { decision, placements }
    }

    /// The fallback, unless it has had the request before or is no longer active.
    fn fallback(&self, fallback: Fallback, copy: &Lead) -> Option<Recipient> {
        let recipient = match fallback {
            Fallback::DefaultDealer => Recipient::Dealer(self.network.default_dealer()?),
            Fallback::User(user) => Recipient::User(user),
            Fallback::Leave => return None,
        };
        (self.fallbacks.may_receive(recipient) && !self.chain(copy).contains(&recipient)).then_some(recipient)
    }

    fn chain(&self, copy: &Lead) -> Vec<Recipient> {
        self.held.chain(copy.request).iter().filter_map(|other| other.recipient).collect()
    }
}

/// What a ranking found, or the frozen one that goes on.
struct Found {
    candidates: Vec<RankedCandidate>,
    considered: u64,
    matched: u64,
    excluded: Excluded,
}

/// The network as it is for the rest of the transaction.
async fn hold_network(
    context: &Context,
    conn: &Conn,
    held: &Held,
    firmness: Firmness,
) -> Result<Arc<Network>, StoreError> {
    let tenant = held.tenant.id;
    let now = tenants::network_version(conn, tenant, VersionHold::None).await?;
    let network = context.networks.load(conn, tenant, now).await?;
    if firmness == Firmness::ToLook {
        return Ok(network);
    }
    let hold = if network.has_capacities() { VersionHold::Exclusive } else { VersionHold::Shared };
    let version = tenants::network_version(conn, tenant, hold).await?;
    if version == network.version() { Ok(network) } else { context.networks.load(conn, tenant, version).await }
}

fn condition(network: &Network, job: &Job) -> Option<Checked> {
    if job.condition.trim().is_empty() {
        return None;
    }
    check(&job.condition, network.catalog(), crate::rules::Context::LeadCondition, Expect::Condition).ok()
}

/// The first ranking of each round robin that goes on with it.
async fn rankings(conn: &Conn, held: &Held) -> Result<HashMap<(RequestId, JobId), Vec<RankedCandidate>>, StoreError> {
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

/// The algorithm as decisions name it.
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Single => "SINGLE",
        Algorithm::Blast => "BLAST",
        Algorithm::RoundRobin => "ROUND_ROBIN",
        Algorithm::Nearest => "NEAREST",
    }
}

/// The values of the lead that mattered, so that the decision can be evaluated again. No personal data: decisions outlive erasure.
pub fn inputs(copy: &Lead, request: &Request, chain: &[Recipient]) -> serde_json::Value {
    json!({
        "state": copy.state,
        "round": copy.round,
        "holder": copy.recipient,
        "chain": chain,
        "source": copy.source,
        "brand": copy.brand,
        "country": request.address.country,
        "postalCode": request.address.postal_code,
        "point": request.point.map(|(point, source)| json!({ "lat": point.lat(), "lon": point.lon(), "source": source })),
        "custom": copy.custom,
    })
}

fn reason_of(way: Way<'_>, recipients: &[Recipient], found: &Found) -> String {
    let name = &way.published.interface.name;
    let number = way.published.version.number;
    let rank = |recipient: &Recipient| {
        found.candidates.iter().find(|one| one.recipient == *recipient).map_or(0, |one| one.rank)
    };
    let ranks: Vec<String> = recipients.iter().map(|recipient| format!("number {}", rank(recipient))).collect();
    match way.settings.algorithm {
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
