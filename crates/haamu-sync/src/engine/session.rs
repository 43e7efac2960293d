//! Enrolment, sync requests and what their answers mean.

use crate::clock::ClockAnchor;
use crate::codec::encode;
use crate::frame::{MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_OFFERS, PROTO};
use crate::{
    Body, Bytes, ChainHead, Change, DeviceId, Disposition, FeedEntry, Millis, Need, Offer, SyncRequest,
    SyncResponse,
};

use super::{
    BlobState, DeviceState, Effect, EffectId, Engine, Enrolment, Failure, Notice, Pending, StoredBlob,
    StoredEntity, StoredOp, Then, WriteBatch,
};

/// The first delay after a failure; it doubles with each further one.
const FIRST_DELAY_MS: Millis = 1_000;
/// The longest delay.
const LONGEST_DELAY_MS: Millis = 5 * 60 * 1_000;

/// Where the conversation with the server stands.
#[derive(Debug, Default)]
pub(super) struct Session {
    phase: Phase,
    /// Whether there is a reason to ask again after what is under way.
    again: bool,
    /// Whether the device was enrolled since the server last answered a sync request.
    has_enrolled: bool,
    /// Failures in a row.
    failures: u32,
    /// How many bytes of operations go into a request; halved when the server cannot take so much.
    batch_bytes: Option<usize>,
}

#[derive(Debug, Default)]
enum Phase {
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
    notices: Vec<Notice>,
    needs: Vec<Need>,
    more: bool,
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

    pub(super) const fn needs_sign_in(&self) -> bool {
        matches!(self.phase, Phase::AuthRequired)
    }
}

impl Engine {
    pub(super) fn sync_now(&mut self) {
        match self.session.phase {
            Phase::Idle | Phase::Waiting(_) => self.ask(),
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
        if self
            .session
            .wakes_at()
            .is_some_and(|until| self.now.monotonic >= until)
        {
            self.ask();
        }
    }

    pub(super) fn signed_in(&mut self) {
        if matches!(self.session.phase, Phase::AuthRequired) {
            self.session.phase = Phase::Idle;
            self.ask();
        }
    }

    /// Sends what there is to send and asks for what is new.
    fn ask(&mut self) {
        self.session.again = false;
        if !self.state.device.enrolled {
            self.enrol();
            return;
        }
        let id = self.next_effect_id();
        let request = self.request();
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

    fn request(&self) -> SyncRequest {
        let device = &self.state.device;
        let limit = self.session.batch_bytes.unwrap_or(MAX_BATCH_BYTES);
        let mut bytes = 0;
        let fits = |raw: &&Bytes| {
            bytes += raw.0.len();
            // One operation goes out whatever its size: otherwise the queue would block behind it.
            bytes <= limit || bytes == raw.0.len()
        };
        let unsent = self.state.unsent().map(|entry| &entry.stored.raw);
        let ops = unsent.take(MAX_BATCH_OPS).take_while(fits).cloned().collect();
        let is_stored = |blob: &&StoredBlob| blob.state == BlobState::Stored;
        let offers = self
            .state
            .blobs
            .values()
            .filter(is_stored)
            .take(MAX_OFFERS)
            .map(|blob| Offer {
                sha256: blob.sha256,
                length: blob.length,
                document: blob.document,
            });
        SyncRequest {
            proto: PROTO,
            build: self.config.build.clone(),
            device: device.device,
            from_seq: device.acknowledged + 1,
            prev_chain: self.state.chain_at(device.acknowledged).unwrap_or_default(),
            ops,
            cursor: device.cursor,
            refetch: Vec::new(),
            offers: offers.collect(),
            clock: self.now,
        }
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
        if *expected != id {
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
        match failure {
            Failure::Unauthorised => {
                let id = self.next_effect_id();
                self.session.phase = Phase::RefreshingAuth(id);
                self.effects.push_back(Effect::RefreshAuth(id));
            }
            // A new session is bound to no device yet. Enrolling once more binds it.
            Failure::NotEnrolled if !self.session.has_enrolled => self.enrol(),
            Failure::Forbidden | Failure::NotEnrolled => {
                self.session.phase = Phase::AuthRequired;
                self.notify(Notice::AuthRequired);
            }
            Failure::UpgradeRequired => {
                self.session.phase = Phase::UpgradeRequired;
                self.notify(Notice::UpgradeRequired);
            }
            Failure::TooLarge | Failure::FrameRefused => {
                let limit = self.session.batch_bytes.unwrap_or(MAX_BATCH_BYTES);
                self.session.batch_bytes = Some((limit / 2).max(1));
                self.retry_later(failure);
            }
            Failure::Network | Failure::NotOurServer | Failure::Busy(_) | Failure::Server => {
                self.retry_later(failure)
            }
        }
    }

    /// Waits with full jitter: anything from nothing to the doubled delay.
    pub(super) fn retry_later(&mut self, failure: Failure) {
        let exponent = self.session.failures.min(16);
        self.session.failures += 1;
        let longest = (FIRST_DELAY_MS << exponent).min(LONGEST_DELAY_MS);
        let at_least = match failure {
            Failure::Busy(delay) => delay,
            _ => 0,
        };
        let delay = at_least + self.draw(longest);
        self.session.phase = Phase::Waiting(self.now.monotonic + delay);
        self.notify(Notice::Retrying(failure));
    }

    pub(super) fn commit_response(&mut self, response: &SyncResponse) {
        let Phase::Applying { offered } = &mut self.session.phase else {
            return;
        };
        let offered = std::mem::take(offered);
        let have = response.have.head();
        if self.state.chain_at(have.seq) != Some(have.chain) {
            // Somebody else writes under this name: one of the two is a clone, and both take a new name.
            let batch = self.new_identity(response.have.common);
            let device = batch
                .device
                .as_ref()
                .map_or(self.state.device.device, |row| row.device);
            let notices = vec![Notice::NewIdentity(device)];
            self.start_commit(
                batch,
                Then::Applied(Outcome {
                    notices,
                    needs: Vec::new(),
                    more: true,
                }),
            );
            return;
        }
        let mut batch = WriteBatch::default();
        let mut outcome = Outcome {
            notices: Vec::new(),
            needs: response.needs.clone(),
            more: response.more,
        };
        let mut device = self.state.device.clone();
        device.anchor = Some(ClockAnchor {
            server: response.server_time,
            device: self.now,
        });
        if have.seq < device.acknowledged || response.reset {
            // A server that lost operations may have lost files too. Offering them again costs
            // little: it says which ones it wants.
            let again = self
                .state
                .blobs
                .values()
                .filter(|blob| blob.state == BlobState::Complete);
            batch.put_blobs.extend(again.map(|blob| StoredBlob {
                state: BlobState::Stored,
                ..blob.clone()
            }));
            outcome.more |= !batch.put_blobs.is_empty();
        }
        acknowledge(&mut device, have, &mut outcome);
        self.set_aside(response, &mut batch, &mut outcome);
        self.take_page(response, &mut device, &mut batch, &mut outcome);
        if !response.more {
            device.included = device.acknowledged;
        }
        let forgettable = response
            .custody_upto
            .min(device.acknowledged)
            .min(device.included);
        if let Some(chain) = self.state.chain_at(forgettable)
            && forgettable > device.start.seq
        {
            batch.forget_ops_upto = forgettable;
            device.start = ChainHead {
                seq: forgettable,
                chain,
            };
        }
        for offer in offered {
            let key = (offer.sha256, offer.document);
            let is_needed = response
                .needs
                .iter()
                .any(|need| (need.sha256, need.document) == key);
            if !is_needed && let Some(blob) = self.state.blobs.get(&key) {
                batch.put_blobs.push(StoredBlob {
                    state: BlobState::Complete,
                    ..blob.clone()
                });
                outcome.notices.push(Notice::FileComplete(offer.sha256));
            }
        }
        batch.device = Some(device);
        self.start_commit(batch, Then::Applied(outcome));
    }

    /// The log under a new name: everything after `common` is sent again, with its first origin.
    /// What the server never acknowledged is sent again whatever it says is common.
    fn new_identity(&mut self, common: u64) -> WriteBatch {
        let common = common.min(self.state.device.acknowledged);
        let mut name = [0; 16];
        for half in name.chunks_exact_mut(8) {
            half.copy_from_slice(&self.draw(u64::MAX).to_le_bytes());
        }
        let device = DeviceId::from_bytes(name);
        let again = self.state.log.range(common + 1..).map(|(_, entry)| entry);
        let reissued = again.zip(1_u64..).map(|(entry, seq)| StoredOp {
            seq,
            // An operation that this version cannot read goes out as it is, under a new name.
            raw: entry
                .op
                .as_ref()
                .map_or_else(|| entry.stored.raw.clone(), |op| encode(op, device, seq).into()),
            set_aside: None,
        });
        let row = DeviceState {
            enrolled: false,
            cloned_from: Some(self.state.device.device),
            hlc: self.state.device.hlc,
            anchor: self.state.device.anchor,
            cursor: self.state.device.cursor,
            generation: self.state.device.generation,
            next_effect: self.state.device.next_effect,
            ..DeviceState::new(device, self.state.device.author)
        };
        WriteBatch {
            device: Some(row),
            replace_log: true,
            put_ops: reissued.collect(),
            ..WriteBatch::default()
        }
    }

    /// Notes where the server put what it did not apply.
    fn set_aside(&self, response: &SyncResponse, batch: &mut WriteBatch, outcome: &mut Outcome) {
        for exception in &response.exceptions {
            let is_kept_apart = !matches!(
                exception.disposition,
                Disposition::Applied | Disposition::Duplicate
            );
            if is_kept_apart && let Some(entry) = self.state.log.get(&exception.seq) {
                let set_aside = Some(exception.disposition);
                batch.put_ops.push(StoredOp {
                    set_aside,
                    ..entry.stored.clone()
                });
                let notice = Notice::SetAside(exception.seq, exception.disposition, exception.code.clone());
                outcome.notices.push(notice);
            }
        }
    }

    /// Takes in a page and its cursor, which are written together.
    fn take_page(
        &self,
        response: &SyncResponse,
        device: &mut DeviceState,
        batch: &mut WriteBatch,
        outcome: &mut Outcome,
    ) {
        if response.reset {
            device.generation += 1;
        }
        for FeedEntry { entity, change } in response.page.iter().chain(&response.fetched) {
            match change {
                Change::Upsert(body) => batch.put_entities.push(StoredEntity {
                    entity: entity.clone(),
                    generation: device.generation,
                    body: body.clone(),
                    revoked: None,
                }),
                Change::Revoke(revocation) => {
                    let Some(stored) = self.state.entities.get(entity) else {
                        continue;
                    };
                    if let Body::Submission(body) = &stored.body {
                        outcome
                            .notices
                            .push(Notice::Revoked(body.document, revocation.reason.clone()));
                    }
                    let generation = device.generation;
                    let revoked = Some(revocation.clone());
                    batch.put_entities.push(StoredEntity {
                        generation,
                        revoked,
                        ..stored.clone()
                    });
                }
            }
        }
        device.cursor = Some(response.cursor);
        if response.more {
            return;
        }
        for stored in self.state.entities.values() {
            let is_mentioned = batch.put_entities.iter().any(|put| put.entity == stored.entity);
            if stored.generation < device.generation && !is_mentioned {
                self.drop_or_keep(stored, batch);
            }
        }
        let revoked: Vec<StoredEntity> = batch
            .put_entities
            .extract_if(.., |put| put.revoked.is_some())
            .collect();
        let standing = self.state.entities.values().filter(|stored| {
            stored.revoked.is_some() && !revoked.iter().any(|other| other.entity == stored.entity)
        });
        let standing: Vec<StoredEntity> = standing.cloned().collect();
        for stored in revoked.iter().chain(&standing) {
            self.drop_or_keep(stored, batch);
        }
    }

    /// Drops what is no longer for this device, unless unsent work hangs on it.
    fn drop_or_keep(&self, stored: &StoredEntity, batch: &mut WriteBatch) {
        let has_unsent_work = match &stored.body {
            Body::Submission(body) => self.state.has_unsent_work(body.document),
            Body::Record(_) => false,
        };
        if has_unsent_work {
            batch.put_entities.push(stored.clone());
        } else if !batch.drop_entities.contains(&stored.entity) {
            batch.drop_entities.push(stored.entity.clone());
        }
    }

    pub(super) fn response_applied(&mut self, outcome: Outcome) {
        for notice in outcome.notices {
            self.notify(notice);
        }
        self.session.failures = 0;
        self.session.has_enrolled = false;
        self.session.batch_bytes = None;
        self.session.phase = Phase::Idle;
        let has_more = outcome.more || self.session.again || self.state.unsent().next().is_some();
        self.uploader.enqueue(outcome.needs);
        if has_more {
            self.ask();
        } else {
            self.next_upload();
        }
    }

    /// Everything that can be sent is sent.
    pub(super) fn settled(&mut self) {
        if matches!(self.session.phase, Phase::Idle) {
            self.notify(Notice::UpToDate);
        }
    }
}

fn acknowledge(device: &mut DeviceState, have: ChainHead, outcome: &mut Outcome) {
    if have.seq < device.acknowledged {
        outcome.notices.push(Notice::AcknowledgementWithdrawn(have.seq));
        device.included = device.included.min(have.seq);
    } else if have.seq > device.acknowledged {
        outcome.notices.push(Notice::Acknowledged(have.seq));
    }
    device.acknowledged = have.seq;
}
