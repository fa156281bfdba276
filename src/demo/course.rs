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
use super::definitions::{Rule, job_for};
use super::market::{Asked, Ranked};
use super::past::World;
use super::rows::{Rows, Said, by_baton, by_job, by_partner};
use crate::domain::decision::{Decision, Outcome};
use crate::domain::event::{EventActor, EventKind};
use crate::domain::id::{DecisionId, InterfaceId, JobId, LeadId};
use crate::domain::job::{Algorithm, Fallback, Job};
use crate::domain::lead::Lead;
use crate::domain::request::Request;
use crate::domain::{Point, Timestamp};

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
    /// The dealers that had it.
    pub(super) chain: Vec<usize>,
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

/// A decision before it is written.
struct Choice<'r> {
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
        let rule = if self.request.point.is_some() { Rule::Nearest } else { Rule::Best { delivering: false } };
        let ranked = world.market.rank(rule, self.asked(&[]));
        let Some(nearest) = ranked.places.first().copied() else {
            self.strand(root, at, &ranked);
            return None;
        };
        let preferred = world.chance.weighted(&[(0, 60.0), (1, 25.0), (2, 15.0)]);
        let named = ranked.places.get(preferred).copied().filter(|_| world.chance.holds(0.6));
        let by = self.request.source.clone();
        let decision = if let Some(place) = named {
            let ranked = world.market.named(place, self.asked(&[]));
            let (outcome, reason) = (Outcome::Assigned, "the partner named this dealer".to_owned());
            self.decide(
                root,
                at,
                Choice { ranked: &ranked, version: None, algorithm: "DIRECT", outcome, job: None, by, reason },
            )
        } else {
            let reason = format!("the nearest of {} dealers that take leads", ranked.matched);
            let version = world.version_of(0, at);
            let outcome = Outcome::Assigned;
            self.decide(
                root,
                at,
                Choice { ranked: &ranked, version, algorithm: "NEAREST", outcome, job: None, by, reason },
            )
        };
        self.place_first(root, at, Party::Dealer(named.unwrap_or(nearest)), (Some(decision.0), decision.1))
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
    fn strand(&mut self, root: LeadId, at: Timestamp, ranked: &Ranked) {
        let reason = "the request has no postal code and no point, so no dealer is within the radius".to_owned();
        let (version, by) = (self.world.version_of(1, at), self.request.source.clone());
        let (outcome, job) = (Outcome::NoCandidate, None);
        self.decide(
            root,
            at,
            Choice { ranked, version, algorithm: "SINGLE", outcome, job, by, reason: reason.clone() },
        );
        let mut lead = self.unassigned(root);
        lead.exception = Some(reason.clone());
        lead.times.updated_at = at;
        self.copies.push((lead, None));
        let said = Said { at, kind: EventKind::LeadException, actor: by_baton(), reason: Some(reason) };
        self.rows.say(self.world.chance, &self.request, root, said);
    }

    /// Hands copies on by the job's rules; answers with the new ones, or none if it ends here.
    fn hand_on(&mut self, from: Range<usize>, due: Timestamp, cause: &Cause) -> Option<Hand> {
        let world = self.world;
        // A worker notices within a second.
        let at = (due + Duration::from_millis(world.chance.between(5, 900) as u64)).min(world.network.moments.now);
        let (parent, round) = self.copies.get(from.start).map(|(lead, _)| (lead.id, lead.round + 1))?;
        let (interface, number, rule) = world.network.definitions.version_at(self.job.interface, at)?;
        let ranked = world.market.rank(rule, self.asked(&self.chain));
        let at_once = if self.job.algorithm == Algorithm::Blast { self.job.blast_size as usize } else { 1 };
        let mut to: Vec<Party> = ranked.places.iter().take(at_once).map(|place| Party::Dealer(*place)).collect();
        let outcome = if !to.is_empty() {
            Outcome::Assigned
        } else if self.job.fallback == Fallback::DefaultDealer && !self.chain.contains(&0) {
            to.push(Party::Dealer(0));
            Outcome::Fallback
        } else {
            Outcome::NoCandidate
        };
        let by_hand = if let Cause::ByHand(actor) = cause { Some(actor.clone()) } else { None };
        let by = by_hand.clone().unwrap_or_else(|| by_job(self.job));
        let choice = Choice {
            ranked: &ranked,
            version: Some((interface, number)),
            algorithm: algorithm_name(self.job.algorithm),
            outcome,
            job: by_hand.is_none().then_some(self.job.id),
            by: by.name.clone(),
            reason: reason(cause, &ranked, outcome),
        };
        let job = choice.job;
        let (decision, reason) = self.decide(parent, at, choice);
        if outcome == Outcome::NoCandidate {
            self.stay(from, at, &reason);
            return None;
        }
        self.take_away(from, at, cause);
        self.job_rounds += 1;
        let exception = (outcome == Outcome::Fallback).then(|| reason.clone());
        let decision = Some(decision);
        let placement = Placement { at, parent: Some(parent), round, decision, job, by, reason, exception };
        self.place(&to, &placement, None)
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
        let again = matches!(self.job.algorithm, Algorithm::RoundRobin | Algorithm::Nearest);
        if self.job_rounds >= if again { self.job.max_rounds } else { 1 } {
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

    fn asked<'c>(&self, chain: &'c [usize]) -> Asked<'c> {
        let from: Option<Point> = self.request.point.map(|(point, _)| point);
        Asked { from, country: self.request.address.country, chain }
    }

    fn decide(&mut self, lead: LeadId, at: Timestamp, choice: Choice<'_>) -> (DecisionId, String) {
        let id = self.world.chance.id(at);
        let reason = choice.reason.clone();
        self.rows.decisions.push(Decision {
            tenant: self.request.tenant,
            id,
            request: self.request.id,
            lead,
            job: choice.job,
            interface: choice.version,
            algorithm: choice.algorithm.to_owned(),
            outcome: choice.outcome,
            decided_at: at,
            decided_by: choice.by,
            inputs: self.inputs(),
            candidates: choice.ranked.candidates.clone(),
            considered: choice.ranked.considered,
            matched: choice.ranked.matched,
            excluded: choice.ranked.excluded.clone(),
            reason: choice.reason,
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

const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Single => "SINGLE",
        Algorithm::Blast => "BLAST",
        Algorithm::RoundRobin => "ROUND_ROBIN",
        Algorithm::Nearest => "NEAREST",
    }
}
