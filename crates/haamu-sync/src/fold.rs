//! The merge: what a submission looks like after a set of operations.
//!
//! A register keeps the *heads*: operations that no other operation has
//! replaced. One head is the ordinary case; several are a conflict between
//! people who did not know of each other, of which the latest is shown and all
//! are kept. The order in which operations arrive does not matter, nor how
//! often, nor whether a replaced operation comes after the one that replaces it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::safeguards::{Safeguard, holds};
use crate::{
    Action, Attachment, AuthorId, ClockConfidence, DeviceId, Hlc, IdSet, Lane, Op, OpId, OpIds, RegisterKey,
    Value,
};

/// An operation on a register that nothing has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The operation.
    pub op: OpId,
    /// Its effective stamp.
    pub effective: Hlc,
    /// How good its clock was.
    pub confidence: ClockConfidence,
    /// Who wrote it.
    pub author: AuthorId,
    /// On which device.
    pub device: DeviceId,
    /// The value; none if the register was cleared.
    pub value: Option<Value>,
    /// The operations that it replaced.
    pub base: OpIds,
}

/// The state of one register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// What nothing has replaced, in order of effective stamp and name; the last one is shown.
    pub heads: Vec<Head>,
    /// What has been replaced, also where it is yet to arrive.
    pub superseded: IdSet,
}

impl Register {
    /// The head that is shown.
    #[must_use]
    pub fn winner(&self) -> Option<&Head> {
        self.heads.last()
    }

    /// The value that is shown.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.winner()?.value.as_ref()
    }

    /// Whether people who did not know of each other gave different values.
    #[must_use]
    pub fn is_in_conflict(&self) -> bool {
        self.heads.windows(2).any(|pair| pair[0].value != pair[1].value)
    }

    fn fold(&mut self, head: Head) {
        for base in &head.base {
            if let Some(place) = self.heads.iter().position(|other| other.op == *base) {
                self.heads.remove(place);
            }
            if holds(Safeguard::RememberReplaced) {
                self.superseded.insert(*base);
            }
        }
        let is_known = self.heads.iter().any(|other| other.op == head.op);
        if is_known || self.superseded.contains(&head.op) {
            return;
        }
        let order = (head.effective, head.op);
        let position = self
            .heads
            .partition_point(|other| (other.effective, other.op) < order);
        // Hardly any register ever has a second head.
        self.heads.reserve_exact(1);
        self.heads.insert(position, head);
    }
}

/// One element of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// What was added.
    pub content: Content,
    /// When, by effective stamp.
    pub effective: Hlc,
    /// Who added it.
    pub author: AuthorId,
}

/// What a set holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// An instance of a repeated group.
    Instance(Value),
    /// A file.
    Attachment(Attachment),
}

/// A set of instances or attachments. An addition that a removal had not seen wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements {
    /// What is in the set, by the name of the operation that added it.
    pub present: BTreeMap<OpId, Element>,
    /// What was removed, also where it is yet to arrive.
    pub removed: IdSet,
}

impl Elements {
    /// The attachments, in order of when they were added.
    #[must_use]
    pub fn attachments(&self) -> Vec<(OpId, &Attachment)> {
        let mut found: Vec<_> = self
            .present
            .iter()
            .filter_map(|(id, element)| match &element.content {
                Content::Attachment(attachment) => Some((element.effective, *id, attachment)),
                Content::Instance(_) => None,
            })
            .collect();
        found.sort_unstable_by_key(|(effective, id, _)| (*effective, *id));
        found
            .into_iter()
            .map(|(_, id, attachment)| (id, attachment))
            .collect()
    }

    fn add(&mut self, id: OpId, element: Element) {
        if !self.removed.contains(&id) {
            self.present.entry(id).or_insert(element);
        }
    }

    fn remove(&mut self, observed: &[OpId]) {
        for id in observed {
            self.present.remove(id);
            self.removed.insert(*id);
        }
    }
}

/// What one place of a submission holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The value, where there is one.
    #[serde(default)]
    pub register: Register,
    /// The instances or attachments, where there are any.
    #[serde(default)]
    pub elements: Elements,
}

impl Cell {
    /// Takes in one operation on this place.
    pub fn fold(&mut self, op: &Op, id: OpId, effective: Hlc) {
        match &op.action {
            Action::Set(value) => self.register.fold(head(op, id, effective, Some(value.clone()))),
            Action::Clear => self.register.fold(head(op, id, effective, None)),
            Action::AddInstance(value) => {
                let content = Content::Instance(value.clone());
                self.elements.add(
                    id,
                    Element {
                        content,
                        effective,
                        author: op.author,
                    },
                );
            }
            Action::Attach(attachment) => {
                let content = Content::Attachment(attachment.clone());
                self.elements.add(
                    id,
                    Element {
                        content,
                        effective,
                        author: op.author,
                    },
                );
            }
            Action::RemoveInstance(observed) | Action::Detach(observed) => self.elements.remove(observed),
            // These change the state of the submission, not its content.
            Action::Submit(_) | Action::Note(_) => {}
        }
    }
}

fn head(op: &Op, id: OpId, effective: Hlc, value: Option<Value>) -> Head {
    Head {
        op: id,
        effective,
        confidence: op.confidence,
        author: op.author,
        device: op.origin_device,
        value,
        base: op.base.clone(),
    }
}

/// The content of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// What each place holds.
    pub cells: BTreeMap<RegisterKey, Cell>,
}

impl Document {
    /// Takes in one operation.
    pub fn fold(&mut self, op: &Op, id: OpId, effective: Hlc) {
        if !matches!(op.action, Action::Submit(_) | Action::Note(_)) {
            self.cells.entry(op.key()).or_default().fold(op, id, effective);
        }
    }

    /// What a place holds.
    #[must_use]
    pub fn cell(&self, key: &RegisterKey) -> Option<&Cell> {
        self.cells.get(key)
    }

    /// The heads that an edit of this register replaces: all that its author can see.
    #[must_use]
    pub fn visible_heads(&self, key: &RegisterKey) -> OpIds {
        let heads = self.cells.get(key).map(|cell| cell.register.heads.as_slice());
        heads.unwrap_or_default().iter().map(|head| head.op).collect()
    }

    /// The places where people who did not know of each other gave different values.
    #[must_use]
    pub fn conflicts(&self, lane: Lane) -> Vec<&RegisterKey> {
        let in_conflict =
            |(key, cell): &(&RegisterKey, &Cell)| key.lane == lane && cell.register.is_in_conflict();
        self.cells
            .iter()
            .filter(in_conflict)
            .map(|(key, _)| key)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Bytes, DocumentId, codec};

    /// A history in which each edit replaces some of the edits before it.
    fn history() -> impl Strategy<Value = Vec<Op>> {
        let edit = (
            0_u8..3,
            0_u8..4,
            any::<u8>(),
            proptest::collection::vec(any::<u16>(), 0..3),
            0_u64..50,
        );
        proptest::collection::vec(edit, 1..24).prop_map(|edits| {
            let mut ops: Vec<Op> = Vec::new();
            for (index, (device, kind, value, seen, at)) in edits.into_iter().enumerate() {
                let seen: Vec<OpId> = seen
                    .into_iter()
                    .filter(|_| index > 0)
                    .map(|pick| id_of(&ops[usize::from(pick) % index]))
                    .collect();
                let value = Value {
                    tag: 1,
                    bytes: Bytes::from(vec![value]),
                };
                let attachment = |value: &Value| Attachment {
                    sha256: crate::BlobHash::from_bytes([value.bytes.0[0]; 32]),
                    length: 1,
                    media_type: "image/jpeg".to_owned(),
                    capture: Bytes::default(),
                };
                let (action, base) = match kind {
                    0 => (Action::Set(value), seen),
                    1 => (Action::Clear, seen),
                    2 => (Action::Attach(attachment(&value)), Vec::new()),
                    _ => (Action::Detach(seen), Vec::new()),
                };
                ops.push(Op {
                    origin_device: DeviceId::from_bytes([device; 16]),
                    origin_seq: index as u64 + 1,
                    hlc: Hlc::at(at),
                    confidence: ClockConfidence::Wall,
                    document: DocumentId::default(),
                    lane: Lane::Shopper,
                    register: "answer/a".into(),
                    instance: OpIds::new(),
                    action,
                    form_version: None,
                    author: AuthorId::default(),
                    base: base.into(),
                });
            }
            ops
        })
    }

    fn id_of(op: &Op) -> OpId {
        codec::op_id(
            &codec::encode(op, op.origin_device, op.origin_seq),
            op.origin_device,
            op.origin_seq,
        )
    }

    fn folded<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Document {
        let mut document = Document::default();
        for op in ops {
            document.fold(op, id_of(op), op.hlc);
        }
        document
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(ops in history(), shuffle in any::<u64>()) {
            let straight = folded(&ops);
            let mut order: Vec<usize> = (0..ops.len()).chain(0..ops.len() / 2).collect();
            order.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
            prop_assert_eq!(folded(order.iter().map(|index| &ops[*index])), straight);
        }

        #[test]
        fn nothing_that_its_author_replaced_is_shown(ops in history()) {
            let document = folded(&ops);
            let replaced: IdSet = ops.iter().flat_map(|op| op.base.iter().copied()).collect();
            for cell in document.cells.values() {
                prop_assert!(cell.register.heads.iter().all(|head| !replaced.contains(&head.op)));
            }
        }
    }

    #[test]
    fn equal_answers_are_no_conflict() {
        let edit = |device: u8, value: u8| Op {
            origin_device: DeviceId::from_bytes([device; 16]),
            origin_seq: 1,
            hlc: Hlc::at(u64::from(device)),
            confidence: ClockConfidence::Wall,
            document: DocumentId::default(),
            lane: Lane::Shopper,
            register: "answer/a".into(),
            instance: OpIds::new(),
            action: Action::Set(Value {
                tag: 1,
                bytes: Bytes::from(vec![value]),
            }),
            form_version: None,
            author: AuthorId::default(),
            base: OpIds::new(),
        };
        let agreeing = folded(&[edit(1, 7), edit(2, 7)]);
        assert!(agreeing.conflicts(Lane::Shopper).is_empty());
        let differing = folded(&[edit(1, 7), edit(2, 8)]);
        assert_eq!(differing.conflicts(Lane::Shopper).len(), 1);
        assert!(differing.conflicts(Lane::Review).is_empty());
        let shown = differing
            .cells
            .values()
            .next()
            .and_then(|cell| cell.register.value().cloned());
        assert_eq!(shown.map(|value| value.bytes), Some(Bytes::from(vec![8])));
    }
}
