//! Asking for an operation: what is wanted is checked and written down, and planning begins. Nothing of any lead changes here.

use serde::Serialize;
use serde_json::Value;

use super::goal::{NewTarget, goal};
use super::selection::{self, Wanted, open_leads_of};
use super::{CHUNK, is_shown, plan};
use crate::actions::amend;
use crate::actions::assign;
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::handover::Directory;
use crate::actions::network::check_may_leave;
use crate::actions::permit::{Permission, permit};
use crate::actions::work::{Begun, Call, Work};
use crate::domain::error::{optional_text, text};
use crate::domain::event::EventKind;
use crate::domain::field::{CustomValues, Subject};
use crate::domain::id::{LeadId, OperationId};
use crate::domain::language::language;
use crate::domain::lead::Recipient;
use crate::domain::note::NoteDraft;
use crate::domain::operation::{
    Change, FieldChange, Goal, OPEN_MAX, Operation, OperationState, Options, PlannedCounts, Selection,
};
use crate::domain::{Invalid, InvalidCode};
use crate::store::operations::named;
use crate::store::{Conn, fields, operations};

/// Chunks that are planned before the answer: a selection of a thousand leads is ready with it, a larger one goes on in the background.
const PLANNED_AT_ONCE: u64 = 2;
/// Leads that are looked at together before the answer.
const TOGETHER_AT_ONCE: usize = (PLANNED_AT_ONCE * CHUNK) as usize;

/// An operation as it is asked for.
#[derive(Clone, Debug)]
pub struct New {
    /// Which leads.
    pub selection: Wanted,
    /// What to do with them.
    pub change: NewChange,
    /// How.
    pub options: Options,
}

/// What to do with leads.
#[derive(Clone, Debug)]
pub enum NewChange {
    /// Hand them on.
    Reassign(NewTarget),
    /// Change what is noted on them.
    Update(Box<FieldChange>),
}

/// Asks for an operation over selected leads.
pub async fn prepare(context: &Context, call: Call<'_>, new: New) -> Result<OperationId, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let work = match context.begin(call).await? {
        Begun::Before(id) => return Ok(id),
        Begun::Fresh(work) => work,
    };
    let options = checked_options(new.options)?;
    let (selection, named) = selection::check(context, &work, call.actor, new.selection).await?;
    let change = match new.change {
        NewChange::Reassign(target) => Change::Reassign { goal: goal(&work, call, target).await?, leaving: None },
        NewChange::Update(fields) => Change::Update { fields: checked_fields(&work, call, fields).await? },
    };
    begin(work, fresh(context, call, (change, selection), options, None), &named).await
}

/// Asks for an operation that takes somebody out of the network, and hands on what they have open (SPEC BULK-9).
pub async fn prepare_departure(
    context: &Context,
    call: Call<'_>,
    who: Recipient,
    (target, options): (NewTarget, Options),
) -> Result<OperationId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let work = match context.begin(call).await? {
        Begun::Before(id) => return Ok(id),
        Begun::Fresh(work) => work,
    };
    let options = checked_options(options)?;
    let directory = Directory::load(&work, call.actor.tenant, &[who]).await?;
    if !directory.knows(who) {
        return Err(ActionError::not_found("leaving", "dealer or user"));
    }
    check_may_leave(&work, who).await?;
    let goal = goal(&work, call, target).await?;
    let is_back = match &goal {
        Goal::Recipient { recipient } => *recipient == who,
        Goal::EvenSplit { recipients } => recipients.contains(&who),
        Goal::Nearest | Goal::Interface { .. } | Goal::Balanced { .. } | Goal::Nobody => false,
    };
    if is_back {
        let message = "the leads can't go to whom they leave, name somebody else";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    let what = (Change::Reassign { goal, leaving: Some(who) }, Selection::Filter { text: open_leads_of(who) });
    begin(work, fresh(context, call, what, options, None), &[]).await
}

/// Asks for an operation over the leads that another one skipped, could not change or did not come to, with the same change.
pub async fn prepare_retry(context: &Context, call: Call<'_>, of: OperationId) -> Result<OperationId, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let work = match context.begin(call).await? {
        Begun::Before(id) => return Ok(id),
        Begun::Fresh(work) => work,
    };
    let before = ended(&work, call, of).await?;
    if let Change::Undo { .. } = before.change {
        let message = "an undo is not tried again: what it left was changed since, look at its results";
        return Err(ActionError::refused("operationId", InvalidCode::NotAllowed, message));
    }
    let what = (before.change, Selection::LeftBy { operation: of });
    begin(work, fresh(context, call, what, before.options, Some(of)), &[]).await
}

/// Asks for the undo of an operation: every lead that it changed becomes what it was, unless others have changed it since.
pub async fn prepare_undo(
    context: &Context,
    call: Call<'_>,
    (of, options): (OperationId, Options),
) -> Result<OperationId, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let work = match context.begin(call).await? {
        Begun::Before(id) => return Ok(id),
        Begun::Fresh(work) => work,
    };
    let options = checked_options(options)?;
    let before = ended(&work, call, of).await?;
    if let Change::Undo { operation } = before.change {
        let message = format!("an undo can't be undone; prepare what `{operation}` did once more instead");
        return Err(ActionError::refused("operationId", InvalidCode::NotAllowed, message));
    }
    if let Some(undo) = operations::find_undo(&work, call.actor.tenant, of).await? {
        let message = format!("it was undone by `{}` already", undo.id);
        return Err(ActionError::refused("operationId", InvalidCode::WrongState, message));
    }
    let what = (Change::Undo { operation: of }, Selection::ChangedBy { operation: of });
    begin(work, fresh(context, call, what, options, Some(of)), &[]).await
}

/// An operation that came to its end, by itself or not.
async fn ended(conn: &Conn, call: Call<'_>, id: OperationId) -> Result<Operation, ActionError> {
    let found = operations::lookup(conn, call.actor.tenant, id).await?;
    let found = found.filter(|operation| is_shown(call.actor, operation));
    let found = found.ok_or_else(|| ActionError::not_found("operationId", "operation"))?;
    if found.started_at.is_none() || !found.state.is_over() {
        let message = "it has not been run to its end, wait for it or cancel it";
        return Err(ActionError::refused("operationId", InvalidCode::WrongState, message));
    }
    Ok(found)
}

fn fresh(
    context: &Context,
    call: Call<'_>,
    (change, selection): (Change, Selection),
    options: Options,
    source: Option<OperationId>,
) -> Operation {
    let at = context.clock.now();
    Operation {
        tenant: call.actor.tenant,
        id: context.id(at),
        kind: change.kind(),
        state: OperationState::Preparing,
        change,
        selection,
        options,
        source,
        actor: call.actor.clone(),
        cursor: None,
        cursor_position: None,
        is_shared_out: false,
        planned: PlannedCounts::default(),
        mail_count: None,
        push_count: None,
        created_at: at,
        prepared_at: None,
        expires_at: None,
        started_at: None,
        finished_at: None,
        error: None,
        is_telling: false,
    }
}

/// Writes a new operation down, and plans as much of it as the answer may wait for.
async fn begin(mut work: Work<'_>, operation: Operation, leads: &[LeadId]) -> Result<OperationId, ActionError> {
    let (tenant, id, context) = (operation.tenant, operation.id, work.context());
    if operations::count_open(&work, tenant).await? >= OPEN_MAX {
        let message = format!("{OPEN_MAX} operations are being prepared or run already, wait for one of them");
        return Err(ActionError::refused("", InvalidCode::TooLong, message));
    }
    operations::insert(&work, &operation).await?;
    named::insert(&work, (tenant, id), leads).await?;
    let told = Told { kind: operation.kind, change: &operation.change, selection: &operation.selection };
    work.note(EventKind::Created, id, None, serde_json::to_value(told).ok().map(without_text));
    let id = work.commit(id).await?;
    // One step more, for leads that are looked at together first.
    for _ in 0..=PLANNED_AT_ONCE {
        // What goes wrong from here on is the operation's own failure, which its state tells.
        if !plan::step(context, (tenant, id), TOGETHER_AT_ONCE).await? {
            break;
        }
    }
    Ok(id)
}

/// A new operation in the audit log.
#[derive(Serialize)]
struct Told<'a> {
    kind: crate::domain::operation::OperationKind,
    change: &'a Change,
    selection: &'a Selection,
}

/// A note may name a customer: the audit log tells its kind.
fn without_text(mut told: Value) -> Value {
    if let Some(note) = told.pointer_mut("/change/fields/note").and_then(Value::as_object_mut) {
        note.remove("text");
    }
    told
}

fn checked_options(given: Options) -> Result<Options, ActionError> {
    let reason = optional_text("reason", given.reason.as_deref(), 500)?;
    Ok(Options { reason, ..given })
}

/// The fields, if at least one is named and their values are allowed for any lead.
async fn checked_fields(
    conn: &Conn,
    call: Call<'_>,
    mut given: Box<FieldChange>,
) -> Result<Box<FieldChange>, ActionError> {
    let under = |problem: Invalid| problem.under("fields");
    if given.is_empty() {
        return Err(under(Invalid::new("", InvalidCode::Required, "name at least one field to change")).into());
    }
    let definitions = fields::list_by_subject(conn, call.actor.tenant, Subject::Lead).await?;
    let mut problems = amend::check(&given.patch);
    if let Some(custom) = &given.patch.custom {
        // Against a lead without values: what is required besides those that are given is seen lead by lead.
        let found = CustomValues::default().changed(&definitions, custom).err().unwrap_or_default();
        let is_given = |problem: &Invalid| problem.path.get(1).is_none_or(|key| custom.get(key).is_some());
        problems.extend(found.into_iter().filter(is_given));
    }
    problems.extend(assign::missing(conn, call.actor.tenant, &given.patch.assignments).await?);
    if let Some(name) = &given.created_by {
        problems.extend(text("createdBy", name, 200).err());
    }
    match given.note.as_ref().map(NoteDraft::checked) {
        Some(Err(found)) => problems.extend(found.into_iter().map(|problem| problem.under("note"))),
        Some(Ok(note)) => given.note = Some(note),
        None => {}
    }
    // As each lead will have it, so that what is shown is what runs.
    if let Some(Some(tag)) = &mut given.patch.language
        && let Ok(canonical) = language("language", tag)
    {
        *tag = canonical;
    }
    if problems.is_empty() { Ok(given) } else { Err(problems.into_iter().map(under).collect::<Vec<_>>().into()) }
}
