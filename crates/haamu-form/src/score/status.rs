//! What each question counts as (2.3), and which questions are shown (R60-R62).

use crate::answer::{Answer, AnswerState};
use crate::checklist::{Change, Question, QuestionKind};
use crate::{Answers, Checklist};

/// Whether and how a question counts, the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionStatus {
    /// Its condition, or its section's, does not hold.
    NotShown,
    /// A reviewer or an upheld dispute removed it.
    Voided,
    /// Shown, and nothing was given.
    Unanswered,
    /// It does not concern this visit.
    NotApplicable,
    /// It could not be observed.
    NotObserved,
    /// Answered, and it carries no points.
    Unscored,
    /// Answered, and its points only add.
    Bonus,
    /// Answered, and it enters the ratio.
    Scored,
}

impl QuestionStatus {
    /// The name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotShown => "not_shown",
            Self::Voided => "voided",
            Self::Unanswered => "unanswered",
            Self::NotApplicable => "not_applicable",
            Self::NotObserved => "not_observed",
            Self::Unscored => "unscored",
            Self::Bonus => "bonus",
            Self::Scored => "scored",
        }
    }

    /// Whether there is an answer that counts as one.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Unscored | Self::Bonus | Self::Scored)
    }
}

/// Which questions are shown, given the answers so far.
#[must_use]
pub fn shown_questions(checklist: &Checklist, answers: &Answers) -> Vec<bool> {
    statuses(checklist, answers, &[])
        .into_iter()
        .map(|status| status != QuestionStatus::NotShown)
        .collect()
}

/// The status of every question.
///
/// Conditions look only at earlier questions, so one pass settles all but the
/// derived changes, which no condition sees and which come last.
pub(super) fn statuses(checklist: &Checklist, answers: &Answers, voided: &[usize]) -> Vec<QuestionStatus> {
    let questions = checklist.questions();
    let mut statuses = vec![QuestionStatus::NotShown; questions.len()];
    for section in checklist.sections() {
        let is_shown = section.show_if.as_ref().is_none_or(|condition| {
            condition.holds(&|index| effective(checklist, answers, &statuses, index))
        });
        if !is_shown {
            continue;
        }
        for index in section.questions.clone() {
            let question = &questions[index];
            let is_shown = question.show_if.as_ref().is_none_or(|condition| {
                condition.holds(&|index| effective(checklist, answers, &statuses, index))
            });
            if is_shown {
                statuses[index] = if voided.contains(&index) {
                    QuestionStatus::Voided
                } else {
                    shown_status(question, answers.state(index))
                };
            }
        }
    }
    for (index, question) in questions.iter().enumerate() {
        if let QuestionKind::Change(change) = &question.kind
            && statuses[index] == QuestionStatus::NotApplicable
            && change_difference(checklist, answers, &statuses, change).is_some()
        {
            statuses[index] = counted_status(question);
        }
    }
    statuses
}

/// The answer of an earlier question, or none where it is missing (R61).
fn effective<'a>(
    checklist: &'a Checklist,
    answers: &'a Answers,
    statuses: &[QuestionStatus],
    index: usize,
) -> Option<(&'a QuestionKind, &'a Answer)> {
    match answers.state(index) {
        AnswerState::Given(answer) if statuses[index].is_answered() => {
            Some((&checklist.questions()[index].kind, answer))
        }
        _ => None,
    }
}

fn shown_status(question: &Question, state: &AnswerState) -> QuestionStatus {
    match state {
        // A change has no answer of its own; it is settled after all others.
        _ if matches!(question.kind, QuestionKind::Change(_)) => QuestionStatus::NotApplicable,
        AnswerState::Missing => QuestionStatus::Unanswered,
        AnswerState::NotApplicable => QuestionStatus::NotApplicable,
        AnswerState::NotObserved => QuestionStatus::NotObserved,
        AnswerState::Given(answer) if is_na_option(&question.kind, answer) => QuestionStatus::NotApplicable,
        AnswerState::Given(_) => counted_status(question),
    }
}

fn is_na_option(kind: &QuestionKind, answer: &Answer) -> bool {
    match answer {
        Answer::Option(index) => kind.options()[*index].na,
        Answer::Options(indexes) => indexes.iter().any(|index| kind.options()[*index].na),
        Answer::YesNo(_)
        | Answer::Integer(_)
        | Answer::Decimal(_)
        | Answer::Text(_)
        | Answer::DateTime(_)
        | Answer::Media => false,
    }
}

const fn counted_status(question: &Question) -> QuestionStatus {
    if question.points.is_none() || !question.kind.can_be_scored() {
        QuestionStatus::Unscored
    } else if question.bonus {
        QuestionStatus::Bonus
    } else {
        QuestionStatus::Scored
    }
}

/// End minus start; none if an end is missing or both are at the maximum (R15).
pub(super) fn change_difference(
    checklist: &Checklist,
    answers: &Answers,
    statuses: &[QuestionStatus],
    change: &Change,
) -> Option<i64> {
    let end = |index| match effective(checklist, answers, statuses, index)? {
        (QuestionKind::Scale(scale), Answer::Integer(value)) => Some((*value, scale.max)),
        _ => None,
    };
    let ((from, max), (to, _)) = (end(change.from)?, end(change.to)?);
    (from < max || to < max).then_some(to - from)
}
