//! What every action needs: the store, the time, randomness, the key of links, and the networks and catalogs kept in memory.

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::{Clock, Entropy};
use crate::domain::Timestamp;
use crate::domain::actor::{Actor, Role};
use crate::domain::event::{ActorKind, Event, EventActor, EventKind};
use crate::domain::id::TenantId;
use crate::domain::link::LinkKey;
use crate::store::Store;

use super::catalogs::Catalogs;
use super::networks::Networks;

/// Shared by all actions of one process.
#[derive(Clone)]
pub struct Context {
    /// Where everything is saved.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<Entropy>,
    /// From which links are made.
    pub links: LinkKey,
    /// What candidates are found in.
    pub networks: Arc<Networks>,
    /// What expressions are checked against.
    pub catalogs: Arc<Catalogs>,
}

impl Context {
    /// A new id of the kind that is asked for.
    pub fn id<Id: From<Uuid>>(&self, at: Timestamp) -> Id {
        self.entropy.id(at)
    }

    /// A line for the timeline of something that is no lead.
    pub fn event(
        &self,
        tenant: TenantId,
        at: Timestamp,
        actor: EventActor,
        kind: EventKind,
        subject: impl ToString,
    ) -> Event {
        Event {
            tenant,
            id: self.id(at),
            at,
            kind,
            subject: subject.to_string(),
            lead: None,
            request: None,
            actor,
            before: None,
            after: None,
            reason: None,
        }
    }
}

/// How a credential stands in the timeline.
pub fn event_actor(actor: &Actor) -> EventActor {
    let kind = match actor.role {
        Role::Partner => ActorKind::Partner,
        Role::Dealer => ActorKind::Contact,
        _ => ActorKind::User,
    };
    EventActor { kind, id: actor.subject.clone(), name: actor.name.clone() }
}
