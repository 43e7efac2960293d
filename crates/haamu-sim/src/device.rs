//! A device: durable storage, files, clocks, and a process that may die.

use std::collections::{BTreeMap, VecDeque};

use haamu_sync::engine::{Config, DeviceState, Effect, Event, Snapshot, WriteBatch};
use haamu_sync::{
    AuthorId, BlobHash, Body, ClockReading, DeviceId, Document, DocumentId, Engine, Op, OpId, RegisterKey,
    codec,
};

use crate::backend::Session;
use crate::ledger::Installation;

/// What a process has to do next.
#[derive(Debug)]
pub(crate) enum Todo {
    /// Carry out an effect.
    Effect(Effect),
    /// Hand an event to the engine.
    Event(Event),
    /// Write the rest of a batch; only where a batch is not one transaction.
    Rest(Box<WriteBatch>),
    /// Write a file; only where that is not done before its operation.
    KeepFile(BlobHash, u64),
}

/// Something that a person did, until its operation is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Tap {
    pub(crate) document: DocumentId,
    pub(crate) key: RegisterKey,
    pub(crate) seen: Vec<OpId>,
}

/// A file on a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalFile {
    pub(crate) length: u64,
    pub(crate) is_sound: bool,
}

/// A process of a device that its person does not see.
#[derive(Debug)]
struct Tab {
    engine: Engine,
    process: u64,
    todo: VecDeque<Todo>,
    taps: VecDeque<Tap>,
    is_committing: bool,
}

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    /// Its number among all that ever were.
    pub(crate) phone: usize,
    /// How often its storage was cleared.
    clears: usize,
    pub(crate) user: usize,
    author: AuthorId,
    pub(crate) store: Snapshot,
    /// What the operations of the store say, by number.
    pub(crate) log: BTreeMap<u64, (OpId, Option<Op>)>,
    /// What a power failure leaves; differs from the store only without durable commits.
    pub(crate) durable: Option<Snapshot>,
    pub(crate) commits: u64,
    pub(crate) files: BTreeMap<BlobHash, LocalFile>,
    pub(crate) engine: Engine,
    /// Which of its processes it is.
    pub(crate) process: u64,
    /// Counts its processes.
    started: u64,
    /// A process beside the one that the person sees; only where nothing prevents that.
    behind: Option<Box<Tab>>,
    pub(crate) todo: VecDeque<Todo>,
    pub(crate) taps: VecDeque<Tap>,
    pub(crate) session: Session,
    /// Commits that fail from now on.
    pub(crate) disk_full: u8,
    /// Whether a commit is under way in the engine.
    pub(crate) is_committing: bool,
    /// Whether it was told to sync and has not said that it is done.
    pub(crate) is_asked: bool,
    pub(crate) needs_person: bool,
    /// Whether the server wants a newer app.
    pub(crate) needs_update: bool,
    boot: u64,
    booted_at: u64,
    off_by: i64,
}

/// What a store is at the first start.
pub(crate) fn empty_store(name: DeviceId, author: AuthorId) -> Snapshot {
    Snapshot {
        device: Some(DeviceState::new(name, author)),
        ..Snapshot::default()
    }
}

fn engine(store: &Snapshot, phone: usize, process: u64) -> Engine {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(phone as u64).to_le_bytes());
    seed[8..16].copy_from_slice(&process.to_le_bytes());
    let config = Config {
        // What was taken away leaves as soon as nothing hangs on it, so that worlds need not last for days.
        keep_revoked_ms: 0,
        ..Config::new("sim", seed)
    };
    let fresh = DeviceState::new(DeviceId::default(), AuthorId::default());
    Engine::new(config, store.clone(), fresh)
}

impl Device {
    pub(crate) fn new(phone: usize, session: Session, store: Snapshot, now: u64) -> Self {
        let author = store.device.as_ref().map(|row| row.author).unwrap_or_default();
        let mut device = Self {
            phone,
            clears: 0,
            user: session.user,
            author,
            engine: engine(&store, phone, 0),
            store,
            log: BTreeMap::new(),
            durable: None,
            commits: 0,
            files: BTreeMap::new(),
            process: 0,
            started: 0,
            behind: None,
            needs_update: false,
            todo: VecDeque::new(),
            taps: VecDeque::new(),
            session,
            disk_full: 0,
            is_committing: false,
            is_asked: false,
            needs_person: false,
            boot: 1 + phone as u64 * 1_000,
            booted_at: now,
            off_by: 0,
        };
        device.read_log();
        device
    }

    /// The process dies and starts again: only what is durable remains.
    pub(crate) fn kill(&mut self) {
        if let Some(durable) = &self.durable {
            self.store = durable.clone();
            self.read_log();
        }
        self.started += 1;
        self.process = self.started;
        self.behind = None;
        self.needs_update = false;
        self.engine = engine(&self.store, self.phone, self.process);
        self.todo.clear();
        self.taps.clear();
        self.is_committing = false;
        self.is_asked = false;
        self.needs_person = false;
    }

    /// The person goes to the other process, which is started if there is none.
    pub(crate) fn switch_tab(&mut self) {
        let mut other = self.behind.take().unwrap_or_else(|| {
            self.started += 1;
            Box::new(Tab {
                engine: engine(&self.store, self.phone, self.started),
                process: self.started,
                todo: VecDeque::new(),
                taps: VecDeque::new(),
                is_committing: false,
            })
        });
        std::mem::swap(&mut self.engine, &mut other.engine);
        std::mem::swap(&mut self.process, &mut other.process);
        std::mem::swap(&mut self.todo, &mut other.todo);
        std::mem::swap(&mut self.taps, &mut other.taps);
        std::mem::swap(&mut self.is_committing, &mut other.is_committing);
        self.behind = Some(other);
    }

    /// The storage is cleared; the device begins as a new one.
    pub(crate) fn clear(&mut self) {
        let mut name = [0xdd; 16];
        name[..8].copy_from_slice(&(self.phone as u64).to_le_bytes());
        name[8..].copy_from_slice(&self.process.to_le_bytes());
        self.store = empty_store(DeviceId::from_bytes(name), self.author);
        self.clears += 1;
        self.durable = None;
        self.files.clear();
        self.read_log();
        self.session.device = None;
        self.kill();
    }

    /// Whatever remembers what was written on it: a device whose storage is cleared begins anew.
    pub(crate) const fn installation(&self) -> Installation {
        (self.phone, self.clears)
    }

    pub(crate) fn reboot(&mut self, now: u64) {
        self.boot += 1;
        self.booted_at = now;
        self.kill();
    }

    pub(crate) const fn set_clock(&mut self, off_by: i64) {
        self.off_by = off_by;
    }

    pub(crate) fn reading(&self, now: u64) -> ClockReading {
        ClockReading {
            wall: now.saturating_add_signed(self.off_by),
            monotonic: now - self.booted_at,
            boot: self.boot,
        }
    }

    /// The device's own row.
    pub(crate) fn row(&self) -> DeviceState {
        let fresh = || DeviceState::new(DeviceId::default(), self.author);
        self.store.device.clone().unwrap_or_else(fresh)
    }

    /// The number of the last operation of the store.
    pub(crate) fn last_seq(&self) -> u64 {
        let last = self.store.ops.last().map(|op| op.seq);
        last.unwrap_or_else(|| self.row().start.seq)
    }

    /// Applies a batch as a store does.
    pub(crate) fn write(&mut self, batch: &WriteBatch) {
        let store = &mut self.store;
        if let Some(row) = &batch.device {
            store.device = Some(row.clone());
        }
        if batch.replace_log {
            store.ops.clear();
            self.log.clear();
        }
        store.ops.retain(|op| op.seq > batch.forget_ops_upto);
        self.log.retain(|seq, _| *seq > batch.forget_ops_upto);
        for op in &batch.put_ops {
            store.ops.retain(|other| other.seq != op.seq);
            store.ops.push(op.clone());
        }
        store.ops.sort_by_key(|op| op.seq);
        for entity in &batch.put_entities {
            store.entities.retain(|other| other.entity != entity.entity);
            store.entities.push(entity.clone());
        }
        store
            .entities
            .retain(|entity| !batch.drop_entities.contains(&entity.entity));
        for blob in &batch.put_blobs {
            store.blobs.retain(|other| other.key() != blob.key());
            store.blobs.push(blob.clone());
        }
        self.read_log();
    }

    /// Reads the operations of the store that were not read yet.
    fn read_log(&mut self) {
        let name = self.row().device;
        let store = &self.store;
        self.log
            .retain(|seq, _| store.ops.iter().any(|op| op.seq == *seq));
        for op in &store.ops {
            self.log.entry(op.seq).or_insert_with(|| {
                let id = codec::op_id(&op.raw.0, name, op.seq);
                (id, codec::decode(&op.raw.0, name, op.seq).ok())
            });
        }
    }

    /// What the store says of a submission: the server's state with the pending work on top.
    pub(crate) fn stored_view(&self, document: DocumentId) -> Document {
        let mut view = Document::default();
        for stored in &self.store.entities {
            if let Body::Submission(body) = &stored.body
                && body.document == document
            {
                let cells = body.cells.iter();
                view.cells = cells
                    .map(|entry| (entry.key.clone(), entry.cell.clone()))
                    .collect();
            }
        }
        let included = self.row().included;
        for stored in &self.store.ops {
            if let Some((id, Some(op))) = self.log.get(&stored.seq)
                && stored.seq > included
                && op.document == document
                && stored.set_aside.is_none()
            {
                view.fold(op, *id, op.hlc);
            }
        }
        view
    }

    /// Whether the device has a submission and still works on it.
    pub(crate) fn has(&self, document: DocumentId) -> bool {
        let found = self.engine.submission(document);
        found.is_some_and(|(_, _, revoked)| revoked.is_none())
    }
}
