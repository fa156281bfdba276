//! What is asked for: which leads, what to do with them, and how.

use async_graphql::{ID, InputObject, Json, MaybeUndefined, OneofObject};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::operation::{NotifyNewOwner, OnProblem};
use crate::actions::operations::{New, NewChange, NewTarget, Wanted};
use crate::domain::id::{DealerId, UserId};
use crate::domain::input::LeadPatch;
use crate::domain::lead::Recipient;
use crate::domain::operation::{FieldChange, Options};
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::graphql::ids;
use crate::graphql::leads::{AssignmentsInput, DealerNumber, InterfaceTarget, LeadNoteInput, LeadVisibility};
use crate::graphql::mutation::{patch, patch_required};
use crate::graphql::wanted::LeadWhere;

/// Which leads, within your reach: exactly one of these. They are found on the server when the operation is prepared; leads that come
/// later are not among them.
#[derive(OneofObject)]
pub enum LeadSelection {
    /// Those for which CEL text over `lead` and `now` holds. An empty one is refused.
    Filter(String),
    /// Those for which a typed condition holds. An empty one is refused.
    Where(LeadWhere),
    /// Those that a list of yours, or one that is shared with you, shows you: `lst_…`.
    ListId(ID),
    /// Those with these ids, at most 10,000.
    LeadIds(Vec<ID>),
    /// All, said by `true`.
    All(bool),
}

impl LeadSelection {
    fn read(self) -> Result<Wanted, Invalid> {
        Ok(match self {
            Self::Filter(text) => Wanted::Filter(text),
            Self::Where(wanted) => Wanted::Where(wanted.0),
            Self::ListId(id) => Wanted::List(ids::parse("listId", &id).map_err(|problem| problem.under("selection"))?),
            Self::LeadIds(ids) => {
                Wanted::Leads(ids::parse_all("leadIds", &ids).map_err(|problem| problem.under("selection"))?)
            }
            Self::All(all) => Wanted::All(all),
        })
    }
}

/// Recipients that leads are dealt to in turn, the dealers first, each in the order given.
#[derive(InputObject)]
pub struct EvenSplitTarget {
    /// `dlr_…`, each once.
    #[graphql(default)]
    dealer_ids: Vec<ID>,
    /// `usr_…`, each once.
    #[graphql(default)]
    user_ids: Vec<ID>,
}

impl EvenSplitTarget {
    fn read(&self) -> Result<NewTarget, Invalid> {
        let dealers = ids::parse_all::<DealerId>("dealerIds", &self.dealer_ids)?;
        let users = ids::parse_all::<UserId>("userIds", &self.user_ids)?;
        let all = dealers.into_iter().map(Recipient::Dealer).chain(users.into_iter().map(Recipient::User));
        Ok(NewTarget::EvenSplit(all.collect()))
    }
}

/// Leads that are shared out under capacities.
#[derive(InputObject)]
pub struct BalancedTarget {
    /// `ifc_…` of an interface over dealers with a published version: each lead goes to one of its candidates. Without one, to one of the 250
    /// nearest active dealers of its country that have not had it.
    interface_id: Option<ID>,
}

impl BalancedTarget {
    fn read(&self) -> Result<NewTarget, Invalid> {
        let interface = self.interface_id.as_ref().map(|id| ids::parse("interfaceId", id)).transpose()?;
        Ok(NewTarget::Balanced(interface))
    }
}

/// To whom leads go: exactly one of these.
#[derive(OneofObject)]
pub enum ReassignmentTarget {
    /// All to the dealer with this id.
    DealerId(ID),
    /// All to the dealer with this number.
    DealerNumber(DealerNumber),
    /// All to the user with this id.
    UserId(ID),
    /// Each to the nearest active dealer of its country that has not had it, said by `true`.
    Nearest(bool),
    /// Each to the candidates of an interface.
    Interface(InterfaceTarget),
    /// Shared out together, at most 10,000: no dealer gets more than its capacity leaves room for, as many leads as possible find a place,
    /// and of all ways to do that it is one with the least total distance. What capacity makes impossible has the reason `NO_ROOM`.
    Balanced(BalancedTarget),
    /// Dealt in turn to several recipients: their numbers differ by at most one.
    EvenSplit(EvenSplitTarget),
    /// To nobody, said by `true`: each waits under exceptions for somebody to take it up.
    Nobody(bool),
}

impl ReassignmentTarget {
    fn read(self) -> Result<NewTarget, Invalid> {
        let said = |said: bool, target: NewTarget| {
            let message = "it can only be true, name another target otherwise";
            said.then_some(target).ok_or_else(|| Invalid::new("", InvalidCode::NotAllowed, message))
        };
        let read =
            match self {
                Self::DealerId(id) => ids::parse("dealerId", &id).map(|id| NewTarget::Recipient(Recipient::Dealer(id))),
                Self::UserId(id) => ids::parse("userId", &id).map(|id| NewTarget::Recipient(Recipient::User(id))),
                Self::DealerNumber(dealer) => {
                    let (number, sub_number) = dealer.read();
                    Ok(NewTarget::DealerNumber(number, sub_number))
                }
                Self::Nearest(nearest) => said(nearest, NewTarget::Nearest).map_err(|problem| problem.under("nearest")),
                Self::Balanced(target) => target.read().map_err(|problem| problem.under("balanced")),
                Self::EvenSplit(split) => split.read().map_err(|problem| problem.under("evenSplit")),
                Self::Nobody(nobody) => said(nobody, NewTarget::Nobody).map_err(|problem| problem.under("nobody")),
                Self::Interface(target) => target.read().map(|(interface, algorithm, blast_size)| {
                    NewTarget::Interface { interface, algorithm, blast_size }
                }),
            };
        read.map_err(|problem| problem.under("target"))
    }
}

/// Leads to hand on.
#[derive(InputObject)]
pub struct PrepareReassignmentInput {
    /// Which leads.
    selection: LeadSelection,
    /// To whom they go.
    target: ReassignmentTarget,
    /// What one problem does to the others.
    #[graphql(default_with = "OnProblem::Skip")]
    on_problem: OnProblem,
    /// How new owners are told.
    #[graphql(default_with = "NotifyNewOwner::None")]
    notify_new_owner: NotifyNewOwner,
    /// Whether each old owner is told of each lead that is taken away.
    #[graphql(default = false)]
    notify_old_owner: bool,
    /// Whether each new copy is pushed to each active CRM integration of the dealer that gets it; users have none. A CRM gets the customer's
    /// contact data at once, before anybody acknowledges: that is what a push is for.
    #[graphql(default = false)]
    push_to_crm: bool,
    /// Why, shown in the timeline and to old owners; at most 500 characters.
    reason: Option<String>,
    /// The same key with the same input prepares one operation.
    idempotency_key: Option<String>,
}

impl PrepareReassignmentInput {
    pub(super) fn read(self) -> Result<New, Invalid> {
        Ok(New {
            selection: self.selection.read()?,
            change: NewChange::Reassign(self.target.read()?),
            options: Options {
                on_problem: self.on_problem.into(),
                notify_new_owner: self.notify_new_owner.into(),
                notify_old_owner: self.notify_old_owner,
                push_to_crm: self.push_to_crm,
                reason: self.reason,
            },
        })
    }
}

/// Who leaves the network: exactly one of these.
#[derive(OneofObject)]
pub enum LeavingInput {
    /// The dealer with this id.
    DealerId(ID),
    /// The user with this id.
    UserId(ID),
}

/// Somebody who leaves the network, and where their open leads go.
#[derive(InputObject)]
pub struct PrepareDepartureInput {
    /// Who leaves.
    leaving: LeavingInput,
    /// Where their open leads go: those that are offered, acknowledged or accepted.
    target: ReassignmentTarget,
    /// What one problem does to the others. With STOP, leads that come or are changed between the plan and the run stop it, too; with SKIP,
    /// the run plans them with the others.
    #[graphql(default_with = "OnProblem::Skip")]
    on_problem: OnProblem,
    /// How new owners are told.
    #[graphql(default_with = "NotifyNewOwner::None")]
    notify_new_owner: NotifyNewOwner,
    /// Whether each new copy is pushed to each active CRM integration of the dealer that gets it; users have none. A CRM gets the customer's
    /// contact data at once, before anybody acknowledges: that is what a push is for.
    #[graphql(default = false)]
    push_to_crm: bool,
    /// Why, shown in the timeline; at most 500 characters.
    reason: Option<String>,
    /// The same key with the same input prepares one operation.
    idempotency_key: Option<String>,
}

impl PrepareDepartureInput {
    pub(super) fn read(self) -> Result<(Recipient, (NewTarget, Options)), Invalid> {
        let who = match &self.leaving {
            LeavingInput::DealerId(id) => ids::parse("dealerId", id).map(Recipient::Dealer),
            LeavingInput::UserId(id) => ids::parse("userId", id).map(Recipient::User),
        };
        let who = who.map_err(|problem| problem.under("leaving"))?;
        let options = Options {
            on_problem: self.on_problem.into(),
            notify_new_owner: self.notify_new_owner.into(),
            notify_old_owner: false,
            push_to_crm: self.push_to_crm,
            reason: self.reason,
        };
        Ok((who, (self.target.read()?, options)))
    }
}

/// The fields to change. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct LeadFieldsInput {
    /// The tenant's type of file.
    file_type: MaybeUndefined<String>,
    /// The tenant's status.
    workflow_status: MaybeUndefined<String>,
    /// `NOT_CONTACTED`, `CONTACTED` or the tenant's own.
    follow_up_status: Option<String>,
    /// The tenant's progress step.
    progress: MaybeUndefined<String>,
    /// Values of custom fields by key; null clears one, others stay.
    custom: Option<Json<Value>>,
    /// Set, no job acts on the leads.
    excluded_from_automation: Option<bool>,
    /// Who is assigned to them.
    #[graphql(flatten)]
    assignments: AssignmentsInput,
    /// Who is named as the one who made the leads.
    created_by: Option<String>,
    /// When the leads are said to have been made.
    created_at: Option<DateTime<Utc>>,
    /// Where the leads count as coming from; null is refused.
    source: MaybeUndefined<String>,
    /// The campaign that they belong to, at most 200 characters.
    campaign: MaybeUndefined<String>,
    /// The language to answer in: a BCP 47 tag such as `en` or `es-MX`, kept in its canonical case.
    language: MaybeUndefined<String>,
    /// Who sees them; null is refused.
    visibility: MaybeUndefined<LeadVisibility>,
    /// Shown on top of them, at most 500 characters.
    alert: MaybeUndefined<String>,
    /// A note that each gets; the undo takes it away again.
    note: Option<LeadNoteInput>,
}

impl LeadFieldsInput {
    fn read(self) -> Result<FieldChange, Invalid> {
        Ok(FieldChange {
            patch: LeadPatch {
                file_type: patch(self.file_type),
                workflow_status: patch(self.workflow_status),
                follow_up_status: self.follow_up_status,
                progress: patch(self.progress),
                custom: self.custom.map(|custom| custom.0),
                excluded_from_automation: self.excluded_from_automation,
                source: patch_required("source", self.source)?,
                campaign: patch(self.campaign),
                language: patch(self.language),
                visibility: patch_required("visibility", self.visibility)?.map(Into::into),
                alert: patch(self.alert),
                assignments: self.assignments.read()?,
            },
            created_by: self.created_by,
            created_at: self.created_at.map(Timestamp::from),
            note: self.note.map(LeadNoteInput::read),
        })
    }
}

/// Leads to change.
#[derive(InputObject)]
pub struct PrepareLeadUpdateInput {
    /// Which leads.
    selection: LeadSelection,
    /// The fields to change, at least one.
    fields: LeadFieldsInput,
    /// What one problem does to the others.
    #[graphql(default_with = "OnProblem::Skip")]
    on_problem: OnProblem,
    /// Why, shown in the timeline; at most 500 characters.
    reason: Option<String>,
    /// The same key with the same input prepares one operation.
    idempotency_key: Option<String>,
}

impl PrepareLeadUpdateInput {
    pub(super) fn read(self) -> Result<New, Invalid> {
        Ok(New {
            selection: self.selection.read()?,
            change: NewChange::Update(Box::new(self.fields.read().map_err(|problem| problem.under("fields"))?)),
            options: Options::quiet(self.on_problem.into(), self.reason),
        })
    }
}

/// An operation to take back.
#[derive(InputObject)]
pub struct PrepareUndoInput {
    /// `op_…`, run and ended.
    pub(super) operation_id: ID,
    /// What one problem does to the others.
    #[graphql(default_with = "OnProblem::Skip")]
    pub(super) on_problem: OnProblem,
    /// Why, shown in the timeline and on the links of the copies that go; at most 500 characters.
    pub(super) reason: Option<String>,
    /// The same key with the same input prepares one operation.
    idempotency_key: Option<String>,
}

/// An operation to act on.
#[derive(InputObject)]
pub struct OperationInput {
    /// `op_…`
    pub(super) operation_id: ID,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}
