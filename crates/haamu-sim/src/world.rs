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
use crate::window::Window;
use crate::wire::{Codec, Message};

/// When worlds begin, in milliseconds since 1970.
pub const START: u64 = 1_700_000_000_000;
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

    /// What did not hold, in words.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let violations = self.violations.iter();
        violations.map(|(invariant, what)| format!("  I{} {invariant:?}: {what}", invariant.number()))
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
    /// What a device does with its time in the background, while it has any.
    pub(crate) window: Option<Window>,
    /// The devices that the server had shut out in the end.
    pub(crate) shut_out: BTreeSet<usize>,
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
            window: None,
            shut_out: BTreeSet::new(),
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

    pub(crate) fn device_of(&self, number: u8) -> usize {
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
                self.update(device);
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
            Step::StorageTrouble { count } => {
                self.ledger.counts.faults += 1;
                self.backend.trouble(u32::from(count), self.now);
            }
            Step::Window { device, weather } => {
                let device = self.device_of(device);
                self.window(device, weather);
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
}
