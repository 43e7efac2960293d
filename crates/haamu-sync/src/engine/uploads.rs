//! Sending files, part by part, behind the answers.

use crate::safeguards::{Safeguard, holds};
use crate::{BlobHash, Millis, Need};

use super::queue::{Tries, UnderWay, key_of};
use super::{
    BlobChange, BlobKind, BlobState, Connection, Effect, EffectId, Engine, Failure, Notice, Pending,
    StoredBlob, Upload, UploadFailure,
};

/// How often a file is sent from its start again after a wrong digest.
const MAX_RESTARTS: u32 = 2;
/// So long after the server's last answer, files that were interrupted go on without a new one.
const RESUME_MS: Millis = 5 * 60 * 1_000;

impl Engine {
    /// Sends the next part, if nothing is on its way.
    pub(super) fn next_upload(&mut self) {
        if !self.uploader.is_idle() {
            return;
        }
        while let Some(need) = self.next_need() {
            if self.uploader.sent && self.uploader.failures_of(&need) > 0 {
                // What has arrived is confirmed before that is tried once more.
                self.uploader.queue.push_back(need);
                break;
            }
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
        let (first, _) =
            queue.min_by_key(|(place, need)| (self.uploader.failures_of(need), rank(need), *place))?;
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
        let is_interrupted = self.uploader.interrupted.contains(&key_of(&need));
        let length = match is_interrupted {
            true => 0,
            false => self
                .uploader
                .parts
                .length()
                .min(total.saturating_sub(need.offset)),
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
        let Some(blob) = self.state.blobs.get(&key_of(&done.need)).cloned() else {
            return;
        };
        // What the server has decided, or will not get, changes what the next answer says.
        let is_open = matches!(
            outcome,
            Err(UploadFailure::Request(_) | UploadFailure::Unreadable | UploadFailure::WrongOffset(_))
        );
        self.uploader.sent |= !is_open;
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
                    self.uploader.parts.adapt(sent, took);
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
            Err(UploadFailure::WrongOffset(_)) => self.next_upload(),
            Err(UploadFailure::Unreadable) => self.part_failed(done.need, Failure::Storage),
            Err(UploadFailure::Request(failure)) => self.part_not_taken(done, failure),
        }
    }

    /// A part was not taken, or nobody knows.
    fn part_not_taken(&mut self, done: UnderWay, failure: Failure) {
        match failure {
            Failure::Network => {
                self.uploader.interrupt(done.need);
                self.pause_uploads(failure);
            }
            // Somebody says that it is too much, so less is sent at once.
            Failure::TooLarge if self.uploader.parts.limit(done.length) => {
                self.send_part(done.need, done.tries);
            }
            Failure::TooLarge | Failure::Server | Failure::Busy(_) | Failure::Storage => {
                self.part_failed(done.need, failure);
            }
            // Nobody says what is wrong. A proxy may let through what is shorter.
            Failure::NotOurServer => {
                let _ = self.uploader.parts.limit(done.length);
                self.part_failed(done.need, failure);
            }
            Failure::Unauthorised
            | Failure::Forbidden
            | Failure::NotEnrolled
            | Failure::FrameRefused
            | Failure::UpgradeRequired => {
                self.uploader.stop();
                self.uploader.sent = false;
                if self.session.may_retry() {
                    self.failed(failure);
                }
            }
        }
    }

    /// A file cannot be sent now; others may go on.
    fn part_failed(&mut self, need: Need, failure: Failure) {
        self.uploader.put_back(need);
        let may_be_its_own = matches!(failure, Failure::Server | Failure::TooLarge | Failure::Storage);
        if may_be_its_own && self.uploader.has_others() {
            self.next_upload();
        } else {
            self.pause_uploads(failure);
        }
    }

    /// What stops uploads stops the session too, unless that is busy with its own. The pauses become longer with each
    /// failure, whatever is sent and answered besides.
    fn pause_uploads(&mut self, failure: Failure) {
        if !self.session.may_retry() {
            return;
        }
        if self.session.is_depositing() {
            self.end_deposit(Err(failure));
        } else if holds(Safeguard::BackoffOfFiles) {
            self.uploader.pauses = true;
            self.pause(failure, self.uploader.failures.saturating_sub(1));
        } else {
            self.uploader.stop();
            self.retry_later(failure);
        }
    }

    /// The server says how much of a file it has.
    fn told_offset(&mut self, done: &UnderWay, offset: u64) {
        let key = key_of(&done.need);
        let before = self.uploader.interrupted.len();
        self.uploader.interrupted.retain(|other| *other != key);
        let was_interrupted = self.uploader.interrupted.len() < before;
        if offset > done.need.offset {
            // The way is there, however often it breaks.
            self.session.forget_failures();
            self.uploader.progressed(key);
        }
        if was_interrupted && offset <= done.need.offset {
            self.uploader.parts.shrink();
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
}
