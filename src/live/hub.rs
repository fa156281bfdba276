//! The hub: which tenants are followed, and by whom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::feed::{Desk, Feed, Interest};
use super::tail::{Depth, Moment, Tail};
use crate::clock::Clock;
use crate::domain::id::TenantId;
use crate::store::{Store, StoreError};

/// Tells subscribers what is new; one for the whole process.
pub struct Hub {
    pub(super) store: Store,
    clock: Arc<dyn Clock>,
    followed: Mutex<HashMap<TenantId, Arc<Followed>>>,
}

/// A tenant that somebody follows.
#[derive(Default)]
struct Followed {
    desks: Mutex<Vec<Weak<Desk>>>,
    /// None until the first look; one look at a time.
    tail: tokio::sync::Mutex<Option<Tail>>,
}

impl Hub {
    /// Nobody follows anything yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, followed: Mutex::default() }
    }

    /// Follows what interests in a tenant: whatever is committed after this has returned is told. What was committed shortly before may
    /// be told too.
    pub async fn follow(&self, tenant: TenantId, interest: Interest) -> Result<Feed, StoreError> {
        let (feed, desk) = Feed::new(interest);
        let followed = {
            let mut all = self.followed();
            let followed = all.entry(tenant).or_default();
            // INVARIANT: the desk stands before the tail's first look, so that nobody else ends the tail in between.
            followed.desks().push(Arc::downgrade(&desk));
            Arc::clone(followed)
        };
        let mut tail = followed.tail.lock().await;
        if tail.is_none() {
            let moment = self.moment().await?;
            *tail = Some(Tail::new(self.store.reader(), tenant, moment).await?);
        }
        if let (Some(tail), Some(topic)) = (tail.as_mut(), desk.topic()) {
            tail.follow(self.store.reader(), topic).await?;
        }
        desk.counts_from_now();
        Ok(feed)
    }

    /// How many subscribers there are who are told of all that is committed from now on; whoever has only just come is not among them yet.
    pub fn feed_count(&self) -> usize {
        let begun = |followed: &Arc<Followed>| followed.live().iter().filter(|desk| desk.has_begun()).count();
        self.followed().values().map(begun).sum()
    }

    /// Looks at every tenant that is followed, as far back as anything may still appear.
    pub async fn look(&self) -> Result<(), StoreError> {
        self.look_at(None, Depth::Full).await
    }

    /// Looks at those of these tenants that are followed, or at all.
    pub(super) async fn look_at(&self, tenants: Option<&[TenantId]>, depth: Depth) -> Result<(), StoreError> {
        let followed = self.still_followed(tenants);
        if followed.is_empty() {
            return Ok(());
        }
        let moment = self.moment().await?;
        for one in followed {
            one.look(&self.store, moment, depth).await?;
        }
        Ok(())
    }

    /// Those of these tenants, or of all, that somebody still follows; the others are let go.
    fn still_followed(&self, tenants: Option<&[TenantId]>) -> Vec<Arc<Followed>> {
        let mut all = self.followed();
        all.retain(|_, followed| !followed.live().is_empty());
        match tenants {
            Some(tenants) => tenants.iter().filter_map(|tenant| all.get(tenant).cloned()).collect(),
            None => all.values().cloned().collect(),
        }
    }

    async fn moment(&self) -> Result<Moment, StoreError> {
        // The clock is read last: what begins in between is dated later.
        let open = self.store.oldest_transaction().await?;
        Ok(Moment { at: self.clock.now(), open })
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Followed>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn desks(&self) -> MutexGuard<'_, Vec<Weak<Desk>>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are still read; the others are let go.
    fn live(&self) -> Vec<Arc<Desk>> {
        let mut desks = self.desks();
        desks.retain(|desk| desk.strong_count() > 0);
        desks.iter().filter_map(Weak::upgrade).collect()
    }

    async fn look(&self, store: &Store, moment: Moment, depth: Depth) -> Result<(), StoreError> {
        let mut tail = self.tail.lock().await;
        let desks = self.live();
        // Without a tail its first follower is just making one.
        let Some(tail) = tail.as_mut() else { return Ok(()) };
        let topics: Vec<_> = desks.iter().filter_map(|desk| desk.topic()).collect();
        tail.keep(&topics);
        let mut news = Vec::new();
        let looked = tail.look(store.reader(), (moment, depth), &mut news).await;
        if !news.is_empty() {
            for desk in desks {
                desk.tell(&news);
            }
        }
        looked
    }
}
