//! A decision: the stored answer to "who gets this lead", with what it was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{DecisionId, InterfaceId, JobId, LeadId, RequestId, TenantId};
use super::lead::Recipient;
use super::time::Timestamp;

/// How a decision came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Candidates got copies.
    Assigned,
    /// No candidate: the fallback got a copy.
    Fallback,
    /// No candidate and no fallback: the lead is listed under exceptions.
    NoCandidate,
}

/// Why a dealer or user is not a candidate (SPEC IFACE-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Exclusion {
    /// Not active.
    Inactive,
    /// Does not accept leads; for a user, away.
    NotAccepting,
    /// In another country than the lead.
    OtherCountry,
    /// Further away than the radius, or of unknown place where the radius matters.
    OutsideRadius,
    /// Had a copy of the request before.
    AlreadyRecipient,
    /// Nobody there can be reached.
    NoReachableContact,
    /// Has as many leads as it can take.
    AtCapacity,
    /// A term of the filter is false.
    FilterNotMatched,
    /// The filter reads a value that is missing.
    FilterUnknown,
}

/// One candidate as it was ranked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedCandidate {
    pub recipient: Recipient,
    /// The dealer's number or the user's name, as it was.
    pub label: String,
    /// From 1.
    pub rank: u32,
    /// Great circle, none when either point is unknown.
    pub distance_km: Option<f64>,
    /// The value of each sort level, in order; null when it was missing.
    pub keys: Vec<serde_json::Value>,
}

/// How many were left out, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// By reason; each candidate is counted once, under the first reason that holds.
    pub reasons: BTreeMap<Exclusion, u64>,
    /// Of those out by the filter: by the first term that was false or unknown.
    pub terms: BTreeMap<String, u64>,
}

/// The stored answer to "who gets this lead".
#[derive(Clone, Debug)]
pub struct Decision {
    pub tenant: TenantId,
    pub id: DecisionId,
    pub request: RequestId,
    /// The copy that was taken away or first placed.
    pub lead: LeadId,
    pub job: Option<JobId>,
    /// The interface and the number of the version that ranked.
    pub interface: Option<(InterfaceId, i64)>,
    /// `SINGLE`, `BLAST`, `ROUND_ROBIN`, `NEAREST`, or `DIRECT` for a recipient that somebody named.
    pub algorithm: String,
    pub outcome: Outcome,
    pub decided_at: Timestamp,
    pub decided_by: String,
    /// The values of the lead that mattered: a JSON object, which is only kept and shown.
    pub inputs: String,
    pub candidates: Vec<RankedCandidate>,
    pub considered: u64,
    pub matched: u64,
    pub excluded: Excluded,
    /// In a sentence, for people.
    pub reason: String,
}
