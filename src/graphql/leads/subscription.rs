//! What is told about leads: their changes, acknowledgements, and what somebody should look at.

use std::collections::HashSet;

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription};
use async_trait::async_trait;
use futures_util::stream::Stream;
use serde_json::Value;
use uuid::Uuid;

use super::event::Event;
use super::lead::Lead;
use crate::actions::{Sight, lists};
use crate::domain::event::EventKind;
use crate::domain::id::{EventId, LeadId, ListId};
use crate::graphql::connection::bad_input;
use crate::graphql::ids;
use crate::graphql::lists::told;
use crate::graphql::session::{Ctx, Session, forbidden};
use crate::graphql::told::{Told, follow};
use crate::graphql::wanted::{LeadWhere, Wanted};
use crate::live::Interest;
use crate::rules::Context as Place;
use crate::store::leads::{self, LeadFilter};
use crate::store::{Reach, events};

/// As many as a page has.
const IDS_MAX: usize = 250;

/// A copy was acknowledged.
#[derive(SimpleObject)]
pub struct OfferAcknowledged {
    /// The copy, as it is now.
    lead: Lead,
    /// The line of its timeline: who, and when.
    event: Event,
}

/// What somebody should look at.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// A copy was offered: to you, if you hold leads, or to whoever holds one that you are assigned to.
    LeadOffered,
    /// A copy will be taken away unless it is acknowledged.
    LeadWarned,
    /// A copy was taken away.
    LeadExpired,
    /// Nobody could be found for a copy, or a fault kept it from being handed on. For staff.
    LeadException,
    /// A message about a copy was given up. For staff.
    DeliveryFailed,
}

/// Something that somebody should look at, in the application.
#[derive(SimpleObject)]
pub struct Notification {
    /// What it is.
    kind: NotificationKind,
    /// The copy that it is about, as it is now.
    lead: Lead,
    /// The line of its timeline: when, by whom, why.
    event: Event,
}

/// Subscriptions about leads.
#[derive(Default)]
pub struct LeadSubscription;

/// Subscriptions about leads.
#[Subscription]
impl LeadSubscription {
    /// Copies within your reach to which something has happened (each line of a timeline counts), as they are when they are sent. With
    /// `ids` it begins with those copies as they are now. A copy that changes faster than you read is sent once, in its newest state;
    /// after a disturbance one may be sent again. A copy that has left your reach, or for which `where` or `filter` does not hold any
    /// more, is not sent: to see rows leave a grid, follow the rows that it shows by `ids`, and those that join it by `where`. Whoever
    /// falls 10,000 copies behind gets an error and reads the list anew; so does a follower of a list that is removed or shared no more.
    async fn lead_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these copies, at most 250.")] ids: Option<Vec<ID>>,
        #[graphql(name = "where", desc = "Only these copies, by fields. Either this, `filter` or `listId`.")]
        wanted: Option<LeadWhere>,
        #[graphql(desc = "Only these copies, as CEL text over `lead` and `now`. Either this, `where` or `listId`.")]
        filter: Option<String>,
        #[graphql(desc = "Only those that this list shows, `lst_…`. Either this, `where` or `filter`.")]
        list_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Lead>>> {
        let session = ctx.session()?;
        let ids = watched(ids)?;
        let changes = LeadChanges { ids: ids.clone(), which: Which::of(wanted, filter, list_id.as_ref())? };
        // What is wrong with it is said at once, not with the first change.
        changes.filter(session).await?;
        follow(session, Interest::Leads(ids.into_iter().collect()), changes).await
    }

    /// Copies within your reach that are acknowledged. Each is sent at least once.
    async fn offer_acknowledged(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<OfferAcknowledged>>> {
        let kinds = HashSet::from([EventKind::LeadAcknowledged]);
        follow(ctx.session()?, Interest::Events(kinds), Acknowledgements).await
    }

    /// What somebody should look at, about copies within your reach. Without `kinds`, what concerns your role: for admins, managers and
    /// auditors exceptions and messages that were given up; for everybody else what is offered, about to be taken away, and taken away.
    /// Each is sent at least once while you listen, and not kept for later.
    async fn notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of these kinds.")] kinds: Option<Vec<NotificationKind>>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Notification>>> {
        let session = ctx.session()?;
        let kinds = kinds.unwrap_or_else(|| NotificationKind::of(session));
        let for_staff = kinds.iter().any(|kind| kind.is_for_staff());
        if for_staff && Sight::of(&session.actor) != Sight::Staff {
            return Err(forbidden("kinds: LEAD_EXCEPTION and DELIVERY_FAILED are for staff".to_owned()));
        }
        let kinds = kinds.into_iter().map(NotificationKind::event).collect();
        follow(session, Interest::Events(kinds), Notifications).await
    }
}

/// The copies to watch; a malformed id is the caller's mistake, for it would never be told of.
fn watched(ids: Option<Vec<ID>>) -> async_graphql::Result<Vec<LeadId>> {
    let Some(ids) = ids else { return Ok(Vec::new()) };
    if !(1..=IDS_MAX).contains(&ids.len()) {
        return Err(bad_input(format!("ids: {} were given, 1 to {IDS_MAX} are allowed", ids.len())));
    }
    ids::parse_all("ids", &ids).map_err(|problem| bad_input(format!("{}: {}", problem.path.join("."), problem.message)))
}

struct LeadChanges {
    ids: Vec<LeadId>,
    which: Which,
}

/// Which copies a follower wants.
enum Which {
    Wanted(Option<Value>, Option<String>),
    Listed(ListId),
}

impl Which {
    fn of(wanted: Option<LeadWhere>, filter: Option<String>, list: Option<&ID>) -> async_graphql::Result<Self> {
        let Some(list) = list else { return Ok(Self::Wanted(wanted.map(|wanted| wanted.0), filter)) };
        if wanted.is_some() || filter.is_some() {
            return Err(bad_input("give either `where`, `filter` or `listId`".to_owned()));
        }
        ids::parse_or_null(list).map(Self::Listed).ok_or_else(no_such_list)
    }
}

fn no_such_list() -> async_graphql::Error {
    bad_input("listId: there is no such list".to_owned())
}

impl LeadChanges {
    /// Made for each reading: `now` goes on, fields may have come and gone, and a list may have changed or not be shared any more.
    async fn filter(&self, session: &Session) -> async_graphql::Result<LeadFilter> {
        let reader = session.reader();
        match &self.which {
            Which::Wanted(typed, text) => {
                let wanted = Wanted::of(typed.clone(), text.clone())?;
                let rule = wanted.pushed(session, Place::LeadCondition).await?;
                Ok(LeadFilter { rule, ..LeadFilter::default() })
            }
            Which::Listed(id) => {
                let (list, _) = lists::open(reader, &session.actor, *id).await?.ok_or_else(no_such_list)?;
                let opened = lists::opened(&session.actions, reader, &session.actor, &list).await.map_err(told)?;
                opened.filter(reader, session.actions.clock.now()).map_err(told)
            }
        }
    }

    async fn leads(&self, session: &Session, ids: &[LeadId]) -> async_graphql::Result<Vec<Lead>> {
        let filter = self.filter(session).await?;
        let mut found = leads::list_matching(session.reader(), &session.scope, &filter, ids).await?;
        found.sort_by_key(|lead| ids.iter().position(|id| *id == lead.id));
        Ok(found.into_iter().map(Lead::from).collect())
    }
}

#[async_trait]
impl Told for LeadChanges {
    type Item = Lead;

    async fn first(&self, session: &Session) -> async_graphql::Result<Vec<Lead>> {
        self.leads(session, &self.ids).await
    }

    async fn read(&self, session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<Lead>> {
        let ids: Vec<LeadId> = ids.into_iter().map(LeadId).collect();
        self.leads(session, &ids).await
    }
}

/// Lines about copies within the subscriber's reach, with the copies.
async fn lines(session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<(Event, Lead)>> {
    let ids: Vec<EventId> = ids.into_iter().map(EventId).collect();
    let found = events::lookup_many(session.reader(), session.scope.tenant, &ids).await?;
    let about: Vec<LeadId> = found.iter().filter_map(|event| event.lead).collect();
    let copies = leads::lookup_many(session.reader(), &session.scope, &about).await?;
    let mut lines = Vec::new();
    for event in found {
        if let Some(copy) = copies.iter().find(|copy| Some(copy.id) == event.lead) {
            lines.push((Event(event), copy.clone().into()));
        }
    }
    lines.sort_by_key(|(event, _)| (event.0.at, event.0.id));
    Ok(lines)
}

struct Acknowledgements;

#[async_trait]
impl Told for Acknowledgements {
    type Item = OfferAcknowledged;

    async fn read(&self, session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<OfferAcknowledged>> {
        let lines = lines(session, ids).await?;
        Ok(lines.into_iter().map(|(event, lead)| OfferAcknowledged { lead, event }).collect())
    }
}

struct Notifications;

#[async_trait]
impl Told for Notifications {
    type Item = Notification;

    async fn read(&self, session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<Notification>> {
        let told = |(event, lead): (Event, Lead)| {
            let kind = NotificationKind::ALL.into_iter().find(|kind| kind.event() == event.0.kind)?;
            Some(Notification { kind, lead, event })
        };
        Ok(lines(session, ids).await?.into_iter().filter_map(told).collect())
    }
}

impl NotificationKind {
    const ALL: [Self; 5] =
        [Self::LeadOffered, Self::LeadWarned, Self::LeadExpired, Self::LeadException, Self::DeliveryFailed];

    /// What concerns whoever asks.
    fn of(session: &Session) -> Vec<Self> {
        match session.scope.reach {
            Reach::All | Reach::Managed(_) => vec![Self::LeadException, Self::DeliveryFailed],
            Reach::Own(_) | Reach::Dealer(_) | Reach::Partner { .. } => {
                vec![Self::LeadOffered, Self::LeadWarned, Self::LeadExpired]
            }
        }
    }

    const fn is_for_staff(self) -> bool {
        matches!(self, Self::LeadException | Self::DeliveryFailed)
    }

    const fn event(self) -> EventKind {
        match self {
            Self::LeadOffered => EventKind::LeadOffered,
            Self::LeadWarned => EventKind::LeadWarned,
            Self::LeadExpired => EventKind::LeadExpired,
            Self::LeadException => EventKind::LeadException,
            Self::DeliveryFailed => EventKind::DeliveryFailed,
        }
    }
}
