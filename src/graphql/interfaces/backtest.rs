//! A backtest: what was asked, how far it has come, and what it found.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::definition::{CandidateKind, InterfaceDefinition};
use super::interface::ReassignmentInterface;
use super::loaders::InterfaceKey;
use crate::domain::Timestamp;
use crate::domain::backtest as domain;
use crate::domain::id::DealerId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::leads::SortDirection;
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::session::Ctx;
use crate::store::backtests;

/// Where a backtest stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::backtest::BacktestState")]
pub enum BacktestState {
    /// Waits for a worker.
    Queued,
    /// A worker has it in hand.
    Running,
    /// Finished.
    Done,
    /// Given up, with an error.
    Failed,
    /// Stopped by somebody; what was counted until then stays.
    Cancelled,
}

/// What the published version, or the draft, came to.
#[derive(SimpleObject)]
pub struct BacktestSide {
    /// Leads that would go to somebody.
    placed: i32,
    /// Of those, the ones whose distance is known; the three below are theirs.
    measured: i32,
    /// All distances in kilometres, added up.
    distance_km_sum: f64,
    /// The mean distance in kilometres; null without any.
    distance_km_mean: Option<f64>,
    /// The median distance in kilometres, right to half of a percent; null without any.
    distance_km_median: Option<f64>,
}

impl From<&domain::BacktestSide> for BacktestSide {
    fn from(side: &domain::BacktestSide) -> Self {
        Self {
            placed: count(side.placed),
            measured: count(side.measured),
            distance_km_sum: side.km,
            distance_km_mean: side.mean_km(),
            distance_km_median: side.median_km(),
        }
    }
}

/// A backtest.
#[derive(Clone)]
pub struct Backtest(pub domain::Backtest);

/// A backtest: whom the leads of a past period would go to by an interface's draft, next to its published version.
///
/// For each request that came in (its first copy alone), both rank the network as it is while the backtest runs, at the moment when the
/// request was received, with what recipients have in hand now; the first of each ranking is compared. Nobody has had the lead before,
/// and no lead counts towards the load of the next: it compares two rankings, not two histories, and says nothing of what jobs,
/// refusals or capacities would have made of them. It reads only.
#[Object]
impl Backtest {
    /// `bkt_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Of which interface.
    async fn interface(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentInterface>> {
        Ok(ctx.loaders()?.load(InterfaceKey(self.0.interface)).await?.map(ReassignmentInterface))
    }

    /// Where it stands.
    async fn state(&self) -> BacktestState {
        self.0.state.into()
    }

    /// The draft as it was when the backtest was asked for.
    async fn draft(&self) -> InterfaceDefinition {
        InterfaceDefinition(self.0.draft.clone())
    }

    /// The number of the version that it is compared with: the published one at that time.
    async fn published_number(&self) -> i32 {
        i32::try_from(self.0.published_number).unwrap_or(i32::MAX)
    }

    /// Leads received at or after this moment.
    async fn received_from(&self) -> DateTime<Utc> {
        self.0.received_from.datetime()
    }

    /// Leads received before this moment.
    async fn received_before(&self) -> DateTime<Utc> {
        self.0.received_before.datetime()
    }

    /// Who asked for it.
    async fn requested_by(&self) -> &str {
        &self.0.requested_by
    }

    /// When it was asked for.
    async fn queued_at(&self) -> DateTime<Utc> {
        self.0.queued_at.datetime()
    }

    /// When a worker began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at.map(Timestamp::datetime)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(Timestamp::datetime)
    }

    /// How many leads there were in the period when it was asked for; `examined` goes up to here.
    async fn lead_count(&self) -> i32 {
        i32::try_from(self.0.lead_count).unwrap_or(i32::MAX)
    }

    /// Leads compared so far. Each is one of `unchanged`, `moved`, `gained`, `lost` and `unplaced`.
    async fn examined(&self) -> i32 {
        count(self.0.totals.examined)
    }

    /// Would go to the same recipient either way.
    async fn unchanged(&self) -> i32 {
        count(self.0.totals.unchanged())
    }

    /// Would go to somebody else.
    async fn moved(&self) -> i32 {
        count(self.0.totals.moved)
    }

    /// Go to nobody now, and would go to somebody.
    async fn gained(&self) -> i32 {
        count(self.0.totals.gained)
    }

    /// Go to somebody now, and would go to nobody.
    async fn lost(&self) -> i32 {
        count(self.0.totals.lost)
    }

    /// Go to nobody either way.
    async fn unplaced(&self) -> i32 {
        count(self.0.totals.unplaced)
    }

    /// By the published version.
    async fn before(&self) -> BacktestSide {
        BacktestSide::from(&self.0.totals.before)
    }

    /// By the draft.
    async fn after(&self) -> BacktestSide {
        BacktestSide::from(&self.0.totals.after)
    }

    /// What each recipient would get, those who get any; by how much that changes, who gains most first unless asked otherwise.
    async fn shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by change.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<BacktestShare>> {
        let list = format!("backtest shares {} {direction:?}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let interface = ctx.loaders()?.load(InterfaceKey(self.0.interface)).await?;
        let kind = interface.map_or(CandidateKind::Dealer, |interface| interface.candidate_kind.into());
        let (reader, key) = (ctx.session()?.reader(), (self.0.tenant, self.0.id));
        let found = backtests::list_shares(reader, key, direction.into(), &page).await?;
        let of = [self.0.totals.before.placed, self.0.totals.after.placed];
        let share = |(id, share)| BacktestShare { id, kind, share, of };
        connect(ctx, &list, found, share, |up_to| backtests::count_shares(reader, key, up_to)).await
    }

    /// Why it was given up.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

/// What one recipient would get.
pub struct BacktestShare {
    id: uuid::Uuid,
    kind: CandidateKind,
    share: domain::BacktestShare,
    /// Leads placed by the published version, and by the draft.
    of: [u64; 2],
}

/// What one recipient would get.
#[Object]
impl BacktestShare {
    /// The dealer as it is now; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        if self.kind != CandidateKind::Dealer {
            return Ok(None);
        }
        Dealer::load(ctx, DealerId(self.id)).await
    }

    /// The user as it is now; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        if self.kind != CandidateKind::User {
            return Ok(None);
        }
        Ok(ctx.loaders()?.load(UserKey(self.id.into())).await?.map(User))
    }

    /// Leads by the published version.
    async fn before(&self) -> i32 {
        i32::try_from(self.share.before).unwrap_or(i32::MAX)
    }

    /// Leads by the draft.
    async fn after(&self) -> i32 {
        i32::try_from(self.share.after).unwrap_or(i32::MAX)
    }

    /// How many more, or fewer.
    async fn change(&self) -> i32 {
        i32::try_from(self.share.after - self.share.before).unwrap_or(i32::MAX)
    }

    /// Of all leads that the published version places, the share of this recipient, 0 to 1.
    async fn share_before(&self) -> f64 {
        part(self.share.before, self.of[0])
    }

    /// Of all leads that the draft places, the share of this recipient, 0 to 1.
    async fn share_after(&self) -> f64 {
        part(self.share.after, self.of[1])
    }
}

fn part(count: i64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
