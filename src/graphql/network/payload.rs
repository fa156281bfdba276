//! What the network's mutations answer.

use async_graphql::{ID, SimpleObject};

use super::super::payload::UserError;
use super::calendar::CalendarEvent;
use super::contact::Contact;
use super::dealer::Dealer;
use super::definition::{Category, CustomField};
use super::group::Group;
use super::user::User;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $object:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                $(#[$field_doc])*
                pub $field: Option<$object>,
                /// What stands in the way; empty when it was done.
                pub user_errors: Vec<UserError>,
            }
        )*
    };
}

payloads! {
    /// A dealer that was made or changed, or what stands in the way.
    DealerPayload {
        /// The dealer as it is now; null when nothing was done.
        dealer: Dealer
    }
    /// A contact that was made or changed, or what stands in the way.
    ContactPayload {
        /// The contact as it is now; null when nothing was done.
        contact: Contact
    }
    /// A user that was made or changed, or what stands in the way.
    UserPayload {
        /// The user as it is now; null when nothing was done.
        user: User
    }
    /// A group that was made or changed, or what stands in the way.
    GroupPayload {
        /// The group as it is now; null when nothing was done.
        group: Group
    }
    /// A category that was made or changed, or what stands in the way.
    CategoryPayload {
        /// The category as it is now; null when nothing was done.
        category: Category
    }
    /// A custom field that was made or changed, or what stands in the way.
    CustomFieldPayload {
        /// The field as it is now; null when nothing was done.
        custom_field: CustomField
    }
    /// A calendar event that was made or changed, or what stands in the way.
    CalendarEventPayload {
        /// The event as it is now; null when nothing was done.
        calendar_event: CalendarEvent
    }
    /// What was removed, or what stands in the way.
    RemovedPayload {
        /// The id of what is gone; null when nothing was done.
        removed_id: ID
    }
}
