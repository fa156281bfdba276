//! Asking for operations, running and stopping them.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::input::{
    OperationInput, PrepareDepartureInput, PrepareLeadUpdateInput, PrepareReassignmentInput, PrepareUndoInput,
};
use super::operation::Operation;
use super::query::find_operation;
use crate::actions::ActionError;
use crate::actions::operations as actions;
use crate::domain::Invalid;
use crate::domain::id::OperationId;
use crate::domain::operation::Options;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;

/// An operation that was asked for or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct OperationPayload {
    /// The operation as it is now; null when nothing was done.
    operation: Option<Operation>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Asking for operations, running and stopping them.
#[derive(Default)]
pub struct OperationMutation;

/// Asking for operations, running and stopping them.
#[Object]
impl OperationMutation {
    /// Prepares to hand leads on, any number of them: answers with a plan to look at. A thousand leads are planned before the answer, more
    /// of them in the background; `state` is READY when the plan is whole. Nothing changes before `runOperation`. Needs the role admin or
    /// manager.
    async fn prepare_reassignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and where they go.")] input: PrepareReassignmentInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "prepareReassignment")?;
        let done = match input.read() {
            Ok(new) => Box::pin(actions::prepare(&ctx.session()?.actions, call.call(), new)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Prepares to take a dealer or a user out of the network: answers with a plan for their open leads to look at, as
    /// `prepareReassignment` does; `leaving` names the rules that still refer to them. Run, it deactivates them at once and then hands the
    /// leads on; undone, they are active again. Open leads that came to them or were changed between the plan and the run are planned by the
    /// run as further ones, so that none is left behind; a changed one is listed twice, first as skipped. With more than 1,000 of them the
    /// run is refused: prepare it again. Refused for the default dealer and for a job's fallback: name another one first. Needs the role
    /// admin.
    async fn prepare_departure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who leaves, and where their leads go.")] input: PrepareDepartureInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "prepareDeparture")?;
        let done = match input.read() {
            Ok((who, how)) => {
                Box::pin(actions::prepare_departure(&ctx.session()?.actions, call.call(), who, how)).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Prepares to change what is noted on leads, any number of them: answers with a plan to look at, as `prepareReassignment` does.
    /// Only named fields change. Needs the role admin or manager.
    async fn prepare_lead_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and what changes.")] input: PrepareLeadUpdateInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "prepareLeadUpdate")?;
        let done = match input.read() {
            Ok(new) => Box::pin(actions::prepare(&ctx.session()?.actions, call.call(), new)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Prepares to take an operation back: every lead that it changed becomes what it was, the copies that it made are deleted and do not
    /// count as having had the lead. Leads that were changed since, or whose new recipient has opened the link, are left and listed. Sends
    /// nothing. Needs the role admin or manager.
    async fn prepare_undo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: PrepareUndoInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "prepareUndo")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => {
                let options = Options::quiet(input.on_problem.into(), input.reason);
                Box::pin(actions::prepare_undo(&ctx.session()?.actions, call.call(), (id, options))).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Prepares the same change for the leads that an operation skipped, could not change or did not come to: they are planned anew, as
    /// they are now. Needs the role admin or manager.
    async fn prepare_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: OperationInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "prepareRetry")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => Box::pin(actions::prepare_retry(&ctx.session()?.actions, call.call(), id)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Runs a plan, once: what runs is what was shown. Leads that others have changed since are left, or stop it, as `onProblem` says. Needs
    /// the role admin or manager.
    async fn run_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: OperationInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "runOperation")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => Box::pin(actions::run(&ctx.session()?.actions, call.call(), id)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Stops an operation that runs, after the chunks that workers have in hand, until `resumeOperation`. Needs the role admin or manager.
    async fn pause_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: OperationInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "pauseOperation")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => Box::pin(actions::pause(&ctx.session()?.actions, call.call(), id)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Lets a paused operation go on. Needs the role admin or manager.
    async fn resume_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: OperationInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "resumeOperation")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => Box::pin(actions::resume(&ctx.session()?.actions, call.call(), id)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Gives an operation up, after the chunks that workers have in hand; what was changed stays and can be undone. Needs the role admin or
    /// manager.
    async fn cancel_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] input: OperationInput,
    ) -> async_graphql::Result<OperationPayload> {
        let call = OwnedCall::read(ctx, "cancelOperation")?;
        let done = match id_of(&input.operation_id) {
            Ok(id) => Box::pin(actions::cancel(&ctx.session()?.actions, call.call(), id)).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }
}

fn id_of(id: &ID) -> Result<OperationId, Invalid> {
    ids::parse("operationId", id)
}

async fn payload(ctx: &Context<'_>, done: Result<OperationId, ActionError>) -> async_graphql::Result<OperationPayload> {
    let (id, user_errors) = split(done)?;
    let operation = match id {
        Some(id) => find_operation(ctx, id).await?,
        None => None,
    };
    Ok(OperationPayload { operation, user_errors })
}
