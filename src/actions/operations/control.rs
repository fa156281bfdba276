//! Running a plan, and stopping it between two chunks.
//!
//! Whoever stops an operation waits for the chunks that workers have in hand and lets nobody take another meanwhile: what was done when
//! it has stopped is all that was done.

use super::{is_shown, plan};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::network::{come_back, leave};
use crate::actions::permit::{Permission, permit};
use crate::actions::work::{Begun, Call, Work};
use crate::domain::InvalidCode;
use crate::domain::id::OperationId;
use crate::domain::operation::{Change, OnProblem, Operation, OperationState};
use crate::store::leads::count_open;
use crate::store::operations::{self, chunks, items};
use crate::store::tenants::{self, VersionHold};

/// Begins to carry a plan out, once: what runs is what was shown.
pub async fn run(context: &Context, call: Call<'_>, id: OperationId) -> Result<OperationId, ActionError> {
    let (mut work, mut operation) = match begin(context, call, id).await? {
        Started::Before(id) => return Ok(id),
        Started::Now(work, operation) => (work, operation),
    };
    operation.may_run(work.at())?;
    if operation.options.on_problem == OnProblem::Stop {
        let changed = items::count_changed_since(&work, (operation.tenant, id)).await?;
        if changed > 0 {
            let message = format!(
                "{changed} of {} leads were changed since they were planned: nothing was changed, prepare it again",
                operation.planned.leads()
            );
            return Err(ActionError::refused("operationId", InvalidCode::Conflict, message));
        }
    }
    operation.started_at = Some(work.at());
    if let Some(who) = operation.change.leaving().filter(|_| operation.options.on_problem == OnProblem::Skip) {
        // Whoever hands a lead on holds the network as it is: nobody comes in between.
        tenants::network_version(&work, operation.tenant, VersionHold::Exclusive).await?;
        plan::catch_up(context, &work, &mut operation, who).await?;
    }
    come_and_go(&mut work, &operation).await?;
    if operation.options.on_problem == OnProblem::Stop {
        // Only now can nothing more come: whoever hands a lead on holds the network as it was, and is done by now.
        check_none_came(&work, &operation).await?;
    }
    change(work, operation, OperationState::Running).await
}

/// Refuses if somebody who leaves has got leads since it was planned where theirs go.
async fn check_none_came(work: &Work<'_>, operation: &Operation) -> Result<(), ActionError> {
    let Some(who) = operation.change.leaving() else { return Ok(()) };
    let came = count_open(work, operation.tenant, who).await? - operation.planned.leads();
    if came <= 0 {
        return Ok(());
    }
    let message = format!("{came} open leads more came since the plan was made: nothing was changed, prepare it again");
    Err(ActionError::refused("operationId", InvalidCode::Conflict, message))
}

/// Who leaves is offered nothing more from the moment at which it runs; who left by what is undone is there again.
async fn come_and_go(work: &mut Work<'_>, operation: &Operation) -> Result<(), ActionError> {
    if let Some(who) = operation.change.leaving() {
        return leave(work, who).await;
    }
    let Change::Undo { operation: source } = &operation.change else { return Ok(()) };
    let source = operations::lookup(work, operation.tenant, *source).await?;
    match source.and_then(|source| source.change.leaving()) {
        Some(who) => come_back(work, who).await,
        None => Ok(()),
    }
}

/// Stops an operation that runs until somebody lets it go on.
pub async fn pause(context: &Context, call: Call<'_>, id: OperationId) -> Result<OperationId, ActionError> {
    let (work, operation) = match begin(context, call, id).await? {
        Started::Before(id) => return Ok(id),
        Started::Now(work, operation) => (work, operation),
    };
    expect(&operation, &[OperationState::Running], "only an operation that runs can be paused")?;
    chunks::hold_open(&work, (operation.tenant, id)).await?;
    change(work, operation, OperationState::Paused).await
}

/// Lets a paused operation go on.
pub async fn resume(context: &Context, call: Call<'_>, id: OperationId) -> Result<OperationId, ActionError> {
    let (work, operation) = match begin(context, call, id).await? {
        Started::Before(id) => return Ok(id),
        Started::Now(work, operation) => (work, operation),
    };
    expect(&operation, &[OperationState::Paused], "only a paused operation can go on")?;
    change(work, operation, OperationState::Running).await
}

/// Gives an operation up; what was changed until then stays and can be undone.
pub async fn cancel(context: &Context, call: Call<'_>, id: OperationId) -> Result<OperationId, ActionError> {
    let (work, mut operation) = match begin(context, call, id).await? {
        Started::Before(id) => return Ok(id),
        Started::Now(work, operation) => (work, operation),
    };
    let open = [OperationState::Preparing, OperationState::Ready, OperationState::Running, OperationState::Paused];
    expect(&operation, &open, "it has ended already")?;
    chunks::hold_open(&work, (operation.tenant, id)).await?;
    operation.finished_at = Some(work.at());
    operation.is_telling = operation.tells_at_its_end();
    change(work, operation, OperationState::Cancelled).await
}

/// A change of an operation that has begun, or was made before.
#[expect(clippy::large_enum_variant, reason = "one value, moved once, at the start of a mutation")]
enum Started<'c> {
    Now(Work<'c>, Box<Operation>),
    Before(OperationId),
}

/// An operation that the caller may act on, held.
async fn begin<'c>(context: &'c Context, call: Call<'c>, id: OperationId) -> Result<Started<'c>, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let work = match context.begin(call).await? {
        Begun::Before(id) => return Ok(Started::Before(id)),
        Begun::Fresh(work) => work,
    };
    let found = operations::lookup_held(&work, call.actor.tenant, id).await?;
    let found = found.filter(|operation| is_shown(call.actor, operation));
    let operation = found.ok_or_else(|| ActionError::not_found("operationId", "operation"))?;
    Ok(Started::Now(work, Box::new(operation)))
}

fn expect(operation: &Operation, states: &[OperationState], message: &str) -> Result<(), ActionError> {
    if states.contains(&operation.state) {
        return Ok(());
    }
    Err(ActionError::refused("operationId", InvalidCode::WrongState, message))
}

async fn change(work: Work<'_>, mut operation: Box<Operation>, to: OperationState) -> Result<OperationId, ActionError> {
    let before = operation.state;
    operation.state = to;
    operations::update(&work, &operation).await?;
    plan::tell(work.context(), &work, &operation, before).await?;
    work.commit(operation.id).await
}
