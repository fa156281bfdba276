//! Reading operations.

use async_graphql::{Context, ID, Object};

use super::operation::Operation;
use crate::actions::operations::is_shown;
use crate::actions::{Permission, permit};
use crate::domain::actor::Role;
use crate::domain::id::OperationId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::session::{Ctx, permitted};
use crate::store::operations::{self, OperationFilter};

/// Queries about operations.
#[derive(Default)]
pub struct OperationQuery;

/// Queries about operations.
#[Object]
impl OperationQuery {
    /// One operation; null when there is none that you may see. Ask again for its progress.
    async fn operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`op_…`")] id: ID,
    ) -> async_graphql::Result<Option<Operation>> {
        match ids::parse_or_null(&id) {
            Some(id) => find_operation(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Operations, newest first unless asked otherwise: all of the tenant for admins and auditors, their own for managers.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its filter and its order")]
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(
            desc = "Only those that have not come to an end, or only those that have; all when left out. A plan that was not run \
                    in time counts with the former."
        )]
        is_open: Option<bool>,
        #[graphql(desc = "Which way, by time.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<Operation>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let list = format!("operations {is_open:?} {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let sees_all = matches!(session.actor.role, Role::Admin | Role::Auditor);
        let requested_by = (!sees_all).then_some(session.actor.subject.as_str());
        let filter = OperationFilter { requested_by, is_open };
        let found = operations::list(reader, tenant, filter, direction.into(), &page).await?;
        connect(ctx, &list, found, Operation, |up_to| operations::count(reader, tenant, filter, up_to)).await
    }
}

/// One operation that the caller may see.
pub async fn find_operation(ctx: &Context<'_>, id: OperationId) -> async_graphql::Result<Option<Operation>> {
    let session = ctx.session()?;
    if permit(&session.actor, Permission::ReadConfiguration).is_err() {
        return Ok(None);
    }
    // Read where it was written: whoever has just asked for it asks for its progress.
    let found = operations::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(found.filter(|operation| is_shown(&session.actor, operation)).map(Operation))
}
