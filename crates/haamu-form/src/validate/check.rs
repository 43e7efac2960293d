//! What is missing or too much at each place.

use crate::answer::{Answer, AnswerState};
use crate::checklist::{
    CommentRule, Constraint, CountRange, EvidenceRule, NumberLimits, Question, QuestionKind, Section,
    Symbology, TextMeasure,
};
use crate::score::{QuestionStatus, Settled};
use crate::{Decimal, Exact, Finding, Score, Severity, Slot};

use super::{Draft, Stage};

/// A draft with what follows from its answers.
pub(super) struct Check<'a> {
    draft: &'a Draft,
    settled: &'a Settled<'a>,
    score: &'a Score,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    pub(super) const fn new(draft: &'a Draft, settled: &'a Settled<'a>, score: &'a Score) -> Self {
        Self {
            draft,
            settled,
            score,
            findings: Vec::new(),
        }
    }

    /// The findings of all sections of a stage.
    pub(super) fn stage(mut self, stage: Stage) -> Vec<Finding> {
        let checklist = self.settled.checklist();
        for (index, section) in checklist.sections().iter().enumerate() {
            if !stage.includes(checklist, index) {
                continue;
            }
            if section.repeat.is_none() {
                self.section(section, None);
                continue;
            }
            let count = self.draft.answers.instance_count(index);
            self.instance_count(index, section, count);
            for instance in 0..count {
                self.section(section, Some(instance));
            }
        }
        self.findings
    }

    /// A repeated section that is shown has as many instances as it must have.
    fn instance_count(&mut self, index: usize, section: &Section, count: usize) {
        let min = section.repeat.as_ref().map_or(0, |repeat| repeat.min);
        let is_shown = self.settled.shows_section(index);
        if is_shown && count < min as usize {
            let message = format!("{count} are filled in; at least {min} are asked for");
            let finding = Finding::error("too_few_instances", format!("answers.{}", section.id), message);
            self.findings.push(finding.with(&[&count, &min]));
        }
    }

    fn section(&mut self, section: &'a Section, instance: Option<usize>) {
        for question in section.questions.clone() {
            self.place(Slot { question, instance });
        }
        let checklist = self.settled.checklist();
        for constraint in &section.constraints {
            // A rule is for those who see where it is shown.
            let is_repeated = checklist.repeat_of(constraint.question).is_some();
            let place = Slot {
                question: constraint.question,
                instance: instance.filter(|_| is_repeated),
            };
            let is_shown = section
                .questions
                .clone()
                .any(|question| self.settled.status(Slot { question, instance }) != QuestionStatus::NotShown);
            let is_seen = is_shown && self.settled.status(place) != QuestionStatus::NotShown;
            if is_seen && self.settled.breaks(constraint, instance) {
                self.constraint(constraint, instance);
            }
        }
    }

    fn constraint(&mut self, constraint: &Constraint, instance: Option<usize>) {
        let checklist = self.settled.checklist();
        let is_repeated = checklist.repeat_of(constraint.question).is_some();
        let slot = Slot {
            question: constraint.question,
            instance: instance.filter(|_| is_repeated),
        };
        let path = format!("answers.{}", slot.path(checklist));
        let message = constraint.message.best("en", checklist.default_language());
        let message = message.map_or("answers do not fit together", |message| message.text);
        let finding = match constraint.severity {
            Severity::Error => Finding::error("constraint_broken", path, message),
            Severity::Warning => Finding::warning("constraint_broken", path, message),
        };
        self.findings.push(finding.with_texts(&constraint.message));
    }

    fn place(&mut self, slot: Slot) {
        let checklist = self.settled.checklist();
        let question = &checklist.questions()[slot.question];
        let status = self.settled.status(slot);
        if status == QuestionStatus::NotShown {
            return;
        }
        let draft = self.draft;
        let state = draft.answers.state_at(checklist, slot);
        let path = slot.path(checklist);
        let needs_comment = self.needs_comment(question, slot);
        let options = question.kind.options();
        let settled = self.settled;
        let is_offered = |chosen: &usize| settled.offers(&options[*chosen], slot.instance);
        let mut add = |part: &str, mut finding: Finding| {
            finding.path = format!("{part}.{path}");
            self.findings.push(finding);
        };
        for (code, message) in state_errors(question, state, status) {
            add("answers", Finding::error(code, "", message));
        }
        if !state.chosen().iter().all(is_offered) {
            let message = "after other answers, this option is not offered any more";
            add("answers", Finding::error("option_not_offered", "", message));
        }
        if draft.comment(slot).trim().is_empty() && needs_comment {
            let message = "this answer needs a comment";
            add("comments", Finding::error("comment_required", "", message));
        }
        for (part, finding) in
            evidence_errors(question, status, draft.photo_count(slot), draft.file_count(slot))
        {
            add(part, finding);
        }
        for finding in limit_errors(question, state) {
            add("answers", finding);
        }
    }

    fn needs_comment(&self, question: &Question, slot: Slot) -> bool {
        let of_question = &self.score.questions[slot.question];
        let (status, earned): (QuestionStatus, &Exact) = match slot.instance {
            None => (of_question.status, &of_question.earned),
            Some(instance) => {
                let of_instance = &of_question.instances[instance];
                (of_instance.status, &of_instance.earned)
            }
        };
        let state = self.draft.answers.state_at(self.settled.checklist(), slot);
        if *state == AnswerState::NotObserved {
            return true; // R11
        }
        let is_chosen = |chosen: usize| question.kind.options()[chosen].comment_required;
        let is_asked_by_option = match state {
            AnswerState::Given(Answer::Option(chosen)) => is_chosen(*chosen),
            AnswerState::Given(Answer::Options(chosen)) => chosen.iter().any(|chosen| is_chosen(*chosen)),
            _ => false,
        };
        let is_full = || *earned == question.points.unwrap_or_default().to_exact();
        let is_asked_by_rule = match question.comment {
            CommentRule::Never => false,
            CommentRule::Always => status.is_answered(),
            CommentRule::Full => status.is_answered() && is_full(),
            CommentRule::BelowFull => status.is_answered() && !is_full(),
        };
        is_asked_by_option || is_asked_by_rule
    }
}

/// What is wrong with having this answer, or none.
fn state_errors(
    question: &Question,
    state: &AnswerState,
    status: QuestionStatus,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    // An answer of spaces only is none.
    let is_blank = matches!(state, AnswerState::Given(Answer::Text(text)) if text.trim().is_empty());
    let is_missing = question.required && (status == QuestionStatus::Unanswered || is_blank);
    let is_wrong_na = *state == AnswerState::NotApplicable && !question.allows_not_applicable();
    let is_wrong_not_observed = *state == AnswerState::NotObserved && !question.not_observed_allowed;
    let is_negative = match (&question.kind, state) {
        (QuestionKind::Duration { .. }, AnswerState::Given(Answer::Decimal(value))) => value.is_negative(),
        _ => false,
    };
    let errors = [
        (is_missing, "answer_required", "this question must be answered"),
        (
            is_wrong_na,
            "not_applicable_not_allowed",
            "\"does not apply\" may not be chosen here",
        ),
        (
            is_wrong_not_observed,
            "not_observed_not_allowed",
            "\"could not be observed\" may not be chosen here",
        ),
        (is_negative, "duration_negative", "a duration cannot be negative"),
    ];
    errors
        .into_iter()
        .filter_map(|(is_wrong, code, message)| is_wrong.then_some((code, message)))
}

/// What is wrong with the number of photos and files, with the part of the evaluation that each is about.
fn evidence_errors(
    question: &Question,
    status: QuestionStatus,
    photos: u32,
    files: u32,
) -> Vec<(&'static str, Finding)> {
    let mut errors = Vec::new();
    let is_required =
        |rule: Option<EvidenceRule>| rule == Some(EvidenceRule::Required) && status.is_answered();
    if is_required(question.photo_evidence) && photos == 0 {
        let finding = Finding::error("photo_required", "", "this answer needs a photo");
        errors.push(("photos", finding));
    }
    if is_required(question.file_evidence) && files == 0 {
        let finding = Finding::error("file_required", "", "this answer needs a file");
        errors.push(("files", finding));
    }
    let most = match &question.kind {
        QuestionKind::Photo(rules) | QuestionKind::Receipt(rules) => Some(rules.max_count),
        QuestionKind::Signature => Some(1),
        _ => None,
    };
    if let Some(most) = most.filter(|most| photos > *most) {
        let message = format!("{photos} photos; at most {most} are allowed");
        let finding = Finding::error("too_many_photos", "", message);
        errors.push(("photos", finding.with(&[&photos, &most])));
    }
    if let QuestionKind::File(rules) = &question.kind
        && files > rules.max_count
    {
        let message = format!("{files} files; at most {} are allowed", rules.max_count);
        let finding = Finding::error("too_many_files", "", message);
        errors.push(("files", finding.with(&[&files, &rules.max_count])));
    }
    errors
}

/// What is wrong with the size of an answer.
fn limit_errors(question: &Question, state: &AnswerState) -> Vec<Finding> {
    match (&question.kind, state) {
        (QuestionKind::Text(limits), AnswerState::Given(Answer::Text(text))) => {
            let all = limits.all().into_iter();
            all.filter_map(|(measure, _, range)| text_error(measure, range, text))
                .collect()
        }
        (QuestionKind::Barcode(symbologies), AnswerState::Given(Answer::Text(code))) => {
            let is_one = |symbology: &Symbology| symbology.can_hold(code);
            let is_known = symbologies.is_empty() || symbologies.iter().any(is_one);
            let message = "this is no code of the kind that is asked for; check its digits";
            let finding = || Finding::error("barcode_not_valid", "", message);
            (!is_known).then(finding).into_iter().collect()
        }
        (QuestionKind::Number { limits, .. }, AnswerState::Given(Answer::Decimal(value))) => {
            number_error(limits, *value).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn text_error(measure: TextMeasure, range: CountRange, text: &str) -> Option<Finding> {
    if range == CountRange::default() || text.trim().is_empty() {
        return None;
    }
    let (short, long) = match measure {
        TextMeasure::Characters => ("text_too_short", "text_too_long"),
        TextMeasure::Words => ("text_too_few_words", "text_too_many_words"),
        TextMeasure::Sentences => ("text_too_few_sentences", "text_too_many_sentences"),
    };
    let count = measure.count(text);
    let name = measure.as_str();
    if count < range.min {
        let message = format!("{name}: {count}; at least {} are asked for", range.min);
        return Some(Finding::error(short, "", message).with(&[&count, &range.min]));
    }
    let max = range.max.filter(|max| count > *max)?;
    let message = format!("{name}: {count}; at most {max} are allowed");
    Some(Finding::error(long, "", message).with(&[&count, &max]))
}

fn number_error(limits: &NumberLimits, value: Decimal) -> Option<Finding> {
    if let Some(min) = limits.min.filter(|min| value < *min) {
        let message = format!("{value} is below the lowest number that is allowed, {min}");
        return Some(Finding::error("number_too_low", "", message).with(&[&value, &min]));
    }
    let max = limits.max.filter(|max| value > *max)?;
    let message = format!("{value} is above the highest number that is allowed, {max}");
    Some(Finding::error("number_too_high", "", message).with(&[&value, &max]))
}
