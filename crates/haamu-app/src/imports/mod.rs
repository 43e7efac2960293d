//! Importing tables: people of the panel, and their visits from before Haamu.

mod cells;
mod past_lists;
mod past_visits;
mod people;
mod people_plan;

use bytes::Bytes;
use haamu_domain::Code;
use haamu_table::{Limits, Table, TableError};

use crate::error::Issue;
use crate::{App, Error};

pub(crate) use cells::{Cells, Columns, Numbered, read_rows};

/// A table that somebody hands in.
#[derive(Clone, Debug)]
pub struct TableFile {
    /// The file.
    pub bytes: Bytes,
    /// What its sender calls it, with its parameters.
    pub media_type: Option<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Whether nothing was to be changed.
    pub is_dry_run: bool,
    /// Rows that were new.
    pub created: u32,
    /// Rows that changed what was there.
    pub updated: u32,
    /// Rows that were as they are already.
    pub unchanged: u32,
    /// What is wrong with rows, in a dry run.
    pub errors: Vec<RowError>,
    /// Sound rows that were left as they are nevertheless, and why.
    pub left: Vec<RowError>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line of the file or the row of the sheet, counted from 1.
    pub row: u64,
    /// The column; empty where it is about the row as a whole.
    pub column: String,
    /// A stable code.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}

impl RowError {
    pub(crate) fn new(row: u64, column: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            row,
            column: column.to_owned(),
            code,
            message: message.into(),
        }
    }
}

impl ImportReport {
    /// The report with everything that is wrong, by row; unless this is a dry run, anything wrong refuses it all.
    pub(crate) fn checked(
        mut self,
        errors: &[RowError],
        found: Vec<RowError>,
        is_dry_run: bool,
    ) -> Result<Self, Error> {
        self.is_dry_run = is_dry_run;
        self.errors = errors.iter().cloned().chain(found).collect();
        self.errors.sort_by_key(|error| error.row);
        if is_dry_run || self.errors.is_empty() {
            return Ok(self);
        }
        Err(refused(self.errors))
    }

    /// The counts for the audit trail.
    pub(crate) fn counts(&self) -> serde_json::Value {
        let mut counts = serde_json::json!({"created": self.created, "updated": self.updated});
        if !self.left.is_empty() {
            counts["left"] = self.left.len().into();
        }
        counts
    }
}

/// The refusal of a file with these errors.
pub(crate) fn refused(errors: Vec<RowError>) -> Error {
    let issue = |error: RowError| Issue {
        path: match error.column.as_str() {
            "" => format!("rows[{}]", error.row),
            column => format!("rows[{}].{column}", error.row),
        },
        code: error.code.to_owned(),
        message: error.message,
    };
    Error::with_issues(Code::ValidationFailed, errors.into_iter().map(issue).collect())
}

impl App {
    /// Reads a table, away from the threads that serve requests and only a few at a time.
    pub(crate) async fn read_table(&self, file: &TableFile) -> Result<Table, Error> {
        let permit = self.inner.reading.acquire().await;
        let permit = permit.map_err(|error| Error::internal("read a table", error))?;
        let file = file.clone();
        let read = move || haamu_table::read(&file.bytes, file.media_type.as_deref(), &Limits::default());
        let outcome = tokio::task::spawn_blocking(read).await;
        drop(permit);
        let table = outcome.map_err(|error| Error::internal("read a table", error))?;
        table.map_err(Error::from)
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        let code = match &error {
            TableError::MediaType(_) => Code::UnsupportedMediaType,
            TableError::TooLarge(_) => Code::PayloadTooLarge,
            _ => Code::InvalidRequest,
        };
        Self::because(code, error.to_string())
    }
}
