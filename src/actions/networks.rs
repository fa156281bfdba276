//! The networks kept in memory: one snapshot per tenant, under the version that every write to the network raises.
//!
//! A snapshot is read once, whoever asks, and built off the threads that serve requests. Nobody ever gets one that is older than
//! the version they name.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::domain::dealer::Contact;
use crate::domain::id::{DealerId, InterfaceId, TenantId};
use crate::domain::interface::{CandidateKind, Definition};
use crate::routing::{Network, NetworkParts, Plan};
use crate::store::{Conn, StoreError, categories, contacts, dealers, fields, groups, users};

/// More tenants than this are not all at work at one time.
const TENANTS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
/// Dealers and users of all tenants together: about a kilobyte each.
const CANDIDATES_MAX: usize = 500_000;
/// Compiled interfaces; past it all are compiled anew, which costs milliseconds each.
const PLANS_MAX: usize = 1_000;
/// Below this a network is built faster than a thread is found for it.
const BUILT_INLINE_MAX: usize = 500;

/// The networks of all tenants that were asked for lately.
pub struct Networks {
    slots: Mutex<LruCache<TenantId, Arc<Slot>>>,
    plans: Mutex<HashMap<PlanKey, Arc<Plan>>>,
}

/// An interface and the number of its version.
type PlanKey = (InterfaceId, i64);

/// One tenant's network.
#[derive(Default)]
struct Slot {
    current: Mutex<Option<Arc<Network>>>,
    /// Held by whoever reads the network anew; the others wait for it.
    building: tokio::sync::Mutex<()>,
}

impl Default for Networks {
    fn default() -> Self {
        Self { slots: Mutex::new(LruCache::new(TENANTS_MAX)), plans: Mutex::default() }
    }
}

impl Networks {
    /// The tenant's network at `version` (`Tenant::network_version`, as `conn` reads it), from memory or through `conn`.
    ///
    /// What is read through `conn` may be newer than `version` if it is no transaction that holds the version.
    pub async fn load(&self, conn: &Conn, tenant: TenantId, version: i64) -> Result<Arc<Network>, StoreError> {
        let slot = self.slot(tenant);
        if let Some(network) = slot.at(version) {
            return Ok(network);
        }
        let _building = slot.building.lock().await;
        if let Some(network) = slot.at(version) {
            return Ok(network);
        }
        let parts = read(conn, tenant, version).await?;
        let network = Arc::new(build(parts).await?);
        let before = slot.replace(&network);
        self.forget_plans(before.as_slice());
        self.make_room(tenant);
        Ok(network)
    }

    /// A version of an interface, compiled against a network; `None` if it no longer checks there, because a field that it reads
    /// is gone.
    pub fn plan(
        &self,
        network: &Arc<Network>,
        kind: CandidateKind,
        key: (InterfaceId, i64),
        definition: &Definition,
    ) -> Option<Arc<Plan>> {
        let found = locked(&self.plans).get(&key).filter(|plan| Arc::ptr_eq(plan.network(), network)).cloned();
        if found.is_some() {
            return found;
        }
        let plan = Arc::new(Plan::compile(Arc::clone(network), kind, definition).ok()?);
        let mut plans = locked(&self.plans);
        if plans.len() >= PLANS_MAX {
            plans.clear();
        }
        plans.insert(key, Arc::clone(&plan));
        Some(plan)
    }

    /// How many networks are in memory, and how many dealers and users they have.
    pub fn size(&self) -> (usize, usize) {
        let slots = locked(&self.slots);
        (slots.len(), slots.iter().map(|(_, slot)| slot.candidates()).sum())
    }

    fn slot(&self, tenant: TenantId) -> Arc<Slot> {
        let mut slots = locked(&self.slots);
        let slot = Arc::clone(slots.get_or_insert(tenant, Arc::default));
        drop(slots);
        slot
    }

    /// Lets the networks go that were not asked for the longest, `tenant`'s last of all.
    fn make_room(&self, tenant: TenantId) {
        let mut gone = Vec::new();
        let mut slots = locked(&self.slots);
        slots.promote(&tenant);
        let mut total: usize = slots.iter().map(|(_, slot)| slot.candidates()).sum();
        while total > CANDIDATES_MAX && slots.len() > 1 {
            let Some((_, slot)) = slots.pop_lru() else { break };
            total -= slot.candidates();
            gone.extend(locked(&slot.current).take());
        }
        drop(slots);
        self.forget_plans(&gone);
    }

    /// A plan keeps its network alive, so it goes with it.
    fn forget_plans(&self, gone: &[Arc<Network>]) {
        if !gone.is_empty() {
            locked(&self.plans).retain(|_, plan| !gone.iter().any(|network| Arc::ptr_eq(network, plan.network())));
        }
    }
}

impl Slot {
    fn at(&self, version: i64) -> Option<Arc<Network>> {
        locked(&self.current).as_ref().filter(|network| network.version() == version).cloned()
    }

    /// What was there before, unless it is newer and stays.
    fn replace(&self, network: &Arc<Network>) -> Option<Arc<Network>> {
        let mut current = locked(&self.current);
        if current.as_ref().is_some_and(|current| current.version() > network.version()) {
            return None;
        }
        current.replace(Arc::clone(network))
    }

    fn candidates(&self) -> usize {
        let sizes = |network: &Arc<Network>| {
            network.pool(CandidateKind::Dealer).len() + network.pool(CandidateKind::User).len()
        };
        locked(&self.current).as_ref().map_or(0, sizes)
    }
}

/// INVARIANT: nothing that can panic runs under these locks, so a poisoned one holds sound data all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(conn: &Conn, tenant: TenantId, version: i64) -> Result<NetworkParts, StoreError> {
    let definitions = fields::list_all(conn, tenant).await?;
    let contacts = contacts::list_all(conn, tenant).await?;
    let reachable: HashSet<DealerId> =
        contacts.iter().filter(|contact| contact.can_be_offered()).map(|contact: &Contact| contact.dealer).collect();
    Ok(NetworkParts {
        version,
        dealers: dealers::list_all(conn, tenant).await?,
        reachable,
        users: users::list_all(conn, tenant).await?,
        groups: groups::list_all(conn, tenant).await?,
        memberships: groups::list_memberships(conn, tenant).await?,
        fields: definitions.into_iter().map(|stored| stored.definition).collect(),
        categories: categories::list_all(conn, tenant).await?,
    })
}

async fn build(parts: NetworkParts) -> Result<Network, StoreError> {
    if parts.dealers.len() + parts.users.len() <= BUILT_INLINE_MAX {
        return Ok(Network::build(parts));
    }
    let built = tokio::task::spawn_blocking(|| Network::build(parts)).await;
    built.map_err(|error| StoreError::corrupt("dealers", error))
}
