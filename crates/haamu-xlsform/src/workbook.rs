//! Sheets with rows of text.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, open_workbook_auto_from_rs};

/// At most so many rows of a sheet are read.
const MAX_ROWS: usize = 100_000;
/// At most so many columns.
const MAX_COLUMNS: usize = 1_000;

/// Why a file cannot be read as a workbook.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbookError {
    /// Neither `.xlsx` nor `.xls`, or damaged.
    #[error("not a workbook that can be read: {0}")]
    Unreadable(String),
    /// A sheet is larger than any form.
    #[error("the sheet {0} is too large for a form")]
    TooLarge(String),
}

/// The sheets of a form, by name in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workbook {
    sheets: BTreeMap<String, Sheet>,
}

/// A sheet: headings, and rows below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The headings as written, by column.
    pub headings: Vec<String>,
    /// The rows that are not blank.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number as spreadsheets count, the heading being 1.
    pub number: usize,
    /// Its cells as text, by column; may be shorter than the headings.
    pub cells: Vec<String>,
}

impl Workbook {
    /// Reads an `.xlsx` or `.xls` file.
    ///
    /// # Errors
    /// [`WorkbookError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WorkbookError> {
        let unreadable = |error: calamine::Error| WorkbookError::Unreadable(error.to_string());
        let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
        let mut sheets = BTreeMap::new();
        for name in book.sheet_names() {
            let range = book.worksheet_range(&name).map_err(unreadable)?;
            if range.height() > MAX_ROWS || range.width() > MAX_COLUMNS {
                return Err(WorkbookError::TooLarge(name));
            }
            let first = range.start().map_or(0, |(row, _)| row as usize);
            let rows = range.rows().enumerate().map(|(index, cells)| Row {
                number: first + index + 1,
                cells: cells.iter().map(text).collect(),
            });
            sheets.insert(name.trim().to_lowercase(), Sheet::from_rows(rows));
        }
        Ok(Self { sheets })
    }

    /// Reads the Markdown tables in which XLSForms are written down: a line with
    /// the name of a sheet, then its rows, the first cell being empty.
    #[must_use]
    pub fn from_markdown(text: &str) -> Self {
        let mut sheets: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        let mut current = None;
        for line in text.lines() {
            let Some(mut cells) = markdown_cells(line) else {
                continue;
            };
            let name = cells.remove(0);
            if !name.is_empty() {
                current = Some(name.to_lowercase());
                sheets.entry(name.to_lowercase()).or_default();
            }
            let is_rule = cells
                .iter()
                .all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')));
            let Some(rows) = current.as_ref().and_then(|name| sheets.get_mut(name)) else {
                continue;
            };
            if !cells.iter().all(String::is_empty) && !is_rule {
                rows.push(Row {
                    number: rows.len() + 1,
                    cells,
                });
            }
        }
        let sheets = sheets
            .into_iter()
            .map(|(name, rows)| (name, Sheet::from_rows(rows)));
        Self {
            sheets: sheets.collect(),
        }
    }

    /// A sheet by its name in lower case.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.get(name)
    }

    /// The sheet `survey`; where there is only one sheet, that one.
    pub(crate) fn survey(&self) -> Option<&Sheet> {
        let only = || self.sheets.values().next().filter(|_| self.sheets.len() == 1);
        self.sheet("survey").or_else(only)
    }

    /// The names of all sheets, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sheets.keys().map(String::as_str)
    }
}

impl Sheet {
    fn from_rows(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut rows = rows
            .into_iter()
            .filter(|row| row.cells.iter().any(|cell| !cell.is_empty()));
        let headings = rows.next().map(|row| row.cells).unwrap_or_default();
        Self {
            headings,
            rows: rows.collect(),
        }
    }
}

/// The cells of a line of a table; `\|` is a bar inside a cell.
fn markdown_cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?;
    let mut cells = vec![String::new()];
    let mut characters = inner.chars().peekable();
    while let Some(c) = characters.next() {
        let cell = cells.last_mut()?;
        match c {
            '\\' if characters.peek() == Some(&'|') => {
                characters.next();
                cell.push('|');
            }
            '|' => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    // What follows the last bar is no cell.
    cells.pop();
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.trim().to_owned()).collect();
    (!cells.is_empty()).then_some(cells)
}

/// A cell as the text that its author sees.
fn text(cell: &Data) -> String {
    let text = match cell {
        Data::Empty => String::new(),
        Data::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        // A whole number is written without decimals.
        Data::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        other => other.to_string(),
    };
    text.replace('\u{a0}', " ").trim().to_owned()
}
