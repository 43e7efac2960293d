//! Taking over what another installation of the same person exported.

use crate::IdSet;
use crate::codec::{decode, has_outline, op_id, reissue};

use super::{DeviceState, Engine, Import, Notice, StoredBlob, StoredOp, Then, WriteBatch};

impl Engine {
    /// Appends what is not here to this device's log. An operation keeps the name of its content, so
    /// that it counts once, whichever way it reaches the server.
    pub(super) fn commit_import(&mut self, import: &Import) {
        let device = self.state.device.clone();
        let known: IdSet = self.state.log.entries().iter().map(|entry| entry.id).collect();
        let mut seq = self.state.head().seq;
        let mut hlc = device.hlc;
        let (mut put_ops, mut left_out) = (Vec::new(), 0);
        for (raw, origin) in import.ops.iter().zip(import.first_seq..) {
            let content = decode(&raw.0, import.device, origin);
            // What only a later version can read is taken along, for the server keeps it too.
            let is_own = content.as_ref().map_or(true, |op| op.author == device.author);
            if !is_own || !has_outline(&raw.0) {
                left_out += 1;
                continue;
            }
            if known.contains(&op_id(&raw.0, import.device, origin)) {
                continue;
            }
            seq += 1;
            hlc = hlc.max(content.map(|op| op.hlc).unwrap_or_default());
            put_ops.push(StoredOp {
                seq,
                raw: reissue(&raw.0, import.device, origin).into(),
                set_aside: None,
            });
        }
        let files = import.files.iter();
        let put_blobs: Vec<StoredBlob> = files
            .map(|blob| self.kept(blob.sha256, blob.length, blob.document, blob.kind))
            .filter(|blob| self.state.blobs.get(&blob.key()) != Some(blob))
            .collect();
        let notice = Notice::Imported {
            ops: put_ops.len(),
            files: put_blobs.len(),
            left_out,
        };
        let batch = WriteBatch {
            device: Some(DeviceState { hlc, ..device }),
            put_ops,
            put_blobs,
            ..WriteBatch::default()
        };
        self.start_commit(batch, Then::Imported(notice));
    }
}
