//! Reading matrices: each row becomes a question with the fields of the matrix.

use std::borrow::Cow;

use crate::read::{Fields, Node, Reader};

use super::places::ROW_FIELDS;
use super::read_question::read_question;
use super::{Matrix, Question};

/// Types whose answers fit in a cell of a table.
const ROW_TYPES: [&str; 5] = ["yes_no", "single_choice", "multi_choice", "scale", "number"];

/// Reads a matrix whose first row is the question at `first`.
pub(super) fn read_matrix(
    node: &Node<'_>,
    section: usize,
    first: usize,
    reader: &mut Reader,
) -> Option<(Matrix, Vec<Question>)> {
    let Node::Object(entries) = node else { return None };
    reader.needs_minor(1);
    let mut fields = Fields::open(node, reader)?;
    let id: Option<crate::Id> = fields.required("id", reader);
    let text = fields.optional("text", reader).unwrap_or_default();
    let help = fields.optional("help", reader).unwrap_or_default();
    let rows_of: Option<String> = fields.required("rows_of", reader);
    if fields.node("rows").is_none() {
        reader.error_at("rows", "missing_field", "this field is required");
    }
    let (id, rows_of) = (id?, rows_of?);
    if !ROW_TYPES.contains(&rows_of.as_str()) {
        let message = format!("the rows of a matrix are one of {}", ROW_TYPES.join(", "));
        reader.error_at("rows_of", "unknown_value", message);
        return None;
    }
    let rows = node.items("rows");
    if rows.is_empty() {
        reader.error_at("rows", "empty_list", "a matrix needs at least one row");
    }
    let shared: Vec<_> = entries
        .iter()
        .filter(|(key, _)| !matches!(key.as_ref(), "id" | "type" | "text" | "help" | "rows" | "rows_of"))
        .collect();
    let scope = reader.scope.earlier_than;
    let mut questions = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let merged = merge(row, &shared, id.as_str(), &rows_of);
        reader.scope.earlier_than = scope + index;
        questions.push(reader.at_key("rows", |reader| {
            reader.at_index(index, |reader| {
                check_row(row, reader);
                read_question(&merged, section, reader)
            })
        }));
    }
    let questions: Vec<Question> = questions.into_iter().collect::<Option<_>>()?;
    let matrix = Matrix {
        id,
        text,
        help,
        questions: first..first + questions.len(),
    };
    Some((matrix, questions))
}

/// The row with the fields that it shares with the others.
fn merge<'a>(
    row: &Node<'a>,
    shared: &[&(Cow<'a, str>, Node<'a>)],
    matrix: &str,
    type_name: &str,
) -> Node<'a> {
    let Node::Object(own) = row else { return Node::Null };
    let mut entries = vec![(
        Cow::Borrowed("type"),
        Node::String(Cow::Owned(type_name.to_owned())),
    )];
    for (key, value) in own {
        let value = match (key.as_ref(), value) {
            ("id", Node::String(id)) => Node::String(Cow::Owned(format!("{matrix}.{id}"))),
            _ => value.clone(),
        };
        entries.push((key.clone(), value));
    }
    let is_own = |key: &str| own.iter().any(|(known, _)| known == key);
    let inherited = shared.iter().filter(|(key, _)| !is_own(key));
    entries.extend(inherited.map(|(key, value)| (key.clone(), value.clone())));
    Node::Object(entries)
}

/// A row has fields of its own only where rows may differ.
fn check_row(row: &Node<'_>, reader: &mut Reader) {
    let Node::Object(entries) = row else {
        reader.wrong_type("an object", row);
        return;
    };
    for (key, _) in entries {
        if !ROW_FIELDS.contains(&key.as_ref()) {
            let message = format!("unknown field; known here: {}", ROW_FIELDS.join(", "));
            reader.error_at(key, "unknown_field", message);
        }
    }
}
