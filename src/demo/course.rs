//! The course of one request: offered, answered or ignored, handed on, worked on, closed. It follows the states of
//! [`crate::domain::lead`] and the jobs' own rules, and writes nothing that happened after the end of the past.
//!
//! ```text
//! first copy ──answered in time──▶ acknowledged ──▶ accepted ──▶ won | lost
//!     │                                 └──rejected──┐
//!     └──deadline of its job──▶ expired ─────────────┴──▶ next copies, and again
//! ```

use std::ops::Range;
use std::time::Duration;

use serde_json::{Map, json};

use super::customers::{Customer, SOURCE_FLEET};
use super::definitions::job_for;
use super::market::{Ranked, Wanted};
use super::past::World;
use super::rows::{Rows, Said, by_baton, by_job, by_partner};
use crate::domain::decision::{Decision, Outcome};
use crate::domain::event::{EventActor, EventKind};
use crate::domain::id::{DecisionId, InterfaceId, JobId, LeadId};
use crate::domain::job::{Algorithm, Fallback, Job};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::Request;
use crate::domain::{Point, Timestamp};
use crate::routing::{Choice as Chosen, History, Settings, Sorted, choose};

/// Until the jobs were quickened, a lead was taken away after four hours, unless it was older than two days.
const OFFICE_ELAPSED: Duration = Duration::from_hours(4);
const OFFICE_UPPER_AGE: Duration = Duration::from_hours(48);

/// Who has a copy, by place in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A dealer's place.
    Dealer(usize),
    /// A user's place.
    User(usize),
}

/// One request on its way.
pub struct Course<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) rows: &'a mut Rows,
    pub(super) request: Request,
    /// The job that looks after such requests.
    pub(super) job: &'a Job,
    pub(super) custom: Map<String, serde_json::Value>,
    pub(super) copies: Vec<(Lead, Option<Party>)>,
    /// Who had it.
    pub(super) chain: Vec<Recipient>,
    /// How often the job has handed it on.
    pub(super) job_rounds: u32,
}

/// The copies that are out at one time.
pub(super) struct Hand {
    pub(super) copies: Range<usize>,
    pub(super) offered_at: Timestamp,
    /// When the job takes them away, if it ever does.
    pub(super) due_at: Option<Timestamp>,
}

/// How copies come to be.
pub(super) struct Placement {
    pub(super) at: Timestamp,
    pub(super) parent: Option<LeadId>,
    pub(super) round: i64,
    pub(super) decision: Option<DecisionId>,
    pub(super) job: Option<JobId>,
    pub(super) by: EventActor,
    pub(super) reason: String,
    pub(super) exception: Option<String>,
}

/// Why a request moves on.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// Its deadline passed.
    Due,
    /// The recipient gave it back.
    Rejected,
    /// Somebody of the staff saw it waiting.
    ByHand(EventActor),
}

impl Cause {
    fn by_hand(&self) -> Option<EventActor> {
        if let Self::ByHand(actor) = self { Some(actor.clone()) } else { None }
    }
}

/// A decision before it is written.
struct Verdict<'r> {
    ranked: &'r Ranked,
    version: Option<(InterfaceId, i64)>,
    algorithm: &'static str,
    outcome: Outcome,
    job: Option<JobId>,
    by: String,
    reason: String,
}

impl<'a> Course<'a> {
    /// Lets a request run its course, up to the end of the past.
    pub fn run(world: &'a World<'a>, rows: &'a mut Rows, request: Request, customer: &Customer) {
        let place = job_for(&request.source, request.interest.brand.as_deref());
        let Some(job) = world.network.definitions.jobs.get(place) else { return };
        let custom = customer.budget.map(|budget| ("budget".to_owned(), json!(budget))).into_iter().collect();
        let (copies, chain) = (Vec::new(), Vec::new());
        Self { world, rows, request, job, custom, copies, chain, job_rounds: 0 }.go();
    }

    fn go(mut self) {
        let mut hand = self.first();
        while let Some(out) = hand {
            hand = self.next(&out);
        }
        self.delete_some();
        self.rows.requests.push(self.request);
        self.rows.leads.extend(self.copies.into_iter().map(|(lead, _)| lead));
    }

    fn next(&mut self, out: &Hand) -> Option<Hand> {
        if let Some((copy, at)) = self.answer(out) {
            let given_back = self.acknowledged(copy, at, out)?;
            return self.hand_on(copy..copy + 1, given_back, &Cause::Rejected);
        }
        match out.due_at {
            Some(due) if due <= self.world.network.moments.now => self.hand_on(out.copies.clone(), due, &Cause::Due),
            Some(due) => {
                self.arm(out.copies.clone(), due);
                None
            }
            None => {
                let (at, by) = self.world.seen_waiting(out.offered_at)?;
                self.hand_on(out.copies.clone(), at, &Cause::ByHand(by))
            }
        }
    }

    /// The first copy: to the dealer that the partner named, to the nearest one, to a salesperson, or to nobody.
    fn first(&mut self) -> Option<Hand> {
        let (world, received_at) = (self.world, self.request.received_at);
        let root: LeadId = world.chance.id(received_at);
        let actor = by_partner(&self.request);
        let said = Said { at: received_at, kind: EventKind::LeadReceived, actor, reason: None };
        self.rows.say(world.chance, &self.request, root, said);
        let at = received_at + Duration::from_millis(world.chance.between(40, 900) as u64);
        if self.request.source == SOURCE_FLEET
            && let Some(place) = world.salesperson()
        {
            let reason = "the fleet desk's own people come first".to_owned();
            return self.place_first(root, at, Party::User(place), (None, reason));
        }
        let lead = self.unassigned(root);
        let definitions = &world.network.definitions;
        let interface = if self.request.point.is_some() { definitions.nearest() } else { definitions.best() };
        let (version, published) = definitions.version_at(interface?.id, at)?;
        let ranked = world.market.rank(version, self.wanted(&lead, at), Sorted::AsDefined);
        let by_rank = ranked.recipients();
        let Some(nearest) = by_rank.first().copied() else {
            self.strand(lead, at, &ranked, (published.interface, published.number));
            return None;
        };
        let preferred = world.chance.weighted(&[(0, 60.0), (1, 25.0), (2, 15.0)]);
        let named = by_rank.get(preferred).copied().filter(|_| world.chance.holds(0.6));
        let to = world.market.party(named.unwrap_or(nearest))?;
        let outcome = Outcome::Assigned;
        let by = self.request.source.clone();
        let why = if let (Some(_), Party::Dealer(place)) = (named, to) {
            let ranked = world.market.named(world.network, place, &self.request);
            let reason = "the partner named this dealer".to_owned();
            let algorithm = "DIRECT";
            self.decide(root, at, Verdict { ranked: &ranked, version: None, algorithm, outcome, job: None, by, reason })
        } else {
            let reason = format!("the nearest of {} dealers that take leads", ranked.matched);
            let version = Some((published.interface, published.number));
            let algorithm = "NEAREST";
            self.decide(root, at, Verdict { ranked: &ranked, version, algorithm, outcome, job: None, by, reason })
        };
        self.place_first(root, at, to, (Some(why.0), why.1))
    }

    fn place_first(
        &mut self,
        root: LeadId,
        at: Timestamp,
        to: Party,
        why: (Option<DecisionId>, String),
    ) -> Option<Hand> {
        let (by, (decision, reason)) = (by_partner(&self.request), why);
        let placement = Placement { at, parent: None, round: 0, decision, job: None, by, reason, exception: None };
        self.place(&[to], &placement, Some(root))
    }

    /// Nobody can be found: the lead waits among the exceptions.
    fn strand(&mut self, mut lead: Lead, at: Timestamp, ranked: &Ranked, version: (InterfaceId, i64)) {
        let reason = "the request has no postal code and no point, so no dealer is within the radius".to_owned();
        let (by, version) = (self.request.source.clone(), Some(version));
        let (outcome, job) = (Outcome::NoCandidate, None);
        let algorithm = "SINGLE";
        self.decide(lead.id, at, Verdict { ranked, version, algorithm, outcome, job, by, reason: reason.clone() });
        self.say(lead.id, at, EventKind::LeadException, by_baton(), Some(&reason));
        lead.exception = Some(reason);
        lead.times.updated_at = at;
        self.copies.push((lead, None));
    }

    /// Hands copies on by the job's rules; answers with the new ones, or none if it ends here.
    fn hand_on(&mut self, from: Range<usize>, due: Timestamp, cause: &Cause) -> Option<Hand> {
        let world = self.world;
        // A worker notices within a second.
        let at = (due + Duration::from_millis(world.chance.between(5, 900) as u64)).min(world.network.moments.now);
        let old = self.copies.get(from.start).map(|(lead, _)| lead.clone())?;
        let (version, published) = world.network.definitions.version_at(self.job.interface, at)?;
        let sorted = if self.job.algorithm == Algorithm::Nearest { Sorted::ByDistance } else { Sorted::AsDefined };
        let ranked = world.market.rank(version, self.wanted(&old, at), sorted);
        let (mut to, by_hand) = (self.chosen(&old, &ranked, cause), cause.by_hand());
        let outcome = self.outcome(&mut to);
        let by = by_hand.clone().unwrap_or_else(|| by_job(self.job));
        let job = by_hand.is_none().then_some(self.job.id);
        let verdict = Verdict {
            ranked: &ranked,
            version: Some((published.interface, published.number)),
            algorithm: self.job.algorithm.as_str(),
            outcome,
            job,
            by: by.name.clone(),
            reason: reason(cause, &ranked, outcome),
        };
        let (decision, reason) = self.decide(old.id, at, verdict);
        if outcome == Outcome::NoCandidate {
            self.stay(from, at, &reason);
            return None;
        }
        self.take_away(from, at, cause);
        self.job_rounds += 1;
        let exception = (outcome == Outcome::Fallback).then(|| reason.clone());
        let (parent, round, decision) = (Some(old.id), old.round + 1, Some(decision));
        self.place(&to, &Placement { at, parent, round, decision, job, by, reason, exception }, None)
    }

    /// Whom the job's algorithm takes. What a person hands on goes to the first, whatever the job did before.
    fn chosen(&self, old: &Lead, ranked: &Ranked, cause: &Cause) -> Vec<Party> {
        let rounds = if matches!(cause, Cause::Due) { self.job_rounds } else { 0 };
        let settings = Settings::of(self.job);
        let settings =
            if cause.by_hand().is_some() { Settings { algorithm: Algorithm::Single, ..settings } } else { settings };
        let history = History { chain: &self.chain, holder: old.recipient, rounds, frozen: None };
        match choose(settings, &ranked.recipients(), &history, |_| true) {
            Chosen::Take { recipients, .. } => {
                recipients.into_iter().filter_map(|recipient| self.world.market.party(recipient)).collect()
            }
            Chosen::Nobody(_) => Vec::new(),
        }
    }

    /// How it comes out; without anybody the default dealer steps in, once, if the job says so.
    fn outcome(&self, to: &mut Vec<Party>) -> Outcome {
        if !to.is_empty() {
            return Outcome::Assigned;
        }
        let fallback = Party::Dealer(0);
        let had = self.world.recipient(fallback).is_none_or(|recipient| self.chain.contains(&recipient));
        if had || self.job.fallback != Fallback::DefaultDealer {
            return Outcome::NoCandidate;
        }
        to.push(fallback);
        Outcome::Fallback
    }

    /// The first answer that comes in time: to which copy, and when.
    fn answer(&self, hand: &Hand) -> Option<(usize, Timestamp)> {
        let now = self.world.network.moments.now;
        let until = hand.due_at.unwrap_or(now).min(now);
        let answers = hand.copies.clone().filter_map(|copy| {
            let party = self.copies.get(copy)?.1?;
            let at = self.world.answer_at(party, hand.offered_at)?;
            (at < until).then_some((copy, at))
        });
        answers.min_by_key(|(_, at)| *at)
    }

    /// When the job takes away what is offered now.
    pub(super) fn deadline(&self, offered_at: Timestamp) -> Option<Timestamp> {
        let history = History { rounds: self.job_rounds, ..History::default() };
        if Settings::of(self.job).spent(&history).is_some() {
            return None;
        }
        let (received_at, quickened) = (self.request.received_at, self.world.network.moments.quickened);
        let in_office = offered_at + OFFICE_ELAPSED;
        if in_office <= quickened {
            return (in_office <= received_at + OFFICE_UPPER_AGE).then_some(in_office);
        }
        // When the jobs were quickened, what had waited longer than they now allow fell due at once.
        let due = (offered_at + self.job.elapsed).max(quickened);
        (due <= received_at + self.job.upper_age).then_some(due)
    }

    fn wanted<'c>(&'c self, lead: &'c Lead, at: Timestamp) -> Wanted<'c> {
        Wanted { lead, request: &self.request, chain: &self.chain, at }
    }

    fn decide(&mut self, lead: LeadId, at: Timestamp, verdict: Verdict<'_>) -> (DecisionId, String) {
        let id = self.world.chance.id(at);
        let reason = verdict.reason.clone();
        self.rows.decisions.push(Decision {
            tenant: self.request.tenant,
            id,
            request: self.request.id,
            lead,
            job: verdict.job,
            interface: verdict.version,
            algorithm: verdict.algorithm.to_owned(),
            outcome: verdict.outcome,
            decided_at: at,
            decided_by: verdict.by,
            inputs: self.inputs().to_string(),
            candidates: verdict.ranked.candidates.clone(),
            considered: verdict.ranked.considered,
            matched: verdict.ranked.matched,
            excluded: verdict.ranked.excluded.clone(),
            reason: verdict.reason,
        });
        (id, reason)
    }

    /// What of the request mattered.
    fn inputs(&self) -> serde_json::Value {
        let (request, point) = (&self.request, self.request.point.map(|(point, _)| point));
        json!({
            "source": request.source,
            "brand": request.interest.brand,
            "country": request.address.country,
            "postalCode": request.address.postal_code,
            "lat": point.map(Point::lat),
            "lon": point.map(Point::lon),
        })
    }
}

fn reason(cause: &Cause, ranked: &Ranked, outcome: Outcome) -> String {
    let because = match cause {
        Cause::Due => "not acknowledged in time",
        Cause::Rejected => "given back",
        Cause::ByHand(_) => "waited too long and was handed on by hand",
    };
    match outcome {
        Outcome::Assigned => format!("{because}; first of {} that match", ranked.matched),
        Outcome::Fallback => format!("{because}; no dealer matches, so it goes to the default dealer"),
        Outcome::NoCandidate => format!("{because}; no dealer matches and there is nobody to fall back on"),
    }
}
