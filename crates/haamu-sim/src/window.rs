//! Two minutes in the background: what a device does with them before its process ends.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::engine::{BlobState, Event, Failure, StoredBlob, Upload};
use haamu_sync::{BlobHash, DocumentId};

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

/// So often a file that fails may be sent before all others have been.
const MAX_BEFORE_OTHERS: u32 = 2;

/// What is noted of a window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Whose it is.
    device: usize,
    /// How its requests fare.
    weather: Weather,
    /// The file that fails in it, and how often that was sent for each submission: those fail by themselves.
    failing: Option<(BlobHash, BTreeMap<DocumentId, u32>)>,
    /// The files of which a part was sent.
    tried: BTreeSet<BlobHash>,
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
        let stored = self.devices[device].store.blobs.iter();
        let mut stored = stored.filter(|blob| blob.state == BlobState::Stored);
        let failing = stored.next().map(|blob| (blob.sha256, BTreeMap::new()));
        self.window = Some(Window {
            device,
            weather,
            failing: failing.filter(|_| weather == Weather::OneFileFails),
            tried: BTreeSet::new(),
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
        let failures = self.window.as_ref().map_or(0, |window| window.failures);
        let failing = self.window.as_ref().and_then(|window| window.failing.as_ref());
        let failing = failing.map(|(sha256, _)| *sha256);
        let part = match &message.payload {
            Payload::Part { upload, .. } => Some(upload.sha256),
            _ => None,
        };
        let is_failing = part.is_some() && part == failing;
        let is_renewal = matches!(message.payload, Payload::Refresh { .. });
        let failure = match weather {
            _ if !message.payload.is_request() => None,
            Weather::Lost(count) => (failures < u32::from(count)).then_some(Failure::Network),
            Weather::Unauthorised if !is_renewal => Some(Failure::Unauthorised),
            Weather::NotEnrolled if !is_renewal => Some(Failure::NotEnrolled),
            Weather::Busy => Some(Failure::Busy(1_000)),
            Weather::PartsFail => part.map(|_| Failure::Server),
            Weather::OneFileFails => is_failing.then_some(Failure::Server),
            Weather::Fair | Weather::Unauthorised | Weather::NotEnrolled | Weather::Locked => None,
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

    /// Whether a device cannot read its files now.
    pub(crate) fn is_locked(&mut self, device: usize) -> bool {
        let window = self.window.as_mut();
        let is_own = |window: &&mut Window| window.device == device && window.weather == Weather::Locked;
        let Some(window) = window.filter(is_own) else {
            return false;
        };
        window.failures += 1;
        true
    }

    /// Looks at a part of a file that a device sends in its window.
    pub(crate) fn watch_part(&mut self, device: usize, upload: &Upload) {
        let window = self.window.as_mut();
        let Some(window) = window.filter(|window| window.device == device) else {
            return;
        };
        window.tried.insert(upload.sha256);
        if let Some((failing, counts)) = &mut window.failing {
            if *failing == upload.sha256 {
                *counts.entry(upload.document).or_default() += 1;
            }
            let count = counts.values().copied().max().unwrap_or(0);
            let tried = window.tried.clone();
            self.watch_others(device, count, &tried);
        }
        let Some(window) = &self.window else { return };
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

    /// A file that fails does not keep others from being sent.
    fn watch_others(&mut self, device: usize, count: u32, tried: &BTreeSet<BlobHash>) {
        let state = &self.devices[device];
        let is_sound = |blob: &&StoredBlob| {
            let file = state.files.get(&blob.sha256);
            file.is_some_and(|file| file.is_sound && file.length == blob.length)
        };
        let waiting = state.store.blobs.iter();
        let mut waiting = waiting
            .filter(|blob| blob.state == BlobState::Stored)
            .filter(is_sound);
        let waits = waiting.any(|blob| !tried.contains(&blob.sha256));
        let is_fair = count <= MAX_BEFORE_OTHERS || !waits;
        self.ledger.require(Invariant::Window, is_fair, || {
            format!("device {device} sends a file that fails {count} times before it sends others")
        });
    }
}
