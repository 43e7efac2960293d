//! Versions of a checklist: what differs, what becomes of a draft, and what an
//! edit would do to scores.
//!
//! Questions and options are recognised by their ids, which are never used
//! again for something else; a question with a new id by its standard id.

mod compare;
mod compare_parts;
mod impact;
mod migrate;

pub use compare::{
    Change, Fate, OptionDifference, QuestionDifference, SectionDifference, VersionDifference, difference,
};
pub use impact::{Impact, impact};
pub use migrate::{Aside, Migration, Reason, migrate};

use crate::Checklist;
use crate::checklist::Question;

/// The question of `checklist` that is the same as `question` of another version: by id, else by standard id.
fn counterpart(checklist: &Checklist, question: &Question) -> Option<usize> {
    let by_standard_id = || {
        let id = question.standard_id.as_ref()?;
        let questions = checklist.questions();
        questions
            .iter()
            .position(|other| other.standard_id.as_ref() == Some(id))
    };
    checklist
        .question_index(question.id.as_str())
        .or_else(by_standard_id)
}
