//! The networks kept in memory: one snapshot per tenant, under the version that every write to the network raises in its own
//! transaction.
//!
//! Nobody gets one that is older than the version they name. A preview names the version of the moment, so what it shows is as things
//! are. That a request should find a snapshot ready is the work of [`Networks::refresh`], which builds anew what a write has made stale,
//! away from requests. One who comes sooner waits for that build: there are never two of one tenant at a time. One whose version another
//! write has overtaken meanwhile reads for itself.
//!
//! A hand-over does not wait. It may take [whatever is at hand](Networks::at_hand), be it older than the version that it holds, if it
//! reads those whom it finds there [once more](Networks::part) before it takes one of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lru::LruCache;

use crate::domain::id::{InterfaceId, TenantId};
use crate::domain::interface::{CandidateKind, Definition};
use crate::domain::lead::Recipient;
use crate::routing::{Network, NetworkParts, Plan};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, Store, StoreError, categories, contacts, dealers, fields, groups, tenants, users};

/// Of the memory, one part in so many is for compiled interfaces: they cost milliseconds, a network hundreds of them.
const PLANS_SHARE: usize = 4;
/// Up to this a network is built faster than a thread is found for it, and read as fast as a part of it.
const SMALL_MAX: usize = 500;
/// Rows that are read by their ids at once: well below the 32,766 values that SQLite lets a statement have.
const IDS_AT_ONCE: usize = 5_000;

/// The networks of all tenants that were asked for lately, and the interfaces compiled against them.
pub struct Networks {
    bytes_max: usize,
    slots: Mutex<LruCache<TenantId, Arc<Slot>>>,
    plans: Mutex<LruCache<PlanKey, Arc<Plan>>>,
    counts: Counts,
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

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    builds: AtomicU64,
    build_micros: AtomicU64,
    parts: AtomicU64,
    evictions: AtomicU64,
}

/// How the memory for networks is used, since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworksUsage {
    /// Networks in memory.
    pub networks: usize,
    /// Their bytes.
    pub network_bytes: usize,
    /// Compiled interfaces in memory.
    pub plans: usize,
    /// Their bytes.
    pub plan_bytes: usize,
    /// How often a network was found ready.
    pub hits: u64,
    /// How often one was read and built.
    pub builds: u64,
    /// What the building took in all, the reading not counted, in microseconds.
    pub build_micros: u64,
    /// How often only those were read whom a network of an older version had named.
    pub parts: u64,
    /// How often one left for want of room.
    pub evictions: u64,
}

impl Networks {
    /// Keeps up to so many bytes. What was asked for last always stays, however large it is.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            slots: Mutex::new(LruCache::unbounded()),
            plans: Mutex::new(LruCache::unbounded()),
            counts: Counts::default(),
        }
    }

    /// The tenant's network at `version` (`Tenant::network_version`, as `conn` reads it), from memory or through `conn`.
    ///
    /// What is read through `conn` may be newer than `version` if it is no transaction that holds the version.
    pub async fn load(&self, conn: &Conn, tenant: TenantId, version: i64) -> Result<Arc<Network>, StoreError> {
        let slot = self.slot(tenant);
        if let Some(network) = slot.at(version) {
            self.counts.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(network);
        }
        let _building = slot.building.lock().await;
        if let Some(network) = slot.at(version) {
            self.counts.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(network);
        }
        let network = Arc::new(self.read(conn, tenant, version).await?);
        let before = slot.replace(&network);
        self.forget_plans(before.as_slice());
        self.make_room(tenant);
        Ok(network)
    }

    /// The tenant's network in memory, of whatever version. None while there is none, or only a small one, which costs as little to read
    /// anew as a part of it would.
    pub fn at_hand(&self, tenant: TenantId) -> Option<Arc<Network>> {
        let network = locked(&self.slot(tenant).current).clone()?;
        let people = network.pool(CandidateKind::Dealer).len() + network.pool(CandidateKind::User).len();
        let is_large = people > SMALL_MAX;
        self.counts.hits.fetch_add(u64::from(is_large), Ordering::Relaxed);
        is_large.then_some(network)
    }

    /// A network of these recipients, the dealers of those who are users, and the default dealer, at `version`. It is not kept.
    /// INVARIANT: `conn` is a transaction that holds the version, so all of it is of one moment.
    pub async fn part(
        &self,
        conn: &Conn,
        tenant: TenantId,
        version: i64,
        recipients: &[Recipient],
    ) -> Result<Arc<Network>, StoreError> {
        let network = build(read_part(conn, tenant, version, recipients).await?).await?;
        self.counts.parts.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(network))
    }

    /// Brings the networks in memory up to date, those whose version was raised since; others cost nothing but one short statement.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let known: Vec<(TenantId, i64)> = {
            let slots = locked(&self.slots);
            slots.iter().filter_map(|(tenant, slot)| Some((*tenant, slot.version()?))).collect()
        };
        let ids: Vec<TenantId> = known.iter().map(|(tenant, _)| *tenant).collect();
        for (tenant, version) in tenants::network_versions(store.reader(), &ids).await? {
            if known.contains(&(tenant, version)) {
                continue;
            }
            // Its connection comes first: were the turn to build held while waiting for one, those who wait for the turn with a connection
            // in their hands would wait for ever.
            let seen = store.begin_read().await?;
            let version = tenants::network_version(&seen, tenant, VersionHold::None).await?;
            self.load(&seen, tenant, version).await?;
        }
        Ok(())
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
        plans.put(key, Arc::clone(&plan));
        let mut bytes: usize = plans.iter().map(|(_, plan)| plan.bytes()).sum();
        while bytes > self.bytes_max / PLANS_SHARE && plans.len() > 1 {
            bytes -= plans.pop_lru().map_or(0, |(_, plan)| plan.bytes());
        }
        drop(plans);
        Some(plan)
    }

    /// How the memory is used: for logs and metrics.
    pub fn usage(&self) -> NetworksUsage {
        let (networks, network_bytes) = {
            let slots = locked(&self.slots);
            let built = slots.iter().filter(|(_, slot)| slot.version().is_some());
            let bytes: Vec<usize> = built.map(|(_, slot)| slot.bytes()).collect();
            (bytes.len(), bytes.iter().sum())
        };
        let (plans, plan_bytes) = {
            let plans = locked(&self.plans);
            (plans.len(), plans.iter().map(|(_, plan)| plan.bytes()).sum())
        };
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { hits, builds, build_micros, parts, evictions } = &self.counts;
        NetworksUsage {
            networks,
            network_bytes,
            plans,
            plan_bytes,
            hits: count(hits),
            builds: count(builds),
            build_micros: count(build_micros),
            parts: count(parts),
            evictions: count(evictions),
        }
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
        let mut total: usize = slots.iter().map(|(_, slot)| slot.bytes()).sum();
        while total > self.bytes_max - self.bytes_max / PLANS_SHARE && slots.len() > 1 {
            let Some((_, slot)) = slots.pop_lru() else { break };
            total -= slot.bytes();
            gone.extend(locked(&slot.current).take());
        }
        drop(slots);
        self.counts.evictions.fetch_add(gone.len() as u64, Ordering::Relaxed);
        self.forget_plans(&gone);
    }

    /// A plan keeps its network alive, so it goes with it.
    fn forget_plans(&self, gone: &[Arc<Network>]) {
        let mut plans = locked(&self.plans);
        let is_gone = |plan: &Plan| gone.iter().any(|network| Arc::ptr_eq(network, plan.network()));
        let keys: Vec<PlanKey> = plans.iter().filter(|(_, plan)| is_gone(plan)).map(|(key, _)| *key).collect();
        for key in keys {
            plans.pop(&key);
        }
    }

    async fn read(&self, conn: &Conn, tenant: TenantId, version: i64) -> Result<Network, StoreError> {
        let began = Instant::now();
        let parts = read(conn, tenant, version).await?;
        let read = began.elapsed();
        let network = build(parts).await?;
        let built = began.elapsed().saturating_sub(read);
        self.counts.builds.fetch_add(1, Ordering::Relaxed);
        self.counts.build_micros.fetch_add(u64::try_from(built.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let usage = self.usage();
        tracing::info!(
            tenant.id = %tenant,
            network.version = version,
            dealers = network.pool(CandidateKind::Dealer).len(),
            users = network.pool(CandidateKind::User).len(),
            bytes = network.bytes(),
            read_ms = read.as_millis(),
            build_ms = built.as_millis(),
            ?usage,
            "network built"
        );
        Ok(network)
    }
}

impl Slot {
    fn at(&self, version: i64) -> Option<Arc<Network>> {
        locked(&self.current).as_ref().filter(|network| network.version() == version).cloned()
    }

    fn version(&self) -> Option<i64> {
        locked(&self.current).as_ref().map(|network| network.version())
    }

    /// What was there before, unless it is newer and stays.
    fn replace(&self, network: &Arc<Network>) -> Option<Arc<Network>> {
        let mut current = locked(&self.current);
        if current.as_ref().is_some_and(|current| current.version() > network.version()) {
            return None;
        }
        current.replace(Arc::clone(network))
    }

    fn bytes(&self) -> usize {
        locked(&self.current).as_ref().map_or(0, |network| network.bytes())
    }
}

/// INVARIANT: nothing that can panic runs under these locks, so a poisoned one holds sound data all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(conn: &Conn, tenant: TenantId, version: i64) -> Result<NetworkParts, StoreError> {
    let definitions = fields::list_all(conn, tenant).await?;
    Ok(NetworkParts {
        version,
        dealers: dealers::list_all(conn, tenant).await?,
        reachable: contacts::list_reachable(conn, tenant).await?,
        users: users::list_all(conn, tenant).await?,
        groups: groups::list_all(conn, tenant).await?,
        memberships: groups::list_memberships(conn, tenant).await?,
        fields: definitions.into_iter().map(|stored| stored.definition).collect(),
        categories: categories::list_all(conn, tenant).await?,
    })
}

async fn read_part(
    conn: &Conn,
    tenant: TenantId,
    version: i64,
    recipients: &[Recipient],
) -> Result<NetworkParts, StoreError> {
    let (mut dealer_ids, mut user_ids) = (Vec::new(), Vec::new());
    for recipient in recipients {
        match recipient {
            Recipient::Dealer(id) => dealer_ids.push(*id),
            Recipient::User(id) => user_ids.push(*id),
        }
    }
    let definitions = fields::list_all(conn, tenant).await?;
    let mut parts = NetworkParts {
        version,
        fields: definitions.into_iter().map(|stored| stored.definition).collect(),
        categories: categories::list_all(conn, tenant).await?,
        ..NetworkParts::default()
    };
    for ids in user_ids.chunks(IDS_AT_ONCE) {
        parts.users.extend(users::lookup_many(conn, tenant, ids).await?);
        parts.memberships.extend(groups::list_by_users(conn, tenant, ids).await?);
    }
    if !parts.users.is_empty() {
        parts.groups = groups::list_all(conn, tenant).await?;
    }
    dealer_ids.extend(parts.users.iter().filter_map(|user| user.dealer));
    dealer_ids.extend(dealers::find_default(conn, tenant).await?.map(|dealer| dealer.id));
    dealer_ids.sort_unstable();
    dealer_ids.dedup();
    for ids in dealer_ids.chunks(IDS_AT_ONCE) {
        parts.dealers.extend(dealers::lookup_many(conn, tenant, ids).await?);
        let contacts = contacts::list_by_dealers(conn, tenant, ids).await?;
        parts.reachable.extend(contacts.iter().filter(|one| one.can_be_offered()).map(|one| one.dealer));
    }
    Ok(parts)
}

async fn build(parts: NetworkParts) -> Result<Network, StoreError> {
    if parts.dealers.len() + parts.users.len() <= SMALL_MAX {
        return Ok(Network::build(parts));
    }
    let built = tokio::task::spawn_blocking(|| Network::build(parts)).await;
    built.map_err(|error| StoreError::corrupt("dealers", error))
}
