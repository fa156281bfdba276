//! What the network's mutations answer.

use async_graphql::{ID, SimpleObject};

use super::calendar::CalendarEvent;
use super::company::Company;
use super::contact::Contact;
use super::dealer::Dealer;
use super::definition::{Category, CustomField};
use super::group::Group;
use super::user::User;
use crate::graphql::payload::UserError;

/// A dealer that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct DealerPayload {
    /// The dealer as it is now; null when nothing was done.
    pub dealer: Option<Dealer>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A contact that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct ContactPayload {
    /// The contact as it is now; null when nothing was done.
    pub contact: Option<Contact>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A user that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct UserPayload {
    /// The user as it is now; null when nothing was done.
    pub user: Option<User>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A group that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct GroupPayload {
    /// The group as it is now; null when nothing was done.
    pub group: Option<Group>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A company that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct CompanyPayload {
    /// The company as it is now; null when nothing was done.
    pub company: Option<Company>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A category that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct CategoryPayload {
    /// The category as it is now; null when nothing was done.
    pub category: Option<Category>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A custom field that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct CustomFieldPayload {
    /// The field as it is now; null when nothing was done.
    pub custom_field: Option<CustomField>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// A calendar event that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct CalendarEventPayload {
    /// The event as it is now; null when nothing was done.
    pub calendar_event: Option<CalendarEvent>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// What was removed, or what stands in the way.
#[derive(SimpleObject)]
pub struct RemovedPayload {
    /// The id of what is gone; null when nothing was done.
    pub removed_id: Option<ID>,
    /// What stands in the way; empty when it was done.
    pub user_errors: Vec<UserError>,
}
