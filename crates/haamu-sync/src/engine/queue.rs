//! Which files are on their way, which of them wait, and how long their parts are.

use std::collections::VecDeque;

use crate::safeguards::{Safeguard, holds};
use crate::{BlobHash, DocumentId, Millis, Need};

use super::{EffectId, Notice};

/// The first part of a file.
const FIRST_PART: u64 = 256 * 1024;
/// The shortest part.
const SHORTEST_PART: u64 = 64 * 1024;
/// The longest part.
const LONGEST_PART: u64 = 4 * 1024 * 1024;
/// How long the sending of a part should take.
const PART_MS: Millis = 10_000;
/// After so many failures without any progress there is a pause before the next file is tried too.
const MAX_FAILURES_AT_ONCE: u32 = 3;
/// So many parts arrive before longer ones than something on the way let through are tried again; each time that
/// this was in vain, twice as many.
const PARTS_UNTIL_LONGER: u32 = 16;

/// A file of a submission.
pub(super) type Key = (BlobHash, DocumentId);

/// Which files are on their way.
#[derive(Debug, Default)]
pub(super) struct Uploader {
    pub(super) queue: VecDeque<Need>,
    pub(super) under_way: Option<UnderWay>,
    pub(super) parts: Parts,
    /// Failures in a row, of any file. Only progress of a file ends it: that requests are answered says nothing.
    pub(super) failures: u32,
    /// How often files have failed since they made progress: those that did not go first.
    failed: Vec<(Key, u32)>,
    /// The files whose part broke off on its way: the server may have some of it, and is asked how much.
    pub(super) interrupted: Vec<Key>,
    /// Whether the pause under way came of that, and not of a request.
    pub(super) pauses: bool,
    /// Whether something was sent since the last sync request.
    pub(super) sent: bool,
    /// Whether the last answer confirmed files, so that others can be offered in their place.
    pub(super) confirmed: bool,
}

#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) id: EffectId,
    pub(super) need: Need,
    pub(super) length: u64,
    pub(super) started_at: Millis,
    pub(super) tries: Tries,
}

/// How often a file was sent from elsewhere again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// Because the server had another number of bytes.
    pub(super) offsets: u32,
    /// Because what arrived had another hash. Only these speak against the local file.
    pub(super) mismatches: u32,
}

/// How long parts are.
#[derive(Debug)]
pub(super) struct Parts {
    /// What the speed of the way suggests.
    aim: u64,
    /// What something on the way lets through, such as a proxy that takes bodies of a certain length.
    ceiling: u64,
    /// So many parts are to arrive before the ceiling is raised.
    left: u32,
    /// So many were to arrive when it was lowered last.
    patience: u32,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            aim: FIRST_PART,
            ceiling: LONGEST_PART,
            left: 0,
            patience: PARTS_UNTIL_LONGER,
        }
    }
}

impl Parts {
    pub(super) fn length(&self) -> u64 {
        self.aim.min(self.ceiling)
    }

    /// Aims at parts that take [`PART_MS`].
    pub(super) fn adapt(&mut self, sent: u64, took: Millis) {
        let rate = sent.saturating_mul(PART_MS) / took.max(1);
        // At most doubled at once: one lucky part proves little.
        self.aim = rate.min(self.aim * 2).clamp(SHORTEST_PART, LONGEST_PART);
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.ceiling < LONGEST_PART {
            self.ceiling *= 2;
            self.left = self.patience;
        }
    }

    /// Nothing of a part that broke off was kept, as behind a proxy that hands on whole bodies only.
    pub(super) fn shrink(&mut self) {
        self.aim = (self.length() / 2).max(SHORTEST_PART);
    }

    /// A part of this length was not let through. Says whether there are shorter ones to try.
    pub(super) fn limit(&mut self, length: u64) -> bool {
        if length <= SHORTEST_PART || !holds(Safeguard::ShorterParts) {
            return false;
        }
        self.ceiling = (length / 2).max(SHORTEST_PART);
        self.left = self.patience;
        self.patience = self.patience.saturating_mul(2);
        true
    }
}

/// What a need is about.
pub(super) const fn key_of(need: &Need) -> Key {
    (need.sha256, need.document)
}

impl Uploader {
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_none()
    }

    /// Whether the server wants files that have not been sent.
    pub(super) fn has_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the server wants a file, and it is sent without being offered once more.
    pub(super) fn is_wanted(&self, key: Key) -> bool {
        let under_way = self.under_way.as_ref().map(|under_way| &under_way.need);
        self.queue.iter().chain(under_way).any(|need| key_of(need) == key)
    }

    /// Adds files that the server wants and that are not on their way yet.
    pub(super) fn enqueue(&mut self, needs: Vec<Need>) {
        for need in needs {
            if !self.is_wanted(key_of(&need)) {
                self.queue.push_back(need);
            }
        }
    }

    /// Takes note of what an answer told.
    pub(super) fn heard(&mut self, notices: &[Notice]) {
        let mut notices = notices.iter();
        self.confirmed = notices.any(|notice| matches!(notice, Notice::FileComplete(_)));
    }

    /// Gives up for now; the next sync request offers the files again.
    pub(super) fn stop(&mut self) {
        self.queue.clear();
        self.under_way = None;
        self.interrupted.clear();
        self.pauses = false;
    }

    /// A request goes out: what comes of it counts from here on.
    pub(super) const fn yield_to_request(&mut self) {
        self.pauses = false;
    }

    /// Failures under other conditions say nothing about these.
    pub(super) const fn forget_failures(&mut self) {
        self.failures = 0;
    }

    /// A part broke off: before more of the file is sent, the server says how far it is. The file is first again,
    /// unless that was in vain too often.
    pub(super) fn interrupt(&mut self, need: Need) {
        let key = key_of(&need);
        if !self.interrupted.contains(&key) {
            self.interrupted.push(key);
        }
        if self.failures < MAX_FAILURES_AT_ONCE {
            self.failures += 1;
            self.queue.push_front(need);
        } else {
            self.put_back(need);
        }
    }

    /// A file failed: the others go first.
    pub(super) fn put_back(&mut self, need: Need) {
        self.failures = self.failures.saturating_add(1);
        if holds(Safeguard::OtherFilesFirst) {
            let count = self.failures_of(&need) + 1;
            let key = key_of(&need);
            self.failed.retain(|(other, _)| *other != key);
            self.failed.push((key, count));
            self.queue.push_back(need);
        } else {
            self.queue.push_front(need);
        }
    }

    /// How often a file was tried in vain.
    pub(super) fn failures_of(&self, need: &Need) -> u32 {
        let key = key_of(need);
        let mut failed = self.failed.iter();
        failed
            .find(|(other, _)| *other == key)
            .map_or(0, |(_, count)| *count)
    }

    /// More of a file has arrived.
    pub(super) fn progressed(&mut self, key: Key) {
        self.failures = 0;
        self.failed.retain(|(other, _)| *other != key);
    }

    /// Whether to go on with another file at once after a failure.
    pub(super) fn has_others(&self) -> bool {
        self.failures < MAX_FAILURES_AT_ONCE && self.queue.iter().any(|need| self.failures_of(need) == 0)
    }
}
