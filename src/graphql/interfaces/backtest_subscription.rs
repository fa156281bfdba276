//! What is told about backtests: how far one has come.

use async_graphql::{Context, ID, Subscription};
use async_trait::async_trait;
use futures_util::stream::Stream;
use uuid::Uuid;

use super::backtest::Backtest;
use crate::actions::Permission;
use crate::domain::id::BacktestId;
use crate::graphql::connection::bad_input;
use crate::graphql::ids;
use crate::graphql::session::{Ctx, Session, permitted};
use crate::graphql::told::{Told, follow};
use crate::live::Interest;
use crate::store::backtests;
use crate::store::progress::Topic;

/// Subscriptions about backtests.
#[derive(Default)]
pub struct BacktestSubscription;

/// Subscriptions about backtests.
#[Subscription]
impl BacktestSubscription {
    /// A backtest as it is now, then after each batch of leads, each time in its newest state; completes when it has ended. Needs the
    /// role admin, manager or auditor.
    async fn backtest_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`bkt_…`")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Backtest>>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let missing = || bad_input("id: there is no such backtest".to_owned());
        let id: BacktestId = ids::parse_or_null(&id).ok_or_else(missing)?;
        if backtests::lookup(session.reader(), session.scope.tenant, id).await?.is_none() {
            return Err(missing());
        }
        follow(session, Interest::Progress(Topic::Backtests, Some(id.uuid())), Steps(id)).await
    }
}

struct Steps(BacktestId);

#[async_trait]
impl Told for Steps {
    type Item = Backtest;

    async fn first(&self, session: &Session) -> async_graphql::Result<Vec<Backtest>> {
        let found = backtests::lookup(session.reader(), session.scope.tenant, self.0).await?;
        Ok(found.into_iter().map(Backtest).collect())
    }

    async fn read(&self, session: &Session, _ids: Vec<Uuid>) -> async_graphql::Result<Vec<Backtest>> {
        self.first(session).await
    }

    fn is_last(&self, item: &Backtest) -> bool {
        !item.0.state.is_open()
    }
}
