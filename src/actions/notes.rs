//! Notes on leads, written by whoever works on them.
//!
//! A note may name a customer, so its text never goes into the timeline: that tells its id and its kind.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::amend::{hold, rearm, with_note};
use super::context::{Context, event_actor};
use super::error::ActionError;
use super::handover::{Desk, Directory};
use super::permit::{Permission, permit};
use super::work::{Begun, Call};
use crate::domain::InvalidCode;
use crate::domain::event::EventKind;
use crate::domain::id::{LeadId, NoteId};
use crate::domain::lead::LeadState;
use crate::domain::note::NoteDraft;

/// A note that was added.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NoteAdded {
    /// To which copy.
    pub lead: LeadId,
    /// Which one.
    pub note: NoteId,
}

/// Adds a note to a copy, which is a change of the copy.
pub async fn add_note(
    context: &Context,
    call: Call<'_>,
    lead: LeadId,
    draft: &NoteDraft,
) -> Result<NoteAdded, ActionError> {
    permit(call.actor, Permission::WorkLeads)?;
    let draft = draft.checked()?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let (held, mut copy) = hold(&work, lead, None).await?;
    if copy.state == LeadState::Deleted {
        return Err(ActionError::refused("leadId", InvalidCode::WrongState, "the lead was deleted"));
    }
    let at = work.at();
    rearm(&held, &mut copy);
    copy.times.updated_at = at;
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(call.actor), at);
    let note = desk.note(&copy, &draft, None);
    let told = with_note(json!({}), json!({ "id": note, "kind": draft.kind }));
    desk.event(EventKind::LeadUpdated, &copy, None, Some(told), None);
    desk.changes.updated.push(copy);
    desk.changes.write(&work, held.tenant.id, at).await?;
    work.commit(NoteAdded { lead, note }).await
}
