//! Asking for an operation: what is wanted is checked and written down, and planning begins. Nothing of any lead changes here.

use serde::Serialize;
use serde_json::Value;

use super::selection::{self, Wanted};
use super::{CHUNK, is_shown, plan};
use crate::actions::amend;
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::handover::Directory;
use crate::actions::network::check_may_leave;
use crate::actions::permit::{Permission, permit};
use crate::actions::reassign::interface_settings;
use crate::actions::work::{Begun, Call, Work};
use crate::domain::error::{optional_text, text};
use crate::domain::event::EventKind;
use crate::domain::field::{CustomValues, Subject};
use crate::domain::id::{InterfaceId, LeadId, OperationId};
use crate::domain::job::Algorithm;
use crate::domain::language::language;
use crate::domain::lead::Recipient;
use crate::domain::note::NoteDraft;
use crate::domain::operation::{
    Change, FieldChange, Goal, OPEN_MAX, Operation, OperationState, Options, PlannedCounts, Selection,
};
use crate::domain::{Invalid, InvalidCode};
use crate::store::{Conn, dealers, fields, interfaces, operations};

/// Chunks that are planned before the answer: a selection of a thousand leads is ready with it, a larger one goes on in the background.
const PLANNED_AT_ONCE: u32 = 4;

/// The most recipients that leads are dealt to: a department or a region.
const SPLIT_MAX: usize = 250;

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

/// To whom leads are to go.
#[derive(Clone, Debug)]
pub enum NewTarget {
    /// To the dealer with this number and sub-number.
    DealerNumber(String, String),
    /// To this recipient.
    Recipient(Recipient),
    /// Each to the nearest active dealer.
    Nearest,
    /// To whom the interface's published version ranks.
    Interface {
        /// The interface.
        interface: InterfaceId,
        /// Single, blast or nearest.
        algorithm: Algorithm,
        /// Copies per blast.
        blast_size: u32,
    },
    /// Dealt in turn to these.
    EvenSplit(Vec<Recipient>),
    /// To nobody.
    Nobody,
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
        Goal::Nearest | Goal::Interface { .. } | Goal::Nobody => false,
    };
    if is_back {
        let message = "the leads can't go to whom they leave, name somebody else";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    let what = (Change::Reassign { goal, leaving: Some(who) }, Selection::Filter { text: open_leads_of(who) });
    begin(work, fresh(context, call, what, options, None), &[]).await
}

/// All that somebody has in hand, as CEL over `lead`.
fn open_leads_of(who: Recipient) -> String {
    let theirs = match who {
        Recipient::Dealer(id) => format!("lead.dealer.id == '{id}'"),
        Recipient::User(id) => format!("lead.owner.id == '{id}'"),
    };
    format!("{theirs} && lead.state in ['OFFERED', 'ACKNOWLEDGED', 'ACCEPTED']")
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
        planned: PlannedCounts::default(),
        mail_count: None,
        created_at: at,
        prepared_at: None,
        expires_at: None,
        started_at: None,
        finished_at: None,
        error: None,
    }
}

/// Writes a new operation down, and plans as much of it as the answer may wait for.
async fn begin(mut work: Work<'_>, operation: Operation, named: &[LeadId]) -> Result<OperationId, ActionError> {
    let (tenant, id, context) = (operation.tenant, operation.id, work.context());
    if operations::count_open(&work, tenant).await? >= OPEN_MAX {
        let message = format!("{OPEN_MAX} operations are being prepared or run already, wait for one of them");
        return Err(ActionError::refused("", InvalidCode::TooLong, message));
    }
    operations::insert(&work, &operation).await?;
    operations::insert_named(&work, (tenant, id), named).await?;
    let told = Told { kind: operation.kind, change: &operation.change, selection: &operation.selection };
    work.note(EventKind::Created, id, None, serde_json::to_value(told).ok().map(without_text));
    let id = work.commit(id).await?;
    for _ in 0..PLANNED_AT_ONCE {
        // What goes wrong from here on is the operation's own failure, which its state tells.
        if !plan::step(context, (tenant, id), CHUNK).await? {
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

async fn goal(conn: &Conn, call: Call<'_>, target: NewTarget) -> Result<Goal, ActionError> {
    let tenant = call.actor.tenant;
    let under = |problem: Invalid| ActionError::from(problem.under("target"));
    let recipient = match target {
        NewTarget::Nearest => return Ok(Goal::Nearest),
        NewTarget::Nobody => return Ok(Goal::Nobody),
        NewTarget::Interface { interface, algorithm, blast_size } => {
            interface_settings(algorithm, blast_size).map_err(under)?;
            if interfaces::list_published(conn, tenant, &[interface]).await?.is_empty() {
                let message = "there is no such interface with a published version";
                return Err(under(Invalid::new("interfaceId", InvalidCode::NotFound, message)));
            }
            return Ok(Goal::Interface { interface, algorithm, blast_size });
        }
        NewTarget::DealerNumber(number, sub_number) => {
            let dealer = dealers::find_by_number(conn, tenant, &number, &sub_number).await?;
            let missing = || {
                let message = format!("there is no dealer with the number `{number}`");
                under(Invalid::new("dealerNumber", InvalidCode::NotFound, message))
            };
            Recipient::Dealer(dealer.ok_or_else(missing)?.id)
        }
        NewTarget::EvenSplit(recipients) => return even_split(conn, call, recipients).await,
        NewTarget::Recipient(recipient) => recipient,
    };
    let directory = Directory::load(conn, tenant, &[recipient]).await?;
    if !directory.may_receive(recipient) {
        let message = "it does not exist, is not active or does not accept leads";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    Ok(Goal::Recipient { recipient })
}

/// The recipients that leads are dealt to: some, each once, and all of them may get leads.
async fn even_split(conn: &Conn, call: Call<'_>, recipients: Vec<Recipient>) -> Result<Goal, ActionError> {
    let refused = |code, message: String| ActionError::from(Invalid::new("evenSplit", code, message).under("target"));
    if recipients.is_empty() {
        return Err(refused(InvalidCode::Required, "name at least one dealer or user".to_owned()));
    }
    if recipients.len() > SPLIT_MAX {
        let message = format!("{} recipients, at most {SPLIT_MAX} are allowed", recipients.len());
        return Err(refused(InvalidCode::TooLong, message));
    }
    let directory = Directory::load(conn, call.actor.tenant, &recipients).await?;
    for (index, recipient) in recipients.iter().enumerate() {
        let shown = match recipient {
            Recipient::Dealer(id) => id.to_string(),
            Recipient::User(id) => id.to_string(),
        };
        if recipients.iter().take(index).any(|other| other == recipient) {
            return Err(refused(InvalidCode::NotAllowed, format!("`{shown}` is named twice")));
        }
        if !directory.may_receive(*recipient) {
            let message = format!("`{shown}` does not exist, is not active or does not accept leads");
            return Err(refused(InvalidCode::NotAllowed, message));
        }
    }
    Ok(Goal::EvenSplit { recipients })
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
