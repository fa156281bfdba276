//! A Reassignment Interface: a stored, versioned query for candidates.

use serde::{Deserialize, Serialize};

use super::id::{InterfaceId, InterfaceVersionId, TenantId};
use super::place::miles_to_km;
use super::time::Timestamp;

/// The greatest distance when an interface names none: 1,500 international miles (SPEC IFACE-4).
pub const DEFAULT_RADIUS_KM: f64 = miles_to_km(1_500.0);
/// The most candidates that an interface may return: enough for any blast, few enough to store with each decision.
pub const LIMIT_MAX: u32 = 250;
/// The most sort levels: past this nobody can say what an order means.
pub const SORT_LEVELS_MAX: usize = 10;

/// What an interface ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CandidateKind {
    /// Dealers.
    Dealer,
    /// Users.
    User,
}

/// How far away a candidate may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "kind")]
pub enum Radius {
    /// At most this many kilometres, the circle's edge included.
    Within { km: f64 },
    /// No cut-off.
    Nearest,
}

/// One level of an order; later levels break the ties of earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortLevel {
    /// CEL text whose value is the key.
    pub expression: String,
    pub direction: Direction,
    pub nulls: Nulls,
}

/// Which way a sort goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// Where candidates without a key stand, whichever the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Nulls {
    /// Before the others.
    First,
    /// After the others.
    Last,
}

/// What an interface asks for; immutable once published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// CEL text; blank matches every candidate.
    pub filter: String,
    pub radius: Radius,
    /// Only candidates in the lead's country.
    pub same_country: bool,
    /// Not those who had a copy of the request before.
    pub exclude_recipients: bool,
    pub sort: Vec<SortLevel>,
    /// At most this many candidates, 1 to [`LIMIT_MAX`].
    pub limit: u32,
}

/// A stored, versioned query for candidates.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub tenant: TenantId,
    pub id: InterfaceId,
    pub name: String,
    pub description: String,
    pub candidate_kind: CandidateKind,
    /// What is being worked on, if it differs from the published version.
    pub draft: Option<Definition>,
    /// The version that jobs run, if any.
    pub published_number: Option<i64>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One numbered, immutable version of an interface.
#[derive(Clone, Debug)]
pub struct InterfaceVersion {
    pub id: InterfaceVersionId,
    pub interface: InterfaceId,
    pub number: i64,
    pub definition: Definition,
    pub note: String,
    pub published_by: String,
    pub published_at: Timestamp,
}
