//! A user: a staff login, the groups that share leads, and when somebody is away.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::actor::Role;
use super::id::{DealerId, GroupId, TenantId, UserId};
use super::time::Timestamp;
use serde_json::{Map, Value};

/// A staff login.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub tenant: TenantId,
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    /// Unique in the tenant.
    pub email: String,
    /// E.164, `+14155550123`.
    pub mobile: Option<String>,
    /// A BCP 47 tag such as `en-US`.
    pub locale: String,
    pub time_zone: Tz,
    pub active: bool,
    pub on_holiday: bool,
    /// Admin, manager, member or auditor.
    pub role: Role,
    /// The dealer that the user works for, if any.
    pub dealer: Option<DealerId>,
    pub days_off: Vec<DaysOff>,
    pub custom: Map<String, Value>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl User {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Whether the user is away at `at`, by the switch or by a day off in the user's own time zone.
    pub fn is_away(&self, at: Timestamp) -> bool {
        let today = at.datetime().with_timezone(&self.time_zone).date_naive();
        self.on_holiday || self.days_off.iter().any(|days| days.from <= today && today <= days.until)
    }
}

/// Whole days on which a user is away, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaysOff {
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// Users who share leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub tenant: TenantId,
    pub id: GroupId,
    pub name: String,
    pub created_at: Timestamp,
}

/// One user in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupId,
    pub user: UserId,
    /// A manager sees the leads of the groups that they manage.
    pub manages: bool,
}
