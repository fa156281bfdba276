//! The end of an operation: when its last chunk is done.

use super::plan;
use crate::actions::aside::settle;
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::OperationState;
use crate::store::Conn;
use crate::store::operations::{self, chunks};

/// Ends an operation whose chunks are all done. Whether it was at its end.
pub(super) async fn step(context: &Context, of: (TenantId, OperationId)) -> Result<bool, ActionError> {
    if chunks::is_any_open(context.store.reader(), of).await? {
        return Ok(false);
    }
    let tx = context.store.begin().await?;
    let done = Box::pin(within(context, &tx, of)).await;
    settle(tx, done).await
}

async fn within(context: &Context, conn: &Conn, of: (TenantId, OperationId)) -> Result<bool, ActionError> {
    let Some(mut operation) = operations::lookup_held(conn, of.0, of.1).await? else { return Ok(false) };
    if operation.state != OperationState::Running || chunks::is_any_open(conn, of).await? {
        return Ok(false);
    }
    operation.state = OperationState::Done;
    operation.finished_at = Some(context.clock.now());
    operations::update(conn, &operation).await?;
    plan::tell(context, conn, &operation, OperationState::Running).await?;
    Ok(true)
}
