//! Changing what is noted on leads in bulk: the same fields to the same values on each; only what is named changes.

use serde_json::{Value, json};

use crate::actions::amend::{apply, noted, rearm, with_note};
use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{Desk, Directory};
use crate::actions::held::Held;
use crate::actions::operations::work::{Carried, Worked, unchanged_since};
use crate::domain::event::EventKind;
use crate::domain::field::{FieldDefinition, Subject};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::operation::{FieldChange, Item, ItemReason, LeadImage, Operation, Planned, Problem};
use crate::store::{Conn, StoreError, fields};

/// What is to happen to each of these copies.
pub(super) async fn plan(conn: &Conn, change: &FieldChange, copies: &[Lead]) -> Result<Vec<Planned>, StoreError> {
    let Some(first) = copies.first() else { return Ok(Vec::new()) };
    let definitions = fields::list_by_subject(conn, first.tenant, Subject::Lead).await?;
    let one = |copy: &Lead| match changed(copy, change, &definitions) {
        Ok(_) => Planned::Update,
        Err(planned) => planned,
    };
    Ok(copies.iter().map(one).collect())
}

/// The copy with the new values, or what the plan says of one that stays as it is.
fn changed(copy: &Lead, change: &FieldChange, definitions: &[FieldDefinition]) -> Result<Lead, Planned> {
    if copy.state == LeadState::Deleted {
        return Err(Planned::Problem(Problem::new(ItemReason::WrongState, "it was deleted")));
    }
    let mut after = apply(copy, &change.patch, definitions).map_err(|problems| {
        let told: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        Planned::Problem(Problem::new(ItemReason::InvalidValue, told.join("; ")))
    })?;
    if let Some(name) = &change.created_by {
        name.trim().clone_into(&mut after.created_by);
    }
    if let Some(at) = change.created_at {
        after.times.created_at = at;
    }
    if change.note.is_none() && LeadImage::of(&after) == LeadImage::of(copy) {
        let text = "it has these values already";
        return Err(Planned::Unchanged(Problem::new(ItemReason::NothingToChange, text)));
    }
    Ok(after)
}

/// Changes what the plan says. INVARIANT: the transaction holds the requests.
pub(super) async fn carry(
    context: &Context,
    conn: &Conn,
    (operation, change): (&Operation, &FieldChange),
    held: &Held,
    items: Vec<Item>,
) -> Result<Worked, ActionError> {
    let definitions = fields::list_by_subject(conn, operation.tenant, Subject::Lead).await?;
    let (at, directory) = (context.clock.now(), Directory::default());
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(&operation.actor), at);
    let mut worked = Worked::default();
    let mut carried = Vec::new();
    for item in items {
        let before = match unchanged_since(held, item.lead, item.lead_version) {
            Ok(copy) => copy,
            Err(problem) => {
                worked.conflict(item.position, item.lead, problem);
                continue;
            }
        };
        if !matches!(item.planned, Planned::Update) {
            worked.settled(item.position, item.lead, item.planned);
            continue;
        }
        // A custom field may have got another definition since.
        let mut after = match changed(before, change, &definitions) {
            Ok(after) => after,
            Err(planned) => {
                worked.settled(item.position, item.lead, planned);
                continue;
            }
        };
        rearm(held, &mut after);
        after.times.updated_at = at;
        let reason = operation.options.reason.clone();
        let mut now = told(&after);
        if let Some(draft) = &change.note {
            let note = desk.note(&after, draft, Some(operation.id));
            now = with_note(now, json!({ "id": note, "kind": draft.kind }));
        }
        desk.event(EventKind::LeadUpdated, &after, Some(told(before)), Some(now), reason);
        desk.changes.updated.push(after);
        carried.push(Carried::of(item.position, before));
    }
    worked.changes = desk.changes;
    worked.carried(carried, &std::collections::HashMap::new());
    Ok(worked)
}

/// As the timeline shows it.
fn told(copy: &Lead) -> Value {
    let mut told = noted(copy);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("createdBy".to_owned(), copy.created_by.clone().into());
        fields.insert("createdAt".to_owned(), copy.times.created_at.to_string().into());
    }
    told
}
