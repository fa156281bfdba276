//! An event: one immutable line of the timeline, of a lead or of the tenant's audit log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::{EventId, LeadId, RequestId, TenantId};
use super::time::Timestamp;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// A staff login or an admin's credential.
    User,
    /// A dealer's contact, by link.
    Contact,
    /// A partner's machine.
    Partner,
    /// A job.
    Job,
    /// Baton itself.
    System,
}

/// Who did it, as shown in the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventActor {
    pub kind: ActorKind,
    /// The credential's subject, or an id with its kind.
    pub id: String,
    pub name: String,
}

/// One immutable line of the timeline.
#[derive(Clone, Debug)]
pub struct Event {
    pub tenant: TenantId,
    pub id: EventId,
    pub at: Timestamp,
    pub kind: EventKind,
    /// What changed, by its id as shown outside.
    pub subject: String,
    pub lead: Option<LeadId>,
    pub request: Option<RequestId>,
    pub actor: EventActor,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<String>,
}
