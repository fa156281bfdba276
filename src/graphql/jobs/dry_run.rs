//! What a run of a job would do now.

use async_graphql::{Context, Object, SimpleObject};

use super::run::{SkipCount, count};
use crate::actions::manual_runs;
use crate::domain::lead::Recipient;
use crate::graphql::decisions::{Outcome, RankedCandidate};
use crate::graphql::leads::Lead;
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::payload::UserError;
use crate::graphql::session::Ctx;

/// How many of the moves are shown; the counts are of all.
const MOVES_SHOWN: usize = 100;

/// Who would get a copy.
pub struct PlannedRecipient(Recipient);

/// Who would get a copy.
#[Object]
impl PlannedRecipient {
    /// The dealer; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.0 else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.0 else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }
}

/// A lead that would be handed on.
#[derive(SimpleObject)]
pub struct PlannedMove {
    /// The copy as it is.
    lead: Lead,
    /// How the decision would come out.
    outcome: Outcome,
    /// In a sentence, for people.
    reason: String,
    /// Who would get a copy; empty when nobody would.
    recipients: Vec<PlannedRecipient>,
    /// The ranking, best first.
    candidates: Vec<RankedCandidate>,
}

/// What a run would do now. Nothing was written.
#[derive(SimpleObject)]
pub struct JobDryRun {
    /// The first 100 leads within your reach that would be handed on; the numbers count all.
    moves: Vec<PlannedMove>,
    /// Waiting leads that were looked at.
    examined: i32,
    /// How many would be handed on.
    reassigned: i32,
    /// How many would be left, by reason.
    skipped: Vec<SkipCount>,
    /// Whether there are more waiting leads than were looked at.
    is_cut: bool,
}

/// What a run would do now, or what stands in the way.
#[derive(SimpleObject)]
pub struct JobDryRunPayload {
    /// What it would do; null when something stands in the way.
    pub dry_run: Option<JobDryRun>,
    /// What stands in the way.
    pub user_errors: Vec<UserError>,
}

impl From<manual_runs::DryRun> for JobDryRun {
    fn from(run: manual_runs::DryRun) -> Self {
        let planned = |(lead, decided): (crate::domain::lead::Lead, crate::actions::handover::Decided)| PlannedMove {
            lead: lead.into(),
            outcome: decided.decision.outcome.into(),
            recipients: decided.placements.iter().map(|placement| PlannedRecipient(placement.recipient)).collect(),
            candidates: decided.decision.candidates.into_iter().map(RankedCandidate).collect(),
            reason: decided.decision.reason,
        };
        let skipped = run.counts.skipped.iter();
        Self {
            examined: count(run.counts.examined),
            reassigned: count(run.counts.reassigned),
            skipped: skipped.map(|(reason, of)| SkipCount { reason: reason.clone(), count: count(*of) }).collect(),
            is_cut: run.is_cut,
            moves: run.moves.into_iter().take(MOVES_SHOWN).map(planned).collect(),
        }
    }
}
