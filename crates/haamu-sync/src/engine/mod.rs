//! The device's side: a machine without input or output.
//!
//! # Calling order
//!
//! 1. Load the store's [`Snapshot`] and make an [`Engine`].
//! 2. When something happens, call [`Engine::handle`] with the device's clocks.
//! 3. Then call [`Engine::poll_effect`] until it returns `None`, and carry each
//!    effect out, in order. Its outcome is the next event.
//! 4. Sleep until the next event, or until [`Engine::poll_timeout`].
//!
//! # Guarantees
//!
//! * Nothing is sent before it is durable: an edit is [`Notice::Saved`] only
//!   after its commit was confirmed, and only saved operations leave the device.
//! * A failed commit changes nothing; the edit is reported as not saved.
//! * The process may die between any two effects. What was committed is picked
//!   up at the next start, and repeating a request does no harm.
//! * An operation is forgotten only when the server vouches for a verified backup.
//!
//! One commit is under way at a time; events that need the next one wait in
//! order. Requests and uploads run beside it, one of each at a time.
//!
//! # Example
//!
//! A device with a store in memory and no network: the answer is saved all the same.
//!
//! ```
//! use haamu_sync::engine::{Backlog, Config, DeviceState, Edit, Effect, Engine, Event, Failure, Notice, Snapshot};
//! use haamu_sync::{Action, AuthorId, Bytes, ClockReading, DeviceId, DocumentId, OpId, RegisterKey, Value};
//!
//! /// Carries out what the engine wants, until it wants nothing more; says what was saved.
//! fn drain(engine: &mut Engine, store: &mut Vec<Vec<u8>>, now: ClockReading) -> Vec<OpId> {
//!     let mut saved = Vec::new();
//!     while let Some(effect) = engine.poll_effect() {
//!         match effect {
//!             // A real store writes all of the batch in one transaction, and confirms it once it is durable.
//!             Effect::Commit(id, batch) => {
//!                 store.extend(batch.put_ops.iter().map(|op| op.raw.0.to_vec()));
//!                 engine.handle(now, Event::Committed(id));
//!             }
//!             Effect::Enrol(id, _) => engine.handle(now, Event::Enrolled(id, Err(Failure::Network))),
//!             Effect::Sync(id, _) => engine.handle(now, Event::Synced(id, Err(Failure::Network))),
//!             Effect::Notify(Notice::Saved(op)) => saved.push(op),
//!             _ => {}
//!         }
//!     }
//!     saved
//! }
//!
//! let now = ClockReading { wall: 1_795_176_000_000, monotonic: 10, boot: 1 };
//! let config = Config::new("example/1", [7; 32]);
//! let device = DeviceState::new(DeviceId::from_bytes([1; 16]), AuthorId::from_bytes([2; 16]));
//! let mut engine = Engine::new(config, Snapshot::default(), device);
//! let mut store = Vec::new();
//!
//! let visit = DocumentId::from_bytes([3; 16]);
//! let answer = RegisterKey::shopper("answer/greeted");
//! let value = Value { tag: 1, bytes: Bytes::from(b"\"yes\"".to_vec()) };
//! let edit = Edit { document: visit, key: answer.clone(), action: Action::Set(value.clone()), form_version: None, preview: None };
//! engine.handle(now, Event::Edit(edit));
//! assert_eq!(drain(&mut engine, &mut store, now).len(), 1, "only now may the person be told that it is saved");
//! assert_eq!(store.len(), 1);
//! assert_eq!(engine.document(visit).cell(&answer).and_then(|cell| cell.register.value()), Some(&value));
//! assert_eq!(engine.backlog().unsent_ops, 1, "it waits for the network, and nothing is lost until then");
//!
//! engine.handle(now, Event::SyncNow);
//! drain(&mut engine, &mut store, now);
//! assert!(engine.poll_timeout().is_some(), "there is no network: the engine says when to try again");
//! ```

mod conditions;
mod confirm;
mod deposit;
mod edits;
mod event;
mod import;
mod log;
mod queue;
mod response;
mod session;
mod state;
mod uploads;
mod watchdog;

use std::collections::VecDeque;

use crate::safeguards::{Safeguard, holds};
use crate::{
    BlobHash, Bytes, ClockReading, Document, DocumentId, Entity, Millis, Op, OpId, OpIds, Revocation,
};

pub use conditions::{Battery, Conditions, Connection, Hold};
pub use event::{Edit, Effect, EffectId, Enrolment, Event, Failure, Import, Notice, Upload, UploadFailure};
pub use state::{BlobKind, BlobState, DeviceState, Snapshot, StoredBlob, StoredEntity, StoredOp, WriteBatch};

use queue::Uploader;
use session::Session;
use state::State;
use watchdog::Watchdog;

/// What the engine is told once.
#[derive(Clone, Debug)]
pub struct Config {
    /// The build of the app, sent along for support.
    pub build: String,
    /// Randomness for jitter and for the name of a device that turns out to be a clone.
    pub seed: [u8; 32],
    /// How long a visit that was taken away stays readable after all work on it has been sent.
    pub keep_revoked_ms: Millis,
}

/// Seven days.
const KEEP_REVOKED_MS: Millis = 7 * 24 * 60 * 60 * 1_000;

impl Config {
    /// What devices of shoppers use.
    #[must_use]
    pub fn new(build: &str, seed: [u8; 32]) -> Self {
        Self {
            build: build.to_owned(),
            seed,
            keep_revoked_ms: KEEP_REVOKED_MS,
        }
    }
}

/// The sync engine of one device.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    state: State,
    session: Session,
    uploader: Uploader,
    conditions: Conditions,
    watchdog: Watchdog,
    commit: Option<Commit>,
    waiting: VecDeque<Pending>,
    effects: VecDeque<Effect>,
    now: ClockReading,
    draws: u64,
}

/// A commit that is under way.
#[derive(Debug)]
struct Commit {
    id: EffectId,
    batch: WriteBatch,
    then: Then,
}

/// What a confirmed commit leads to.
#[derive(Debug)]
enum Then {
    /// An edit is saved.
    Saved { op: OpId, edit: Edit },
    /// A response is applied.
    Applied(session::Outcome),
    /// The device has a new name.
    Renamed(session::Outcome),
    /// The device is enrolled.
    Enrolled,
    /// A file's state changed.
    BlobChanged,
    /// The server's word for a file is kept.
    ReceiptKept,
    /// Work of another installation is taken over.
    Imported(Notice),
}

/// Something that waits for the commit under way.
#[derive(Debug)]
enum Pending {
    /// An edit, and the heads that its author saw when they made it.
    Edit(Edit, OpIds),
    Response(Box<crate::SyncResponse>),
    Deposited(Box<crate::DepositResponse>),
    Copied,
    Enrolled,
    Blob((BlobHash, DocumentId), BlobChange),
    Import(Box<Import>),
}

/// What changes of a file on this device.
#[derive(Debug)]
enum BlobChange {
    State(BlobState),
    Receipt(Bytes),
}

/// What a device has still to do, for its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Operations that the server does not have.
    pub unsent_ops: usize,
    /// Files that the server does not have.
    pub unsent_files: usize,
    /// Their bytes in all.
    pub unsent_bytes: u64,
    /// Files that the server does not have and refuses: they are on this device only.
    pub refused_files: usize,
    /// Operations that the server put aside.
    pub set_aside: usize,
    /// Whether the person must sign in again before anything can be sent.
    pub auth_required: bool,
}

impl Engine {
    /// An engine that goes on where the snapshot stands. `device` is the row of
    /// a device that starts for the first time; the snapshot's own row wins.
    #[must_use]
    pub fn new(config: Config, mut snapshot: Snapshot, device: DeviceState) -> Self {
        let device = snapshot.device.take().unwrap_or(device);
        Self {
            config,
            state: State::new(device, snapshot),
            session: Session::default(),
            uploader: Uploader::default(),
            conditions: Conditions::default(),
            watchdog: Watchdog::default(),
            commit: None,
            waiting: VecDeque::new(),
            effects: VecDeque::new(),
            now: ClockReading::default(),
            draws: 0,
        }
    }

    /// Takes in an event. Afterwards, drain [`Engine::poll_effect`].
    pub fn handle(&mut self, now: ClockReading, event: Event) {
        self.now = now;
        self.watchdog.start(now.monotonic);
        match event {
            Event::Edit(edit) => {
                let seen = self.seen(&edit);
                self.waiting.push_back(Pending::Edit(edit, seen));
            }
            Event::Committed(id) => self.committed(id),
            Event::CommitFailed(id) => self.commit_failed(id),
            Event::Enrolled(id, outcome) => self.enrolled(id, outcome),
            Event::Synced(id, outcome) => self.synced(id, outcome),
            Event::Deposited(id, outcome) => self.deposited(id, outcome),
            Event::Uploaded(id, outcome) => self.uploaded(id, outcome),
            Event::AuthRefreshed(id, outcome) => self.auth_refreshed(id, outcome),
            Event::Receipt(sha256, document, bytes) => {
                let change = BlobChange::Receipt(bytes);
                self.waiting.push_back(Pending::Blob((sha256, document), change));
            }
            Event::Freed(sha256) => self.freed(sha256),
            Event::Conditions(conditions) => self.conditions_changed(conditions),
            Event::Import(import) => self.waiting.push_back(Pending::Import(Box::new(import))),
            Event::Copied => self.waiting.push_back(Pending::Copied),
            Event::Deposit => self.deposit(),
            Event::SignedIn => self.signed_in(),
            Event::SyncNow => self.sync_now(),
            Event::Timeout => self.timeout(),
        }
        self.next_commit();
    }

    /// The next effect to carry out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Event::Timeout`], on the monotonic clock of [`ClockReading`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Millis> {
        match (self.session.wakes_at(), self.watchdog_wakes_at()) {
            (Some(retry), Some(watchdog)) => Some(retry.min(watchdog)),
            (retry, watchdog) => retry.or(watchdog),
        }
    }

    /// The content of a submission: the server's with this device's own work on top.
    #[must_use]
    pub fn document(&self, document: DocumentId) -> Document {
        self.state.view(document)
    }

    /// The state and cycle of a submission on the server, as last heard, and whether it was revoked.
    #[must_use]
    pub fn submission(&self, document: DocumentId) -> Option<(&str, u32, Option<&Revocation>)> {
        let (stored, body) = self.state.submission(document)?;
        Some((body.state.as_str(), body.cycle, stored.revoked.as_ref()))
    }

    /// All entities of the feed.
    pub fn entities(&self) -> impl Iterator<Item = &StoredEntity> {
        self.state.entities.values()
    }

    /// One entity of the feed.
    #[must_use]
    pub fn entity(&self, entity: &Entity) -> Option<&StoredEntity> {
        self.state.entities.get(entity)
    }

    /// This device's own operations on a submission that the server has not applied yet.
    pub fn own_ops(&self, document: DocumentId) -> impl Iterator<Item = &Op> {
        let is_on = move |op: &&Op| op.document == document;
        self.state
            .log
            .after(self.state.device.included)
            .iter()
            .filter_map(|entry| entry.op.as_ref())
            .filter(is_on)
    }

    /// This device's own operations that it keeps: a server that is restored to an earlier state may still ask for
    /// them, and with them for their files.
    pub fn kept_ops(&self) -> impl Iterator<Item = &Op> {
        let entries = self.state.log.entries().iter();
        entries.filter_map(|entry| entry.op.as_ref())
    }

    /// The files of this device.
    pub fn blobs(&self) -> impl Iterator<Item = &StoredBlob> {
        self.state.blobs.values()
    }

    /// The device's own row.
    #[must_use]
    pub const fn device(&self) -> &DeviceState {
        &self.state.device
    }

    /// The number of the last operation in this device's log.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.state.head().seq
    }

    /// Whether work on a submission is still to be sent.
    #[must_use]
    pub fn has_unsent_work(&self, document: DocumentId) -> bool {
        self.state.has_unsent_work(document)
    }

    /// Whether the device has recorded nothing and the server does not know it.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        !self.state.device.enrolled
            && self.state.head().seq == 0
            && self.commit.is_none()
            && self.waiting.is_empty()
    }

    /// Gives a device that [`is_unused`](Self::is_unused) another row, which the
    /// next commit writes. On any other device it does nothing.
    pub fn start_with(&mut self, device: DeviceState) {
        if self.is_unused() {
            self.state.device = device;
        }
    }

    /// What is still to be done.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let blobs = || self.state.blobs.values();
        let files = blobs().filter(|blob| blob.state == BlobState::Stored);
        Backlog {
            unsent_ops: self.state.unsent().count(),
            unsent_files: files.clone().count(),
            unsent_bytes: files.map(|blob| blob.length).sum(),
            refused_files: blobs().filter(|blob| blob.state == BlobState::Refused).count(),
            set_aside: self
                .state
                .log
                .entries()
                .iter()
                .filter(|entry| entry.stored.set_aside.is_some())
                .count(),
            auth_required: self.session.needs_sign_in(),
        }
    }

    /// Whether nothing is under way and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.commit.is_none()
            && self.waiting.is_empty()
            && self.effects.is_empty()
            && self.session.is_idle()
            && self.uploader.is_idle()
    }

    fn notify(&mut self, notice: Notice) {
        self.effects.push_back(Effect::Notify(notice));
    }

    fn next_effect_id(&mut self) -> EffectId {
        let id = self.state.device.next_effect;
        self.state.device.next_effect += 1;
        id
    }

    /// A number below `limit`, from the seed.
    fn draw(&mut self, limit: u64) -> u64 {
        self.draws += 1;
        let drawn = blake3::keyed_hash(&self.config.seed, &self.draws.to_le_bytes());
        match drawn.as_bytes().first_chunk() {
            Some(word) if limit > 0 => u64::from_le_bytes(*word) % limit,
            _ => 0,
        }
    }

    /// Starts the next commit, if none is under way.
    fn next_commit(&mut self) {
        while self.commit.is_none() {
            let Some(pending) = self.waiting.pop_front() else {
                return;
            };
            match pending {
                Pending::Edit(edit, seen) => self.commit_edit(edit, seen),
                Pending::Response(response) => self.commit_response(&response),
                Pending::Deposited(response) => self.commit_deposit(*response),
                Pending::Copied => self.commit_new_identity(0),
                Pending::Enrolled => {
                    let device = DeviceState {
                        enrolled: true,
                        ..self.state.device.clone()
                    };
                    self.start_commit(
                        WriteBatch {
                            device: Some(device),
                            ..WriteBatch::default()
                        },
                        Then::Enrolled,
                    );
                }
                Pending::Blob(key, change) => self.commit_blob(key, change),
                Pending::Import(import) => self.commit_import(&import),
            }
        }
    }

    fn commit_blob(&mut self, key: (BlobHash, DocumentId), change: BlobChange) {
        let Some(mut blob) = self.state.blobs.get(&key).cloned() else {
            return;
        };
        let then = match &change {
            BlobChange::State(_) => Then::BlobChanged,
            BlobChange::Receipt(_) => Then::ReceiptKept,
        };
        match change {
            BlobChange::State(state) => blob.state = state,
            BlobChange::Receipt(bytes) => blob.receipt = Some(bytes),
        }
        let batch = WriteBatch {
            put_blobs: vec![blob],
            ..WriteBatch::default()
        };
        self.start_commit(batch, then);
    }

    fn start_commit(&mut self, mut batch: WriteBatch, then: Then) {
        let id = self.next_effect_id();
        // The row carries the effect counter, so that names are not given twice after a restart.
        let mut device = batch.device.take().unwrap_or_else(|| self.state.device.clone());
        device.next_effect = self.state.device.next_effect;
        batch.device = Some(device);
        self.effects
            .push_back(Effect::Commit(id, Box::new(batch.clone())));
        self.commit = Some(Commit { id, batch, then });
    }

    fn committed(&mut self, id: EffectId) {
        let Some(commit) = self.commit.take_if(|commit| commit.id == id) else {
            return;
        };
        let next_effect = self.state.device.next_effect;
        self.state.apply(commit.batch);
        self.state.device.next_effect = next_effect;
        match commit.then {
            Then::Saved { op, edit } => {
                self.show_to_waiting(op, &edit);
                self.notify(Notice::Saved(op));
            }
            Then::Applied(outcome) => self.response_applied(outcome),
            Then::Renamed(outcome) => self.renamed(outcome),
            Then::Enrolled => self.sync_now(),
            Then::BlobChanged => self.next_upload(),
            Then::ReceiptKept => {}
            Then::Imported(notice) => self.notify(notice),
        }
    }

    fn commit_failed(&mut self, id: EffectId) {
        let Some(commit) = self.commit.take_if(|commit| commit.id == id) else {
            return;
        };
        match commit.then {
            Then::Saved { edit, .. } => self.notify(Notice::NotSaved(edit.document, edit.key)),
            // Nothing was changed; the same will be asked and answered again.
            Then::Applied(_) if self.session.is_depositing() => self.failed(Failure::Storage),
            Then::Applied(_) | Then::Renamed(_) | Then::Enrolled => self.retry_later(Failure::Storage),
            // The receipt can be asked for again; the export is read again.
            Then::ReceiptKept => {}
            Then::Imported(_) => self.notify(Notice::NotImported),
            Then::BlobChanged => {
                self.uploader.stop();
                if self.session.may_retry() && holds(Safeguard::Retry) {
                    self.retry_later(Failure::Storage);
                }
            }
        }
    }
}
