//! One step of an import of an uploaded file: a few hundred rows in one transaction, with the note of how far it came.
//!
//! INVARIANT: what rows did and the place behind them become true together, so a killed worker neither loses nor doubles a row.

use super::progress::Outcome;
use super::run::{Batch, ImportOrder};
use super::sheet::Row;
use super::staged::{kind_of, mapping_of, subject_of};
use super::window::{Reading, rows};
use super::{Wishes, dealers, leads};
use crate::actions::aside::{is_lasting, public, settle};
use crate::actions::network::Ground;
use crate::actions::{ActionError, Context};
use crate::domain::InvalidCode;
use crate::domain::file_import::{FileImport, FileImportState, FileKind, ImportProblem, RowCounts};
use crate::store::{Conn, StoreError, file_imports, uploads};

/// Rows per transaction: long enough that the commit does not dominate, short enough that others get their turn.
const BATCH_ROWS: usize = 500;
/// Pieces of the file that are read for a batch, 2 MiB; no row is longer than that.
const WINDOW_PIECES: u64 = 8;
/// Nobody reads on after so many problems; the counts stay right.
const PROBLEMS_KEPT_MAX: i64 = 10_000;
/// A cell of a file can be of any size; a problem shows its beginning.
const VALUE_CHARS_MAX: usize = 200;

/// Takes the import that was served longest ago one batch further. Whether there was one. An import that can't go on ends with the
/// reason.
pub async fn step(cx: &Context) -> Result<bool, ActionError> {
    let tx = cx.store.begin().await?;
    let before = match file_imports::claim(&tx).await {
        Ok(Some(before)) => before,
        Ok(None) => return settle(tx, Ok(false)).await,
        Err(error) => return settle(tx, Err(error.into())).await,
    };
    let done = Box::pin(further(cx, &tx, before.clone())).await;
    match settle(tx, done).await {
        // Somebody else changed what the batch had read: the next attempt reads it anew.
        Err(ActionError::Store(StoreError::Conflict)) => Ok(true),
        // The same lead came in from elsewhere since the batch looked: the next attempt finds it known.
        Err(ActionError::Store(error)) if error.is_unique_violation("external_id") => Ok(true),
        Err(error) if is_lasting(&error) => {
            tracing::error!(%error, "an import could not go on");
            fail(cx, &before, public(&error)).await
        }
        done => done,
    }
}

/// Ends this import, unless somebody else has taken it further or stopped it since.
async fn fail(cx: &Context, before: &FileImport, why: String) -> Result<bool, ActionError> {
    let at = cx.clock.now();
    let (state, error) = (FileImportState::Failed, Some(why));
    let after = FileImport { state, error, updated_at: at, finished_at: Some(at), ..before.clone() };
    let tx = cx.store.begin().await?;
    let done = file_imports::update(&tx, &after, before).await.map_err(ActionError::from);
    match settle(tx, done).await {
        Ok(()) | Err(ActionError::Store(StoreError::Conflict)) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn further(cx: &Context, conn: &Conn, before: FileImport) -> Result<bool, ActionError> {
    let mut after = batch(cx, conn, before.clone()).await?;
    after.updated_at = cx.clock.now();
    after.finished_at = after.state.is_over().then_some(after.updated_at);
    file_imports::update(conn, &after, &before).await?;
    Ok(true)
}

async fn batch(cx: &Context, conn: &Conn, mut import: FileImport) -> Result<FileImport, ActionError> {
    let is_check = import.state == FileImportState::Checking;
    let upload = import.upload.ok_or_else(|| ActionError::not_found("uploadId", "upload"))?;
    let content = uploads::read(conn, (import.tenant, upload), import.bytes_done, WINDOW_PIECES).await?;
    let mut ground = Ground::load(conn, import.tenant, subject_of(import.kind)).await?;
    let mapping = mapping_of(&ground, &import)?;
    let counts = if is_check { import.checked } else { import.ran };
    let is_last = import.bytes_done + content.len() as i64 >= import.bytes_total;
    let is_first = import.bytes_done == 0;
    let reading = Reading {
        mapping: &mapping,
        separator: u8::try_from(import.separator).unwrap_or(b','),
        // The header is read like a row and passed over.
        first_row: if is_first { 1 } else { counts.rows as u64 + 2 },
        is_last,
        rows_max: BATCH_ROWS,
    };
    let window = rows(&content, reading);
    if window.bytes == 0 && !content.is_empty() {
        let message = format!("row {} is longer than 2 MiB: look for a quote that is not closed", reading.first_row);
        return Err(ActionError::refused("file", InvalidCode::TooLong, message));
    }
    let order = ImportOrder {
        tenant: import.tenant,
        kind: kind_of(import.kind),
        name: import.name.clone(),
        wishes: Wishes::default(),
        dry_run: is_check,
    };
    let mut outcome = Outcome::default();
    let mut sound: Vec<Row> = Vec::new();
    let count = window.rows.len().saturating_sub(usize::from(is_first));
    for row in window.rows.into_iter().skip(usize::from(is_first)) {
        match row {
            Ok(row) => sound.push(row),
            Err(problem) => outcome.refuse(vec![problem]),
        }
    }
    let batch = Batch { cx, conn, at: cx.clock.now(), order: &order, mapping: &mapping, ground: &mut ground };
    match import.kind {
        FileKind::Dealers => dealers::import(batch, &sound, &mut outcome).await?,
        FileKind::Leads => leads::import(batch, &sound, &mut outcome).await?,
    }
    outcome.problems.sort_by_key(|problem| problem.row);
    import.problem_count = keep(conn, &import, &outcome).await?;
    import.bytes_done += window.bytes as i64;
    let counts = added(counts, count, &outcome);
    let is_done = import.bytes_done >= import.bytes_total;
    if is_check {
        import.checked = counts;
        import.state = if is_done { FileImportState::Ready } else { import.state };
    } else {
        import.ran = counts;
        import.state = if is_done { FileImportState::Done } else { import.state };
    }
    Ok(import)
}

/// Writes problems down, as many as are kept; how many there are then.
async fn keep(conn: &Conn, import: &FileImport, outcome: &Outcome) -> Result<i64, ActionError> {
    let room = usize::try_from(PROBLEMS_KEPT_MAX - import.problem_count).unwrap_or(0);
    let told = outcome.problems.iter().take(room).map(|problem| ImportProblem {
        row: problem.row as i64,
        column: problem.column.clone(),
        value: problem.value.chars().take(VALUE_CHARS_MAX).collect(),
        message: problem.message.clone(),
        imported: problem.imported,
    });
    let told: Vec<ImportProblem> = told.collect();
    file_imports::insert_problems(conn, import, &told).await?;
    Ok(import.problem_count + told.len() as i64)
}

fn added(counts: RowCounts, rows: usize, outcome: &Outcome) -> RowCounts {
    RowCounts {
        rows: counts.rows + rows as i64,
        created: counts.created + outcome.created as i64,
        updated: counts.updated + outcome.updated as i64,
        unchanged: counts.unchanged + outcome.unchanged as i64,
        failed: counts.failed + outcome.failed as i64,
        warned: counts.warned + outcome.warned as i64,
    }
}
