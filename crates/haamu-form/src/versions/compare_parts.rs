//! What of questions, options and sections is compared, with ids instead of places.

use std::collections::{BTreeMap, BTreeSet};

use crate::checklist::{AnswerOption, Calculation, Condition, Constraint, Question, QuestionKind, Section};
use crate::{Checklist, Id};

use super::compare::{Change, Fate, OptionDifference, SectionDifference};

/// The texts of a kind beside its options.
pub(super) fn labels(kind: &QuestionKind) -> Option<(&crate::Texts, &crate::Texts)> {
    match kind {
        QuestionKind::Scale(scale) => Some((&scale.min_label, &scale.max_label)),
        _ => None,
    }
}

/// What a kind asks of answers beside their type, as text that is the same where the rules are.
pub(super) fn limits(kind: &QuestionKind) -> String {
    match kind {
        QuestionKind::Text(limits) => format!("{limits:?}"),
        QuestionKind::Number { limits, .. } => format!("{limits:?}"),
        QuestionKind::Photo(rules) | QuestionKind::Receipt(rules) => format!("{rules:?}"),
        QuestionKind::Barcode(symbologies) => format!("{symbologies:?}"),
        QuestionKind::File(rules) => format!("{rules:?}"),
        _ => String::new(),
    }
}

pub(super) const fn type_name(kind: &QuestionKind) -> &'static str {
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
        QuestionKind::Calculated(_) => "calculated",
        QuestionKind::Barcode(_) => "barcode",
        QuestionKind::Signature => "signature",
        QuestionKind::File(_) => "file",
    }
}

/// Whether answers of the same type earn points in another way; options are compared by themselves.
pub(super) fn is_kind_rescored(
    old: &Checklist,
    before: &QuestionKind,
    new: &Checklist,
    after: &QuestionKind,
) -> bool {
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
        | (QuestionKind::Receipt(_), QuestionKind::Receipt(_))
        | (QuestionKind::Barcode(_), QuestionKind::Barcode(_))
        | (QuestionKind::File(_), QuestionKind::File(_)) => false,
        (QuestionKind::Number { band: before, .. }, QuestionKind::Number { band: after, .. }) => {
            before != after
        }
        (QuestionKind::Calculated(before), QuestionKind::Calculated(after)) => {
            let how = |checklist, value: &crate::CalculatedValue| {
                let mut text = String::new();
                write_calculation(checklist, &value.calculation, &mut text);
                text
            };
            before.band != after.band || how(old, before) != how(new, after)
        }
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
pub(super) fn condition(checklist: &Checklist, condition: Option<&Condition>) -> Option<String> {
    let mut text = String::new();
    write_condition(checklist, condition?, &mut text);
    Some(text)
}

/// Writes something with what stands in it in brackets.
fn write_list<T>(name: &str, parts: &[T], out: &mut String, mut write: impl FnMut(&T, &mut String)) {
    out.push_str(name);
    out.push('(');
    for part in parts {
        write(part, out);
        out.push(',');
    }
    out.push(')');
}

fn write_condition(checklist: &Checklist, condition: &Condition, out: &mut String) {
    let id = |index: &usize| &checklist.questions()[*index].id;
    let write = |part: &Condition, out: &mut String| write_condition(checklist, part, out);
    match condition {
        Condition::All(parts) => write_list("all", parts, out, write),
        Condition::Any(parts) => write_list("any", parts, out, write),
        Condition::Not(part) => write_list("not", std::slice::from_ref(part.as_ref()), out, write),
        Condition::Compare { question, comparison } => {
            out.push_str(&format!("{} {comparison:?}", id(question)));
        }
        Condition::CompareAnswers {
            question,
            relation,
            other,
        } => out.push_str(&format!("{} {relation:?} {}", id(question), id(other))),
        Condition::Context { key, comparison } => {
            let kind = checklist.location_attribute(key).map(|attribute| &attribute.kind);
            out.push_str(&format!("context {key} {kind:?} {comparison:?}"));
        }
    }
}

fn write_calculation(checklist: &Checklist, calculation: &Calculation, out: &mut String) {
    let id = |index: &usize| &checklist.questions()[*index].id;
    let write = |part: &Calculation, out: &mut String| write_calculation(checklist, part, out);
    match calculation {
        Calculation::Number(number) => out.push_str(&number.to_string()),
        Calculation::Question(index) => out.push_str(id(index).as_str()),
        Calculation::Add(parts) => write_list("add", parts, out, write),
        Calculation::Multiply(parts) => write_list("multiply", parts, out, write),
        Calculation::Least(parts) => write_list("least", parts, out, write),
        Calculation::Greatest(parts) => write_list("greatest", parts, out, write),
        Calculation::FirstOf(parts) => write_list("first_of", parts, out, write),
        Calculation::Subtract(pair) => write_list("subtract", pair.as_slice(), out, write),
        Calculation::Divide(pair) => write_list("divide", pair.as_slice(), out, write),
        Calculation::If(choice) => {
            write_condition(checklist, &choice.condition, out);
            write_list("then", std::slice::from_ref(&choice.then), out, write);
            write_list("else", std::slice::from_ref(&choice.otherwise), out, write);
        }
        Calculation::MinutesBetween([from, to]) => out.push_str(&format!("minutes({},{})", id(from), id(to))),
        Calculation::CountSelected(index) => out.push_str(&format!("count_selected({})", id(index))),
        Calculation::CountInstances(section) => {
            out.push_str(&format!("count_instances({})", checklist.sections()[*section].id));
        }
        Calculation::OverInstances(aggregate, index) => {
            out.push_str(&format!("{aggregate:?}_over({})", id(index)));
        }
    }
}

pub(super) fn options(
    (old_list, before): (&Checklist, &Question),
    (new_list, after): (&Checklist, &Question),
) -> Vec<OptionDifference> {
    let old: BTreeMap<&Id, &AnswerOption> = before
        .kind
        .options()
        .iter()
        .map(|option| (&option.id, option))
        .collect();
    let mut differences = Vec::new();
    let shown = |checklist, option: &AnswerOption| condition(checklist, option.show_if.as_ref());
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
                if shown(old_list, known) != shown(new_list, option) {
                    changes.insert(Change::Reconditioned);
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

pub(super) fn sections(old: &Checklist, new: &Checklist) -> Vec<SectionDifference> {
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
                let score = |section: &Section| {
                    let repeat = section.repeat.as_ref().map(|repeat| repeat.scoring);
                    (section.weight, section.pass_mark, repeat)
                };
                note(score(known) != score(section), Change::Rescored);
                let shown =
                    condition(old, known.show_if.as_ref()) != condition(new, section.show_if.as_ref());
                note(shown, Change::Reconditioned);
                let rules = |checklist: &Checklist, section: &Section| {
                    let limits = section.repeat.as_ref().map(|repeat| (repeat.min, repeat.max));
                    let constraint = |rule: &Constraint| {
                        let fails = condition(checklist, Some(&rule.fail_if));
                        (rule.id.clone(), fails, rule.severity)
                    };
                    let constraints: Vec<_> = section.constraints.iter().map(constraint).collect();
                    (section.fill_after_days, limits, constraints)
                };
                note(rules(old, known) != rules(new, section), Change::Revalidated);
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
