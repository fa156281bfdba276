//! A user, as somebody may see it.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::dealer::Dealer;
use super::group::{Group, GroupMembership};
use super::loaders::{GroupKey, MembershipsKey};
use crate::actions::Sight;
use crate::domain::actor::Role;
use crate::domain::user as domain;
use crate::graphql::session::Ctx;

/// What a user may be.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum StaffRole {
    /// All of the tenant.
    Admin,
    /// The leads of the groups that the user manages.
    Manager,
    /// The user's own leads.
    Member,
    /// Reads everything but personal data.
    Auditor,
}

impl From<StaffRole> for Role {
    fn from(role: StaffRole) -> Self {
        match role {
            StaffRole::Admin => Self::Admin,
            StaffRole::Manager => Self::Manager,
            StaffRole::Member => Self::Member,
            StaffRole::Auditor => Self::Auditor,
        }
    }
}

/// Whole days on which a user is away, both included.
#[derive(SimpleObject)]
pub struct DaysOff {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    until: NaiveDate,
}

/// A staff login.
#[derive(Clone)]
pub struct User(pub domain::User);

/// Staff see each other; others see who has their lead, by name.
fn is_staff(ctx: &Context<'_>) -> async_graphql::Result<bool> {
    Ok(Sight::of(&ctx.session()?.actor) == Sight::Staff)
}

fn shows_addresses(ctx: &Context<'_>) -> async_graphql::Result<bool> {
    Ok(is_staff(ctx)? && ctx.session()?.scope.personal_data)
}

/// A staff login. Credentials that are not staff see the name only.
#[Object]
impl User {
    /// `usr_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// First and last name.
    async fn name(&self) -> String {
        self.0.name()
    }

    /// First name.
    async fn first_name(&self) -> &str {
        &self.0.first_name
    }

    /// Last name.
    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    /// Unique in the tenant; null to auditors and to credentials that are not staff.
    fn email(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(if shows_addresses(ctx)? { Some(self.0.email.as_str()) } else { None })
    }

    /// As `+14155550123`; null to auditors and to credentials that are not staff.
    fn mobile(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(if shows_addresses(ctx)? { self.0.mobile.as_deref() } else { None })
    }

    /// A BCP 47 tag such as `en-US`.
    async fn locale(&self) -> &str {
        &self.0.locale
    }

    /// An IANA name such as `America/New_York`.
    async fn time_zone(&self) -> &'static str {
        self.0.time_zone.name()
    }

    /// Whether the user may be given leads.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Away until the switch is turned back.
    async fn on_holiday(&self) -> bool {
        self.0.on_holiday
    }

    /// Whether the user is away now, by the switch or by a day off in the user's own time zone.
    fn away(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.0.is_away(ctx.session()?.actions.clock.now()))
    }

    /// What the user may be; null to credentials that are not staff.
    fn role(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<StaffRole>> {
        if !is_staff(ctx)? {
            return Ok(None);
        }
        Ok(match self.0.role {
            Role::Admin => Some(StaffRole::Admin),
            Role::Manager => Some(StaffRole::Manager),
            Role::Member => Some(StaffRole::Member),
            Role::Auditor => Some(StaffRole::Auditor),
            Role::Dealer | Role::Partner => None,
        })
    }

    /// The dealer that the user works for.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Some(dealer) = self.0.dealer.filter(|_| is_staff(ctx).unwrap_or(false)) else { return Ok(None) };
        Dealer::load(ctx, dealer).await
    }

    /// Whole days on which the user is away; empty to credentials that are not staff.
    fn days_off(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<DaysOff>> {
        if !is_staff(ctx)? {
            return Ok(Vec::new());
        }
        Ok(self.0.days_off.iter().map(|days| DaysOff { from: days.from, until: days.until }).collect())
    }

    /// The values of custom fields, by key; empty to credentials that are not staff.
    fn custom(&self, ctx: &Context<'_>) -> async_graphql::Result<Json<Map<String, Value>>> {
        Ok(Json(if is_staff(ctx)? { self.0.custom.clone() } else { Map::new() }))
    }

    /// The groups that the user is in; empty to credentials that are not staff.
    async fn groups(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<GroupMembership>> {
        if !is_staff(ctx)? {
            return Ok(Vec::new());
        }
        let loaders = ctx.loaders()?;
        let memberships = loaders.load(MembershipsKey(self.0.id)).await?.unwrap_or_default();
        let groups = loaders.load_all(memberships.iter().map(|member| GroupKey(member.group))).await?;
        let one = |member: crate::domain::user::Membership| {
            let group = groups.get(&GroupKey(member.group))?.clone();
            Some(GroupMembership { group: Group(group), user: self.clone(), manages: member.manages })
        };
        Ok(memberships.into_iter().filter_map(one).collect())
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the login was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at.datetime()
    }
}
