//! Sections and questions as rows.

use haamu_form::{
    CalculatedValue, Condition, Constraint, MultiMode, OptionOrder, Question, QuestionKind, Sensitivity,
    Severity, Texts,
};

use crate::limits;

use super::condition::asks_context;
use super::{Cells, Exporter};

impl<'c> Exporter<'c> {
    pub(super) fn section(&mut self, section: &'c haamu_form::Section) {
        let id = section.id.as_str();
        if section.pass_mark.is_some() || section.fill_after_days.is_some() {
            self.note(
                id,
                "",
                "section_rule_left_out",
                "pass marks and days of filling in are not in the form",
            );
        }
        let relevant = self.shown(id, section.show_if.as_ref());
        let what = if section.repeat.is_some() {
            "repeat"
        } else {
            "group"
        };
        let mut repeat_count = String::new();
        if let Some(repeat) = &section.repeat {
            if repeat.min == repeat.max {
                repeat_count = repeat.min.to_string();
            } else {
                let message = "how many instances are asked for, and how they are scored, is not in the form";
                self.note(id, "repeat", "repeat_rule_left_out", message);
            }
        }
        let begin = Cells {
            repeat_count,
            kind: format!("begin {what}"),
            name: id.to_owned(),
            relevant,
            weight: section.weight.to_string(),
            ..Cells::default()
        };
        let none = Texts::default();
        self.push(begin, &section.title, &none, &none);
        for index in section.questions.clone() {
            self.question(&self.checklist.questions()[index]);
        }
        let end = Cells {
            kind: format!("end {what}"),
            ..Cells::default()
        };
        self.push(end, &none, &none, &none);
    }

    /// When something is shown; what a form cannot know is said.
    fn shown(&mut self, id: &str, condition: Option<&Condition>) -> String {
        let Some(condition) = condition else {
            return String::new();
        };
        if asks_context(condition) {
            let message =
                "a form does not know the visit: there, what is asked of it is taken to let this be shown";
            self.note(id, "show_if", "context_left_out", message);
        }
        self.relevant(condition)
    }

    /// The rules that are shown at a question, joined to its limits; a row has one message.
    fn rules(&mut self, question: &Question, cells: &mut Cells) -> Texts {
        let place = self.checklist.question_index(question.id.as_str());
        let all = self
            .checklist
            .sections()
            .iter()
            .flat_map(|section| &section.constraints);
        let (asking, here): (Vec<&Constraint>, Vec<&Constraint>) = all
            .filter(|rule| Some(rule.question) == place)
            .partition(|rule| asks_context(&rule.fail_if));
        for rule in asking {
            let message = "a form does not know the visit: the rule is left out";
            self.note(rule.id.as_str(), "fail_if", "context_left_out", message);
        }
        for rule in &here {
            if !cells.constraint.is_empty() {
                cells.constraint.push_str(" and ");
            }
            cells
                .constraint
                .push_str(&format!("not({})", self.relevant(&rule.fail_if)));
            if rule.severity == Severity::Warning {
                let message = "in the form, the rule blocks what is only warned of here";
                self.note(rule.id.as_str(), "severity", "warning_blocks", message);
            }
        }
        if here.len() > 1 {
            let message = "of several rules only the first has its message in the form";
            self.note(question.id.as_str(), "constraints", "message_left_out", message);
        }
        here.first().map(|rule| rule.message.clone()).unwrap_or_default()
    }

    /// What all types have.
    fn common(&mut self, question: &Question) -> Cells {
        let id = question.id.as_str();
        let mut cells = Cells {
            name: id.to_owned(),
            is_required: question.required,
            is_bonus: question.bonus,
            points: question
                .points
                .map(|points| points.to_string())
                .unwrap_or_default(),
            relevant: self.shown(id, question.show_if.as_ref()),
            ..Cells::default()
        };
        if question.critical.is_some() {
            self.note(
                id,
                "critical",
                "critical_left_out",
                "critical answers are not in the form",
            );
        }
        let has_more = question.standard_id.is_some()
            || question.integrity
            || question.sensitivity != Sensitivity::None
            || question.retention.is_some()
            || question.option_order != OptionOrder::Written
            || !question.help_files.is_empty();
        if has_more {
            let message = "standard ids, classes of data, the order of options and files are not in the form";
            self.note(id, "", "data_rule_left_out", message);
        }
        if question.matrix.is_some() {
            let message = "what is asked of all rows of a matrix is not in the form, only the row";
            self.note(id, "matrix", "matrix_left_out", message);
        }
        let (constraint, is_whole) = limits::write(&question.kind);
        cells.constraint = constraint;
        if !is_whole {
            let message = "how many words and sentences are asked for is not in the form";
            self.note(id, "limits", "limits_left_out", message);
        }
        cells
    }

    /// Writes how a value is worked out; false where a form cannot.
    fn calculated(&mut self, question: &Question, value: &CalculatedValue, cells: &mut Cells) -> bool {
        let id = question.id.as_str();
        match self.calculation(&value.calculation) {
            Ok(calculation) => cells.calculation = calculation,
            Err(why) => {
                self.note(id, "calculation", "question_left_out", why);
                return false;
            }
        }
        if question.points.is_some() {
            let message = "which values earn points is not in the form";
            self.note(id, "band", "band_left_out", message);
            cells.points.clear();
        }
        true
    }

    fn question(&mut self, question: &'c Question) {
        let id = question.id.as_str();
        let mut cells = self.common(question);
        cells.kind = match &question.kind {
            QuestionKind::YesNo { yes_is_good } => {
                cells.good_answer = if *yes_is_good { "yes" } else { "no" }.to_owned();
                self.yes_no_list();
                "select_one haamu_yes_no".to_owned()
            }
            QuestionKind::SingleChoice { options } => {
                self.list(id, options);
                format!("select_one {id}")
            }
            QuestionKind::MultiChoice(multi) => {
                self.list(id, &multi.options);
                if multi.mode != MultiMode::Sum {
                    self.note(
                        id,
                        "multi",
                        "counting_left_out",
                        "how chosen options are counted is not in the form",
                    );
                    cells.points.clear();
                }
                format!("select_multiple {id}")
            }
            QuestionKind::Scale(scale) => {
                cells.parameters = format!("start={} end={} step=1", scale.min, scale.max);
                "range".to_owned()
            }
            QuestionKind::Number { .. } | QuestionKind::Duration { .. } => {
                if question.points.is_some() {
                    self.note(
                        id,
                        "band",
                        "band_left_out",
                        "which values earn points is not in the form",
                    );
                    cells.points.clear();
                }
                "decimal".to_owned()
            }
            QuestionKind::Change(_) => {
                self.note(
                    id,
                    "change",
                    "question_left_out",
                    "a derived change is not in the form",
                );
                return;
            }
            QuestionKind::Text(_) => "text".to_owned(),
            QuestionKind::DateTime => "datetime".to_owned(),
            QuestionKind::Money { .. } => "integer".to_owned(),
            QuestionKind::Photo(_) | QuestionKind::Receipt(_) => "image".to_owned(),
            QuestionKind::Audio => "audio".to_owned(),
            QuestionKind::Location => "geopoint".to_owned(),
            QuestionKind::Calculated(value) => {
                if !self.calculated(question, value, &mut cells) {
                    return;
                }
                "calculate".to_owned()
            }
            QuestionKind::Barcode(_) => "barcode".to_owned(),
            QuestionKind::Signature => {
                cells.appearance = "signature".to_owned();
                "image".to_owned()
            }
            QuestionKind::File(_) => "file".to_owned(),
        };
        let broken = self.rules(question, &mut cells);
        self.push(cells, &question.text, &question.help, &broken);
    }
}
