//! The instances of repeated sections.

use haamu_form::{Answers, Checklist, Finding};
use haamu_sync::{Action, Bytes, Document, OpId, RegisterKey, Value};
use serde::{Deserialize, Serialize};

use super::{ANSWER, BoundEvaluation, COMMENT, FILES, TAG_JSON};

const INSTANCES: &str = "instances/";

/// An instance of a repeated section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The operation that added it.
    pub id: OpId,
    /// Whether somebody removed it while somebody else wrote into it; then it stays.
    pub is_disputed: bool,
}

/// What is noted of an instance when it is added.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// Where it stands among the others: texts in ascending order, those without one first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    order: String,
}

/// The set of a section's instances.
#[must_use]
pub fn instances_key(section: &str) -> RegisterKey {
    RegisterKey::shopper(format!("{INSTANCES}{section}"))
}

/// Adds an instance. `order` is where it stands: after those with a lesser text, and among equals
/// after those that were added earlier.
#[must_use]
pub fn add_instance(order: &str) -> Action {
    let note = Note {
        order: order.to_owned(),
    };
    Action::AddInstance(Value {
        tag: TAG_JSON,
        bytes: Bytes::from(serde_json::to_vec(&note).unwrap_or_default()),
    })
}

/// Removes an instance with all that its author can see in it.
#[must_use]
pub fn remove_instance(document: &Document, instance: OpId) -> Action {
    document.removal_of(instance)
}

/// Adds the instances of all repeated sections to the answers.
pub(super) fn bind(
    checklist: &Checklist,
    document: &Document,
    answers: &mut Answers,
    bound: &mut BoundEvaluation,
) {
    for (index, section) in checklist.sections().iter().enumerate() {
        if section.repeat.is_none() {
            continue;
        }
        for instance in in_order(checklist, document, index) {
            if let Err(finding) = answers.add_instance(checklist, index) {
                bound.findings.push(finding);
                break;
            }
            if instance.is_disputed {
                let place = format!("answers.{}", section.id);
                let message = "one device removed this while another wrote into it; it stays";
                bound
                    .findings
                    .push(Finding::warning("instance_disputed", place, message));
            }
            bound.instances.entry(index).or_default().push(instance);
        }
    }
}

/// The instances of a section, in order.
fn in_order(checklist: &Checklist, document: &Document, section: usize) -> Vec<Instance> {
    let key = instances_key(checklist.sections()[section].id.as_str());
    let removed = document.cell(&key).map(|cell| &cell.elements.removed);
    let instance_of = |key: &RegisterKey| {
        let [instance] = key.instance.as_slice() else {
            return None;
        };
        // Of a question that this version does not have, the removal tells where it belongs.
        let is_inside = section_of(checklist, key).map_or_else(
            || removed.is_some_and(|removed| removed.contains(instance)),
            |other| other == section,
        );
        is_inside.then_some(*instance)
    };
    let mut found = Vec::new();
    for shown in document.instances(&key, instance_of) {
        let note = shown.note.map(|value| value.bytes.0.as_slice());
        let note: Note = serde_json::from_slice(note.unwrap_or_default()).unwrap_or_default();
        found.push((note.order, shown.effective, shown.id, shown.is_disputed));
    }
    found.sort_unstable();
    let instance = |(_, _, id, is_disputed)| Instance { id, is_disputed };
    found.into_iter().map(instance).collect()
}

/// The section of the question that a register belongs to.
fn section_of(checklist: &Checklist, key: &RegisterKey) -> Option<usize> {
    let mut prefixes = [ANSWER, COMMENT, FILES].iter();
    let id = prefixes.find_map(|prefix| key.register.strip_prefix(prefix))?;
    let question = checklist.question_index(id)?;
    Some(checklist.questions()[question].section)
}

/// Whether the register is the set of instances of a repeated section.
pub(super) fn is_set_of(checklist: &Checklist, key: &RegisterKey) -> bool {
    let section = key
        .register
        .strip_prefix(INSTANCES)
        .and_then(|id| checklist.section_index(id));
    section.is_some_and(|section| checklist.sections()[section].repeat.is_some())
}

/// Whether the instance is one of the section's, or was one.
pub(super) fn is_known(
    document: &Document,
    checklist: &Checklist,
    section: usize,
    instance: OpId,
    bound: &BoundEvaluation,
) -> bool {
    let is_there = |known: &Instance| known.id == instance;
    let is_bound = bound
        .instances
        .get(&section)
        .is_some_and(|all| all.iter().any(is_there));
    let id = checklist.sections()[section].id.as_str();
    let cell = document.cell(&instances_key(id));
    is_bound || cell.is_some_and(|cell| cell.elements.removed.contains(&instance))
}
