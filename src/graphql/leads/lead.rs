//! One copy of a request.

use async_graphql::{Context, Enum, ID, Json, Object};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde_json::{Map, Value};

use super::assignment::{CompanyAssignment, RoleAssignment, assigned_users, company_assignments, role_assignments};
use super::event::Event;
use super::message::{Delivery, Offer};
use super::note::LeadNote;
use super::request::Request;
use super::update_input::LeadVisibility;
use crate::actions::{Permission, Sight, permit};
use crate::domain;
use crate::domain::Timestamp;
use crate::domain::id::LeadId;
use crate::domain::lead::{LeadSummary, Recipient};
use crate::graphql::asked;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::decisions::Decision;
use crate::graphql::jobs::ReassignmentJob;
use crate::graphql::loaders::{
    ChainKey, DecisionKey, DecisionsKey, DeliveriesKey, LatestEventKey, LeadKey, LeadSummaryKey, LoadError,
    NoteCountKey, NotesKey, OffersKey, RequestKey,
};
use crate::graphql::network::{CalendarEvent, CalendarKey, Dealer, User, UserKey};
use crate::graphql::session::Ctx;
use crate::store::events::{self, EventFilter};
use crate::store::leads::{self, LeadFilter, LeadSort};
use crate::store::{Order, PageRequest};

/// Baton's own state of a copy.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::lead::LeadState")]
pub enum LeadState {
    /// Nobody has it.
    Unassigned,
    /// Sent to a recipient who has not acknowledged it.
    Offered,
    /// The recipient has seen the customer's data; the clock has stopped.
    Acknowledged,
    /// The recipient will work on it.
    Accepted,
    /// The recipient gave it back.
    Rejected,
    /// Taken away, replaced or not.
    Expired,
    /// Sold.
    Won,
    /// Closed without a sale.
    Lost,
    /// Removed, with a reason.
    Deleted,
}

/// One copy of a request in the hands of one recipient: its summary, and all of it where more is asked.
#[derive(Clone)]
pub struct Lead {
    summary: LeadSummary,
    whole: Option<Box<domain::lead::Lead>>,
}

/// The fields that the summary answers.
const OF_SUMMARY: [&str; 29] = [
    "__typename",
    "id",
    "request",
    "root",
    "parent",
    "dealer",
    "owner",
    "assignedUsers",
    "roleAssignments",
    "companyAssignments",
    "calendarEvents",
    "copies",
    "round",
    "state",
    "source",
    "brand",
    "receivedAt",
    "dueAt",
    "followUpStatus",
    "offers",
    "deliveries",
    "decision",
    "decisions",
    "job",
    "notes",
    "latestEvent",
    "timeline",
    "version",
    "updatedAt",
];

impl From<LeadSummary> for Lead {
    fn from(summary: LeadSummary) -> Self {
        Self { summary, whole: None }
    }
}

impl From<domain::lead::Lead> for Lead {
    fn from(lead: domain::lead::Lead) -> Self {
        Self { summary: lead.summary(), whole: Some(Box::new(lead)) }
    }
}

impl Lead {
    /// The copy with this id, unless it is out of reach; as much of it as the field at hand asks for.
    pub async fn load(ctx: &Context<'_>, id: LeadId) -> async_graphql::Result<Option<Self>> {
        let loaders = ctx.loaders()?;
        Ok(if asked::of_object(ctx, &OF_SUMMARY) {
            loaders.load(LeadSummaryKey(id)).await?.map(Self::from)
        } else {
            loaders.load(LeadKey(id)).await?.map(Self::from)
        })
    }

    /// A page of the grid named `list`; as much of each copy as the field at hand asks for.
    pub async fn list(
        ctx: &Context<'_>,
        list: &str,
        filter: &LeadFilter,
        order: (LeadSort, Order),
        page: &PageRequest,
    ) -> async_graphql::Result<Listed<Self>> {
        let session = ctx.session()?;
        let (reader, scope) = (session.reader(), &session.scope);
        let found = if asked::of_nodes(ctx, &OF_SUMMARY) {
            leads::list_summaries(reader, scope, filter, order, page).await?.map(Self::from)
        } else {
            leads::list(reader, scope, filter, order, page).await?.map(Self::from)
        };
        connect(ctx, list, found, |lead| lead, |up_to| leads::count(reader, scope, filter, up_to)).await
    }

    /// All of it, for the fields that the summary does not answer.
    fn whole(&self) -> async_graphql::Result<&domain::lead::Lead> {
        self.whole.as_deref().ok_or_else(|| async_graphql::Error::new("a field of a copy that was not read"))
    }
}

/// Decisions name other recipients, so only staff see them.
fn sees_decisions(ctx: &Context<'_>) -> bool {
    ctx.session().is_ok_and(|session| Sight::of(&session.actor) == Sight::Staff)
}

fn shown(time: Option<Timestamp>) -> Option<DateTime<Utc>> {
    time.map(Timestamp::datetime)
}

/// One copy of a request in the hands of one recipient. Copies of one request share `root`; each names its `parent` copy and its `round`.
#[Object]
impl Lead {
    /// `lead_…`
    pub async fn id(&self) -> ID {
        self.summary.id.into()
    }

    /// What the customer asked for.
    async fn request(&self, ctx: &Context<'_>) -> async_graphql::Result<Request> {
        let request = ctx.loaders()?.load(RequestKey(self.summary.request)).await?;
        let request = request.ok_or_else(|| async_graphql::Error::new("a copy without its request"))?;
        Ok(Request {
            request,
            shows_person: ctx.session()?.scope.shows_person(self.summary.recipient, self.summary.state),
        })
    }

    /// The first copy of the request; null when it is out of your reach.
    async fn root(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        Lead::load(ctx, self.summary.root).await
    }

    /// The copy that this one replaces or goes beside; null for the first and when it is out of your reach.
    async fn parent(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        let Some(parent) = self.summary.parent else { return Ok(None) };
        Lead::load(ctx, parent).await
    }

    /// The dealer that has it, or to which it was offered.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Some(Recipient::Dealer(dealer)) = self.summary.recipient else { return Ok(None) };
        Dealer::load(ctx, dealer).await
    }

    /// The user that has it, or to whom it was offered.
    async fn owner(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(Recipient::User(user)) = self.summary.recipient else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(user)).await?.map(User))
    }

    /// The users who are assigned to it besides whoever has it, in the order in which they were named. They see it as if it were their own.
    async fn assigned_users(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<User>> {
        assigned_users(ctx, self.summary.id).await
    }

    /// The roles that users have on it, by name; they see it, too.
    async fn role_assignments(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<RoleAssignment>> {
        role_assignments(ctx, self.summary.id).await
    }

    /// The companies that are granted access to it, by capacity. Shown to staff; a company's credential sees its own.
    async fn company_assignments(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CompanyAssignment>> {
        company_assignments(ctx, self.summary.id).await
    }

    /// Appointments and tasks on it, by start.
    async fn calendar_events(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CalendarEvent>> {
        let events = ctx.loaders()?.load(CalendarKey(self.summary.id)).await?;
        Ok(events.unwrap_or_default().into_iter().map(CalendarEvent).collect())
    }

    /// All copies of the request within your reach, by round.
    async fn copies(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Lead>> {
        let copies = ctx.loaders()?.load(ChainKey(self.summary.request)).await?;
        Ok(copies.unwrap_or_default().into_iter().map(Lead::from).collect())
    }

    /// 0 for the first copy, then the parent's plus one.
    async fn round(&self) -> i32 {
        i32::try_from(self.summary.round).unwrap_or(i32::MAX)
    }

    /// Baton's own state.
    async fn state(&self) -> LeadState {
        self.summary.state.into()
    }

    /// Why it was rejected, expired, closed or deleted.
    fn state_reason(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.state_reason.as_deref())
    }

    /// Why no candidate was found for it, or which fault kept it from being handed on; set, the lead stands among the exceptions.
    fn exception(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.exception.as_deref())
    }

    /// Where it counts as coming from; at first where the request came from.
    async fn source(&self) -> &str {
        &self.summary.source
    }

    /// The campaign that it belongs to; at first the request's.
    fn campaign(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.labels.campaign.as_deref())
    }

    /// The language to answer in, a BCP 47 tag; at first the request's.
    fn language(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.labels.language.as_deref())
    }

    /// Who sees it.
    fn visibility(&self) -> async_graphql::Result<LeadVisibility> {
        Ok(self.whole()?.labels.visibility.into())
    }

    /// To be shown on top of it.
    fn alert(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.labels.alert.as_deref())
    }

    /// The brand that the customer asked for.
    async fn brand(&self) -> Option<&str> {
        self.summary.brand.as_deref()
    }

    /// When the customer's request came in, the same on every copy.
    async fn received_at(&self) -> DateTime<Utc> {
        self.summary.received_at.datetime()
    }

    /// When this copy was offered to its recipient.
    fn offered_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.offered_at))
    }

    /// When the recipient acknowledged.
    fn acknowledged_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.acknowledged_at))
    }

    /// Who acknowledged.
    fn acknowledged_by(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.acknowledged_by.as_deref())
    }

    /// Seconds from the offer to the acknowledgement.
    fn response_seconds(&self) -> async_graphql::Result<Option<f64>> {
        let times = &self.whole()?.times;
        let both = times.offered_at.zip(times.acknowledged_at);
        Ok(both.map(|(offered, acknowledged)| acknowledged.since(offered).as_secs_f64()))
    }

    /// When the recipient accepted.
    fn accepted_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.accepted_at))
    }

    /// When the recipient gave it back.
    fn rejected_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.rejected_at))
    }

    /// When it was taken away.
    fn expired_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.expired_at))
    }

    /// When it was handed on to another recipient.
    fn reassigned_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.reassigned_at))
    }

    /// When it was won or lost.
    fn closed_at(&self) -> async_graphql::Result<Option<DateTime<Utc>>> {
        Ok(shown(self.whole()?.times.closed_at))
    }

    /// The earliest moment at which a job may hand it on; null when none will.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        shown(self.summary.due_at)
    }

    /// Set, no job acts on it.
    fn excluded_from_automation(&self) -> async_graphql::Result<bool> {
        Ok(self.whole()?.excluded_from_automation)
    }

    /// The tenant's own type of file.
    fn file_type(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.workflow.file_type.as_deref())
    }

    /// The tenant's own status within the file type.
    fn workflow_status(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.workflow.status.as_deref())
    }

    /// `NOT_CONTACTED`, `CONTACTED` or the tenant's own.
    async fn follow_up_status(&self) -> &str {
        &self.summary.follow_up_status
    }

    /// The tenant's own progress step.
    fn progress(&self) -> async_graphql::Result<Option<&str>> {
        Ok(self.whole()?.workflow.progress.as_deref())
    }

    /// The values of custom fields, by key.
    fn custom(&self) -> async_graphql::Result<Json<&Map<String, Value>>> {
        Ok(Json(&self.whole()?.custom))
    }

    /// The links by which people may see it. Shown to staff only.
    async fn offers(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Offer>> {
        if permit(&ctx.session()?.actor, Permission::ReadConfiguration).is_err() {
            return Ok(Vec::new());
        }
        let offers = ctx.loaders()?.load(OffersKey(self.summary.id)).await?;
        Ok(offers.unwrap_or_default().into_iter().map(Offer).collect())
    }

    /// The messages about it. Shown to staff only.
    async fn deliveries(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Delivery>> {
        if permit(&ctx.session()?.actor, Permission::ReadConfiguration).is_err() {
            return Ok(Vec::new());
        }
        let deliveries = ctx.loaders()?.load(DeliveriesKey(self.summary.id)).await?;
        Ok(deliveries.unwrap_or_default().into_iter().map(Delivery).collect())
    }

    /// The decision that placed this copy; null unless you are staff.
    async fn decision(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Decision>> {
        let Some(id) = self.summary.decision.filter(|_| sees_decisions(ctx)) else { return Ok(None) };
        Ok(ctx.loaders()?.load(DecisionKey(id)).await?.map(Decision))
    }

    /// All decisions about the request, oldest first; none unless you are staff.
    async fn decisions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Decision>> {
        if !sees_decisions(ctx) {
            return Ok(Vec::new());
        }
        let found = ctx.loaders()?.load(DecisionsKey(self.summary.request)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Decision).collect())
    }

    /// The job that made this copy; null for a person, and unless your role reads the configuration.
    async fn job(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentJob>> {
        ReassignmentJob::shown(ctx, self.summary.job).await
    }

    /// What people wrote about this copy, newest first.
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Listed<LeadNote>> {
        let (lead, loaders) = (self.summary.id, ctx.loaders()?);
        let page = PageArgs::new(first, after, last, before).request(ctx, "notes")?;
        let found = loaders.load(NotesKey { lead, page }).await?.unwrap_or_default();
        let count = |_| async move { Ok::<_, LoadError>(loaders.load(NoteCountKey(lead)).await?.unwrap_or_default()) };
        connect(ctx, "notes", found, LeadNote, count).boxed().await
    }

    /// The latest line of its timeline.
    async fn latest_event(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Event>> {
        Ok(ctx.loaders()?.load(LatestEventKey(self.summary.id)).await?.map(Event))
    }

    /// Everything that happened to any copy of the request, oldest first.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what happened to this copy.", default = false)] this_copy_only: bool,
    ) -> async_graphql::Result<Listed<Event>> {
        let page = PageArgs::new(first, after, last, before).request(ctx, "timeline")?;
        let session = ctx.session()?;
        // A recipient sees what happened to copies within their reach, not who else had the lead.
        let own_only = this_copy_only || !session.scope.follows_requests();
        let filter = if own_only {
            EventFilter { lead: Some(self.summary.id), ..EventFilter::default() }
        } else {
            let open_to = Some(session.scope.clone());
            EventFilter { request: Some(self.summary.request), open_to, ..EventFilter::default() }
        };
        let tenant = session.scope.tenant;
        // Boxed for the reason that `Loaders::load` is.
        let found = events::list(session.reader(), tenant, &filter, Order::Asc, &page).boxed().await?;
        let count = |up_to| events::count(session.reader(), tenant, &filter, up_to);
        connect(ctx, "timeline", found, Event, count).boxed().await
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.summary.version).unwrap_or(i32::MAX)
    }

    /// Who or what made this copy.
    fn created_by(&self) -> async_graphql::Result<&str> {
        Ok(&self.whole()?.created_by)
    }

    /// When this copy was made.
    fn created_at(&self) -> async_graphql::Result<DateTime<Utc>> {
        Ok(self.whole()?.times.created_at.datetime())
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.summary.updated_at.datetime()
    }
}
