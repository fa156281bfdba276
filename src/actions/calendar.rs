//! Appointments and tasks on leads: for whoever works on the lead.
//!
//! A title may name a customer, so it never goes into the timeline.

use serde_json::Value;

use super::context::event_actor;
use super::network::{Target, changes};
use super::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::InvalidCode;
use crate::domain::calendar::CalendarEvent;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{CalendarEventId, LeadId};
use crate::domain::input::CalendarEventInput;
use crate::domain::lead::Lead;
use crate::store::{Scope, calendar, leads, users};

/// More than anybody plans for one customer.
const EVENTS_PER_LEAD_MAX: usize = 200;

/// A new event on a lead.
pub async fn create_calendar_event(
    cx: &Context,
    call: Call<'_>,
    lead: LeadId,
    input: &CalendarEventInput,
) -> Result<CalendarEventId, ActionError> {
    permit(call.actor, Permission::WorkLeads)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    let lead = find_lead(&work, lead, "leadId").await?;
    if calendar::list_by_leads(&work, tenant, &[lead.id]).await?.len() >= EVENTS_PER_LEAD_MAX {
        let message = format!("a lead has at most {EVENTS_PER_LEAD_MAX} calendar events, remove one first");
        return Err(ActionError::refused("leadId", InvalidCode::TooLong, message));
    }
    let blank = CalendarEvent::blank(tenant, cx.id(work.at()), lead.id, work.at());
    let event = input.apply(CalendarEvent { created_by: call.actor.name.clone(), ..blank }, work.at())?;
    check_user(&work, None, &event).await?;
    calendar::insert(&work, &event).await?;
    note(&mut work, &lead, (None, Some(&event)), EventKind::Created);
    work.commit(event.id).await
}

/// Changes of an event, among them that it is done.
pub async fn update_calendar_event(
    cx: &Context,
    call: Call<'_>,
    target: Target<CalendarEventId>,
    input: &CalendarEventInput,
) -> Result<CalendarEventId, ActionError> {
    permit(call.actor, Permission::WorkLeads)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (lead, before) = find(&work, target).await?;
    let after = input.apply(before.clone(), work.at())?;
    check_user(&work, Some(&before), &after).await?;
    let (old, new) = changes(Some(&before), Some(&after));
    if old != new {
        calendar::update(&work, &after).await?;
        note(&mut work, &lead, (Some(&before), Some(&after)), EventKind::Updated);
    }
    work.commit(target.id).await
}

/// Removes an event.
pub async fn remove_calendar_event(
    cx: &Context,
    call: Call<'_>,
    target: Target<CalendarEventId>,
) -> Result<CalendarEventId, ActionError> {
    permit(call.actor, Permission::WorkLeads)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (lead, before) = find(&work, target).await?;
    calendar::remove(&work, call.actor.tenant, target.id).await?;
    note(&mut work, &lead, (Some(&before), None), EventKind::Deleted);
    work.commit(target.id).await
}

/// An event of somebody else's lead looks like one that does not exist.
async fn find(work: &Work<'_>, target: Target<CalendarEventId>) -> Result<(Lead, CalendarEvent), ActionError> {
    let found = calendar::lookup(work, work.actor().tenant, target.id).await?;
    let event = found.ok_or_else(|| ActionError::not_found("calendarEventId", "calendar event"))?;
    let lead = leads::lookup(work, &Scope::of(work.actor()), event.lead).await?;
    let lead = lead.ok_or_else(|| ActionError::not_found("calendarEventId", "calendar event"))?;
    target.check(event.version)?;
    Ok((lead, event))
}

async fn find_lead(work: &Work<'_>, id: LeadId, field: &str) -> Result<Lead, ActionError> {
    let found = leads::lookup(work, &Scope::of(work.actor()), id).await?;
    found.ok_or_else(|| ActionError::not_found(field, "lead"))
}

async fn check_user(work: &Work<'_>, before: Option<&CalendarEvent>, after: &CalendarEvent) -> Result<(), ActionError> {
    let Some(id) = after.user.filter(|id| before.and_then(|before| before.user) != Some(*id)) else { return Ok(()) };
    match users::lookup(work, after.tenant, id).await? {
        Some(user) if user.active => Ok(()),
        Some(user) => {
            let message = format!("{} is not active, choose somebody who is", user.name());
            Err(ActionError::refused("userId", InvalidCode::NotAllowed, message))
        }
        None => Err(ActionError::not_found("userId", "user")),
    }
}

fn note(
    work: &mut Work<'_>,
    lead: &Lead,
    (before, after): (Option<&CalendarEvent>, Option<&CalendarEvent>),
    kind: EventKind,
) {
    let Some(event) = after.or(before) else { return };
    let untitled = |told: Option<Value>| {
        told.map(|mut told| {
            if let Some(fields) = told.as_object_mut() {
                fields.remove("title");
            }
            told
        })
    };
    let (old, new) = changes(before, after);
    let actor = event_actor(work.actor());
    let line = work.context().event(event.tenant, work.at(), actor, kind, event.id);
    work.note_of_lead(lead, Event { before: untitled(old), after: untitled(new), ..line });
}
