//! What is told about operations: how far one has come.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use async_trait::async_trait;
use futures_util::stream::Stream;
use uuid::Uuid;

use super::operation::Operation;
use crate::actions;
use crate::actions::operations::is_shown;
use crate::domain::id::OperationId;
use crate::graphql::connection::bad_input;
use crate::graphql::ids;
use crate::graphql::session::{Ctx, Session};
use crate::graphql::told::{Told, follow};
use crate::live::Interest;
use crate::store::operations;
use crate::store::progress::Topic;

/// Subscriptions about operations.
#[derive(Default)]
pub struct OperationSubscription;

/// Subscriptions about operations.
#[Subscription]
impl OperationSubscription {
    /// An operation as it is now, then after each chunk that is planned or carried out and after each change of its state, each time in its
    /// newest state; completes when it has ended. Seen by whoever sees the operation.
    async fn operation_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`op_…`")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Operation>>> {
        let session = ctx.session()?;
        let missing = || bad_input("id: there is no such operation".to_owned());
        let steps = Steps { id: ids::parse_or_null(&id).ok_or_else(missing)?, actions: session.actions.clone() };
        if steps.first(session).await?.is_empty() {
            return Err(missing());
        }
        let id = steps.id.uuid();
        follow(session, Interest::Progress(Topic::Operations, Some(id)), steps).await
    }
}

struct Steps {
    id: OperationId,
    actions: Arc<actions::Context>,
}

#[async_trait]
impl Told for Steps {
    type Item = Operation;

    async fn first(&self, session: &Session) -> async_graphql::Result<Vec<Operation>> {
        let found = operations::lookup(session.reader(), session.scope.tenant, self.id).await?;
        Ok(found.filter(|operation| is_shown(&session.actor, operation)).into_iter().map(Operation).collect())
    }

    async fn read(&self, session: &Session, _ids: Vec<Uuid>) -> async_graphql::Result<Vec<Operation>> {
        self.first(session).await
    }

    fn is_last(&self, item: &Operation) -> bool {
        item.0.state_at(self.actions.clock.now()).is_over()
    }
}
