//! Rows of a table as what they mean, and what is wrong with them by row and column.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{Code, LocalDate};
use haamu_form::Language;
use haamu_table::{Row, Table};

use crate::Error;
use crate::error::{Checks, Issue};

use super::RowError;

/// The columns that a table may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    /// Those that it must have.
    pub(crate) required: &'static [&'static str],
    /// Those that it may lack.
    pub(crate) optional: &'static [&'static str],
}

/// A sound row with its number.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    pub(crate) number: u64,
    pub(crate) row: T,
}

/// Reads all rows by `read`, which gives none where it has noted errors: sound rows, and what is wrong with the
/// others. No two rows may have the same `external_id`.
///
/// # Errors
/// The heading lacks columns, or has others.
pub(crate) fn read_rows<T>(
    table: &Table,
    columns: &Columns,
    mut read: impl FnMut(&mut Cells<'_>) -> Option<T>,
) -> Result<(Vec<Numbered<T>>, Vec<RowError>), Error> {
    check_heading(&table.heading, columns)?;
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for source in &table.rows {
        if let Some(count) = source.wrong_length {
            let message = format!(
                "the row has {count} cells and the heading {}",
                table.heading.len()
            );
            errors.push(RowError::new(source.number, "", "wrong_length", message));
            continue;
        }
        let mut cells = Cells {
            heading: &table.heading,
            row: source,
            errors: Vec::new(),
        };
        cells.note_faults();
        let key = cells.cell("external_id");
        let row = if cells.is_sound() { read(&mut cells) } else { None };
        let first = row.as_ref().and_then(|_| seen.insert(key, source.number));
        if let Some(first) = first {
            let message = format!("this external_id stands in row {first} already");
            cells.error("external_id", "repeated", message);
        }
        match row.filter(|_| cells.is_sound()) {
            Some(row) => rows.push(Numbered {
                number: source.number,
                row,
            }),
            None => errors.append(&mut cells.errors),
        }
    }
    Ok((rows, errors))
}

fn check_heading(heading: &[String], columns: &Columns) -> Result<(), Error> {
    let mut issues = Vec::new();
    let mut issue = |name: &str, code: &str, message: String| {
        issues.push(Issue {
            path: format!("columns.{name}"),
            code: code.to_owned(),
            message,
        });
    };
    for column in columns.required {
        if !heading.iter().any(|name| name == column) {
            let message = format!("the column {column} is required");
            issue(column, "missing_column", message);
        }
    }
    let known: Vec<_> = [columns.required, columns.optional].concat();
    let mut seen = BTreeSet::new();
    for name in heading.iter().filter(|name| !name.is_empty()) {
        if !known.contains(&name.as_str()) {
            let message = format!("unknown column; known are {}", known.join(", "));
            issue(name, "unknown_column", message);
        } else if !seen.insert(name) {
            issue(name, "repeated", "this column is there twice".to_owned());
        }
    }
    if issues.is_empty() {
        return Ok(());
    }
    Err(Error::with_issues(Code::ValidationFailed, issues))
}

/// The cells of one row, and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    heading: &'a [String],
    row: &'a Row,
    errors: Vec<RowError>,
}

impl<'a> Cells<'a> {
    pub(crate) fn error(&mut self, column: &str, code: &'static str, message: impl Into<String>) {
        let error = RowError::new(self.row.number, column, code, message);
        self.errors.push(error);
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    /// What a spreadsheet could not work out is no value.
    fn note_faults(&mut self) {
        for (column, what) in &self.row.faults {
            let name = self.heading.get(*column).map(String::as_str).unwrap_or_default();
            if !name.is_empty() {
                self.error(name, "cell_error", format!("the spreadsheet has {what} here"));
            }
        }
    }

    /// Whether the table has the column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.heading.iter().any(|name| name == column)
    }

    /// A cell; empty where the row or the table has none.
    pub(crate) fn cell(&self, column: &str) -> &'a str {
        let index = self.heading.iter().position(|name| name == column);
        let cell = index.and_then(|index| self.row.cells.get(index));
        cell.map(String::as_str).unwrap_or_default()
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, column: &str, longest: usize) -> Option<String> {
        if self.cell(column).is_empty() {
            self.error(column, "required", "this cell is required");
            return None;
        }
        self.optional_text(column, longest).flatten()
    }

    /// A text; `Some(None)` where the cell is empty.
    pub(crate) fn optional_text(&mut self, column: &str, longest: usize) -> Option<Option<String>> {
        let text = self.cell(column);
        if text.chars().count() > longest || text.chars().any(char::is_control) {
            let message = format!("at most {longest} characters, none of them a control character");
            self.error(column, "bad_text", message);
            return None;
        }
        Some(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// An e-mail address in lower case.
    pub(crate) fn email(&mut self, column: &str) -> Option<String> {
        let mut checks = Checks::default();
        let email = checks.email(column, self.cell(column));
        if checks.finish().is_ok() {
            return Some(email);
        }
        let (code, message) = match self.cell(column) {
            "" => ("required", "this cell is required"),
            _ => ("bad_email", "this is not an e-mail address"),
        };
        self.error(column, code, message);
        None
    }

    /// Degrees as a decimal, a comma allowed; `Some(None)` where the cell is empty.
    pub(crate) fn degrees(&mut self, column: &str, limit: f64) -> Option<Option<String>> {
        let text = self.cell(column).replace(',', ".");
        if text.is_empty() {
            return Some(None);
        }
        let is_decimal =
            text.len() <= 20 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
        let is_inside = text
            .parse::<f64>()
            .is_ok_and(|degrees| (-limit..=limit).contains(&degrees));
        if is_decimal && is_inside {
            return Some(Some(text));
        }
        let message = format!("degrees between −{limit} and {limit} as a decimal");
        self.error(column, "out_of_range", message);
        None
    }

    /// Degrees north and east, both or neither.
    pub(crate) fn point(&mut self, latitude: &str, longitude: &str) -> Option<Option<(String, String)>> {
        let north = self.degrees(latitude, 90.0);
        let east = self.degrees(longitude, 180.0);
        match (north?, east?) {
            (Some(north), Some(east)) => Some(Some((north, east))),
            (None, None) => Some(None),
            (Some(_), None) => {
                self.error(longitude, "required", "a latitude needs its longitude");
                None
            }
            (None, Some(_)) => {
                self.error(latitude, "required", "a longitude needs its latitude");
                None
            }
        }
    }

    /// A date; `Some(None)` where the cell is empty. Midnight of a spreadsheet's moment is not asked about.
    pub(crate) fn date(&mut self, column: &str) -> Option<Option<LocalDate>> {
        let text = self.cell(column);
        if text.is_empty() {
            return Some(None);
        }
        let day = text.split_once('T').map_or(text, |(day, _)| day);
        let date = LocalDate::parse(day);
        if date.is_none() {
            self.error(column, "bad_date", "a date such as 2026-01-31");
        }
        date.map(Some)
    }

    /// Words that are separated by commas, semicolons, bars or blanks.
    pub(crate) fn words(&self, column: &str) -> BTreeSet<String> {
        let is_between = |c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace();
        let words = self.cell(column).split(is_between);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// A language of mails; `Some(None)` where the cell is empty.
    pub(crate) fn language(&mut self, column: &str) -> Option<Option<Language>> {
        let tag = self.cell(column).to_lowercase();
        if tag.is_empty() {
            return Some(None);
        }
        let language = Language::from_tag(&tag);
        if language.is_none() {
            self.error(column, "unknown_value", "one of fi, sv, en");
        }
        language.map(Some)
    }

    /// True or false; `Some(None)` where the cell is empty.
    pub(crate) fn flag(&mut self, column: &str) -> Option<Option<bool>> {
        match self.cell(column).to_lowercase().as_str() {
            "" => Some(None),
            "true" | "yes" | "1" => Some(Some(true)),
            "false" | "no" | "0" => Some(Some(false)),
            _ => {
                self.error(column, "unknown_value", "true or false");
                None
            }
        }
    }
}
