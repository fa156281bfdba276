//! The end of an operation: when its last chunk is done, or when it was given up; first those are told who are told once.
//!
//! Whoever ends or tells holds the operation, so that each new owner is told by one worker, and whoever stops it waits for that.

use super::{digest, plan};
use crate::actions::aside::{is_lasting, public, settle};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::{Operation, OperationState};
use crate::store::operations::{self, Stage, chunks};
use crate::store::{Conn, StoreError};

/// Tells some of those who are told once, or ends an operation whose chunks are all done. Whether it was at its end.
pub(super) async fn step(context: &Context, of: (TenantId, OperationId), stage: Stage) -> Result<bool, ActionError> {
    // Chunks of one that was given up stay open.
    if stage == Stage::Running && chunks::is_any_open(context.store.reader(), of).await? {
        return Ok(false);
    }
    let tx = context.store.begin().await?;
    let done = Box::pin(within(context, &tx, of)).await;
    match settle(tx, done).await {
        Err(error) if is_lasting(&error) => {
            tracing::error!(operation.id = %of.1, %error, "new owners could not be told");
            let tx = context.store.begin().await?;
            let done = Box::pin(give_up(context, &tx, of, &error)).await;
            settle(tx, done).await
        }
        done => done,
    }
}

async fn within(context: &Context, conn: &Conn, of: (TenantId, OperationId)) -> Result<bool, ActionError> {
    let Some(mut operation) = at_its_end(conn, of).await? else { return Ok(false) };
    if digest::tell_some(context, conn, &operation).await? {
        return Ok(true);
    }
    if operation.is_telling {
        operation.is_telling = false;
        operations::update(conn, &operation).await?;
        return Ok(true);
    }
    finish(context, conn, operation, OperationState::Done).await
}

/// The operation, held, if it has come to its end and nobody else holds it.
async fn at_its_end(conn: &Conn, of: (TenantId, OperationId)) -> Result<Option<Operation>, StoreError> {
    let Some(operation) = operations::lookup_free(conn, of.0, of.1).await? else { return Ok(None) };
    let is_at_its_end = match operation.state {
        OperationState::Running => !chunks::is_any_open(conn, of).await?,
        _ => operation.is_telling,
    };
    Ok(is_at_its_end.then_some(operation))
}

async fn finish(
    context: &Context,
    conn: &Conn,
    mut operation: Operation,
    state: OperationState,
) -> Result<bool, ActionError> {
    operation.state = state;
    operation.finished_at = Some(context.clock.now());
    operations::update(conn, &operation).await?;
    plan::tell(context, conn, &operation, OperationState::Running).await?;
    Ok(true)
}

/// What would fail again is not tried for ever: it is said, and what was handed on stays.
async fn give_up(
    context: &Context,
    conn: &Conn,
    of: (TenantId, OperationId),
    error: &ActionError,
) -> Result<bool, ActionError> {
    let Some(mut operation) = at_its_end(conn, of).await? else { return Ok(false) };
    let why = format!("not all new owners could be told: {}", public(error));
    let before = operation.error.take().map(|before| format!("{before}; ")).unwrap_or_default();
    operation.error = Some(format!("{before}{why}"));
    if operation.is_telling {
        operation.is_telling = false;
        operations::update(conn, &operation).await?;
        return Ok(true);
    }
    finish(context, conn, operation, OperationState::Failed).await
}
