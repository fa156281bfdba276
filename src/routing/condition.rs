//! A condition over leads: whether one holds for a lead at a moment. Knows no candidates.

use super::network::Network;
use super::row::{Beside, Row};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::interface::CandidateKind;
use crate::rules::{Checked, Truth};

/// Whether a condition that was checked against the network's catalog holds.
pub fn holds(condition: &Checked, network: &Network, subject: &Subject<'_>, now: Timestamp) -> Truth {
    let kind = CandidateKind::Dealer;
    // A condition reads no candidate, so there is none at this place.
    let beside = Some(Beside { subject, loads: None, now });
    condition.truth(&Row { network, pool: network.pool(kind), kind, place: u32::MAX, beside })
}
