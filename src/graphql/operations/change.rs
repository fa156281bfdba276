//! What an operation does, and to which leads, as it was asked for.

use async_graphql::{Context, Enum, Json, Object, SimpleObject, Union};
use serde_json::{Map, Value};

use super::loaders::OperationKey;
use super::operation::Operation;
use crate::domain::id::OperationId;
use crate::domain::job::Algorithm;
use crate::domain::lead::Recipient;
use crate::domain::operation as domain;
use crate::domain::operation::{FieldChange, Goal};
use crate::graphql::interfaces::{InterfaceKey, ReassignmentInterface};
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::session::Ctx;

/// What an operation does.
#[derive(Union)]
pub enum OperationChange {
    /// It hands leads on.
    Reassignment(OperationReassignment),
    /// It changes what is noted on leads.
    Update(OperationUpdate),
    /// It takes another operation back.
    Undo(OperationUndo),
}

impl OperationChange {
    /// As it is shown to those who see personal data, or to those who do not.
    pub(super) fn of(change: &domain::Change, personal_data: bool) -> Self {
        match change {
            domain::Change::Reassign { goal, .. } => Self::Reassignment(OperationReassignment(goal.clone())),
            domain::Change::Update { fields } => {
                Self::Update(OperationUpdate { fields: Json(named(fields, personal_data)) })
            }
            domain::Change::Undo { operation } => Self::Undo(OperationUndo(*operation)),
        }
    }
}

/// Fields by the names of the API. The text of a note may name a customer: it is left out without personal data.
pub(super) fn named(fields: &FieldChange, personal_data: bool) -> Map<String, Value> {
    let Ok(Value::Object(fields)) = serde_json::to_value(fields) else { return Map::new() };
    let mut named: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (crate::rules::typed::camel_case(&name), value)).collect();
    if let Some(note) = named.get_mut("note").and_then(Value::as_object_mut).filter(|_| !personal_data) {
        note.remove("text");
    }
    named
}

/// To whom leads go.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OperationGoal {
    /// All to one recipient.
    Recipient,
    /// Each to the nearest active dealer.
    Nearest,
    /// Each to whom an interface ranks.
    Interface,
    /// Shared out under capacities so that the distances are least in sum.
    Balanced,
    /// Dealt in turn to several recipients.
    EvenSplit,
    /// To nobody: each waits under exceptions.
    Nobody,
}

/// Leads are handed on.
pub struct OperationReassignment(Goal);

/// Leads are handed on.
#[Object]
impl OperationReassignment {
    /// To whom.
    async fn goal(&self) -> OperationGoal {
        match self.0 {
            Goal::Recipient { .. } => OperationGoal::Recipient,
            Goal::Nearest => OperationGoal::Nearest,
            Goal::Interface { .. } => OperationGoal::Interface,
            Goal::Balanced { .. } => OperationGoal::Balanced,
            Goal::EvenSplit { .. } => OperationGoal::EvenSplit,
            Goal::Nobody => OperationGoal::Nobody,
        }
    }

    /// The one dealer who gets all; null for any other goal.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Goal::Recipient { recipient: Recipient::Dealer(id) } = self.0 else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The one user who gets all; null for any other goal.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Goal::Recipient { recipient: Recipient::User(id) } = self.0 else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// The interface that ranks; null for any other goal.
    async fn interface(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentInterface>> {
        let (Goal::Interface { interface, .. } | Goal::Balanced { interface: Some(interface) }) = self.0 else {
            return Ok(None);
        };
        Ok(ctx.loaders()?.load(InterfaceKey(interface)).await?.map(ReassignmentInterface))
    }

    /// `SINGLE`, `BLAST` or `NEAREST` with an interface; null for any other goal.
    async fn algorithm(&self) -> Option<&str> {
        match self.0 {
            Goal::Interface { algorithm, .. } => Some(algorithm.as_str()),
            _ => None,
        }
    }

    /// Copies of a blast; null for any other goal.
    async fn blast_size(&self) -> Option<i32> {
        match self.0 {
            Goal::Interface { algorithm: Algorithm::Blast, blast_size, .. } => i32::try_from(blast_size).ok(),
            _ => None,
        }
    }
}

/// What is noted on leads changes.
#[derive(SimpleObject)]
pub struct OperationUpdate {
    /// The fields that change with their new values; null clears one. A note is without its text to auditors.
    fields: Json<Map<String, Value>>,
}

/// Another operation is taken back.
pub struct OperationUndo(OperationId);

/// Another operation is taken back.
#[Object]
impl OperationUndo {
    /// Which one.
    async fn operation(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Operation>> {
        Ok(ctx.loaders()?.load(OperationKey(self.0)).await?.map(Operation))
    }
}

/// How an operation's leads were selected.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SelectionKind {
    /// All within reach.
    All,
    /// By a condition.
    Filter,
    /// By a list, as it was when the operation was prepared.
    List,
    /// By their ids.
    Named,
    /// Those that another operation left.
    LeftBy,
    /// Those that another operation changed.
    ChangedBy,
}

/// Which leads an operation takes, within the reach of whoever asked for it.
#[derive(SimpleObject)]
pub struct OperationSelection {
    /// How they were selected.
    kind: SelectionKind,
    /// The condition as canonical CEL, a list's base set included; null where there is none.
    filter: Option<String>,
    /// How many were named; null for any other kind.
    named_count: Option<i32>,
}

impl From<&domain::Selection> for OperationSelection {
    fn from(selection: &domain::Selection) -> Self {
        let (kind, filter, named_count) = match selection {
            domain::Selection::All => (SelectionKind::All, None, None),
            domain::Selection::Filter { text } => (SelectionKind::Filter, Some(text.clone()), None),
            domain::Selection::List { text, .. } => (SelectionKind::List, text.clone(), None),
            domain::Selection::Named { count } => (SelectionKind::Named, None, i32::try_from(*count).ok()),
            domain::Selection::LeftBy { .. } => (SelectionKind::LeftBy, None, None),
            domain::Selection::ChangedBy { .. } => (SelectionKind::ChangedBy, None, None),
        };
        Self { kind, filter, named_count }
    }
}
