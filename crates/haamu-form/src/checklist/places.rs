//! Where questions stand in the document, for paths of findings.

use std::collections::BTreeSet;

use crate::read::Node;
use crate::{Checklist, Finding};

/// The fields that a row of a matrix may have for itself; the others are the matrix's.
pub(super) const ROW_FIELDS: [&str; 13] = [
    "id",
    "text",
    "help",
    "perspective",
    "theme",
    "touchpoint",
    "required",
    "points",
    "show_if",
    "critical",
    "metric",
    "standard_id",
    "comment",
];

/// Where a question stands in the list of its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The place in the list.
    pub(crate) question: usize,
    /// The row, if it is one of a matrix.
    pub(crate) row: Option<usize>,
}

/// The places of the questions that one entry of a section's list stands for.
pub(super) fn places_of(position: usize, node: &Node<'_>) -> Vec<Place> {
    if !is_matrix(node) {
        return vec![Place {
            question: position,
            row: None,
        }];
    }
    let rows = 0..node.items("rows").len();
    rows.map(|row| Place {
        question: position,
        row: Some(row),
    })
    .collect()
}

/// Whether an entry of a section's list is a matrix.
pub(super) fn is_matrix(node: &Node<'_>) -> bool {
    matches!(node.field("type"), Some(Node::String(name)) if name == "matrix")
}

impl Checklist {
    /// The path of a question in the document, such as `sections[0].questions[2]`.
    ///
    /// # Panics
    /// If the checklist has no question at `index`.
    #[must_use]
    pub fn document_path(&self, index: usize) -> String {
        let section = self.questions[index].section;
        let Place { question, row } = self.places[index];
        let path = format!("sections[{section}].questions[{question}]");
        row.map_or(path.clone(), |row| format!("{path}.rows[{row}]"))
    }
}

/// What is said of a row's field that is the matrix's is said of the matrix, once.
pub(super) fn at_matrices(findings: Vec<Finding>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::with_capacity(findings.len());
    for mut finding in findings {
        let Some(path) = without_row(&finding.path) else {
            kept.push(finding);
            continue;
        };
        if seen.insert((finding.code, path.clone(), finding.message.clone())) {
            finding.path = path;
            kept.push(finding);
        }
    }
    kept
}

/// The path without its row, if what follows the row is no field of a row.
fn without_row(path: &str) -> Option<String> {
    let (before, rest) = path.split_once(".rows[")?;
    let (_, field) = rest.split_once("].")?;
    let name = field.split(['.', '[']).next().unwrap_or_default();
    (!ROW_FIELDS.contains(&name)).then(|| format!("{before}.{field}"))
}
