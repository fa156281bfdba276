//! A tenant: one installation, to which everything belongs.

use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::id::TenantId;
use super::place::CountryCode;
use super::time::Timestamp;

/// The unit in which a tenant's people read and write distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DistanceUnit {
    /// Kilometres.
    Km,
    /// International miles of 1.609344 km.
    Mi,
}

/// One installation: a manufacturer, a dealer group, an agency.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// Unique among tenants; names the tenant on the command line.
    pub slug: String,
    pub distance_unit: DistanceUnit,
    pub time_zone: Tz,
    /// The country of leads and dealers that name none.
    pub country: CountryCode,
    /// How long a link in a mail works before a fresh one must be asked for.
    pub link_lifetime: Duration,
    /// Raised by every write that changes what a candidate is.
    pub network_version: i64,
    pub created_at: Timestamp,
}
