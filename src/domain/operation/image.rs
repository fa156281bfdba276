//! All of a copy that an operation may change, as it was: what an undo puts back.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::assignment::Assignments;
use crate::domain::id::{DecisionId, JobId};
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::time::Timestamp;

/// A copy as it was. INVARIANT: whatever a [`super::Change`] may write is here; what no change ever writes is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadImage {
    state: LeadState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient: Option<Recipient>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobId>,
    times: LeadTimes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exception: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warn_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    excluded_from_automation: bool,
    workflow: Workflow,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    custom: Map<String, Value>,
    created_by: String,
    /// None in an image from before sources could change; then the lead keeps its own, and its labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    /// Whether a rotation got the turn back when the copy was taken away: put back, it is had again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gave_turn_back: bool,
    /// Only where the change is of assignments: they are no part of the copy itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assignments: Option<Assignments>,
}

impl LeadImage {
    /// Of a copy as it is.
    pub fn of(lead: &Lead) -> Self {
        Self {
            state: lead.state,
            recipient: lead.recipient,
            decision: lead.decision,
            job: lead.job,
            times: lead.times,
            state_reason: lead.state_reason.clone(),
            exception: lead.exception.clone(),
            due_at: lead.due_at,
            warn_at: lead.warn_at,
            excluded_from_automation: lead.excluded_from_automation,
            workflow: lead.workflow.clone(),
            custom: lead.custom.clone(),
            created_by: lead.created_by.clone(),
            source: Some(lead.source.clone()),
            labels: Some(lead.labels.clone()),
            gave_turn_back: false,
            assignments: None,
        }
    }

    /// The same of a copy whose turn in a rotation is given back by what becomes of it, or not.
    #[must_use]
    pub fn giving_turn_back(self, gave_turn_back: bool) -> Self {
        Self { gave_turn_back, ..self }
    }

    /// The turn that was given back when it was taken away, if one was.
    pub fn returned_turn(&self) -> Option<(JobId, Recipient)> {
        self.job.zip(self.recipient).filter(|_| self.gave_turn_back)
    }

    /// With who was assigned then.
    #[must_use]
    pub fn assigned(self, assignments: Assignments) -> Self {
        Self { assignments: Some(assignments), ..self }
    }

    /// Who was assigned then; none where the change was not of that.
    pub const fn assignments(&self) -> Option<&Assignments> {
        self.assignments.as_ref()
    }

    /// The copy's state then.
    pub const fn state(&self) -> LeadState {
        self.state
    }

    /// Who had the copy then.
    pub const fn recipient(&self) -> Option<Recipient> {
        self.recipient
    }

    /// Puts all of it back but the assignments, which stand beside the copy.
    pub fn restore(self, lead: &mut Lead) {
        lead.state = self.state;
        lead.recipient = self.recipient;
        lead.decision = self.decision;
        lead.job = self.job;
        lead.times = self.times;
        lead.state_reason = self.state_reason;
        lead.exception = self.exception;
        lead.due_at = self.due_at;
        lead.warn_at = self.warn_at;
        lead.excluded_from_automation = self.excluded_from_automation;
        lead.workflow = self.workflow;
        lead.custom = self.custom;
        lead.created_by = self.created_by;
        lead.source = self.source.unwrap_or_else(|| std::mem::take(&mut lead.source));
        lead.labels = self.labels.unwrap_or_else(|| std::mem::take(&mut lead.labels));
    }
}
