//! A calendar event: an appointment or task on a lead.

use super::id::{CalendarEventId, LeadId, TenantId, UserId};
use super::time::Timestamp;

use serde::Serialize;

/// An appointment or task on a lead.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CalendarEvent {
    pub tenant: TenantId,
    pub id: CalendarEventId,
    pub lead: LeadId,
    pub user: Option<UserId>,
    pub title: String,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub version: i64,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl CalendarEvent {
    /// An event on a lead about which nothing is known yet.
    pub fn blank(tenant: TenantId, id: CalendarEventId, lead: LeadId, at: Timestamp) -> Self {
        Self {
            tenant,
            id,
            lead,
            user: None,
            title: String::new(),
            starts_at: at,
            ends_at: None,
            completed_at: None,
            version: 1,
            created_by: String::new(),
            created_at: at,
            updated_at: at,
        }
    }
}
