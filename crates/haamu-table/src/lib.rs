//! Tables that people hand in, CSV and XLSX alike.
//!
//! [`read`] takes the bytes of a file and what its sender calls it, and gives a
//! [`Table`]: a heading, and below it rows of text, each with the number that a
//! person finds it by. A workbook gives its first visible sheet; its dates are
//! written as `2026-11-29`, its numbers as a person wrote them.
//!
//! Files come from outside: [`Limits`] bounds what is read of them, and an
//! archive is measured as it really unpacks before anything is made of it.

mod separated;
mod workbook;

/// The media type of CSV.
pub const CSV: &str = "text/csv";
/// The media type of XLSX.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How much of a table is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows below the heading, blank ones aside.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Characters of a cell.
    pub cell: usize,
    /// Bytes of the file.
    pub file: usize,
    /// Bytes that a workbook unpacks to.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 10_000,
            columns: 100,
            cell: 4_000,
            file: 8 * 1024 * 1024,
            unpacked: 64 * 1024 * 1024,
        }
    }
}

/// Why a file is not read as a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Its sender calls it something else than a table, or than what it is.
    #[error("{0}")]
    MediaType(String),
    /// Neither CSV nor XLSX, or damaged.
    #[error("{0}")]
    Unreadable(String),
    /// Larger than [`Limits`] allows.
    #[error("{0}")]
    TooLarge(String),
}

/// A heading, and rows below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The heading in lower case, by column; a column without one has an empty text.
    pub heading: Vec<String>,
    /// The rows that are not blank.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its line in a CSV file, its row in a sheet, counted from 1.
    pub number: u64,
    /// Its cells without blanks around them, by column; may be fewer than the heading has.
    pub cells: Vec<String>,
    /// How many cells a CSV row has that has not as many as the heading. They are not kept: which belongs to which
    /// column is not known.
    pub wrong_length: Option<usize>,
    /// Cells that a spreadsheet could not work out, by column, with what stands there, such as `#N/A`.
    pub faults: Vec<(usize, String)>,
}

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
    /// The binary format before XLSX; also what XLSX with a password is wrapped in.
    Compound,
}

impl Format {
    fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Self::Xlsx
        } else if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            Self::Compound
        } else {
            Self::Csv
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::Compound => "an old or encrypted workbook",
        }
    }
}

/// Reads a table.
///
/// `media_type` is what the sender calls the file, with its parameters. Where
/// there is none, or it says nothing (`application/octet-stream`), the first
/// bytes decide alone; else both must agree.
///
/// # Errors
/// [`TableError`], in a sentence for whoever made the file.
pub fn read(bytes: &[u8], media_type: Option<&str>, limits: &Limits) -> Result<Table, TableError> {
    let found = Format::of(bytes);
    let said = media_type.map(said_format).transpose()?.flatten();
    if let Some(said) = said.filter(|said| *said != found) {
        let sentence = format!("The file is called {} and is {}.", said.as_str(), found.as_str());
        return Err(TableError::MediaType(sentence));
    }
    if bytes.len() > limits.file {
        let sentence = format!("A file has at most {} bytes.", limits.file);
        return Err(TableError::TooLarge(sentence));
    }
    match found {
        Format::Csv => separated::read(bytes, limits),
        Format::Xlsx => workbook::read(bytes, limits),
        Format::Compound => Err(TableError::Unreadable(
            "The file is a workbook of the old format, or has a password. Save it as XLSX without one."
                .to_owned(),
        )),
    }
}

/// What a media type says; none where it says nothing.
fn said_format(media_type: &str) -> Result<Option<Format>, TableError> {
    let lower = media_type.to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    let said = match parts.next().unwrap_or_default() {
        "" | "application/octet-stream" => return Ok(None),
        CSV => Format::Csv,
        XLSX => return Ok(Some(Format::Xlsx)),
        other => {
            let sentence = format!("The body is {CSV} or {XLSX}, not {other}.");
            return Err(TableError::MediaType(sentence));
        }
    };
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    match charset.map(|name| name.trim_matches('"')) {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(Some(said)),
        Some(other) => {
            let sentence = format!("CSV is read as UTF-8, not as {other}.");
            Err(TableError::MediaType(sentence))
        }
    }
}

/// Where a cell stands, in words.
fn place(row: u64, column: usize) -> String {
    format!("row {row}, column {}", column + 1)
}

/// The text of a cell without blanks around it, if it is not too long.
fn cell(text: &str, row: u64, column: usize, limits: &Limits) -> Result<String, TableError> {
    let text = text.trim();
    if text.len() > limits.cell && text.chars().count() > limits.cell {
        let sentence = format!(
            "A cell has at most {} characters ({}).",
            limits.cell,
            place(row, column)
        );
        return Err(TableError::TooLarge(sentence));
    }
    Ok(text.to_owned())
}

fn too_many_rows(limits: &Limits) -> TableError {
    TableError::TooLarge(format!("At most {} rows at once.", limits.rows))
}

fn too_many_columns(limits: &Limits) -> TableError {
    TableError::TooLarge(format!("At most {} columns.", limits.columns))
}
