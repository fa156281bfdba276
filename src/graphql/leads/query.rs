//! Reading leads: one copy by its id, and the lead grid.

use async_graphql::{Context, ID, Object};

use super::lead::Lead;
use super::order::LeadOrder;
use crate::graphql::connection::{Listed, PageArgs};
use crate::graphql::ids;
use crate::graphql::session::{Ctx, forbidden};
use crate::graphql::wanted::{LeadWhere, Wanted, search_text};
use crate::rules::Context as Place;
use crate::store::leads::{self, LeadFilter};

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
        Ok(leads::lookup(session.reader(), &session.scope, id).await?.map(Lead::from))
    }

    /// The lead grid: all copies within your reach, filtered, sorted and paged by key.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, which rows and in which order")]
    async fn leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which copies, by fields; all when left out. Either this or `filter`.")]
        wanted: Option<LeadWhere>,
        #[graphql(
            desc = "Which copies, as CEL text over `lead` and `now`; all when left out. Either this or `where`."
        )]
        filter: Option<String>,
        #[graphql(
            desc = "The customer's last name or mail address begins so, whatever the case; at least two characters. Only for \
                          those who may see customers' data."
        )]
        search: Option<String>,
        #[graphql(desc = "Newest first when left out.")] order: Option<LeadOrder>,
    ) -> async_graphql::Result<Listed<Lead>> {
        let session = ctx.session()?;
        let order = order.unwrap_or_default();
        let list = format!("leads {order:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let search = search_text(search.as_deref())?;
        if search.is_some() && !session.scope.searches_person() {
            return Err(forbidden("search: your role may not search customers' data".to_owned()));
        }
        let rule = Wanted::of(wanted.map(|wanted| wanted.0), filter)?.pushed(session, Place::LeadCondition).await?;
        let filter = LeadFilter { rule, search, ..LeadFilter::default() };
        Lead::list(ctx, &list, &filter, order.stored(), &page).await
    }
}
