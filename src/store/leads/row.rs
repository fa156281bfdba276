//! One copy between its row and its domain value.

use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadSummary, LeadTimes, Workflow};
use crate::store::error::StoreError;
use crate::store::map::{named, object, recipient, recipient_columns, time};
use crate::store::rows::lead::{Model, Summary};

pub(super) fn domain(row: Model) -> Result<Lead, StoreError> {
    Ok(Lead {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        request: row.request_id.into(),
        root: row.root_id.into(),
        parent: row.parent_id.map(Into::into),
        round: row.round,
        state: named("leads.state", row.state)?,
        recipient: recipient(row.dealer_id, row.user_id),
        decision: row.decision_id.map(Into::into),
        job: row.job_id.map(Into::into),
        source: row.source,
        brand: row.brand,
        received_at: time(row.received_at),
        times: LeadTimes {
            offered_at: row.offered_at.map(time),
            acknowledged_at: row.acknowledged_at.map(time),
            accepted_at: row.accepted_at.map(time),
            rejected_at: row.rejected_at.map(time),
            expired_at: row.expired_at.map(time),
            reassigned_at: row.reassigned_at.map(time),
            closed_at: row.closed_at.map(time),
            deleted_at: row.deleted_at.map(time),
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        },
        acknowledged_by: row.acknowledged_by,
        state_reason: row.state_reason,
        exception: row.exception,
        due_at: row.due_at.map(time),
        warn_at: row.warn_at.map(time),
        excluded_from_automation: row.excluded_from_automation,
        workflow: Workflow {
            file_type: row.file_type,
            status: row.workflow_status,
            follow_up_status: row.follow_up_status,
            progress: row.progress,
        },
        labels: Labels {
            campaign: row.campaign,
            language: row.language,
            visibility: named("leads.visibility", row.visibility)?,
            alert: row.alert,
        },
        custom: object("leads.custom", row.custom)?,
        version: row.version,
        created_by: row.created_by,
    })
}

pub(super) fn summary(row: Summary) -> Result<LeadSummary, StoreError> {
    Ok(LeadSummary {
        id: row.id.into(),
        request: row.request_id.into(),
        root: row.root_id.into(),
        parent: row.parent_id.map(Into::into),
        round: row.round,
        state: named("leads.state", row.state)?,
        recipient: recipient(row.dealer_id, row.user_id),
        decision: row.decision_id.map(Into::into),
        job: row.job_id.map(Into::into),
        source: row.source,
        brand: row.brand,
        received_at: time(row.received_at),
        due_at: row.due_at.map(time),
        follow_up_status: row.follow_up_status,
        version: row.version,
        updated_at: time(row.updated_at),
    })
}

pub(super) fn row(lead: &Lead) -> Model {
    let (dealer_id, user_id) = recipient_columns(lead.recipient);
    let micros = |time: Option<crate::domain::Timestamp>| time.map(crate::domain::Timestamp::micros);
    let times = &lead.times;
    Model {
        tenant_id: lead.tenant.uuid(),
        id: lead.id.uuid(),
        request_id: lead.request.uuid(),
        root_id: lead.root.uuid(),
        parent_id: lead.parent.map(|id| id.uuid()),
        round: lead.round,
        state: lead.state.as_str().to_owned(),
        dealer_id,
        user_id,
        decision_id: lead.decision.map(|id| id.uuid()),
        job_id: lead.job.map(|id| id.uuid()),
        source: lead.source.clone(),
        brand: lead.brand.clone(),
        received_at: lead.received_at.micros(),
        offered_at: micros(times.offered_at),
        acknowledged_at: micros(times.acknowledged_at),
        acknowledged_by: lead.acknowledged_by.clone(),
        accepted_at: micros(times.accepted_at),
        rejected_at: micros(times.rejected_at),
        expired_at: micros(times.expired_at),
        reassigned_at: micros(times.reassigned_at),
        closed_at: micros(times.closed_at),
        deleted_at: micros(times.deleted_at),
        state_reason: lead.state_reason.clone(),
        exception: lead.exception.clone(),
        due_at: micros(lead.due_at),
        warn_at: micros(lead.warn_at),
        excluded_from_automation: lead.excluded_from_automation,
        file_type: lead.workflow.file_type.clone(),
        workflow_status: lead.workflow.status.clone(),
        follow_up_status: lead.workflow.follow_up_status.clone(),
        progress: lead.workflow.progress.clone(),
        custom: serde_json::Value::Object(lead.custom.clone()),
        version: lead.version,
        created_by: lead.created_by.clone(),
        campaign: lead.labels.campaign.clone(),
        language: lead.labels.language.clone(),
        visibility: lead.labels.visibility.as_str().to_owned(),
        alert: lead.labels.alert.clone(),
        created_at: times.created_at.micros(),
        updated_at: times.updated_at.micros(),
    }
}
