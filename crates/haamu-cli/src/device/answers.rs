//! Recording answers: one by one, or from a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use haamu_client::OpenVisit;
use haamu_form::{Answers, Checklist, Finding, QuestionKind, Slot};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::terminal;

use super::commands::Session;
use super::show::{self, Progress};

/// Answers and comments from a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerFile {
    #[serde(default)]
    answers: BTreeMap<String, Value>,
    #[serde(default)]
    comments: BTreeMap<String, String>,
}

impl Session {
    pub(super) async fn answer(
        &mut self,
        visit: &str,
        question: &str,
        value: Option<&str>,
        comment: Option<&str>,
    ) -> Result<ExitCode> {
        if value.is_none() && comment.is_none() {
            bail!("give an answer, a --comment, or both");
        }
        let open = self.open(visit)?;
        if let Some(value) = value {
            let json = as_json(&open, question, value)?;
            self.device.answer(&open, question, &json).await?;
        }
        if let Some(comment) = comment {
            self.device.comment(&open, question, comment).await?;
        }
        terminal::line(&format!("{}: {question}", self.words.saved))?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn add(&mut self, visit: &str, section: &str) -> Result<ExitCode> {
        let open = self.open(visit)?;
        let place = open.checklist.section_index(section);
        let count = place.map_or(0, |place| open.bound.draft.answers().instance_count(place));
        self.device.add_instance(&open, section).await?;
        terminal::line(&format!("{}: {section}[{count}]", self.words.saved))?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn remove(&mut self, visit: &str, instance: &str) -> Result<ExitCode> {
        let parts = instance
            .strip_suffix(']')
            .and_then(|instance| instance.split_once('['));
        let index = parts.and_then(|(section, index)| Some((section, index.parse::<usize>().ok()?)));
        let (section, index) =
            index.with_context(|| format!("{instance:?} is no instance; they are written like staff[0]"))?;
        let open = self.open(visit)?;
        self.device.remove_instance(&open, section, index).await?;
        terminal::line(&format!("{}: {instance}", self.words.saved))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Adds the instances that `wanted` has and the visit has not.
    async fn add_instances(&mut self, open: &OpenVisit, wanted: &Answers) -> Result<()> {
        for (index, section) in open.checklist.sections().iter().enumerate() {
            let there = open.bound.draft.answers().instance_count(index);
            for _ in there..wanted.instance_count(index) {
                self.device.add_instance(open, section.id.as_str()).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn answer_file(&mut self, visit: &str, file: &Path) -> Result<ExitCode> {
        let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let given: AnswerFile = serde_json::from_str(&text)
            .with_context(|| format!("{} is no file of answers", file.display()))?;
        let open = self.open(visit)?;
        // Either all of the file is saved or nothing, with everything that is wrong told at once.
        let answers = places(&open.checklist, &given.answers);
        let mut checked = open.bound.draft.answers().clone();
        let mut errors = Vec::new();
        for (place, value) in &answers {
            if let Err(findings) = checked.set(&open.checklist, place, &value.to_string()) {
                errors.extend(findings.into_vec());
            }
        }
        let slots = checked.slots(&open.checklist);
        let is_known = |id: &str| Slot::parse(&open.checklist, id).is_some_and(|slot| slots.contains(&slot));
        let unknown = given.comments.keys().filter(|id| !is_known(id));
        errors.extend(unknown.map(|id| {
            Finding::error(
                "unknown_question",
                format!("comments.{id}"),
                "there is no such question",
            )
        }));
        if !errors.is_empty() {
            terminal::line(self.words.not_saved)?;
            for error in &errors {
                terminal::line(&show::finding(&open.checklist, error, self.language))?;
            }
            return Ok(ExitCode::FAILURE);
        }
        self.add_instances(&open, &checked).await?;
        // What was added has its place only now.
        let open = self.open(visit)?;
        let given = AnswerFile {
            answers,
            comments: given.comments,
        };
        let progress = Progress::new((given.answers.len() + given.comments.len()) as u64);
        for (question, value) in &given.answers {
            let saved = self.device.answer(&open, question, &value.to_string()).await;
            saved.with_context(|| format!("the answer to {question}"))?;
            progress.step();
        }
        for (question, comment) in &given.comments {
            let saved = self.device.comment(&open, question, comment).await;
            saved.with_context(|| format!("the comment on {question}"))?;
            progress.step();
        }
        progress.finish();
        terminal::line(&format!(
            "{}: {}",
            self.words.saved,
            given.answers.len() + given.comments.len()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The answers of a file by place: instances of repeated sections and rows of matrices one by one.
fn places(checklist: &Checklist, answers: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut places = BTreeMap::new();
    for (key, value) in answers {
        let is_matrix = |id: &str| checklist.matrices().iter().any(|matrix| matrix.id.as_str() == id);
        let mut put = |place: String, id: &str, value: &Value| match value {
            Value::Object(rows) if is_matrix(id) => {
                let row = |(row, value): (&String, &Value)| (format!("{place}.{row}"), value.clone());
                places.extend(rows.iter().map(row));
            }
            value => {
                places.insert(place, value.clone());
            }
        };
        let is_repeated = checklist
            .section_index(key)
            .is_some_and(|section| checklist.sections()[section].repeat.is_some());
        match value {
            // What is no list of objects is left as it is, for its error to be told.
            Value::Array(instances) if is_repeated && instances.iter().all(Value::is_object) => {
                for (index, instance) in instances.iter().enumerate() {
                    for (id, value) in instance.as_object().into_iter().flatten() {
                        put(format!("{key}[{index}].{id}"), id, value);
                    }
                }
            }
            value => put(key.clone(), key, value),
        }
    }
    places
}

/// An answer as a person types it, as JSON: by the type of its question.
fn as_json(open: &OpenVisit, question: &str, value: &str) -> Result<String> {
    let slot = open.slot(question)?;
    if matches!(value, "na" | "not_observed") {
        return Ok(json!(value).to_string());
    }
    let is_json = value == "null" || value.starts_with(['[', '{', '"']);
    if is_json && serde_json::from_str::<Value>(value).is_ok() {
        return Ok(value.to_owned());
    }
    Ok(match &open.checklist.questions()[slot.question].kind {
        QuestionKind::MultiChoice(_) => {
            let chosen: Vec<&str> = value
                .split(',')
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .collect();
            json!(chosen).to_string()
        }
        QuestionKind::Scale(_) | QuestionKind::Money { .. } => {
            // A number as it stands; what is none is refused with the question's name.
            let number = value.parse::<i64>();
            number.map_or_else(|_| json!(value).to_string(), |number| number.to_string())
        }
        _ => json!(value).to_string(),
    })
}
