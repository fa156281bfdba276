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
pub struct Entropy(Mutex<Source>);

struct Source {
    random: ChaCha20Rng,
    /// The millisecond of the newest id, and how many were made in it before.
    newest: (u64, u32),
}

impl Entropy {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Self::of(ChaCha20Rng::from_os_rng())
    }

    /// The same seed gives the same values.
    pub fn from_seed(seed: u64) -> Self {
        Self::of(ChaCha20Rng::seed_from_u64(seed))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.source().random.fill_bytes(&mut bytes);
        bytes
    }

    /// A random number from 0 up to, not including, 1.
    pub fn unit(&self) -> f64 {
        (u64::from_le_bytes(self.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A new id that sorts by the time it was made, and within a millisecond by the order in which it was made here: UUIDv7 with a
    /// counter of 26 bits before 48 random ones (RFC 9562, section 6.2, method 1).
    pub fn id<Id: From<Uuid>>(&self, at: Timestamp) -> Id {
        let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
        let (count, tail) = self.source().next(millis);
        // The version takes the first four bits, the variant the first two of the third byte; the counter goes round them.
        let counter = [(count >> 22) & 0x0f, (count >> 14) & 0xff, (count >> 8) & 0x3f, count & 0xff];
        let mut bytes = [0; 10];
        for (byte, part) in bytes.iter_mut().zip(counter.map(|part| part as u8).into_iter().chain(tail)) {
            *byte = part;
        }
        Id::from(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    fn of(random: ChaCha20Rng) -> Self {
        Self(Mutex::new(Source { random, newest: (0, 0) }))
    }

    fn source(&self) -> std::sync::MutexGuard<'_, Source> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Source {
    /// How many ids were made in this millisecond before, and random bytes for the next one.
    fn next(&mut self, millis: u64) -> (u32, [u8; 6]) {
        let count = if self.newest.0 == millis { self.newest.1.wrapping_add(1) } else { 0 };
        self.newest = (millis, count);
        let mut tail = [0; 6];
        self.random.fill_bytes(&mut tail);
        (count, tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::EventId;

    #[test]
    fn ids_sort_by_their_moment_and_then_by_the_order_in_which_they_were_made() {
        let entropy = Entropy::from_seed(1);
        let moments = [0, 1_000, 5_000_000].map(Timestamp::from_micros);
        let made: Vec<EventId> = moments.iter().flat_map(|at| (0..70_000).map(|_| entropy.id(*at))).collect();
        assert!(made.is_sorted(), "an id sorts before an older one");
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(made.iter().all(|id| id.uuid().get_version_num() == 7));
    }

    #[test]
    fn the_same_seed_gives_the_same_values_and_another_gives_others() {
        let values = |seed| (Entropy::from_seed(seed).bytes::<16>(), Entropy::from_seed(seed).unit());
        assert_eq!(values(1), values(1));
        assert_ne!(values(1), values(2));
    }
}
