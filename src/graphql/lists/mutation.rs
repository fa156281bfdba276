//! Making, changing, sharing and removing lists.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::input::{CreateListInput, RemoveListInput, SetListSharesInput, UpdateListInput};
use super::list::LeadList;
use crate::actions::ActionError;
use crate::actions::lists as actions;
use crate::actions::network::Target;
use crate::domain::Invalid;
use crate::domain::id::ListId;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::lists::{self, ListReach};

/// A list that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct ListPayload {
    /// The list as it is now; null when nothing was done, and when it is no longer yours to see.
    list: Option<LeadList>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Which list was removed, or what stands in the way.
#[derive(SimpleObject)]
pub struct RemoveListPayload {
    /// The id of what is gone; null when nothing was done.
    removed_id: Option<ID>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of lists.
#[derive(Default)]
pub struct ListMutation;

/// Changes of lists.
#[Object]
impl ListMutation {
    /// Saves a view over leads. Needs the role admin, manager or member.
    async fn create_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The list.")] input: CreateListInput,
    ) -> async_graphql::Result<ListPayload> {
        let call = OwnedCall::read(ctx, "createList")?;
        let done = match input.read() {
            Ok(change) => actions::create_list(&ctx.session()?.actions, call.call(), &change).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Changes what a list shows, or whose it is. Needs the role admin, manager or member, and that the list is yours or shared with
    /// you for editing.
    async fn update_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list, and what changes.")] input: UpdateListInput,
    ) -> async_graphql::Result<ListPayload> {
        let call = OwnedCall::read(ctx, "updateList")?;
        let target = target(&input.list_id, input.expected_version);
        let done = match (target, input.read()) {
            (Ok(target), Ok(change)) => {
                actions::update_list(&ctx.session()?.actions, call.call(), target, &change).await
            }
            (target, change) => Err(target.err().into_iter().chain(change.err()).collect::<Vec<_>>().into()),
        };
        payload(ctx, done).await
    }

    /// Shares a list with exactly these users. Needs the role admin, manager or member, and that the list is yours.
    async fn set_list_shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list, and with whom.")] input: SetListSharesInput,
    ) -> async_graphql::Result<ListPayload> {
        let call = OwnedCall::read(ctx, "setListShares")?;
        let done = match (target(&input.list_id, input.expected_version), input.read()) {
            (Ok(target), Ok(shares)) => {
                actions::set_list_shares(&ctx.session()?.actions, call.call(), target, shares).await
            }
            (target, shares) => {
                let own = target.err().into_iter();
                Err(own.chain(shares.err().unwrap_or_default()).collect::<Vec<_>>().into())
            }
        };
        payload(ctx, done).await
    }

    /// Removes a list; the leads that it showed stay what they are. Needs the role admin, manager or member, and that the list is yours.
    async fn remove_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list.")] input: RemoveListInput,
    ) -> async_graphql::Result<RemoveListPayload> {
        let call = OwnedCall::read(ctx, "removeList")?;
        let done = match target(&input.list_id, input.expected_version) {
            Ok(target) => actions::remove_list(&ctx.session()?.actions, call.call(), target).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemoveListPayload { removed_id: removed.map(Into::into), user_errors })
    }
}

fn target(id: &ID, expected_version: Option<i32>) -> Result<Target<ListId>, Invalid> {
    Ok(Target { id: ids::parse("listId", id)?, expected_version: expected_version.map(i64::from) })
}

async fn payload(ctx: &Context<'_>, done: Result<ListId, ActionError>) -> async_graphql::Result<ListPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(ListPayload { list: None, user_errors }) };
    let session = ctx.session()?;
    let (writer, reach) = (session.actions.store.writer(), ListReach::of(&session.actor));
    let found = lists::lookup(writer, session.scope.tenant, reach, id).await?;
    Ok(ListPayload { list: found.map(LeadList), user_errors })
}
