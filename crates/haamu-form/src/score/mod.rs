//! The score of one visit (sections 2.2 to 2.9 of the scoring specification).
//!
//! [`score`] is a pure function of a checklist, the answers and what a
//! reviewer decided about them. Everything is exact until
//! [`display_percentage`] rounds once, for the reader.

mod output;
mod points;
mod repeated;
mod restore;
mod rollup;
mod rounding;
mod status;
mod visit;

use crate::checklist::CriticalEffect;
use crate::{Answers, Checklist, Exact, Id, Slot};

pub use output::ScoreOutput;
pub use rollup::Rollup;
pub use rounding::display_percentage;
pub(crate) use status::Settled;
pub use status::{QuestionStatus, offered_options, shown_questions};
pub(crate) use visit::{SectionEffect, has_passed_quiz, missed_pass_marks, percentage, section_effects};

/// What a reviewer decided about the answers, which scoring has to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decisions<'a> {
    /// The places of questions that were voided; one without an instance means all instances.
    pub voided: &'a [Slot],
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
    /// The value of a derived question: a change or a calculated value; none where it is missing.
    pub value: Option<Exact>,
    /// Where its section is repeated, what it contributed in each instance, before the
    /// instances were put together; then the points above are what they came to, and the
    /// status is the one that counts for most.
    pub instances: Vec<InstanceScore>,
}

/// What a question contributed at one place: alone, or in one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceScore {
    /// Whether and how it counts.
    pub status: QuestionStatus,
    /// The points earned, from 0 to the question's points.
    pub earned: Exact,
    /// The points that were possible; 0 unless it counts.
    pub possible: Exact,
    /// The value of a derived question: a change or a calculated value; none where it is missing.
    pub value: Option<Exact>,
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
    /// Where it is repeated, each instance.
    pub instances: Vec<SectionInstance>,
}

/// One instance of a repeated section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionInstance {
    /// Earned and bonus points over possible points; none if nothing was possible.
    pub raw: Option<Exact>,
    /// What one point of the instance is worth in the section: 1 where instances are summed.
    pub factor: Exact,
}

/// A critical answer that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The index of the question.
    pub question: usize,
    /// The instance, where its section is repeated.
    pub instance: Option<usize>,
    /// What it does.
    pub effect: CriticalEffect,
}

impl Trigger {
    /// Where the answer was given.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot {
            question: self.question,
            instance: self.instance,
        }
    }
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

impl Score {
    /// Whether a certification quiz is passed, by its exact final score and the critical
    /// answers; none where the checklist is no quiz.
    #[must_use]
    pub fn has_passed(&self, checklist: &Checklist) -> Option<bool> {
        let is_failed = self.grade == Some(Grade::Failed);
        has_passed_quiz(checklist, self.last.as_ref()).map(|passed| passed && !is_failed)
    }
}

/// Scores the answers to a checklist.
#[must_use]
pub fn score(checklist: &Checklist, answers: &Answers, decisions: Decisions<'_>) -> Score {
    if decisions.accepted_incomplete {
        // Instances that are missing cost their points, as questions do (R9).
        let answers = answers.filled_up(checklist);
        return score_settled(&Settled::new(checklist, &answers, decisions.voided), decisions);
    }
    score_settled(&Settled::new(checklist, answers, decisions.voided), decisions)
}

/// Scores what was settled of answers.
pub(crate) fn score_settled(settled: &Settled<'_>, decisions: Decisions<'_>) -> Score {
    let checklist = settled.checklist();
    let mut questions = Vec::with_capacity(checklist.questions().len());
    let mut instances: Vec<Vec<SectionInstance>> = Vec::with_capacity(checklist.sections().len());
    for (index, section) in checklist.sections().iter().enumerate() {
        match &section.repeat {
            None => {
                let alone = |index| points::slot_score(settled, Slot::from(index), decisions).into();
                questions.extend(section.questions.clone().map(alone));
                instances.push(Vec::new());
            }
            Some(repeat) => {
                let (of_questions, of_section) = repeated::scores(settled, index, repeat, decisions);
                questions.extend(of_questions);
                instances.push(of_section);
            }
        }
    }
    let triggers = visit::triggers(settled, &questions);
    visit::visit_score(checklist, questions, instances, triggers)
}

impl From<InstanceScore> for QuestionScore {
    fn from(alone: InstanceScore) -> Self {
        Self {
            status: alone.status,
            earned: alone.earned,
            possible: alone.possible,
            value: alone.value,
            instances: Vec::new(),
        }
    }
}
