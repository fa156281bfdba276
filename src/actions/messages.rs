//! Messages that were given up: sending them again.

use serde::{Deserialize, Serialize};

use crate::domain::InvalidCode;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::EventKind;
use crate::domain::id::DeliveryId;
use crate::store::{Scope, deliveries, pushes};

use super::context::Context;
use super::error::ActionError;
use super::permit::{Permission, permit};
use super::work::{Begun, Call};

/// Which message an action changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Resent {
    /// The message.
    pub delivery: DeliveryId,
}

/// Puts a message that was given up back into the outbox.
pub async fn resend(context: &Context, call: Call<'_>, id: DeliveryId) -> Result<Resent, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let mut work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let found = deliveries::lookup(&work, &Scope::of(call.actor), id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("deliveryId", "message"))?;
    if !deliveries::resend(&work, call.actor.tenant, id, work.at()).await? {
        let message = match found.state {
            DeliveryState::Sent => "the message was sent, there is nothing to send again",
            DeliveryState::Cancelled => "the message was cancelled because it no longer made sense",
            DeliveryState::Pending | DeliveryState::Failed => "the message waits for its next attempt already",
        };
        return Err(ActionError::refused("deliveryId", InvalidCode::WrongState, message));
    }
    // Whoever asks for it by hand knows that the system is well again.
    pushes::forget(&work, call.actor.tenant, &found.address).await?;
    let (before, after) =
        (serde_json::json!({ "state": found.state }), serde_json::json!({ "state": DeliveryState::Pending }));
    work.note(EventKind::Updated, id, Some(before), Some(after));
    work.commit(Resent { delivery: id }).await
}
