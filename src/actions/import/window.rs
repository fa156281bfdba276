//! Rows out of a part of a file: what is whole in it, and how far that goes.
//!
//! A file that lies in the database is read a window at a time. A row that the window cuts belongs to the next one.

use csv::ByteRecord;

use super::mapping::Mapping;
use super::sheet::{ReadRow, read};

/// Whole rows, and how many bytes of the window they are.
pub(super) struct Window {
    pub(super) rows: Vec<ReadRow>,
    pub(super) bytes: usize,
}

/// Where a window begins and how it is to be read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) separator: u8,
    /// The number of the first row, as a spreadsheet has it.
    pub(super) first_row: u64,
    /// Whether the file ends with this window.
    pub(super) is_last: bool,
    /// Rows to read at most.
    pub(super) rows_max: usize,
}

/// The whole rows at the beginning of `content`.
pub(super) fn rows(content: &[u8], reading: Reading<'_>) -> Window {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(reading.separator).flexible(true).has_headers(false).from_reader(content);
    let mut window = Window { rows: Vec::new(), bytes: 0 };
    let mut record = ByteRecord::new();
    // Reading out of memory never fails; a row of wrong length is a problem of its own.
    while window.rows.len() < reading.rows_max && reader.read_byte_record(&mut record).unwrap_or(false) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(content.len());
        // What reaches the end of the window may go on after it.
        if end == content.len() && !reading.is_last {
            break;
        }
        let number = reading.first_row + window.rows.len() as u64;
        window.rows.push(read(number, &record, reading.mapping));
        window.bytes = end;
    }
    if reading.is_last && window.rows.len() < reading.rows_max {
        // Empty lines at the end are no rows.
        window.bytes = content.len();
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::import::mapping::{Own, Wishes};
    use crate::store::imports::ImportKind;

    fn names(window: &Window) -> Vec<(u64, String)> {
        let told =
            |row: &ReadRow| row.as_ref().map_or((0, "refused".to_owned()), |row| (row.number, row.cells[1].clone()));
        window.rows.iter().map(told).collect()
    }

    // BULK-10: wherever the windows are cut, the rows are those of the file as a whole.
    #[test]
    fn a_file_in_windows_has_the_same_rows_as_in_one() {
        let own = Own { fields: &[], categories: &[] };
        let headers = vec!["number".to_owned(), "name".to_owned()];
        let mapping = Mapping::new(ImportKind::Dealers, headers, own, &Wishes::default()).unwrap();
        for end in ["\n", "\r\n"] {
            let file = ["A,one", "B,\"two\nlines, \"\"quoted\"\"\"", "C", "", "D,four", "E,é"].join(end) + end + end;
            let read = |content: &[u8], first_row, is_last, rows_max| {
                rows(content, Reading { mapping: &mapping, separator: b',', first_row, is_last, rows_max })
            };
            let whole = names(&read(file.as_bytes(), 2, true, 100));
            assert_eq!(whole.len(), 5, "{whole:?}");
            for size in 30..=file.len() {
                for rows_max in [1, 2, 100] {
                    let (mut from, mut found) = (0, Vec::new());
                    while from < file.len() {
                        let to = (from + size).min(file.len());
                        let window =
                            read(&file.as_bytes()[from..to], 2 + found.len() as u64, to == file.len(), rows_max);
                        assert!(window.bytes > 0, "the window goes on, size {size}, from {from}");
                        found.extend(names(&window));
                        from += window.bytes;
                    }
                    assert_eq!(found, whole, "size {size}, rows {rows_max}");
                }
            }
        }
    }
}
