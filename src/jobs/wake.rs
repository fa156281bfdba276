//! Wakes the workers of this process when a request may have left work behind.
//!
//! It only saves time: work whose announcement is lost, or that another process made, is found by the next look.

use tokio::sync::Notify;

/// Announces work. A bell that rings while a worker is busy is heard when it rests.
#[derive(Debug, Default)]
pub struct Wake {
    pub(super) due: Notify,
    pub(super) outbox: Notify,
    pub(super) networks: Notify,
}

impl Wake {
    /// There may be work of any kind.
    pub fn ring(&self) {
        self.due.notify_one();
        self.outbox.notify_one();
        self.networks.notify_one();
    }
}
