//! Keeps the public keys of `auth.jwks_url` fresh.
//!
//! Former keys stay in use while the provider can't be reached: its outage must not lock everybody out.

use std::time::Duration;

use tokio::sync::watch;

use super::build::App;
use crate::auth::AuthError;
use crate::delivery::{KeysError, fetch_keys};

/// After a failure: a server that starts before its provider should not wait a whole period.
const RETRY_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Fetch(#[from] KeysError),
    #[error(transparent)]
    Keys(#[from] AuthError),
}

impl App {
    /// Fetches the keys now and then again and again, until `stop` becomes true. Ends at once without an address to fetch from.
    pub async fn keep_keys_fresh(&self, mut stop: watch::Receiver<bool>) {
        let Some(url) = &self.config.auth.jwks_url else { return };
        let period = Duration::from_secs(self.config.auth.jwks_refresh_seconds);
        let mut failures = 0_u32;
        loop {
            let pause = match self.refresh_keys(url).await {
                Ok(count) => {
                    if failures > 0 {
                        tracing::info!(keys = count, failures, "public keys are fetched again");
                    }
                    failures = 0;
                    period
                }
                Err(error) => {
                    if failures == 0 {
                        tracing::error!(error = %error, "public keys are not fresh, former ones stay in use");
                    }
                    failures = failures.saturating_add(1);
                    RETRY_AFTER.min(period)
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn refresh_keys(&self, url: &str) -> Result<usize, RefreshError> {
        Ok(self.authenticator.replace_keys(&fetch_keys(url).await?)?)
    }
}
