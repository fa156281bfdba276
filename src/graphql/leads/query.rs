//! Reading leads: one copy by its id, and the lead grid.

use async_graphql::{Context, ID, Object};

use super::filter::{LeadFilter, LeadOrder};
use super::lead::Lead;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::session::Ctx;
use crate::store::leads;

/// Queries about leads.
#[derive(Default)]
pub struct LeadQuery;

/// Queries about leads.
#[Object]
impl LeadQuery {
    /// One copy; null when it does not exist or is out of your reach.
    async fn lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`lead_…`")] id: ID,
    ) -> async_graphql::Result<Option<Lead>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        let session = ctx.session()?;
        Ok(leads::lookup(session.reader(), &session.scope, id).await?.map(Lead))
    }

    /// The lead grid: all copies within your reach, filtered, sorted and paged by key.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its filter and its order")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which copies; all when left out.")] filter: Option<LeadFilter>,
        #[graphql(desc = "Newest first when left out.")] order: Option<LeadOrder>,
    ) -> async_graphql::Result<Listed<Lead>> {
        let session = ctx.session()?;
        let order = order.unwrap_or_default();
        let list = format!("leads {order:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let filter = filter.unwrap_or_default().stored(&session.scope)?;
        let found = leads::list(session.reader(), &session.scope, &filter, order.stored(), &page).await?;
        connect(ctx, &list, found, Lead, |up_to| leads::count(session.reader(), &session.scope, &filter, up_to)).await
    }
}
