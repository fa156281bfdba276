//! Chance by seed: every draw that the demo makes. The same seed draws the same, and no draw ever asks the time.

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Entropy;
use crate::domain::Timestamp;

/// A source of draws.
pub struct Chance(Entropy);

impl Chance {
    /// The same seed gives the same draws.
    pub fn from_seed(seed: u64) -> Self {
        Self(Entropy::from_seed(seed))
    }

    /// From 0 up to, not including, 1.
    pub fn unit(&self) -> f64 {
        self.0.unit()
    }

    /// True in this share of cases, 0 to 1.
    pub fn holds(&self, share: f64) -> bool {
        self.unit() < share
    }

    /// From 0 up to, not including, `count`; 0 for none.
    pub fn below(&self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }

    /// A whole number between the two, both included.
    pub fn between(&self, from: i64, until: i64) -> i64 {
        from + self.below(usize::try_from(until - from + 1).unwrap_or(0)) as i64
    }

    /// One of a list, each as likely; the default of an empty one.
    pub fn pick<T: Copy + Default>(&self, list: &[T]) -> T {
        list.get(self.below(list.len())).copied().unwrap_or_default()
    }

    /// One of a list, each as likely as its weight.
    pub fn weighted<T: Copy + Default>(&self, list: &[(T, f64)]) -> T {
        let mut left = self.unit() * list.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = list.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        found.or(list.last()).map(|(value, _)| *value).unwrap_or_default()
    }

    /// Around `mean`, two thirds of it within `deviation` (Box and Muller 1958).
    pub fn normal(&self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A waiting time: half of them below the median, some much longer, as people answer (log-normal).
    pub fn wait(&self, median: Duration, spread: f64) -> Duration {
        Duration::from_secs_f64((median.as_secs_f64() * self.normal(0.0, spread).exp()).min(1e8))
    }

    /// A new id that sorts by the time it was made.
    pub fn id<Id: From<Uuid>>(&self, at: Timestamp) -> Id {
        self.0.id(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_one_does_not() {
        let draws = |seed| {
            let chance = Chance::from_seed(seed);
            let at = Timestamp::from_micros(1_000_000);
            (chance.unit().to_bits(), chance.between(1, 1_000_000), chance.id::<Uuid>(at), chance.normal(0.0, 1.0))
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }

    #[test]
    fn draws_fall_where_they_should() {
        let chance = Chance::from_seed(7);
        let count = 20_000_usize;
        let mut kinds = [0_usize; 3];
        let (mut sum, mut short) = (0.0, 0_usize);
        for _ in 0..count {
            kinds[chance.weighted(&[(0_usize, 1.0), (1, 2.0), (2, 1.0)])] += 1;
            assert!((3..=5).contains(&chance.between(3, 5)));
            sum += chance.normal(10.0, 2.0);
            short += usize::from(chance.wait(Duration::from_mins(1), 1.2) < Duration::from_mins(1));
        }
        assert!((kinds[1] * 2).abs_diff(count) < count / 20 && kinds[0].abs_diff(kinds[2]) < count / 20, "{kinds:?}");
        assert!((sum / count as f64 - 10.0).abs() < 0.1);
        assert!((short * 2).abs_diff(count) < count / 20, "{short}");
    }
}
