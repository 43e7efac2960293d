//! What must hold after every step, and at every commit.

use std::collections::BTreeSet;

use haamu_sync::engine::DeviceState;
use haamu_sync::{Entity, Lane, OpId};

use crate::ledger::Invariant;
use crate::world::World;

impl World {
    /// Looks at a device after a step.
    pub(crate) fn watch(&mut self, device: usize) {
        self.watch_view(device);
        self.watch_instances(device);
        self.watch_liveness(device);
    }

    /// What a person sees: the server's state and their own work on top, nothing less.
    fn watch_view(&mut self, number: usize) {
        let device = &self.devices[number];
        if device.is_committing {
            return;
        }
        let pick = usize::try_from(self.now % self.documents.len() as u64).unwrap_or_default();
        let document = self.documents[pick];
        let view = device.engine.document(document);
        let is_stored = view == device.stored_view(document);
        let mut unseen = None;
        if device.has(document) {
            for stored in &device.store.ops {
                let Some((id, Some(op))) = device.log.get(&stored.seq) else {
                    continue;
                };
                let is_own_value = op.document == document
                    && op.lane == Lane::Shopper
                    && stored.set_aside.is_none()
                    && self.ledger.known.get(id).is_some_and(|known| known.is_value);
                if !is_own_value || !self.ledger.shown.contains(id) {
                    continue;
                }
                let register = view.cell(&op.key()).map(|cell| &cell.register);
                let is_seen = register.is_some_and(|register| {
                    register.superseded.contains(id) || register.heads.iter().any(|head| head.op == *id)
                });
                if !is_seen {
                    unseen = Some((stored.seq, *id));
                }
            }
        }
        self.ledger.require(Invariant::ViewIsStore, is_stored, || {
            format!("device {number} shows of {document} what it does not hold")
        });
        self.ledger
            .require(Invariant::ReadYourWrites, unseen.is_none(), || {
                format!("device {number} does not show its own saved edit {unseen:?}")
            });
    }

    /// Whoever was told to sync is busy, or done, or has a time for the next attempt.
    fn watch_liveness(&mut self, number: usize) {
        let device = &self.devices[number];
        let is_on_the_way = || {
            let mut messages = self.network.iter();
            messages.any(|message| message.device == number && message.process == device.process)
        };
        let is_stuck = device.is_asked
            && device.todo.is_empty()
            && !device.needs_person
            && !device.needs_update
            && device.engine.poll_timeout().is_none()
            && !is_on_the_way();
        self.ledger.require(Invariant::Liveness, !is_stuck, || {
            format!("device {number} was told to sync, waits for nothing and does nothing")
        });
    }

    /// Looks at a device's store after a commit.
    pub(crate) fn watch_commit(
        &mut self,
        number: usize,
        before: &DeviceState,
        held: &[OpId],
        shown: &BTreeSet<Entity>,
    ) {
        let device = &self.devices[number];
        let after = device.row();
        if let (Some(old), Some(new)) = (before.cursor, after.cursor) {
            let is_forward = old.incarnation != new.incarnation
                || before.generation != after.generation
                || (new.seen_head >= old.seen_head && new.pos >= old.pos);
            self.ledger.require(Invariant::MonotoneCursor, is_forward, || {
                format!("device {number} went from {old:?} to {new:?}")
            });
        }
        let unsent = device.log.range(after.acknowledged + 1..);
        let mut unsent = unsent.filter_map(|(_, (_, op))| op.as_ref().map(|op| op.document));
        let dropped = unsent.find(|document| {
            let entity = (self.terms.entity)(*document);
            let is_kept = device.store.entities.iter().any(|kept| kept.entity == entity);
            shown.contains(&entity) && !is_kept
        });
        self.ledger
            .require(Invariant::ReadYourWrites, dropped.is_none(), || {
                format!("device {number} drops {dropped:?} while work on it is unsent")
            });
        if before.device == after.device && before.start == after.start {
            return;
        }
        let kept = |id: &OpId| device.log.values().any(|(other, _)| other == id);
        let mut gone = held.iter().copied().filter(|id| !kept(id));
        let forgotten = gone.find(|id| !self.backend.backup_has(*id));
        self.ledger
            .require(Invariant::CustodyBeforeForgetting, forgotten.is_none(), || {
                format!("device {number} forgets {forgotten:?}, which no backup has")
            });
    }
}
