//! A loop's patience: how long to wait after failures, and one log line when trouble begins and one when it is over.

use std::time::Duration;

use super::error::JobError;

/// Doubles up to this: a database that comes back is noticed within five seconds.
const PAUSE_MAX: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(100);

pub(super) struct Trouble {
    work: &'static str,
    failures: u32,
}

impl Trouble {
    pub(super) fn new(work: &'static str) -> Self {
        Self { work, failures: 0 }
    }

    /// Notes a failure and says how long to wait: 0.1, 0.2, 0.4 … 5 seconds.
    pub(super) fn begins(&mut self, error: &JobError) -> Duration {
        if self.failures == 0 {
            if error.is_unavailable() {
                tracing::warn!(work = self.work, error = %error, "the database can't be reached, trying on");
            } else {
                tracing::error!(work = self.work, error = %error, "work failed, trying on");
            }
        }
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// Notes a success.
    pub(super) fn is_over(&mut self) {
        if self.failures > 0 {
            tracing::info!(work = self.work, failures = self.failures, "work goes on");
        }
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_five_seconds_and_starts_over_after_a_success() {
        let mut trouble = Trouble::new("tests");
        let pauses: Vec<u128> = (0..8).map(|_| trouble.begins(&JobError::Panicked).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        trouble.is_over();
        assert_eq!(trouble.begins(&JobError::Panicked), PAUSE_MIN);
    }
}
