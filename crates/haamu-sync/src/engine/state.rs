//! What a device holds: in memory, and in its store.
//!
//! The engine and every store change their state in one way only: by a
//! [`WriteBatch`] as a whole. So what is in memory is what was committed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::codec::{decode, op_id};
use crate::{
    AuthorId, BlobHash, Body, Bytes, ChainHead, ChainValue, ClockAnchor, Cursor, DeviceId, Disposition,
    Document, DocumentId, Entity, Hlc, Millis, Policy, Revocation, SubmissionBody,
};

use super::log::{Log, LogEntry};

/// The device's own row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// The name that operations are numbered under.
    pub device: DeviceId,
    /// Who works on the device.
    pub author: AuthorId,
    /// Whether the server knows the device.
    pub enrolled: bool,
    /// The device that this one was a clone of.
    #[serde(default)]
    pub cloned_from: Option<DeviceId>,
    /// The log before the first operation that is still kept.
    #[serde(default)]
    pub start: ChainHead,
    /// The server has the log up to this number.
    #[serde(default)]
    pub acknowledged: u64,
    /// The device's copies of submissions include the log up to this number.
    #[serde(default)]
    pub included: u64,
    /// The last stamp that was given.
    #[serde(default)]
    pub hlc: Hlc,
    /// The last word of the server about the time.
    #[serde(default)]
    pub anchor: Option<ClockAnchor>,
    /// Where the copy of the feed ends.
    #[serde(default)]
    pub cursor: Option<Cursor>,
    /// Counts how often the feed started over.
    #[serde(default)]
    pub generation: u64,
    /// The next effect's name.
    #[serde(default)]
    pub next_effect: u64,
    /// What the operator asks of all devices, as last heard.
    #[serde(default)]
    pub policy: Policy,
    /// Since when the server has had how much of the log, by its clock: about one mark a day.
    #[serde(default)]
    pub held_since: Vec<(Millis, u64)>,
}

impl DeviceState {
    /// A new device that the server does not know yet.
    #[must_use]
    pub fn new(device: DeviceId, author: AuthorId) -> Self {
        Self {
            device,
            author,
            enrolled: false,
            cloned_from: None,
            start: ChainHead::default(),
            acknowledged: 0,
            included: 0,
            hlc: Hlc::default(),
            anchor: None,
            cursor: None,
            generation: 0,
            next_effect: 1,
            policy: Policy::default(),
            held_since: Vec::new(),
        }
    }

    /// Notes how much of the log the server has.
    pub(super) fn mark_held(&mut self, now: Millis) {
        let upto = self.acknowledged;
        // What was withdrawn is not held any more, and a clock that was set back proves nothing.
        self.held_since
            .retain(|(since, seq)| *seq <= upto && *since <= now);
        let is_due = |(since, seq): &(Millis, u64)| *seq < upto && *since + MARK_MS <= now;
        if upto > 0 && self.held_since.last().is_none_or(is_due) {
            self.held_since.push((now, upto));
        }
    }

    /// How much of the log the server has had for [`KEEP_MS`].
    pub(super) fn held_long(&self, now: Millis) -> u64 {
        let marks = self.held_since.iter().rev();
        let long = marks.filter(|(since, _)| since.saturating_add(KEEP_MS) <= now);
        long.map(|(_, seq)| *seq).next().unwrap_or_default()
    }
}

/// Work that the server has had for so long is forgotten even where nobody vouches for backups.
const KEEP_MS: Millis = 90 * 24 * 60 * 60 * 1_000;
/// How far apart the marks are by which that is known.
const MARK_MS: Millis = 24 * 60 * 60 * 1_000;

/// An operation of this device's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOp {
    /// Its number.
    pub seq: u64,
    /// Its bytes.
    pub raw: Bytes,
    /// Where the server put it, if it was not applied.
    #[serde(default)]
    pub set_aside: Option<Disposition>,
}

/// An entity of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntity {
    /// Which.
    pub entity: Entity,
    /// In which run through the feed it was mentioned last.
    pub generation: u64,
    /// Its state.
    pub body: Body,
    /// Present when it is no longer for this device: it is readable for a while, and as long as unsent
    /// work hangs on it.
    #[serde(default)]
    pub revoked: Option<Revocation>,
    /// When that was heard first, by the server's clock.
    #[serde(default)]
    pub revoked_at: Millis,
}

/// A file that this device holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlob {
    /// Its name.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// The submission that it belongs to.
    pub document: DocumentId,
    /// How far it is.
    pub state: BlobState,
    /// What it is to the evaluation.
    #[serde(default)]
    pub kind: BlobKind,
    /// When the server was first heard to have it, by the server's clock.
    #[serde(default)]
    pub completed_at: Option<Millis>,
    /// The server's signed word that it has the file, as it was sent.
    #[serde(default)]
    pub receipt: Option<Bytes>,
}

impl StoredBlob {
    /// A file whose bytes are durable on this device and nowhere else yet.
    #[must_use]
    pub const fn new(sha256: BlobHash, length: u64, document: DocumentId, kind: BlobKind) -> Self {
        Self {
            sha256,
            length,
            document,
            state: BlobState::Stored,
            kind,
            completed_at: None,
            receipt: None,
        }
    }

    /// What stores keep it under.
    #[must_use]
    pub const fn key(&self) -> (BlobHash, DocumentId) {
        (self.sha256, self.document)
    }
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobState {
    /// Durable on this device, not yet on the server.
    Stored,
    /// On the server, with the right hash.
    Complete,
    /// The local file no longer has its hash.
    Damaged,
    /// The server does not take it; it stays on this device.
    Refused,
    /// On the server, and no longer on this device: its person made room.
    Freed,
}

/// What a file is to its evaluation. What comes first here is sent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobKind {
    /// A small picture of another file, so that reviewers can begin before that one arrives.
    Preview,
    /// What the shopper added.
    #[default]
    Original,
}

/// Everything that a store holds, as it is loaded at start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The device's own row; none at first run.
    pub device: Option<DeviceState>,
    /// The log, by number.
    pub ops: Vec<StoredOp>,
    /// The entities of the feed.
    pub entities: Vec<StoredEntity>,
    /// The files.
    pub blobs: Vec<StoredBlob>,
}

/// A change of state, applied as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteBatch {
    /// The device's row.
    pub device: Option<DeviceState>,
    /// Whether the whole log is replaced by `put_ops`.
    pub replace_log: bool,
    /// Operations up to this number are forgotten.
    pub forget_ops_upto: u64,
    /// Operations to be added or overwritten, by number.
    pub put_ops: Vec<StoredOp>,
    /// Entities to be added or overwritten.
    pub put_entities: Vec<StoredEntity>,
    /// Entities to be dropped.
    pub drop_entities: Vec<Entity>,
    /// Files to be added or overwritten; the bytes of a new one are already durable.
    pub put_blobs: Vec<StoredBlob>,
}

/// The state in memory.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) device: DeviceState,
    pub(super) log: Log,
    pub(super) entities: BTreeMap<Entity, StoredEntity>,
    /// Files by hash and submission: the server wants a file for each submission that it belongs to.
    pub(super) blobs: BTreeMap<(BlobHash, DocumentId), StoredBlob>,
}

impl State {
    pub(super) fn new(device: DeviceState, snapshot: Snapshot) -> Self {
        let mut state = Self {
            device,
            log: Log::default(),
            entities: BTreeMap::new(),
            blobs: BTreeMap::new(),
        };
        state.apply(WriteBatch {
            put_ops: snapshot.ops,
            put_entities: snapshot.entities,
            put_blobs: snapshot.blobs,
            ..WriteBatch::default()
        });
        state
    }

    /// Makes the change that a store makes for the same batch.
    pub(super) fn apply(&mut self, batch: WriteBatch) {
        if let Some(device) = batch.device {
            self.device = device;
        }
        if batch.replace_log {
            self.log.clear();
        }
        self.log.forget(batch.forget_ops_upto);
        for stored in batch.put_ops {
            let previous = self.head_before(stored.seq).chain;
            let id = op_id(&stored.raw.0, self.device.device, stored.seq);
            let op = decode(&stored.raw.0, self.device.device, stored.seq).ok();
            let chain = crate::chain::link(previous, id);
            self.log.put(LogEntry {
                stored,
                id,
                chain,
                op,
            });
        }
        for entity in batch.put_entities {
            self.entities.insert(entity.entity.clone(), entity);
        }
        for entity in batch.drop_entities {
            self.entities.remove(&entity);
        }
        for blob in batch.put_blobs {
            self.blobs.insert(blob.key(), blob);
        }
    }

    /// The end of the log.
    pub(super) fn head(&self) -> ChainHead {
        self.head_of(self.log.entries().last())
    }

    fn head_before(&self, seq: u64) -> ChainHead {
        self.head_of(self.log.before(seq))
    }

    fn head_of(&self, entry: Option<&LogEntry>) -> ChainHead {
        entry.map_or(self.device.start, |entry| ChainHead {
            seq: entry.stored.seq,
            chain: entry.chain,
        })
    }

    /// The chain value at a number, if the log still reaches there.
    pub(super) fn chain_at(&self, seq: u64) -> Option<ChainValue> {
        if seq == self.device.start.seq {
            return Some(self.device.start.chain);
        }
        self.log.get(seq).map(|entry| entry.chain)
    }

    /// Operations that the server does not have.
    pub(super) fn unsent(&self) -> std::slice::Iter<'_, LogEntry> {
        self.log.after(self.device.acknowledged).iter()
    }

    /// Whether anything stands in the log after a number.
    pub(super) fn is_unsent_after(&self, held: u64) -> bool {
        !self.log.after(held).is_empty()
    }

    /// Whether work on a submission is still to be sent.
    pub(super) fn has_unsent_work(&self, document: DocumentId) -> bool {
        self.has_work_after(self.device.acknowledged, document, |_| false)
    }

    /// Whether work on a submission stands in the log after a number, or in files that were not sent.
    /// `is_sent` knows of files that were sent besides those of which this is written.
    pub(super) fn has_work_after(
        &self,
        held: u64,
        document: DocumentId,
        is_sent: impl Fn(&StoredBlob) -> bool,
    ) -> bool {
        let mut entries = self.log.after(held).iter();
        entries.any(|entry| entry.op.as_ref().is_some_and(|op| op.document == document))
            || self
                .blobs
                .values()
                .filter(|blob| blob.document == document && blob.state == BlobState::Stored)
                .any(|blob| !is_sent(blob))
    }

    pub(super) fn submission(&self, document: DocumentId) -> Option<(&StoredEntity, &SubmissionBody)> {
        self.entities.values().find_map(|stored| match &stored.body {
            Body::Submission(body) if body.document == document => Some((stored, body)),
            _ => None,
        })
    }

    /// The server's content of a submission with this device's own operations on top of it.
    pub(super) fn view(&self, document: DocumentId) -> Document {
        let mut view = match self.submission(document) {
            Some((_, body)) => content(body),
            None => Document::default(),
        };
        for entry in self.log.after(self.device.included) {
            if let Some(op) = &entry.op
                && op.document == document
                && entry.stored.set_aside.is_none()
            {
                view.fold(op, entry.id, op.hlc);
            }
        }
        view
    }
}

/// The content of a copy of a submission, to be folded into.
#[cfg_attr(target_family = "wasm", inline(never))]
pub(super) fn content(body: &SubmissionBody) -> Document {
    let mut document = Document::default();
    // One by one: to collect them would sort them first, though they are in order.
    let cells = body.cells.iter();
    let cells = cells.map(|entry| (entry.key.clone(), entry.cell.clone()));
    document.cells.extend(cells);
    document
}
