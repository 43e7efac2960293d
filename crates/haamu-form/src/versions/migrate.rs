//! Moving a draft to another version of its checklist. No answer is ever dropped.

use serde::Serialize;
use serde_json::Value;

use crate::{Answers, Checklist, Draft, Id, Slot};

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
    /// The instance, from 0, where its section was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<usize>,
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
/// Answers stay with their questions, by id, or by standard id where the id is new;
/// instances stay with their section. An answer that its question would not take any
/// more is put aside as a whole: leaving out a part of what a person said would change it.
#[must_use]
pub fn migrate(old: &Checklist, new: &Checklist, draft: &Draft) -> Migration {
    let mut answers = Answers::empty(new).with_context(draft.answers().context().clone());
    // An instance without answers is one all the same.
    for (index, section) in old.sections().iter().enumerate() {
        let Some(place) = new.section_index(section.id.as_str()) else {
            continue;
        };
        for _ in 0..draft.answers().instance_count(index) {
            if answers.add_instance(new, place).is_err() {
                break;
            }
        }
    }
    let mut moved = Vec::new();
    let mut aside = Vec::new();
    for slot in draft.answers().slots(old) {
        let question = &old.questions()[slot.question];
        let answer = draft.answers().shorthand(old, slot);
        let comment = draft.comment(slot);
        let files = draft.photo_count(slot) + draft.file_count(slot);
        if answer.is_none() && comment.is_empty() && files == 0 {
            continue;
        }
        let reason = match place_in(old, new, slot) {
            None => Some(Reason::QuestionDropped),
            Some(place) => {
                let is_media =
                    |checklist: &Checklist, slot: Slot| checklist.questions()[slot.question].kind.is_media();
                let has_instance = place.instance.is_none_or(|instance| {
                    instance < answers.instance_count(new.questions()[place.question].section)
                });
                let fits = has_instance
                    && is_media(old, slot) == is_media(new, place)
                    && answer
                        .as_ref()
                        .is_none_or(|value| answers.set(new, &place.path(new), &value.to_string()).is_ok());
                if fits {
                    moved.push((slot, place));
                    None
                } else {
                    Some(Reason::DoesNotFit)
                }
            }
        };
        if let Some(reason) = reason {
            aside.push(Aside {
                question: question.id.clone(),
                instance: slot.instance,
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
        migrated.set_file_count(new, to, draft.file_count(from));
    }
    Migration {
        draft: migrated,
        aside,
    }
}

/// Where the question of a place stands in the new version; none if it has none, or another way of repeating.
fn place_in(old: &Checklist, new: &Checklist, slot: Slot) -> Option<Slot> {
    let before = &old.questions()[slot.question];
    let question = super::counterpart(new, before)?;
    let section_of = |checklist: &Checklist, question: usize| {
        checklist.sections()[checklist.questions()[question].section]
            .id
            .clone()
    };
    let is_repeated = new.repeat_of(question).is_some();
    let is_same = !is_repeated || section_of(old, slot.question) == section_of(new, question);
    (is_repeated == slot.instance.is_some() && is_same).then_some(Slot {
        question,
        instance: slot.instance,
    })
}
