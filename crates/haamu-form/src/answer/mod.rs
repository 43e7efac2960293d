//! Answers to the questions of one checklist.

mod datetime;
mod read;

use serde_json::{Value, json};

use crate::{Checklist, Decimal, Finding, Findings};

pub use datetime::LocalDateTime;
use read::read_answers;

/// What was given for one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AnswerState {
    /// Nothing.
    #[default]
    Missing,
    /// "Does not apply to this visit."
    NotApplicable,
    /// "Could not be observed."
    NotObserved,
    /// An answer of the question's type.
    Given(Answer),
}

/// An answer of the right type for its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes (`true`) or no.
    YesNo(bool),
    /// The index of the chosen option.
    Option(usize),
    /// The indexes of the chosen options, ascending, at least one.
    Options(Vec<usize>),
    /// A point of a scale, or an amount in minor units.
    Integer(i64),
    /// A number, or a duration in the question's unit.
    Decimal(Decimal),
    /// Words.
    Text(String),
    /// A local date and time.
    DateTime(LocalDateTime),
    /// Photos, a recording or a place, which are kept elsewhere.
    Media,
}

/// The answers to one checklist, one state for each of its questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    pub(crate) states: Vec<AnswerState>,
}

impl Answers {
    /// No answers yet.
    #[must_use]
    pub fn empty(checklist: &Checklist) -> Self {
        Self {
            states: vec![AnswerState::Missing; checklist.questions().len()],
        }
    }

    /// Reads the shorthand: a JSON object from question id to value, where
    /// `"na"` and `"not_observed"` are statuses and `null` is unanswered.
    ///
    /// # Errors
    /// Every value of a wrong type or range, every unknown question or option,
    /// each with its path below `answers`.
    pub fn parse(checklist: &Checklist, shorthand: &str) -> Result<Self, Findings> {
        let node = crate::read::Node::parse(shorthand)?;
        read_answers(checklist, &node)
    }

    /// Sets one answer from the JSON text of its value in the shorthand.
    ///
    /// # Errors
    /// An unknown question, or a value of a wrong type or range.
    pub fn set(&mut self, checklist: &Checklist, question: &str, value: &str) -> Result<(), Findings> {
        let node = crate::read::Node::parse(value)?;
        let (index, state) = read::read_one(checklist, question, &node)?;
        self.states[index] = state;
        Ok(())
    }

    /// What was given for the question at `index`.
    ///
    /// # Panics
    /// If the checklist that the answers belong to has no such question.
    #[must_use]
    pub fn state(&self, index: usize) -> &AnswerState {
        &self.states[index]
    }

    /// The answer to the question at `index` as JSON, in the shorthand in which it
    /// could be set again; none if there is none, or it consists of files.
    ///
    /// # Panics
    /// If the checklist that the answers belong to has no such question.
    #[must_use]
    pub fn shorthand(&self, checklist: &Checklist, index: usize) -> Option<Value> {
        let kind = &checklist.questions()[index].kind;
        let option = |index: &usize| kind.options()[*index].id.to_string();
        Some(match &self.states[index] {
            AnswerState::Missing => return None,
            AnswerState::NotApplicable => json!("na"),
            AnswerState::NotObserved => json!("not_observed"),
            AnswerState::Given(answer) => match answer {
                Answer::YesNo(yes) => json!(if *yes { "yes" } else { "no" }),
                Answer::Option(index) => json!(option(index)),
                Answer::Options(indexes) => json!(indexes.iter().map(option).collect::<Vec<_>>()),
                Answer::Integer(value) => json!(value),
                Answer::Decimal(value) => json!(value.to_string()),
                // A text that reads like a status is wrapped.
                Answer::Text(text) if matches!(text.as_str(), "na" | "not_observed") => {
                    json!({"value": text})
                }
                Answer::Text(text) => json!(text),
                Answer::DateTime(local) => json!(local.to_string()),
                Answer::Media => return None,
            },
        })
    }

    /// What was given for every question, in checklist order.
    #[must_use]
    pub fn states(&self) -> &[AnswerState] {
        &self.states
    }
}

/// The checklist, answers and voided questions of one visit, read from one JSON document.
#[derive(Clone, Debug)]
pub struct ScoreRequest {
    /// The checklist.
    pub checklist: Checklist,
    /// The answers to it.
    pub answers: Answers,
    /// The indexes of voided questions.
    pub voided: Vec<usize>,
}

impl ScoreRequest {
    /// Reads `{"checklist": …, "answers": …, "voided": […]}`; paths of errors start with these names.
    ///
    /// # Errors
    /// All errors of the checklist, or else all errors of the answers.
    pub fn parse(line: &str) -> Result<Self, Findings> {
        read::score_request(line)
    }
}

/// Reads an answers file, `{"answers": …, "voided": […]}`, for a checklist.
///
/// # Errors
/// All errors of the answers and of the list of voided questions.
pub fn parse_answers_file(checklist: &Checklist, text: &str) -> Result<(Answers, Vec<usize>), Findings> {
    let node = crate::read::Node::parse(text)?;
    read::answers_and_voided(checklist, &node, &["answers", "voided"])
}

/// The error of an answer to a question that the checklist does not have.
fn unknown_question(id: &str, path: String) -> Finding {
    let message = format!("the checklist has no question {:?}", crate::read::brief(id));
    Finding::error("answer_unknown_question", path, message)
}
