//! Who would get each lead of a plan: a published interface, or the active dealers by distance, asked for one lead after another, or for
//! all of them together.
//!
//! The network is that of the moment of planning; a run asks nobody again, and only looks whether those who were found may still get
//! leads.

use std::sync::Arc;

use uuid::Uuid;

use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::held::Held;
use crate::actions::loads::loads;
use crate::actions::reassign::interface_settings;
use crate::domain::decision::{Exclusion, Outcome, RankedCandidate};
use crate::domain::id::InterfaceId;
use crate::domain::interface::{CandidateKind, Definition, Direction, LIMIT_MAX, Nulls, Radius, SortLevel};
use crate::domain::job::Algorithm;
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{Answer, ItemReason, Operation, Problem, Target};
use crate::domain::request::Request;
use crate::domain::{InvalidCode, Timestamp};
use crate::routing::{self, Choice, History, Loads, Network, Plan, Question, Settings, Sorted, Subject};
use crate::store::operations::shares::{self, Side};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, interfaces, tenants};

/// Candidates that are stored with a decision beside those up to the chosen one.
const SHOWN_MIN: usize = 10;

/// A lead that is shared out together with others.
pub(super) struct Sharing<'a> {
    pub(super) copy: &'a Lead,
    pub(super) request: &'a Request,
    /// Everybody who has had a copy.
    pub(super) chain: &'a [Recipient],
}

/// A list of candidates that is asked for one lead after another.
pub(super) struct Asking {
    plan: Arc<Plan>,
    loads: Loads,
    interface: Option<(InterfaceId, i64)>,
    /// As reasons name it.
    name: String,
    settings: Settings,
    at: Timestamp,
}

impl Asking {
    /// The active dealers, by distance.
    pub(super) async fn nearest(
        context: &Context,
        conn: &Conn,
        operation: &Operation,
        held: &Held,
    ) -> Result<Self, ActionError> {
        let network = network(context, conn, operation).await?;
        // Nobody's interface, so that its plan is kept among the others'.
        let key = (InterfaceId(Uuid::nil()), 0);
        let plan = context.networks.plan(&network, CandidateKind::Dealer, key, &nearest()).ok_or_else(gone)?;
        let settings = interface_settings(Algorithm::Nearest, 1)?;
        let name = "the active dealers".to_owned();
        Self::of(context, conn, (operation, held), (plan, None, name, settings)).await
    }

    /// An interface's published version.
    pub(super) async fn interface(
        context: &Context,
        conn: &Conn,
        (operation, held): (&Operation, &Held),
        interface: InterfaceId,
        (algorithm, blast_size): (Algorithm, u32),
    ) -> Result<Self, ActionError> {
        let settings = interface_settings(algorithm, blast_size)?;
        let network = network(context, conn, operation).await?;
        let found = interfaces::list_published(conn, operation.tenant, &[interface]).await?;
        let (interface, version) = found.into_iter().next().ok_or_else(gone)?;
        let key = (interface.id, version.number);
        let plan = context.networks.plan(&network, interface.candidate_kind, key, &version.definition);
        let plan = plan.ok_or_else(gone)?;
        let name = format!("`{}`, version {}", interface.name, version.number);
        Self::of(context, conn, (operation, held), (plan, Some(key), name, settings)).await
    }

    /// An interface's published version, or the nearest active dealers, for leads that are shared out together.
    pub(super) async fn balanced(
        context: &Context,
        conn: &Conn,
        (operation, held): (&Operation, &Held),
        interface: Option<InterfaceId>,
    ) -> Result<Self, ActionError> {
        if let Some(interface) = interface {
            let way = (Algorithm::Nearest, 1);
            return Self::interface(context, conn, (operation, held), interface, way).await;
        }
        let network = network(context, conn, operation).await?;
        let key = (InterfaceId(Uuid::nil()), 1);
        let definition = Definition { limit: LIMIT_MAX, ..nearest() };
        let plan = context.networks.plan(&network, CandidateKind::Dealer, key, &definition).ok_or_else(gone)?;
        let settings = interface_settings(Algorithm::Nearest, 1)?;
        let name = format!("the {LIMIT_MAX} nearest active dealers");
        Self::of(context, conn, (operation, held), (plan, None, name, settings)).await
    }

    /// With what recipients have in hand and what the plan so far brings them.
    async fn of(
        context: &Context,
        conn: &Conn,
        (operation, held): (&Operation, &Held),
        (plan, interface, name, settings): (Arc<Plan>, Option<(InterfaceId, i64)>, String, Settings),
    ) -> Result<Self, ActionError> {
        let at = context.clock.now();
        let counts = plan.needs_loads();
        let mut loads = loads(conn, &held.tenant, plan.network(), at, counts).await?;
        if counts {
            for (recipient, leads) in shares::all(conn, (operation.tenant, operation.id), Side::To).await? {
                (0..leads).for_each(|_| loads.add(recipient));
            }
        }
        Ok(Self { plan, loads, interface, name, settings, at })
    }

    /// Who gets this copy, or why nobody does. Those who get it have it for the next question.
    pub(super) fn ask(&mut self, held: &Held, copy: &Lead) -> Result<Result<Answer, Problem>, StoreError> {
        let request = held.request(copy)?;
        let chain: Vec<Recipient> = held.chain(copy.request).iter().filter_map(|other| other.recipient).collect();
        let subject = Subject::new(self.plan.network(), copy, request, &chain);
        let question = Question { subject: &subject, loads: &self.loads, now: self.at };
        let is_nearest = self.settings.algorithm == Algorithm::Nearest;
        let ranking = self.plan.rank(question, if is_nearest { Sorted::ByDistance } else { Sorted::AsDefined });
        let history = History { chain: &chain, holder: copy.recipient, ..History::default() };
        let Choice::Take { recipients, .. } = routing::choose(self.settings, &ranking.recipients(), &history, |_| true)
        else {
            return Ok(Err(self.no_candidate(&ranking)));
        };
        let candidates = self.plan.describe(question, &ranking);
        let targets: Vec<Target> = recipients.iter().map(|recipient| target(*recipient, &candidates)).collect();
        if is_nearest && targets.iter().any(|target| target.distance_km.is_none()) {
            let why = "where the customer is, or every candidate left, is unknown, so none is nearest";
            return Ok(Err(Problem::new(ItemReason::NoCandidate, why)));
        }
        let what = if is_nearest { "the nearest" } else { "the first" };
        let answer = Answer {
            reason: format!("{what} of {} on {}", ranking.matched, self.name),
            interface: self.interface,
            algorithm: self.settings.algorithm.as_str().to_owned(),
            outcome: Outcome::Assigned,
            considered: ranking.considered,
            matched: ranking.matched,
            excluded: ranking.excluded(),
            candidates,
            targets,
        };
        for recipient in recipients {
            self.loads.add(recipient);
        }
        Ok(Ok(answer))
    }
}

impl Asking {
    /// Who is to get each of these leads, shared out together; nobody where nobody can.
    pub(super) fn share_out(&self, leads: &[Sharing<'_>]) -> Vec<Option<Recipient>> {
        let network = self.plan.network();
        let subjects: Vec<Subject<'_>> =
            leads.iter().map(|lead| Subject::new(network, lead.copy, lead.request, lead.chain)).collect();
        self.plan.share_out(&subjects, &self.loads, self.at)
    }

    /// This copy for the recipient to whom it was shared out, or why that can't be.
    pub(super) fn give(
        &mut self,
        held: &Held,
        copy: &Lead,
        to: Option<Recipient>,
    ) -> Result<Result<Answer, Problem>, StoreError> {
        let chain: Vec<Recipient> = held.chain(copy.request).iter().filter_map(|other| other.recipient).collect();
        let subject = Subject::new(self.plan.network(), copy, held.request(copy)?, &chain);
        let question = Question { subject: &subject, loads: &self.loads, now: self.at };
        let mut ranking = self.plan.rank(question, Sorted::AsDefined);
        let Some(recipient) = to else { return Ok(Err(self.nobody(&ranking))) };
        if let Err(exclusion) = self.plan.can_take(question, recipient) {
            return Ok(Err(gone_since(exclusion)));
        }
        // A list that is ordered by what everybody has in hand is another by now, but what was shared out stands.
        let place = ranking.candidates.iter().position(|ranked| ranked.recipient == recipient);
        ranking.candidates.truncate(place.map_or(0, |place| place + 1).max(SHOWN_MIN));
        let candidates = self.plan.describe(question, &ranking);
        let mut target = target(recipient, &candidates);
        if place.is_none() {
            target.distance_km = self.plan.explain(question, recipient).and_then(|explained| explained.distance_km);
        }
        let stands = place.map_or(String::new(), |place| format!("number {} of {}, ", place + 1, ranking.matched));
        let answer = Answer {
            targets: vec![target],
            interface: self.interface,
            algorithm: "BALANCED".to_owned(),
            outcome: Outcome::Assigned,
            considered: ranking.considered,
            matched: ranking.matched,
            excluded: ranking.excluded(),
            candidates,
            reason: format!("{stands}shared out by room and distance over {}", self.name),
        };
        self.loads.add(recipient);
        Ok(Ok(answer))
    }

    fn no_candidate(&self, ranking: &routing::Ranking) -> Problem {
        let text = format!("none of {} that {} has can get it", ranking.considered, self.name);
        Problem::new(ItemReason::NoCandidate, text)
    }

    /// Why a lead was shared out to nobody.
    fn nobody(&self, ranking: &routing::Ranking) -> Problem {
        let full = ranking.excluded().reasons.get(&Exclusion::AtCapacity).copied().unwrap_or(0);
        if ranking.problem.is_some() {
            let text = "where the customer is is unknown, so there is no distance to share it out by";
            return Problem::new(ItemReason::NoCandidate, text);
        }
        if ranking.matched + full == 0 {
            return self.no_candidate(ranking);
        }
        let text = format!(
            "{} of {} can get it, but {full} more are at capacity, and those who are not have no room beside the rest of the plan",
            ranking.matched, self.name
        );
        Problem::new(ItemReason::NoRoom, text)
    }
}

/// Why a lead can't go any more where it was shared out to.
fn gone_since(exclusion: Exclusion) -> Problem {
    match exclusion {
        Exclusion::AtCapacity => Problem::new(
            ItemReason::NoRoom,
            "whoever it was shared out to has got other leads since, and no room any more",
        ),
        _ => Problem::new(ItemReason::TargetGone, "whoever it was shared out to can't get it any more"),
    }
}

fn target(recipient: Recipient, candidates: &[RankedCandidate]) -> Target {
    let found = candidates.iter().find(|candidate| candidate.recipient == recipient);
    Target { recipient, distance_km: found.and_then(|candidate| candidate.distance_km) }
}

async fn network(context: &Context, conn: &Conn, operation: &Operation) -> Result<Arc<Network>, StoreError> {
    let version = tenants::network_version(conn, operation.tenant, VersionHold::None).await?;
    context.networks.load(conn, operation.tenant, version).await
}

/// All active dealers of the lead's country that have not had it.
fn nearest() -> Definition {
    let by_distance =
        SortLevel { expression: "dealer.distance_km".to_owned(), direction: Direction::Asc, nulls: Nulls::Last };
    Definition {
        filter: String::new(),
        radius: Radius::Nearest,
        same_country: true,
        exclude_recipients: true,
        sort: vec![by_distance],
        limit: 1,
    }
}

fn gone() -> ActionError {
    let message = "the interface has no published version that still checks, publish one";
    ActionError::refused("interfaceId", InvalidCode::NotFound, message)
}
