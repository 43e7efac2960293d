//! Enrolment, sync requests and what their answers mean.

use crate::frame::{MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_OFFERS, PROTO};
use crate::safeguards::{Safeguard, holds};
use crate::{Bytes, Millis, Need, Offer, SyncRequest, SyncResponse};

use super::deposit::Deposit;
use super::{
    BlobKind, BlobState, Connection, DeviceState, Effect, EffectId, Engine, Enrolment, Failure, Notice,
    Pending, StoredBlob,
};

/// The first delay after a failure; it doubles with each further one.
const FIRST_DELAY_MS: Millis = 1_000;
/// The longest delay.
const LONGEST_DELAY_MS: Millis = 5 * 60 * 1_000;

/// Where the conversation with the server stands.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) phase: Phase,
    /// Whether there is a reason to ask again after what is under way.
    again: bool,
    /// Whether the device was enrolled since the server last answered a sync request.
    has_enrolled: bool,
    /// Whether tokens were obtained since the server last accepted or refused one.
    has_refreshed: bool,
    /// Failures in a row.
    failures: u32,
    /// The server asked not to come again before, unless there is something to send.
    not_before: Millis,
    /// How many bytes of operations go into a request: fewer than the server could not take,
    /// more again after a success.
    batch_bytes: Option<usize>,
    /// So many bytes were too large.
    too_large: Option<usize>,
    /// The bytes of operations in the last request.
    pub(super) sent_bytes: usize,
    /// Whether requests go out under the device's own key.
    pub(super) deposit: Deposit,
}

#[derive(Debug, Default)]
pub(super) enum Phase {
    /// Nothing to ask, or nobody asked yet.
    #[default]
    Idle,
    /// The device is being enrolled.
    Enrolling(EffectId),
    /// A request is under way.
    Asking { id: EffectId, offered: Vec<Offer> },
    /// An answer is being written.
    Applying { offered: Vec<Offer> },
    /// New tokens are being obtained.
    RefreshingAuth(EffectId),
    /// The next attempt comes at this time.
    Waiting(Millis),
    /// The person must sign in again.
    AuthRequired,
    /// The app must be updated.
    UpgradeRequired,
}

/// What a response led to, once it is written.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) notices: Vec<Notice>,
    pub(super) needs: Vec<Need>,
    pub(super) more: bool,
}

impl Session {
    pub(super) fn wakes_at(&self) -> Option<Millis> {
        match self.phase {
            Phase::Waiting(until) => Some(until),
            _ => None,
        }
    }

    pub(super) const fn is_idle(&self) -> bool {
        matches!(
            self.phase,
            Phase::Idle | Phase::Waiting(_) | Phase::AuthRequired | Phase::UpgradeRequired
        )
    }

    /// Whether an effect was handed out whose outcome has not come.
    pub(super) const fn is_asking(&self) -> bool {
        matches!(
            self.phase,
            Phase::Enrolling(_) | Phase::Asking { .. } | Phase::RefreshingAuth(_)
        )
    }

    /// Whether only the person can help.
    pub(super) const fn needs_person(&self) -> bool {
        matches!(self.phase, Phase::AuthRequired | Phase::UpgradeRequired)
    }

    /// Whether work is sent under the device's own key.
    pub(super) fn is_depositing(&self) -> bool {
        self.deposit != Deposit::None
    }

    /// What was waited for has come without a request.
    pub(super) fn resume(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Failures under other conditions say nothing about these.
    pub(super) const fn forget_failures(&mut self) {
        self.failures = 0;
    }

    /// Whether nothing is under way, and nothing but time is waited for.
    pub(super) const fn may_retry(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::Waiting(_))
    }

    /// After a success twice as much may go out, unless that is known to be too large.
    fn larger_batch(&self) -> Option<usize> {
        let limit = self.batch_bytes?;
        let doubled = limit.saturating_mul(2);
        if self.too_large.is_some_and(|too_large| doubled >= too_large) {
            return Some(limit);
        }
        (doubled < MAX_BATCH_BYTES).then_some(doubled)
    }

    pub(super) const fn needs_sign_in(&self) -> bool {
        matches!(self.phase, Phase::AuthRequired)
    }
}

impl Engine {
    pub(super) fn sync_now(&mut self) {
        match self.session.phase {
            Phase::Idle | Phase::Waiting(_) => {
                let is_early = self.now.monotonic < self.session.not_before;
                if is_early && self.state.unsent().next().is_none() {
                    self.session.phase = Phase::Waiting(self.session.not_before);
                    let left = self.session.not_before - self.now.monotonic;
                    self.notify(Notice::Retrying(Failure::Busy(left)));
                } else {
                    self.ask();
                }
            }
            Phase::Enrolling(_)
            | Phase::Asking { .. }
            | Phase::Applying { .. }
            | Phase::RefreshingAuth(_) => {
                self.session.again = true;
            }
            Phase::AuthRequired => self.notify(Notice::AuthRequired),
            Phase::UpgradeRequired => self.notify(Notice::UpgradeRequired),
        }
    }

    pub(super) fn timeout(&mut self) {
        let is_due = |at: Option<Millis>| at.is_some_and(|at| self.now.monotonic >= at);
        if is_due(self.session.wakes_at()) {
            if !self.resume_uploads() {
                self.ask();
            }
        } else if is_due(self.watchdog_wakes_at()) {
            self.stalled();
        }
    }

    pub(super) fn signed_in(&mut self) {
        if self.session.is_depositing() {
            self.session.deposit = Deposit::Unasked;
        }
        if matches!(self.session.phase, Phase::AuthRequired) {
            // The new session is bound to no device, whatever the one before was.
            if holds(Safeguard::EnrolAgain) {
                self.session.has_enrolled = false;
            }
            self.session.has_refreshed = false;
            self.session.phase = Phase::Idle;
            self.ask();
        }
    }

    /// Sends what there is to send and asks for what is new.
    pub(super) fn ask(&mut self) {
        self.session.again = false;
        self.uploader.yield_to_request();
        if self.conditions.connection == Connection::Offline {
            if self.session.is_depositing() {
                self.end_deposit(Err(Failure::Network));
                return;
            }
            // The network's return is an event of its own.
            self.session.phase = Phase::Idle;
            self.notify(Notice::Retrying(Failure::Network));
            return;
        }
        self.watchdog.pet(self.now.monotonic);
        if self.session.is_depositing() {
            let id = self.next_effect_id();
            self.send_deposit(id);
            return;
        }
        if !self.state.device.enrolled {
            self.enrol();
            return;
        }
        let id = self.next_effect_id();
        let request = self.request();
        self.session.sent_bytes = request.ops.iter().map(|raw| raw.0.len()).sum();
        self.session.phase = Phase::Asking {
            id,
            offered: request.offers.clone(),
        };
        self.effects.push_back(Effect::Sync(id, Box::new(request)));
    }

    fn enrol(&mut self) {
        let id = self.next_effect_id();
        let DeviceState {
            device, cloned_from, ..
        } = self.state.device;
        self.session.phase = Phase::Enrolling(id);
        self.effects
            .push_back(Effect::Enrol(id, Enrolment { device, cloned_from }));
    }

    pub(super) fn request(&self) -> SyncRequest {
        let device = &self.state.device;
        let limit = self.session.batch_bytes.unwrap_or(MAX_BATCH_BYTES);
        let mut bytes = 0;
        let fits = |raw: &&Bytes| {
            bytes += raw.0.len();
            // One operation goes out whatever its size: otherwise the queue would block behind it.
            bytes <= limit || bytes == raw.0.len()
        };
        let unsent = self.state.unsent().map(|entry| &entry.stored.raw);
        let ops: Vec<Bytes> = unsent.take(MAX_BATCH_OPS).take_while(fits).cloned().collect();
        // Files are sent behind all answers, and offered with the last of them.
        let is_last = device.acknowledged + ops.len() as u64 >= self.state.head().seq;
        SyncRequest {
            proto: PROTO,
            build: self.config.build.clone(),
            device: device.device,
            from_seq: device.acknowledged + 1,
            prev_chain: self.state.chain_at(device.acknowledged).unwrap_or_default(),
            ops,
            cursor: device.cursor,
            refetch: Vec::new(),
            offers: if is_last { self.offers() } else { Vec::new() },
            clock: self.now,
            folds: true,
        }
    }

    /// Files that may be sent now, previews first. The server has said already that it wants those on their way.
    fn offers(&self) -> Vec<Offer> {
        let policy = &self.state.device.policy;
        let may_be_sent = |blob: &&StoredBlob| {
            blob.state == BlobState::Stored
                && self.conditions.hold(policy, blob).is_none()
                && !self.uploader.is_wanted(blob.key())
        };
        let of_kind = |kind| {
            let blobs = self.state.blobs.values().filter(may_be_sent);
            blobs.filter(move |blob| blob.kind == kind)
        };
        let offered = of_kind(BlobKind::Preview).chain(of_kind(BlobKind::Original));
        let offered = offered.take(MAX_OFFERS);
        let offer = |blob: &StoredBlob| Offer {
            sha256: blob.sha256,
            length: blob.length,
            document: blob.document,
        };
        offered.map(offer).collect()
    }

    pub(super) fn enrolled(&mut self, id: EffectId, outcome: Result<(), Failure>) {
        if !matches!(self.session.phase, Phase::Enrolling(expected) if expected == id) {
            return;
        }
        match outcome {
            Ok(()) => {
                self.session.phase = Phase::Idle;
                self.session.has_enrolled = true;
                self.waiting.push_back(Pending::Enrolled);
            }
            // This device is somebody else's, or was shut out: enrolling it again would change nothing.
            Err(Failure::NotEnrolled) => self.failed(Failure::Forbidden),
            Err(failure) => self.failed(failure),
        }
    }

    pub(super) fn synced(&mut self, id: EffectId, outcome: Result<Box<SyncResponse>, Failure>) {
        // The answer to a superseded request never moves anything.
        let Phase::Asking {
            id: expected,
            offered,
        } = &mut self.session.phase
        else {
            return;
        };
        if *expected != id && holds(Safeguard::OnlyAwaitedAnswers) {
            return;
        }
        let offered = std::mem::take(offered);
        match outcome {
            Ok(response) if response.proto == PROTO => {
                self.session.phase = Phase::Applying { offered };
                self.waiting.push_back(Pending::Response(response));
            }
            Ok(_) => self.failed(Failure::UpgradeRequired),
            Err(failure) => self.failed(failure),
        }
    }

    pub(super) fn auth_refreshed(&mut self, id: EffectId, outcome: Result<(), Failure>) {
        if !matches!(self.session.phase, Phase::RefreshingAuth(expected) if expected == id) {
            return;
        }
        match outcome {
            Ok(()) => {
                self.session.has_refreshed = true;
                self.session.phase = Phase::Idle;
                self.ask();
            }
            // The refresh token itself is not accepted: only the person can help.
            Err(Failure::Unauthorised | Failure::Forbidden | Failure::NotEnrolled) => {
                self.session.phase = Phase::AuthRequired;
                self.notify(Notice::AuthRequired);
            }
            Err(failure) => self.retry_later(failure),
        }
    }

    pub(super) fn failed(&mut self, failure: Failure) {
        let is_smaller_tried = matches!(failure, Failure::TooLarge | Failure::FrameRefused)
            && self.session.batch_bytes.is_none_or(|bytes| bytes > 1);
        if self.session.is_depositing() && !is_smaller_tried {
            self.end_deposit(Err(failure));
            return;
        }
        match failure {
            // Tokens that were obtained just now are refused, as by a server whose clock is wrong: others
            // would be, too, and without a pause there would be no end to that.
            Failure::Unauthorised
                if std::mem::take(&mut self.session.has_refreshed) && holds(Safeguard::PauseWhenRefused) =>
            {
                self.retry_later(failure);
            }
            Failure::Unauthorised => {
                let id = self.next_effect_id();
                self.session.phase = Phase::RefreshingAuth(id);
                self.effects.push_back(Effect::RefreshAuth(id));
            }
            // A new session is bound to no device yet. Enrolling once more binds it.
            Failure::NotEnrolled if !self.session.has_enrolled && holds(Safeguard::EnrolAgain) => {
                self.enrol()
            }
            Failure::Forbidden | Failure::NotEnrolled => {
                self.session.phase = Phase::AuthRequired;
                self.notify(Notice::AuthRequired);
            }
            Failure::UpgradeRequired => {
                self.session.phase = Phase::UpgradeRequired;
                self.notify(Notice::UpgradeRequired);
            }
            Failure::TooLarge | Failure::FrameRefused => {
                let sent = self.session.sent_bytes.min(MAX_BATCH_BYTES);
                if failure == Failure::TooLarge {
                    self.session.too_large = Some(sent);
                }
                if holds(Safeguard::SmallerBatches) {
                    self.session.batch_bytes = Some((sent / 2).max(1));
                }
                self.retry_later(failure);
            }
            Failure::Network
            | Failure::NotOurServer
            | Failure::Busy(_)
            | Failure::Server
            | Failure::Storage => self.retry_later(failure),
        }
    }

    /// Waits until the next request.
    pub(super) fn retry_later(&mut self, failure: Failure) {
        let failures = self.session.failures;
        self.session.failures = failures.saturating_add(1);
        self.pause(failure, failures);
    }

    /// Waits after so many failures with full jitter: anything from nothing to the doubled delay.
    pub(super) fn pause(&mut self, failure: Failure, failures: u32) {
        let exponent = if holds(Safeguard::Backoff) {
            failures.min(16)
        } else {
            0
        };
        let longest = (FIRST_DELAY_MS << exponent).min(LONGEST_DELAY_MS);
        let at_least = match failure {
            Failure::Busy(delay) => delay,
            _ => 0,
        };
        let delay = at_least + self.draw(longest);
        self.session.phase = if holds(Safeguard::Retry) {
            Phase::Waiting(self.now.monotonic + delay)
        } else {
            Phase::Idle
        };
        self.notify(Notice::Retrying(failure));
    }

    pub(super) fn response_applied(&mut self, outcome: Outcome) {
        self.uploader.heard(&outcome.notices);
        for notice in outcome.notices {
            self.notify(notice);
        }
        self.session.failures = 0;
        self.watchdog.pet(self.now.monotonic);
        self.session.has_enrolled = false;
        self.session.has_refreshed = false;
        self.session.batch_bytes = self.session.larger_batch();
        self.session.phase = Phase::Idle;
        let has_more = outcome.more || self.session.again || self.state.unsent().next().is_some();
        self.uploader.enqueue(outcome.needs);
        let needs_files = self.uploader.has_work();
        let may_wait = !holds(Safeguard::AnswersFirst) && self.uploader.has_work();
        if has_more && !may_wait {
            self.ask();
        } else if self.session.is_depositing() && !needs_files {
            self.end_deposit(Ok(()));
        } else {
            self.session.not_before = match self.state.device.policy.retry_after_ms {
                0 => 0,
                pause => self.now.monotonic.saturating_add(pause),
            };
            self.next_upload();
        }
    }

    /// The device has a new name; what was asked under the old one is asked again.
    pub(super) fn renamed(&mut self, outcome: Outcome) {
        if matches!(self.session.phase, Phase::Applying { .. }) {
            self.response_applied(outcome);
        } else {
            for notice in outcome.notices {
                self.notify(notice);
            }
        }
    }

    /// Everything that can be sent is sent.
    pub(super) fn settled(&mut self) {
        if self.session.is_depositing() {
            // Files that are wanted cannot be sent, or not now.
            self.end_deposit(Ok(()));
            return;
        }
        if !matches!(self.session.phase, Phase::Idle) {
            return;
        }
        if let Some((files, bytes, hold)) = self.held_back() {
            self.notify(Notice::HeldBack(files, bytes, hold));
        }
        self.notify(Notice::UpToDate);
    }
}
