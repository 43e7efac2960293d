//! The end of a world: all faults stop, and everybody syncs until nothing changes.

use haamu_sync::engine::Event;

use crate::ledger::Invariant;
use crate::plan::Fate;
use crate::world::World;

/// So many rounds are made in any case.
const MIN_ROUNDS: usize = 2;
/// So many rounds suffice, or something is wrong.
const MAX_ROUNDS: usize = 40;
/// What comes in late is not held at the start of the end.
const SMALL_CHANGE: usize = 4_096;
/// So many messages of one device in one round suffice.
const MAX_MESSAGES: usize = 600;

impl World {
    /// Stops all faults and syncs until everybody has everything.
    pub(crate) fn come_to_rest(&mut self) {
        for device in &mut self.devices {
            device.disk_full = 0;
        }
        self.backend.trouble(0, self.now);
        for _ in 0..MAX_MESSAGES {
            self.move_message(0, Fate::Deliver, u8::MAX);
        }
        self.carry_out_of_devices();
        let sent_before = self.sent_bytes;
        let ops = self.devices.iter().flat_map(|device| &device.store.ops);
        let held: usize = ops.map(|op| op.raw.0.len()).sum();
        let mut rounds = 0;
        // A device learns only by asking that a server was restored behind its back.
        while rounds < MAX_ROUNDS && (rounds < MIN_ROUNDS || !self.is_at_rest()) {
            rounds += 1;
            for device in 0..self.devices.len() {
                if !self.shut_out.contains(&device) {
                    self.sync_in_peace(device);
                    self.watch(device);
                }
            }
            // What the server does by itself devices have to hear of, too.
            self.backend.settle(self.now);
        }
        let is_at_rest = self.is_at_rest();
        let state: Vec<String> = self.unrest();
        self.ledger.require(Invariant::Liveness, is_at_rest, || {
            format!("after {MAX_ROUNDS} rounds: {}", state.join("; "))
        });
        let sent = self.sent_bytes - sent_before;
        self.ledger
            .require(Invariant::BoundedBytes, sent <= 8 * (held + SMALL_CHANGE), || {
                format!("{sent} bytes were sent of {held} that are held")
            });
    }

    /// One device syncs while nothing goes wrong.
    pub(crate) fn sync_in_peace(&mut self, device: usize) {
        self.update(device);
        self.work(device, u8::MAX);
        if self.devices[device].needs_person || !self.devices[device].session.is_renewable {
            self.sign_in(device);
        }
        self.devices[device].is_asked = true;
        self.handle(device, Event::SyncNow);
        for _ in 0..MAX_MESSAGES {
            self.work(device, u8::MAX);
            if self.devices[device].needs_person {
                self.sign_in(device);
            } else if !self.network.is_empty() {
                self.move_message(0, Fate::Deliver, u8::MAX);
            } else if let Some(at) = self.devices[device].engine.poll_timeout() {
                let reading = self.devices[device].reading(self.now);
                self.wait(at.saturating_sub(reading.monotonic) + 1);
            } else {
                return;
            }
        }
        self.ledger.violated(Invariant::Liveness, || {
            format!("device {device} is told to sync once, and exchanges messages without end")
        });
    }

    fn is_at_rest(&mut self) -> bool {
        self.unrest().is_empty()
    }

    /// What is still to be done, in words.
    fn unrest(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        let devices = self.devices.iter().enumerate();
        for (number, device) in devices.filter(|(number, _)| !self.shut_out.contains(number)) {
            let backlog = device.engine.backlog();
            let cursor = device.row().cursor.map_or(0, |cursor| cursor.pos);
            let head = self.backend.head(device.user);
            let is_done = device.engine.is_idle()
                && device.todo.is_empty()
                && backlog.unsent_ops == 0
                && backlog.unsent_files == 0
                && self.backend.continues(device.user, device.row().cursor)
                && cursor == head
                && device.row().included == device.engine.last_seq();
            if !is_done {
                let (included, last) = (device.row().included, device.engine.last_seq());
                found.push(format!(
                    "device {number} at {cursor} of {head}, {included} of {last} included: {backlog:?}"
                ));
            }
        }
        found
    }
}
