//! A calendar event: an appointment or task on a lead.

use super::id::{CalendarEventId, LeadId, TenantId, UserId};
use super::time::Timestamp;

/// An appointment or task on a lead.
#[derive(Clone, Debug)]
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
