//! Relay's `node(id)` and `nodes(ids)`: any object by its id, whatever its kind.

use async_graphql::{Context, ID, Interface, Object};

use super::connection::bad_input;
use super::decisions::Decision;
use super::imports::FileImport;
use super::interfaces::{Backtest, InterfaceVersion, ReassignmentInterface};
use super::jobs::{JobRun, ReassignmentJob};
use super::leads::{Event, Lead, LeadNote};
use super::lists::LeadList;
use super::network::{CalendarEvent, Category, Company, Contact, CustomField, Dealer, Group, User, find_node};
use super::operations::{Operation, find_operation};
use super::session::Ctx;
use super::{imports, interfaces, jobs, lists};
use crate::actions::Sight;
use crate::domain::id::AnyId;
use crate::store::{events, leads, notes};

/// The most ids that `nodes` takes at once.
const IDS_MAX: usize = 250;

/// An object with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id, with its kind in front."))]
pub enum Node {
    /// A copy of a request.
    Lead(Lead),
    /// A saved view over leads.
    LeadList(LeadList),
    /// An import of an uploaded file.
    FileImport(FileImport),
    /// A note on a lead.
    LeadNote(LeadNote),
    /// A line of a timeline.
    Event(Event),
    /// A location that receives leads.
    Dealer(Dealer),
    /// A person at a dealer who is told of leads.
    Contact(Contact),
    /// A staff login.
    User(User),
    /// Users who share leads.
    Group(Group),
    /// A company that leads may be assigned to.
    Company(Company),
    /// An ordered group of values for dealers.
    Category(Category),
    /// A field that the tenant added.
    CustomField(CustomField),
    /// An appointment or task on a lead.
    CalendarEvent(CalendarEvent),
    /// A stored, versioned query for candidates.
    ReassignmentInterface(ReassignmentInterface),
    /// One published version of an interface.
    InterfaceVersion(InterfaceVersion),
    /// A comparison of a draft with what is published.
    Backtest(Backtest),
    /// A reassignment job.
    ReassignmentJob(ReassignmentJob),
    /// One run of a job.
    JobRun(JobRun),
    /// A bulk change of leads.
    Operation(Operation),
    /// A stored answer to "who gets this lead".
    Decision(Decision),
}

/// Any object by its id.
#[derive(Default)]
pub struct NodeQuery;

/// Any object by its id.
#[Object]
impl NodeQuery {
    /// The object with this id; null when it does not exist or you may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id that the API gave.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        find(ctx, &id).await
    }

    /// The objects with these ids, in the same order, null where one does not exist or you may not see it.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 250 ids.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > IDS_MAX {
            return Err(bad_input(format!("{} ids, at most {IDS_MAX} are allowed", ids.len())));
        }
        futures_util::future::try_join_all(ids.iter().map(|id| find(ctx, id))).await
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    let Ok(id) = id.parse::<AnyId>() else { return Ok(None) };
    let session = ctx.session()?;
    let (reader, scope) = (session.reader(), &session.scope);
    Ok(match id {
        AnyId::LeadId(id) => leads::lookup(reader, scope, id).await?.map(|lead| Node::Lead(lead.into())),
        AnyId::NoteId(id) => {
            let Some(note) = notes::lookup(reader, scope.tenant, id).await? else { return Ok(None) };
            let reached = leads::lookup(reader, scope, note.lead).await?.is_some();
            reached.then_some(Node::LeadNote(LeadNote(note)))
        }
        AnyId::EventId(id) => {
            let event = events::lookup(reader, scope.tenant, id).await?;
            // An event is seen by whoever sees the lead that it happened to, and by those who read the whole audit log.
            let Some(event) = event else { return Ok(None) };
            let reached = match event.lead {
                Some(lead) => leads::lookup(reader, scope, lead).await?.is_some(),
                None => scope.reach == crate::store::Reach::All,
            };
            reached.then_some(Node::Event(Event(event)))
        }
        AnyId::DecisionId(id) if Sight::of(&session.actor) == Sight::Staff => {
            decision(ctx, id).await?.map(Node::Decision)
        }
        id @ (AnyId::InterfaceId(_) | AnyId::InterfaceVersionId(_) | AnyId::BacktestId(_)) => {
            interfaces::find_node(ctx, id).await?
        }
        AnyId::FileImportId(id) => imports::find_node(ctx, id).await?,
        AnyId::ListId(id) => lists::find_node(ctx, id).await?,
        id @ (AnyId::JobId(_) | AnyId::JobRunId(_)) => jobs::find_node(ctx, id).await?,
        AnyId::OperationId(id) => find_operation(ctx, id).await?.map(Node::Operation),
        other => find_node(ctx, other).await?,
    })
}

/// A decision about a lead within reach.
async fn decision(ctx: &Context<'_>, id: crate::domain::id::DecisionId) -> async_graphql::Result<Option<Decision>> {
    let session = ctx.session()?;
    let found = crate::store::decisions::lookup(session.reader(), session.scope.tenant, id).await?;
    let Some(decision) = found else { return Ok(None) };
    let copies = leads::chains(session.reader(), &session.scope, &[decision.request]).await?;
    Ok((!copies.is_empty()).then_some(Decision(decision)))
}
