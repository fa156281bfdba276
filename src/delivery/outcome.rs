//! How one try to send one thing went.

use std::time::Duration;

/// What the caller writes down. Reasons are for people: they may hold a recipient's address, so they belong into the
/// delivery's record and never into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it; from now on it is the receiver's.
    Sent {
        /// What the receiver answered.
        reply: String,
    },
    /// It may work later.
    Retry {
        /// How long the receiver asked to be left alone, if it did.
        after: Option<Duration>,
        /// What went wrong.
        reason: String,
    },
    /// It will never work as it stands.
    Permanent {
        /// What went wrong.
        reason: String,
        /// Whether it is the address that was refused: no other message would reach it either.
        bad_address: bool,
    },
}

/// How a try went, and what may be told of it to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For the delivery's record, receivers' words included: a CRM may repeat in them what it was told of the customer.
    pub outcome: Outcome,
    /// For the lead's timeline, which people read who may not see the customer: of a push, only our own words and the status.
    pub told: String,
    /// Whether the address was spoken to. A refusal of our own says nothing of how the address is doing.
    pub was_asked: bool,
}

impl Answer {
    /// Of a receiver whose words anybody may read.
    pub fn open(outcome: Outcome) -> Self {
        Self { told: outcome.words().to_owned(), outcome, was_asked: true }
    }

    /// Of a receiver whose words may tell of the customer: `told` is in ours.
    pub fn of(outcome: Outcome, told: impl Into<String>) -> Self {
        Self { outcome, told: told.into(), was_asked: true }
    }

    /// Nobody was asked, for reasons of our own.
    pub fn ours(outcome: Outcome) -> Self {
        Self { was_asked: false, ..Self::open(outcome) }
    }
}

/// Servers may answer with pages of text; a diagnostic needs a few lines of it.
const REASON_CHARS_MAX: usize = 500;

impl Outcome {
    /// The receiver's words, or why there are none.
    fn words(&self) -> &str {
        match self {
            Self::Sent { reply: words } | Self::Retry { reason: words, .. } | Self::Permanent { reason: words, .. } => {
                words
            }
        }
    }

    pub(super) fn sent(reply: &str) -> Self {
        Self::Sent { reply: shorten(reply) }
    }

    pub(super) fn retry(reason: &str) -> Self {
        Self::Retry { after: None, reason: shorten(reason) }
    }

    pub(super) fn permanent(reason: &str) -> Self {
        Self::Permanent { reason: shorten(reason), bad_address: false }
    }

    pub(super) fn bad_address(reason: &str) -> Self {
        Self::Permanent { reason: shorten(reason), bad_address: true }
    }
}

fn shorten(text: &str) -> String {
    let line = text.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        let Outcome::Retry { reason, after: None } = Outcome::retry(&format!("busy\r\n\u{1b}[1m{}", "x".repeat(9000)))
        else {
            panic!("a retry")
        };
        assert!(reason.starts_with("busy [1mxxx"), "{reason}");
        assert_eq!(reason.chars().count(), REASON_CHARS_MAX);
    }
}
