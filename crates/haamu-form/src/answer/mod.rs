//! Answers to the questions of one checklist.

mod context;
mod datetime;
mod read;
mod read_parts;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Checklist, Decimal, Finding, Findings, Slot};

pub use context::Context;
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

impl AnswerState {
    /// The indexes of the options that were chosen.
    #[must_use]
    pub fn chosen(&self) -> &[usize] {
        match self {
            Self::Given(Answer::Option(chosen)) => std::slice::from_ref(chosen),
            Self::Given(Answer::Options(chosen)) => chosen,
            _ => &[],
        }
    }
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

/// The answers to one checklist, one state for each of its questions, and in
/// repeated sections one for each instance; with what is known of the visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// By question; missing for those of repeated sections.
    pub(crate) states: Vec<AnswerState>,
    /// The instances of each repeated section that has any, each with a state for each of the section's questions.
    pub(crate) instances: BTreeMap<usize, Vec<Vec<AnswerState>>>,
    pub(crate) context: Context,
}

impl Answers {
    /// No answers yet.
    #[must_use]
    pub fn empty(checklist: &Checklist) -> Self {
        Self {
            states: vec![AnswerState::Missing; checklist.questions().len()],
            instances: BTreeMap::new(),
            context: Context::default(),
        }
    }

    /// With what is known of the visit.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// What is known of the visit.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The number of instances of the section at an index; 0 where it is not repeated.
    #[must_use]
    pub fn instance_count(&self, section: usize) -> usize {
        self.instances.get(&section).map_or(0, Vec::len)
    }

    /// Adds an empty instance to a repeated section.
    ///
    /// # Errors
    /// The section is not repeated, or has as many instances as it may have.
    pub fn add_instance(&mut self, checklist: &Checklist, section: usize) -> Result<usize, Finding> {
        let of = &checklist.sections()[section];
        let count = self.instance_count(section);
        let path = format!("answers.{}", of.id);
        let Some(repeat) = &of.repeat else {
            return Err(Finding::error(
                "section_not_repeated",
                path,
                "this section is filled in once",
            ));
        };
        if count >= repeat.max as usize {
            return Err(read_parts::too_many_instances(path, count + 1, repeat.max));
        }
        let states = vec![AnswerState::Missing; of.questions.len()];
        self.instances.entry(section).or_default().push(states);
        Ok(count)
    }

    /// With as many instances of each repeated section as there must be; those that are added are empty.
    pub(crate) fn filled_up(&self, checklist: &Checklist) -> Self {
        let mut filled = self.clone();
        for (index, section) in checklist.sections().iter().enumerate() {
            let min = section.repeat.as_ref().map_or(0, |repeat| repeat.min as usize);
            while filled.instance_count(index) < min && filled.add_instance(checklist, index).is_ok() {}
        }
        filled
    }

    /// Every place that an answer can have, in checklist order; repeated questions
    /// instance by instance.
    #[must_use]
    pub fn slots(&self, checklist: &Checklist) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(self.states.len());
        for (index, section) in checklist.sections().iter().enumerate() {
            if section.repeat.is_none() {
                slots.extend(section.questions.clone().map(Slot::from));
            }
            for instance in 0..self.instance_count(index) {
                let of_instance = |question| Slot::in_instance(question, instance);
                slots.extend(section.questions.clone().map(of_instance));
            }
        }
        slots
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

    /// Sets one answer from the JSON text of its value in the shorthand. The place is a
    /// question's id, or in a repeated section written as by [`Slot::path`]; instances up
    /// to that one are added where they are missing.
    ///
    /// # Errors
    /// An unknown place, or a value of a wrong type or range.
    pub fn set(&mut self, checklist: &Checklist, place: &str, value: &str) -> Result<(), Findings> {
        let node = crate::read::Node::parse(value)?;
        let (slot, state) = read::read_one(checklist, place, &node)?;
        if let Some(instance) = slot.instance {
            let section = checklist.questions()[slot.question].section;
            while self.instance_count(section) <= instance {
                self.add_instance(checklist, section)?;
            }
        }
        *self.state_mut(checklist, slot) = state;
        Ok(())
    }

    /// What was given for the question at an index; missing for one of a repeated
    /// section, see [`Answers::state_at`].
    ///
    /// # Panics
    /// If the checklist that the answers belong to has no such question.
    #[must_use]
    pub fn state(&self, question: usize) -> &AnswerState {
        &self.states[question]
    }

    /// What was given at a place of `checklist`; nothing where there is no such instance.
    ///
    /// # Panics
    /// If the checklist has no such question.
    #[must_use]
    pub fn state_at(&self, checklist: &Checklist, slot: impl Into<Slot>) -> &AnswerState {
        let slot = slot.into();
        match slot.instance {
            None => &self.states[slot.question],
            Some(instance) => {
                let section = checklist.questions()[slot.question].section;
                let first = checklist.sections()[section].questions.start;
                let instances = self.instances.get(&section);
                let states = instances.and_then(|instances| instances.get(instance));
                states.map_or(&AnswerState::Missing, |states| &states[slot.question - first])
            }
        }
    }

    pub(crate) fn state_mut(&mut self, checklist: &Checklist, slot: Slot) -> &mut AnswerState {
        let Some(instance) = slot.instance else {
            return &mut self.states[slot.question];
        };
        let section = checklist.questions()[slot.question].section;
        let first = checklist.sections()[section].questions.start;
        let instances = self.instances.get_mut(&section).expect("the instance exists");
        &mut instances[instance][slot.question - first]
    }

    /// The answer at a place as JSON, in the shorthand in which it could be set
    /// again; none if there is none, or it consists of files.
    ///
    /// # Panics
    /// If the checklist that the answers belong to has no such question or instance.
    #[must_use]
    pub fn shorthand(&self, checklist: &Checklist, slot: impl Into<Slot>) -> Option<Value> {
        let slot = slot.into();
        let kind = &checklist.questions()[slot.question].kind;
        let option = |index: &usize| kind.options()[*index].id.to_string();
        Some(match self.state_at(checklist, slot) {
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
    /// The places of voided questions.
    pub voided: Vec<Slot>,
}

impl ScoreRequest {
    /// Reads `{"checklist": …, "answers": …, "voided": […], "context": {…}}`; paths of errors start with these names.
    ///
    /// # Errors
    /// All errors of the checklist, or else all errors of the answers.
    pub fn parse(line: &str) -> Result<Self, Findings> {
        read::score_request(line)
    }
}

/// Reads an answers file, `{"answers": …, "voided": […], "context": {…}}`, for a checklist.
///
/// # Errors
/// All errors of the answers, of the list of voided questions and of what is known of the visit.
pub fn parse_answers_file(checklist: &Checklist, text: &str) -> Result<(Answers, Vec<Slot>), Findings> {
    let node = crate::read::Node::parse(text)?;
    read::answers_and_voided(checklist, &node, &["answers", "voided", "context"])
}

/// The error of an answer to a question that the checklist does not have.
fn unknown_question(id: &str, path: String) -> Finding {
    let message = format!("the checklist has no question {:?}", crate::read::brief(id));
    Finding::error("answer_unknown_question", path, message)
}
