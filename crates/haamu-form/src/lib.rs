//! The evaluation-form model of Haamu: checklists, answers, conditions,
//! validation and scoring in exact arithmetic.
//!
//! One crate gives the same result on the server, on the phone and in the
//! browser. It is pure: no clock, no randomness, no input or output. It does
//! not store or merge answers (that is `haamu-sync`) and knows nothing of
//! visits, people or files.
//!
//! * [`Checklist`] — a sound checklist, read from a `haamu-checklist/1` document
//! * [`Answers`] — typed answers to one checklist
//! * [`score`](fn@score) — the score of a visit; [`trace`](fn@trace) explains it
//! * [`compile`] — everything that can be said of a checklist before it is filled in
//! * [`versions`] — what differs between two versions, and moving a draft to another
//! * `schema` — the JSON Schema of documents, with the feature of that name
//! * [`Draft`] — an evaluation in the making; [`Draft::complete`] validates it
//!
//! Rules are cited as `R…` after the scoring specification, whose chapters
//! ARCHITECTURE.md sums up.
//!
//! ```
//! use haamu_form::{Answers, Checklist, Decisions, score};
//!
//! let checklist = Checklist::parse(r#"{"sections": [{"id": "greeting", "questions": [
//!     {"id": "greeted", "type": "yes_no", "points": "2"},
//!     {"id": "smiled", "type": "yes_no", "points": "1"}]}]}"#)?;
//! let answers = Answers::parse(&checklist, r#"{"greeted": "yes", "smiled": "no"}"#)?;
//! let score = score(&checklist, &answers, Decisions::default());
//! assert_eq!(score.display.as_deref(), Some("66.7"));
//! # Ok::<(), haamu_form::Findings>(())
//! ```

mod answer;
mod checklist;
pub mod compile;
mod decimal;
mod exact;
mod finding;
mod read;
#[cfg(feature = "schema")]
pub mod schema;
pub mod score;
mod text;
pub mod trace;
mod validate;
pub mod versions;

pub use answer::{Answer, AnswerState, Answers, Context, LocalDateTime, ScoreRequest, parse_answers_file};
pub use checklist::{
    Aggregate, AnswerOption, AttachedFile, AttributeKind, Band, BandOn, CalculatedValue, Calculation, Change,
    Checklist, Choice, CommentRule, Comparison, Condition, Constraint, ContentHash, CountRange, Critical,
    CriticalEffect, DurationUnit, EvidenceRule, FileRules, FillAfterDays, Guideline, Header,
    LocationAttribute, Matrix, MultiChoice, MultiMode, NumberLimits, Operand, OptionOrder, Perspective,
    Phase, PhotoRules, Question, QuestionKind, Quiz, Relation, Repeat, RepeatScoring, RetentionClass,
    Rounding, Scale, ScoreBand, ScoreMode, Scoring, Section, Sensitivity, Slot, Status, Symbology,
    TextLimits, TextMeasure, Theme, Touchpoint, UnansweredPolicy, canonical_document,
};
pub use decimal::{Decimal, DecimalError};
pub use exact::{Exact, ParseExactError};
pub use finding::{Finding, Findings, Severity};
pub use score::{Decisions, Score, ScoreOutput, score};
pub use text::{Id, Language, Localised, Texts};
pub use trace::trace;
pub use validate::{Complete, Draft, Stage};
