//! Reading backtests.

use async_graphql::{Context, ID, Object};

use super::backtest::Backtest;
use crate::actions::{Permission, permit};
use crate::domain::Invalid;
use crate::graphql::connection::{Listed, PageArgs, bad_input, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::session::{Ctx, permitted};
use crate::store::backtests;

/// Queries about backtests.
#[derive(Default)]
pub struct BacktestQuery;

/// Queries about backtests.
#[Object]
impl BacktestQuery {
    /// One backtest; null when there is none or your role does not read the configuration. Ask again for its progress.
    async fn backtest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`bkt_…`")] id: ID,
    ) -> async_graphql::Result<Option<Backtest>> {
        let session = ctx.session()?;
        let Some(id) =
            ids::parse_or_null(&id).filter(|_| permit(&session.actor, Permission::ReadConfiguration).is_ok())
        else {
            return Ok(None);
        };
        Ok(backtests::lookup(session.reader(), session.scope.tenant, id).await?.map(Backtest))
    }

    /// Backtests of one interface or of all, newest first unless asked otherwise. Needs the role admin, manager or auditor.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its filter and its order")]
    async fn backtests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this interface, `ifc_…`.")] interface_id: Option<ID>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by time.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<Backtest>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let interface = ids::parse_optional("interfaceId", interface_id.as_ref());
        let interface = interface.map_err(|problem: Invalid| bad_input(problem.message))?;
        let list = format!("backtests {interface:?} {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = backtests::list(reader, tenant, interface, direction.into(), &page).await?;
        connect(ctx, &list, found, Backtest, |up_to| backtests::count(reader, tenant, interface, up_to)).await
    }
}
