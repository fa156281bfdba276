//! A reassignment job.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::loaders::{JobKey, LatestRunKey};
use super::rotation::RotationMember;
use super::run::JobRun;
use crate::actions::{Permission, permit};
use crate::domain::id::JobId;
use crate::domain::job as domain;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::interfaces::{InterfaceKey, ReassignmentInterface};
use crate::graphql::leads::SortDirection;
use crate::graphql::network::{User, UserKey};
use crate::graphql::session::Ctx;
use crate::store::{rotations, runs};

/// How a job hands a lead to candidates.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::job::Algorithm", name = "JobAlgorithm")]
pub enum Algorithm {
    /// The first candidate gets a copy; nothing further if it is ignored.
    Single,
    /// The first candidates get a copy each, at once; the first to acknowledge wins.
    Blast,
    /// One candidate after the other until one acknowledges.
    RoundRobin,
    /// The nearest candidate gets a copy, whatever the interface's sort says.
    Nearest,
    /// In turn: of the candidates, the one who has had the fewest turns for its weight gets a copy; if it is not acknowledged, the next
    /// one. Who is away misses no turn and is owed none: it goes on at the level of the others, as a newcomer does.
    Rotation,
}

/// Whether a round robin keeps its first ranking.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::job::Ranking", name = "JobRanking")]
pub enum Ranking {
    /// The ranking of the first round is kept; who became unfit since is passed over.
    Frozen,
    /// Each round ranks anew.
    Recomputed,
}

/// Who gets a lead for which no candidate was found.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum FallbackKind {
    /// The tenant's default dealer.
    DefaultDealer,
    /// A user.
    User,
    /// Nobody: it stays where it is and is listed under exceptions.
    Leave,
}

/// A reassignment job.
#[derive(Clone)]
pub struct ReassignmentJob(pub domain::Job);

impl ReassignmentJob {
    /// The job with this id, for a role that reads the configuration.
    pub async fn shown(ctx: &Context<'_>, id: Option<JobId>) -> async_graphql::Result<Option<Self>> {
        let reads = permit(&ctx.session()?.actor, Permission::ReadConfiguration).is_ok();
        let Some(id) = id.filter(|_| reads) else { return Ok(None) };
        Ok(ctx.loaders()?.load(JobKey(id)).await?.map(Self))
    }
}

/// A reassignment job: which leads, after how long, from which interface, by which algorithm.
#[Object]
impl ReassignmentJob {
    /// `job_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it acts on leads that fall due. New jobs do not.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Jobs look at a due lead in this order; the first that may act does.
    async fn position(&self) -> i32 {
        i32::try_from(self.0.position).unwrap_or(i32::MAX)
    }

    /// CEL text over `lead` and `now`; blank matches every lead.
    async fn condition(&self) -> &str {
        &self.0.condition
    }

    /// Seconds from the offer to the hand-over.
    async fn elapsed_seconds(&self) -> i32 {
        seconds(self.0.elapsed)
    }

    /// Seconds from the receipt of the request, over all rounds, after which nothing is handed on any more.
    async fn upper_age_seconds(&self) -> i32 {
        seconds(self.0.upper_age)
    }

    /// From whose candidates.
    async fn interface(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentInterface>> {
        Ok(ctx.loaders()?.load(InterfaceKey(self.0.interface)).await?.map(ReassignmentInterface))
    }

    /// How copies are handed out.
    async fn algorithm(&self) -> Algorithm {
        self.0.algorithm.into()
    }

    /// Copies per blast.
    async fn blast_size(&self) -> i32 {
        i32::try_from(self.0.blast_size).unwrap_or(i32::MAX)
    }

    /// Whether a round robin keeps its first ranking.
    async fn ranking(&self) -> Ranking {
        self.0.ranking.into()
    }

    /// Copies that a round robin or a rotation makes at most.
    async fn max_rounds(&self) -> i32 {
        i32::try_from(self.0.max_rounds).unwrap_or(i32::MAX)
    }

    /// Whether an offer in rotation that ends without having been acknowledged (rejected, ignored or taken away) gives the turn back.
    async fn gives_turn_back(&self) -> bool {
        self.0.gives_turn_back
    }

    /// Who gets a lead for which no candidate was found.
    async fn fallback(&self) -> FallbackKind {
        match self.0.fallback {
            domain::Fallback::DefaultDealer => FallbackKind::DefaultDealer,
            domain::Fallback::User(_) => FallbackKind::User,
            domain::Fallback::Leave => FallbackKind::Leave,
        }
    }

    /// The user of that fallback.
    async fn fallback_user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let domain::Fallback::User(user) = self.0.fallback else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(user)).await?.map(User))
    }

    /// Whether the original stays alive until someone acknowledges.
    async fn keep_original(&self) -> bool {
        self.0.keep_original
    }

    /// Whether the old owner is told.
    async fn notify_old_owner(&self) -> bool {
        self.0.notify.old_owner
    }

    /// Whether the new owner is told.
    async fn notify_new_owner(&self) -> bool {
        self.0.notify.new_owner
    }

    /// Whether the manager is told.
    async fn notify_manager(&self) -> bool {
        self.0.notify.manager
    }

    /// Whether copies are pushed to each active CRM integration of the dealers that get them, contact data and all.
    async fn push_to_crm(&self) -> bool {
        self.0.push_to_crm
    }

    /// How many seconds before the hand-over the recipient is warned; null for no warning.
    async fn warn_before_seconds(&self) -> Option<i32> {
        self.0.notify.warn_before.map(seconds)
    }

    /// Its latest run.
    async fn latest_run(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<JobRun>> {
        Ok(ctx.loaders()?.load(LatestRunKey(self.0.id)).await?.map(JobRun))
    }

    /// Its runs, newest first unless asked otherwise.
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by time.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<JobRun>> {
        let list = format!("runs of a job {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let session = ctx.session()?;
        let (reader, tenant, job) = (session.reader(), session.scope.tenant, Some(self.0.id));
        let found = runs::list(reader, tenant, job, direction.into(), &page).await?;
        connect(ctx, &list, found, JobRun, |up_to| runs::count(reader, tenant, job, up_to)).await
    }

    /// The ledger of a rotation: who has had how many turns, fewest first unless asked otherwise. Empty for a job that never rotated.
    async fn rotation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by turns.", default_with = "SortDirection::Asc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<RotationMember>> {
        let list = format!("rotation of {} {direction:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, ledger) = (ctx.session()?.reader(), (self.0.tenant, self.0.id));
        let found = rotations::list(reader, ledger, direction.into(), &page).await?;
        connect(ctx, &list, found, RotationMember, |up_to| rotations::count(reader, ledger, up_to)).await
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

fn seconds(duration: std::time::Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
