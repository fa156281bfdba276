//! Whether a condition over a lead holds: what a job asks before it acts.

use super::loads::Loads;
use super::network::Network;
use super::row::{Beside, Row};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::interface::CandidateKind;
use crate::rules::{Checked, Truth};

/// Whether `condition`, checked over leads against this network's catalog, holds for the lead at `now`.
pub fn holds(
    condition: &Checked,
    network: &Network,
    (subject, loads): (&Subject<'_>, &Loads),
    now: Timestamp,
) -> Truth {
    // A condition over leads names no candidate: no place is ever read, only the lead, its holder and the moment.
    let row = Row {
        network,
        pool: network.pool(CandidateKind::Dealer),
        kind: CandidateKind::Dealer,
        place: u32::MAX,
        beside: Some(Beside { subject, loads, now }),
    };
    condition.truth(&row)
}
