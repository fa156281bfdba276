//! Decisions: the stored answers to "who gets this lead", with what they were made from.
//!
//! They name other recipients, so only staff see them.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::interfaces::{InterfaceKey, ReassignmentInterface};
use super::jobs::ReassignmentJob;
use super::network::{Dealer, User, UserKey};
use super::session::Ctx;
use crate::actions::{Permission, permit};
use crate::domain::decision as domain;
use crate::domain::lead::Recipient;
use crate::domain::place::km_to_miles;

/// How a decision came out.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::decision::Outcome", name = "DecisionOutcome")]
pub enum Outcome {
    /// Candidates got copies.
    Assigned,
    /// No candidate: the fallback got a copy.
    Fallback,
    /// No candidate and no fallback: the lead is listed under exceptions.
    NoCandidate,
}

/// Why a dealer or user is not a candidate. They are looked at in this order.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::decision::Exclusion")]
pub enum ExclusionReason {
    /// Not active.
    Inactive,
    /// Does not accept leads; for a user, away.
    NotAccepting,
    /// In another country than the lead.
    OtherCountry,
    /// Further away than the radius, or of unknown place where the radius matters.
    OutsideRadius,
    /// Had a copy of the request before.
    AlreadyRecipient,
    /// Nobody there can be reached.
    NoReachableContact,
    /// Has as many leads as it can take.
    AtCapacity,
    /// A term of the filter is false.
    FilterNotMatched,
    /// The filter reads a value that is missing.
    FilterUnknown,
}

/// How many were left out for one reason.
#[derive(SimpleObject)]
pub struct ExclusionCount {
    /// The first reason that held for them.
    reason: ExclusionReason,
    /// How many.
    count: i32,
}

/// How many one term of the filter left out.
#[derive(SimpleObject)]
pub struct TermCount {
    /// The term in its canonical form; the first that was not true for them.
    term: String,
    /// How many.
    count: i32,
}

/// How many were left out, and by what.
#[derive(SimpleObject)]
pub struct ExcludedCounts {
    /// By reason, each candidate once, in the order in which reasons are looked at.
    reasons: Vec<ExclusionCount>,
    /// Of those whom the filter left out: by term.
    terms: Vec<TermCount>,
}

/// The counts as they are shown.
pub fn exclusions(excluded: &domain::Excluded) -> ExcludedCounts {
    let count = |count: &u64| i32::try_from(*count).unwrap_or(i32::MAX);
    let reasons = excluded.reasons.iter();
    let terms = excluded.terms.iter();
    ExcludedCounts {
        reasons: reasons.map(|(reason, of)| ExclusionCount { reason: (*reason).into(), count: count(of) }).collect(),
        terms: terms.map(|(term, of)| TermCount { term: term.clone(), count: count(of) }).collect(),
    }
}

/// One candidate as it was ranked.
pub struct RankedCandidate(pub domain::RankedCandidate);

/// One candidate as it was ranked.
#[Object]
impl RankedCandidate {
    /// From 1.
    async fn rank(&self) -> i32 {
        i32::try_from(self.0.rank).unwrap_or(i32::MAX)
    }

    /// The dealer's number or the user's name, as it was.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The dealer as it is now; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.0.recipient else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user as it is now; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.0.recipient else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// Great circle in kilometres; null when either point is unknown.
    async fn distance_km(&self) -> Option<f64> {
        self.0.distance_km
    }

    /// Great circle in international miles; null when either point is unknown.
    async fn distance_miles(&self) -> Option<f64> {
        self.0.distance_km.map(km_to_miles)
    }

    /// The value of each sort level, in order; null when it was missing.
    async fn keys(&self) -> Vec<Json<Value>> {
        self.0.keys.iter().cloned().map(Json).collect()
    }
}

/// A stored decision.
#[derive(Clone)]
pub struct Decision(pub domain::Decision);

/// The stored answer to "who gets this lead", with what it was made from.
#[Object]
impl Decision {
    /// `dec_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// How it came out.
    async fn outcome(&self) -> Outcome {
        self.0.outcome.into()
    }

    /// In a sentence, for people.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// `SINGLE`, `BLAST`, `ROUND_ROBIN`, `NEAREST`, or `DIRECT` for a recipient that somebody named.
    async fn algorithm(&self) -> &str {
        &self.0.algorithm
    }

    /// The job that decided; null for a person, and unless your role reads the configuration.
    async fn job(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentJob>> {
        ReassignmentJob::shown(ctx, self.0.job).await
    }

    /// The interface that ranked; null for a recipient that somebody named, and unless your role reads the configuration.
    async fn interface(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentInterface>> {
        let reads = permit(&ctx.session()?.actor, Permission::ReadConfiguration).is_ok();
        let Some((interface, _)) = self.0.interface.filter(|_| reads) else { return Ok(None) };
        Ok(ctx.loaders()?.load(InterfaceKey(interface)).await?.map(ReassignmentInterface))
    }

    /// The number of the version that ranked.
    async fn interface_number(&self) -> Option<i32> {
        self.0.interface.map(|(_, number)| i32::try_from(number).unwrap_or(i32::MAX))
    }

    /// The values of the lead that mattered. `network` names the version of the network in which candidates were found and all others
    /// were counted, and the version as which those who were found were looked at again before one was taken.
    fn inputs(&self) -> async_graphql::Result<Json<Value>> {
        // INVARIANT: whoever stores a decision writes it as JSON.
        Ok(Json(serde_json::from_str(&self.0.inputs)?))
    }

    /// The ranking, best first.
    async fn candidates(&self) -> Vec<RankedCandidate> {
        self.0.candidates.iter().cloned().map(RankedCandidate).collect()
    }

    /// How many candidates there were.
    async fn considered(&self) -> i32 {
        i32::try_from(self.0.considered).unwrap_or(i32::MAX)
    }

    /// How many matched.
    async fn matched(&self) -> i32 {
        i32::try_from(self.0.matched).unwrap_or(i32::MAX)
    }

    /// How many were left out, and by what.
    async fn excluded(&self) -> ExcludedCounts {
        exclusions(&self.0.excluded)
    }

    /// When.
    async fn decided_at(&self) -> DateTime<Utc> {
        self.0.decided_at.datetime()
    }

    /// Who or what decided.
    async fn decided_by(&self) -> &str {
        &self.0.decided_by
    }
}
