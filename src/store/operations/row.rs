//! An operation between its row and its domain value.

use crate::domain::Timestamp;
use crate::domain::operation::{Operation, Options, PlannedCounts};
use crate::store::error::StoreError;
use crate::store::map::{from_json, json_of, name_of, named, time};
use crate::store::rows::operation::Model;

pub(super) fn domain(row: Model) -> Result<Operation, StoreError> {
    Ok(Operation {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        kind: named("operations.kind", row.kind)?,
        state: named("operations.state", row.state)?,
        change: from_json("operations.change", row.change)?,
        selection: from_json("operations.selection", row.selection)?,
        options: Options {
            on_problem: named("operations.on_problem", row.on_problem)?,
            notify_new_owner: named("operations.notify_new_owner", row.notify_new_owner)?,
            notify_old_owner: row.notify_old_owner,
            push_to_crm: row.push_to_crm,
            reason: row.reason,
        },
        source: row.source_id.map(Into::into),
        actor: from_json("operations.actor", row.actor)?,
        cursor: row.cursor_lead_id.map(Into::into),
        cursor_position: row.cursor_position,
        is_shared_out: row.is_shared_out,
        planned: PlannedCounts { change: row.change_count, unchanged: row.unchanged_count, problem: row.problem_count },
        mail_count: row.mail_count,
        push_count: row.push_count,
        created_at: time(row.created_at),
        prepared_at: row.prepared_at.map(time),
        expires_at: row.expires_at.map(time),
        started_at: row.started_at.map(time),
        finished_at: row.finished_at.map(time),
        error: row.error,
        is_telling: row.is_telling,
    })
}

pub(super) fn row(operation: &Operation) -> Result<Model, StoreError> {
    let options = &operation.options;
    Ok(Model {
        tenant_id: operation.tenant.uuid(),
        id: operation.id.uuid(),
        kind: name_of(&operation.kind),
        state: name_of(&operation.state),
        change: json_of("operations.change", &operation.change)?,
        selection: json_of("operations.selection", &operation.selection)?,
        on_problem: name_of(&options.on_problem),
        notify_new_owner: name_of(&options.notify_new_owner),
        notify_old_owner: options.notify_old_owner,
        reason: options.reason.clone(),
        source_id: operation.source.map(|id| id.uuid()),
        requested_by: operation.actor.subject.clone(),
        actor: json_of("operations.actor", &operation.actor)?,
        cursor_lead_id: operation.cursor.map(|id| id.uuid()),
        cursor_position: operation.cursor_position,
        lead_count: operation.planned.leads(),
        change_count: operation.planned.change,
        unchanged_count: operation.planned.unchanged,
        problem_count: operation.planned.problem,
        mail_count: operation.mail_count,
        created_at: operation.created_at.micros(),
        prepared_at: operation.prepared_at.map(Timestamp::micros),
        expires_at: operation.expires_at.map(Timestamp::micros),
        started_at: operation.started_at.map(Timestamp::micros),
        finished_at: operation.finished_at.map(Timestamp::micros),
        error: operation.error.clone(),
        is_shared_out: operation.is_shared_out,
        is_telling: operation.is_telling,
        push_to_crm: options.push_to_crm,
        push_count: operation.push_count,
    })
}
