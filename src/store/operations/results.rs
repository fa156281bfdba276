//! Results: what became of each lead. Rows are only ever added.

use sea_orm::sea_query::{Condition, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryTrait, Select};

use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::{Changed, ItemResult, Outcome, Problem};
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::{fixed, from_text, insert_all, name_of, named, text_of};
use crate::store::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use crate::store::placed::{Parts, Rows};
use crate::store::rows::operation_result::{Column, Entity, Listed, Model};

/// New results, the changed ones with what their undo needs.
pub async fn insert(
    conn: &Conn,
    of: (TenantId, OperationId),
    results: Vec<(ItemResult, Option<Changed>)>,
) -> Result<(), StoreError> {
    let rows = results.into_iter().map(|(result, changed)| row(of, result, changed)).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await
}

/// A page by position, of some outcomes or of all.
pub async fn list(
    conn: &Conn,
    of: (TenantId, OperationId),
    outcomes: &[Outcome],
    page: &PageRequest,
) -> Result<Page<ItemResult>, StoreError> {
    let rows = page_of(of, outcomes, page).parts::<Listed>(conn).await?;
    cut(rows, page, |row| position(row.position)).try_map(Listed::domain)
}

/// A page of those that were changed, by position, with what their undo needs.
pub async fn list_changed(
    conn: &Conn,
    of: (TenantId, OperationId),
    page: &PageRequest,
) -> Result<Page<(ItemResult, Changed)>, StoreError> {
    let rows = page_of(of, &[Outcome::Changed], page).rows(conn).await?;
    cut(rows, page, |row| position(row.position)).try_map(changed)
}

/// How the database would find a page, for a test to hold it to its indexes: PostgreSQL's own JSON, SQLite's lines.
pub async fn plan(
    conn: &Conn,
    of: (TenantId, OperationId),
    outcomes: &[Outcome],
    page: &PageRequest,
) -> Result<serde_json::Value, StoreError> {
    conn.plan(page_of(of, outcomes, page).build(conn.get_database_backend())).await
}

fn page_of(of: (TenantId, OperationId), outcomes: &[Outcome], page: &PageRequest) -> Select<Entity> {
    SortedBy::new([(Column::Position, false)], Order::Asc).apply(Entity::find().filter(own(of, outcomes)), page)
}

fn position(position: i64) -> Key {
    vec![KeyPart::Int(position)]
}

/// How many there are, counted up to `up_to`.
pub async fn count(
    conn: &Conn,
    of: (TenantId, OperationId),
    outcomes: &[Outcome],
    up_to: u64,
) -> Result<u64, StoreError> {
    let query = Entity::find().filter(own(of, outcomes));
    count_up_to(conn, query, up_to).await
}

fn own((tenant, id): (TenantId, OperationId), outcomes: &[Outcome]) -> Condition {
    let only_left = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Skipped | Outcome::Failed));
    let asked = (!outcomes.is_empty()).then(|| {
        Condition::all()
            .add(Column::Outcome.is_in(outcomes.iter().map(name_of)))
            // Few leads are left, and have an index, whose condition this is.
            .add_option(only_left.then(|| Column::Outcome.into_simple_expr().is_in(["SKIPPED", "FAILED"].map(fixed))))
    });
    Condition::all().add(Column::TenantId.eq(tenant.uuid())).add(Column::OperationId.eq(id.uuid())).add_option(asked)
}

impl Listed {
    fn domain(self) -> Result<ItemResult, StoreError> {
        let code = self.reason_code.map(|code| named("operation_results.reason_code", code)).transpose()?;
        let copies = self.copies.map(|copies| from_text("operation_results.copies", &copies)).transpose()?;
        Ok(ItemResult {
            position: self.position,
            lead: self.lead_id.into(),
            outcome: named("operation_results.outcome", self.outcome)?,
            problem: code.map(|code| Problem { code, text: self.reason.unwrap_or_default() }),
            copies: copies.unwrap_or_default(),
        })
    }
}

fn changed(row: Model) -> Result<(ItemResult, Changed), StoreError> {
    let Model { position, lead_id, outcome, reason_code, reason, copies, lead_version, before, .. } = row;
    let missing = || StoreError::corrupt("operation_results.before", format!("{lead_id} was changed from nothing"));
    let (lead_version, before) = lead_version.zip(before).ok_or_else(missing)?;
    let changed = Changed { lead_version, before: from_text("operation_results.before", &before)? };
    Ok((Listed { position, lead_id, outcome, reason_code, reason, copies }.domain()?, changed))
}

fn row(
    (tenant, id): (TenantId, OperationId),
    result: ItemResult,
    changed: Option<Changed>,
) -> Result<Model, StoreError> {
    let copies = (!result.copies.is_empty()).then(|| text_of("operation_results.copies", &result.copies));
    let before = changed.as_ref().map(|changed| text_of("operation_results.before", &changed.before));
    Ok(Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        position: result.position,
        lead_id: result.lead.uuid(),
        outcome: name_of(&result.outcome),
        reason_code: result.problem.as_ref().map(|problem| name_of(&problem.code)),
        reason: result.problem.map(|problem| problem.text),
        lead_version: changed.map(|changed| changed.lead_version),
        copies: copies.transpose()?,
        before: before.transpose()?,
    })
}
