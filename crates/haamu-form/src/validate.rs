//! What keeps a draft from being a complete evaluation.
//!
//! A [`Draft`] may hold anything that the types allow. [`Draft::complete`]
//! makes a [`Complete`] evaluation of it, or says everything that is missing.

use crate::answer::{Answer, AnswerState};
use crate::checklist::{
    CommentRule, CountRange, NumberLimits, PhotoEvidence, Question, QuestionKind, TextMeasure,
};
use crate::score::{QuestionStatus, shown_questions};
use crate::{Answers, Checklist, Decimal, Decisions, Finding, Findings, Score, score};

/// Which part of a checklist is filled in at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All sections but those filled in some days later.
    Main,
    /// The follow-up section at this index.
    FollowUp(usize),
    /// All sections.
    Whole,
}

impl Stage {
    /// Whether the section at `index` belongs to the stage.
    #[must_use]
    pub fn includes(self, checklist: &Checklist, index: usize) -> bool {
        match self {
            Self::Main => checklist.sections()[index].fill_after_days.is_none(),
            Self::FollowUp(section) => section == index,
            Self::Whole => true,
        }
    }
}

/// An evaluation in the making: answers, comments and the number of photos of each question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    answers: Answers,
    comments: Vec<String>,
    photo_counts: Vec<u32>,
}

/// An evaluation with nothing missing and nothing too much: answers of hidden
/// questions are removed (R62).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complete(Draft);

impl Complete {
    /// The evaluation.
    #[must_use]
    pub const fn evaluation(&self) -> &Draft {
        &self.0
    }
}

impl Draft {
    /// A draft with these answers and neither comments nor photos.
    #[must_use]
    pub fn new(answers: Answers) -> Self {
        let count = answers.states().len();
        Self {
            answers,
            comments: vec![String::new(); count],
            photo_counts: vec![0; count],
        }
    }

    /// Sets the comment of the question at `index`.
    ///
    /// # Panics
    /// If the checklist has no such question.
    pub fn set_comment(&mut self, index: usize, comment: impl Into<String>) {
        self.comments[index] = comment.into();
    }

    /// Sets the number of photos or other files of the question at `index`.
    /// A question that consists of files is answered by having at least one.
    ///
    /// # Panics
    /// If the checklist has no such question.
    pub fn set_photo_count(&mut self, checklist: &Checklist, index: usize, count: u32) {
        self.photo_counts[index] = count;
        if checklist.questions()[index].kind.is_media() {
            let state = &mut self.answers.states[index];
            match (count, &state) {
                (0, AnswerState::Given(_)) => *state = AnswerState::Missing,
                (0, _) => {}
                (_, _) => *state = AnswerState::Given(Answer::Media),
            }
        }
    }

    /// The answers.
    #[must_use]
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The comment of the question at `index`; empty if there is none.
    #[must_use]
    pub fn comment(&self, index: usize) -> &str {
        &self.comments[index]
    }

    /// The number of photos or other files of the question at `index`.
    #[must_use]
    pub fn photo_count(&self, index: usize) -> u32 {
        self.photo_counts[index]
    }

    /// Everything that keeps the stage from being complete, in checklist order.
    #[must_use]
    pub fn findings(&self, checklist: &Checklist, stage: Stage) -> Vec<Finding> {
        self.assess(checklist, stage).1
    }

    /// The score as the answers stand, before any decision of a reviewer, and the
    /// [`findings`](Self::findings) of the stage: cheaper than both alone.
    #[must_use]
    pub fn assess(&self, checklist: &Checklist, stage: Stage) -> (Score, Vec<Finding>) {
        let score = score(checklist, &self.answers, Decisions::default());
        let mut findings = Vec::new();
        for (index, question) in checklist.questions().iter().enumerate() {
            if stage.includes(checklist, question.section) {
                self.check_question(question, index, &score, &mut findings);
            }
        }
        (score, findings)
    }

    /// Makes a complete evaluation.
    ///
    /// # Errors
    /// Everything that is missing or too much.
    pub fn complete(mut self, checklist: &Checklist, stage: Stage) -> Result<Complete, Findings> {
        Findings::check(self.findings(checklist, stage))?;
        let shown = shown_questions(checklist, &self.answers);
        for (index, is_shown) in shown.into_iter().enumerate() {
            if !is_shown {
                self.answers.states[index] = AnswerState::Missing;
                self.comments[index].clear();
                self.photo_counts[index] = 0;
            }
        }
        Ok(Complete(self))
    }

    fn check_question(&self, question: &Question, index: usize, score: &Score, findings: &mut Vec<Finding>) {
        let status = score.questions[index].status;
        let state = self.answers.state(index);
        if status == QuestionStatus::NotShown {
            return;
        }
        let id = question.id.as_str();
        let mut add = |part: &str, mut finding: Finding| {
            finding.path = format!("{part}.{id}");
            findings.push(finding);
        };
        let mut error = |part: &str, code, message: String| add(part, Finding::error(code, "", message));
        if question.required && self.is_unanswered(index, status) {
            error(
                "answers",
                "answer_required",
                "this question must be answered".to_owned(),
            );
        }
        if *state == AnswerState::NotApplicable && !question.allows_not_applicable() {
            let message = "\"does not apply\" may not be chosen here".to_owned();
            error("answers", "not_applicable_not_allowed", message);
        }
        if *state == AnswerState::NotObserved && !question.not_observed_allowed {
            let message = "\"could not be observed\" may not be chosen here".to_owned();
            error("answers", "not_observed_not_allowed", message);
        }
        if let (QuestionKind::Duration { .. }, AnswerState::Given(Answer::Decimal(value))) =
            (&question.kind, state)
            && value.is_negative()
        {
            error(
                "answers",
                "duration_negative",
                "a duration cannot be negative".to_owned(),
            );
        }
        if self.comments[index].trim().is_empty() && self.needs_comment(question, index, score) {
            error(
                "comments",
                "comment_required",
                "this answer needs a comment".to_owned(),
            );
        }
        let count = self.photo_counts[index];
        if question.photo_evidence == Some(PhotoEvidence::Required) && status.is_answered() && count == 0 {
            error("photos", "photo_required", "this answer needs a photo".to_owned());
        }
        if let QuestionKind::Photo(rules) | QuestionKind::Receipt(rules) = &question.kind
            && count > rules.max_count
        {
            let message = format!("{count} photos; at most {} are allowed", rules.max_count);
            let finding = Finding::error("too_many_photos", "", message);
            add("photos", finding.with(&[&count, &rules.max_count]));
        }
        for finding in limit_errors(question, state) {
            add("answers", finding);
        }
    }

    /// An answer of spaces only is none.
    fn is_unanswered(&self, index: usize, status: QuestionStatus) -> bool {
        let is_blank = match self.answers.state(index) {
            AnswerState::Given(Answer::Text(text)) => text.trim().is_empty(),
            _ => false,
        };
        status == QuestionStatus::Unanswered || is_blank
    }

    fn needs_comment(&self, question: &Question, index: usize, score: &Score) -> bool {
        let of_question = &score.questions[index];
        let state = self.answers.state(index);
        if *state == AnswerState::NotObserved {
            return true; // R11
        }
        let is_chosen = |chosen: usize| question.kind.options()[chosen].comment_required;
        let is_asked_by_option = match state {
            AnswerState::Given(Answer::Option(chosen)) => is_chosen(*chosen),
            AnswerState::Given(Answer::Options(chosen)) => chosen.iter().any(|chosen| is_chosen(*chosen)),
            _ => false,
        };
        let points = question.points.unwrap_or_default().to_exact();
        let is_answered = of_question.status.is_answered();
        let is_full = of_question.earned == points;
        let is_asked_by_rule = match question.comment {
            CommentRule::Never => false,
            CommentRule::Always => is_answered,
            CommentRule::Full => is_answered && is_full,
            CommentRule::BelowFull => is_answered && !is_full,
        };
        is_asked_by_option || is_asked_by_rule
    }
}

/// What is wrong with the size of an answer.
fn limit_errors(question: &Question, state: &AnswerState) -> Vec<Finding> {
    match (&question.kind, state) {
        (QuestionKind::Text(limits), AnswerState::Given(Answer::Text(text))) => {
            let all = limits.all().into_iter();
            all.filter_map(|(measure, _, range)| text_error(measure, range, text))
                .collect()
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
