//! A lead in a plan, and what became of it.

use async_graphql::{Context, Enum, Json, Object};
use serde_json::{Map, Value, json};

use super::change::named;
use crate::actions::amend::noted;
use crate::actions::assign;
use crate::domain::assignment::Assignments;
use crate::domain::lead::{LeadState, Recipient};
use crate::domain::operation::{Change, Item, ItemResult, Planned, Target};
use crate::graphql::leads::{AssignmentsKey, Lead};
use crate::graphql::loaders::LeadKey;
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::session::Ctx;

/// What a plan says of a lead.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "crate::domain::operation::Verdict")]
pub enum PlanVerdict {
    /// It will be changed.
    Change,
    /// It is as wanted already.
    Unchanged,
    /// It can't be changed.
    Problem,
}

/// Why a lead is not changed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "crate::domain::operation::ItemReason")]
pub enum OperationReason {
    /// It is where it was to go already.
    AlreadyThere,
    /// Its fields have the values that were to be set already.
    NothingToChange,
    /// Its state does not allow it.
    WrongState,
    /// It was handed on before; its newest copy can be.
    HandedOn,
    /// Another copy of the same request is in the plan.
    SameRequest,
    /// Nobody can get it.
    NoCandidate,
    /// Those who could get it are at capacity, or would be by the rest of the plan.
    NoRoom,
    /// Whoever was to get it no longer takes leads.
    TargetGone,
    /// It was changed by others since it was planned.
    ChangedSince,
    /// The copy that was made of it was opened, answered or changed since.
    TakenUp,
    /// Somebody else has acknowledged another copy of its request since.
    HeldByAnother,
    /// A value that it would get is not allowed.
    InvalidValue,
    /// A fault of the server or the database.
    Fault,
}

/// What became of a lead.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "crate::domain::operation::Outcome")]
pub enum ResultOutcome {
    /// It was changed.
    Changed,
    /// It was as wanted already.
    Unchanged,
    /// It had a problem, or others had changed it since it was planned.
    Skipped,
    /// A fault kept it from being changed.
    Failed,
}

/// A lead in a plan.
pub struct OperationItem {
    /// What the plan says.
    pub item: Item,
    /// What the operation does.
    pub change: Change,
}

/// A lead in a plan.
#[Object]
impl OperationItem {
    /// Its place in the plan, from 0.
    async fn position(&self) -> i32 {
        i32::try_from(self.item.position).unwrap_or(i32::MAX)
    }

    /// The lead as it is now; null when it is out of your reach.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        Lead::load(ctx, self.item.lead).await
    }

    /// Its version when it was planned: with another one it is left and listed as changed since.
    async fn lead_version(&self) -> i32 {
        i32::try_from(self.item.lead_version).unwrap_or(i32::MAX)
    }

    /// What is to happen to it.
    async fn verdict(&self) -> PlanVerdict {
        self.item.planned.verdict().into()
    }

    /// Why it will not be changed; null if it will.
    async fn reason(&self) -> Option<OperationReason> {
        self.item.planned.problem().map(|problem| problem.code.into())
    }

    /// The reason in words.
    async fn message(&self) -> Option<&str> {
        self.item.planned.problem().map(|problem| problem.text.as_str())
    }

    /// Who gets it; empty where nobody does.
    async fn targets(&self) -> Vec<OperationTarget> {
        self.item.planned.targets().iter().copied().map(OperationTarget).collect()
    }

    /// What would change, as it is now; null when the lead is out of your reach.
    async fn before(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<Value>>> {
        let Some(lead) = ctx.loaders()?.load(LeadKey(self.item.lead)).await? else { return Ok(None) };
        let told = match &self.change {
            Change::Update { .. } => noted(&lead),
            Change::Reassign { .. } | Change::Undo { .. } => state(lead.state, lead.recipient),
        };
        Ok(Some(Json(if self.is_of_assignments() { assign::told(told, &self.assigned(ctx).await?) } else { told })))
    }

    /// What it would be; null for a lead that stays as it is or is out of your reach.
    async fn after(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<Value>>> {
        let Some(lead) = ctx.loaders()?.load(LeadKey(self.item.lead)).await? else { return Ok(None) };
        Ok(match (&self.item.planned, &self.change) {
            (Planned::Move(answer), _) => Some(Json(moved(&answer.targets))),
            (Planned::Restore { before, .. }, _) => {
                let told = state(before.state(), before.recipient());
                Some(Json(before.assignments().map_or(told.clone(), |assigned| assign::told(told, assigned))))
            }
            (Planned::Update, Change::Update { fields }) => {
                let told = with(noted(&lead), named(fields, ctx.session()?.scope.personal_data));
                if !self.is_of_assignments() {
                    return Ok(Some(Json(told)));
                }
                let assigned = self.assigned(ctx).await?;
                Some(Json(assign::told(told, &assigned.with(&fields.patch.assignments).unwrap_or(assigned))))
            }
            _ => None,
        })
    }
}

impl OperationItem {
    /// Whether who is assigned would change.
    fn is_of_assignments(&self) -> bool {
        match (&self.item.planned, &self.change) {
            (Planned::Restore { before, .. }, _) => before.assignments().is_some(),
            (_, Change::Update { fields }) => !fields.patch.assignments.is_empty(),
            _ => false,
        }
    }

    /// Who is assigned now.
    async fn assigned(&self, ctx: &Context<'_>) -> async_graphql::Result<Assignments> {
        Ok(ctx.loaders()?.load(AssignmentsKey(self.item.lead)).await?.unwrap_or_default())
    }
}

fn state(state: LeadState, recipient: Option<Recipient>) -> Value {
    json!({ "state": state, "recipients": recipient.into_iter().collect::<Vec<_>>() })
}

fn moved(targets: &[Target]) -> Value {
    let state = if targets.is_empty() { LeadState::Unassigned } else { LeadState::Offered };
    json!({ "state": state, "recipients": targets.iter().map(|target| target.recipient).collect::<Vec<_>>() })
}

/// The fields as they would be.
fn with(mut noted: Value, given: Map<String, Value>) -> Value {
    if let Some(noted) = noted.as_object_mut() {
        for (name, value) in given {
            match (noted.get_mut(&name).and_then(Value::as_object_mut), value) {
                (Some(known), Value::Object(values)) => known.extend(values),
                (_, value) => drop(noted.insert(name, value)),
            }
        }
    }
    noted
}

/// One of those who get a lead.
pub struct OperationTarget(Target);

/// One of those who get a lead.
#[Object]
impl OperationTarget {
    /// The dealer; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.0.recipient else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.0.recipient else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// From the customer, in kilometres; null where it is unknown or was not asked.
    async fn distance_km(&self) -> Option<f64> {
        self.0.distance_km
    }
}

/// What became of a lead.
pub struct OperationResult(pub ItemResult);

/// What became of a lead.
#[Object]
impl OperationResult {
    /// Its place in the plan, from 0.
    async fn position(&self) -> i32 {
        i32::try_from(self.0.position).unwrap_or(i32::MAX)
    }

    /// The lead as it is now; null when it is out of your reach.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        Lead::load(ctx, self.0.lead).await
    }

    /// What became of it.
    async fn outcome(&self) -> ResultOutcome {
        self.0.outcome.into()
    }

    /// Why it was not changed; null if it was.
    async fn reason(&self) -> Option<OperationReason> {
        self.0.problem.as_ref().map(|problem| problem.code.into())
    }

    /// The reason in words.
    async fn message(&self) -> Option<&str> {
        self.0.problem.as_ref().map(|problem| problem.text.as_str())
    }

    /// The copies that were made of it, or taken back, as they are now; those out of your reach are left out.
    async fn copies(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Lead>> {
        let keys: Vec<LeadKey> = self.0.copies.iter().map(|copy| LeadKey(copy.lead)).collect();
        let mut found = ctx.loaders()?.load_all(keys.clone()).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).map(Lead::from).collect())
    }
}
