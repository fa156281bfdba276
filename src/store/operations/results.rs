//! Results: what became of each lead. Rows are only ever added.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::{ItemResult, Outcome, Problem};
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::{from_text, insert_all, name_of, named, text_of};
use crate::store::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, cut};
use crate::store::rows::operation_result::{Column, Entity, Model};

/// New results.
pub async fn insert(conn: &Conn, of: (TenantId, OperationId), results: Vec<ItemResult>) -> Result<(), StoreError> {
    let rows = results.into_iter().map(|result| row(of, result)).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await
}

/// A page by position, of some outcomes or of all.
pub async fn list(
    conn: &Conn,
    of: (TenantId, OperationId),
    outcomes: &[Outcome],
    page: &PageRequest,
) -> Result<Page<ItemResult>, StoreError> {
    let sorted = SortedBy::new([(Column::Position, false)], Order::Asc);
    let rows = sorted.apply(Entity::find().filter(own(of, outcomes)), page).all(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.position)] });
    let rows = found.rows.into_iter().map(|(key, row)| Ok((key, domain(row)?))).collect::<Result<_, StoreError>>()?;
    Ok(Page { rows, has_previous: found.has_previous, has_next: found.has_next })
}

/// How many there are, counted up to `up_to`.
pub async fn count(
    conn: &Conn,
    of: (TenantId, OperationId),
    outcomes: &[Outcome],
    up_to: u64,
) -> Result<u64, StoreError> {
    let query = Entity::find().select_only().column(Column::Position).filter(own(of, outcomes)).limit(up_to);
    Ok(query.count(conn).await?)
}

fn own((tenant, id): (TenantId, OperationId), outcomes: &[Outcome]) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(tenant.uuid()))
        .add(Column::OperationId.eq(id.uuid()))
        .add_option((!outcomes.is_empty()).then(|| Column::Outcome.is_in(outcomes.iter().map(name_of))))
}

fn domain(row: Model) -> Result<ItemResult, StoreError> {
    let code = row.reason_code.map(|code| named("operation_results.reason_code", code)).transpose()?;
    Ok(ItemResult {
        position: row.position,
        lead: row.lead_id.into(),
        outcome: named("operation_results.outcome", row.outcome)?,
        problem: code.map(|code| Problem { code, text: row.reason.unwrap_or_default() }),
        lead_version: row.lead_version,
        copies: row
            .copies
            .map(|copies| from_text("operation_results.copies", &copies))
            .transpose()?
            .unwrap_or_default(),
        before: row.before.map(|before| from_text("operation_results.before", &before)).transpose()?,
    })
}

fn row((tenant, id): (TenantId, OperationId), result: ItemResult) -> Result<Model, StoreError> {
    let copies = (!result.copies.is_empty()).then(|| text_of("operation_results.copies", &result.copies));
    Ok(Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        position: result.position,
        lead_id: result.lead.uuid(),
        outcome: name_of(&result.outcome),
        reason_code: result.problem.as_ref().map(|problem| name_of(&problem.code)),
        reason: result.problem.map(|problem| problem.text),
        lead_version: result.lead_version,
        copies: copies.transpose()?,
        before: result.before.as_ref().map(|before| text_of("operation_results.before", before)).transpose()?,
    })
}
