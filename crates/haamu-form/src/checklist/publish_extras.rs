//! Whether what came with minor version 1 of the format is fit to be published.

use std::collections::BTreeSet;

use crate::{Id, Question};

use super::calculation::Calculation;
use super::condition::Relation;
use super::extras::OptionOrder;
use super::kind::QuestionKind;
use super::publish::{Check, has_order};

impl Check<'_> {
    /// What stands beside questions, and what questions have beside their type.
    pub(super) fn extras(&mut self) {
        let checklist = self.checklist;
        if checklist.header.format_minor < checklist.needed_minor {
            let message = format!(
                "the document uses what came with minor version {} of the format; it must say so",
                checklist.needed_minor
            );
            self.error("format_minor_too_low", "format_minor", message);
        }
        self.files();
        self.location_attributes();
        self.sections();
        for (index, matrix) in checklist.matrices.iter().enumerate() {
            let first = matrix.questions.start;
            let path = checklist.document_path(first);
            let path = path.split(".rows[").next().unwrap_or_default();
            debug_assert!(
                checklist.questions[first].matrix == Some(index),
                "rows name their matrix"
            );
            self.required_text(&matrix.text, &format!("{path}.text"));
            self.optional_text(&matrix.help, &format!("{path}.help"));
        }
        let mut standard_ids: BTreeSet<&Id> = BTreeSet::new();
        for (index, question) in checklist.questions.iter().enumerate() {
            let path = checklist.document_path(index);
            if let Some(id) = &question.standard_id
                && !standard_ids.insert(id)
            {
                let message = format!("two questions have the standard id {:?}", id.as_str());
                self.error("repeated_id", format!("{path}.standard_id"), message);
            }
            self.question_extras(question, &path);
        }
        if checklist.header.quiz.is_some() {
            self.quiz();
        }
    }

    fn files(&mut self) {
        let checklist = self.checklist;
        let guidelines = checklist.header.guidelines.iter().map(|guideline| guideline.file);
        let helps = checklist
            .questions
            .iter()
            .flat_map(|question| &question.help_files);
        let used: BTreeSet<usize> = guidelines.chain(helps.copied()).collect();
        for (index, file) in checklist.files.iter().enumerate() {
            let path = format!("files[{index}]");
            self.required_text(&file.title, &format!("{path}.title"));
            if file.is_picture() {
                self.required_text(&file.alt, &format!("{path}.alt"));
            }
            if !used.contains(&index) {
                self.warning(
                    "unused_file",
                    path,
                    "neither a guideline nor a question names this file",
                );
            }
        }
    }

    fn sections(&mut self) {
        for (index, section) in self.checklist.sections.iter().enumerate() {
            let path = format!("sections[{index}]");
            if let Some(repeat) = &section.repeat {
                self.required_text(&repeat.label, &format!("{path}.repeat.label"));
            }
            for (position, rule) in section.constraints.iter().enumerate() {
                let path = format!("{path}.constraints[{position}]");
                self.required_text(&rule.message, &format!("{path}.message"));
                self.condition(&rule.fail_if, &format!("{path}.fail_if"));
                let is_here = section.questions.contains(&rule.question);
                if section.repeat.is_some() && !is_here {
                    let message = "a rule of a repeated section is shown at one of its questions";
                    self.error("constraint_elsewhere", format!("{path}.question"), message);
                }
            }
        }
    }

    fn question_extras(&mut self, question: &Question, path: &str) {
        let has_effect = question.points.is_some()
            || question.critical.is_some()
            || question.kind.options().iter().any(|option| option.critical);
        if question.is_kept_back() && has_effect {
            let message = "a question that never reaches the client has no effect on the client's score";
            self.error("kept_back_scored", path, message);
        }
        if question.option_order != OptionOrder::Written && question.kind.options().is_empty() {
            let message = "only choice questions have an order of options";
            self.error("order_without_options", format!("{path}.option_order"), message);
        }
        if let QuestionKind::Calculated(value) = &question.kind {
            self.calculation(&value.calculation, &format!("{path}.calculation"));
            if question.required {
                let message = "a value that is worked out cannot be required";
                self.warning("derived_required", format!("{path}.required"), message);
            }
        }
    }

    /// Everything that a calculation takes for a number is one.
    fn calculation(&mut self, calculation: &Calculation, path: &str) {
        let kind_of = |index: usize| &self.checklist.questions[index].kind;
        let id_of = |index: usize| self.checklist.questions[index].id.clone();
        match calculation {
            Calculation::Question(index) | Calculation::OverInstances(_, index) => {
                if !kind_of(*index).is_numeric() {
                    let message = format!("the answer to {:?} is no number", id_of(*index).as_str());
                    self.error("calculation_not_a_number", path, message);
                }
            }
            Calculation::CountSelected(index) => {
                if !matches!(kind_of(*index), QuestionKind::MultiChoice(_)) {
                    let message = format!("{:?} is no multi_choice", id_of(*index).as_str());
                    self.error("calculation_not_a_number", path, message);
                }
            }
            Calculation::MinutesBetween(pair) => {
                for index in pair {
                    if *kind_of(*index) != QuestionKind::DateTime {
                        let message = format!("{:?} is no datetime", id_of(*index).as_str());
                        self.error("calculation_not_a_moment", path, message);
                    }
                }
            }
            Calculation::Number(_) | Calculation::CountInstances(_) => {}
            Calculation::Add(parts)
            | Calculation::Multiply(parts)
            | Calculation::Least(parts)
            | Calculation::Greatest(parts)
            | Calculation::FirstOf(parts) => {
                for part in parts {
                    self.calculation(part, path);
                }
            }
            Calculation::Subtract(pair) | Calculation::Divide(pair) => {
                for part in pair.iter() {
                    self.calculation(part, path);
                }
            }
            Calculation::If(choice) => {
                self.condition(&choice.condition, path);
                self.calculation(&choice.then, path);
                self.calculation(&choice.otherwise, path);
            }
        }
    }

    /// Two answers can be compared as the relation asks.
    pub(super) fn pair(&mut self, first: usize, relation: Relation, second: usize, path: &str) {
        let [first, second] = [first, second].map(|index| &self.checklist.questions[index]);
        let is_moment = |question: &Question| question.kind == QuestionKind::DateTime;
        let is_number = |question: &Question| has_order(&question.kind) && !is_moment(question);
        let is_same = std::mem::discriminant(&first.kind) == std::mem::discriminant(&second.kind);
        let is_comparable = match relation {
            Relation::Equals | Relation::NotEquals => {
                let has_equals = matches!(
                    first.kind,
                    QuestionKind::YesNo { .. }
                        | QuestionKind::SingleChoice { .. }
                        | QuestionKind::Text(_)
                        | QuestionKind::Barcode(_)
                        | QuestionKind::DateTime
                );
                is_same && has_equals || is_number(first) && is_number(second)
            }
            _ => is_number(first) && is_number(second) || is_moment(first) && is_moment(second),
        };
        if !is_comparable {
            let message = format!(
                "answers to {:?} and {:?} cannot be compared so",
                first.id.as_str(),
                second.id.as_str()
            );
            self.error("condition_not_comparable", path, message);
        }
    }

    /// A quiz is marked at once, with nobody looking at it.
    fn quiz(&mut self) {
        for (index, question) in self.checklist.questions.iter().enumerate() {
            let asks_for_files = question.photo_evidence.is_some()
                || question.file_evidence.is_some()
                || question.kind.is_media();
            if asks_for_files {
                let path = self.checklist.document_path(index);
                self.error("quiz_with_files", path, "a quiz takes no files");
            }
        }
        for (index, section) in self.checklist.sections.iter().enumerate() {
            if section.fill_after_days.is_some() || section.repeat.is_some() {
                let message = "a quiz is filled in once, in one go";
                self.error("quiz_in_parts", format!("sections[{index}]"), message);
            }
        }
    }
}
