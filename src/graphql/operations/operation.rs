//! An operation as the API shows it.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::change::{OperationChange, OperationSelection};
use super::item::{OperationItem, OperationReason, OperationResult, PlanVerdict, ResultOutcome};
use super::loaders::{OperationKey, ProgressKey};
use crate::actions::network::rules_naming;
use crate::domain::Timestamp;
use crate::domain::id::{OperationId, TenantId};
use crate::domain::lead::Recipient;
use crate::domain::operation as domain;
use crate::domain::operation::Verdict;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::leads::SortDirection;
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::session::Ctx;
use crate::store::PageRequest;
use crate::store::leads::count_open;
use crate::store::operations::items::{self, ItemFilter};
use crate::store::operations::results;
use crate::store::operations::shares::{self, Side};

/// The most leads of a sample.
const SAMPLE_MAX: i32 = 50;

/// What an operation does, in a word.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::operation::OperationKind")]
pub enum OperationKind {
    /// Hands leads on.
    Reassign,
    /// Changes what is noted on leads.
    Update,
    /// Takes another operation back.
    Undo,
}

/// Where an operation stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::operation::OperationState")]
pub enum OperationState {
    /// Its leads are being planned.
    Preparing,
    /// The plan can be read and run.
    Ready,
    /// The plan was not run in time: prepare it again.
    Expired,
    /// Workers carry the plan out.
    Running,
    /// Stopped between two chunks until somebody lets it go on.
    Paused,
    /// All leads were dealt with.
    Done,
    /// Given up by somebody; what was changed until then stays and can be undone.
    Cancelled,
    /// It could not go on; what was changed until then stays and can be undone.
    Failed,
}

/// What one problem does to the others.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::operation::OnProblem")]
pub enum OnProblem {
    /// A plan with a problem can't be run, nor one of which a lead was changed since: then nothing is changed. Should a lead be changed by
    /// others in the very moment of the run, the operation stops before that lead's chunk and is FAILED; undo takes back what was done.
    Stop,
    /// Leads with a problem, and those that others have changed since, are skipped and listed.
    Skip,
}

/// How new owners are told.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::operation::NotifyNewOwner")]
pub enum NotifyNewOwner {
    /// Not at all.
    None,
    /// One mail for each lead.
    PerLead,
    /// One mail to each person of a new owner for all their leads, written when the operation ends: before it is DONE, or after it was
    /// cancelled or has failed, of what was handed on until then. It shows the leads that still wait for an answer, each with a link of its
    /// own; whoever gets more than 50 gets another mail for each 50.
    Digest,
}

/// A bulk change of leads.
#[derive(Clone)]
pub struct Operation(pub domain::Operation);

impl Operation {
    fn key(&self) -> (TenantId, OperationId) {
        (self.0.tenant, self.0.id)
    }
}

/// A bulk change of leads: a plan that is prepared, looked at and run, with its progress and a result per lead.
///
/// What runs is what was shown: the leads, their versions and where each goes are pinned when the plan is prepared. Nothing changes and
/// nothing is sent before it is run.
#[Object]
impl Operation {
    /// `op_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it does, in a word.
    async fn kind(&self) -> OperationKind {
        self.0.kind.into()
    }

    /// Where it stands.
    fn state(&self, ctx: &Context<'_>) -> async_graphql::Result<OperationState> {
        Ok(self.0.state_at(ctx.session()?.actions.clock.now()).into())
    }

    /// What it does.
    fn change(&self, ctx: &Context<'_>) -> async_graphql::Result<OperationChange> {
        Ok(OperationChange::of(&self.0.change, ctx.session()?.scope.personal_data))
    }

    /// Which leads it takes.
    async fn selection(&self) -> OperationSelection {
        OperationSelection::from(&self.0.selection)
    }

    /// What one problem does to the others.
    async fn on_problem(&self) -> OnProblem {
        self.0.options.on_problem.into()
    }

    /// How new owners are told.
    async fn notify_new_owner(&self) -> NotifyNewOwner {
        self.0.options.notify_new_owner.into()
    }

    /// Whether each old owner is told of each lead that is taken away.
    async fn notify_old_owner(&self) -> bool {
        self.0.options.notify_old_owner
    }

    /// Whether each new copy is pushed to each active CRM integration of the dealer that gets it, contact data and all.
    async fn push_to_crm(&self) -> bool {
        self.0.options.push_to_crm
    }

    /// Why, as the timeline shows it.
    async fn reason(&self) -> Option<&str> {
        self.0.options.reason.as_deref()
    }

    /// The operation that this one undoes or tries again.
    async fn source(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Operation>> {
        let Some(id) = self.0.source else { return Ok(None) };
        Ok(ctx.loaders()?.load(OperationKey(id)).await?.map(Operation))
    }

    /// Who leaves the network as soon as it runs; null for any other operation.
    async fn leaving(&self) -> Option<Leaving> {
        let who = self.0.change.leaving()?;
        Some(Leaving { tenant: self.0.tenant, who })
    }

    /// Who asked for it.
    async fn requested_by(&self) -> &str {
        &self.0.actor.name
    }

    /// Leads of the plan; grows while it is prepared, and when a departure is run by what came since.
    async fn lead_count(&self) -> i32 {
        count(self.0.planned.leads())
    }

    /// Leads that the plan changes.
    async fn change_count(&self) -> i32 {
        count(self.0.planned.change)
    }

    /// Leads that are as wanted already.
    async fn unchanged_count(&self) -> i32 {
        count(self.0.planned.unchanged)
    }

    /// Leads that can't be changed; `problems` says why.
    async fn problem_count(&self) -> i32 {
        count(self.0.planned.problem)
    }

    /// Mails that the run would send, a digest being one, by the contacts that there were when the plan became ready; null before.
    async fn mail_count(&self) -> Option<i32> {
        self.0.mail_count.map(count)
    }

    /// Pushes to CRMs that the run would send, for each lead one to each active integration of the dealer that gets it, by the integrations
    /// that there were when the plan became ready; null before.
    async fn push_count(&self) -> Option<i32> {
        self.0.push_count.map(count)
    }

    /// How many leads have a problem, by reason; `items` lists them.
    async fn problems(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ProblemCount>> {
        if self.0.planned.problem == 0 {
            return Ok(Vec::new());
        }
        let found = items::count_problems(ctx.session()?.reader(), self.key()).await?;
        let problem = |(reason, leads): (domain::ItemReason, i64)| ProblemCount {
            reason: reason.into(),
            lead_count: count(leads),
        };
        Ok(found.into_iter().map(problem).collect())
    }

    /// Some leads that the plan changes, with what each is and what it would be.
    #[graphql(complexity = "first.clamp(1, 50) as usize * child_complexity")]
    async fn sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 50.", default = 10)] first: i32,
    ) -> async_graphql::Result<Vec<OperationItem>> {
        let page = PageRequest::first(u64::try_from(first.clamp(1, SAMPLE_MAX)).unwrap_or(1));
        let wanted = ItemFilter { verdict: Some(Verdict::Change), reason: None };
        let found = items::list(ctx.session()?.reader(), self.key(), wanted, &page).await?;
        Ok(found.into_rows().into_iter().map(|item| self.item(item)).collect())
    }

    /// The leads of the plan, in its order.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection and what is wanted")]
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those of which the plan says so.")] verdict: Option<PlanVerdict>,
        #[graphql(desc = "Only those that are not changed for this reason.")] reason: Option<OperationReason>,
    ) -> async_graphql::Result<Listed<OperationItem>> {
        let list = format!("operation items {} {verdict:?} {reason:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, key) = (ctx.session()?.reader(), self.key());
        let wanted = ItemFilter { verdict: verdict.map(Into::into), reason: reason.map(Into::into) };
        let found = items::list(reader, key, wanted, &page).await?;
        connect(ctx, &list, found, |item| self.item(item), |up_to| items::count(reader, key, wanted, up_to)).await
    }

    /// How many leads each recipient would get, most first unless asked otherwise; in no order while the plan is prepared.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its side and its order")]
    async fn shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Those who get leads, or those who lose them.", default_with = "ShareSide::To")]
        side: ShareSide,
        #[graphql(desc = "Which way, by the number of leads.", default_with = "SortDirection::Desc")]
        direction: SortDirection,
    ) -> async_graphql::Result<Listed<OperationShare>> {
        let list = format!("operation shares {} {side:?} {direction:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, key, side) = (ctx.session()?.reader(), self.key(), Side::from(side));
        let found = shares::list(reader, key, side, direction.into(), &page).await?;
        let share = |(recipient, leads)| OperationShare { recipient, leads };
        connect(ctx, &list, found, share, |up_to| shares::count(reader, key, side, up_to)).await
    }

    /// How far it has come: every number only ever grows.
    async fn progress(&self, ctx: &Context<'_>) -> async_graphql::Result<OperationProgress> {
        let progress = ctx.loaders()?.load(ProgressKey(self.0.id)).await?.unwrap_or_default();
        Ok(OperationProgress {
            done: count(progress.done()),
            changed: count(progress.changed),
            unchanged: count(progress.unchanged),
            skipped: count(progress.skipped),
            failed: count(progress.failed),
        })
    }

    /// What became of each lead, in the order of the plan; complete when it is done.
    async fn results(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these outcomes; all when left out.")] outcomes: Option<Vec<ResultOutcome>>,
    ) -> async_graphql::Result<Listed<OperationResult>> {
        let list = format!("operation results {} {outcomes:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, key) = (ctx.session()?.reader(), self.key());
        let wanted: Vec<domain::Outcome> = outcomes.unwrap_or_default().into_iter().map(Into::into).collect();
        let found = results::list(reader, key, &wanted, &page).await?;
        connect(ctx, &list, found, OperationResult, |up_to| results::count(reader, key, &wanted, up_to)).await
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When the plan was ready.
    async fn prepared_at(&self) -> Option<DateTime<Utc>> {
        self.0.prepared_at.map(Timestamp::datetime)
    }

    /// Until when the plan can be run.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at.map(Timestamp::datetime)
    }

    /// When it was run.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at.map(Timestamp::datetime)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(Timestamp::datetime)
    }

    /// Why it could not go on.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

impl Operation {
    fn item(&self, item: domain::Item) -> OperationItem {
        OperationItem { item, change: self.0.change.clone() }
    }
}

/// Somebody who leaves the network.
pub struct Leaving {
    tenant: TenantId,
    who: Recipient,
}

/// Somebody who leaves the network.
#[Object]
impl Leaving {
    /// The dealer as it is now; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.who else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user as it is now; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.who else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// Open leads that they have now. After the run, those that have a problem: `results` lists them.
    async fn open_lead_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(count(count_open(ctx.session()?.reader(), self.tenant, self.who).await?))
    }

    /// Rules in use that name them by id, number or mail address, such as `interface ...` or `job ...`: they go on naming somebody who is
    /// no longer there.
    async fn rules(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<String>> {
        let session = ctx.session()?;
        Ok(rules_naming(&session.actions, session.reader(), self.tenant, self.who).await?)
    }
}

/// How many leads have a problem.
#[derive(SimpleObject)]
pub struct ProblemCount {
    /// Which one.
    reason: OperationReason,
    /// How many.
    lead_count: i32,
}

/// How far an operation has come.
#[derive(SimpleObject)]
pub struct OperationProgress {
    /// Leads that were dealt with.
    done: i32,
    /// Leads that were changed.
    changed: i32,
    /// Leads that were as wanted already.
    unchanged: i32,
    /// Leads with a problem, or that others had changed since they were planned.
    skipped: i32,
    /// Leads that a fault kept from being changed.
    failed: i32,
}

/// Whether leads come or go.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShareSide {
    /// They come.
    To,
    /// They go.
    From,
}

impl From<ShareSide> for Side {
    fn from(side: ShareSide) -> Self {
        match side {
            ShareSide::To => Self::To,
            ShareSide::From => Self::From,
        }
    }
}

/// How many leads a recipient would get or lose.
pub struct OperationShare {
    recipient: Recipient,
    leads: i64,
}

/// How many leads a recipient would get or lose.
#[Object]
impl OperationShare {
    /// The dealer; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.recipient else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.recipient else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// How many.
    async fn lead_count(&self) -> i32 {
        count(self.leads)
    }
}

fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
