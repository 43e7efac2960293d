//! Sending files, part by part, behind the answers.

use std::collections::VecDeque;

use crate::safeguards::{Safeguard, holds};
use crate::{BlobHash, DocumentId, Millis, Need};

use super::{
    BlobChange, BlobKind, BlobState, Connection, Effect, EffectId, Engine, Failure, Notice, Pending,
    StoredBlob, Upload, UploadFailure,
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
/// So long after the server's last answer, files that were interrupted go on without a new one.
const RESUME_MS: Millis = 5 * 60 * 1_000;

/// Which files are on their way.
#[derive(Debug)]
pub(super) struct Uploader {
    queue: VecDeque<Need>,
    under_way: Option<UnderWay>,
    part: u64,
    /// The file whose part broke off on its way: the server may have some of it, and is asked how much.
    interrupted: Option<(BlobHash, DocumentId)>,
    /// Whether the pause under way came of that, and not of a request.
    pauses: bool,
    /// Whether something was sent since the last sync request.
    sent: bool,
    /// Whether the last answer confirmed files, so that others can be offered in their place.
    confirmed: bool,
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

/// What a need is about.
const fn key_of(need: &Need) -> (BlobHash, DocumentId) {
    (need.sha256, need.document)
}

impl Default for Uploader {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            under_way: None,
            part: FIRST_PART,
            interrupted: None,
            pauses: false,
            sent: false,
            confirmed: false,
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

    /// Whether the server wants a file, and it is sent without being offered once more.
    pub(super) fn is_wanted(&self, key: (BlobHash, DocumentId)) -> bool {
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
        self.interrupted = None;
        self.pauses = false;
    }

    /// A request goes out: what comes of it counts from here on.
    pub(super) const fn yield_to_request(&mut self) {
        self.pauses = false;
    }

    /// A part broke off: the file is first again, and before more of it is sent the server says how far it is.
    fn interrupt(&mut self, need: Need) {
        self.interrupted = Some(key_of(&need));
        self.queue.push_front(need);
    }

    /// Aims at parts that take [`PART_MS`].
    fn adapt(&mut self, sent: u64, took: Millis) {
        let rate = sent.saturating_mul(PART_MS) / took.max(1);
        // At most doubled at once: one lucky part proves little.
        self.part = rate.min(self.part * 2).clamp(SHORTEST_PART, LONGEST_PART);
    }

    /// Nothing of a part that broke off was kept, as behind a proxy that hands on whole bodies only.
    fn shrink(&mut self) {
        self.part = (self.part / 2).max(SHORTEST_PART);
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
        // A request holds a limited number of offers: those that are confirmed make room for others.
        let has_further = std::mem::take(&mut self.uploader.confirmed) && self.has_files_to_offer();
        if self.uploader.sent || has_further {
            // The server's view of the visit may have changed with the last file.
            self.uploader.sent = false;
            self.sync_now();
        } else {
            self.settled();
        }
    }

    /// Goes on with files whose sending broke off, unless there is something to tell the server or to
    /// hear from it first. Says whether it does.
    pub(super) fn resume_uploads(&mut self) -> bool {
        let heard = self.state.device.anchor.map(|anchor| anchor.device);
        let is_recent = heard.is_some_and(|heard| {
            heard.boot == self.now.boot && self.now.monotonic.saturating_sub(heard.monotonic) < RESUME_MS
        });
        let is_free = std::mem::take(&mut self.uploader.pauses)
            && self.uploader.is_idle()
            && self.conditions.connection != Connection::Offline
            && self.state.unsent().next().is_none();
        if is_recent && is_free {
            self.session.resume();
            self.next_upload();
        }
        is_recent && is_free
    }

    /// Whether files may be sent that the server has not been told of.
    fn has_files_to_offer(&self) -> bool {
        let policy = &self.state.device.policy;
        let mut blobs = self.state.blobs.values();
        blobs.any(|blob| blob.state == BlobState::Stored && self.conditions.hold(policy, blob).is_none())
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
        let is_interrupted = self.uploader.interrupted == Some(key_of(&need));
        let length = match is_interrupted {
            true => 0,
            false => self.uploader.part.min(total.saturating_sub(need.offset)),
        };
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
        let Some(blob) = self.state.blobs.get(&key_of(&done.need)).cloned() else {
            return;
        };
        if let Ok(offset) | Err(UploadFailure::WrongOffset(offset)) = outcome {
            self.told_offset(&done, offset);
        }
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
                if done.length > 0 {
                    let sent = offset.saturating_sub(done.need.offset);
                    let took = self.now.monotonic.saturating_sub(done.started_at);
                    self.uploader.adapt(sent, took);
                }
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
            Err(UploadFailure::Request(Failure::Network)) => {
                self.uploader.interrupt(done.need);
                self.uploader.pauses = self.session.may_retry();
                self.upload_failed(Failure::Network);
            }
            Err(UploadFailure::Request(failure)) => {
                self.uploader.stop();
                self.uploader.sent = false;
                self.upload_failed(failure);
            }
        }
    }

    /// The server says how much of a file it has.
    fn told_offset(&mut self, done: &UnderWay, offset: u64) {
        let was_interrupted = self
            .uploader
            .interrupted
            .take_if(|key| *key == key_of(&done.need))
            .is_some();
        if offset > done.need.offset {
            // The way is there, however often it breaks.
            self.session.forget_failures();
        }
        if was_interrupted && offset <= done.need.offset {
            self.uploader.shrink();
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
