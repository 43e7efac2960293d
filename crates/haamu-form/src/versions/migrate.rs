//! Moving a draft to another version of its checklist. No answer is ever dropped.

use serde::Serialize;
use serde_json::Value;

use crate::checklist::QuestionKind;
use crate::{Answers, Checklist, Draft, Id};

/// Why an answer has no place in the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The question is not in the new version.
    QuestionDropped,
    /// The answer does not fit the question any more: another type, range or options.
    DoesNotFit,
}

/// An answer that has no place in the new version. It is kept, and shown to its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// The question's id in the old version.
    pub question: Id,
    /// The answer in the shorthand; none if there were only a comment or files.
    pub answer: Option<Value>,
    /// The comment; empty if there was none.
    pub comment: String,
    /// The number of files.
    pub files: u32,
    /// Why it has no place.
    pub reason: Reason,
}

/// A draft in the new version, and what has no place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The draft as answers to the new version.
    pub draft: Draft,
    /// What has no place, in the order of the old version.
    pub aside: Vec<Aside>,
}

/// Moves a draft of the version `old` to the version `new`.
///
/// Answers stay with their questions, by id. An answer that its question would
/// not take any more is put aside as a whole: leaving out a part of what a person
/// said would change it.
#[must_use]
pub fn migrate(old: &Checklist, new: &Checklist, draft: &Draft) -> Migration {
    let mut answers = Answers::empty(new);
    let mut moved = Vec::new();
    let mut aside = Vec::new();
    for (index, question) in old.questions().iter().enumerate() {
        let answer = draft.answers().shorthand(old, index);
        let comment = draft.comment(index);
        let files = draft.photo_count(index);
        if answer.is_none() && comment.is_empty() && files == 0 {
            continue;
        }
        let reason = match new.question_index(question.id.as_str()) {
            None => Some(Reason::QuestionDropped),
            Some(place) => {
                let takes_files = |kind: &QuestionKind| kind.is_media();
                let fits_files = takes_files(&question.kind) == takes_files(&new.questions()[place].kind);
                let fits = fits_files
                    && answer.as_ref().is_none_or(|value| {
                        answers.set(new, question.id.as_str(), &value.to_string()).is_ok()
                    });
                if fits {
                    moved.push((index, place));
                    None
                } else {
                    Some(Reason::DoesNotFit)
                }
            }
        };
        if let Some(reason) = reason {
            aside.push(Aside {
                question: question.id.clone(),
                answer,
                comment: comment.to_owned(),
                files,
                reason,
            });
        }
    }
    let mut migrated = Draft::new(answers);
    for (from, to) in moved {
        migrated.set_comment(to, draft.comment(from));
        migrated.set_photo_count(new, to, draft.photo_count(from));
    }
    Migration {
        draft: migrated,
        aside,
    }
}
