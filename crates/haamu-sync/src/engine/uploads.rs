//! Sending files, part by part, behind the answers.

use std::collections::VecDeque;

use crate::safeguards::{Safeguard, holds};
use crate::{BlobHash, Millis, Need};

use super::{
    BlobChange, BlobKind, BlobState, Effect, EffectId, Engine, Failure, Notice, Pending, StoredBlob, Upload,
    UploadFailure,
};

/// The first part of a file.
const FIRST_PART: u64 = 256 * 1024;
/// The shortest part.
const SHORTEST_PART: u64 = 64 * 1024;
/// The longest part.
const LONGEST_PART: u64 = 4 * 1024 * 1024;
/// How long the sending of a part should take.
const PART_MS: Millis = 10_000;
/// How often a file is sent from its start again after a wrong digest.
const MAX_RESTARTS: u32 = 2;

/// Which files are on their way.
#[derive(Debug)]
pub(super) struct Uploader {
    queue: VecDeque<Need>,
    under_way: Option<UnderWay>,
    part: u64,
    /// Whether something was sent since the last sync request.
    sent: bool,
}

#[derive(Debug)]
struct UnderWay {
    id: EffectId,
    need: Need,
    length: u64,
    started_at: Millis,
    tries: Tries,
}

/// How often a file was sent from elsewhere again.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    /// Because the server had another number of bytes.
    offsets: u32,
    /// Because what arrived had another hash. Only these speak against the local file.
    mismatches: u32,
}

impl Default for Uploader {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            under_way: None,
            part: FIRST_PART,
            sent: false,
        }
    }
}

impl Uploader {
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_none()
    }

    /// Whether the server wants files that have not been sent.
    pub(super) fn has_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Adds files that the server wants and that are not on their way yet.
    pub(super) fn enqueue(&mut self, needs: Vec<Need>) {
        for need in needs {
            let is_same = |other: &Need| (other.sha256, other.document) == (need.sha256, need.document);
            let is_known = self.queue.iter().any(is_same)
                || self.under_way.as_ref().is_some_and(|other| is_same(&other.need));
            if !is_known {
                self.queue.push_back(need);
            }
        }
    }

    /// Gives up for now; the next sync request offers the files again.
    pub(super) fn stop(&mut self) {
        self.queue.clear();
        self.under_way = None;
    }

    /// Aims at parts that take [`PART_MS`].
    fn adapt(&mut self, sent: u64, took: Millis) {
        let rate = sent.saturating_mul(PART_MS) / took.max(1);
        // At most doubled at once: one lucky part proves little.
        self.part = rate.min(self.part * 2).clamp(SHORTEST_PART, LONGEST_PART);
    }
}

impl Engine {
    /// Sends the next part, if nothing is on its way.
    pub(super) fn next_upload(&mut self) {
        if !self.uploader.is_idle() {
            return;
        }
        while let Some(need) = self.next_need() {
            let blob = self.state.blobs.get(&(need.sha256, need.document));
            if blob.is_some_and(|blob| blob.state == BlobState::Stored && need.offset <= blob.length) {
                self.send_part(need, Tries::default());
                return;
            }
        }
        if self.uploader.sent {
            // The server's view of the visit may have changed with the last file.
            self.uploader.sent = false;
            self.sync_now();
        } else {
            self.settled();
        }
    }

    /// The next file that may be sent under the present conditions: previews before all others.
    fn next_need(&mut self) -> Option<Need> {
        let blobs = &self.state.blobs;
        let (policy, conditions) = (&self.state.device.policy, &self.conditions);
        let rank = |need: &Need| {
            let blob = blobs.get(&(need.sha256, need.document));
            blob.map_or(BlobKind::Original, |blob| blob.kind)
        };
        let is_held = |need: &Need| {
            let blob = blobs.get(&(need.sha256, need.document));
            blob.is_some_and(|blob| conditions.hold(policy, blob).is_some())
        };
        // What waits for better conditions is offered again when they come.
        self.uploader.queue.retain(|need| !is_held(need));
        let queue = self.uploader.queue.iter().enumerate();
        let (first, _) = queue.min_by_key(|(place, need)| (rank(need), *place))?;
        self.uploader.queue.remove(first)
    }

    /// Sends a part, or leaves the file for now if conditions have become worse.
    fn send_part(&mut self, need: Need, tries: Tries) {
        let Some(blob) = self.state.blobs.get(&(need.sha256, need.document)) else {
            return;
        };
        if self.conditions.hold(&self.state.device.policy, blob).is_some() {
            self.next_upload();
            return;
        }
        let total = blob.length;
        self.watchdog.pet(self.now.monotonic);
        let id = self.next_effect_id();
        let length = self.uploader.part.min(total.saturating_sub(need.offset));
        let upload = Upload {
            sha256: need.sha256,
            document: need.document,
            url: need.url.clone(),
            offset: need.offset,
            length,
            total,
        };
        self.uploader.under_way = Some(UnderWay {
            id,
            need,
            length,
            started_at: self.now.monotonic,
            tries,
        });
        self.effects.push_back(Effect::Upload(id, upload));
    }

    pub(super) fn uploaded(&mut self, id: EffectId, outcome: Result<u64, UploadFailure>) {
        let Some(done) = self.uploader.under_way.take_if(|under_way| under_way.id == id) else {
            return;
        };
        self.uploader.sent = true;
        let Some(blob) = self
            .state
            .blobs
            .get(&(done.need.sha256, done.need.document))
            .cloned()
        else {
            return;
        };
        match outcome {
            Ok(offset) if offset >= blob.length => {
                self.notify(Notice::UploadProgress(blob.sha256, blob.length, blob.length));
                if holds(Safeguard::ConfirmFiles) {
                    // The sync request that follows offers the file once more. Its answer says that it
                    // is there, and brings a cursor by which a server that loses it is recognised.
                    self.next_upload();
                } else {
                    self.notify(Notice::FileComplete(blob.sha256));
                    self.change_state(&blob, BlobState::Complete);
                }
            }
            Ok(offset) => {
                self.uploader
                    .adapt(done.length, self.now.monotonic.saturating_sub(done.started_at));
                self.notify(Notice::UploadProgress(blob.sha256, offset, blob.length));
                self.send_part(Need { offset, ..done.need }, done.tries);
            }
            Err(UploadFailure::WrongOffset(offset))
                if offset <= blob.length && done.tries.offsets < MAX_RESTARTS =>
            {
                let offsets = done.tries.offsets + 1;
                self.send_part(
                    Need { offset, ..done.need },
                    Tries {
                        offsets,
                        ..done.tries
                    },
                );
            }
            Err(UploadFailure::DigestMismatch) if done.tries.mismatches < MAX_RESTARTS => {
                let mismatches = done.tries.mismatches + 1;
                self.send_part(
                    Need {
                        offset: 0,
                        ..done.need
                    },
                    Tries {
                        mismatches,
                        ..done.tries
                    },
                );
            }
            Err(UploadFailure::LocalDamage | UploadFailure::DigestMismatch) => {
                self.notify(Notice::FileDamaged(blob.sha256));
                self.change_state(&blob, BlobState::Damaged);
            }
            Err(UploadFailure::Refused) => {
                self.notify(Notice::FileRefused(blob.sha256));
                self.change_state(&blob, BlobState::Refused);
            }
            Err(UploadFailure::WrongOffset(_)) => {
                self.uploader.sent = false;
                self.next_upload();
            }
            Err(UploadFailure::Request(failure)) => {
                self.uploader.stop();
                self.uploader.sent = false;
                self.upload_failed(failure);
            }
        }
    }

    fn change_state(&mut self, blob: &StoredBlob, state: BlobState) {
        self.waiting
            .push_back(Pending::Blob(blob.key(), BlobChange::State(state)));
    }

    /// A file is on the server only, wherever it belongs to.
    pub(super) fn freed(&mut self, sha256: BlobHash) {
        let blobs = self.state.blobs.values();
        let complete = blobs.filter(|blob| blob.sha256 == sha256 && blob.state == BlobState::Complete);
        let keys: Vec<_> = complete.map(StoredBlob::key).collect();
        for key in keys {
            let change = BlobChange::State(BlobState::Freed);
            self.waiting.push_back(Pending::Blob(key, change));
        }
    }

    /// What stops uploads stops the session too, unless that is busy with its own.
    fn upload_failed(&mut self, failure: Failure) {
        if self.session.may_retry() {
            self.failed(failure);
        }
    }
}
