//! Appointments and tasks on leads.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::loaders::UserKey;
use super::user::User;
use crate::domain::Timestamp;
use crate::domain::calendar as domain;
use crate::graphql::leads::Lead;
use crate::graphql::session::Ctx;

/// An appointment or task on a lead.
#[derive(Clone)]
pub struct CalendarEvent(pub domain::CalendarEvent);

/// An appointment or task on a lead; seen by whoever sees the lead.
#[Object]
impl CalendarEvent {
    /// `cal_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The lead.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        Lead::load(ctx, self.0.lead).await
    }

    /// Who is to do it.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(user) = self.0.user else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(user)).await?.map(User))
    }

    /// What is to be done; null to auditors, because it may name a customer.
    fn title(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(ctx.session()?.scope.personal_data.then_some(self.0.title.as_str()))
    }

    /// When it begins.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at.datetime()
    }

    /// When it ends; null for a task.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.ends_at.map(Timestamp::datetime)
    }

    /// When it was done.
    async fn completed_at(&self) -> Option<DateTime<Utc>> {
        self.0.completed_at.map(Timestamp::datetime)
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}
