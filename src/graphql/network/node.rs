//! The network's objects by any id.

use async_graphql::Context;

use super::company::find_company;
use super::loaders::{ContactsKey, DealerKey, GroupKey, UserKey};
use super::{CalendarEvent, Category, Contact, CustomField, Group, User};
use crate::actions::Sight;
use crate::domain::id::{AnyId, CalendarEventId, ContactId};
use crate::graphql::loaders::LeadSummaryKey;
use crate::graphql::node::Node;
use crate::graphql::session::Ctx;
use crate::store::{calendar, categories, contacts, fields};

/// The object with this id, if it belongs to the network and may be seen.
pub async fn find_node(ctx: &Context<'_>, id: AnyId) -> async_graphql::Result<Option<Node>> {
    let session = ctx.session()?;
    let (sight, loaders, tenant) = (Sight::of(&session.actor), ctx.loaders()?, session.scope.tenant);
    let staff = sight == Sight::Staff;
    Ok(match id {
        AnyId::DealerId(id) if sight.sees(id) => {
            loaders.load(DealerKey(id)).await?.map(|dealer| Node::Dealer(dealer.into()))
        }
        AnyId::UserId(id) if staff => loaders.load(UserKey(id)).await?.map(|user| Node::User(User(user))),
        AnyId::GroupId(id) if staff => loaders.load(GroupKey(id)).await?.map(|group| Node::Group(Group(group))),
        AnyId::CompanyId(id) => find_company(ctx, id).await?.map(Node::Company),
        AnyId::CategoryId(id) => {
            categories::lookup(session.reader(), tenant, id).await?.map(|category| Node::Category(Category(category)))
        }
        AnyId::CustomFieldId(id) => {
            fields::lookup(session.reader(), tenant, id).await?.map(|field| Node::CustomField(CustomField(field)))
        }
        AnyId::ContactId(id) => contact(ctx, sight, id).await?.map(Node::Contact),
        AnyId::CalendarEventId(id) => calendar_event(ctx, id).await?.map(Node::CalendarEvent),
        _ => None,
    })
}

async fn contact(ctx: &Context<'_>, sight: Sight, id: ContactId) -> async_graphql::Result<Option<Contact>> {
    if let Sight::Dealer(dealer) = sight {
        let own = ctx.loaders()?.load(ContactsKey(dealer)).await?.unwrap_or_default();
        return Ok(own.into_iter().find(|contact| contact.id == id).map(Contact));
    }
    let session = ctx.session()?;
    let found = contacts::lookup(session.reader(), session.scope.tenant, id).await?;
    Ok(found.filter(|_| sight == Sight::Staff).map(Contact))
}

/// A calendar event is seen by whoever sees its lead.
pub async fn calendar_event(ctx: &Context<'_>, id: CalendarEventId) -> async_graphql::Result<Option<CalendarEvent>> {
    let session = ctx.session()?;
    let Some(event) = calendar::lookup(session.reader(), session.scope.tenant, id).await? else { return Ok(None) };
    let lead = ctx.loaders()?.load(LeadSummaryKey(event.lead)).await?;
    Ok(lead.map(|_| CalendarEvent(event)))
}
