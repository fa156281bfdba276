//! Changing users and groups: one mutation per intent.

use async_graphql::{Context, Object};

use super::group::Group;
use super::payload::{GroupPayload, RemovedPayload, UserPayload};
use super::user::User;
use super::user_input::{
    AddGroupMembersInput, CreateGroupInput, CreateUserInput, DeactivateUserInput, RemoveGroupInput,
    RemoveGroupMembersInput, UpdateGroupInput, UpdateUserInput,
};
use crate::actions::ActionError;
use crate::actions::network::{Target, groups as group_actions, users as user_actions};
use crate::domain::Invalid;
use crate::domain::id::{GroupId, UserId};
use crate::domain::input::GroupInput;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::split;
use crate::graphql::session::Ctx;
use crate::store::{groups, users};

/// Changes of users and groups.
#[derive(Default)]
pub struct StaffMutation;

/// Changes of users and groups.
#[Object]
impl StaffMutation {
    /// Adds a user. Needs the role admin.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] input: CreateUserInput,
    ) -> async_graphql::Result<UserPayload> {
        let call = OwnedCall::read(ctx, "createUser")?;
        let done = match input.read() {
            Ok(given) => user_actions::create_user(&ctx.session()?.actions, call.call(), &given).await,
            Err(problem) => Err(problem.into()),
        };
        user(ctx, done).await
    }

    /// Changes a user. Needs the role admin.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user, and what changes.")] input: UpdateUserInput,
    ) -> async_graphql::Result<UserPayload> {
        let call = OwnedCall::read(ctx, "updateUser")?;
        let expected_version = input.expected_version.map(i64::from);
        let read = ids::parse("userId", &input.user_id).and_then(|id| Ok((id, input.read()?)));
        let done = match read {
            Ok((id, given)) => {
                let target = Target { id, expected_version };
                user_actions::update_user(&ctx.session()?.actions, call.call(), target, &given).await
            }
            Err(problem) => Err(problem.into()),
        };
        user(ctx, done).await
    }

    /// Ends a user's work here; lists are no longer shared with the user. Refused for a user who is a job's fallback, and for one with open
    /// leads: `prepareDeparture` says where they go. Needs the role admin.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user.")] input: DeactivateUserInput,
    ) -> async_graphql::Result<UserPayload> {
        let call = OwnedCall::read(ctx, "deactivateUser")?;
        let expected_version = input.expected_version.map(i64::from);
        let done = match ids::parse("userId", &input.user_id) {
            Ok(id) => {
                let target = Target { id, expected_version };
                user_actions::deactivate_user(&ctx.session()?.actions, call.call(), target).await
            }
            Err(problem) => Err(problem.into()),
        };
        user(ctx, done).await
    }

    /// Adds a group. Needs the role admin.
    async fn create_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: CreateGroupInput,
    ) -> async_graphql::Result<GroupPayload> {
        let call = OwnedCall::read(ctx, "createGroup")?;
        let given = GroupInput { name: Some(input.name) };
        group(ctx, group_actions::create_group(&ctx.session()?.actions, call.call(), &given).await).await
    }

    /// Renames a group. Needs the role admin.
    async fn update_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and its name.")] input: UpdateGroupInput,
    ) -> async_graphql::Result<GroupPayload> {
        let call = OwnedCall::read(ctx, "updateGroup")?;
        let given = GroupInput { name: input.name };
        let done = match ids::parse("groupId", &input.group_id) {
            Ok(id) => group_actions::update_group(&ctx.session()?.actions, call.call(), id, &given).await,
            Err(problem) => Err(problem.into()),
        };
        group(ctx, done).await
    }

    /// Puts users into a group, or changes whether they manage it. Needs the role admin.
    async fn add_group_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group and users.")] input: AddGroupMembersInput,
    ) -> async_graphql::Result<GroupPayload> {
        let call = OwnedCall::read(ctx, "addGroupMembers")?;
        let done = match group_and_users(&input.group_id, &input.user_ids) {
            Ok((id, users)) => {
                let actions = &ctx.session()?.actions;
                group_actions::add_members(actions, call.call(), id, &users, input.manages).await
            }
            Err(problem) => Err(problem.into()),
        };
        group(ctx, done).await
    }

    /// Takes users out of a group. Needs the role admin.
    async fn remove_group_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group and users.")] input: RemoveGroupMembersInput,
    ) -> async_graphql::Result<GroupPayload> {
        let call = OwnedCall::read(ctx, "removeGroupMembers")?;
        let done = match group_and_users(&input.group_id, &input.user_ids) {
            Ok((id, users)) => group_actions::remove_members(&ctx.session()?.actions, call.call(), id, &users).await,
            Err(problem) => Err(problem.into()),
        };
        group(ctx, done).await
    }

    /// Removes a group that nobody is in. Needs the role admin.
    async fn remove_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group.")] input: RemoveGroupInput,
    ) -> async_graphql::Result<RemovedPayload> {
        let call = OwnedCall::read(ctx, "removeGroup")?;
        let done = match ids::parse("groupId", &input.group_id) {
            Ok(id) => group_actions::remove_group(&ctx.session()?.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemovedPayload { removed_id: removed.map(Into::into), user_errors })
    }
}

fn group_and_users(group: &async_graphql::ID, users: &[async_graphql::ID]) -> Result<(GroupId, Vec<UserId>), Invalid> {
    Ok((ids::parse("groupId", group)?, ids::parse_all("userIds", users)?))
}

async fn user(ctx: &Context<'_>, done: Result<UserId, ActionError>) -> async_graphql::Result<UserPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(UserPayload { user: None, user_errors }) };
    let session = ctx.session()?;
    let found = users::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(UserPayload { user: found.map(User), user_errors })
}

async fn group(ctx: &Context<'_>, done: Result<GroupId, ActionError>) -> async_graphql::Result<GroupPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(GroupPayload { group: None, user_errors }) };
    let session = ctx.session()?;
    let found = groups::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(GroupPayload { group: found.map(Group), user_errors })
}
