//! A rotation's ledger: who of a job's pool has had how many turns (SPEC ALGO-4).

use super::id::{JobId, TenantId};
use super::lead::Recipient;
use super::time::Timestamp;

/// A share of one, as everybody has who was given no other.
pub const WEIGHT_DEFAULT: u32 = 1;
/// The greatest share: a hundred times another's.
pub const WEIGHT_MAX: u32 = 100;

/// One recipient's line in the ledger of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationMember {
    pub tenant: TenantId,
    /// Whose pool it is.
    pub job: JobId,
    pub recipient: Recipient,
    /// The share of turns, against that of the others: 1 to 100.
    pub weight: u32,
    /// Turns as they count for who is next: those that were had and not given back, and a head start for whoever came later.
    pub turns: i64,
    /// Leads that were offered in turn, ever.
    pub offered_count: i64,
    /// Of those, the turns that were given back.
    pub returned_count: i64,
    /// Whether it stands among the others. Not if it was away since, or competed with nobody yet: then it begins at their level.
    pub is_settled: bool,
    pub joined_at: Timestamp,
    pub last_offered_at: Option<Timestamp>,
}

/// What a decision does to one line of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnChange {
    /// Whose pool it is.
    pub job: JobId,
    pub recipient: Recipient,
    /// Turns more: the one that was had, a head start, or both.
    pub turns: i64,
    /// Whether a lead was offered.
    pub is_offered: bool,
    /// Whether it stands among the others now.
    pub is_settled: bool,
}

impl RotationMember {
    /// Somebody who has had no turn yet.
    pub const fn new(tenant: TenantId, job: JobId, recipient: Recipient, at: Timestamp) -> Self {
        Self {
            tenant,
            job,
            recipient,
            weight: WEIGHT_DEFAULT,
            turns: 0,
            offered_count: 0,
            returned_count: 0,
            is_settled: false,
            joined_at: at,
            last_offered_at: None,
        }
    }

    /// With another share from now on. Turns grow or shrink with it, rounded down, so that it stands where it stood: with twice the
    /// weight, 10 turns are as far as 5 were.
    #[must_use]
    pub fn weighing(self, weight: u32) -> Self {
        let turns = (i128::from(self.turns) * i128::from(weight)).div_euclid(i128::from(self.weight.max(1)));
        Self { weight, turns: i64::try_from(turns).unwrap_or(i64::MAX), ..self }
    }
}
