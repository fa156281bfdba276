//! Reading the network.

use async_graphql::{Context, Enum, ID, InputObject, Object};

use super::calendar::CalendarEvent;
use super::dealer::Dealer;
use super::definition::{Category, CustomField, FieldSubject};
use super::group::Group;
use super::node::calendar_event;
use super::user::User;
use crate::actions::Sight;
use crate::domain::field::Subject;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::session::Ctx;
use crate::graphql::wanted::{DealerWhere, UserWhere, Wanted, search_text};
use crate::rules::Context as Place;
use crate::store::dealers::{DealerFilter, DealerSort};
use crate::store::users::UserFilter;
use crate::store::{StoreError, categories, dealers, fields, groups, users};

/// What dealers can be sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DealerSortField {
    /// The name.
    Name,
    /// The number, then the sub-number.
    Number,
    /// The rating; those without one count as the lowest.
    Rating,
    /// When the dealer last changed.
    UpdatedAt,
}

/// How dealers are sorted; equal ones by id.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct DealerOrder {
    /// By what.
    #[graphql(default_with = "DealerSortField::Name")]
    field: DealerSortField,
    /// Which way.
    #[graphql(default_with = "SortDirection::Asc")]
    direction: SortDirection,
}

/// Queries about the network.
#[derive(Default)]
pub struct NetworkQuery;

/// Queries about the network.
#[Object]
impl NetworkQuery {
    /// One dealer; null when it does not exist or you may not see it.
    async fn dealer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`dlr_…`")] id: ID,
    ) -> async_graphql::Result<Option<Dealer>> {
        let session = ctx.session()?;
        let Some(id) = ids::parse_or_null(&id).filter(|id| Sight::of(&session.actor).sees(*id)) else {
            return Ok(None);
        };
        Ok(dealers::lookup(session.reader(), session.scope.tenant, id).await?.map(Dealer::from))
    }

    /// One dealer by its number; null when it does not exist or you may not see it.
    async fn dealer_by_number(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number, exactly as written.")] number: String,
        #[graphql(desc = "The sub-number, if the dealer has one.", default)] sub_number: String,
    ) -> async_graphql::Result<Option<Dealer>> {
        let session = ctx.session()?;
        let found = dealers::find_by_number(session.reader(), session.scope.tenant, &number, &sub_number).await?;
        Ok(found.filter(|dealer| Sight::of(&session.actor).sees(dealer.id)).map(Dealer::from))
    }

    /// The dealers that you may see: all for staff, its own for a dealer's credential.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, which rows and in which order")]
    async fn dealers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which dealers, by fields; all when left out. Either this or `filter`.")]
        wanted: Option<DealerWhere>,
        #[graphql(
            desc = "Which dealers, as CEL text over `dealer` and `now`; all when left out. Either this or `where`."
        )]
        filter: Option<String>,
        #[graphql(desc = "The name or the number begins so, whatever the case; at least two characters.")]
        search: Option<String>,
        #[graphql(desc = "By name when left out.")] order: Option<DealerOrder>,
    ) -> async_graphql::Result<Listed<Dealer>> {
        let session = ctx.session()?;
        let order = order.unwrap_or(DealerOrder { field: DealerSortField::Name, direction: SortDirection::Asc });
        let list = format!("dealers {order:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let sight = Sight::of(&session.actor);
        if sight == Sight::Nothing {
            return connect(ctx, &list, nothing(), |dealer: Dealer| dealer, |_| async { Ok::<_, StoreError>(0) }).await;
        }
        let only = match sight {
            Sight::Dealer(dealer) => Some(dealer),
            Sight::Staff | Sight::Nothing => None,
        };
        let search = search_text(search.as_deref())?;
        let rule = Wanted::of(wanted.map(|wanted| wanted.0), filter)?.pushed(session, Place::DealerCondition).await?;
        let filter = DealerFilter { rule, search, only };
        let sort = match order.field {
            DealerSortField::Name => DealerSort::Name,
            DealerSortField::Number => DealerSort::Number,
            DealerSortField::Rating => DealerSort::Rating,
            DealerSortField::UpdatedAt => DealerSort::UpdatedAt,
        };
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = dealers::list(reader, tenant, &filter, (sort, order.direction.into()), &page).await?;
        connect(ctx, &list, found, Dealer::from, |up_to| dealers::count(reader, tenant, &filter, up_to)).await
    }

    /// One user; null when there is none or you are not staff.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`usr_…`")] id: ID,
    ) -> async_graphql::Result<Option<User>> {
        let session = ctx.session()?;
        let Some(id) = ids::parse_or_null(&id).filter(|_| Sight::of(&session.actor) == Sight::Staff) else {
            return Ok(None);
        };
        Ok(users::lookup(session.reader(), session.scope.tenant, id).await?.map(User))
    }

    /// All users, by last name; none unless you are staff.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, which rows and in which order")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which users, by fields; all when left out. Either this or `filter`.")]
        wanted: Option<UserWhere>,
        #[graphql(desc = "Which users, as CEL text over `user` and `now`; all when left out. Either this or `where`.")]
        filter: Option<String>,
        #[graphql(desc = "First or last name begins so, whatever the case; at least two characters.")] search: Option<
            String,
        >,
        #[graphql(desc = "Which way, by last name, then first name.", default_with = "SortDirection::Asc")]
        direction: SortDirection,
    ) -> async_graphql::Result<Listed<User>> {
        let session = ctx.session()?;
        let list = format!("users {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        if Sight::of(&session.actor) != Sight::Staff {
            return connect(ctx, &list, nothing(), User, |_| async { Ok::<_, StoreError>(0) }).await;
        }
        let search = search_text(search.as_deref())?;
        let rule = Wanted::of(wanted.map(|wanted| wanted.0), filter)?.pushed(session, Place::UserCondition).await?;
        let filter = UserFilter { rule, search };
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = users::list(reader, tenant, &filter, direction.into(), &page).await?;
        connect(ctx, &list, found, User, |up_to| users::count(reader, tenant, &filter, up_to)).await
    }

    /// All groups, by name; none unless you are staff.
    async fn groups(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Group>> {
        let session = ctx.session()?;
        if Sight::of(&session.actor) != Sight::Staff {
            return Ok(Vec::new());
        }
        Ok(groups::list_all(session.reader(), session.scope.tenant).await?.into_iter().map(Group).collect())
    }

    /// All category groups of dealers, by key.
    async fn categories(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Category>> {
        let session = ctx.session()?;
        Ok(categories::list_all(session.reader(), session.scope.tenant).await?.into_iter().map(Category).collect())
    }

    /// All custom fields, by subject and key.
    async fn custom_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this subject.")] subject: Option<FieldSubject>,
        #[graphql(desc = "Archived ones too.", default = false)] archived: bool,
    ) -> async_graphql::Result<Vec<CustomField>> {
        let session = ctx.session()?;
        let all = fields::list_all(session.reader(), session.scope.tenant).await?;
        let subject: Option<Subject> = subject.map(Into::into);
        let wanted = all.into_iter().filter(|field| {
            subject.is_none_or(|subject| field.definition.subject() == subject)
                && (archived || field.archived_at.is_none())
        });
        Ok(wanted.map(CustomField).collect())
    }

    /// One calendar event; null when it does not exist or its lead is out of your reach.
    async fn calendar_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`cal_…`")] id: ID,
    ) -> async_graphql::Result<Option<CalendarEvent>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        calendar_event(ctx, id).await
    }
}

fn nothing<T>() -> crate::store::Page<T> {
    crate::store::Page { rows: Vec::new(), has_previous: false, has_next: false }
}
