//! What is wrong with a row of a postal file: where it stands and what to do.
//!
//! Wording is lower case without a full stop, the file's own text in backticks, then what to do.

/// One problem in a postal file. A problem of one row leaves the other rows readable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {message}", in_column(.column))]
pub struct RowProblem {
    /// The line in the unpacked file, the first is 1, a header counts.
    pub line: u64,
    /// The column's name as [`super::read_postal`] lists them; empty for the line as a whole.
    pub column: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

fn in_column(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!(", column `{column}`") }
}
