//! Postal codes of any country, from a file in GeoNames' layout. They go before the tables that the program brings along.
//!
//! A code's several places become one, so the file is read to its end before the first code is written.

use std::cell::Cell;
use std::io::{Read, Write};

use super::problem::{ProblemFile, RowProblem};
use super::progress::{Progress, Report};
use super::sheet::unreadable;
use crate::actions::{ActionError, Context};
use crate::domain::id::TenantId;
use crate::places::{PostalMerger, PostalRow, read_postal};
use crate::store::postal::{self, ImportedCode};

/// Codes per transaction. Writing one twice changes nothing, so an import that was stopped is simply run again.
const BATCH_CODES: usize = 4_000;
/// How often progress is told while reading.
const TOLD_EVERY_ROWS: u64 = 1_000;

/// What is to be imported.
#[derive(Clone, Copy, Debug)]
pub struct PostalOrder {
    /// Into which tenant.
    pub tenant: TenantId,
    /// The file's length, for the progress.
    pub bytes_total: u64,
    /// Reads and checks everything, writes nothing.
    pub dry_run: bool,
}

/// Imports a file of postal codes.
pub async fn import_postal<W: Write>(
    cx: &Context,
    order: PostalOrder,
    file: impl Read,
    problems: &mut ProblemFile<W>,
    mut tell: impl FnMut(Progress),
) -> Result<Report, ActionError> {
    let mut report = Report::default();
    let bytes = Cell::new(0);
    let mut merger = PostalMerger::default();
    for row in read_postal(Counting { inner: file, bytes: &bytes }) {
        report.rows += 1;
        match row {
            Ok(row) => merger.add(row),
            Err(problem) => {
                report.failed += 1;
                let problem = RowProblem {
                    row: problem.line,
                    column: problem.column.to_owned(),
                    value: String::new(),
                    message: problem.message,
                    imported: false,
                };
                problems.write(&[problem]).map_err(|error| unreadable(&error))?;
            }
        }
        if report.rows % TOLD_EVERY_ROWS == 0 {
            tell(Progress { rows_done: report.rows, bytes_done: bytes.get(), bytes_total: order.bytes_total });
        }
    }
    let codes: Vec<ImportedCode> = merger.into_rows().map(imported).collect();
    report.created = codes.len() as u64;
    if !order.dry_run {
        for chunk in codes.chunks(BATCH_CODES) {
            let tx = cx.store.begin().await?;
            postal::insert(&tx, order.tenant, chunk).await?;
            tx.commit().await?;
        }
    }
    tell(Progress { rows_done: report.rows, bytes_done: order.bytes_total, bytes_total: order.bytes_total });
    Ok(report)
}

fn imported(row: PostalRow) -> ImportedCode {
    let region = row.region.unwrap_or_default();
    ImportedCode { country: row.country, code: row.code, place: row.place, region, point: row.point }
}

/// Counts the bytes that pass.
struct Counting<'c, R> {
    inner: R,
    bytes: &'c Cell<u64>,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}
