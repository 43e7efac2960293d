//! Whether a checklist is fit to be published (R63).

use std::collections::BTreeSet;

use crate::answer::LocalDateTime;
use crate::{Decimal, Exact, Finding, Id, Texts};

use super::condition::{Comparison, Condition};
use super::kind::{MultiChoice, QuestionKind};
use super::places::at_matrices;
use super::{Checklist, CommentRule, Question, Section};

/// Filling in a visit longer than this many minutes tires a shopper.
const MAX_MINUTES: u32 = 120;

impl Checklist {
    /// Everything that keeps the checklist from being published (errors), and
    /// what its author probably did not want (warnings), in document order.
    #[must_use]
    pub fn publish_check(&self) -> Vec<Finding> {
        let mut check = Check {
            checklist: self,
            findings: Vec::new(),
        };
        check.header();
        check.scoring();
        check.touchpoints_and_themes();
        for (index, section) in self.sections.iter().enumerate() {
            check.section(index, section);
        }
        check.totals();
        check.extras();
        at_matrices(check.findings)
    }
}

pub(super) struct Check<'a> {
    pub(super) checklist: &'a Checklist,
    pub(super) findings: Vec<Finding>,
}

impl Check<'_> {
    pub(super) fn error(&mut self, code: &'static str, path: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding::error(code, path, message));
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::warning(code, path, message));
    }

    /// The text exists, is not blank, and exists in every language of the checklist.
    pub(super) fn required_text(&mut self, texts: &Texts, path: &str) {
        if texts.is_empty() {
            self.error("missing_text", path, "a text is required here");
            return;
        }
        self.optional_text(texts, path);
    }

    pub(super) fn optional_text(&mut self, texts: &Texts, path: &str) {
        if texts.is_empty() {
            return;
        }
        for language in &self.checklist.header.languages {
            let is_blank = texts
                .in_language(language)
                .is_none_or(|text| text.trim().is_empty());
            if is_blank {
                let message = format!("the text is missing in language {language:?}");
                self.error("missing_translation", format!("{path}.{language}"), message);
            }
        }
    }

    fn header(&mut self) {
        let header = &self.checklist.header;
        if header.id.is_none() {
            self.error("missing_field", "id", "this field is required");
        }
        if header.version.is_none_or(|version| version == 0) {
            self.error("missing_field", "version", "a version number from 1 is required");
        }
        if header.languages.is_empty() {
            self.error("missing_field", "languages", "at least one language is required");
        }
        let is_listed = |language: &String| header.languages.contains(language);
        if !header.default_language.as_ref().is_some_and(is_listed) {
            self.error(
                "bad_default_language",
                "default_language",
                "one of the languages must be the default",
            );
        }
        for (value, path) in [(&header.channel, "channel"), (&header.visit_kind, "visit_kind")] {
            if value.is_none() && header.quiz.is_none() {
                self.error("missing_field", path, "this field is required");
            }
        }
        self.required_text(&header.title, "title");
        self.optional_text(&header.description, "description");
        self.optional_text(&header.scenario, "scenario");
        if header
            .estimated_minutes
            .is_some_and(|minutes| minutes > MAX_MINUTES)
        {
            let message = format!("the visit takes longer than {MAX_MINUTES} minutes");
            self.warning("long_visit", "estimated_minutes", message);
        }
    }

    fn scoring(&mut self) {
        for (index, band) in self.checklist.scoring.bands.iter().enumerate() {
            self.required_text(&band.label, &format!("scoring.bands[{index}].label"));
            if band.min.is_negative() || band.min > Decimal::integer(100) {
                let path = format!("scoring.bands[{index}].min");
                self.error("out_of_range", path, "a band starts between 0 and 100 percent");
            }
        }
    }

    fn touchpoints_and_themes(&mut self) {
        let used: BTreeSet<&Id> = self
            .checklist
            .questions
            .iter()
            .flat_map(|question| &question.touchpoints)
            .collect();
        for (index, touchpoint) in self.checklist.touchpoints.iter().enumerate() {
            let path = format!("touchpoints[{index}]");
            self.required_text(&touchpoint.label, &format!("{path}.label"));
            if touchpoint.phase.is_none() {
                self.error("missing_field", format!("{path}.phase"), "this field is required");
            }
            if touchpoint.impact.is_none() {
                self.error(
                    "missing_field",
                    format!("{path}.impact"),
                    "this field is required",
                );
            }
            if !used.contains(&touchpoint.id) {
                self.warning(
                    "touchpoint_without_question",
                    path,
                    "no question belongs to this touchpoint",
                );
            }
        }
        for (index, theme) in self.checklist.themes.iter().enumerate() {
            self.required_text(&theme.label, &format!("themes[{index}].label"));
        }
    }

    fn section(&mut self, index: usize, section: &Section) {
        let path = format!("sections[{index}]");
        self.required_text(&section.title, &format!("{path}.title"));
        if let Some(condition) = &section.show_if {
            self.condition(condition, &format!("{path}.show_if"));
        }
        if section
            .pass_mark
            .is_some_and(|mark| mark.is_negative() || mark > Decimal::integer(100))
        {
            let message = "a pass mark is a percentage between 0 and 100";
            self.error("out_of_range", format!("{path}.pass_mark"), message);
        }
        if section.questions.is_empty() {
            self.error(
                "empty_list",
                format!("{path}.questions"),
                "a section needs at least one question",
            );
        }
        if section.questions.len() == 1
            && self.share_of_weight(section) > Exact::ratio(1, 5).unwrap_or_default()
        {
            let message = "one question alone decides more than 20 % of the visit score";
            self.warning("heavy_single_question", path, message);
        }
        for index in section.questions.clone() {
            let path = self.checklist.document_path(index);
            self.question(&self.checklist.questions[index], &path);
        }
    }

    fn share_of_weight(&self, section: &Section) -> Exact {
        let weights: Vec<Exact> = self
            .checklist
            .sections
            .iter()
            .map(|section| section.weight.to_exact())
            .collect();
        let total: Exact = weights.iter().sum();
        section.weight.to_exact().divided_by(&total).unwrap_or_default()
    }

    fn question(&mut self, question: &Question, path: &str) {
        self.required_text(&question.text, &format!("{path}.text"));
        self.optional_text(&question.help, &format!("{path}.help"));
        let is_quiz = self.checklist.header.quiz.is_some();
        if question.perspective.is_none() && !is_quiz {
            self.error(
                "missing_field",
                format!("{path}.perspective"),
                "this field is required",
            );
        }
        self.tags(question, path);
        self.kind(question, path);
        if let Some(condition) = &question.show_if {
            self.condition(condition, &format!("{path}.show_if"));
        }
        let has_critical_option = question.kind.options().iter().any(|option| option.critical);
        if has_critical_option && question.critical.is_none() {
            let message = "an option is critical, but the question names no effect";
            self.error("critical_without_effect", format!("{path}.critical"), message);
        }
        if let Some(critical) = question.critical {
            let can_trigger = has_critical_option
                || matches!(question.kind, QuestionKind::YesNo { .. })
                || critical.fail_below.is_some();
            if !can_trigger {
                let message = "nothing can trigger the effect: no critical option, no yes/no, no fail_below";
                self.error("critical_without_trigger", format!("{path}.critical"), message);
            }
        }
        if question.points.is_some() && !question.kind.can_be_scored() {
            let message = "questions of this type earn no points";
            self.error("points_without_effect", format!("{path}.points"), message);
        }
        let is_relative = matches!(question.comment, CommentRule::BelowFull | CommentRule::Full);
        if is_relative && question.points.is_none() {
            let message = "the comment depends on points, but the question has none";
            self.warning("comment_without_points", format!("{path}.comment"), message);
        }
    }

    fn tags(&mut self, question: &Question, path: &str) {
        let is_quiz = self.checklist.header.quiz.is_some();
        if question.touchpoints.is_empty() && question.theme.is_none() && !is_quiz {
            let message = "the question belongs to no touchpoint and no theme";
            self.warning("question_without_tag", path, message);
        }
        for id in &question.touchpoints {
            if !self
                .checklist
                .touchpoints
                .iter()
                .any(|touchpoint| touchpoint.id == *id)
            {
                let message = format!("there is no touchpoint {:?}", id.as_str());
                self.error("unknown_touchpoint", format!("{path}.touchpoint"), message);
            }
        }
        if let Some(id) = &question.theme
            && !self.checklist.themes.iter().any(|theme| theme.id == *id)
        {
            let message = format!("there is no theme {:?}", id.as_str());
            self.error("unknown_theme", format!("{path}.theme"), message);
        }
    }

    pub(super) fn condition(&mut self, condition: &Condition, path: &str) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                if parts.is_empty() {
                    self.warning(
                        "empty_condition",
                        path,
                        "an empty list holds always (all) or never (any)",
                    );
                }
                for part in parts {
                    self.condition(part, path);
                }
            }
            Condition::Not(part) => self.condition(part, path),
            Condition::Compare { question, comparison } => {
                let source = &self.checklist.questions[*question];
                if comparison.needs_order() && !has_order(&source.kind) {
                    let message = format!("answers to {:?} have no order", source.id.as_str());
                    self.error("condition_without_order", path, message);
                }
                for operand in comparison.operands() {
                    if !can_be_answer(&source.kind, operand.as_str()) {
                        let message = format!(
                            "{:?} cannot be an answer to {:?}",
                            operand.as_str(),
                            source.id.as_str()
                        );
                        self.error("condition_unknown_value", path, message);
                    }
                }
                if matches!(comparison, Comparison::In(operands) if operands.is_empty()) {
                    self.warning("empty_condition", path, "an empty list of values never holds");
                }
            }
            Condition::CompareAnswers {
                question,
                relation,
                other,
            } => self.pair(*question, *relation, *other, path),
            Condition::Context { key, comparison } => self.attribute_condition(key, comparison, path),
        }
    }

    fn totals(&mut self) {
        let is_scored = |question: &Question| {
            question.points.is_some() && question.kind.can_be_scored() && !question.bonus
        };
        if !self.checklist.questions.iter().any(is_scored) {
            self.error(
                "nothing_scored",
                "sections",
                "at least one question must be scored",
            );
        }
        let weights: Vec<Exact> = self
            .checklist
            .sections
            .iter()
            .map(|section| section.weight.to_exact())
            .collect();
        let total: Exact = weights.iter().sum();
        if self.checklist.scoring.mode == super::ScoreMode::SectionWeight && total != Exact::integer(100) {
            self.warning(
                "weights_not_100",
                "sections",
                format!("the section weights sum to {total}, not 100"),
            );
        }
        let scored: Vec<&Question> = self
            .checklist
            .questions
            .iter()
            .filter(|question| is_scored(question))
            .collect();
        let points = |questions: &mut dyn Iterator<Item = &&Question>| {
            let all: Vec<Exact> = questions
                .map(|question| question.points.unwrap_or_default().to_exact())
                .collect();
            all.iter().sum::<Exact>()
        };
        let all = points(&mut scored.iter());
        let with_na = points(&mut scored.iter().filter(|question| question.allows_not_applicable()));
        if &with_na + &with_na > all {
            let message = format!("{with_na} of {all} points may be answered with \"does not apply\"");
            self.warning("much_not_applicable", "sections", message);
        }
    }
}

/// Types whose answers `lt` … `gte` may compare (2.21).
pub(super) const fn has_order(kind: &QuestionKind) -> bool {
    matches!(
        kind,
        QuestionKind::Scale(_)
            | QuestionKind::Number { .. }
            | QuestionKind::Duration { .. }
            | QuestionKind::Money { .. }
            | QuestionKind::DateTime
            | QuestionKind::Calculated(_)
    )
}

fn can_be_answer(kind: &QuestionKind, value: &str) -> bool {
    match kind {
        QuestionKind::YesNo { .. } => matches!(value, "yes" | "no"),
        QuestionKind::SingleChoice { options } | QuestionKind::MultiChoice(MultiChoice { options, .. }) => {
            options.iter().any(|option| option.id.as_str() == value)
        }
        QuestionKind::Scale(scale) => {
            let is_inside =
                |number| (Decimal::integer(scale.min)..=Decimal::integer(scale.max)).contains(&number);
            Decimal::parse(value).is_ok_and(is_inside)
        }
        QuestionKind::Number { .. }
        | QuestionKind::Duration { .. }
        | QuestionKind::Money { .. }
        | QuestionKind::Calculated(_) => Decimal::parse(value).is_ok(),
        QuestionKind::DateTime => LocalDateTime::parse(value).is_some(),
        QuestionKind::Text(_) | QuestionKind::Barcode(_) => true,
        QuestionKind::Change(_)
        | QuestionKind::Photo(_)
        | QuestionKind::Receipt(_)
        | QuestionKind::Audio
        | QuestionKind::Location
        | QuestionKind::Signature
        | QuestionKind::File(_) => false,
    }
}
