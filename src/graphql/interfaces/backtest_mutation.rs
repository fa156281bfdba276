//! Asking for backtests, and stopping them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::backtest::Backtest;
use crate::actions::ActionError;
use crate::actions::interfaces::{self as actions, NewBacktest};
use crate::domain::Timestamp;
use crate::domain::id::BacktestId;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::backtests;

/// What to compare, over which leads.
#[derive(InputObject)]
pub struct StartBacktestInput {
    /// `ifc_…`: its draft is compared with its published version, so it must have both.
    interface_id: ID,
    /// Leads received at or after this moment. At most 100,000 requests may have come in between the two.
    received_from: DateTime<Utc>,
    /// Leads received before this moment.
    received_before: DateTime<Utc>,
    /// The same key with the same input makes one backtest.
    idempotency_key: Option<String>,
}

/// A backtest to stop.
#[derive(InputObject)]
pub struct CancelBacktestInput {
    /// `bkt_…`
    backtest_id: ID,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A backtest that was asked for or stopped, or what stands in the way.
#[derive(SimpleObject)]
pub struct BacktestPayload {
    /// The backtest as it is now; null when nothing was done.
    backtest: Option<Backtest>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Asking for backtests.
#[derive(Default)]
pub struct BacktestMutation;

/// Asking for backtests.
#[Object]
impl BacktestMutation {
    /// Asks for a backtest: whom the leads of a past period would go to by the draft, next to the published version. A worker does it in
    /// the background; nothing but its result is written. An interface has one at a time. Needs the role admin.
    async fn start_backtest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to compare, over which leads.")] input: StartBacktestInput,
    ) -> async_graphql::Result<BacktestPayload> {
        let call = OwnedCall::read(ctx, "startBacktest")?;
        let moments = (Timestamp::from(input.received_from), Timestamp::from(input.received_before));
        let done = match ids::parse("interfaceId", &input.interface_id) {
            Ok(interface) => {
                let new = NewBacktest { interface, received_from: moments.0, received_before: moments.1 };
                actions::start_backtest(&ctx.session()?.actions, call.call(), new).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Stops a backtest that waits or is under way; what it has counted stays. Needs the role admin.
    async fn cancel_backtest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: CancelBacktestInput,
    ) -> async_graphql::Result<BacktestPayload> {
        let call = OwnedCall::read(ctx, "cancelBacktest")?;
        let done = match ids::parse("backtestId", &input.backtest_id) {
            Ok(id) => actions::cancel_backtest(&ctx.session()?.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }
}

async fn payload(ctx: &Context<'_>, done: Result<BacktestId, ActionError>) -> async_graphql::Result<BacktestPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(BacktestPayload { backtest: None, user_errors }) };
    let session = ctx.session()?;
    let found = backtests::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(BacktestPayload { backtest: found.map(Backtest), user_errors })
}
