//! Changing calendar events: one mutation per intent.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};

use super::calendar::CalendarEvent;
use super::payload::{CalendarEventPayload, RemovedPayload};
use crate::actions::ActionError;
use crate::actions::calendar as calendar_actions;
use crate::actions::network::Target;
use crate::domain::id::{CalendarEventId, LeadId, UserId};
use crate::domain::input::CalendarEventInput;
use crate::domain::{Invalid, Timestamp};
use crate::graphql::ids;
use crate::graphql::mutation::{OwnedCall, patch};
use crate::graphql::payload::split;
use crate::graphql::session::Ctx;
use crate::store::calendar;

/// A new appointment or task on a lead.
#[derive(InputObject)]
pub struct CreateCalendarEventInput {
    /// `lead_…`
    lead_id: ID,
    /// What is to be done.
    title: String,
    /// When it begins.
    starts_at: DateTime<Utc>,
    /// When it ends; a task when left out.
    ends_at: Option<DateTime<Utc>>,
    /// Who is to do it.
    user_id: Option<ID>,
    /// The same key with the same input makes one event.
    idempotency_key: Option<String>,
}

/// What to change of a calendar event. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UpdateCalendarEventInput {
    /// `cal_…`
    calendar_event_id: ID,
    /// What is to be done.
    title: Option<String>,
    /// When it begins.
    starts_at: Option<DateTime<Utc>>,
    /// When it ends.
    ends_at: MaybeUndefined<DateTime<Utc>>,
    /// Who is to do it.
    user_id: MaybeUndefined<ID>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A calendar event that is done, or is not after all.
#[derive(InputObject)]
pub struct CompleteCalendarEventInput {
    /// `cal_…`
    calendar_event_id: ID,
    /// False opens it again.
    #[graphql(default = true)]
    completed: bool,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A calendar event to remove.
#[derive(InputObject)]
pub struct RemoveCalendarEventInput {
    /// `cal_…`
    calendar_event_id: ID,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

impl CreateCalendarEventInput {
    fn read(self) -> Result<(LeadId, CalendarEventInput), Invalid> {
        let lead = ids::parse("leadId", &self.lead_id)?;
        let input = CalendarEventInput {
            title: Some(self.title),
            starts_at: Some(self.starts_at.into()),
            ends_at: Some(self.ends_at.map(Timestamp::from)),
            user: Some(ids::parse_optional::<UserId>("userId", self.user_id.as_ref())?),
            completed: None,
        };
        Ok((lead, input))
    }
}

impl UpdateCalendarEventInput {
    fn read(self) -> Result<(Target<CalendarEventId>, CalendarEventInput), Invalid> {
        let user = patch(self.user_id).map(|id| id.map(|id| ids::parse("userId", &id)).transpose()).transpose()?;
        let input = CalendarEventInput {
            title: self.title,
            starts_at: self.starts_at.map(Timestamp::from),
            ends_at: patch(self.ends_at).map(|end| end.map(Timestamp::from)),
            user,
            completed: None,
        };
        Ok((target(&self.calendar_event_id, self.expected_version)?, input))
    }
}

/// Changes of calendar events.
#[derive(Default)]
pub struct CalendarMutation;

/// Changes of calendar events.
#[Object]
impl CalendarMutation {
    /// Puts an appointment or a task on a lead within your reach.
    async fn create_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and what is to be done.")] input: CreateCalendarEventInput,
    ) -> async_graphql::Result<CalendarEventPayload> {
        let call = OwnedCall::read(ctx, "createCalendarEvent")?;
        let done = match input.read() {
            Ok((lead, given)) => {
                let actions = &ctx.session()?.actions;
                calendar_actions::create_calendar_event(actions, call.call(), lead, &given).await
            }
            Err(problem) => Err(problem.into()),
        };
        event(ctx, done).await
    }

    /// Changes a calendar event on a lead within your reach.
    async fn update_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event, and what changes.")] input: UpdateCalendarEventInput,
    ) -> async_graphql::Result<CalendarEventPayload> {
        change(ctx, "updateCalendarEvent", input.read()).await
    }

    /// Says that a calendar event is done.
    async fn complete_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event.")] input: CompleteCalendarEventInput,
    ) -> async_graphql::Result<CalendarEventPayload> {
        let target = target(&input.calendar_event_id, input.expected_version);
        let done = CalendarEventInput { completed: Some(input.completed), ..CalendarEventInput::default() };
        change(ctx, "completeCalendarEvent", target.map(|target| (target, done))).await
    }

    /// Removes a calendar event from a lead within your reach.
    async fn remove_calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event.")] input: RemoveCalendarEventInput,
    ) -> async_graphql::Result<RemovedPayload> {
        let call = OwnedCall::read(ctx, "removeCalendarEvent")?;
        let done = match target(&input.calendar_event_id, input.expected_version) {
            Ok(target) => calendar_actions::remove_calendar_event(&ctx.session()?.actions, call.call(), target).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemovedPayload { removed_id: removed.map(Into::into), user_errors })
    }
}

fn target(id: &ID, expected_version: Option<i32>) -> Result<Target<CalendarEventId>, Invalid> {
    let id = ids::parse("calendarEventId", id)?;
    Ok(Target { id, expected_version: expected_version.map(i64::from) })
}

async fn change(
    ctx: &Context<'_>,
    mutation: &'static str,
    read: Result<(Target<CalendarEventId>, CalendarEventInput), Invalid>,
) -> async_graphql::Result<CalendarEventPayload> {
    let call = OwnedCall::read(ctx, mutation)?;
    let done = match read {
        Ok((target, given)) => {
            let actions = &ctx.session()?.actions;
            calendar_actions::update_calendar_event(actions, call.call(), target, &given).await
        }
        Err(problem) => Err(problem.into()),
    };
    event(ctx, done).await
}

async fn event(
    ctx: &Context<'_>,
    done: Result<CalendarEventId, ActionError>,
) -> async_graphql::Result<CalendarEventPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(CalendarEventPayload { calendar_event: None, user_errors }) };
    let session = ctx.session()?;
    let found = calendar::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(CalendarEventPayload { calendar_event: found.map(CalendarEvent), user_errors })
}
