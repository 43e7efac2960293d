//! What keeps a draft from being a complete evaluation.
//!
//! A [`Draft`] may hold anything that the types allow. [`Draft::complete`]
//! makes a [`Complete`] evaluation of it, or says everything that is missing.

mod check;

use std::collections::BTreeMap;

use crate::answer::{Answer, AnswerState};
use crate::score::{QuestionStatus, Settled, score_settled};
use crate::{Answers, Checklist, Decisions, Finding, Findings, Score, Slot};

use check::Check;

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

/// An evaluation in the making: answers, comments and the number of photos and files at each place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    answers: Answers,
    /// By place; a place with nothing has none.
    notes: BTreeMap<Slot, Note>,
}

/// What comes with an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Note {
    comment: String,
    photos: u32,
    files: u32,
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
    pub const fn new(answers: Answers) -> Self {
        Self {
            answers,
            notes: BTreeMap::new(),
        }
    }

    /// Sets the comment at a place: of a question, or of a question in an instance.
    pub fn set_comment(&mut self, slot: impl Into<Slot>, comment: impl Into<String>) {
        let comment = comment.into();
        self.note(slot.into(), |note| note.comment = comment);
    }

    /// Sets the number of photos and recordings at a place. A question that consists of them is
    /// answered by having at least one.
    ///
    /// # Panics
    /// If the checklist has no such question, or the answers no such instance.
    pub fn set_photo_count(&mut self, checklist: &Checklist, slot: impl Into<Slot>, count: u32) {
        let slot = slot.into();
        self.note(slot, |note| note.photos = count);
        self.settle_media(checklist, slot);
    }

    /// Sets the number of documents and other files at a place, like [`Draft::set_photo_count`].
    ///
    /// # Panics
    /// If the checklist has no such question, or the answers no such instance.
    pub fn set_file_count(&mut self, checklist: &Checklist, slot: impl Into<Slot>, count: u32) {
        let slot = slot.into();
        self.note(slot, |note| note.files = count);
        self.settle_media(checklist, slot);
    }

    fn note(&mut self, slot: Slot, change: impl FnOnce(&mut Note)) {
        let note = self.notes.entry(slot).or_default();
        change(note);
        if *note == Note::default() {
            self.notes.remove(&slot);
        }
    }

    fn settle_media(&mut self, checklist: &Checklist, slot: Slot) {
        if !checklist.questions()[slot.question].kind.is_media() {
            return;
        }
        let count = self.photo_count(slot) + self.file_count(slot);
        let state = self.answers.state_mut(checklist, slot);
        match (count, &state) {
            (0, AnswerState::Given(_)) => *state = AnswerState::Missing,
            (0, _) => {}
            (_, _) => *state = AnswerState::Given(Answer::Media),
        }
    }

    /// The answers.
    #[must_use]
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The comment at a place; empty if there is none.
    #[must_use]
    pub fn comment(&self, slot: impl Into<Slot>) -> &str {
        self.notes.get(&slot.into()).map_or("", |note| &note.comment)
    }

    /// The number of photos and recordings at a place.
    #[must_use]
    pub fn photo_count(&self, slot: impl Into<Slot>) -> u32 {
        self.notes.get(&slot.into()).map_or(0, |note| note.photos)
    }

    /// The number of documents and other files at a place.
    #[must_use]
    pub fn file_count(&self, slot: impl Into<Slot>) -> u32 {
        self.notes.get(&slot.into()).map_or(0, |note| note.files)
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
        let settled = Settled::new(checklist, &self.answers, &[]);
        let score = score_settled(&settled, Decisions::default());
        let findings = Check::new(self, &settled, &score).stage(stage);
        (score, findings)
    }

    /// Makes a complete evaluation.
    ///
    /// # Errors
    /// Everything that is missing or too much.
    pub fn complete(mut self, checklist: &Checklist, stage: Stage) -> Result<Complete, Findings> {
        Findings::check(self.findings(checklist, stage))?;
        let settled = Settled::new(checklist, &self.answers, &[]);
        let is_hidden = |slot: &Slot| settled.status(*slot) == QuestionStatus::NotShown;
        let hidden: Vec<Slot> = self
            .answers
            .slots(checklist)
            .into_iter()
            .filter(is_hidden)
            .collect();
        for slot in hidden {
            *self.answers.state_mut(checklist, slot) = AnswerState::Missing;
            self.notes.remove(&slot);
        }
        Ok(Complete(self))
    }
}
