//! A CSV file as rows of text: any of comma, semicolon or tab, one bad row never hides the next.

use std::io::{self, Read};

use csv::ByteRecord;

use super::mapping::Mapping;
use super::problem::RowProblem;
use crate::actions::ActionError;
use crate::domain::InvalidCode;

/// Bytes of a header that are looked at to find the separator.
const HEAD_BYTES: usize = 64 * 1024;
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A file being read.
pub(super) struct Sheet<R> {
    reader: csv::Reader<io::Chain<io::Cursor<Vec<u8>>, R>>,
    headers: Vec<String>,
    separator: u8,
    row: u64,
}

/// One row, or what is wrong with it.
pub(super) type ReadRow = Result<Row, RowProblem>;

/// A row of as many cells as there are columns.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// As a spreadsheet numbers it: the header is 1.
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
}

impl<R: Read> Sheet<R> {
    /// Reads the header.
    pub(super) fn open(mut file: R) -> Result<Self, ActionError> {
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
        let separator = separator(&head);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(io::Cursor::new(head).chain(file));
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| broken(&error))?;
        let headers: Result<Vec<String>, _> = record.iter().map(|cell| String::from_utf8(cell.to_vec())).collect();
        let headers = headers.map_err(|_| refused("the header is not UTF-8, save the file in that encoding"))?;
        if headers.iter().all(|header| header.trim().is_empty()) {
            return Err(refused("the file has no header, name the columns in its first row"));
        }
        let headers = headers.iter().map(|header| header.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        Ok(Self { reader, headers, separator, row: 1 })
    }

    /// The names of the columns.
    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// What separates cells.
    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// Bytes read so far.
    pub(super) fn bytes_done(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Passes over rows that are done.
    pub(super) fn skip(&mut self, rows: u64) -> Result<(), ActionError> {
        let mut record = ByteRecord::new();
        for _ in 0..rows {
            self.reader.read_byte_record(&mut record).map_err(|error| broken(&error))?;
            self.row += 1;
        }
        Ok(())
    }

    /// The next rows; none at the end of the file.
    pub(super) fn batch(&mut self, size: usize, mapping: &Mapping) -> Result<Vec<ReadRow>, ActionError> {
        let mut rows = Vec::with_capacity(size);
        let mut record = ByteRecord::new();
        while rows.len() < size && self.reader.read_byte_record(&mut record).map_err(|error| broken(&error))? {
            self.row += 1;
            rows.push(read(self.row, &record, mapping));
        }
        Ok(rows)
    }
}

/// A row of the mapping's width, or what is wrong with it.
pub(super) fn read(number: u64, record: &ByteRecord, mapping: &Mapping) -> ReadRow {
    let problem = |column: String, value: &[u8], message: String| RowProblem {
        row: number,
        column,
        value: String::from_utf8_lossy(value).into_owned(),
        message,
        imported: false,
    };
    let width = mapping.width();
    if record.len() != width {
        let message =
            format!("the row has {} cells, the header has {width}: look for a stray separator or quote", record.len());
        return Err(problem(String::new(), record.get(0).unwrap_or_default(), message));
    }
    let mut cells = Vec::with_capacity(width);
    for (index, cell) in record.iter().enumerate() {
        match std::str::from_utf8(cell) {
            Ok(text) if !text.contains('\0') => cells.push(text.to_owned()),
            Ok(_) => {
                return Err(problem(
                    mapping.header_at(index),
                    cell,
                    "the cell contains a NUL character, remove it".to_owned(),
                ));
            }
            Err(_) => {
                let message = "the cell is not UTF-8, save the file in that encoding".to_owned();
                return Err(problem(mapping.header_at(index), cell, message));
            }
        }
    }
    Ok(Row { number, cells })
}

/// The separator that stands most often in the first line.
fn separator(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let count = |separator: u8| line.matches(char::from(separator)).count();
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

fn broken(error: &csv::Error) -> ActionError {
    refused(&format!("the file can't be read further: {error}"))
}

pub(super) fn unreadable(error: &io::Error) -> ActionError {
    refused(&format!("the file can't be read further: {error}"))
}

fn refused(message: &str) -> ActionError {
    ActionError::refused("file", InvalidCode::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::import::mapping::{Own, Wishes};
    use crate::store::imports::ImportKind;

    fn rows(file: &[u8]) -> Vec<ReadRow> {
        let mut sheet = Sheet::open(file).unwrap();
        let own = Own { fields: &[], categories: &[] };
        let mapping = Mapping::new(ImportKind::Dealers, sheet.headers().to_vec(), own, &Wishes::default()).unwrap();
        sheet.batch(100, &mapping).unwrap()
    }

    // BULK-10
    #[test]
    fn a_bad_row_is_a_problem_of_its_own() {
        let file = b"\xef\xbb\xbfnumber,name\nA1,Acme\nA2\nA3,Caf\xe9\nA4,\"Two\nlines\"\nA5,x,y\nA6,Last";
        let rows = rows(file);
        let numbers: Vec<(u64, bool)> = rows
            .iter()
            .map(|row| row.as_ref().map_or_else(|problem| (problem.row, false), |row| (row.number, true)))
            .collect();
        assert_eq!(numbers, [(2, true), (3, false), (4, false), (5, true), (6, false), (7, true)]);
        assert_eq!(rows[2].as_ref().unwrap_err().column, "name");
        assert!(rows[4].as_ref().unwrap_err().message.starts_with("the row has 3 cells"));
    }

    // BULK-10
    #[test]
    fn semicolons_and_tabs_separate_too() {
        for file in [&b"number;name\nA1;Acme, Inc."[..], b"number\tname\nA1\tAcme, Inc."] {
            assert_eq!(rows(file)[0].as_ref().unwrap().cells, ["A1", "Acme, Inc."]);
        }
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        for file in [&b""[..], b"\n\n", b"\xff\xfe,\n"] {
            assert!(Sheet::open(file).is_err());
        }
    }
}
