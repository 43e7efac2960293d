//! The difference between two versions, by questions and options.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::checklist::{AnswerOption, Condition, NumberLimits, Question, QuestionKind, Section, TextLimits};
use crate::{Checklist, Id};

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
    /// It belongs to another theme, touchpoint, perspective or metric.
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
        let Some(before) = old.question_index(question.id.as_str()) else {
            difference.questions.push(whole(question, Fate::New));
            continue;
        };
        let before = &old.questions()[before];
        let mut changes = question_changes((old, before), (new, question));
        if moved.contains(&question.id) {
            changes.insert(Change::Moved);
        }
        let options = options(before, question);
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
    let is_dropped = |question: &&Question| new.question_index(question.id.as_str()).is_none();
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
        let Some(before) = old.question_index(question.id.as_str()) else {
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
    note(
        (&before.text, &before.help) != (&after.text, &after.help),
        Change::Reworded,
    );
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
        )
    };
    note(tags(before) != tags(after), Change::Retagged);
    changes
}

/// The texts of a kind beside its options.
fn labels(kind: &QuestionKind) -> Option<(&crate::Texts, &crate::Texts)> {
    match kind {
        QuestionKind::Scale(scale) => Some((&scale.min_label, &scale.max_label)),
        _ => None,
    }
}

/// What a kind asks of answers beside their type.
fn limits(kind: &QuestionKind) -> (TextLimits, NumberLimits, u32) {
    match kind {
        QuestionKind::Text(limits) => (*limits, NumberLimits::default(), 0),
        QuestionKind::Number { limits, .. } => (TextLimits::default(), limits.clone(), 0),
        QuestionKind::Photo(rules) | QuestionKind::Receipt(rules) => {
            (TextLimits::default(), NumberLimits::default(), rules.max_count)
        }
        _ => (TextLimits::default(), NumberLimits::default(), 0),
    }
}

const fn type_name(kind: &QuestionKind) -> &'static str {
    match kind {
        QuestionKind::YesNo { .. } => "yes_no",
        QuestionKind::SingleChoice { .. } => "single_choice",
        QuestionKind::MultiChoice(_) => "multi_choice",
        QuestionKind::Scale(_) => "scale",
        QuestionKind::Number { .. } => "number",
        QuestionKind::Duration { .. } => "duration",
        QuestionKind::Change(_) => "change",
        QuestionKind::Text(_) => "text",
        QuestionKind::DateTime => "datetime",
        QuestionKind::Money { .. } => "money",
        QuestionKind::Photo(_) => "photo",
        QuestionKind::Receipt(_) => "receipt",
        QuestionKind::Audio => "audio",
        QuestionKind::Location => "location",
    }
}

/// Whether answers of the same type earn points in another way; options are compared by themselves.
fn is_kind_rescored(old: &Checklist, before: &QuestionKind, new: &Checklist, after: &QuestionKind) -> bool {
    match (before, after) {
        (QuestionKind::MultiChoice(before), QuestionKind::MultiChoice(after)) => mode(before) != mode(after),
        (QuestionKind::Scale(before), QuestionKind::Scale(after)) => {
            let shape = |scale: &crate::Scale| (scale.min, scale.max, scale.higher_is_better);
            shape(before) != shape(after)
        }
        (QuestionKind::Change(before), QuestionKind::Change(after)) => {
            let ends = |checklist: &Checklist, change: &crate::Change| {
                [change.from, change.to].map(|index| checklist.questions()[index].id.clone())
            };
            before.band != after.band || ends(old, before) != ends(new, after)
        }
        (QuestionKind::SingleChoice { .. }, QuestionKind::SingleChoice { .. })
        | (QuestionKind::Text(_), QuestionKind::Text(_))
        | (QuestionKind::Photo(_), QuestionKind::Photo(_))
        | (QuestionKind::Receipt(_), QuestionKind::Receipt(_)) => false,
        (before, after) => type_name(before) == type_name(after) && before != after,
    }
}

/// How many-choice answers are counted, with ids instead of places.
fn mode(multi: &crate::MultiChoice) -> (u8, Option<u32>, BTreeSet<&Id>, BTreeSet<&Id>) {
    let ids = |indexes: &[usize]| indexes.iter().map(|index| &multi.options[*index].id).collect();
    match &multi.mode {
        crate::MultiMode::Sum => (0, None, BTreeSet::new(), BTreeSet::new()),
        crate::MultiMode::Deduct => (1, None, BTreeSet::new(), BTreeSet::new()),
        crate::MultiMode::AllRequired { required, forbidden } => (2, None, ids(required), ids(forbidden)),
        crate::MultiMode::AtLeast { count } => (3, Some(*count), BTreeSet::new(), BTreeSet::new()),
    }
}

/// A condition with ids instead of places, so that it can be compared across versions.
fn condition(checklist: &Checklist, condition: Option<&Condition>) -> Option<String> {
    fn write(checklist: &Checklist, condition: &Condition, out: &mut String) {
        let mut list = |name: &str, parts: &[Condition]| {
            out.push_str(name);
            out.push('(');
            for part in parts {
                write(checklist, part, out);
                out.push(',');
            }
            out.push(')');
        };
        match condition {
            Condition::All(parts) => list("all", parts),
            Condition::Any(parts) => list("any", parts),
            Condition::Not(part) => list("not", std::slice::from_ref(part)),
            Condition::Compare { question, comparison } => {
                let id = &checklist.questions()[*question].id;
                out.push_str(&format!("{id} {comparison:?}"));
            }
        }
    }
    let mut text = String::new();
    write(checklist, condition?, &mut text);
    Some(text)
}

fn options(before: &Question, after: &Question) -> Vec<OptionDifference> {
    let old: BTreeMap<&Id, &AnswerOption> = before
        .kind
        .options()
        .iter()
        .map(|option| (&option.id, option))
        .collect();
    let mut differences = Vec::new();
    for option in after.kind.options() {
        let mut changes = BTreeSet::new();
        let fate = match old.get(&option.id) {
            None => Fate::New,
            Some(known) => {
                if known.text != option.text {
                    changes.insert(Change::Reworded);
                }
                let score = |option: &AnswerOption| (option.points, option.critical, option.na, option.good);
                if score(known) != score(option) {
                    changes.insert(Change::Rescored);
                }
                let rules = |option: &AnswerOption| (option.exclusive, option.comment_required);
                if rules(known) != rules(option) {
                    changes.insert(Change::Revalidated);
                }
                Fate::Kept
            }
        };
        if fate == Fate::New || !changes.is_empty() {
            differences.push(OptionDifference {
                id: option.id.clone(),
                fate,
                changes,
            });
        }
    }
    let is_dropped = |option: &&AnswerOption| after.kind.options().iter().all(|other| other.id != option.id);
    let dropped = before.kind.options().iter().filter(is_dropped);
    differences.extend(dropped.map(|option| OptionDifference {
        id: option.id.clone(),
        fate: Fate::Dropped,
        changes: BTreeSet::new(),
    }));
    differences
}

fn sections(old: &Checklist, new: &Checklist) -> Vec<SectionDifference> {
    let by_id: BTreeMap<&Id, &Section> = old
        .sections()
        .iter()
        .map(|section| (&section.id, section))
        .collect();
    let mut differences = Vec::new();
    for section in new.sections() {
        let mut changes = BTreeSet::new();
        let fate = match by_id.get(&section.id) {
            None => Fate::New,
            Some(known) => {
                let mut note = |differs: bool, change| {
                    if differs {
                        changes.insert(change);
                    }
                };
                note(known.title != section.title, Change::Reworded);
                let score = |section: &Section| (section.weight, section.pass_mark);
                note(score(known) != score(section), Change::Rescored);
                let shown =
                    condition(old, known.show_if.as_ref()) != condition(new, section.show_if.as_ref());
                note(shown, Change::Reconditioned);
                note(
                    known.fill_after_days != section.fill_after_days,
                    Change::Revalidated,
                );
                Fate::Kept
            }
        };
        if fate == Fate::New || !changes.is_empty() {
            differences.push(SectionDifference {
                id: section.id.clone(),
                fate,
                changes,
            });
        }
    }
    let is_dropped = |section: &&Section| new.sections().iter().all(|other| other.id != section.id);
    let dropped = old.sections().iter().filter(is_dropped);
    differences.extend(dropped.map(|section| SectionDifference {
        id: section.id.clone(),
        fate: Fate::Dropped,
        changes: BTreeSet::new(),
    }));
    differences
}
