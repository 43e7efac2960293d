//! The checklist: sections, questions, conditions and scoring settings.
//!
//! A [`Checklist`] is read from a `haamu-checklist/1` document and is always
//! sound: identifiers are unique, conditions refer to existing earlier
//! questions, every question has what its type needs. Whether it is fit to be
//! *published* (texts in all languages, weights, …) is a further question,
//! which [`Checklist::publish_check`] answers; scoring does not ask it.

mod attribute;
mod calculation;
mod condition;
mod constraint;
mod extras;
mod hash;
mod kind;
mod limits;
mod places;
mod publish;
mod publish_attributes;
mod publish_extras;
mod publish_kind;
mod read;
mod read_attribute;
mod read_calculation;
mod read_condition;
mod read_extras;
mod read_kind;
mod read_matrix;
mod read_question;
mod read_settings;
mod repeat;
mod scoring;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Decimal, Findings, Id, Texts};

pub(crate) use attribute::ContextValue;
pub use attribute::{AttributeKind, LocationAttribute};
pub use calculation::{Aggregate, Calculation, Choice};
pub use condition::{Comparison, Condition, Operand, Relation};
pub(crate) use condition::{Facts, Known};
pub use constraint::Constraint;
pub use extras::{AttachedFile, Guideline, Matrix, OptionOrder, Quiz, RetentionClass, Sensitivity};
pub use hash::{ContentHash, canonical_document};
pub use kind::{
    AnswerOption, Band, CalculatedValue, Change, DurationUnit, FileRules, MultiChoice, MultiMode, PhotoRules,
    QuestionKind, Scale, Symbology,
};
pub use limits::{CountRange, NumberLimits, TextLimits, TextMeasure};
pub(crate) use read::from_node;
pub use repeat::{Repeat, RepeatScoring, Slot};
pub use scoring::{BandOn, Rounding, ScoreBand, ScoreMode, Scoring, UnansweredPolicy};

/// A sound checklist of format `haamu-checklist/1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checklist {
    pub(crate) header: Header,
    pub(crate) scoring: Scoring,
    pub(crate) touchpoints: Vec<Touchpoint>,
    pub(crate) themes: Vec<Theme>,
    pub(crate) location_attributes: Vec<LocationAttribute>,
    pub(crate) files: Vec<AttachedFile>,
    pub(crate) matrices: Vec<Matrix>,
    pub(crate) sections: Vec<Section>,
    pub(crate) questions: Vec<Question>,
    pub(crate) question_indexes: BTreeMap<Id, usize>,
    /// Where each question stands in the document.
    pub(crate) places: Vec<places::Place>,
    /// The oldest minor version of the format that knows everything that the document uses.
    pub(crate) needed_minor: u32,
}

/// What a checklist says of itself. All of it is optional for scoring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The minor version of the format that the document states, 0 if none.
    pub format_minor: u32,
    /// The identifier that all versions of the checklist share.
    pub id: Option<Id>,
    /// The number of this version, from 1.
    pub version: Option<u32>,
    /// Where the version is in its life.
    pub status: Option<Status>,
    /// The languages in which every text must be given.
    pub languages: Vec<String>,
    /// The language to fall back to.
    pub default_language: Option<String>,
    /// The name of the checklist.
    pub title: Texts,
    /// What is evaluated.
    pub description: Texts,
    /// How the customer and the company meet: `in_person`, `remote`, …
    pub channel: Option<String>,
    /// The kind of visit: `mystery_visit`, `mystery_contact`, …
    pub visit_kind: Option<String>,
    /// What the shopper does and says.
    pub scenario: Texts,
    /// How long filling in takes, with the visit, in minutes.
    pub estimated_minutes: Option<u32>,
    /// Present where the checklist is a certification quiz.
    pub quiz: Option<Quiz>,
    /// What the shopper reads before the visit.
    pub guidelines: Vec<Guideline>,
}

/// The life of a checklist version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A worked example that comes with the product.
    Example,
    /// Being written.
    Draft,
    /// In use and unchangeable.
    Published,
    /// No longer offered for new visits.
    Withdrawn,
}

/// When in the journey a touchpoint lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the encounter.
    Before,
    /// During the encounter.
    During,
    /// After the encounter.
    After,
}

/// A point where customer and company meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touchpoint {
    /// The identifier that questions name.
    pub id: Id,
    /// When in the journey.
    pub phase: Option<Phase>,
    /// The stated effect on the customer's outcome, 1 (low) to 5 (high).
    pub impact: Option<u32>,
    /// The name for readers.
    pub label: Texts,
}

/// A quality that is measured across touchpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The identifier that questions name.
    pub id: Id,
    /// The name for readers.
    pub label: Texts,
}

/// When a follow-up section may be filled in, in whole days after the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillAfterDays {
    /// The first day.
    pub min: u32,
    /// The last day.
    pub max: u32,
}

/// A group of questions with a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The identifier.
    pub id: Id,
    /// The heading.
    pub title: Texts,
    /// The share of the visit score, not negative.
    pub weight: Decimal,
    /// When the section is shown; always, if absent.
    pub show_if: Option<Condition>,
    /// The percentage below which the visit's grade is `failed` (R25).
    pub pass_mark: Option<Decimal>,
    /// Present on a section that is filled in some days later.
    pub fill_after_days: Option<FillAfterDays>,
    /// Present on a section that is filled in several times.
    pub repeat: Option<Repeat>,
    /// What its answers together must not be, within one instance where it is repeated.
    pub constraints: Vec<Constraint>,
    /// The questions of the section, as indexes into [`Checklist::questions`].
    pub questions: Range<usize>,
}

/// Whose behaviour or state a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perspective {
    /// What staff did.
    StaffBehaviour,
    /// What the shopper felt.
    OwnExperience,
    /// What the place was like.
    Environment,
    /// A plain fact of the visit.
    Fact,
}

/// When a comment is required besides the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommentRule {
    /// Never.
    #[default]
    Never,
    /// When the answer earns less than full points.
    BelowFull,
    /// When the answer earns full points.
    Full,
    /// With every answer.
    Always,
}

/// Whether photos or files may or must come with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceRule {
    /// They may.
    Optional,
    /// At least one must.
    Required,
}

/// What a critical answer does beyond its points (2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriticalEffect {
    /// An alert only.
    Flag,
    /// The section's score becomes zero.
    SectionZero,
    /// The section's score is at most this percentage.
    SectionCap(Decimal),
    /// The visit's score is at most this percentage.
    VisitCap(Decimal),
    /// The visit's score becomes zero.
    VisitZero,
    /// The number stays, the grade becomes `failed`.
    VisitFail,
}

/// The critical rule of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Critical {
    /// What a trigger does.
    pub effect: CriticalEffect,
    /// Triggers when earned over possible is below this fraction.
    pub fail_below: Option<Decimal>,
}

/// One item of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The identifier, unique in the checklist.
    pub id: Id,
    /// The index of its section.
    pub section: usize,
    /// The type with what belongs to it.
    pub kind: QuestionKind,
    /// The question itself.
    pub text: Texts,
    /// Guidance for the shopper.
    pub help: Texts,
    /// Whose behaviour or state it is about.
    pub perspective: Option<Perspective>,
    /// The measured quality, a theme's id.
    pub theme: Option<Id>,
    /// The touchpoints it belongs to.
    pub touchpoints: Vec<Id>,
    /// Whether it blocks submission while shown and unanswered.
    pub required: bool,
    /// The most it can earn; unscored if absent.
    pub points: Option<Decimal>,
    /// Whether its points only add (R18).
    pub bonus: bool,
    /// When it is shown; always, if absent.
    pub show_if: Option<Condition>,
    /// Whether "does not apply" may be chosen.
    pub na_allowed: bool,
    /// Whether "could not be observed" may be chosen.
    pub not_observed_allowed: bool,
    /// When a comment is required.
    pub comment: CommentRule,
    /// Whether photos may or must be added.
    pub photo_evidence: Option<EvidenceRule>,
    /// Whether documents and other files may or must be added.
    pub file_evidence: Option<EvidenceRule>,
    /// What a critical answer does.
    pub critical: Option<Critical>,
    /// The named metric it measures, such as `nps`.
    pub metric: Option<String>,
    /// The name under which the same question is known in other checklists and versions.
    pub standard_id: Option<Id>,
    /// Whose personal data the answer holds.
    pub sensitivity: Sensitivity,
    /// How long the answer lives, where the checklist says so; see [`Question::retention_class`].
    pub retention: Option<RetentionClass>,
    /// Whether it checks the shopper's care, such as a detail that only a visitor knows; see [`Question::is_kept_back`].
    pub integrity: bool,
    /// In which order its options are offered; see [`Question::offered_options`].
    pub option_order: OptionOrder,
    /// Pictures and documents that explain it, as indexes into [`Checklist::files`].
    pub help_files: Vec<usize>,
    /// The table that it is a row of, as an index into [`Checklist::matrices`].
    pub matrix: Option<usize>,
}

impl Question {
    /// Whether it may be answered with "does not apply", be it as a status or as an option that means so.
    #[must_use]
    pub fn allows_not_applicable(&self) -> bool {
        self.na_allowed || self.kind.options().iter().any(|option| option.na)
    }
}

impl Checklist {
    /// Reads a checklist document.
    ///
    /// Texts, themes and the like may be absent, as in a document that only
    /// serves scoring.
    ///
    /// # Errors
    /// All errors at once, each with its path; none of them is about texts or
    /// weights, see [`Checklist::publish_check`].
    pub fn parse(document: &str) -> Result<Self, Findings> {
        read::checklist(document)
    }

    /// What the checklist says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The scoring settings.
    #[must_use]
    pub const fn scoring(&self) -> &Scoring {
        &self.scoring
    }

    /// The touchpoints, in document order.
    #[must_use]
    pub fn touchpoints(&self) -> &[Touchpoint] {
        &self.touchpoints
    }

    /// The themes, in document order.
    #[must_use]
    pub fn themes(&self) -> &[Theme] {
        &self.themes
    }

    /// The files that come with the checklist, in document order.
    #[must_use]
    pub fn files(&self) -> &[AttachedFile] {
        &self.files
    }

    /// The tables of questions, in document order.
    #[must_use]
    pub fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    /// How the section of the question at `index` is repeated; none if it is not.
    ///
    /// # Panics
    /// If the checklist has no such question.
    #[must_use]
    pub fn repeat_of(&self, index: usize) -> Option<&Repeat> {
        self.sections[self.questions[index].section].repeat.as_ref()
    }

    /// Whether the client may see the answer to each question: not where the question is kept back, and not
    /// where the answer is worked out from one that is.
    #[must_use]
    pub fn client_questions(&self) -> Vec<bool> {
        let mut may_see: Vec<bool> = self
            .questions
            .iter()
            .map(|question| !question.is_kept_back())
            .collect();
        // Calculations look at earlier questions only; changes are no source of anything.
        for (index, question) in self.questions.iter().enumerate() {
            let sources = match &question.kind {
                QuestionKind::Change(change) => vec![change.from, change.to],
                QuestionKind::Calculated(value) => value.calculation.sources(),
                _ => continue,
            };
            may_see[index] &= sources.into_iter().all(|source| may_see[source]);
        }
        may_see
    }

    /// The index of a section.
    #[must_use]
    pub fn section_index(&self, id: &str) -> Option<usize> {
        self.sections.iter().position(|section| section.id.as_str() == id)
    }

    /// The sections, in document order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// All questions, section by section, in document order.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The questions of one section.
    #[must_use]
    pub fn questions_of(&self, section: &Section) -> &[Question] {
        &self.questions[section.questions.clone()]
    }

    /// The index of a question in [`Checklist::questions`].
    #[must_use]
    pub fn question_index(&self, id: &str) -> Option<usize> {
        self.question_indexes.get(id).copied()
    }

    /// The language to fall back to.
    #[must_use]
    pub fn default_language(&self) -> &str {
        self.header.default_language.as_deref().unwrap_or("en")
    }

    /// The name of the score band with this id, where there is one.
    #[must_use]
    pub fn score_band(&self, id: &str) -> Option<&ScoreBand> {
        self.scoring.bands.iter().find(|band| band.id.as_str() == id)
    }
}
