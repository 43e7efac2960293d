//! What really happened, as no part of the system knows it.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::{BlobHash, DocumentId, OpId, RegisterKey};
use serde::{Deserialize, Serialize};

use crate::backend::{Acted, Logged};

/// What must hold in every world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// I1: what a screen showed as saved is in the server's log.
    Custody,
    /// I2: no operation takes effect twice.
    Once,
    /// I3: every replica equals the server.
    Convergence,
    /// I4: the state equals the fold of the log in reverse order.
    Fold,
    /// I5: nothing is handed in twice.
    SingleSubmission,
    /// I6: where only one device wrote, its last edit stands.
    OwnLastWord,
    /// I7: every photo referred to is there, or was reported damaged for a reason.
    Photos,
    /// I8: nothing is shown whose successor's author saw it.
    Causality,
    /// I9: an edit replaces only what its author saw.
    HonestBase,
    /// I10: a device forgets only what a backup has.
    CustodyBeforeForgetting,
    /// I11: what a person saved stays visible to them.
    ReadYourWrites,
    /// I12: what is in memory is what the store holds: the server's state and the pending work.
    ViewIsStore,
    /// I13: a cursor never goes back within a timeline.
    MonotoneCursor,
    /// I14: who has something to send and a network sends it.
    Liveness,
    /// I15: a request holds a bounded part of what the server lacks, and nothing else.
    BoundedBytes,
    /// I16: nothing is shown as saved or sent before it is durable.
    DurableFirst,
    /// I17: what was applied and what was set aside is what was received.
    Received,
    /// I18: shoppers write testimony, reviewers corrections.
    Lanes,
    /// I19: what was approved does not change.
    Settled,
    /// I20: stamps follow causes and stay near the server's clock.
    Stamps,
    /// I21: devices show as set aside what the server set aside.
    SetAsideTold,
    /// I22: nothing panics.
    NoPanic,
    /// I23: no answer in an instance is hidden that nobody who saw it removed or replaced, and an
    /// instance is gone when all that stands in it was seen and removed.
    Instances,
    /// I24: of answers that did not know of each other, the one that was written last stands, as far as
    /// clocks were right.
    Latest,
    /// I25: what the server acknowledges is committed.
    CommittedFirst,
    /// I26: whoever has sent a file has the server's word for it, which is genuine and true.
    Receipts,
    /// I27: the server fails only where its storage does.
    NoFailure,
    /// I28: no answers, names, addresses or tokens are in the server's log.
    Discretion,
    /// I29: in two minutes in the background, answers go before files, failures are few, and every part of a
    /// file can arrive.
    Window,
}

impl Invariant {
    /// Its number in the documentation.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }
}

/// A phone, and how often its storage was cleared.
pub(crate) type Installation = (usize, usize);

/// An operation, as the world saw it come into being.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Where.
    pub(crate) installation: Installation,
    /// When.
    pub(crate) at: u64,
    /// Whether the device's clock was right; it is late by the time that the server's last answer took.
    pub(crate) is_timely: bool,
    /// In which order among all.
    pub(crate) order: u64,
    pub(crate) document: DocumentId,
    pub(crate) key: RegisterKey,
    /// Whether it gives a register a value or takes it away.
    pub(crate) is_value: bool,
    /// Whether it removes instances of a repeated group.
    pub(crate) is_removal: bool,
    /// The heads that its author saw; of a removal, all that they saw in what it removes.
    pub(crate) seen: Vec<OpId>,
}

/// Counts of what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Operations that were recorded.
    pub operations: u64,
    /// Registers that ended with a visible conflict.
    pub conflicts: u64,
    /// Things that went wrong.
    pub faults: u64,
    /// Sync requests.
    pub requests: u64,
    /// Devices that learned that they were clones.
    pub clones: u64,
    /// Acknowledgements that were taken back.
    pub withdrawals: u64,
    /// Operations that were set aside.
    pub set_aside: u64,
    /// Files that arrived whole.
    pub files: u64,
    /// Receipts that devices held in the end.
    #[serde(default)]
    pub receipts: u64,
    /// Times that the staff could not do what they meant to, as things stood.
    #[serde(default)]
    pub refused: u64,
    /// Times that they meant to do what this server knows nothing of.
    #[serde(default)]
    pub meaningless: u64,
}

impl Counts {
    /// Adds the counts of another world.
    pub fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.conflicts += other.conflicts;
        self.faults += other.faults;
        self.requests += other.requests;
        self.clones += other.clones;
        self.withdrawals += other.withdrawals;
        self.set_aside += other.set_aside;
        self.files += other.files;
        self.receipts += other.receipts;
        self.refused += other.refused;
        self.meaningless += other.meaningless;
    }

    pub(crate) const fn note(&mut self, acted: Acted) {
        match acted {
            Acted::Done => {}
            Acted::Refused => self.refused += 1,
            Acted::Meaningless => self.meaningless += 1,
        }
    }
}

/// The truth about a world.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) known: BTreeMap<OpId, Known>,
    /// What a screen showed as saved.
    pub(crate) shown: BTreeSet<OpId>,
    /// What only a cleared device had held, or a server that was restored since.
    pub(crate) excused: BTreeSet<OpId>,
    /// What cleared devices had held.
    pub(crate) cleared: BTreeSet<OpId>,
    /// Files that rot, clearing or repeated corruption destroyed.
    pub(crate) destroyed: BTreeSet<BlobHash>,
    /// Files that a device reported as damaged.
    pub(crate) reported: BTreeSet<BlobHash>,
    /// How often bytes of a file changed on their way.
    pub(crate) corruptions: BTreeMap<BlobHash, u32>,
    pub(crate) counts: Counts,
    pub(crate) violations: BTreeMap<Invariant, String>,
    next_order: u64,
}

impl Ledger {
    /// Notes that something does not hold; the first case of each is kept.
    pub(crate) fn violated(&mut self, invariant: Invariant, what: impl FnOnce() -> String) {
        self.violations.entry(invariant).or_insert_with(what);
    }

    pub(crate) fn require(&mut self, invariant: Invariant, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violated(invariant, what);
        }
    }

    /// Whether the stamp of an operation is above that of another one which stands before it in a log.
    /// Only what was written in one place, one after the other, need be so: a log may hold work that was
    /// carried over from elsewhere, also from a device that had the same name.
    pub(crate) fn follows(&self, before: &Logged, after: &Logged) -> bool {
        let written = |logged: &Logged| {
            let known = self.known.get(&logged.id)?;
            Some((known.installation, known.order, logged.op.as_ref()?.hlc))
        };
        match (written(before), written(after)) {
            (Some((place, order, stamp)), Some((other, later, above))) => {
                place != other || order >= later || stamp < above
            }
            _ => true,
        }
    }

    pub(crate) fn next_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }
}
