//! The instances of repeated sections.

use std::collections::BTreeSet;

use haamu_form::{Answers, Checklist, Finding};
use haamu_sync::{Action, Bytes, Content, Document, OpId, RegisterKey, Value};
use serde::{Deserialize, Serialize};

use super::{BoundEvaluation, TAG_JSON};

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
        bytes: Bytes(serde_json::to_vec(&note).unwrap_or_default()),
    })
}

/// Removes an instance with all that its author can see in it.
#[must_use]
pub fn remove_instance(document: &Document, instance: OpId) -> Action {
    let mut observed = vec![instance];
    observed.extend(written_in(document, instance));
    Action::RemoveInstance(observed)
}

/// What stands in an instance: the heads of its registers, and its files.
fn written_in(document: &Document, instance: OpId) -> Vec<OpId> {
    let inside = document
        .cells
        .iter()
        .filter(|(key, _)| key.instance.contains(&instance));
    inside
        .flat_map(|(_, cell)| {
            let heads = cell.register.heads.iter().map(|head| head.op);
            heads.chain(cell.elements.present.keys().copied())
        })
        .collect()
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
    let id = checklist.sections()[section].id.as_str();
    let Some(cell) = document.cell(&instances_key(id)) else {
        return Vec::new();
    };
    let elements = &cell.elements;
    let mut found = Vec::new();
    for (id, element) in &elements.present {
        if let Content::Instance(value) = &element.content {
            let note: Note = serde_json::from_slice(&value.bytes.0).unwrap_or_default();
            found.push((note.order, element.effective, *id, false));
        }
    }
    // Of what was removed, that stays into which something was written that the remover had not seen.
    let mut inside: BTreeSet<OpId> = BTreeSet::new();
    for (key, cell) in &document.cells {
        let holds = cell.register.value().is_some() || !cell.elements.present.is_empty();
        inside.extend(
            key.instance
                .iter()
                .filter(|_| holds && is_of_section(checklist, section, key)),
        );
    }
    for id in elements.removed.iter().filter(|id| inside.contains(*id)) {
        let unseen = written_in(document, *id)
            .into_iter()
            .filter(|op| !elements.removed.contains(op));
        if let Some(effective) = latest(document, *id).filter(|_| unseen.count() > 0) {
            found.push((String::new(), effective, *id, true));
        }
    }
    found.sort_unstable();
    let instance = |(_, _, id, is_disputed)| Instance { id, is_disputed };
    found.into_iter().map(instance).collect()
}

/// Whether a register is one of a section's questions.
fn is_of_section(checklist: &Checklist, section: usize, key: &RegisterKey) -> bool {
    let question = key
        .register
        .split_once('/')
        .and_then(|(_, id)| checklist.question_index(id));
    question.is_some_and(|question| checklist.questions()[question].section == section)
}

/// The latest stamp of what stands in an instance.
fn latest(document: &Document, instance: OpId) -> Option<haamu_sync::Hlc> {
    let inside = document
        .cells
        .iter()
        .filter(|(key, _)| key.instance.contains(&instance));
    inside
        .flat_map(|(_, cell)| {
            let heads = cell.register.heads.iter().map(|head| head.effective);
            heads.chain(cell.elements.present.values().map(|element| element.effective))
        })
        .max()
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
