//! Lines of the timeline and of the audit log.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::lead::Lead;
use crate::actions::Sight;
use crate::domain;
use crate::graphql::session::Ctx;

/// What happened.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::event::EventKind")]
pub enum EventKind {
    /// A request came in.
    LeadReceived,
    /// A copy was offered to a recipient.
    LeadOffered,
    /// Somebody opened the link.
    LinkOpened,
    /// The link had run out and a fresh one was mailed.
    LinkRenewed,
    /// The recipient acknowledged.
    LeadAcknowledged,
    /// The recipient will work on it.
    LeadAccepted,
    /// The recipient gave it back.
    LeadRejected,
    /// The copy was taken away.
    LeadExpired,
    /// The copy was handed on to another recipient.
    LeadReassigned,
    /// No candidate was found, or a fault kept the copy from being handed on.
    LeadException,
    /// The recipient was warned that the copy will be taken away.
    LeadWarned,
    /// A job looked at the copy and left it.
    LeadSkipped,
    /// Won.
    LeadWon,
    /// Lost.
    LeadLost,
    /// Deleted.
    LeadDeleted,
    /// Fields of the copy were changed.
    LeadUpdated,
    /// An operation that had changed the copy was undone.
    LeadRestored,
    /// Something was made (a dealer, an interface, a job …).
    Created,
    /// Something was changed.
    Updated,
    /// Something was removed.
    Deleted,
    /// An interface version was published.
    Published,
    /// A message was given up.
    DeliveryFailed,
}

/// What kind of actor it was.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::event::ActorKind")]
pub enum ActorKind {
    /// A staff login or an admin's credential.
    User,
    /// A dealer's contact, by link or credential.
    Contact,
    /// A partner's machine.
    Partner,
    /// A job.
    Job,
    /// Baton itself.
    System,
}

/// Who did it.
#[derive(SimpleObject)]
pub struct EventActor {
    /// What kind of actor.
    kind: ActorKind,
    /// The credential's subject, or an id with its kind.
    id: String,
    /// What people call it.
    name: String,
}

/// One immutable line of the timeline.
pub struct Event(pub domain::event::Event);

/// One immutable line of the timeline: who, what, when, before, after, why.
#[Object]
impl Event {
    /// `evt_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// When it happened.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at.datetime()
    }

    /// What happened.
    async fn kind(&self) -> EventKind {
        self.0.kind.into()
    }

    /// What changed, by its id.
    async fn subject(&self) -> ID {
        ID(self.0.subject.clone())
    }

    /// The copy that it happened to, if it was one.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        let Some(lead) = self.0.lead else { return Ok(None) };
        Lead::load(ctx, lead).await
    }

    /// Who did it.
    async fn actor(&self) -> EventActor {
        let actor = &self.0.actor;
        EventActor { kind: actor.kind.into(), id: actor.id.clone(), name: actor.name.clone() }
    }

    /// What changed, as it was; who is assigned is shown to staff alone.
    fn before(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<Value>>> {
        shown(ctx, self.0.before.as_ref())
    }

    /// What changed, as it is now; who is assigned is shown to staff alone.
    fn after(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<Value>>> {
        shown(ctx, self.0.after.as_ref())
    }

    /// Why, in a sentence.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

/// As an event says who is assigned.
const ASSIGNMENTS: [&str; 3] = ["assignedUsers", "roles", "companies"];

fn shown(ctx: &Context<'_>, told: Option<&Value>) -> async_graphql::Result<Option<Json<Value>>> {
    let mut told = told.cloned();
    if Sight::of(&ctx.session()?.actor) != Sight::Staff
        && let Some(fields) = told.as_mut().and_then(Value::as_object_mut)
    {
        fields.retain(|name, _| !ASSIGNMENTS.contains(&name.as_str()));
    }
    Ok(told.map(Json))
}
