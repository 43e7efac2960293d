//! From what a person does to an operation in the log.

use crate::clock::estimate;
use crate::codec::encode;
use crate::safeguards::{Safeguard, holds};
use crate::{Op, OpId};

use super::{BlobState, DeviceState, Edit, Engine, Pending, StoredBlob, StoredOp, Then, WriteBatch};

impl Engine {
    /// The heads that an edit replaces: those that its author sees as they make it.
    pub(super) fn seen(&self, edit: &Edit) -> Vec<OpId> {
        if edit.is_value() && holds(Safeguard::Predecessors) {
            self.state.view(edit.document).visible_heads(&edit.key)
        } else {
            Vec::new()
        }
    }

    /// Edits that wait behind a saved one were made in its sight. They replace it besides what was
    /// on the screen, for it may still be set aside, and nothing that came in meanwhile.
    pub(super) fn show_to_waiting(&mut self, id: OpId, edit: &Edit) {
        for pending in &mut self.waiting {
            if let Pending::Edit(other, seen) = pending
                && other.is_value()
                && edit.is_value()
                && (other.document, &other.key) == (edit.document, &edit.key)
                && holds(Safeguard::Predecessors)
            {
                seen.push(id);
            }
        }
    }

    pub(super) fn commit_edit(&mut self, edit: Edit, seen: Vec<OpId>) {
        let device = self.state.device.clone();
        let (moment, confidence) = estimate(device.anchor, self.now);
        let seq = self.state.head().seq + 1;
        let hlc = device.hlc.next(moment);
        let base = if holds(Safeguard::OnlyWhatWasSeen) {
            seen
        } else {
            self.seen(&edit)
        };
        let op = Op {
            origin_device: device.device,
            origin_seq: seq,
            hlc,
            confidence,
            document: edit.document,
            lane: edit.key.lane,
            register: edit.key.register.clone(),
            instance: edit.key.instance.clone(),
            action: edit.action.clone(),
            form_version: edit.form_version,
            author: device.author,
            base,
        };
        let raw = encode(&op, device.device, seq);
        let id = crate::codec::op_id(&raw, device.device, seq);
        let blob = edit.attachment().map(|file| StoredBlob {
            sha256: file.sha256,
            length: file.length,
            document: edit.document,
            // A file that another answer of the submission holds may be on the server already. One
            // that was damaged has just been kept anew.
            state: match self.state.blobs.get(&(file.sha256, edit.document)) {
                Some(known) if known.state == BlobState::Complete => BlobState::Complete,
                _ => BlobState::Stored,
            },
        });
        let batch = WriteBatch {
            device: Some(DeviceState { hlc, ..device }),
            put_ops: vec![StoredOp {
                seq,
                raw: raw.into(),
                set_aside: None,
            }],
            put_blobs: blob.into_iter().collect(),
            ..WriteBatch::default()
        };
        self.start_commit(batch, Then::Saved { op: id, edit });
    }
}
