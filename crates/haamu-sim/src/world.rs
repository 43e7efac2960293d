//! A world, and how a plan runs in it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use haamu_sync::engine::Event;
use haamu_sync::{DeviceId, DocumentId};

use crate::backend::{Backend, Encoding, Terms};
use crate::device::{Device, empty_store};
use crate::ledger::{Counts, Invariant, Ledger};
use crate::plan::{Act, Fault, Plan, Step};
use crate::played::Server;
use crate::safeguard::{Duty, Removal};
use crate::wire::{Codec, Message};

/// When worlds begin, in milliseconds since 1970.
pub const START: u64 = 1_700_000_000_000;
/// At most so many devices, clones included.
const MAX_DEVICES: usize = 8;
/// At most so many submissions, those assigned later included.
const MAX_DOCUMENTS: usize = 8;

/// How a world ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What did not hold, with the first case of each.
    pub violations: Vec<(Invariant, String)>,
    /// What happened.
    pub counts: Counts,
}

impl Outcome {
    /// The invariants that did not hold.
    #[must_use]
    pub fn broken(&self) -> BTreeSet<Invariant> {
        self.violations.iter().map(|(invariant, _)| *invariant).collect()
    }
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) faults: BTreeSet<Fault>,
    pub(crate) removed: Option<Duty>,
    pub(crate) now: u64,
    pub(crate) documents: Vec<DocumentId>,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) terms: Terms,
    pub(crate) devices: Vec<Device>,
    pub(crate) network: Vec<Message>,
    pub(crate) ledger: Ledger,
    pub(crate) codec: Codec,
    /// Bytes of operations that were sent.
    pub(crate) sent_bytes: usize,
    /// Values that people have given so far.
    pub(crate) values: u32,
}

/// Runs a plan with the played server; `removed` is a safeguard to do without.
#[must_use]
pub fn run(plan: &Plan, removed: Option<Removal>) -> Outcome {
    let duty = removed.and_then(Removal::duty);
    run_with(plan, removed, || Box::new(Server::new(plan, duty)))
}

/// Runs a plan with a server of one's own; `removed` is a safeguard of the devices to do without.
#[must_use]
pub fn run_with(
    plan: &Plan,
    removed: Option<Removal>,
    backend: impl FnOnce() -> Box<dyn Backend>,
) -> Outcome {
    let duty = removed.and_then(Removal::duty);
    let guarded = || {
        let work = AssertUnwindSafe(|| World::new(plan, duty, backend()).run(plan));
        catch_unwind(work).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Outcome {
                violations: vec![(Invariant::NoPanic, text.unwrap_or_default())],
                counts: Counts::default(),
            }
        })
    };
    match removed {
        #[cfg(feature = "mutations")]
        Some(Removal::Engine(safeguard)) => haamu_sync::safeguards::without(safeguard, guarded),
        _ => guarded(),
    }
}

impl World {
    pub(crate) fn new(plan: &Plan, removed: Option<Duty>, mut backend: Box<dyn Backend>) -> Self {
        let setting = &plan.setting;
        let users = usize::from(setting.users.max(1));
        let terms = backend.terms().clone();
        let devices = (0..usize::from(setting.devices.max(1))).map(|phone| {
            let user = phone % users;
            let name = DeviceId::from_bytes([0x10 + u8::try_from(phone).unwrap_or_default(); 16]);
            let store = empty_store(name, terms.authors[user]);
            Device::new(phone, backend.sign_in(user, START), store, START)
        });
        Self {
            faults: plan.faults.clone(),
            removed,
            now: START,
            devices: devices.collect(),
            documents: backend.documents(),
            backend,
            terms,
            network: Vec::new(),
            ledger: Ledger::default(),
            codec: Codec {
                encoding: if setting.json {
                    Encoding::Json
                } else {
                    Encoding::Cbor
                },
                has_unknown_field: plan.faults.contains(&Fault::VersionSkew),
            },
            sent_bytes: 0,
            values: 0,
        }
    }

    fn run(mut self, plan: &Plan) -> Outcome {
        // Everybody hears of their visits first.
        for device in 0..self.devices.len() {
            self.sync_in_peace(device);
        }
        for step in &plan.steps {
            self.now += 7;
            if let Some(device) = self.step(step) {
                self.watch(device);
            }
        }
        self.come_to_rest();
        self.check();
        Outcome {
            violations: self.ledger.violations.into_iter().collect(),
            counts: self.ledger.counts,
        }
    }

    fn device_of(&self, number: u8) -> usize {
        usize::from(number) % self.devices.len()
    }

    /// Does one step, and returns the device that it was about.
    pub(crate) fn step(&mut self, step: &Step) -> Option<usize> {
        match *step {
            Step::Edit {
                device,
                document,
                place,
                what,
                work,
            } => {
                let device = self.device_of(device);
                self.edit(device, document, place, what);
                self.work(device, work);
                return Some(device);
            }
            Step::Sync { device, work } => {
                let device = self.device_of(device);
                self.devices[device].is_asked = true;
                self.handle(device, Event::SyncNow);
                self.work(device, work);
                return Some(device);
            }
            Step::Work { device, count } => {
                let device = self.device_of(device);
                self.work(device, count);
                return Some(device);
            }
            Step::Network { pick, fate, work } => return self.move_message(pick, fate, work),
            Step::Wait { ms } => self.wait(u64::from(ms)),
            Step::ServerRestart => {
                self.ledger.counts.faults += 1;
                self.backend.restart(self.now);
            }
            Step::ServerBackup => self.backend.back_up(self.now),
            Step::ServerRestore => self.restore_server(),
            Step::Staff { document, place, act } => {
                let document = self.documents[usize::from(document) % self.documents.len()];
                if act == Act::Assign {
                    self.assign(document);
                } else {
                    let acted = self.backend.staff(document, place, act, self.now);
                    self.ledger.counts.note(acted);
                }
            }
            Step::SignIn { device } => {
                let device = self.device_of(device);
                self.sign_in(device);
                self.work(device, u8::MAX);
                return Some(device);
            }
            Step::Rescue { device } => {
                let device = self.device_of(device);
                return self.rescue(device);
            }
            _ => return self.mishap(step),
        }
        None
    }

    /// The steps that are faults of one device.
    fn mishap(&mut self, step: &Step) -> Option<usize> {
        let now = self.now;
        let (Step::Kill { device }
        | Step::DiskFull { device, .. }
        | Step::SetClock { device, .. }
        | Step::Reboot { device }
        | Step::Clone { device }
        | Step::Evict { device }
        | Step::Rot { device, .. }
        | Step::ExpireToken { device }
        | Step::EndSession { device }) = *step
        else {
            return None;
        };
        self.ledger.counts.faults += 1;
        let number = self.device_of(device);
        let device = &mut self.devices[number];
        match *step {
            Step::DiskFull { commits, .. } => device.disk_full = commits,
            Step::SetClock { off_by, .. } => device.set_clock(off_by),
            Step::Reboot { .. } => device.reboot(now),
            Step::Clone { .. } => self.clone_device(number),
            Step::Evict { .. } => self.evict(number),
            Step::Rot { pick, .. } => {
                let count = device.files.len().max(1);
                if let Some((hash, file)) = device.files.iter_mut().nth(usize::from(pick) % count) {
                    file.is_sound = false;
                    self.ledger.destroyed.insert(*hash);
                }
            }
            Step::ExpireToken { .. } => device.session.is_valid = false,
            Step::EndSession { .. } => {
                self.backend.end_session(&device.session, now);
                device.session.is_valid = false;
                device.session.is_renewable = false;
            }
            _ => device.kill(),
        }
        Some(number)
    }

    /// Time passes; who planned another attempt makes it.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.now += ms;
        for device in 0..self.devices.len() {
            let reading = self.devices[device].reading(self.now);
            let wakes_at = self.devices[device].engine.poll_timeout();
            if wakes_at.is_some_and(|at| reading.monotonic >= at) {
                self.handle(device, Event::Timeout);
                self.work(device, u8::MAX);
            }
        }
    }

    /// A person signs in again: a new session, bound to no device.
    pub(crate) fn sign_in(&mut self, device: usize) {
        let device_state = &mut self.devices[device];
        device_state.session = self.backend.sign_in(device_state.user, self.now);
        device_state.is_asked |= device_state.needs_person;
        device_state.needs_person = false;
        self.handle(device, Event::SignedIn);
    }

    /// A further visit for the shopper of a submission.
    fn assign(&mut self, like: DocumentId) {
        if self.documents.len() < MAX_DOCUMENTS {
            self.documents.extend(self.backend.assign(like, self.now));
        }
    }

    fn clone_device(&mut self, number: usize) {
        if self.devices.len() >= MAX_DEVICES {
            return;
        }
        let original = &self.devices[number];
        let store = original.durable.as_ref().unwrap_or(&original.store).clone();
        let mut copy = Device::new(self.devices.len(), original.session.clone(), store, self.now);
        copy.files = original.files.clone();
        copy.durable = original.durable.clone();
        self.devices.push(copy);
    }

    fn evict(&mut self, number: usize) {
        let device = &mut self.devices[number];
        let held: Vec<_> = device.log.values().map(|(id, _)| *id).collect();
        self.ledger.destroyed.extend(device.files.keys());
        device.clear();
        let lost = held.iter().copied().filter(|id| !self.backend.has(*id));
        self.ledger.excused.extend(lost);
        self.ledger.cleared.extend(held);
    }

    fn restore_server(&mut self) {
        self.ledger.counts.faults += 1;
        self.backend.restore(self.now);
        let cleared = self.ledger.cleared.iter().copied();
        let lost = cleared.filter(|id| !self.backend.has(*id));
        self.ledger.excused.extend(lost);
    }
}
