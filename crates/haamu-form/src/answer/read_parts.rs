//! Reading what stands at the keys of an object of answers: rows of matrices, instances of repeated sections.

use crate::read::{Node, Reader, note_repeated_keys};
use crate::{Checklist, Finding};

use super::read::read_state;
use super::{AnswerState, Answers, unknown_question};

/// Reads what stands at one key: an answer, the rows of a matrix, or the instances of a repeated section.
pub(super) fn read_entry(
    checklist: &Checklist,
    key: &str,
    node: &Node<'_>,
    answers: &mut Answers,
    reader: &mut Reader,
) {
    if let Some(index) = checklist.question_index(key) {
        if let Some(repeat) = checklist.repeat_of(index) {
            let section = &checklist.sections()[checklist.questions()[index].section].id;
            let message = format!(
                "this is answered in each instance: a list at {section:?}, at most {}",
                repeat.max
            );
            reader.error("answer_in_instances", message);
        } else if let Some(state) = read_state(&checklist.questions()[index], node, reader) {
            answers.states[index] = state;
        }
        return;
    }
    if let Some(matrix) = checklist
        .matrices()
        .iter()
        .find(|matrix| matrix.id.as_str() == key)
    {
        let first = matrix.questions.start;
        if checklist.repeat_of(first).is_none() {
            read_rows(checklist, key, node, reader, &mut |index, state| {
                answers.states[index] = state
            });
            return;
        }
    }
    let section = checklist.section_index(key);
    match section.filter(|section| checklist.sections()[*section].repeat.is_some()) {
        Some(section) => read_instances(checklist, section, node, answers, reader),
        None => {
            let path = reader.path();
            reader.findings.push(unknown_question(key, path));
        }
    }
}

/// Reads an object from row to answer.
fn read_rows(
    checklist: &Checklist,
    matrix: &str,
    node: &Node<'_>,
    reader: &mut Reader,
    keep: &mut dyn FnMut(usize, AnswerState),
) {
    let Node::Object(entries) = node else {
        reader.wrong_type("an object from row to answer", node);
        return;
    };
    note_repeated_keys(entries, reader);
    for (row, value) in entries {
        reader.at_key(row, |reader| {
            let id = format!("{matrix}.{row}");
            // Another question may have the same name by chance: only rows of this matrix count.
            let rows = checklist
                .matrices()
                .iter()
                .find(|known| known.id.as_str() == matrix);
            let rows = rows.map(|matrix| matrix.questions.clone()).unwrap_or_default();
            match checklist.question_index(&id).filter(|index| rows.contains(index)) {
                Some(index) => {
                    if let Some(state) = read_state(&checklist.questions()[index], value, reader) {
                        keep(index, state);
                    }
                }
                None => {
                    let path = reader.path();
                    reader.findings.push(unknown_question(&id, path));
                }
            }
        });
    }
}

/// Reads the list of a repeated section's instances.
fn read_instances(
    checklist: &Checklist,
    section: usize,
    node: &Node<'_>,
    answers: &mut Answers,
    reader: &mut Reader,
) {
    let of = &checklist.sections()[section];
    let (Node::Array(items), Some(repeat)) = (node, &of.repeat) else {
        reader.wrong_type(
            "a list of instances, each an object from question id to answer",
            node,
        );
        return;
    };
    if items.len() > repeat.max as usize {
        let finding = too_many_instances(reader.path(), items.len(), repeat.max);
        reader.findings.push(finding);
        return;
    }
    let mut instances = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let mut states = vec![AnswerState::Missing; of.questions.len()];
        let mut keep = |index: usize, state| states[index - of.questions.start] = state;
        reader.at_index(position, |reader| {
            read_instance(checklist, section, item, reader, &mut keep)
        });
        instances.push(states);
    }
    if !instances.is_empty() {
        answers.instances.insert(section, instances);
    }
}

fn read_instance(
    checklist: &Checklist,
    section: usize,
    node: &Node<'_>,
    reader: &mut Reader,
    keep: &mut dyn FnMut(usize, AnswerState),
) {
    let Node::Object(entries) = node else {
        reader.wrong_type("an object from question id to answer", node);
        return;
    };
    note_repeated_keys(entries, reader);
    let is_here = |index: usize| checklist.questions()[index].section == section;
    for (key, value) in entries {
        reader.at_key(key, |reader| {
            let matrices = checklist.matrices().iter();
            let matrix = matrices.clone().find(|matrix| matrix.id.as_str() == key.as_ref());
            if let Some(index) = checklist.question_index(key).filter(|index| is_here(*index)) {
                if let Some(state) = read_state(&checklist.questions()[index], value, reader) {
                    keep(index, state);
                }
            } else if matrix.is_some_and(|matrix| is_here(matrix.questions.start)) {
                read_rows(checklist, key, value, reader, keep);
            } else {
                let path = reader.path();
                reader.findings.push(unknown_question(key, path));
            }
        });
    }
}

pub(super) fn too_many_instances(path: String, count: usize, max: u32) -> Finding {
    let message = format!("{count} instances; at most {max} are allowed");
    Finding::error("too_many_instances", path, message).with(&[&count, &max])
}
