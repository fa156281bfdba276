//! Keeps this process told of changes, and its subscribers: over the wire to other processes, and to the feeds in this one.

use std::time::Duration;

use tokio::sync::watch;

use super::build::App;
use crate::store::wire;

impl App {
    /// Tells other processes of changes made here, and hears of theirs, until `stop` becomes true. Ends at once where there is no wire.
    pub async fn exchange_changes(&self, stop: watch::Receiver<bool>) {
        if self.config.database.notify {
            let origin = u64::from_be_bytes(self.actions.entropy.bytes());
            wire::carry(self.store(), origin, stop).await;
        }
    }

    /// Tells subscribers of changes until `stop` becomes true.
    pub async fn tell_subscribers(&self, stop: watch::Receiver<bool>) {
        self.live.run(Duration::from_millis(self.config.sockets.poll_ms), stop).await;
    }
}
