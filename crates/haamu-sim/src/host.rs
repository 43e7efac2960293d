//! Carrying out the engine's effects, one at a time: what a driver does.

use haamu_sync::engine::{Effect, Event, Failure, Notice, Upload, UploadFailure, WriteBatch};
use haamu_sync::frame::MAX_BATCH_BYTES;
use haamu_sync::{Action, DeviceId, OpId, SyncRequest, codec};

use crate::device::{LocalFile, Todo};
use crate::ledger::{Invariant, Known};
use crate::plan::Fault;
use crate::safeguard::Duty;
use crate::wire::{Message, Payload};
use crate::world::World;

/// A clock that is late by so much is right.
pub(crate) const TIMELY_MS: u64 = 100;

impl World {
    /// Hands an event to an engine, and lines its effects up.
    pub(crate) fn handle(&mut self, device: usize, event: Event) {
        let reading = self.devices[device].reading(self.now);
        let state = &mut self.devices[device];
        if matches!(event, Event::Committed(_) | Event::CommitFailed(_)) {
            state.is_committing = false;
        }
        state.engine.handle(reading, event);
        while let Some(effect) = state.engine.poll_effect() {
            if let Effect::Commit(_, batch) = &effect {
                state.is_committing = true;
                let last = state.last_seq();
                if self.removed == Some(Duty::SavedAfterCommit)
                    && let Some(id) = edited(batch, state.row().device, last)
                {
                    self.ledger.shown.insert(id);
                }
            }
            state.todo.push_back(Todo::Effect(effect));
        }
    }

    /// Lets a device do so many things.
    pub(crate) fn work(&mut self, device: usize, count: u8) {
        // Nothing of what a device does by itself goes on without end.
        let count = if count == u8::MAX { 2_000 } else { u32::from(count) };
        for _ in 0..count {
            let Some(todo) = self.devices[device].todo.pop_front() else {
                return;
            };
            match todo {
                Todo::Event(event) => self.handle(device, event),
                Todo::Rest(batch) => self.devices[device].write(&batch),
                Todo::KeepFile(hash, length) => {
                    let file = LocalFile {
                        length,
                        is_sound: true,
                    };
                    self.devices[device].files.insert(hash, file);
                }
                Todo::Effect(effect) => self.carry_out(device, effect),
            }
        }
        if count == 2_000 && !self.devices[device].todo.is_empty() {
            self.ledger
                .violated(Invariant::Liveness, || "a device works on and on".to_owned());
        }
    }

    fn carry_out(&mut self, device: usize, effect: Effect) {
        let is_locked = matches!(effect, Effect::Upload(..)) && self.is_locked(device);
        let state = &mut self.devices[device];
        let (effect, payload) = match effect {
            Effect::Commit(id, batch) => {
                return self.commit(device, id, &batch);
            }
            Effect::Notify(notice) => return self.notice(device, &notice),
            Effect::Upload(id, _) if is_locked => {
                let event = Event::Uploaded(id, Err(UploadFailure::Unreadable));
                state.todo.push_front(Todo::Event(event));
                return;
            }
            Effect::Upload(id, upload) => {
                let session = state.session.clone();
                let file = state.files.get(&upload.sha256);
                let is_whole = file.is_some_and(|file| file.is_sound && file.length == upload.total);
                if !is_whole {
                    let event = Event::Uploaded(id, Err(UploadFailure::LocalDamage));
                    state.todo.push_front(Todo::Event(event));
                    return;
                }
                self.inspect_upload(device, &upload);
                let payload = Payload::Part {
                    arrived: upload.length,
                    upload,
                    is_sound: true,
                    session,
                };
                (id, payload)
            }
            Effect::Enrol(id, enrolment) => {
                let session = state.session.clone();
                (id, Payload::Enrol { enrolment, session })
            }
            Effect::RefreshAuth(id) => {
                let session = state.session.clone();
                (id, Payload::Refresh { session })
            }
            Effect::Deposit(id, _) => {
                // Nobody in these worlds asks for it.
                let event = Event::Deposited(id, Err(Failure::Network));
                state.todo.push_front(Todo::Event(event));
                return;
            }
            Effect::Sync(id, request) => {
                self.inspect_request(device, &request);
                let session = self.devices[device].session.clone();
                let body = self.codec.encode(&*request);
                (id, Payload::Ask { body, session })
            }
        };
        let process = self.devices[device].process;
        self.network.push(Message {
            device,
            process,
            effect,
            payload,
        });
    }

    /// Writes a batch, unless there is no space for it.
    fn commit(&mut self, device: usize, id: u64, batch: &WriteBatch) {
        let state = &mut self.devices[device];
        let before = state.row();
        let edit = edited(batch, before.device, state.last_seq());
        if state.disk_full > 0 {
            state.disk_full -= 1;
            if edit.is_some() {
                state.taps.pop_front();
            }
            state.todo.push_front(Todo::Event(Event::CommitFailed(id)));
            return;
        }
        let held: Vec<OpId> = state.log.values().map(|(id, _)| *id).collect();
        let shown = state.store.entities.iter();
        let shown = shown.map(|stored| stored.entity.clone()).collect();
        state.commits += 1;
        state.todo.push_front(Todo::Event(Event::Committed(id)));
        if self.removed == Some(Duty::OneTransaction) && edit.is_none() && !batch.replace_log {
            // The cursor first, what it stands for afterwards.
            let row = WriteBatch {
                device: batch.device.clone(),
                ..WriteBatch::default()
            };
            state.write(&row);
            let rest = WriteBatch {
                device: None,
                ..batch.clone()
            };
            state.todo.push_front(Todo::Rest(Box::new(rest)));
            return;
        }
        state.write(batch);
        if self.removed == Some(Duty::DurableCommit) && state.commits.is_multiple_of(3) {
            state.durable = Some(state.store.clone());
        }
        if let Some(id) = edit {
            self.record(device, id);
        }
        self.watch_commit(device, &before, &held, &shown);
    }

    /// Enters an operation that has just become durable into the ledger.
    fn record(&mut self, device: usize, id: OpId) {
        let state = &mut self.devices[device];
        let Some(tap) = state.taps.pop_front() else {
            return;
        };
        let op = state.log.values().find(|(known, _)| *known == id);
        let op = op.and_then(|(_, op)| op.as_ref());
        let is_value = op.is_some_and(|op| matches!(op.action, Action::Set(_) | Action::Clear));
        let mut base = op.map(|op| op.base.clone()).unwrap_or_default();
        let removes = match op.map(|op| &op.action) {
            Some(Action::RemoveInstance(named)) => named.as_slice(),
            _ => &[],
        };
        base.extend_from_slice(removes);
        let is_removal = !removes.is_empty();
        let installation = state.installation();
        let known = &self.ledger.known;
        let unseen = base.iter().find(|base| {
            // Whatever the screen shows by now, people know what they have just done themselves.
            let is_own = known
                .get(*base)
                .is_some_and(|other| other.installation == installation);
            !tap.seen.contains(base) && !is_own
        });
        let unseen = unseen.copied();
        self.ledger.require(Invariant::HonestBase, unseen.is_none(), || {
            format!("{id} replaces {unseen:?}, which its author did not see")
        });
        let known = Known {
            installation,
            at: self.now,
            is_timely: op.is_some_and(|op| op.hlc.millis() + TIMELY_MS >= self.now),
            order: self.ledger.next_order(),
            document: tap.document,
            key: tap.key,
            is_value,
            is_removal,
            seen: tap.seen,
        };
        self.ledger.counts.operations += 1;
        // Two clones may do the same at the same time: that is one operation.
        self.ledger.known.entry(id).or_insert(known);
    }

    fn notice(&mut self, device: usize, notice: &Notice) {
        let state = &mut self.devices[device];
        let ledger = &mut self.ledger;
        match notice {
            Notice::Saved(id) => {
                let is_durable = state.log.values().any(|(known, _)| known == id);
                ledger.require(Invariant::DurableFirst, is_durable, || {
                    format!("{id} is shown as saved and is not in the store")
                });
                ledger.shown.insert(*id);
            }
            Notice::UpToDate => state.is_asked = false,
            // Whoever has signed in since need not do so once more.
            Notice::AuthRequired => state.needs_person = state.engine.backlog().auth_required,
            Notice::FileDamaged(hash) => drop(ledger.reported.insert(*hash)),
            Notice::UpgradeRequired => {
                state.needs_update = true;
                let is_skewed = self.faults.contains(&Fault::VersionSkew);
                ledger.require(Invariant::Liveness, is_skewed, || {
                    "an upgrade is required".to_owned()
                });
            }
            Notice::NewIdentity(_) => ledger.counts.clones += 1,
            Notice::AcknowledgementWithdrawn(_) => ledger.counts.withdrawals += 1,
            Notice::SetAside(..) => ledger.counts.set_aside += 1,
            Notice::FileComplete(_) => ledger.counts.files += 1,
            Notice::NotSaved(..)
            | Notice::Acknowledged(_)
            | Notice::UploadProgress(..)
            | Notice::FileRefused(_)
            | Notice::Revoked(..)
            | Notice::Imported { .. }
            | Notice::NotImported
            | Notice::HeldBack(..)
            | Notice::Deposited
            | Notice::NotDeposited(_)
            | Notice::Stalled
            | Notice::Retrying(_) => {}
        }
    }

    /// A request holds a bounded part of what the server lacks, and only what is durable.
    fn inspect_request(&mut self, device: usize, request: &SyncRequest) {
        let state = &self.devices[device];
        let row = state.row();
        let bytes: usize = request.ops.iter().map(|raw| raw.0.len()).sum();
        let is_bounded = request.ops.len() <= 1 || bytes <= MAX_BATCH_BYTES;
        let is_new = request.from_seq == row.acknowledged + 1;
        let is_durable = request.device == row.device
            && request.ops.iter().zip(request.from_seq..).all(|(raw, seq)| {
                let stored = state.store.ops.iter().find(|stored| stored.seq == seq);
                stored.is_some_and(|stored| stored.raw == *raw)
            });
        let ledger = &mut self.ledger;
        ledger.counts.requests += 1;
        ledger.require(Invariant::BoundedBytes, is_bounded && is_new, || {
            format!("a request from {} with {bytes} bytes", request.from_seq)
        });
        ledger.require(Invariant::DurableFirst, is_durable, || {
            format!("device {device} sends what it does not hold")
        });
        self.sent_bytes += bytes;
    }

    fn inspect_upload(&mut self, device: usize, upload: &Upload) {
        self.watch_part(device, upload);
        let is_bounded = upload.length <= 4 * 1024 * 1024 && upload.offset + upload.length <= upload.total;
        self.ledger.require(Invariant::BoundedBytes, is_bounded, || {
            format!("a part of {} bytes", upload.length)
        });
    }
}

/// The operation of a batch that records an edit. What was taken over from another device says where it
/// comes from: it was recorded there.
fn edited(batch: &WriteBatch, device: DeviceId, last: u64) -> Option<OpId> {
    const WITHOUT_ORIGIN: u8 = 0x82;
    match batch.put_ops.as_slice() {
        [op] if op.seq == last + 1 && !batch.replace_log && op.raw.0.first() == Some(&WITHOUT_ORIGIN) => {
            Some(codec::op_id(&op.raw.0, device, op.seq))
        }
        _ => None,
    }
}
