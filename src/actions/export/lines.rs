//! Lines of a CSV file, a page of them at a time (RFC 4180).

use crate::store::StoreError;

/// Lines that are being written.
pub(super) struct Lines(csv::Writer<Vec<u8>>);

impl Lines {
    /// None yet. They end as those of mails do.
    pub(super) fn new() -> Self {
        Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }

    /// One more. Writing into memory never fails.
    pub(super) fn add(&mut self, cells: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
        self.0.write_record(cells).map_err(|error| StoreError::corrupt("csv", error))
    }

    /// All of them.
    pub(super) fn finish(self) -> Result<Vec<u8>, StoreError> {
        self.0.into_inner().map_err(|error| StoreError::corrupt("csv", error))
    }
}
