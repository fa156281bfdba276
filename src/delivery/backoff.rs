//! When to try again: exponential backoff with full jitter, three days in all.
//!
//! It asks neither a clock nor for randomness: both come as arguments, so that a schedule can be tested.
//!
//! After try number n, the wait is a random share of a ceiling that doubles and then stays:
//!
//! ```text
//! try      1    2    3    4    5    6    7    8     9     10    11 and later
//! ceiling  30s  1m   2m   4m   8m   16m  32m  64m   2h08  4h16  6h
//! mean     15s  30s  1m   2m   4m   8m   16m  32m   1h04  2h08  3h           about 33 tries in three days
//! ```
//!
//! A lead waits for a person, so the first tries come fast; a receiver that was away comes back to tries that are
//! spread over the whole ceiling, not to all of them at once. A receiver that names a time (`Retry-After`) is
//! left alone until then. The last try is at three days exactly.

use std::time::Duration;

use crate::domain::Timestamp;

/// Mail servers give up after 4 to 5 days (RFC 5321, section 4.5.4.1); a lead that has waited for three is cold.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(72);

const FIRST_CEILING: Duration = Duration::from_secs(30);
const LAST_CEILING: Duration = Duration::from_hours(6);

/// Jitter may draw zero; a receiver that just refused is not asked again within the same second.
const WAIT_MIN: Duration = Duration::from_secs(1);

/// What has been tried so far.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// How many tries there were, the one that just failed included.
    pub attempt_count: u32,
    /// When the first one was.
    pub first_at: Timestamp,
    /// When the latest one ended.
    pub now: Timestamp,
    /// How long the receiver asked to be left alone.
    pub after: Option<Duration>,
}

/// When to try again, or `None` to give up: the delivery has failed. `unit` is a random number from 0 up to 1.
pub fn next_attempt(tried: Tried, unit: f64) -> Option<Timestamp> {
    let last_at = tried.first_at + GIVE_UP_AFTER;
    if tried.now >= last_at {
        return None;
    }
    let jittered = ceiling(tried.attempt_count).mul_f64(unit.clamp(0.0, 1.0)).max(WAIT_MIN);
    match tried.after {
        // Asked to stay away until after the end: a try before would be refused, one after comes too late.
        Some(asked) if tried.now + asked > last_at => None,
        Some(asked) => Some((tried.now + asked.max(jittered)).min(last_at)),
        None => Some((tried.now + jittered).min(last_at)),
    }
}

fn ceiling(attempt_count: u32) -> Duration {
    let doublings = attempt_count.saturating_sub(1).min(16);
    (FIRST_CEILING * 2_u32.pow(doublings)).min(LAST_CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_000_000_000_000_000);

    fn tried(attempt_count: u32, now: Timestamp) -> Tried {
        Tried { attempt_count, first_at: START, now, after: None }
    }

    // SEND-2
    #[test]
    fn the_ceilings_are_those_of_the_table() {
        let seconds = [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600];
        for (attempt, ceiling) in (1..).zip(seconds) {
            let next = next_attempt(tried(attempt, START), 1.0).unwrap();
            assert_eq!(next.since(START), Duration::from_secs(ceiling), "try {attempt}");
            let half = next_attempt(tried(attempt, START), 0.5).unwrap();
            assert_eq!(half.since(START) * 2, Duration::from_secs(ceiling), "try {attempt}");
        }
        assert!(next_attempt(tried(u32::MAX, START), 1.0).is_some());
    }

    // SEND-2
    #[test]
    fn jitter_never_means_at_once() {
        for unit in [0.0, -1.0, f64::MIN_POSITIVE] {
            assert_eq!(next_attempt(tried(1, START), unit), Some(START + WAIT_MIN));
        }
    }

    // SEND-2
    #[test]
    fn the_last_try_is_at_three_days_and_then_it_has_failed() {
        let end = START + GIVE_UP_AFTER;
        let just_before = end - Duration::from_micros(1);
        assert_eq!(next_attempt(tried(40, just_before), 0.9), Some(end));
        assert_eq!(next_attempt(tried(41, end), 0.9), None);
    }

    // SEND-2
    #[test]
    fn three_days_take_as_many_tries_as_the_doc_says() {
        let mut now = START;
        let mut attempt = 1;
        while let Some(next) = next_attempt(tried(attempt, now), 0.5) {
            assert!(next > now);
            (now, attempt) = (next, attempt + 1);
        }
        assert_eq!(attempt, 34);
    }

    // SEND-2
    #[test]
    fn a_receiver_that_names_a_time_is_left_alone_until_then() {
        let asked = |hours| Tried { after: Some(Duration::from_hours(hours)), ..tried(1, START) };
        assert_eq!(next_attempt(asked(5), 0.5), Some(START + Duration::from_hours(5)));
        assert_eq!(next_attempt(asked(72), 0.5), Some(START + GIVE_UP_AFTER));
        assert_eq!(next_attempt(asked(73), 0.5), None);
        assert_eq!(next_attempt(asked(0), 0.5), Some(START + Duration::from_secs(15)));
    }
}
