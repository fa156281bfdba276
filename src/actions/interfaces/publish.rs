//! Publishing a draft as the next version, and taking an old version up again. A version never changes once it is there.

use serde_json::json;

use super::check::{held_catalog, refuse_unsound};
use super::edit::{draft_of, find, save};
use crate::actions::network::Target;
use crate::actions::{ActionError, Begun, Call, Context, Permission, permit};
use crate::domain::InvalidCode;
use crate::domain::error::optional_text;
use crate::domain::event::EventKind;
use crate::domain::id::InterfaceId;
use crate::domain::interface::{Interface, InterfaceVersion};
use crate::store::interfaces;

/// What changed, in a few sentences.
const NOTE_LENGTH_MAX: usize = 2_000;

/// Publishes the draft under the next number; jobs run it from now on.
pub async fn publish_interface(
    cx: &Context,
    call: Call<'_>,
    target: Target<InterfaceId>,
    note: Option<&str>,
) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let note = optional_text("note", note, NOTE_LENGTH_MAX)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    let before = find(&work, target).await?;
    let Some(definition) = before.draft.clone() else {
        let message = "nothing differs from what is published, change the draft first";
        return Err(ActionError::refused("interfaceId", InvalidCode::WrongState, message));
    };
    // Fields may have gone since the draft was saved.
    refuse_unsound(&held_catalog(&work, tenant).await?, before.candidate_kind, &definition)?;
    let latest = interfaces::list_versions(&work, tenant, &[before.id]).await?;
    let number = latest.first().map_or(1, |latest| latest.number + 1);
    let version = InterfaceVersion {
        id: cx.id(at),
        interface: before.id,
        number,
        definition,
        note: note.unwrap_or_default(),
        published_by: call.actor.name.clone(),
        published_at: at,
    };
    let after = Interface { draft: None, published_number: Some(number), updated_at: at, ..before.clone() };
    // The interface first: of two who publish at once, the second finds another version and is told so.
    interfaces::update(&work, &after).await?;
    interfaces::insert_version(&work, tenant, &version).await?;
    let told = json!({ "number": number, "note": version.note, "definition": version.definition });
    work.note(EventKind::Published, before.id, Some(json!({ "number": before.published_number })), Some(told));
    work.commit(before.id).await
}

/// Makes an old version the draft, if it still checks. Jobs run what is published until the draft is.
pub async fn restore_version(
    cx: &Context,
    call: Call<'_>,
    target: Target<InterfaceId>,
    number: i64,
) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    let found = interfaces::find_version(&work, before.tenant, before.id, number).await?;
    let version = found.ok_or_else(|| ActionError::not_found("number", "version"))?;
    refuse_unsound(&held_catalog(&work, before.tenant).await?, before.candidate_kind, &version.definition)?;
    let draft = draft_of(&work, &before, &version.definition).await?;
    let after = Interface { draft, ..before.clone() };
    save(&mut work, &before, after).await?;
    work.commit(before.id).await
}
