//! A backtest: where the leads of a past period would go by an interface's draft, next to its published version (SPEC IFACE-7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{BacktestId, InterfaceId, LeadId, TenantId};
use super::interface::Definition;
use super::lead::Recipient;
use super::time::Timestamp;

/// The most leads that one backtest looks at: minutes of work, and more tell nothing else.
pub const BACKTEST_LEADS_MAX: u64 = 100_000;

/// Distances are counted by steps of 1 %, from 10 metres on, so that a median is right to half of that whatever the number of leads.
const STEP: f64 = 1.01;
const NEAREST_KM: f64 = 0.01;

/// Where a backtest stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BacktestState {
    /// Waits for a worker.
    Queued,
    /// A worker has it in hand.
    Running,
    /// Finished.
    Done,
    /// Given up, with an error.
    Failed,
    /// Stopped by somebody; what was counted until then stays.
    Cancelled,
}

/// A backtest.
#[derive(Clone, Debug)]
pub struct Backtest {
    pub tenant: TenantId,
    pub id: BacktestId,
    pub interface: InterfaceId,
    pub state: BacktestState,
    /// The draft as it was when the backtest was asked for.
    pub draft: Definition,
    /// The version that was published then.
    pub published_number: i64,
    pub received_from: Timestamp,
    /// Leads received at this moment are not among them.
    pub received_before: Timestamp,
    /// How many leads there were in the period when it was asked for.
    pub lead_count: i64,
    pub requested_by: String,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The last lead that was done.
    pub cursor: Option<(Timestamp, LeadId)>,
    pub totals: BacktestTotals,
    pub error: Option<String>,
}

/// What a backtest has counted. Every lead is one of `unchanged`, `moved`, `gained`, `lost` and `unplaced`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BacktestTotals {
    /// Leads looked at.
    pub examined: u64,
    /// Went to somebody, and would go to somebody else.
    pub moved: u64,
    /// Went to nobody, and would go to somebody.
    pub gained: u64,
    /// Went to somebody, and would go to nobody.
    pub lost: u64,
    /// Would go to nobody either way.
    pub unplaced: u64,
    /// By the published version.
    pub before: BacktestSide,
    /// By the draft.
    pub after: BacktestSide,
}

/// What one of the two came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BacktestSide {
    /// Leads that went to somebody.
    pub placed: u64,
    /// Of those, the ones whose distance is known.
    pub measured: u64,
    /// Their distances in kilometres, added up.
    pub km: f64,
    /// How many distances there are of each step.
    steps: BTreeMap<u16, u64>,
}

/// How many leads one recipient would get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BacktestShare {
    /// By the published version.
    pub before: i64,
    /// By the draft.
    pub after: i64,
}

/// To whom a lead goes, and how far that is.
pub type Placed = Option<(Recipient, Option<f64>)>;

impl BacktestState {
    /// Whether it will still change by itself.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl BacktestTotals {
    /// Counts one lead.
    pub fn add(&mut self, before: Placed, after: Placed) {
        self.examined += 1;
        match (before, after) {
            (None, None) => self.unplaced += 1,
            (None, Some(_)) => self.gained += 1,
            (Some(_), None) => self.lost += 1,
            (Some((one, _)), Some((other, _))) => self.moved += u64::from(one != other),
        }
        self.before.add(before);
        self.after.add(after);
    }

    /// Adds what another part of the leads came to.
    pub fn merge(&mut self, other: &Self) {
        self.examined += other.examined;
        self.moved += other.moved;
        self.gained += other.gained;
        self.lost += other.lost;
        self.unplaced += other.unplaced;
        self.before.merge(&other.before);
        self.after.merge(&other.after);
    }

    /// Would go where they went.
    pub fn unchanged(&self) -> u64 {
        self.examined - self.moved - self.gained - self.lost - self.unplaced
    }
}

impl BacktestSide {
    fn add(&mut self, placed: Placed) {
        let Some((_, km)) = placed else { return };
        self.placed += 1;
        if let Some(km) = km {
            self.measured += 1;
            self.km += km;
            *self.steps.entry(step(km)).or_default() += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.placed += other.placed;
        self.measured += other.measured;
        self.km += other.km;
        for (step, count) in &other.steps {
            *self.steps.entry(*step).or_default() += count;
        }
    }

    /// The mean distance in kilometres; none without any.
    pub fn mean_km(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.km / self.measured as f64)
    }

    /// The median distance in kilometres, right to 0.5 % above 10 metres; none without any.
    pub fn median_km(&self) -> Option<f64> {
        let mut left = self.measured.div_ceil(2);
        let step = self.steps.iter().find_map(|(step, count)| {
            left = left.saturating_sub(*count);
            (left == 0).then_some(*step)
        });
        step.filter(|_| self.measured > 0).map(|step| match step {
            0 => 0.0,
            step => NEAREST_KM * STEP.powf(f64::from(step) - 0.5),
        })
    }
}

/// Step 0 is below 10 metres; step n goes from 10 m · 1.01ⁿ⁻¹ to 10 m · 1.01ⁿ. Half way round the globe is step 1,459.
fn step(km: f64) -> u16 {
    if km < NEAREST_KM { 0 } else { (km / NEAREST_KM).log(STEP) as u16 + 1 }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::DealerId;

    fn to(number: u128, km: f64) -> (Recipient, Option<f64>) {
        (Recipient::Dealer(DealerId(Uuid::from_u128(number))), Some(km))
    }

    // IFACE-7
    #[test]
    fn every_lead_is_counted_under_one_heading() {
        let mut totals = BacktestTotals::default();
        let pairs = [
            (Some(to(1, 5.0)), Some(to(1, 5.0))),
            (Some(to(1, 5.0)), Some(to(2, 7.0))),
            (None, Some(to(2, 9.0))),
            (Some(to(1, 1.0)), None),
            (None, None),
        ];
        for (before, after) in pairs {
            totals.add(before, after);
        }
        let BacktestTotals { examined, moved, gained, lost, unplaced, .. } = totals.clone();
        assert_eq!((examined, moved, gained, lost, unplaced, totals.unchanged()), (5, 1, 1, 1, 1, 1));
        assert_eq!((totals.before.placed, totals.after.placed), (3, 3));
        assert_eq!(totals.after.mean_km(), Some(7.0));
        let mut twice = totals.clone();
        twice.merge(&totals);
        assert_eq!((twice.examined, twice.before.measured, twice.unchanged()), (10, 6, 2));
        let stored = serde_json::to_value(&totals).unwrap();
        assert_eq!(serde_json::from_value::<BacktestTotals>(stored).unwrap(), totals);
    }

    // IFACE-7
    #[test]
    fn a_median_is_right_to_half_of_a_percent() {
        assert_eq!(BacktestSide::default().median_km(), None);
        for middle in [0.02, 1.0, 33.3, 20_015.0] {
            let mut side = BacktestSide::default();
            for km in [0.0, middle, 20_015.1] {
                side.add(Some(to(1, km)));
            }
            let found = side.median_km().unwrap();
            assert!((found / middle - 1.0).abs() <= 0.005, "{found} for {middle}");
        }
        let mut near = BacktestSide::default();
        near.add(Some(to(1, 0.001)));
        assert_eq!(near.median_km(), Some(0.0));
    }
}
