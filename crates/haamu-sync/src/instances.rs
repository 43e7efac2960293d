//! Instances of repeated groups: which are shown, and what their removal names.
//!
//! Whoever removes an instance names it and all that they see in it. What they
//! had not seen keeps the instance: nobody's answer disappears because somebody
//! else, who did not know of it, removed the place that it stands in.

use std::collections::BTreeMap;

use crate::safeguards::{Safeguard, holds};
use crate::{Action, Cell, Content, Document, Hlc, IdSet, OpId, RegisterKey, Value};

/// An instance that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownInstance<'a> {
    /// The operation that added it.
    pub id: OpId,
    /// What was noted when it was added; none if the addition is not here, or was removed.
    pub note: Option<&'a Value>,
    /// When it was added; where that is not known, when something was last written into it.
    pub effective: Hlc,
    /// Whether somebody removed it while somebody else wrote into it; then it stays.
    pub is_disputed: bool,
}

/// What stands in a place, with its stamps: the heads, and the elements.
fn standing(cell: &Cell) -> impl Iterator<Item = (OpId, Hlc)> {
    let heads = cell.register.heads.iter().map(|head| (head.op, head.effective));
    let elements = cell.elements.present.iter();
    heads.chain(elements.map(|(id, element)| (*id, element.effective)))
}

impl Document {
    /// The instances of a group that are shown, by name: those that were added and not removed, and
    /// those into which something was written that nobody who saw it removed.
    ///
    /// `set` is the register that holds the group's instances; `instance_of` tells which instance of
    /// this group a register lies in.
    #[must_use]
    pub fn instances(
        &self,
        set: &RegisterKey,
        instance_of: impl Fn(&RegisterKey) -> Option<OpId>,
    ) -> Vec<ShownInstance<'_>> {
        let elements = self.cell(set).map(|cell| &cell.elements);
        let mut shown = BTreeMap::new();
        for (id, element) in elements.iter().flat_map(|elements| &elements.present) {
            if let Content::Instance(note) = &element.content {
                let instance = ShownInstance {
                    id: *id,
                    note: Some(note),
                    effective: element.effective,
                    is_disputed: false,
                };
                shown.insert(*id, instance);
            }
        }
        let none = IdSet::default();
        let removed = elements.map_or(&none, |elements| &elements.removed);
        for (key, cell) in &self.cells {
            let Some(id) = instance_of(key).filter(|_| holds(Safeguard::UnseenKeepsInstance)) else {
                continue;
            };
            for (_, effective) in standing(cell).filter(|(op, _)| !removed.contains(op)) {
                let instance = shown.entry(id).or_insert(ShownInstance {
                    id,
                    note: None,
                    effective,
                    is_disputed: removed.contains(&id),
                });
                if instance.note.is_none() {
                    instance.effective = instance.effective.max(effective);
                }
            }
        }
        shown.into_values().collect()
    }

    /// The removal of an instance by somebody who sees this document.
    #[must_use]
    pub fn removal_of(&self, instance: OpId) -> Action {
        let inside = self.cells.iter();
        let inside = inside.filter(|(key, _)| key.instance.contains(&instance));
        let seen = inside.flat_map(|(_, cell)| standing(cell)).map(|(op, _)| op);
        let seen = seen.filter(|_| holds(Safeguard::RemovalNamesSeen));
        Action::RemoveInstance(std::iter::once(instance).chain(seen).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorId, Bytes, ClockConfidence, DeviceId, DocumentId, Lane, Op, OpIds};

    fn value(number: u8) -> Value {
        Value {
            tag: 1,
            bytes: Bytes::from(vec![number]),
        }
    }

    /// Folds an operation named after its number.
    fn write(document: &mut Document, number: u8, key: RegisterKey, action: Action) -> OpId {
        let id = OpId::from_bytes([number; 16]);
        let op = Op {
            origin_device: DeviceId::default(),
            origin_seq: u64::from(number),
            hlc: Hlc::at(u64::from(number)),
            confidence: ClockConfidence::Wall,
            document: DocumentId::default(),
            lane: Lane::Shopper,
            register: key.register,
            instance: key.instance,
            action,
            form_version: None,
            author: AuthorId::default(),
            base: OpIds::new(),
        };
        document.fold(&op, id, op.hlc);
        id
    }

    fn set() -> RegisterKey {
        RegisterKey::shopper("instances/staff")
    }

    fn inside(instance: OpId) -> RegisterKey {
        RegisterKey {
            instance: [instance].into(),
            ..RegisterKey::shopper("answer/name")
        }
    }

    fn shown(document: &Document) -> Vec<(OpId, bool)> {
        let instances = document.instances(&set(), |key| key.instance.first().copied());
        let instances = instances.into_iter();
        instances
            .map(|instance| (instance.id, instance.is_disputed))
            .collect()
    }

    #[test]
    fn what_was_seen_goes_with_its_instance_and_what_was_not_keeps_it() {
        let mut document = Document::default();
        let staff = write(&mut document, 1, set(), Action::AddInstance(value(0)));
        write(&mut document, 2, inside(staff), Action::Set(value(1)));
        assert_eq!(shown(&document), [(staff, false)]);
        let mut elsewhere = document.clone();
        let removal = document.removal_of(staff);
        write(&mut document, 3, set(), removal.clone());
        assert_eq!(shown(&document), []);
        write(&mut elsewhere, 4, inside(staff), Action::Set(value(2)));
        write(&mut elsewhere, 3, set(), removal);
        assert_eq!(shown(&elsewhere), [(staff, true)]);
        let removal = elsewhere.removal_of(staff);
        write(&mut elsewhere, 5, set(), removal);
        assert_eq!(shown(&elsewhere), []);
    }

    #[test]
    fn an_answer_is_shown_without_the_addition_of_its_instance() {
        let mut document = Document::default();
        let staff = OpId::from_bytes([9; 16]);
        write(&mut document, 2, inside(staff), Action::Set(value(1)));
        assert_eq!(shown(&document), [(staff, false)]);
    }
}
