//! Reading lists, and counting what an unsaved one would show.

use async_graphql::{Context, ID, Object};

use super::list::{LeadCount, LeadList, ListBaseSet, ListColumn, count, told};
use crate::actions::lists::{Opened, columns, condition};
use crate::domain::id::ListId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::node::Node;
use crate::graphql::session::Ctx;
use crate::graphql::wanted::{LeadWhere, Wanted};
use crate::rules::Context as Place;
use crate::store::lists::{self, ListReach};

/// Queries about lists.
#[derive(Default)]
pub struct ListQuery;

/// Queries about lists.
#[Object]
impl ListQuery {
    /// One list; null when there is none or it is not shared with you.
    async fn list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`lst_…`")] id: ID,
    ) -> async_graphql::Result<Option<LeadList>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        find(ctx, id).await
    }

    /// Your lists and those that are shared with you, by name. Admins and auditors see all of the tenant.
    async fn lists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by name.", default_with = "SortDirection::Asc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<LeadList>> {
        let session = ctx.session()?;
        let list = format!("lists {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant, reach) = (session.reader(), session.scope.tenant, ListReach::of(&session.actor));
        let found = lists::list(reader, tenant, reach, direction.into(), &page).await?;
        connect(ctx, &list, found, LeadList, |_| lists::count(reader, tenant, reach)).await
    }

    /// The columns that a list can have, in the order in which builders show them.
    async fn list_columns(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ListColumn>> {
        let session = ctx.session()?;
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        Ok(columns::available(&catalog).into_iter().map(ListColumn::from).collect())
    }

    /// How many leads within your reach a list would show that is not saved yet.
    async fn draft_lead_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the filter is applied to.", default)] base_set: ListBaseSet,
        #[graphql(
            name = "where",
            desc = "Which leads of the base set, by fields; all when left out. Either this or `filter`."
        )]
        wanted: Option<LeadWhere>,
        #[graphql(
            desc = "Which leads of the base set, as CEL text over `lead` and `now`; all when left out. Either this or `where`."
        )]
        filter: Option<String>,
    ) -> async_graphql::Result<LeadCount> {
        let session = ctx.session()?;
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let wanted = Wanted::of(wanted.map(|wanted| wanted.0), filter)?;
        let filter = wanted.checked(session, &catalog, Place::LeadCondition)?;
        let rule = condition(&catalog, &session.actor, base_set.into(), filter.as_ref()).map_err(told)?;
        count(session, &Opened { catalog, rule }).await
    }
}

/// A list by its id.
pub async fn find_node(ctx: &Context<'_>, id: ListId) -> async_graphql::Result<Option<Node>> {
    Ok(find(ctx, id).await?.map(Node::LeadList))
}

async fn find(ctx: &Context<'_>, id: ListId) -> async_graphql::Result<Option<LeadList>> {
    let session = ctx.session()?;
    let reach = ListReach::of(&session.actor);
    Ok(lists::lookup(session.reader(), session.scope.tenant, reach, id).await?.map(LeadList))
}
