//! Wakes the workers of this process when somebody, here or in another process, may have left work behind.
//!
//! It only saves time: work whose announcement is lost is found by the next look.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::store::changes::Listener;

/// Changes that follow each other closely wake once: other processes make more of them than there is work here.
const REST: Duration = Duration::from_millis(50);

/// Announces work. A bell that rings while a worker is busy is heard when it rests.
#[derive(Debug, Default)]
pub struct Wake {
    pub(super) due: Notify,
    pub(super) outbox: Notify,
    pub(super) networks: Notify,
    pub(super) operations: Notify,
}

impl Wake {
    /// Rings whenever something has changed.
    pub(super) async fn heed(&self, mut changes: Listener) {
        while changes.next().await.is_some() {
            self.ring();
            sleep(REST).await;
            let mut more = false;
            while changes.try_next().is_some() {
                more = true;
            }
            if more {
                self.ring();
            }
        }
    }

    /// There may be work of any kind.
    pub fn ring(&self) {
        self.due.notify_one();
        self.outbox.notify_one();
        self.networks.notify_one();
        self.operations.notify_waiters();
        self.operations.notify_one();
    }
}
