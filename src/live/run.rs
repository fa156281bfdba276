//! The hub's loop: looks when a change is announced, and once in a while without.
//!
//! It ends only when it is told to; a database that is away costs a look, and the next one reads from where the last good one ended.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::hub::Hub;
use super::tail::Depth;
use crate::domain::id::TenantId;
use crate::store::changes::Listener;
use crate::store::{Change, StoreError};

/// Changes that follow each other closely are looked at together.
const REST_MIN: Duration = Duration::from_millis(20);
/// A look rests for so many times as long as it took: while much is written, following it takes a fifth of a connection at most, and
/// full looks a tenth.
const REST_QUICK: u32 = 4;
const REST_FULL: u32 = 9;

/// What is to be looked at.
#[derive(Default)]
struct Rung {
    tenants: BTreeSet<TenantId>,
    all: bool,
}

impl Hub {
    /// Looks until `stop` becomes true; every `poll` without any announcement.
    pub async fn run(&self, poll: Duration, mut stop: watch::Receiver<bool>) {
        let stopped = async {
            // A sender that is gone will never say stop again: the process is ending.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::select! {
            () = stopped => {}
            () = self.look_on(poll) => {}
        }
    }

    async fn look_on(&self, poll: Duration) {
        let mut listener = self.store.changes().listen();
        let mut full_at = Instant::now() + poll;
        let mut is_away = false;
        loop {
            let rung = Rung::wait(&mut listener, full_at).await;
            let begun = Instant::now();
            let is_full = rung.is_none() || begun >= full_at;
            let looked = match rung {
                Some(rung) if !is_full => rung.look(self).await,
                _ => self.look_at(None, Depth::Full).await,
            };
            let took = begun.elapsed();
            if is_full {
                full_at = Instant::now() + poll.max(took * REST_FULL);
            }
            if let Err(error) = &looked
                && !is_away
            {
                tracing::warn!(error = %error, "changes can't be looked for, trying on");
            }
            is_away = looked.is_err();
            if is_away {
                full_at = Instant::now() + poll;
            }
            sleep(if is_away { poll } else { REST_MIN.max(took * REST_QUICK) }).await;
        }
    }
}

impl Rung {
    /// Waits until a change is announced; none if that took until `full_at`.
    async fn wait(listener: &mut Listener, full_at: Instant) -> Option<Self> {
        let mut rung = Self::default();
        tokio::select! {
            change = listener.next() => rung.add(change.unwrap_or(Change::Unknown)),
            () = sleep_until(full_at.into()) => return None,
        }
        while let Some(change) = listener.try_next() {
            rung.add(change);
        }
        Some(rung)
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Here(tenant) | Change::Elsewhere(tenant) => drop(self.tenants.insert(tenant)),
            Change::Unknown => self.all = true,
        }
    }

    async fn look(self, hub: &Hub) -> Result<(), StoreError> {
        if self.all {
            return hub.look_at(None, Depth::Full).await;
        }
        let tenants: Vec<TenantId> = self.tenants.into_iter().collect();
        hub.look_at(Some(&tenants), Depth::Quick).await
    }
}
