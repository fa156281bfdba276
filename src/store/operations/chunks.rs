//! Chunks: the part of a plan that one transaction carries out. Their counts are the operation's progress.

use std::collections::HashMap;

use uuid::Uuid;

use crate::domain::Timestamp;
use crate::domain::id::{OperationId, TenantId};
use crate::domain::operation::Progress;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::insert_all;
use crate::store::rows::operation_chunk::Model;

/// A part of a plan: the leads at `first` and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The position of its first lead.
    pub first: i64,
    /// How many leads it has.
    pub count: i64,
}

/// A new one that waits to be carried out.
pub async fn insert(conn: &Conn, (tenant, id): (TenantId, OperationId), chunk: Chunk) -> Result<(), StoreError> {
    let row = Model {
        tenant_id: tenant.uuid(),
        operation_id: id.uuid(),
        first_position: chunk.first,
        item_count: chunk.count,
        state: "OPEN".to_owned(),
        changed_count: 0,
        unchanged_count: 0,
        skipped_count: 0,
        failed_count: 0,
        finished_at: None,
    };
    insert_all(conn, vec![row]).await
}

/// Takes the first that is open and that nobody has in hand, until the transaction ends: a worker that dies lets go of it at once.
pub async fn claim(conn: &Conn, (tenant, id): (TenantId, OperationId)) -> Result<Option<Chunk>, StoreError> {
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let sql = format!(
        "select first_position, item_count from operation_chunks
         where tenant_id = $1 and operation_id = $2 and state = 'OPEN' order by first_position limit 1 {lock}"
    );
    let rows = conn.query_sql(&sql, vec![tenant.uuid().into(), id.uuid().into()]).await?;
    rows.first().map(read).transpose()
}

/// The first that is open behind this one, in hand or not.
pub async fn next_open(
    conn: &Conn,
    (tenant, id): (TenantId, OperationId),
    after: Chunk,
) -> Result<Option<Chunk>, StoreError> {
    let sql = "select first_position, item_count from operation_chunks
         where tenant_id = $1 and operation_id = $2 and state = 'OPEN' and first_position > $3 order by first_position limit 1";
    let rows = conn.query_sql(sql, vec![tenant.uuid().into(), id.uuid().into(), after.first.into()]).await?;
    rows.first().map(read).transpose()
}

fn read(row: &sea_orm::QueryResult) -> Result<Chunk, StoreError> {
    Ok(Chunk { first: row.try_get("", "first_position")?, count: row.try_get("", "item_count")? })
}

/// Waits until nobody has one of its chunks in hand, and lets nobody take one until the transaction ends. Says how many are open.
pub async fn hold_open(conn: &Conn, (tenant, id): (TenantId, OperationId)) -> Result<u64, StoreError> {
    let lock = if conn.is_postgres() { "for update" } else { "" };
    let sql = format!(
        "select first_position from operation_chunks
         where tenant_id = $1 and operation_id = $2 and state = 'OPEN' order by first_position {lock}"
    );
    Ok(conn.query_sql(&sql, vec![tenant.uuid().into(), id.uuid().into()]).await?.len() as u64)
}

/// Whether one is open, in hand or not.
pub async fn is_any_open(conn: &Conn, (tenant, id): (TenantId, OperationId)) -> Result<bool, StoreError> {
    let sql =
        "select 1 as one from operation_chunks where tenant_id = $1 and operation_id = $2 and state = 'OPEN' limit 1";
    Ok(!conn.query_sql(sql, vec![tenant.uuid().into(), id.uuid().into()]).await?.is_empty())
}

/// Writes what became of one, in the transaction that did it. A conflict if somebody else was first.
pub async fn finish(
    conn: &Conn,
    (tenant, id): (TenantId, OperationId),
    chunk: Chunk,
    done: Progress,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update operation_chunks set state = 'DONE', finished_at = $4, changed_count = $5, unchanged_count = $6,
          skipped_count = $7, failed_count = $8
        where tenant_id = $1 and operation_id = $2 and first_position = $3 and state = 'OPEN' and item_count = $9";
    let counts = [done.changed, done.unchanged, done.skipped, done.failed].map(sea_orm::Value::from);
    let mut values = vec![tenant.uuid().into(), id.uuid().into(), chunk.first.into(), at.micros().into()];
    values.extend(counts);
    values.push(chunk.count.into());
    if conn.execute_sql(sql, values).await? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Makes two of one: the first half keeps its place. A conflict if somebody else was first.
pub async fn split(conn: &Conn, of: (TenantId, OperationId), chunk: Chunk) -> Result<(), StoreError> {
    let (tenant, id) = of;
    let half = chunk.count / 2;
    let sql = "update operation_chunks set item_count = $4
        where tenant_id = $1 and operation_id = $2 and first_position = $3 and state = 'OPEN' and item_count = $5";
    let values = vec![tenant.uuid().into(), id.uuid().into(), chunk.first.into(), half.into(), chunk.count.into()];
    if conn.execute_sql(sql, values).await? != 1 {
        return Err(StoreError::Conflict);
    }
    insert(conn, of, Chunk { first: chunk.first + half, count: chunk.count - half }).await
}

/// How far operations have come.
pub async fn progress(
    conn: &Conn,
    tenant: TenantId,
    ids: &[OperationId],
) -> Result<HashMap<OperationId, Progress>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let sum = |name: &str| format!("cast(sum({name}_count) as bigint) as {name}");
    let sums = ["changed", "unchanged", "skipped", "failed"].map(sum).join(", ");
    let sql = format!(
        "select operation_id, {sums} from operation_chunks where tenant_id = $1 and operation_id in ({})
         group by operation_id",
        places.join(", ")
    );
    let values = std::iter::once(tenant.uuid().into()).chain(ids.iter().map(|id| id.uuid().into())).collect();
    let found = |row: &sea_orm::QueryResult| -> Result<(OperationId, Progress), StoreError> {
        let id: Uuid = row.try_get("", "operation_id")?;
        let count = |name: &str| row.try_get::<i64>("", name);
        let progress = Progress {
            changed: count("changed")?,
            unchanged: count("unchanged")?,
            skipped: count("skipped")?,
            failed: count("failed")?,
        };
        Ok((id.into(), progress))
    };
    conn.query_sql(&sql, values).await?.iter().map(found).collect()
}
