//! Changes: whose rows have just changed, told after the commit that changed them.
//!
//! A notice names a tenant and nothing else: whoever hears it reads what is new, as far as they may see it. It only saves time: one
//! that is lost is made up for by the listeners' own look at the tables.
//!
//! ```text
//! a write marks its tenant ─▶ commit ─▶ listeners in this process
//!                                   └─▶ wire ─▶ NOTIFY ─▶ listeners in the others
//! ```

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::domain::id::TenantId;

/// Notices that wait for a slow listener; past that it hears [`Change::Unknown`] instead.
const WAITING_MAX: usize = 1_024;

/// Something has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Rows of this tenant, by this process.
    Here(TenantId),
    /// Rows of this tenant, by another process.
    Elsewhere(TenantId),
    /// Perhaps those of any tenant: notices were lost.
    Unknown,
}

/// Where changes are told.
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Change>);

/// Hears of changes from when it was made.
pub struct Listener(broadcast::Receiver<Change>);

/// The tenants whose rows an open transaction has changed.
#[derive(Clone, Default)]
pub(super) struct Touched(Arc<Mutex<BTreeSet<TenantId>>>);

impl Changes {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING_MAX))
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }

    /// Tells every listener of this process.
    pub fn tell(&self, change: Change) {
        // Nobody listens: nobody has to be told.
        let _ = self.0.send(change);
    }
}

impl Listener {
    /// The next change. None when the store is gone.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Unknown),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// A change that is there already.
    pub fn try_next(&mut self) -> Option<Change> {
        match self.0.try_recv() {
            Ok(change) => Some(change),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Change::Unknown),
            Err(_) => None,
        }
    }
}

impl Touched {
    pub(super) fn add(&self, tenant: TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
    }

    /// Tells of them all; only after the commit.
    pub(super) fn tell(&self, changes: &Changes) {
        for tenant in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            changes.tell(Change::Here(tenant));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    // API-7
    #[tokio::test]
    async fn a_transactions_tenants_are_told_once_each_and_a_slow_listener_hears_that_it_missed_some() {
        let changes = Changes::new();
        let mut listener = changes.listen();
        let touched = Touched::default();
        for number in [2, 1, 2] {
            touched.add(tenant(number));
        }
        assert_eq!(listener.try_next(), None, "nothing is told before the commit");
        touched.tell(&changes);
        assert_eq!(listener.next().await, Some(Change::Here(tenant(1))));
        assert_eq!(listener.next().await, Some(Change::Here(tenant(2))));
        assert_eq!(listener.try_next(), None);
        for number in 0..=WAITING_MAX as u128 {
            changes.tell(Change::Elsewhere(tenant(number)));
        }
        assert_eq!(listener.next().await, Some(Change::Unknown));
        assert_eq!(listener.next().await, Some(Change::Elsewhere(tenant(1))));
    }
}
