//! What clients give to make or change users and groups.

use async_graphql::{ID, InputObject, Json, MaybeUndefined};
use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::user::StaffRole;
use crate::domain::Invalid;
use crate::domain::input::UserInput;
use crate::domain::user as domain;
use crate::graphql::ids;
use crate::graphql::mutation::patch;

/// Whole days on which a user is away, both included.
#[derive(InputObject)]
pub struct DaysOffInput {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    until: NaiveDate,
}

/// All of a user but name and mail address. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UserFields {
    /// Where short messages go.
    mobile: MaybeUndefined<String>,
    /// A BCP 47 tag; `en-US` if never given.
    locale: Option<String>,
    /// An IANA name; the tenant's if never given.
    time_zone: Option<String>,
    /// Whether the user may be given leads; yes if never given.
    active: Option<bool>,
    /// Away until the switch is turned back.
    on_holiday: Option<bool>,
    /// What the user may be; `MEMBER` if never given.
    role: Option<StaffRole>,
    /// The dealer that the user works for.
    dealer_id: MaybeUndefined<ID>,
    /// Whole days on which the user is away; replaces those given before.
    days_off: Option<Vec<DaysOffInput>>,
    /// Values of custom fields by key; null takes one away, others stay.
    custom: Option<Json<Map<String, Value>>>,
}

/// A new user.
#[derive(InputObject)]
pub struct CreateUserInput {
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// Unique in the tenant; kept in lower case.
    email: String,
    /// The rest.
    #[graphql(flatten)]
    fields: UserFields,
    /// The same key with the same input makes one user.
    idempotency_key: Option<String>,
}

/// What to change of a user. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// `usr_…`
    pub user_id: ID,
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// Unique in the tenant.
    email: Option<String>,
    /// The rest.
    #[graphql(flatten)]
    fields: UserFields,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A user to deactivate.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// `usr_…`
    pub user_id: ID,
    /// The version that you know; a newer one is a conflict.
    pub expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A new group.
#[derive(InputObject)]
pub struct CreateGroupInput {
    /// Unique in the tenant.
    pub name: String,
    /// The same key with the same input makes one group.
    idempotency_key: Option<String>,
}

/// Another name for a group.
#[derive(InputObject)]
pub struct UpdateGroupInput {
    /// `grp_…`
    pub group_id: ID,
    /// Unique in the tenant.
    pub name: Option<String>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// Users for a group.
#[derive(InputObject)]
pub struct AddGroupMembersInput {
    /// `grp_…`
    pub group_id: ID,
    /// Which users, at most 500.
    pub user_ids: Vec<ID>,
    /// Whether they manage the group, and so see the leads of all who are in it. Also changes it for those who are in it already.
    #[graphql(default = false)]
    pub manages: bool,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// Users to take out of a group.
#[derive(InputObject)]
pub struct RemoveGroupMembersInput {
    /// `grp_…`
    pub group_id: ID,
    /// Which users, at most 500; those who are not in it stay out.
    pub user_ids: Vec<ID>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A group to remove.
#[derive(InputObject)]
pub struct RemoveGroupInput {
    /// `grp_…`
    pub group_id: ID,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

impl CreateUserInput {
    /// As actions take it.
    pub fn read(self) -> Result<UserInput, Invalid> {
        let Self { first_name, last_name, email, fields, .. } = self;
        let fields = fields.read()?;
        Ok(UserInput { first_name: Some(first_name), last_name: Some(last_name), email: Some(email), ..fields })
    }
}

impl UpdateUserInput {
    /// As actions take it.
    pub fn read(self) -> Result<UserInput, Invalid> {
        let Self { first_name, last_name, email, fields, .. } = self;
        Ok(UserInput { first_name, last_name, email, ..fields.read()? })
    }
}

impl UserFields {
    fn read(self) -> Result<UserInput, Invalid> {
        let dealer =
            patch(self.dealer_id).map(|id| id.map(|id| ids::parse("dealerId", &id)).transpose()).transpose()?;
        let days = |days: DaysOffInput| domain::DaysOff { from: days.from, until: days.until };
        Ok(UserInput {
            mobile: patch(self.mobile),
            locale: self.locale,
            time_zone: self.time_zone,
            active: self.active,
            on_holiday: self.on_holiday,
            role: self.role.map(Into::into),
            dealer,
            days_off: self.days_off.map(|given| given.into_iter().map(days).collect()),
            custom: self.custom.map(|custom| custom.0),
            ..UserInput::default()
        })
    }
}
