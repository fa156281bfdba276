//! Changing what is noted on leads in bulk: the same fields to the same values on each; only what is named changes.

use serde_json::{Value, json};

use crate::actions::amend::{apply, noted, rearm, with_note};
use crate::actions::assign;
use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{Desk, Directory};
use crate::actions::held::Held;
use crate::actions::operations::work::{Carried, Worked, unchanged_since};
use crate::domain::Invalid;
use crate::domain::assignment::{AssignmentChange, Assignments};
use crate::domain::event::EventKind;
use crate::domain::field::{FieldDefinition, Subject};
use crate::domain::lead::{Lead, LeadState};
use crate::domain::operation::{FieldChange, Item, ItemReason, LeadImage, Operation, Planned, Problem};
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, StoreError, fields};

/// What is to happen to each of these copies.
pub(super) async fn plan(conn: &Conn, change: &FieldChange, copies: &[Lead]) -> Result<Vec<Planned>, StoreError> {
    let Some(first) = copies.first() else { return Ok(Vec::new()) };
    let definitions = fields::list_by_subject(conn, first.tenant, Subject::Lead).await?;
    let known = assign::known(conn, &change.patch.assignments, copies.iter()).await?;
    let one = |copy: &Lead| match changed((copy, known.get(&copy.id)), change, &definitions) {
        Ok(_) => Planned::Update,
        Err(planned) => planned,
    };
    Ok(copies.iter().map(one).collect())
}

/// The copy with the new values and its new assignments, or what the plan says of one that stays as it is.
fn changed(
    (copy, assigned): (&Lead, Option<&Assignments>),
    change: &FieldChange,
    definitions: &[FieldDefinition],
) -> Result<(Lead, Assignments), Planned> {
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
    let assigned = assigned.cloned().unwrap_or_default();
    let invalid = |problem: Invalid| Planned::Problem(Problem::new(ItemReason::InvalidValue, problem.message));
    let after_assigned = assigned.with(&change.patch.assignments).map_err(invalid)?;
    if change.note.is_none() && LeadImage::of(&after) == LeadImage::of(copy) && after_assigned == assigned {
        let text = "it has these values already";
        return Err(Planned::Unchanged(Problem::new(ItemReason::NothingToChange, text)));
    }
    Ok((after, after_assigned))
}

/// Changes what the plan says. INVARIANT: the transaction holds the requests.
pub(super) async fn carry(
    context: &Context,
    conn: &Conn,
    (operation, change): (&Operation, &FieldChange),
    held: &Held,
    (items, mut worked): (Vec<Item>, Worked),
) -> Result<Worked, ActionError> {
    let at = worked.at;
    let definitions = fields::list_by_subject(conn, operation.tenant, Subject::Lead).await?;
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(&operation.actor), at);
    let assignments = &change.patch.assignments;
    let missing = missing(conn, operation, assignments).await?;
    let known = assign::known(conn, assignments, held.copies()).await?;
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
        if let Some(problem) = &missing {
            worked.conflict(item.position, item.lead, problem.clone());
            continue;
        }
        // A custom field may have got another definition since.
        let assigned = known.get(&before.id);
        let (mut after, after_assigned) = match changed((before, assigned), change, &definitions) {
            Ok(both) => both,
            Err(planned) => {
                worked.settled(item.position, item.lead, planned);
                continue;
            }
        };
        rearm(held, &mut after);
        after.times.updated_at = at;
        let (mut old, mut new) = (told(before), told(&after));
        if let Some(draft) = &change.note {
            let note = desk.note(&after, draft, Some(operation.id));
            new = with_note(new, json!({ "id": note, "kind": draft.kind }));
        }
        let mut image = Carried::of(item.position, before);
        if !assignments.is_empty() {
            let assigned = assigned.cloned().unwrap_or_default();
            (old, new) = (assign::told(old, &assigned), assign::told(new, &after_assigned));
            image = image.assigned(assigned);
            desk.changes.assigned.push((after.id, after_assigned));
        }
        desk.event(EventKind::LeadUpdated, &after, Some(old), Some(new), operation.options.reason.clone());
        desk.changes.updated.push(after);
        carried.push(image);
    }
    worked.changes = desk.changes;
    worked.carried(carried, &std::collections::HashMap::new());
    Ok(worked)
}

/// Why nobody is assigned as it was planned: whom the change names has left since. Nobody else leaves until the transaction ends.
async fn missing(conn: &Conn, operation: &Operation, change: &AssignmentChange) -> Result<Option<Problem>, StoreError> {
    if change.is_empty() {
        return Ok(None);
    }
    tenants::network_version(conn, operation.tenant, VersionHold::Shared).await?;
    let missing = assign::missing(conn, operation.tenant, change).await?;
    Ok(missing.into_iter().next().map(|problem| Problem::new(ItemReason::TargetGone, problem.message)))
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
