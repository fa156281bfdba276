//! Who would get each lead of a plan: a published interface, or the active dealers by distance, asked for one lead after another.
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
use crate::domain::decision::Outcome;
use crate::domain::id::InterfaceId;
use crate::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius, SortLevel};
use crate::domain::job::{Algorithm, Ranking};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{Answer, Operation, Target};
use crate::domain::{InvalidCode, Timestamp};
use crate::routing::{self, Choice, History, Loads, Network, Plan, Question, Settings, Sorted, Subject};
use crate::store::operations::shares::{self, Side};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, interfaces, tenants};

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
        let settings =
            Settings { algorithm: Algorithm::Nearest, blast_size: 1, ranking: Ranking::Recomputed, max_rounds: 1 };
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
    pub(super) fn ask(&mut self, held: &Held, copy: &Lead) -> Result<Result<Answer, String>, StoreError> {
        let request = held.request(copy)?;
        let chain: Vec<Recipient> = held.chain(copy.request).iter().filter_map(|other| other.recipient).collect();
        let subject = Subject::new(self.plan.network(), copy, request, &chain);
        let question = Question { subject: &subject, loads: &self.loads, now: self.at };
        let is_nearest = self.settings.algorithm == Algorithm::Nearest;
        let ranking = self.plan.rank(question, if is_nearest { Sorted::ByDistance } else { Sorted::AsDefined });
        let history = History { chain: &chain, holder: copy.recipient, ..History::default() };
        let Choice::Take { recipients, .. } = routing::choose(self.settings, &ranking.recipients(), &history, |_| true)
        else {
            return Ok(Err(format!("none of {} that {} has can get it", ranking.considered, self.name)));
        };
        let candidates = self.plan.describe(question, &ranking);
        let target = |recipient: &Recipient| {
            let found = candidates.iter().find(|candidate| candidate.recipient == *recipient);
            Target { recipient: *recipient, distance_km: found.and_then(|candidate| candidate.distance_km) }
        };
        let targets: Vec<Target> = recipients.iter().map(target).collect();
        if is_nearest && targets.iter().any(|target| target.distance_km.is_none()) {
            let why = "where the customer is, or every candidate left, is unknown, so none is nearest";
            return Ok(Err(why.to_owned()));
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
