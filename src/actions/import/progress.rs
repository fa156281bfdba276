//! How an import goes on, and what came of it.

use super::problem::RowProblem;

/// How far an import is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Rows read so far, those of an earlier attempt included.
    pub rows_done: u64,
    /// Bytes read so far.
    pub bytes_done: u64,
    /// Bytes in all.
    pub bytes_total: u64,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that an earlier attempt had done.
    pub resumed_at: u64,
    /// Rows read this time.
    pub rows: u64,
    /// Rows that made something new.
    pub created: u64,
    /// Rows that changed something.
    pub updated: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Rows that were refused.
    pub failed: u64,
    /// Rows that were imported with something left out.
    pub warned: u64,
    /// Columns that were not used.
    pub ignored_columns: Vec<String>,
}

/// What came of one batch.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) failed: u64,
    pub(super) warned: u64,
    pub(super) problems: Vec<RowProblem>,
}

impl Outcome {
    /// A row that is refused, with everything that is wrong with it.
    pub(super) fn refuse(&mut self, problems: Vec<RowProblem>) {
        self.failed += 1;
        self.problems.extend(problems);
    }
}

impl Report {
    pub(super) fn add(&mut self, rows: u64, outcome: &Outcome) {
        self.rows += rows;
        self.created += outcome.created;
        self.updated += outcome.updated;
        self.unchanged += outcome.unchanged;
        self.failed += outcome.failed;
        self.warned += outcome.warned;
    }
}
