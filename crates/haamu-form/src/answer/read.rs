//! Reading answers from their JSON shorthand, each by the type of its question.

use std::collections::BTreeMap;

use std::borrow::Cow;

use crate::checklist::QuestionKind;
use crate::read::{Node, Reader, brief, note_repeated_keys};
use crate::{AnswerOption, Checklist, Decimal, Finding, Findings, Question, Scale, Slot};

use super::read_parts::read_entry;
use super::{Answer, AnswerState, Answers, Context, LocalDateTime, ScoreRequest, unknown_question};

pub(super) fn score_request(line: &str) -> Result<ScoreRequest, Findings> {
    let node = Node::parse(line)?;
    let Some(checklist) = node.field("checklist") else {
        return Err(Finding::error("missing_field", "checklist", "this field is required").into());
    };
    let checklist = crate::checklist::from_node(checklist).map_err(|findings| findings.below("checklist"))?;
    let (answers, voided) =
        answers_and_voided(&checklist, &node, &["checklist", "answers", "voided", "context"])?;
    Ok(ScoreRequest {
        checklist,
        answers,
        voided,
    })
}

/// Reads the fields `answers` and `voided` of an object that may have the fields `known`.
pub(super) fn answers_and_voided(
    checklist: &Checklist,
    node: &Node<'_>,
    known: &[&str],
) -> Result<(Answers, Vec<Slot>), Findings> {
    let mut reader = Reader::default();
    let Node::Object(entries) = node else {
        reader.wrong_type("an object", node);
        return Err(Findings::from_vec(reader.findings));
    };
    note_repeated_keys(entries, &mut reader);
    for (key, _) in entries {
        if !known.contains(&key.as_ref()) {
            reader.error_at(
                key,
                "unknown_field",
                format!("unknown field; known here: {}", known.join(", ")),
            );
        }
    }
    let Some(answers) = node.field("answers") else {
        reader.error_at("answers", "missing_field", "this field is required");
        return Err(Findings::from_vec(reader.findings));
    };
    let mut findings = reader.findings;
    let answers = keep(read_answers(checklist, answers), &mut findings);
    let voided = match node.field("voided") {
        Some(voided) => keep(read_voided(checklist, voided), &mut findings),
        None => Some(Vec::new()),
    };
    let context = match node.field("context") {
        Some(context) => keep(read_context(context), &mut findings),
        None => Some(Context::default()),
    };
    Findings::check(findings.clone())?;
    let answers = answers
        .zip(context)
        .map(|(answers, context)| answers.with_context(context));
    answers.zip(voided).ok_or_else(|| Findings::from_vec(findings))
}

/// Reads what is known of the visit: an object of texts by key.
fn read_context(node: &Node<'_>) -> Result<Context, Findings> {
    let mut reader = Reader::default();
    let mut context = Context::default();
    reader.at_key("context", |reader| {
        let Node::Object(entries) = node else {
            reader.wrong_type("an object of texts", node);
            return;
        };
        note_repeated_keys(entries, reader);
        for (key, value) in entries {
            reader.at_key(key, |reader| match value {
                Node::String(text) => {
                    if !context.set(key, text.clone()) {
                        let known = Context::KEYS.join(", ");
                        let message = format!("unknown key; known here: {known}, location.<attribute>");
                        reader.error("unknown_field", message);
                    }
                }
                _ => reader.wrong_type("a string", value),
            });
        }
    });
    Findings::check(reader.findings)?;
    Ok(context)
}

fn keep<T>(result: Result<T, Findings>, findings: &mut Vec<Finding>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(errors) => {
            findings.extend(errors.into_vec());
            None
        }
    }
}

/// Reads an object of answers.
pub(super) fn read_answers(checklist: &Checklist, node: &Node<'_>) -> Result<Answers, Findings> {
    let mut reader = Reader::default();
    let mut answers = Answers::empty(checklist);
    reader.at_key("answers", |reader| {
        let Node::Object(entries) = node else {
            reader.wrong_type("an object from question id to answer", node);
            return;
        };
        note_repeated_keys(entries, reader);
        for (key, value) in entries {
            reader.at_key(key, |reader| {
                read_entry(checklist, key, value, &mut answers, reader)
            });
        }
    });
    Findings::check(reader.findings)?;
    Ok(answers)
}

/// Reads the answer to one question, whose place is written as by [`Slot::path`].
pub(super) fn read_one(
    checklist: &Checklist,
    place: &str,
    node: &Node<'_>,
) -> Result<(Slot, AnswerState), Findings> {
    let slot = Slot::parse(checklist, place);
    let is_whole = |slot: &Slot| slot.instance.is_some() == checklist.repeat_of(slot.question).is_some();
    let slot = slot
        .filter(is_whole)
        .ok_or_else(|| unknown_question(place, format!("answers.{place}")))?;
    let mut reader = Reader::default();
    let state = reader.at_key("answers", |reader| {
        reader.at_key(place, |reader| {
            read_state(&checklist.questions()[slot.question], node, reader)
        })
    });
    Findings::check(reader.findings.clone())?;
    state
        .map(|state| (slot, state))
        .ok_or_else(|| Findings::from_vec(reader.findings))
}

/// Reads the list of voided question ids.
fn read_voided(checklist: &Checklist, node: &Node<'_>) -> Result<Vec<Slot>, Findings> {
    let mut reader = Reader::default();
    let mut voided = Vec::new();
    reader.at_key("voided", |reader| {
        let Node::Array(items) = node else {
            reader.wrong_type("a list of question ids", node);
            return;
        };
        for (position, item) in items.iter().enumerate() {
            reader.at_index(position, |reader| match item {
                Node::String(id) => match Slot::parse(checklist, id) {
                    Some(slot) => voided.push(slot),
                    None => reader.error(
                        "voided_unknown_question",
                        format!("the checklist has no question {:?}", brief(id)),
                    ),
                },
                _ => reader.wrong_type("a question id", item),
            });
        }
    });
    Findings::check(reader.findings)?;
    Ok(voided)
}

pub(super) fn read_state(question: &Question, node: &Node<'_>, reader: &mut Reader) -> Option<AnswerState> {
    if question.kind.is_derived() {
        let message = "the answer is derived from other answers and cannot be given";
        reader.error("answer_is_derived", message);
        return None;
    }
    let (node, is_literal) = match literal_value(node) {
        Some(value) => (value, true),
        None => (node, false),
    };
    match node {
        Node::Null => return Some(AnswerState::Missing),
        Node::String(text) if !is_literal && text == "na" => return Some(AnswerState::NotApplicable),
        Node::String(text) if !is_literal && text == "not_observed" => return Some(AnswerState::NotObserved),
        _ => {}
    }
    match &question.kind {
        QuestionKind::MultiChoice(multi) => {
            let options = read_options(&multi.options, node, reader)?;
            // An empty selection is unanswered, not "no faults" (R7).
            Some(if options.is_empty() {
                AnswerState::Missing
            } else {
                AnswerState::Given(Answer::Options(options))
            })
        }
        kind => read_single(kind, node, reader).map(AnswerState::Given),
    }
}

/// The value of `{"value": …}`, which stands for a value whose text would be taken for a status.
fn literal_value<'n, 'a>(node: &'n Node<'a>) -> Option<&'n Node<'a>> {
    match node {
        Node::Object(entries) => match entries.as_slice() {
            [(key, value)] if key == "value" => Some(value),
            _ => None,
        },
        _ => None,
    }
}

fn read_single(kind: &QuestionKind, node: &Node<'_>, reader: &mut Reader) -> Option<Answer> {
    match kind {
        QuestionKind::YesNo { .. } => match node {
            Node::String(text) if text == "yes" => Some(Answer::YesNo(true)),
            Node::String(text) if text == "no" => Some(Answer::YesNo(false)),
            _ => wrong_type("\"yes\" or \"no\"", node, reader),
        },
        QuestionKind::SingleChoice { options } => {
            let id = read_string("an option id", node, reader)?;
            option_index(options, id, reader).map(Answer::Option)
        }
        QuestionKind::Scale(scale) => read_scale(scale, node, reader).map(Answer::Integer),
        QuestionKind::Number { .. } | QuestionKind::Duration { .. } => {
            read_decimal(node, reader).map(Answer::Decimal)
        }
        QuestionKind::Money { .. } => read_amount(node, reader).map(Answer::Integer),
        QuestionKind::Text(_) | QuestionKind::Barcode(_) => {
            let text = read_string("a string", node, reader)?;
            Some(Answer::Text(text.clone().into_owned()))
        }
        QuestionKind::DateTime => {
            let text = read_string("a local date and time as a string", node, reader)?;
            let value = LocalDateTime::parse(text);
            if value.is_none() {
                let message = format!(
                    "{:?} is not a local date and time such as 2026-03-14T15:05",
                    brief(text)
                );
                reader.error("answer_bad_datetime", message);
            }
            value.map(Answer::DateTime)
        }
        QuestionKind::Photo(_)
        | QuestionKind::Receipt(_)
        | QuestionKind::Audio
        | QuestionKind::Location
        | QuestionKind::Signature
        | QuestionKind::File(_) => Some(Answer::Media),
        QuestionKind::MultiChoice(_) | QuestionKind::Change(_) | QuestionKind::Calculated(_) => {
            unreachable!("multi_choice and derived values are settled by the caller")
        }
    }
}

fn wrong_type<T>(expected: &str, node: &Node<'_>, reader: &mut Reader) -> Option<T> {
    let found = match node {
        Node::String(text) => format!("{:?}", brief(text)),
        Node::Number(text) => brief(text).into_owned(),
        Node::Null | Node::Bool(_) | Node::Array(_) | Node::Object(_) => node.kind().to_owned(),
    };
    reader.error("answer_wrong_type", format!("expected {expected}, found {found}"));
    None
}

fn read_string<'n>(expected: &str, node: &'n Node<'_>, reader: &mut Reader) -> Option<&'n Cow<'n, str>> {
    match node {
        Node::String(text) => Some(text),
        _ => wrong_type(expected, node, reader),
    }
}

/// So many answers are looked up one by one.
const FEW: usize = 16;

fn read_options(options: &[AnswerOption], node: &Node<'_>, reader: &mut Reader) -> Option<Vec<usize>> {
    let Node::Array(items) = node else {
        return wrong_type("a list of option ids", node, reader);
    };
    let mut chosen = Vec::with_capacity(items.len().min(options.len()));
    let mut is_chosen = vec![false; options.len()];
    let mut is_sound = true;
    // Looking through a long list for each of many answers would take the square of its length.
    let by_id: Option<BTreeMap<&str, usize>> = (items.len() > FEW).then(|| {
        let ids = options.iter().map(|option| option.id.as_str());
        ids.zip(0..).collect()
    });
    for (position, item) in items.iter().enumerate() {
        let index = reader.at_index(position, |reader| {
            let id = read_string("an option id", item, reader)?;
            let known = by_id.as_ref().and_then(|by_id| by_id.get(id.as_ref()).copied());
            let index = known.or_else(|| option_index(options, id, reader))?;
            if is_chosen[index] {
                let message = format!("the option {:?} stands more than once", brief(id));
                reader.error("answer_repeated_option", message);
                return None;
            }
            Some(index)
        });
        match index {
            Some(index) => {
                is_chosen[index] = true;
                chosen.push(index);
            }
            None => is_sound = false,
        }
    }
    chosen.sort_unstable();
    if let Some(exclusive) = chosen.iter().find(|index| options[**index].exclusive)
        && chosen.len() > 1
    {
        let id = options[*exclusive].id.as_str();
        let message = format!("the option {:?} excludes all others", brief(id));
        reader.error("answer_exclusive_option", message);
        return None;
    }
    is_sound.then_some(chosen)
}

fn option_index(options: &[AnswerOption], id: &str, reader: &mut Reader) -> Option<usize> {
    let index = options.iter().position(|option| option.id.as_str() == id);
    if index.is_none() {
        reader.error(
            "answer_unknown_option",
            format!("the question has no option {:?}", brief(id)),
        );
    }
    index
}

fn read_scale(scale: &Scale, node: &Node<'_>, reader: &mut Reader) -> Option<i64> {
    let value = read_integer(node, reader)?;
    if !(scale.min..=scale.max).contains(&value) {
        let message = format!("{value} is not between {} and {}", scale.min, scale.max);
        reader.error_with("answer_out_of_range", message, &[&value, &scale.min, &scale.max]);
        return None;
    }
    Some(value)
}

fn read_integer(node: &Node<'_>, reader: &mut Reader) -> Option<i64> {
    let Node::Number(text) = node else {
        return wrong_type("a whole number", node, reader);
    };
    let value = text.parse().ok();
    if value.is_none() {
        let message = format!("{} is not a whole number in range", brief(text));
        reader.error("answer_not_an_integer", message);
    }
    value
}

/// An amount in minor units, written as a number or, like other decimals, as a string.
fn read_amount(node: &Node<'_>, reader: &mut Reader) -> Option<i64> {
    match node {
        Node::String(text) => read_integer(&Node::Number(text), reader),
        _ => read_integer(node, reader),
    }
}

fn read_decimal(node: &Node<'_>, reader: &mut Reader) -> Option<Decimal> {
    let text: &str = match node {
        Node::Number(text) => text,
        Node::String(text) => text,
        Node::Null | Node::Bool(_) | Node::Array(_) | Node::Object(_) => {
            return wrong_type("a decimal number", node, reader);
        }
    };
    match Decimal::parse(text) {
        Ok(value) => Some(value),
        Err(error) => {
            reader.error("answer_bad_decimal", format!("{:?} is {error}", brief(text)));
            None
        }
    }
}
