//! The only place that asks the time or for randomness. Everything else takes them as arguments.

use std::sync::Mutex;
use std::time::Duration;

use chrono::Utc;
use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use uuid::Uuid;

use crate::domain::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The moment it is now.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the time")]
    fn now(&self) -> Timestamp {
        Utc::now().into()
    }
}

/// A clock that stands until it is set: for tests, where time is an argument.
#[derive(Debug)]
pub struct SetClock(Mutex<Timestamp>);

impl SetClock {
    /// A clock that stands at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves on by `by`.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = *now + by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A source of randomness: the operating system's, or a seed's for a run that must repeat itself.
pub struct Entropy(Mutex<ChaCha20Rng>);

impl Entropy {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Self(Mutex::new(ChaCha20Rng::from_os_rng()))
    }

    /// The same seed gives the same values.
    pub fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A random number from 0 up to, not including, 1.
    pub fn unit(&self) -> f64 {
        (u64::from_le_bytes(self.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A new id that sorts by the time it was made (UUIDv7, RFC 9562).
    pub fn id<Id: From<Uuid>>(&self, at: Timestamp) -> Id {
        let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
        Id::from(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }
}
