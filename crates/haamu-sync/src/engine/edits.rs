//! From what a person does to an operation in the log.

use crate::clock::estimate;
use crate::codec::{MAX_OP_BYTES, encode};
use crate::safeguards::{Safeguard, holds};
use crate::{BlobHash, DocumentId, Op, OpId, OpIds};

use super::{
    BlobKind, BlobState, DeviceState, Edit, Engine, Notice, Pending, StoredBlob, StoredOp, Then, WriteBatch,
};

impl Engine {
    /// The heads that an edit replaces: those that its author sees as they make it.
    pub(super) fn seen(&self, edit: &Edit) -> OpIds {
        if edit.is_value() && holds(Safeguard::Predecessors) {
            self.state.view(edit.document).visible_heads(&edit.key)
        } else {
            OpIds::new()
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

    pub(super) fn commit_edit(&mut self, edit: Edit, seen: OpIds) {
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
        if raw.len() > MAX_OP_BYTES {
            // No server takes it in, and all that follows would wait behind it.
            self.notify(Notice::NotSaved(edit.document, edit.key));
            return;
        }
        let id = crate::codec::op_id(&raw, device.device, seq);
        let attached = edit
            .attachment()
            .map(|file| (file.sha256, file.length, BlobKind::Original));
        let preview = edit
            .preview
            .map(|(sha256, length)| (sha256, length, BlobKind::Preview));
        let files = preview.into_iter().chain(attached);
        let put_blobs = files.map(|(sha256, length, kind)| self.kept(sha256, length, edit.document, kind));
        let put_blobs = put_blobs.collect();
        let batch = WriteBatch {
            device: Some(DeviceState { hlc, ..device }),
            put_ops: vec![StoredOp {
                seq,
                raw: raw.into(),
                set_aside: None,
            }],
            put_blobs,
            ..WriteBatch::default()
        };
        self.start_commit(batch, Then::Saved { op: id, edit });
    }

    /// The row of a file that has just been kept. What another answer of the submission holds may be
    /// on the server already; what was damaged or freed is here again.
    pub(super) fn kept(
        &self,
        sha256: BlobHash,
        length: u64,
        document: DocumentId,
        kind: BlobKind,
    ) -> StoredBlob {
        let fresh = StoredBlob::new(sha256, length, document, kind);
        let Some(known) = self.state.blobs.get(&(sha256, document)) else {
            return fresh;
        };
        let state = match known.state {
            BlobState::Complete | BlobState::Freed => BlobState::Complete,
            _ => BlobState::Stored,
        };
        StoredBlob {
            state,
            // A file that is its own preview is an original.
            kind: kind.max(known.kind),
            ..known.clone()
        }
    }
}
