//! Copies of submissions that only this device has changed: the server's word is enough, for the
//! device holds all that the copy lacks.

use crate::{Body, CellEntry, Confirmation, Entity, SubmissionBody};

use super::state::content;
use super::{Engine, StoredEntity};

impl Engine {
    /// The copy of a submission with this device's operations up to a number folded in, as the
    /// server has done. None if the copy or an operation cannot be read.
    pub(super) fn confirmed(
        &self,
        entity: &Entity,
        confirmation: &Confirmation,
        upto: u64,
    ) -> Option<StoredEntity> {
        let stored = self.state.entities.get(entity)?;
        let Body::Submission(body) = &stored.body else {
            return None;
        };
        let mut document = content(body);
        let sent = self.state.unsent();
        for entry in sent.take_while(|entry| entry.stored.seq <= upto) {
            let op = entry.op.as_ref()?;
            if op.document == body.document {
                document.fold(op, entry.id, op.hlc);
            }
        }
        let cells = document.cells.into_iter();
        Some(StoredEntity {
            entity: entity.clone(),
            body: Body::Submission(SubmissionBody {
                document: body.document,
                state: confirmation.state.clone(),
                cycle: confirmation.cycle,
                cells: cells.map(|(key, cell)| CellEntry { key, cell }).collect(),
            }),
            generation: stored.generation,
            revoked: stored.revoked.clone(),
            revoked_at: stored.revoked_at,
        })
    }
}
