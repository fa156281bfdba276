//! One unit of work: a transaction, its moment, the lines that it adds to the timeline, and the memory of its answer.
//!
//! An action begins work, changes rows, and commits with its outcome. Under an idempotency key the outcome is written in the same
//! transaction, so that a crash between commit and answer loses nothing: the repeated call gets the first outcome.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::context::{Context, event_actor};
use super::error::ActionError;
use crate::domain::actor::Actor;
use crate::domain::event::{Event, EventKind};
use crate::domain::lead::Lead;
use crate::domain::{InvalidCode, Timestamp};
use crate::store::idempotency::{self, Remembered};
use crate::store::{StoreError, Tx, events};

/// Room for the header's 255 characters and the place of a mutation in its request.
const KEY_BYTES_MAX: usize = 400;

/// A mutation as it was called.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub actor: &'a Actor,
    /// The mutation's name and its input, from which a repeated call is told from another one.
    pub mutation: &'static str,
    /// The input as it came.
    pub input: &'a Value,
    /// The caller's idempotency key, if any.
    pub key: Option<&'a str>,
}

/// A mutation that has begun, or was done before.
#[expect(clippy::large_enum_variant, reason = "one value, moved once, at the start of a mutation")]
pub enum Begun<'c, T> {
    /// Nothing was done under this key yet.
    Fresh(Work<'c>),
    /// It was done before; this came of it.
    Before(T),
}

/// An open transaction with what it will leave behind.
pub struct Work<'c> {
    context: &'c Context,
    tx: Tx,
    at: Timestamp,
    actor: &'c Actor,
    remembered: Option<Remembered>,
    events: Vec<Event>,
}

impl Context {
    /// Begins a transaction for a mutation, or finds that it was done before.
    pub async fn begin<'c, T: DeserializeOwned>(&'c self, call: Call<'c>) -> Result<Begun<'c, T>, ActionError> {
        let tx = self.store.begin().await?;
        let at = self.clock.now();
        let mut work = Work { context: self, tx, at, actor: call.actor, remembered: None, events: Vec::new() };
        let Some(key) = call.key else { return Ok(Begun::Fresh(work)) };
        if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
            let message = format!("an idempotency key has 1 to {KEY_BYTES_MAX} bytes");
            return Err(ActionError::refused("idempotencyKey", InvalidCode::OutOfRange, message));
        }
        idempotency::remove_expired(&work.tx, at).await?;
        let remembered = Remembered {
            tenant: call.actor.tenant,
            id: self.id(at),
            subject: call.actor.subject.clone(),
            key: key.to_owned(),
            fingerprint: fingerprint(&call),
            outcome: Value::Null,
            created_at: at,
        };
        if idempotency::insert(&work.tx, &remembered).await? {
            work.remembered = Some(remembered);
            return Ok(Begun::Fresh(work));
        }
        let first = idempotency::find(&work.tx, remembered.tenant, &remembered.subject, key, at).await?;
        let first = first.ok_or_else(|| StoreError::corrupt("idempotency_keys.key", "refused but not found"))?;
        if first.fingerprint != remembered.fingerprint {
            let message = format!("the idempotency key `{key}` was used with other content, use a new one");
            return Err(ActionError::refused("idempotencyKey", InvalidCode::KeyReused, message));
        }
        let outcome = serde_json::from_value(first.outcome)
            .map_err(|error| StoreError::corrupt("idempotency_keys.outcome", error))?;
        Ok(Begun::Before(outcome))
    }
}

impl<'c> Work<'c> {
    /// The moment of everything in this transaction.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Who acts.
    pub fn actor(&self) -> &'c Actor {
        self.actor
    }

    /// What every action needs.
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// Adds a line to the timeline about something that is no lead, with what it was and what it is now.
    pub fn note(&mut self, kind: EventKind, subject: impl ToString, before: Option<Value>, after: Option<Value>) {
        let actor = event_actor(self.actor);
        let event = self.context.event(self.actor.tenant, self.at, actor, kind, subject);
        self.events.push(Event { before, after, ..event });
    }

    /// Adds a line about a part of a lead to the lead's timeline.
    pub fn note_of_lead(&mut self, lead: &Lead, event: Event) {
        self.events.push(Event { lead: Some(lead.id), request: Some(lead.request), ..event });
    }

    /// Makes it all true at once, and remembers what came of it.
    pub async fn commit<T: Serialize>(self, outcome: T) -> Result<T, ActionError> {
        events::insert(&self.tx, self.events).await?;
        if let Some(mut remembered) = self.remembered {
            remembered.outcome = serde_json::to_value(&outcome)
                .map_err(|error| StoreError::corrupt("idempotency_keys.outcome", error))?;
            idempotency::finish(&self.tx, &remembered).await?;
        }
        self.tx.commit().await?;
        Ok(outcome)
    }
}

impl Deref for Work<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

fn fingerprint(call: &Call<'_>) -> [u8; 32] {
    let digest = Sha256::new().chain_update(call.mutation).chain_update([0]).chain_update(call.input.to_string());
    digest.finalize().into()
}
