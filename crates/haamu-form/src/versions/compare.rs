//! The difference between two versions, by questions and options.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::checklist::Question;
use crate::{Checklist, Id};

use super::compare_parts::{condition, is_kind_rescored, labels, limits, options, sections, type_name};
use super::counterpart;

/// Whether something is in one of the versions or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is in both versions.
    Kept,
    /// It is in the new version only.
    New,
    /// It is in the old version only.
    Dropped,
}

/// In what respect something that is in both versions differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It stands in another section, or in another order.
    Moved,
    /// It has another id, and the same standard id.
    Renamed,
    /// Its texts differ.
    Reworded,
    /// It has another type; answers to it may not fit.
    Retyped,
    /// It earns or loses points in another way: answers may score differently.
    Rescored,
    /// It is shown under another condition.
    Reconditioned,
    /// It asks for something else besides the answer: required, comments, photos, limits.
    Revalidated,
    /// It belongs to another theme, touchpoint, perspective, metric or class of data.
    Retagged,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuestionDifference {
    /// Its id.
    pub id: Id,
    /// Whether it is in both versions.
    pub fate: Fate,
    /// How it differs, if it is in both.
    pub changes: BTreeSet<Change>,
    /// Its options that are not the same, new ones and dropped ones among them.
    pub options: Vec<OptionDifference>,
}

/// What became of an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OptionDifference {
    /// Its id.
    pub id: Id,
    /// Whether it is in both versions.
    pub fate: Fate,
    /// How it differs, if it is in both.
    pub changes: BTreeSet<Change>,
}

/// What became of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionDifference {
    /// Its id.
    pub id: Id,
    /// Whether it is in both versions.
    pub fate: Fate,
    /// How it differs, if it is in both.
    pub changes: BTreeSet<Change>,
}

/// The difference between two versions. Only what differs is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VersionDifference {
    /// The number of questions that are the same in both.
    pub unchanged: usize,
    /// Questions, those of the new version first, in its order, then dropped ones.
    pub questions: Vec<QuestionDifference>,
    /// Sections, likewise.
    pub sections: Vec<SectionDifference>,
    /// Whether the scoring settings differ: the mode, rounding, bands, the policy for unanswered questions.
    pub is_scoring_changed: bool,
}

impl VersionDifference {
    /// Whether the same answers may get another score in the new version.
    #[must_use]
    pub fn may_change_scores(&self) -> bool {
        let is_of_score = |fate: Fate, changes: &BTreeSet<Change>| {
            fate != Fate::Kept
                || [Change::Retyped, Change::Rescored, Change::Reconditioned]
                    .iter()
                    .any(|change| changes.contains(change))
        };
        self.is_scoring_changed
            || self.questions.iter().any(|one| {
                is_of_score(one.fate, &one.changes)
                    || one
                        .options
                        .iter()
                        .any(|option| is_of_score(option.fate, &option.changes))
            })
            || self
                .sections
                .iter()
                .any(|one| is_of_score(one.fate, &one.changes))
    }
}

/// Compares two versions of a checklist.
#[must_use]
pub fn difference(old: &Checklist, new: &Checklist) -> VersionDifference {
    let mut difference = VersionDifference {
        is_scoring_changed: old.scoring() != new.scoring(),
        ..VersionDifference::default()
    };
    let moved = moved(old, new);
    for question in new.questions() {
        let Some(before) = counterpart(old, question) else {
            difference.questions.push(whole(question, Fate::New));
            continue;
        };
        let before = &old.questions()[before];
        let mut changes = question_changes((old, before), (new, question));
        if moved.contains(&question.id) {
            changes.insert(Change::Moved);
        }
        if before.id != question.id {
            changes.insert(Change::Renamed);
        }
        let options = options((old, before), (new, question));
        if changes.is_empty() && options.is_empty() {
            difference.unchanged += 1;
        } else {
            difference.questions.push(QuestionDifference {
                id: question.id.clone(),
                fate: Fate::Kept,
                changes,
                options,
            });
        }
    }
    let is_dropped = |question: &&Question| counterpart(new, question).is_none();
    let dropped = old.questions().iter().filter(is_dropped);
    difference
        .questions
        .extend(dropped.map(|question| whole(question, Fate::Dropped)));
    difference.sections = sections(old, new);
    difference
}

fn whole(question: &Question, fate: Fate) -> QuestionDifference {
    QuestionDifference {
        id: question.id.clone(),
        fate,
        changes: BTreeSet::new(),
        options: Vec::new(),
    }
}

/// Questions in another section, or that stand elsewhere among those that both versions have. Of an exchange of
/// two, both moved; of one that jumped over many, that one did: the longest common order stays.
fn moved(old: &Checklist, new: &Checklist) -> BTreeSet<Id> {
    let section_of =
        |checklist: &Checklist, question: &Question| checklist.sections()[question.section].id.clone();
    let mut moved = BTreeSet::new();
    let mut places = Vec::new();
    for question in new.questions() {
        let Some(before) = counterpart(old, question) else {
            continue;
        };
        if section_of(old, &old.questions()[before]) == section_of(new, question) {
            places.push((before, &question.id));
        } else {
            moved.insert(question.id.clone());
        }
    }
    let indexes: Vec<usize> = places.iter().map(|(index, _)| *index).collect();
    let in_order = longest_increasing(&indexes);
    let out_of_order = places
        .iter()
        .enumerate()
        .filter(|(place, _)| !in_order.contains(place));
    moved.extend(out_of_order.map(|(_, (_, id))| (*id).clone()));
    moved
}

/// The places of a longest increasing run through the values.
fn longest_increasing(values: &[usize]) -> BTreeSet<usize> {
    // The place of the smallest last value of a run of each length, and where each place was reached from.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; values.len()];
    for (place, value) in values.iter().enumerate() {
        let length = ends.partition_point(|end| values[*end] < *value);
        before[place] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(place);
        } else {
            ends[length] = place;
        }
    }
    let mut run = BTreeSet::new();
    let mut place = ends.last().copied();
    while let Some(current) = place {
        run.insert(current);
        place = before[current];
    }
    run
}

fn question_changes(
    (old, before): (&Checklist, &Question),
    (new, after): (&Checklist, &Question),
) -> BTreeSet<Change> {
    let mut changes = BTreeSet::new();
    let mut note = |differs: bool, change| {
        if differs {
            changes.insert(change);
        }
    };
    let words = |checklist: &Checklist, question: &Question| {
        let stem = question
            .matrix
            .map(|index| checklist.matrices()[index].text.clone());
        let files = question
            .help_files
            .iter()
            .map(|index| checklist.files()[*index].sha256.clone());
        (
            question.text.clone(),
            question.help.clone(),
            stem,
            files.collect::<Vec<_>>(),
        )
    };
    note(words(old, before) != words(new, after), Change::Reworded);
    note(labels(&before.kind) != labels(&after.kind), Change::Reworded);
    note(type_name(&before.kind) != type_name(&after.kind), Change::Retyped);
    let score = |question: &Question| (question.points, question.bonus, question.critical);
    note(score(before) != score(after), Change::Rescored);
    note(
        is_kind_rescored(old, &before.kind, new, &after.kind),
        Change::Rescored,
    );
    note(
        condition(old, before.show_if.as_ref()) != condition(new, after.show_if.as_ref()),
        Change::Reconditioned,
    );
    let rules = |question: &Question| {
        (
            question.required,
            question.na_allowed,
            question.not_observed_allowed,
            question.comment,
            question.photo_evidence,
            question.file_evidence,
        )
    };
    note(
        rules(before) != rules(after) || limits(&before.kind) != limits(&after.kind),
        Change::Revalidated,
    );
    let tags = |question: &Question| {
        (
            question.perspective,
            question.theme.clone(),
            question.touchpoints.clone(),
            question.metric.clone(),
            question.standard_id.clone(),
            (
                question.sensitivity,
                question.retention_class(),
                question.integrity,
            ),
        )
    };
    note(tags(before) != tags(after), Change::Retagged);
    changes
}
