//! A list, and the leads that it shows to whoever opens it.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::actions::ActionError;
use crate::actions::lists::{Column, Opened, columns, opened};
use crate::domain::InvalidCode;
use crate::domain::list::{List, ListAccess as Access};
use crate::graphql::connection::{COUNT_MAX, Listed, PageArgs, bad_input};
use crate::graphql::leads::{Lead, LeadOrder, LeadSortField, SortDirection};
use crate::graphql::network::{User, UserKey};
use crate::graphql::session::{Ctx, Session, forbidden};
use crate::store::leads;

/// What a list's filter is applied to.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "crate::domain::list::BaseSet")]
pub enum ListBaseSet {
    /// Every copy.
    #[default]
    All,
    /// Copies that stand: not rejected, expired or deleted.
    Current,
    /// In nobody's hands.
    Unassigned,
    /// Offered and not acknowledged.
    Waiting,
    /// In somebody's hands and not closed: offered, acknowledged or accepted.
    Open,
    /// Won or lost.
    Closed,
    /// Nobody was found to take it.
    Exceptions,
    /// In the hands of whoever opens the list: the user's own, or the dealer's.
    Mine,
}

/// What you may do with a list.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::list::ListAccess")]
pub enum ListAccess {
    /// Open it.
    View,
    /// Change what it shows.
    Edit,
    /// Share it, give it away, remove it.
    Own,
}

/// What a list is shared for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ListShareAccess {
    /// To open it.
    View,
    /// To change what it shows as well.
    Edit,
}

impl From<ListShareAccess> for Access {
    fn from(access: ListShareAccess) -> Self {
        match access {
            ListShareAccess::View => Self::View,
            ListShareAccess::Edit => Self::Edit,
        }
    }
}

/// How a list is sorted when it is opened; equal ones by id.
#[derive(SimpleObject)]
pub struct ListSort {
    /// By what.
    field: LeadSortField,
    /// Which way.
    direction: SortDirection,
}

/// A column of a list.
#[derive(SimpleObject)]
pub struct ListColumn {
    /// Its whole name: `lead.dealer.name`, `lead.custom.budget`, `customer.email`.
    path: String,
    /// Its heading, for people.
    label: String,
    /// One sentence for people.
    description: String,
}

impl From<Column> for ListColumn {
    fn from(column: Column) -> Self {
        Self { path: column.path, label: column.label, description: column.description }
    }
}

/// A user with whom a list is shared.
#[derive(SimpleObject)]
pub struct ListShare {
    /// With whom.
    user: User,
    /// To do what.
    access: ListShareAccess,
}

/// How many leads there are.
#[derive(SimpleObject)]
pub struct LeadCount {
    /// How many, counted up to 25,000.
    count: i32,
    /// Whether there are more than `count` says, because counting stopped there.
    is_capped: bool,
}

/// A saved view over leads.
#[derive(Clone)]
pub struct LeadList(pub List);

/// A saved view over leads: which, in which order, with which columns. It is evaluated anew whenever it is opened, and shows of the
/// leads that it is about those within your reach.
#[Object]
impl LeadList {
    /// `lst_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the filter is applied to.
    async fn base_set(&self) -> ListBaseSet {
        self.0.base.into()
    }

    /// Which leads of the base set, as canonical CEL text over `lead` and `now`; null for all of them.
    async fn filter(&self) -> Option<&str> {
        Some(self.0.filter.as_str()).filter(|filter| !filter.is_empty())
    }

    /// How it is sorted when it is opened.
    async fn sort(&self) -> ListSort {
        ListSort { field: self.0.sort.field.into(), direction: self.0.sort.order.into() }
    }

    /// The columns, in order. One that names a custom field which was archived since is left out.
    async fn columns(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ListColumn>> {
        let session = ctx.session()?;
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let known = self.0.columns.iter().filter_map(|path| columns::find(path, &catalog));
        Ok(known.map(ListColumn::from).collect())
    }

    /// To whom it belongs; null for what belongs to the admins.
    async fn owner(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(owner) = self.0.owner else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(owner)).await?.map(User))
    }

    /// What you may do with it.
    fn access(&self, ctx: &Context<'_>) -> async_graphql::Result<ListAccess> {
        Ok(self.0.access_of(&ctx.session()?.actor).unwrap_or(Access::View).into())
    }

    /// With whom it is shared; empty unless it is yours or you are an admin or auditor.
    async fn shares(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ListShare>> {
        let actor = &ctx.session()?.actor;
        let own = self.0.access_of(actor) == Some(Access::Own);
        if !own && actor.role != crate::domain::Role::Auditor {
            return Ok(Vec::new());
        }
        let users = ctx.loaders()?.load_all(self.0.shares.iter().map(|share| UserKey(share.user))).await?;
        let share = |share: &crate::domain::list::ListShare| {
            let access = if share.access == Access::View { ListShareAccess::View } else { ListShareAccess::Edit };
            Some(ListShare { user: User(users.get(&UserKey(share.user))?.clone()), access })
        };
        Ok(self.0.shares.iter().filter_map(share).collect())
    }

    /// The leads that it shows to you now.
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "As the list says when left out.")] order: Option<LeadOrder>,
    ) -> async_graphql::Result<Listed<Lead>> {
        let session = ctx.session()?;
        let own = LeadOrder { field: self.0.sort.field.into(), direction: self.0.sort.order.into() };
        let order = order.unwrap_or(own);
        let list = format!("{} {order:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let opened = self.opened(session).await?;
        let filter = opened.filter(session.reader(), session.actions.clock.now()).map_err(told)?;
        Lead::list(ctx, &list, &filter, order.stored(), &page).await
    }

    /// How many leads it shows to you now.
    async fn lead_count(&self, ctx: &Context<'_>) -> async_graphql::Result<LeadCount> {
        let session = ctx.session()?;
        let opened = self.opened(session).await?;
        count(session, &opened).await
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at.datetime()
    }
}

impl LeadList {
    async fn opened(&self, session: &Session) -> async_graphql::Result<Opened> {
        opened(&session.actions, session.reader(), &session.actor, &self.0).await.map_err(told)
    }
}

/// How many leads within reach there are.
pub(super) async fn count(session: &Session, opened: &Opened) -> async_graphql::Result<LeadCount> {
    let filter = opened.filter(session.reader(), session.actions.clock.now()).map_err(told)?;
    // One more than the cap tells whether there are more.
    let counted = leads::count(session.reader(), &session.scope, &filter, COUNT_MAX + 1).await?;
    Ok(LeadCount { count: i32::try_from(counted.min(COUNT_MAX)).unwrap_or(i32::MAX), is_capped: counted > COUNT_MAX })
}

/// Why a list does not open, as a query says it.
pub fn told(error: ActionError) -> async_graphql::Error {
    let problems = match error {
        ActionError::Refused(problems) => problems,
        ActionError::Store(error) => return error.into(),
    };
    let is_forbidden = problems.iter().any(|problem| problem.code == InvalidCode::Forbidden);
    let message = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ");
    if is_forbidden { forbidden(message) } else { bad_input(message) }
}
