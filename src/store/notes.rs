//! Notes on leads. Who may see a lead may see its notes: the caller asks the lead's scope first.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, time};
use super::page::{Key, KeyPart, Page, PageRequest, cut};
use super::placed::Rows;
use super::rows::lead_note::{Column, Entity, Model};
use crate::domain::id::{LeadId, NoteId, OperationId, TenantId};
use crate::domain::note::Note;

/// Leads per statement: well below what either database takes.
const LEADS_MAX: usize = 1_000;

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: NoteId) -> Result<Option<Note>, StoreError> {
    Ok(Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain))
}

/// The same page of the notes of each of these leads, newest first, in one statement.
pub async fn list_by_leads(
    conn: &Conn,
    tenant: TenantId,
    leads: &[LeadId],
    page: &PageRequest,
) -> Result<HashMap<LeadId, Page<Note>>, StoreError> {
    let mut found: HashMap<LeadId, Vec<Model>> = leads.iter().map(|lead| (*lead, Vec::new())).collect();
    if leads.is_empty() {
        return Ok(HashMap::new());
    }
    let mut values = of_leads(tenant, leads);
    let mut bound = |key: &Option<Key>, sign: &str| {
        let Some(key) = key else { return String::new() };
        values.extend(key.iter().cloned().map(Into::into));
        format!("and (created_at, id) {sign} (${}, ${})", values.len() - 1, values.len())
    };
    let (after, before) = (bound(&page.after, "<"), bound(&page.before, ">"));
    values.push(i64::try_from(page.size + 1).unwrap_or(i64::MAX).into());
    let order = if page.backward { "asc" } else { "desc" };
    let sql = format!(
        "select * from (
           select n.*, row_number() over (partition by lead_id order by created_at {order}, id {order}) as place from lead_notes n
           where tenant_id = $1 and lead_id in ({}) {after} {before}) ranked
         where place <= ${} order by lead_id, place",
        places(leads),
        values.len()
    );
    for row in conn.query_sql(&sql, values).await? {
        let row = Model::from_query_result(&row, "")?;
        found.entry(row.lead_id.into()).or_default().push(row);
    }
    let key = |row: &Model| -> Key { vec![KeyPart::Int(row.created_at), KeyPart::Id(row.id)] };
    Ok(found.into_iter().map(|(lead, rows)| (lead, cut(rows, page, key).map(domain))).collect())
}

/// How many notes each of these leads has.
pub async fn count_by_leads(
    conn: &Conn,
    tenant: TenantId,
    leads: &[LeadId],
) -> Result<HashMap<LeadId, u64>, StoreError> {
    if leads.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "select lead_id, count(*) as notes from lead_notes where tenant_id = $1 and lead_id in ({}) group by lead_id",
        places(leads)
    );
    let rows = conn.query_sql(&sql, of_leads(tenant, leads)).await?;
    let count = |row: &sea_orm::QueryResult| -> Result<(LeadId, u64), StoreError> {
        let notes: i64 = row.try_get("", "notes")?;
        Ok((row.try_get::<uuid::Uuid>("", "lead_id")?.into(), u64::try_from(notes).unwrap_or(0)))
    };
    rows.iter().map(count).collect()
}

/// New notes.
pub async fn insert(conn: &Conn, notes: &[Note]) -> Result<(), StoreError> {
    insert_all(conn, notes.iter().map(row).collect()).await
}

/// Removes what an operation wrote on these leads, and nothing else.
pub async fn remove_written(
    conn: &Conn,
    tenant: TenantId,
    operation: OperationId,
    leads: &[LeadId],
) -> Result<(), StoreError> {
    for some in leads.chunks(LEADS_MAX) {
        let written = Entity::delete_many()
            .filter(Column::TenantId.eq(tenant.uuid()))
            .filter(Column::OperationId.eq(operation.uuid()))
            .filter(Column::LeadId.is_in(some.iter().map(|id| id.uuid())));
        written.exec(conn).await?;
    }
    Ok(())
}

/// The tenant and the leads, as [`places`] counts them.
fn of_leads(tenant: TenantId, leads: &[LeadId]) -> Vec<sea_orm::Value> {
    std::iter::once(tenant.uuid().into()).chain(leads.iter().map(|id| id.uuid().into())).collect()
}

fn places(leads: &[LeadId]) -> String {
    (2..leads.len() + 2).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

fn domain(row: Model) -> Note {
    Note {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        lead: row.lead_id.into(),
        kind: row.kind,
        text: row.text,
        author: row.author,
        created_at: time(row.created_at),
        operation: row.operation_id.map(Into::into),
    }
}

fn row(note: &Note) -> Model {
    Model {
        tenant_id: note.tenant.uuid(),
        id: note.id.uuid(),
        lead_id: note.lead.uuid(),
        kind: note.kind.clone(),
        text: note.text.clone(),
        author: note.author.clone(),
        created_at: note.created_at.micros(),
        operation_id: note.operation.map(OperationId::uuid),
    }
}
