//! What is wrong with an expression, and where: for an editor to underline and a person to read.
//!
//! Never a parser's own wording: what stands here was written for the admin who typed the text.

use serde::{Deserialize, Serialize};

use super::limits::DIAGNOSTICS_MAX;
use super::tree::Span;

/// One problem of an expression. Line and column count from 1; column and length count characters (code points).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, Serialize, Deserialize)]
#[error("{line}:{column}: {message}")]
pub struct Diagnostic {
    /// The line on which the term begins.
    pub line: u32,
    /// The character in that line at which the term begins.
    pub column: u32,
    /// How many characters the term has; 0 at the end of the text.
    pub length: u32,
    /// What is wrong and what to do.
    pub message: String,
    /// What could stand in the term's place.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// A problem with the term at `span` of `text`.
    pub(super) fn at(text: &str, span: Span, message: String, suggestion: Option<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let length = text.get(span.start..span.end).unwrap_or_default().chars().count();
        Self { line: line as u32, column: column as u32, length: length as u32, message, suggestion }
    }
}

/// The problems found so far, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Diagnostic>);

impl Problems {
    pub(super) fn push(&mut self, problem: Diagnostic) {
        if !self.full() {
            self.0.push(problem);
        }
    }

    /// Whether there are so many problems that looking for more helps nobody.
    pub(super) fn full(&self) -> bool {
        self.0.len() >= DIAGNOSTICS_MAX
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first so many.
    pub(super) fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems in the order of the text, each once.
    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
