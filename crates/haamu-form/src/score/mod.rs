//! The score of one visit (sections 2.2 to 2.9 of the scoring specification).
//!
//! [`score`] is a pure function of a checklist, the answers and what a
//! reviewer decided about them. Everything is exact until
//! [`display_percentage`] rounds once, for the reader.

mod output;
mod points;
mod rollup;
mod rounding;
mod status;
mod visit;

use crate::checklist::CriticalEffect;
use crate::{Answers, Checklist, Exact, Id};

pub use output::ScoreOutput;
pub use rollup::Rollup;
pub use rounding::display_percentage;
pub use status::{QuestionStatus, shown_questions};
pub(crate) use visit::{SectionEffect, missed_pass_marks, percentage, section_effects};

/// What a reviewer decided about the answers, which scoring has to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decisions<'a> {
    /// Indexes of questions that were voided.
    pub voided: &'a [usize],
    /// Whether an incomplete evaluation was accepted all the same: its shown,
    /// required and unanswered questions then earn nothing of their points (R9).
    pub accepted_incomplete: bool,
}

/// What one question contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionScore {
    /// Whether and how it counts.
    pub status: QuestionStatus,
    /// The points earned, from 0 to the question's points.
    pub earned: Exact,
    /// The points that were possible; 0 unless it counts.
    pub possible: Exact,
}

/// What one section contributed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionScore {
    /// Σ earned points of its scored questions.
    pub earned: Exact,
    /// Σ points of its bonus questions.
    pub bonus: Exact,
    /// Σ possible points.
    pub possible: Exact,
    /// The section's score before critical effects; none if nothing was possible (R16).
    pub raw: Option<Exact>,
    /// The section's score after critical effects.
    pub last: Option<Exact>,
}

/// A critical answer that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The index of the question.
    pub question: usize,
    /// What it does.
    pub effect: CriticalEffect,
}

/// The verdict on a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The id of the score band.
    Band(Id),
    /// A critical answer or a missed section pass mark failed the visit.
    Failed,
}

impl Grade {
    /// The band's id, or `failed`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Band(id) => id.as_str(),
            Self::Failed => "failed",
        }
    }
}

/// The score of one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The visit score before critical effects, 1 being 100 %; none if nothing was scorable (R4).
    pub raw: Option<Exact>,
    /// The visit score after critical effects: the one that clients see.
    pub last: Option<Exact>,
    /// [`Score::last`] as a rounded percentage without a sign.
    pub display: Option<String>,
    /// The score band, or that the visit failed.
    pub grade: Option<Grade>,
    /// The critical answers, in checklist order.
    pub triggers: Vec<Trigger>,
    /// One entry for each section.
    pub sections: Vec<SectionScore>,
    /// One entry for each question.
    pub questions: Vec<QuestionScore>,
}

/// Scores the answers to a checklist.
#[must_use]
pub fn score(checklist: &Checklist, answers: &Answers, decisions: Decisions<'_>) -> Score {
    let statuses = status::statuses(checklist, answers, decisions.voided);
    let questions: Vec<QuestionScore> = (0..checklist.questions().len())
        .map(|index| points::question_score(checklist, answers, index, statuses[index], decisions))
        .collect();
    let triggers = visit::triggers(checklist, answers, &questions);
    visit::visit_score(checklist, questions, triggers)
}
