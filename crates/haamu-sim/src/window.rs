//! Two minutes in the background: what a device does with them before its process ends.

use haamu_sync::engine::{Event, Failure, Upload};

use crate::ledger::Invariant;
use crate::plan::{Fault, Weather};
use crate::wire::{Message, Payload};
use crate::world::World;

/// So long the platform lets an app run that it has woken.
const WINDOW_MS: u64 = 120_000;
/// So long a message is under way.
const LATENCY_MS: u64 = 100;
/// So many attempts may fail in a window: with delays that double, no more have room in it.
const MAX_FAILURES: u32 = 20;
/// So many messages suffice for anything.
const MAX_MESSAGES: usize = 2_000;

/// What is noted of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Whose it is.
    device: usize,
    /// The last operation that was durable when it began.
    last_seq: u64,
    /// So many attempts have failed in it.
    failures: u32,
}

impl World {
    /// A device is woken in the background; what it can do in two minutes it does, and then its process ends.
    pub(crate) fn window(&mut self, device: usize, weather: Weather) {
        self.ledger.counts.faults += 1;
        self.devices[device].kill();
        self.window = Some(Window {
            device,
            last_seq: self.devices[device].last_seq(),
            failures: 0,
        });
        let until = self.now + WINDOW_MS;
        self.handle(device, Event::SyncNow);
        for _ in 0..MAX_MESSAGES {
            self.work(device, u8::MAX);
            if self.now >= until || !self.pass_message(device, weather, until) {
                break;
            }
        }
        self.now = self.now.max(until);
        let failures = self.window.take().map_or(0, |window| window.failures);
        self.ledger
            .require(Invariant::Window, failures <= MAX_FAILURES, || {
                format!("device {device} failed {failures} times in two minutes of {weather:?}")
            });
        self.devices[device].kill();
    }

    /// Lets the next thing happen to a device in its window; says whether anything did.
    fn pass_message(&mut self, device: usize, weather: Weather, until: u64) -> bool {
        let process = self.devices[device].process;
        let is_own = |message: &Message| message.device == device && message.process == process;
        if let Some(at) = self.network.iter().position(is_own) {
            self.now += LATENCY_MS;
            let message = self.network.remove(at);
            self.pass(message, weather);
            return true;
        }
        let reading = self.devices[device].reading(self.now);
        let Some(at) = self.devices[device].engine.poll_timeout() else {
            return false;
        };
        let ms = at.saturating_sub(reading.monotonic);
        if self.now + ms >= until {
            return false;
        }
        self.wait(ms);
        true
    }

    fn pass(&mut self, message: Message, weather: Weather) {
        let failures = self.window.map_or(0, |window| window.failures);
        let is_renewal = matches!(message.payload, Payload::Refresh { .. });
        let failure = match weather {
            _ if !message.payload.is_request() => None,
            Weather::Lost(count) => (failures < u32::from(count)).then_some(Failure::Network),
            Weather::Unauthorised if !is_renewal => Some(Failure::Unauthorised),
            Weather::NotEnrolled if !is_renewal => Some(Failure::NotEnrolled),
            Weather::Busy => Some(Failure::Busy(1_000)),
            Weather::Fair | Weather::Unauthorised | Weather::NotEnrolled => None,
        };
        let Some(failure) = failure else {
            self.arrive(message);
            return;
        };
        if let Some(window) = &mut self.window {
            window.failures += 1;
        }
        if failure == Failure::Network {
            self.break_off(&message);
        } else {
            self.answer_with(&message, failure);
        }
    }

    /// Looks at a part of a file that a device sends in its window.
    pub(crate) fn watch_part(&mut self, device: usize, upload: &Upload) {
        let Some(window) = self.window.filter(|window| window.device == device) else {
            return;
        };
        let acknowledged = self.devices[device].row().acknowledged;
        let last = window.last_seq.min(self.devices[device].last_seq());
        self.ledger.require(Invariant::Window, acknowledged >= last, || {
            format!("device {device} sends a file while {acknowledged} of {last} operations are sent")
        });
        // Eight bytes in a millisecond, where the link is slow.
        let takes = upload.length / 8;
        let fits = !self.faults.contains(&Fault::SlowLink) || takes <= WINDOW_MS / 2;
        self.ledger.require(Invariant::Window, fits, || {
            format!("device {device} sends a part that takes {takes} ms")
        });
    }
}
