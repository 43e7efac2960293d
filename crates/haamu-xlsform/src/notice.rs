//! What an import could not take over, and where that stood.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A cell, or what stands around it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The sheet.
    pub sheet: String,
    /// The row, from 1 as spreadsheets count; 0 for the sheet as a whole.
    pub row: usize,
    /// The heading of the column; empty for the row as a whole.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sheet)?;
        if self.row > 0 {
            write!(f, " row {}", self.row)?;
        }
        if !self.column.is_empty() {
            write!(f, " column {}", self.column)?;
        }
        Ok(())
    }
}

/// Something that was taken over differently, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// A stable code.
    pub code: &'static str,
    /// One English sentence for a person.
    pub message: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.message, self.code)
    }
}

/// A checklist document, and what could not be taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The document in the format `haamu-checklist/1`; it is sound.
    pub document: Value,
    /// What was taken over differently or not at all, in the order of the source.
    pub notices: Vec<Notice>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A sheet or column without which nothing can be read is missing.
    #[error("{place}: {message}")]
    Unusable {
        /// Where.
        place: Place,
        /// What is missing.
        message: String,
    },
    /// There is no question that a checklist could ask.
    #[error("the form has no question that a checklist could ask")]
    NoQuestion,
    /// The file is no CSV.
    #[error("not readable as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The result is no sound checklist, which is this program's fault.
    #[error("the checklist would be unsound: {0}")]
    Unsound(haamu_form::Findings),
}
