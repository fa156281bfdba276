//! Reads a postal file of any country, line by line, in GeoNames' layout or with a header.
//!
//! Holds one line at a time whatever the file's size, and never stops at a bad line: each is a problem of its own.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::RowProblem;
use super::row::{Columns, Layout, PostalRow};

/// GeoNames' widest line is below 1 KiB; the limit keeps a file without line ends from filling the memory.
const LINE_BYTES_MAX: u64 = 16 * 1024;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// All four bytes: a line of Pakistan begins with `PK` too.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// The rows of a postal file, in its order, each sound or with what is wrong with it.
///
/// Two layouts, tab-separated, told apart by the first line: GeoNames' own (12 columns: country, code, place, admin1 name,
/// admin1 code, …, lat, lon, accuracy; no header), or a header naming `country`, `code`, `place`, `admin1`, `lat` and `lon`
/// in any order. Gzip is unpacked on the way. A code with several places comes as several rows: see
/// [`super::PostalMerger`].
///
/// A file that can't be read to its end or has another layout yields one last problem.
pub fn read_postal<'r>(reader: impl Read + 'r) -> impl Iterator<Item = Result<PostalRow, RowProblem>> + 'r {
    PostalReader { input: Input::Packed(Box::new(BufReader::new(reader))), columns: None, line: 0 }
}

struct PostalReader<'r> {
    input: Input<'r>,
    columns: Option<Columns>,
    line: u64,
}

enum Input<'r> {
    /// Nothing was read yet, so it may be compressed.
    Packed(Box<dyn BufRead + 'r>),
    Plain(Box<dyn BufRead + 'r>),
    Finished,
}

enum Line {
    Text(String),
    Unreadable(&'static str),
    End,
}

impl Iterator for PostalReader<'_> {
    type Item = Result<PostalRow, RowProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = match self.read_line() {
                Ok(Line::Text(text)) => text,
                Ok(Line::Unreadable(message)) => return Some(Err(self.problem("", message))),
                Ok(Line::End) => return None,
                Err(error) => {
                    return Some(Err(self.last_problem("", format!("the file can't be read further: {error}"))));
                }
            };
            if text.trim().is_empty() {
                continue;
            }
            let columns = match self.columns {
                Some(columns) => columns,
                None => match Columns::detect(&text) {
                    Ok(Layout::Bare(columns)) => *self.columns.insert(columns),
                    Ok(Layout::Headed(columns)) => {
                        self.columns = Some(columns);
                        continue;
                    }
                    Err((column, message)) => return Some(Err(self.last_problem(column, message))),
                },
            };
            return Some(columns.row(&text).map_err(|(column, message)| self.problem(column, message)));
        }
    }
}

impl PostalReader<'_> {
    fn read_line(&mut self) -> io::Result<Line> {
        self.unpack()?;
        let Input::Plain(input) = &mut self.input else { return Ok(Line::End) };
        let mut bytes = Vec::new();
        let length = input.as_mut().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
        if length == 0 {
            return Ok(Line::End);
        }
        self.line += 1;
        if length as u64 == LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            return Ok(Line::Unreadable("the line is longer than 16 KiB, is this a postal file?"));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(Line::Unreadable("the line is not UTF-8, save the file in that encoding"));
        };
        // Spreadsheets put a byte order mark before the first line.
        let text = if self.line == 1 { text.trim_start_matches('\u{feff}') } else { &text };
        Ok(Line::Text(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn unpack(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.input, Input::Finished) {
            Input::Packed(input) => self.input = Input::Plain(unpacked(input)?),
            other => self.input = other,
        }
        Ok(())
    }

    fn problem(&self, column: &'static str, message: impl Into<String>) -> RowProblem {
        RowProblem { line: self.line, column, message: message.into() }
    }

    fn last_problem(&mut self, column: &'static str, message: String) -> RowProblem {
        self.input = Input::Finished;
        self.problem(column, message)
    }
}

fn unpacked<'r>(mut input: Box<dyn BufRead + 'r>) -> io::Result<Box<dyn BufRead + 'r>> {
    let start = input.fill_buf()?;
    if start.starts_with(GZIP_MAGIC) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(input))));
    }
    if start.starts_with(ZIP_MAGIC) {
        return Err(io::Error::other("it is a zip archive, unpack it first"));
    }
    Ok(input)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const HEADED: &str = "country\tcode\tplace\tadmin1\tlat\tlon\nNZ\t0110\tWoodhill\tNorthland\t-35.7317\t174.3104\n";
    const PAKISTAN: &str = "PK\t54000\tLahore\tPunjab\t04\t\t\t\t\t31.558\t74.3507\t4\n";
    const BARE: &str =
        "DE\t80331\tMünchen\tBayern\tBY\tOberbayern\t091\tKreisfreie Stadt München\t09162\t48.1345\t11.571\t4\n";

    fn read(bytes: &[u8]) -> Vec<Result<PostalRow, RowProblem>> {
        read_postal(bytes).collect()
    }

    #[test]
    fn both_layouts_are_read() {
        for (text, code, place, region) in [
            (HEADED, "0110", "Woodhill", "Northland"),
            (BARE, "80331", "München", "BY"),
            (PAKISTAN, "54000", "Lahore", "Punjab"),
        ] {
            let rows = read(text.as_bytes());
            let [Ok(row)] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!((row.code.as_str(), row.place.as_str()), (code, place));
            assert_eq!(row.region.as_deref(), Some(region));
        }
    }

    #[test]
    fn gzip_in_several_members_is_unpacked() {
        let mut packed = Vec::new();
        for part in [HEADED, "NZ\t0112\tWhau Valley\tNorthland\t-35.6982\t174.3002\n"] {
            let mut encoder = GzEncoder::new(&mut packed, Compression::fast());
            encoder.write_all(part.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
        assert_eq!(read(&packed).into_iter().filter_map(Result::ok).count(), 2);
    }

    #[test]
    fn marks_carriage_returns_and_blank_lines_do_not_disturb() {
        let text = format!("\u{feff}{}\r\n\n", HEADED.replace('\n', "\r\n\r\n"));
        assert_eq!(read(text.as_bytes()), read(HEADED.as_bytes()));
    }

    #[test]
    fn a_bad_line_is_named_by_line_and_column_and_the_next_one_is_read() {
        let text =
            format!("{HEADED}\nNZ\t0112\tWhau\tNorthland\tsouth\t174.3\n\u{fffd}\nNZ\t0114\tWaro\t\t-35.58\t174.3");
        let mut bytes = text.into_bytes();
        let bad = bytes.iter().position(|byte| *byte == 0xef).unwrap();
        bytes[bad] = 0xff;
        let rows = read(&bytes);
        let problems: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "line 4, column `lat`: `south` is not a number of degrees, write it like `-36.8485`",
                "line 5: the line is not UTF-8, save the file in that encoding",
            ]
        );
        assert_eq!(rows.last().unwrap().as_ref().unwrap().code.as_str(), "0114");
    }

    #[test]
    fn an_endless_line_is_one_problem_and_does_not_hide_the_next() {
        let mut text = HEADED.to_owned();
        text.push_str(&"x".repeat(100_000));
        text.push_str("\nNZ\t0114\tWaro\t\t-35.58\t174.3\n");
        let rows = read(text.as_bytes());
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1].as_ref().unwrap_err().line, 3);
        assert!(rows[2].is_ok());
    }

    #[test]
    fn what_is_no_postal_file_ends_with_one_problem() {
        let mut cut_gzip = GZIP_MAGIC.to_vec();
        cut_gzip.extend([8, 0, 0]);
        for (bytes, said) in [
            (b"id,name\n1,Jane\n2,Joe\n".as_slice(), "12 columns"),
            (b"PK\x03\x04whatever".as_slice(), "unpack it first"),
            (cut_gzip.as_slice(), "can't be read further"),
        ] {
            let rows = read(bytes);
            let [Err(problem)] = rows.as_slice() else { panic!("{rows:?}") };
            assert!(problem.message.contains(said), "{problem}");
        }
    }

    #[test]
    fn an_empty_file_has_no_rows() {
        assert_eq!(read(b""), []);
    }
}
