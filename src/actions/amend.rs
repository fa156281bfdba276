//! Changing what a tenant notes on a lead, excluding it from automation, and deleting it with a reason.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::error::{optional_text, text};
use crate::domain::event::EventKind;
use crate::domain::field::{CustomValues, FieldDefinition, Subject};
use crate::domain::id::LeadId;
use crate::domain::input::{LeadPatch, Problems};
use crate::domain::label::{ALERT_LENGTH_MAX, CAMPAIGN_LENGTH_MAX, Labels};
use crate::domain::language::optional_language;
use crate::domain::lead::{Lead, LeadState, Workflow};
use crate::domain::request::SOURCE_LENGTH_MAX;
use crate::domain::{Invalid, InvalidCode};
use crate::store::{Scope, fields, leads};

use super::assign;
use super::context::{Context, event_actor};
use super::error::ActionError;
use super::handover::{Desk, Directory, deadlines};
use super::held::Held;
use super::permit::{Permission, permit};
use super::work::{Begun, Call, Work};

/// Which copy an action changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LeadChanged {
    /// The copy.
    pub lead: LeadId,
}

/// Changes what is noted on a copy.
pub async fn update_lead(
    context: &Context,
    call: Call<'_>,
    (id, expected_version): (LeadId, Option<i64>),
    patch: LeadPatch,
) -> Result<LeadChanged, ActionError> {
    permit(call.actor, needed(&patch))?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let (held, before) = hold(&work, id, expected_version).await?;
    if before.state == LeadState::Deleted {
        return Err(ActionError::refused("leadId", InvalidCode::WrongState, "the lead was deleted"));
    }
    let definitions = fields::list_by_subject(&work, before.tenant, Subject::Lead).await?;
    let mut copy = apply(&before, &patch, &definitions)?;
    rearm(&held, &mut copy);
    copy.times.updated_at = work.at();
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(call.actor), work.at());
    let (mut old, mut new) = (noted(&before), noted(&copy));
    if !patch.assignments.is_empty() {
        let (assigned, after) = assign::changed(&work, &before, &patch.assignments).await?;
        (old, new) = (assign::told(old, &assigned), assign::told(new, &after));
        desk.changes.assigned.push((id, after));
    }
    desk.event(EventKind::LeadUpdated, &copy, Some(old), Some(new), None);
    desk.changes.updated.push(copy);
    let at = work.at();
    desk.changes.write(&work, before.tenant, at).await?;
    work.commit(LeadChanged { lead: id }).await
}

/// Who may work on a lead may note things on it; where it belongs, who sees it, who is assigned and whether jobs act on it is for those
/// who manage.
fn needed(patch: &LeadPatch) -> Permission {
    let manages = patch.excluded_from_automation.is_some()
        || patch.source.is_some()
        || patch.visibility.is_some()
        || !patch.assignments.is_empty();
    if manages { Permission::ManageLeads } else { Permission::WorkLeads }
}

/// Deletes a copy: its links show the reason from now on.
pub async fn delete_lead(
    context: &Context,
    call: Call<'_>,
    (id, expected_version): (LeadId, Option<i64>),
    reason: &str,
) -> Result<LeadChanged, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let reason = text("reason", reason, 500)?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let (held, mut copy) = hold(&work, id, expected_version).await?;
    if copy.state == LeadState::Deleted {
        return Err(ActionError::refused("leadId", InvalidCode::WrongState, "the lead was deleted before"));
    }
    let before = json!({ "state": copy.state });
    let at = work.at();
    copy.state = LeadState::Deleted;
    copy.times.deleted_at = Some(at);
    copy.times.updated_at = at;
    copy.state_reason = Some(reason.clone());
    copy.exception = None;
    (copy.due_at, copy.warn_at) = (None, None);
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(call.actor), at);
    desk.event(EventKind::LeadDeleted, &copy, Some(before), Some(json!({ "state": copy.state })), Some(reason));
    desk.changes.updated.push(copy);
    desk.changes.write(&work, held.tenant.id, at).await?;
    work.commit(LeadChanged { lead: id }).await
}

/// A copy within the caller's reach, held, at the version that the caller expects.
pub(super) async fn hold(
    work: &Work<'_>,
    id: LeadId,
    expected_version: Option<i64>,
) -> Result<(Held, Lead), ActionError> {
    let found = leads::lookup(work, &Scope::of(work.actor()), id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("leadId", "lead"))?;
    let held = Held::hold(work, found.tenant, &[found.request]).await?;
    let copy = held.copy(id)?.clone();
    match expected_version {
        Some(expected) if expected != copy.version => {
            Err(ActionError::conflict("expectedVersion", expected, copy.version))
        }
        _ => Ok((held, copy)),
    }
}

/// What is wrong with the texts and the assignments of a patch, whatever the lead and whoever there is.
pub fn check(patch: &LeadPatch) -> Vec<Invalid> {
    let mut problems = note(&mut Workflow::default(), patch);
    problems.extend(label((&mut String::new(), &mut Labels::default()), patch));
    problems.extend(patch.assignments.check());
    problems
}

/// The copy with the patch's fields, or everything that is wrong with them.
pub fn apply(before: &Lead, patch: &LeadPatch, definitions: &[FieldDefinition]) -> Result<Lead, Vec<Invalid>> {
    let mut copy = before.clone();
    let mut problems = note(&mut copy.workflow, patch);
    problems.extend(label((&mut copy.source, &mut copy.labels), patch));
    if let Some(custom) = &patch.custom {
        let stored = CustomValues::stored(definitions, &Value::Object(before.custom.clone()));
        match stored.changed(definitions, custom).map(|values| values.to_json()) {
            Ok(Value::Object(values)) => copy.custom = values,
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    copy.excluded_from_automation = patch.excluded_from_automation.unwrap_or(before.excluded_from_automation);
    if problems.is_empty() { Ok(copy) } else { Err(problems) }
}

fn note(workflow: &mut Workflow, patch: &LeadPatch) -> Vec<Invalid> {
    let mut problems: Vec<Invalid> = Vec::new();
    let mut optional = |field: &str, place: &mut Option<String>, given: &Option<Option<String>>| {
        let Some(given) = given else { return };
        match optional_text(field, given.as_deref(), 100) {
            Ok(value) => *place = value,
            Err(problem) => problems.push(problem),
        }
    };
    optional("fileType", &mut workflow.file_type, &patch.file_type);
    optional("workflowStatus", &mut workflow.status, &patch.workflow_status);
    optional("progress", &mut workflow.progress, &patch.progress);
    if let Some(status) = &patch.follow_up_status {
        match text("followUpStatus", status, 100) {
            Ok(status) => workflow.follow_up_status = status,
            Err(problem) => problems.push(problem),
        }
    }
    problems
}

fn label((source, labels): (&mut String, &mut Labels), patch: &LeadPatch) -> Vec<Invalid> {
    let mut problems = Problems::default();
    let optional = |field: &str, given: &Option<String>, max| optional_text(field, given.as_deref(), max);
    problems.set(source, patch.source.as_ref().map(|given| text("source", given, SOURCE_LENGTH_MAX)));
    let campaign = patch.campaign.as_ref().map(|given| optional("campaign", given, CAMPAIGN_LENGTH_MAX));
    problems.set(&mut labels.campaign, campaign);
    let language = patch.language.as_ref().map(|given| optional_language("language", given.as_deref()));
    problems.set(&mut labels.language, language);
    let alert = patch.alert.as_ref().map(|given| optional("alert", given, ALERT_LENGTH_MAX));
    problems.set(&mut labels.alert, alert);
    labels.visibility = patch.visibility.unwrap_or(labels.visibility);
    problems.done(()).err().unwrap_or_default()
}

/// Sets when jobs look at a copy that was changed: what a job's condition reads may be another now.
pub fn rearm(held: &Held, copy: &mut Lead) {
    (copy.due_at, copy.warn_at) = match copy.state {
        LeadState::Offered => deadlines(&held.jobs, copy, held.chain(copy.request).iter()),
        _ => (None, None),
    };
}

/// What is noted on a copy, as its timeline shows it.
pub fn noted(copy: &Lead) -> Value {
    json!({
        "fileType": copy.workflow.file_type,
        "workflowStatus": copy.workflow.status,
        "followUpStatus": copy.workflow.follow_up_status,
        "progress": copy.workflow.progress,
        "custom": copy.custom,
        "excludedFromAutomation": copy.excluded_from_automation,
        "source": copy.source,
        "campaign": copy.labels.campaign,
        "language": copy.labels.language,
        "visibility": copy.labels.visibility,
        "alert": copy.labels.alert,
    })
}

/// The same with a note: its id or kind, never its text, which may name a customer.
pub(super) fn with_note(mut told: Value, note: Value) -> Value {
    if let Some(fields) = told.as_object_mut() {
        fields.insert("note".to_owned(), note);
    }
    told
}
