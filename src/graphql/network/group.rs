//! Groups of users who share leads.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::loaders::{MembersKey, UserKey};
use super::user::User;
use crate::domain::user as domain;
use crate::graphql::session::Ctx;

/// One user in one group.
#[derive(SimpleObject)]
pub struct GroupMembership {
    /// The group.
    pub group: Group,
    /// The user.
    pub user: User,
    /// Whether the user manages the group, and so sees the leads of all who are in it.
    pub manages: bool,
}

/// Users who share leads.
#[derive(Clone)]
pub struct Group(pub domain::Group);

/// Users who share leads.
#[Object]
impl Group {
    /// `grp_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Who is in it.
    async fn members(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<GroupMembership>> {
        let loaders = ctx.loaders()?;
        let members = loaders.load(MembersKey(self.0.id)).await?.unwrap_or_default();
        let users = loaders.load_all(members.iter().map(|member| UserKey(member.user))).await?;
        let one = |member: domain::Membership| {
            let user = users.get(&UserKey(member.user))?.clone();
            Some(GroupMembership { group: self.clone(), user: User(user), manages: member.manages })
        };
        Ok(members.into_iter().filter_map(one).collect())
    }
}
