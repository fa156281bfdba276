//! What to note on a lead, as it was asked for.

use async_graphql::{Enum, ID, InputObject, Json, MaybeUndefined};
use serde_json::Value;

use super::assignment::AssignmentsInput;
use crate::domain::Invalid;
use crate::domain::input::LeadPatch;
use crate::graphql::mutation::{patch, patch_required};

/// Who sees a lead.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::label::Visibility")]
pub enum LeadVisibility {
    /// Whoever's role and groups reach it.
    Normal,
    /// Admins, auditors, and the user or dealer who has it; no manager, partner, company or other member, even if assigned.
    Restricted,
}

/// What to note on a lead. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct UpdateLeadInput {
    /// `lead_…`
    pub(super) lead_id: ID,
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
    /// Set, no job acts on it. Needs the role admin or manager.
    excluded_from_automation: Option<bool>,
    /// Where it counts as coming from: a partner sees the leads of its own source. Null is refused. Needs the role admin or manager.
    source: MaybeUndefined<String>,
    /// The campaign that it belongs to, at most 200 characters.
    campaign: MaybeUndefined<String>,
    /// The language to answer in: a BCP 47 tag such as `en` or `es-MX`, kept in its canonical case.
    language: MaybeUndefined<String>,
    /// Who sees it. Null is refused. Needs the role admin or manager; a manager does not see a restricted lead of somebody else's.
    visibility: MaybeUndefined<LeadVisibility>,
    /// Shown on top of it, at most 500 characters.
    alert: MaybeUndefined<String>,
    /// Who is assigned to it. Needs the role admin or manager.
    #[graphql(flatten)]
    assignments: AssignmentsInput,
    /// The version that you know; a newer one is a conflict.
    pub(super) expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

impl UpdateLeadInput {
    pub(super) fn read(self) -> Result<LeadPatch, Invalid> {
        Ok(LeadPatch {
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
        })
    }
}
