//! What people give to make or change a calendar event on a lead.

use super::problems::Problems;
use crate::domain::calendar::CalendarEvent;
use crate::domain::error::text;
use crate::domain::id::UserId;
use crate::domain::{Invalid, InvalidCode, Timestamp};

/// One line in a calendar.
const TITLE_LENGTH_MAX: usize = 200;

/// A calendar event, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct CalendarEventInput {
    /// What is to be done.
    pub title: Option<String>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends; an event without an end is a task.
    pub ends_at: Option<Option<Timestamp>>,
    /// Who is to do it.
    pub user: Option<Option<UserId>>,
    /// Whether it is done.
    pub completed: Option<bool>,
}

impl CalendarEventInput {
    /// What this input makes of an event at `at`. A new event has no title.
    pub fn apply(&self, before: CalendarEvent, at: Timestamp) -> Result<CalendarEvent, Vec<Invalid>> {
        let mut problems = Problems::default();
        let mut event = before;
        let is_new = event.title.is_empty();
        problems.set(&mut event.title, self.title.as_deref().map(|title| text("title", title, TITLE_LENGTH_MAX)));
        if is_new && self.title.is_none() {
            problems.add("title", InvalidCode::Required, "title is missing, say what is to be done");
        }
        if is_new && self.starts_at.is_none() {
            problems.add("startsAt", InvalidCode::Required, "startsAt is missing, say when it begins");
        }
        event.starts_at = self.starts_at.unwrap_or(event.starts_at);
        event.ends_at = self.ends_at.unwrap_or(event.ends_at);
        event.user = self.user.unwrap_or(event.user);
        event.completed_at = match self.completed {
            None => event.completed_at,
            Some(true) => event.completed_at.or(Some(at)),
            Some(false) => None,
        };
        event.updated_at = at;
        if event.ends_at.is_some_and(|end| end < event.starts_at) {
            problems.add("endsAt", InvalidCode::OutOfRange, "the event ends before it begins, give a later end");
        }
        problems.done(event)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_000);

    #[test]
    fn an_event_is_completed_once_and_can_be_opened_again() {
        let blank = CalendarEvent::blank(Uuid::nil().into(), Uuid::nil().into(), Uuid::nil().into(), AT);
        let problems = CalendarEventInput::default().apply(blank.clone(), AT).unwrap_err();
        assert_eq!(problems.len(), 2, "title and start");
        let input = CalendarEventInput { title: Some("Call".into()), starts_at: Some(AT), ..Default::default() };
        let event = input.apply(blank, AT).unwrap();
        let done = CalendarEventInput { completed: Some(true), ..Default::default() };
        let done = done.apply(event, AT).unwrap();
        assert_eq!(done.completed_at, Some(AT));
        let again = CalendarEventInput { completed: Some(true), ..Default::default() };
        let later = Timestamp::from_micros(2_000);
        assert_eq!(again.apply(done.clone(), later).unwrap().completed_at, Some(AT));
        let open = CalendarEventInput {
            completed: Some(false),
            ends_at: Some(Some(Timestamp::from_micros(1))),
            ..Default::default()
        };
        assert_eq!(open.apply(done, later).unwrap_err()[0].path, ["endsAt"]);
    }
}
