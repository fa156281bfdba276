//! What the engine stands on when it decides: a network, the interfaces compiled against it, and what candidates have in hand.
//!
//! All of it is of one moment. It says nothing of the copies that are decided about, but for the jobs of their tenant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::actions::Context;
use crate::actions::held::Held;
use crate::actions::loads::loads;
use crate::domain::Timestamp;
use crate::domain::id::{InterfaceId, JobId};
use crate::domain::interface::{Interface, InterfaceVersion};
use crate::domain::job::{Fallback, Job};
use crate::domain::lead::Recipient;
use crate::routing::{Loads, Network, Plan};
use crate::rules::{Checked, Expect, check};
use crate::store::{Conn, StoreError, interfaces};

use super::directory::Directory;

/// A published interface, compiled.
#[derive(Clone)]
pub struct Published {
    /// The interface.
    pub interface: Interface,
    /// Its published version.
    pub version: InterfaceVersion,
    /// Compiled against the network.
    pub plan: Arc<Plan>,
}

/// Published interfaces by their ids.
pub(super) type Interfaces = HashMap<InterfaceId, Published>;

/// What deciding stands on.
pub(super) struct Ground {
    pub(super) network: Arc<Network>,
    pub(super) loads: Loads,
    pub(super) published: Interfaces,
    pub(super) conditions: HashMap<JobId, Option<Checked>>,
    pub(super) fallbacks: Directory,
}

impl Ground {
    /// On a network of the version that the transaction holds, or of the moment.
    pub(super) async fn on(
        context: &Context,
        conn: &Conn,
        held: &Held,
        at: Timestamp,
        network: Arc<Network>,
        wanted: &[InterfaceId],
    ) -> Result<Self, StoreError> {
        let published = published(context, conn, held, &network, wanted).await?;
        let needed = needs_loads(&published);
        let loads = loads(conn, &held.tenant, &network, at, needed).await?;
        Self::new(conn, held, network, published, loads).await
    }

    /// Of what was read already.
    pub(super) async fn new(
        conn: &Conn,
        held: &Held,
        network: Arc<Network>,
        published: Interfaces,
        loads: Loads,
    ) -> Result<Self, StoreError> {
        let of_jobs = held.jobs.iter().filter_map(|job| match job.fallback {
            Fallback::User(user) => Some(Recipient::User(user)),
            _ => None,
        });
        let fallbacks: Vec<Recipient> = of_jobs.chain(network.default_dealer().map(Recipient::Dealer)).collect();
        let fallbacks = Directory::load(conn, held.tenant.id, &fallbacks).await?;
        let conditions = held.jobs.iter().map(|job| (job.id, condition(&network, job))).collect();
        Ok(Self { network, loads, published, conditions, fallbacks })
    }
}

/// The published versions of these interfaces, compiled against a network that [`crate::actions::Networks`] keeps.
pub(super) async fn published(
    context: &Context,
    conn: &Conn,
    held: &Held,
    network: &Arc<Network>,
    wanted: &[InterfaceId],
) -> Result<Interfaces, StoreError> {
    let mut published = HashMap::new();
    for (interface, version) in interfaces::list_published(conn, held.tenant.id, wanted).await? {
        // What was published was checked; a plan that fails now has lost a field it reads, and the job says so as a skip.
        let key = (interface.id, version.number);
        let plan = context.networks.plan(network, interface.candidate_kind, key, &version.definition);
        let Some(plan) = plan else { continue };
        published.insert(interface.id, Published { interface, version, plan });
    }
    Ok(published)
}

/// Whether some of these ask what candidates have in hand.
pub(super) fn needs_loads(published: &Interfaces) -> bool {
    published.values().any(|published| published.plan.needs_loads())
}

fn condition(network: &Network, job: &Job) -> Option<Checked> {
    if job.condition.trim().is_empty() {
        return None;
    }
    check(&job.condition, network.catalog(), crate::rules::Context::LeadCondition, Expect::Condition).ok()
}
