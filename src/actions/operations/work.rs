//! Carrying a plan out, one chunk in one transaction: the chunk is taken, the requests are held, every lead is compared with the
//! version that was planned, and what changes is written together with what became of each lead. A worker that dies meanwhile has done
//! nothing, and lets go of the chunk with its connection.

use std::collections::HashMap;

use super::turns::Turns;
use super::{fields, plan, reassign, undo};
use crate::actions::aside::{is_lasting, public, settle};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::handover::Changes;
use crate::actions::held::Held;
use crate::domain::assignment::Assignments;
use crate::domain::id::{LeadId, OperationId, RequestId, TenantId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{
    Change, Changed, Copy, ItemReason, ItemResult, LeadImage, OnProblem, Operation, OperationState, Outcome, Planned,
    Problem, Progress,
};
use crate::domain::{InvalidCode, Timestamp};
use crate::store::operations::chunks::{self, Chunk};
use crate::store::operations::{self, items, results, untold};
use crate::store::{Conn, StoreError};

/// What a step for an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// A chunk, or a part of one.
    Chunk,
    /// Nothing: others have all that is left in hand, or there is nothing left.
    Nothing,
}

/// Carries out the next chunk of an operation that runs.
pub(super) async fn step(context: &Context, turns: &Turns, of: (TenantId, OperationId)) -> Result<Did, ActionError> {
    let tx = context.store.begin().await?;
    let chunk = match chunks::claim(&tx, of).await {
        Ok(Some(chunk)) => chunk,
        Ok(None) => {
            tx.rollback().await?;
            return Ok(Did::Nothing);
        }
        Err(error) => return settle(tx, Err(error.into())).await,
    };
    let done = Box::pin(within(context, &tx, turns, of, chunk)).await;
    match settle(tx, done).await {
        Err(error) if is_lasting(&error) => {
            broken(context, of, chunk, &error).await?;
            Ok(Did::Chunk)
        }
        done => done,
    }
}

async fn within(
    context: &Context,
    conn: &Conn,
    turns: &Turns,
    of: (TenantId, OperationId),
    chunk: Chunk,
) -> Result<Did, ActionError> {
    // Read after the chunk was taken: whoever stops an operation holds its chunks first.
    let Some(operation) = operations::lookup(conn, of.0, of.1).await? else { return Ok(Did::Nothing) };
    if operation.state != OperationState::Running {
        return Ok(Did::Nothing);
    }
    let worked = match turns.ahead.take(context, conn, of, chunk).await? {
        Some(worked) => worked,
        None => work_out(context, conn, &operation, chunk).await?,
    };
    // Among several operations it would be another's turn next.
    if turns.serve_one() {
        turns.ahead.begin(context, &operation, chunk);
    }
    refuse_conflicts(&operation, &worked)?;
    let mut progress = Progress::default();
    worked.results.iter().for_each(|(result, _)| progress.add(result.outcome));
    worked.changes.write(conn, of.0, worked.at).await?;
    results::insert(conn, of, worked.results).await?;
    untold::insert(conn, of, &worked.untold).await?;
    chunks::finish(conn, of, chunk, progress, worked.at).await?;
    Ok(Did::Chunk)
}

/// What a chunk comes to: its requests are held and read, and each lead is compared with what was planned.
pub(super) async fn work_out(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    chunk: Chunk,
) -> Result<Worked, ActionError> {
    let of = (operation.tenant, operation.id);
    let items = items::list_chunk(conn, of, chunk).await?;
    let mut requests: Vec<RequestId> = items.iter().map(|item| item.request).collect();
    requests.sort_unstable();
    requests.dedup();
    let held = Held::hold(conn, of.0, &requests).await?;
    let worked = Worked::new(context.clock.now(), requests);
    match &operation.change {
        Change::Reassign { .. } => reassign::carry(context, conn, operation, &held, (items, worked)).await,
        Change::Update { fields } => {
            fields::carry(context, conn, (operation, fields.as_ref()), &held, (items, worked)).await
        }
        Change::Undo { operation: source } => {
            undo::carry(context, conn, (operation, *source), &held, (items, worked)).await
        }
    }
}

/// An operation that is to stop at a problem stops at the first lead that somebody changed in the moment since it was run.
fn refuse_conflicts(operation: &Operation, worked: &Worked) -> Result<(), ActionError> {
    let mut results = worked.results.iter().map(|(result, _)| result);
    let first = results.find(|result| worked.conflicts > 0 && result.outcome == Outcome::Skipped);
    match first.filter(|_| operation.options.on_problem == OnProblem::Stop) {
        None => Ok(()),
        Some(result) => {
            let why = result.problem.as_ref().map(|problem| problem.text.as_str()).unwrap_or_default();
            let message = format!(
                "stopped at `{}`: {why}; what was changed until then stays, undo the operation to take it back",
                result.lead
            );
            Err(ActionError::refused("", InvalidCode::Conflict, message))
        }
    }
}

/// After a chunk that would fail again: an operation that stops at problems fails; otherwise the chunk is halved until the one lead that
/// is at fault stands alone, and that one is listed.
async fn broken(
    context: &Context,
    of: (TenantId, OperationId),
    chunk: Chunk,
    error: &ActionError,
) -> Result<(), ActionError> {
    let operation = operations::lookup(context.store.reader(), of.0, of.1).await?;
    let Some(operation) = operation else { return Ok(()) };
    if operation.options.on_problem == OnProblem::Stop {
        return plan::fail(context, of, error).await;
    }
    tracing::error!(operation.id = %of.1, first = chunk.first, count = chunk.count, %error, "a chunk could not be carried out");
    let tx = context.store.begin().await?;
    let done = Box::pin(isolate(context, &tx, of, chunk, error)).await;
    match settle(tx, done).await {
        // Another worker was there first.
        Err(ActionError::Refused(_)) => Ok(()),
        done => done,
    }
}

async fn isolate(
    context: &Context,
    conn: &Conn,
    of: (TenantId, OperationId),
    chunk: Chunk,
    error: &ActionError,
) -> Result<(), ActionError> {
    if chunk.count > 1 {
        return Ok(chunks::split(conn, of, chunk).await?);
    }
    let at = context.clock.now();
    let mut worked = Worked::new(at, Vec::new());
    for item in items::list_chunk(conn, of, chunk).await? {
        worked.add(item.position, item.lead, Outcome::Failed, Problem::new(ItemReason::Fault, public(error)));
    }
    results::insert(conn, of, worked.results).await?;
    Ok(chunks::finish(conn, of, chunk, Progress { failed: 1, ..Progress::default() }, at).await?)
}

/// What a chunk comes to.
#[derive(Debug)]
pub(super) struct Worked {
    /// When all of it happens.
    pub(super) at: Timestamp,
    /// The requests that it is about.
    pub(super) requests: Vec<RequestId>,
    /// What is to become true.
    pub(super) changes: Changes,
    /// What became of each lead.
    results: Vec<(ItemResult, Option<Changed>)>,
    /// Leads that others have changed since they were planned.
    conflicts: u64,
    /// Copies of which their new owners are told when the operation ends.
    pub(super) untold: Vec<(Recipient, LeadId)>,
}

/// A lead that a chunk changes.
pub(super) struct Carried {
    position: i64,
    lead: LeadId,
    version: i64,
    before: LeadImage,
}

impl Carried {
    /// The lead at this position as it is before the change.
    pub(super) fn of(position: i64, copy: &Lead) -> Self {
        Self { position, lead: copy.id, version: copy.version, before: LeadImage::of(copy) }
    }

    /// Whether a rotation gets the turn back by the change.
    pub(super) fn giving_turn_back(self, gives: bool) -> Self {
        Self { before: self.before.giving_turn_back(gives), ..self }
    }

    /// With who was assigned to it before.
    pub(super) fn assigned(self, before: Assignments) -> Self {
        Self { before: self.before.assigned(before), ..self }
    }
}

impl Worked {
    /// Nothing yet.
    pub(super) fn new(at: Timestamp, requests: Vec<RequestId>) -> Self {
        let (changes, results, untold) = (Changes::default(), Vec::new(), Vec::new());
        Self { at, requests, changes, results, conflicts: 0, untold }
    }

    /// A lead that others have changed since.
    pub(super) fn conflict(&mut self, position: i64, lead: LeadId, problem: Problem) {
        self.conflicts += 1;
        self.add(position, lead, Outcome::Skipped, problem);
    }

    /// A lead that the plan leaves as it is.
    pub(super) fn settled(&mut self, position: i64, lead: LeadId, planned: Planned) {
        match planned {
            Planned::Unchanged(problem) => self.add(position, lead, Outcome::Unchanged, problem),
            Planned::Problem(problem) => self.add(position, lead, Outcome::Skipped, problem),
            Planned::Move(_) | Planned::Update | Planned::Restore { .. } => {
                let text = "the plan says something else than the operation does";
                self.add(position, lead, Outcome::Failed, Problem::new(ItemReason::Fault, text));
            }
        }
    }

    /// The leads that were changed, with the copies that were made of each.
    pub(super) fn carried(&mut self, carried: Vec<Carried>, made: &HashMap<LeadId, Vec<Copy>>) {
        self.results.extend(carried.into_iter().map(|one| {
            let copies = made.get(&one.lead).cloned().unwrap_or_default();
            let (position, lead, outcome) = (one.position, one.lead, Outcome::Changed);
            let result = ItemResult { position, lead, outcome, problem: None, copies };
            (result, Some(Changed { lead_version: one.version + 1, before: one.before }))
        }));
    }

    fn add(&mut self, position: i64, lead: LeadId, outcome: Outcome, problem: Problem) {
        let result = ItemResult { position, lead, outcome, problem: Some(problem), copies: Vec::new() };
        self.results.push((result, None));
    }
}

/// The copy as it was planned, or that it is another by now.
pub(super) fn unchanged_since(held: &Held, lead: LeadId, version: i64) -> Result<&Lead, Problem> {
    let changed = |text: String| Problem::new(ItemReason::ChangedSince, text);
    match held.copy(lead) {
        Ok(copy) if copy.version == version => Ok(copy),
        Ok(copy) => Err(changed(format!(
            "it was changed since it was planned: planned at version {version}, found {}",
            copy.version
        ))),
        Err(StoreError::Corrupt { .. }) => Err(changed("it was removed since it was planned".to_owned())),
        Err(_) => Err(changed("it can't be read any more".to_owned())),
    }
}
