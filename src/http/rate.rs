//! How many requests a minute one credential may make.
//!
//! Kept in this process's memory: with several servers each allows its own share. It never counts what was refused.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// Idle credentials are forgotten after this many requests, so that memory follows those in use.
const REQUESTS_PER_CLEANING: u32 = 10_000;

/// The server's clock, as the limiter reads it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.0.now().micros()).unwrap_or(0).saturating_mul(1_000))
    }
}

/// A credential has made as many requests as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {allowed} requests in a minute with this credential: try again in {retry_after_seconds} seconds")]
pub struct TooFast {
    /// How many it may make in a minute.
    pub allowed: u64,
    /// After so many seconds the next one is let through.
    pub retry_after_seconds: u64,
}

/// Counts requests by credential.
pub struct Rate {
    per_minute: NonZeroU32,
    clock: Ticks,
    limiter: RateLimiter<String, DashMapStateStore<String>, Ticks, NoOpMiddleware<Nanos>>,
    checked_count: AtomicU32,
}

impl Rate {
    /// Allows `per_minute` requests, at least one, all of which may come at once.
    pub fn new(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let clock = Ticks(clock);
        let limiter = RateLimiter::new(Quota::per_minute(per_minute), DashMapStateStore::default(), clock.clone());
        Self { per_minute, clock, limiter, checked_count: AtomicU32::new(0) }
    }

    /// Counts one request of `credential`, or refuses it.
    pub fn check(&self, credential: &str) -> Result<(), TooFast> {
        if self.checked_count.fetch_add(1, Ordering::Relaxed) % REQUESTS_PER_CLEANING == REQUESTS_PER_CLEANING - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&credential.to_owned()).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let retry_after_seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
            TooFast { allowed: u64::from(self.per_minute.get()), retry_after_seconds }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SetClock;
    use crate::domain::Timestamp;

    // API-5
    #[test]
    fn a_credential_is_refused_above_its_rate_and_allowed_again_when_the_clock_has_moved_on() {
        let clock = Arc::new(SetClock::at(Timestamp::from_micros(1_000_000_000)));
        let rate = Rate::new(3, Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..3 {
            assert_eq!(rate.check("a"), Ok(()));
        }
        assert_eq!(rate.check("a"), Err(TooFast { allowed: 3, retry_after_seconds: 20 }));
        assert_eq!(rate.check("b"), Ok(()), "another credential has its own count");
        clock.advance(Duration::from_secs(20));
        assert_eq!(rate.check("a"), Ok(()));
        assert!(rate.check("a").is_err());
    }
}
