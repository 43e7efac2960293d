//! The edits of a visit through the whole engine of a device, each of them committed by a store in memory.

use haamu_sync::engine::{Config, DeviceState, Edit, Effect, Engine, Event, Snapshot};
use haamu_sync::{Action, AuthorId, Bytes, ClockReading, DeviceId, DocumentId, Value};

use crate::own::{FORM, Own};
use crate::workload::Visit;

/// Records the first edits of a visit; returns the bytes of the log.
pub fn record(own: &Own, visit: &Visit) -> Vec<Bytes> {
    let device = DeviceState::new(DeviceId::from_bytes([1; 16]), AuthorId::from_bytes([2; 16]));
    let mut engine = Engine::new(Config::new("haamu-bench/0.1.0", [7; 32]), Snapshot::default(), device);
    let mut log = Vec::new();
    for edit in &visit.first {
        let now = ClockReading { wall: edit.at, monotonic: edit.at - visit.first[0].at + 1, boot: 1 };
        let value = Value { tag: 1, bytes: edit.answer.bytes().into() };
        let [key, _] = &own.registers[edit.question];
        engine.handle(now, Event::Edit(Edit {
            document: DocumentId::from_bytes([3; 16]),
            key: key.clone(),
            action: Action::Set(value),
            form_version: Some(FORM),
            preview: None,
        }));
        while let Some(effect) = engine.poll_effect() {
            if let Effect::Commit(id, batch) = effect {
                log.extend(batch.put_ops.into_iter().map(|op| op.raw));
                engine.handle(now, Event::Committed(id));
            }
        }
    }
    log
}
