//! What is wrong with a row, and the file in which all of it is collected.

use std::io::{self, Write};

/// A problem with one cell, or with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The row as a spreadsheet numbers it: the header is 1.
    pub row: u64,
    /// The file's column; empty for the row as a whole.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether the row was imported all the same.
    pub imported: bool,
}

/// Problems as CSV: `row,column,value,problem,imported`. The header is written with the first one.
pub struct ProblemFile<W: Write> {
    writer: csv::Writer<W>,
    has_header: bool,
}

/// A cell of a file can be of any size; a problem shows its beginning.
const VALUE_CHARS_MAX: usize = 200;

impl<W: Write> ProblemFile<W> {
    /// Collects into `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer: csv::Writer::from_writer(writer), has_header: false }
    }

    /// Adds to what an earlier attempt collected.
    pub fn going_on(writer: W) -> Self {
        Self { has_header: true, ..Self::new(writer) }
    }

    /// Adds problems and makes sure that they are written.
    pub fn write(&mut self, problems: &[RowProblem]) -> io::Result<()> {
        for problem in problems {
            if !self.has_header {
                self.writer.write_record(["row", "column", "value", "problem", "imported"])?;
                self.has_header = true;
            }
            let value: String = problem.value.chars().take(VALUE_CHARS_MAX).collect();
            let imported = if problem.imported { "yes" } else { "no" };
            let row = problem.row.to_string();
            self.writer.write_record([&row, &problem.column, &harmless(value), &problem.message, imported])?;
        }
        self.writer.flush()
    }
}

/// A cell that begins like a formula would be run by the spreadsheet in which the file is opened.
fn harmless(value: String) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{value}") } else { value }
}
