//! Imports of uploaded files, and what is wrong with their rows.

use sea_orm::sea_query::{Condition, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, IntoSimpleExpr, PaginatorTrait, QueryFilter, QuerySelect};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{fixed, from_json, insert_all, json_of, name_of, named, time, update_where};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::file_import::{Column, Entity, Model};
use super::rows::import_problem as problem;
use crate::domain::Timestamp;
use crate::domain::file_import::{FileImport, ImportProblem};
use crate::domain::id::{FileImportId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: FileImportId) -> Result<Option<FileImport>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// A page, by the time that they were asked for.
pub async fn list(
    conn: &Conn,
    tenant: TenantId,
    order: Order,
    page: &PageRequest,
) -> Result<Page<FileImport>, StoreError> {
    let sorted = SortedBy::new([(Column::CreatedAt, false), (Column::Id, false)], order);
    let rows = sorted.apply(Entity::find().filter(Column::TenantId.eq(tenant.uuid())), page).rows(conn).await?;
    let found = cut(rows, page, |row: &Model| -> Key { vec![KeyPart::Int(row.created_at), KeyPart::Id(row.id)] });
    found.try_map(domain)
}

/// How many there are, counted up to `up_to`.
pub async fn count(conn: &Conn, tenant: TenantId, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid()));
    count_up_to(conn, query, up_to).await
}

/// A new import.
pub async fn insert(conn: &Conn, import: &FileImport) -> Result<(), StoreError> {
    insert_all(conn, vec![row(import)?]).await
}

/// Whether one is to be checked or run.
pub async fn is_any_open(conn: &Conn) -> Result<bool, StoreError> {
    let open = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.into_simple_expr().is_in(["CHECKING", "RUNNING"].map(fixed)));
    Ok(open.limit(1).count(conn).await? > 0)
}

/// Takes the one that was served longest ago of those that are to be checked or run. It is held until the transaction ends: a worker
/// that is killed frees it at once.
pub async fn claim(conn: &Conn) -> Result<Option<FileImport>, StoreError> {
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let sql =
        format!("select * from file_imports where state in ('CHECKING', 'RUNNING') order by updated_at limit 1 {lock}");
    let rows = conn.query_sql(&sql, Vec::new()).await?;
    rows.first().map(|row| domain(Model::from_query_result(row, "")?)).transpose()
}

/// Writes how far one has come. A conflict if it has another state or has come further than when it was read.
pub async fn update(conn: &Conn, import: &FileImport, before: &FileImport) -> Result<(), StoreError> {
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(import.tenant.uuid()))
        .add(Column::Id.eq(import.id.uuid()))
        .add(Column::State.eq(name_of(&before.state)))
        .add(Column::BytesDone.eq(before.bytes_done));
    update_where(conn, row(import)?, unchanged).await
}

/// Stops one that is not over; whether it did.
pub async fn cancel(conn: &Conn, tenant: TenantId, id: FileImportId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "update file_imports set state = 'CANCELLED', finished_at = $3, updated_at = $3
        where tenant_id = $1 and id = $2 and state in ('CHECKING', 'READY', 'RUNNING')";
    let values = vec![tenant.uuid().into(), id.uuid().into(), at.micros().into()];
    Ok(conn.execute_sql(sql, values).await? == 1)
}

/// More problems, numbered on from those that are there.
pub async fn insert_problems(conn: &Conn, import: &FileImport, problems: &[ImportProblem]) -> Result<(), StoreError> {
    let row = |(number, one): (i64, &ImportProblem)| problem::Model {
        tenant_id: import.tenant.uuid(),
        import_id: import.id.uuid(),
        number,
        row_number: one.row,
        column_name: one.column.clone(),
        value: one.value.clone(),
        message: one.message.clone(),
        imported: one.imported,
    };
    insert_all(conn, (import.problem_count..).zip(problems).map(row).collect()).await
}

/// Forgets the problems of an import.
pub async fn remove_problems(conn: &Conn, tenant: TenantId, id: FileImportId) -> Result<(), StoreError> {
    problem::Entity::delete_many().filter(problems_of(tenant, id)).exec(conn).await.map(drop).map_err(Into::into)
}

/// A page of the problems, in the order of the file.
pub async fn list_problems(
    conn: &Conn,
    (tenant, id): (TenantId, FileImportId),
    page: &PageRequest,
) -> Result<Page<ImportProblem>, StoreError> {
    let sorted = SortedBy::new([(problem::Column::Number, false)], Order::Asc);
    let rows = sorted.apply(problem::Entity::find().filter(problems_of(tenant, id)), page).rows(conn).await?;
    let of = |row: problem::Model| ImportProblem {
        row: row.row_number,
        column: row.column_name,
        value: row.value,
        message: row.message,
        imported: row.imported,
    };
    Ok(cut(rows, page, |row: &problem::Model| -> Key { vec![KeyPart::Int(row.number)] }).map(of))
}

fn problems_of(tenant: TenantId, id: FileImportId) -> Condition {
    Condition::all().add(problem::Column::TenantId.eq(tenant.uuid())).add(problem::Column::ImportId.eq(id.uuid()))
}

fn domain(row: Model) -> Result<FileImport, StoreError> {
    Ok(FileImport {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        upload: row.upload_id.map(Into::into),
        kind: named("file_imports.kind", row.kind)?,
        state: named("file_imports.state", row.state)?,
        name: row.name,
        headers: from_json("file_imports.headers", row.headers)?,
        separator: row.separator.chars().next().unwrap_or(','),
        wishes: from_json("file_imports.wishes", row.wishes)?,
        bytes_total: row.bytes_total,
        bytes_done: row.bytes_done,
        checked: from_json("file_imports.checked", row.checked)?,
        ran: from_json("file_imports.ran", row.ran)?,
        problem_count: row.problem_count,
        error: row.error,
        requested_by: row.requested_by,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
        finished_at: row.finished_at.map(time),
    })
}

fn row(import: &FileImport) -> Result<Model, StoreError> {
    Ok(Model {
        tenant_id: import.tenant.uuid(),
        id: import.id.uuid(),
        upload_id: import.upload.map(|id| id.uuid()),
        kind: name_of(&import.kind),
        state: name_of(&import.state),
        name: import.name.clone(),
        headers: json_of("file_imports.headers", &import.headers)?,
        separator: import.separator.to_string(),
        wishes: json_of("file_imports.wishes", &import.wishes)?,
        bytes_total: import.bytes_total,
        bytes_done: import.bytes_done,
        checked: json_of("file_imports.checked", &import.checked)?,
        ran: json_of("file_imports.ran", &import.ran)?,
        problem_count: import.problem_count,
        error: import.error.clone(),
        requested_by: import.requested_by.clone(),
        created_at: import.created_at.micros(),
        updated_at: import.updated_at.micros(),
        finished_at: import.finished_at.map(Timestamp::micros),
    })
}
