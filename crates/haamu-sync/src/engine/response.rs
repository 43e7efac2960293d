//! What an answer of the server means for the device.

use crate::clock::ClockAnchor;
use crate::codec::reissue;
use crate::safeguards::{Safeguard, holds};
use crate::{
    Body, Cell, ChainHead, Change, DeviceId, Disposition, FeedEntry, Millis, Offer, OpId, SubmissionBody,
    SyncResponse,
};

use super::log::LogEntry;
use super::session::{Outcome, Phase};
use super::{BlobState, DeviceState, Engine, Notice, StoredBlob, StoredEntity, StoredOp, Then, WriteBatch};

impl Engine {
    pub(super) fn commit_response(&mut self, response: &SyncResponse) {
        let Phase::Applying { offered } = &mut self.session.phase else {
            return;
        };
        let offered = std::mem::take(offered);
        let have = response.have.head();
        if self.state.chain_at(have.seq) != Some(have.chain) && holds(Safeguard::Chain) {
            // Somebody else writes under this name: one of the two is a clone, and both take a new name.
            self.commit_new_identity(response.have.common);
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
        device.policy = response.policy.clone();
        if have.seq < device.acknowledged || response.reset {
            self.offer_again(is_lost, &mut batch, &mut outcome);
        } else if self.is_other_start(response) {
            self.offer_again(is_refused, &mut batch, &mut outcome);
        }
        // What the server has beyond this request came from a twin of this device. Of that it says
        // nothing yet, such as what it set aside; the next request asks for it.
        let agreed = if holds(Safeguard::AcknowledgeAgreed) {
            have.seq.min(response.have.common.max(device.acknowledged))
        } else {
            have.seq
        };
        self.judge_anew(response, agreed, &mut batch);
        acknowledge(&mut device, agreed, &mut outcome);
        if holds(Safeguard::CompareAnew) {
            self.compare_anew(response, &mut device, &mut outcome);
        }
        if holds(Safeguard::ShowWithdrawn) {
            device.included = device.included.min(device.acknowledged);
        }
        self.set_aside(response, &mut batch, &mut outcome);
        self.confirm_files(&offered, response, &mut batch, &mut outcome);
        self.take_page(response, &mut device, &mut batch, &mut outcome);
        let is_up_to_date = !response.more && device.cursor.is_some();
        if is_up_to_date || !holds(Safeguard::IncludeAfterLastPage) {
            device.included = device.acknowledged;
        }
        device.mark_held(response.server_time);
        let in_custody = response.custody_upto.max(device.held_long(response.server_time));
        self.forget(in_custody, &mut device, &mut batch);
        batch.device = Some(device);
        self.start_commit(batch, Then::Applied(outcome));
    }

    /// A server that was restored may have everything that this device had sent, from a request that
    /// was under way or from a twin, and need not have put it where it did before. Its answer says so
    /// only of what the request held. So what may have been lost is sent once more: all that is kept
    /// if the feed starts over; else what was set aside, for only that leaves no trace in the feed. Where it
    /// leaves one, somebody may have let it take effect.
    fn compare_anew(&self, response: &SyncResponse, device: &mut DeviceState, outcome: &mut Outcome) {
        let is_other_start = self.is_other_start(response);
        let mut log = self.state.log.entries().iter();
        let doubtful = if response.reset {
            log.next()
        } else {
            log.find(|entry| {
                entry.stored.set_aside.is_some() && (is_other_start || self.is_named_now(response, entry))
            })
        };
        // What was not acknowledged before is in this request, and its answer tells of it.
        if let Some(entry) = doubtful
            && entry.stored.seq <= self.state.device.acknowledged
        {
            device.acknowledged = device.acknowledged.min(entry.stored.seq - 1);
            outcome.more = true;
        }
    }

    /// Whether a page brings a copy of a submission that names an operation and did not before.
    fn is_named_now(&self, response: &SyncResponse, entry: &LogEntry) -> bool {
        let Some(op) = &entry.op else { return false };
        let key = op.key();
        let names = |body: &SubmissionBody| {
            let mut cells = body.cells.iter().filter(|other| other.key == key);
            cells.any(|other| is_named(&other.cell, entry.id))
        };
        let told = response.page.iter().any(|told| match &told.change {
            Change::Upsert(Body::Submission(body)) => body.document == op.document && names(body),
            _ => false,
        });
        told && !self
            .state
            .submission(op.document)
            .is_some_and(|(_, body)| names(body))
    }

    /// Whether the server was started again since its last answer.
    fn is_other_start(&self, response: &SyncResponse) -> bool {
        let before = self.state.device.cursor;
        before.is_some_and(|cursor| cursor.incarnation != response.cursor.incarnation)
    }

    /// Offers files once more. That costs little: the server says which ones it wants.
    pub(super) fn offer_again(
        &self,
        which: fn(BlobState) -> bool,
        batch: &mut WriteBatch,
        outcome: &mut Outcome,
    ) {
        let again = self.state.blobs.values();
        let again = again.filter(|blob| which(blob.state) && holds(Safeguard::OfferAgain));
        batch.put_blobs.extend(again.map(|blob| StoredBlob {
            state: BlobState::Stored,
            ..blob.clone()
        }));
        outcome.more |= !batch.put_blobs.is_empty();
    }

    /// Files that were offered and are not wanted have arrived.
    pub(super) fn confirm_files(
        &self,
        offered: &[Offer],
        response: &SyncResponse,
        batch: &mut WriteBatch,
        outcome: &mut Outcome,
    ) {
        for offer in offered {
            let key = (offer.sha256, offer.document);
            let is_needed = response
                .needs
                .iter()
                .any(|need| (need.sha256, need.document) == key);
            if !is_needed && let Some(blob) = self.state.blobs.get(&key) {
                batch.put_blobs.push(StoredBlob {
                    state: BlobState::Complete,
                    completed_at: blob.completed_at.or(Some(response.server_time)),
                    ..blob.clone()
                });
                outcome.notices.push(Notice::FileComplete(offer.sha256));
            }
        }
    }

    /// Forgets what a verified backup has, or the server has had for long, and the copies of submissions include.
    fn forget(&self, custody_upto: u64, device: &mut DeviceState, batch: &mut WriteBatch) {
        let in_custody = if holds(Safeguard::KeepUntilCustody) {
            custody_upto
        } else {
            device.acknowledged
        };
        let forgettable = in_custody.min(device.acknowledged).min(device.included);
        if let Some(chain) = self.state.chain_at(forgettable)
            && forgettable > device.start.seq
        {
            batch.forget_ops_upto = forgettable;
            // Where these were put was told just now, and is forgotten with them.
            batch
                .put_ops
                .retain(|stored| stored.seq > forgettable || !holds(Safeguard::ForgetAltogether));
            device.start = ChainHead {
                seq: forgettable,
                chain,
            };
        }
    }

    /// Takes a new name, and goes on under it.
    pub(super) fn commit_new_identity(&mut self, common: u64) {
        let batch = self.new_identity(common);
        let row = batch.device.as_ref();
        let device = row.map_or(self.state.device.device, |row| row.device);
        let outcome = Outcome {
            notices: vec![Notice::NewIdentity(device)],
            needs: Vec::new(),
            more: true,
        };
        self.start_commit(batch, Then::Renamed(outcome));
    }

    /// The log under a new name, to be sent again with its first origin: also what the server has
    /// in common with it, for no backup may have that, and no other device may hold it.
    fn new_identity(&mut self, common: u64) -> WriteBatch {
        let kept_from = if holds(Safeguard::ReissueAll) {
            self.state.device.start.seq
        } else {
            common.min(self.state.device.acknowledged)
        };
        let mut name = [0; 16];
        for half in name.chunks_exact_mut(8) {
            half.copy_from_slice(&self.draw(u64::MAX).to_le_bytes());
        }
        let device = DeviceId::from_bytes(name);
        let again = self.state.log.after(kept_from).iter();
        let reissued = again.zip(1_u64..).map(|(entry, seq)| StoredOp {
            seq,
            raw: if holds(Safeguard::OriginOnReissue) {
                reissue(&entry.stored.raw.0, self.state.device.device, entry.stored.seq).into()
            } else {
                entry.stored.raw.clone()
            },
            set_aside: entry.stored.set_aside,
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

    /// Silence means applied: what the server had set aside before it lost it took effect now. So did what it
    /// has from elsewhere already, or it would tell where it put that.
    pub(super) fn judge_anew(&self, response: &SyncResponse, agreed: u64, batch: &mut WriteBatch) {
        let is_told = |seq: u64| {
            let mut told = response.exceptions.iter();
            let is_in_effect = |place| matches!(place, Disposition::Applied | Disposition::Duplicate);
            told.any(|told| told.seq == seq && !is_in_effect(told.disposition))
        };
        let judged = self.state.unsent();
        let judged = judged.take_while(|entry| entry.stored.seq <= agreed);
        let applied = judged.filter(|entry| entry.stored.set_aside.is_some() && !is_told(entry.stored.seq));
        batch.put_ops.extend(applied.map(|entry| StoredOp {
            set_aside: None,
            ..entry.stored.clone()
        }));
    }

    /// Notes where the server put what it did not apply.
    pub(super) fn set_aside(&self, response: &SyncResponse, batch: &mut WriteBatch, outcome: &mut Outcome) {
        for exception in &response.exceptions {
            let is_kept_apart = !matches!(
                exception.disposition,
                Disposition::Applied | Disposition::Duplicate
            );
            if is_kept_apart && let Some(entry) = self.state.log.get(exception.seq) {
                let set_aside = Some(exception.disposition);
                // What is known already is not told once more.
                if entry.stored.set_aside != set_aside {
                    let code = exception.code.clone();
                    let notice = Notice::SetAside(exception.seq, exception.disposition, code);
                    outcome.notices.push(notice);
                }
                batch.put_ops.push(StoredOp {
                    set_aside,
                    ..entry.stored.clone()
                });
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
        let mut is_whole = true;
        for FeedEntry { entity, change } in response.page.iter().chain(&response.fetched) {
            match change {
                Change::Upsert(body) => batch.put_entities.push(StoredEntity {
                    entity: entity.clone(),
                    generation: device.generation,
                    body: body.clone(),
                    revoked: None,
                    revoked_at: 0,
                }),
                Change::Confirm(confirmation) => {
                    let upto = response.have.common;
                    match self.confirmed(entity, confirmation, upto) {
                        Some(stored) => batch.put_entities.push(stored),
                        None => is_whole = false,
                    }
                }
                Change::Revoke(revocation) => {
                    let Some(stored) = self.state.entities.get(entity) else {
                        continue;
                    };
                    if let Body::Submission(body) = &stored.body
                        && stored.revoked.is_none()
                    {
                        outcome
                            .notices
                            .push(Notice::Revoked(body.document, revocation.reason.clone()));
                    }
                    let is_known = stored.revoked.is_some();
                    batch.put_entities.push(StoredEntity {
                        generation: device.generation,
                        revoked: Some(revocation.clone()),
                        revoked_at: if is_known {
                            stored.revoked_at
                        } else {
                            response.server_time
                        },
                        ..stored.clone()
                    });
                }
            }
        }
        // Without a copy to fold into, the feed starts over.
        device.cursor = is_whole.then_some(response.cursor);
        outcome.more |= !is_whole;
        if response.more || !is_whole {
            return;
        }
        let held = device.acknowledged;
        for stored in self.state.entities.values() {
            let is_mentioned = batch.put_entities.iter().any(|put| put.entity == stored.entity);
            if stored.generation < device.generation && !is_mentioned && holds(Safeguard::ResetDrops) {
                self.drop_or_keep(stored, held, response.server_time, batch);
            }
        }
        let revoked: Vec<StoredEntity> = batch
            .put_entities
            .extract_if(.., |put| put.revoked.is_some())
            .collect();
        // What was given back meanwhile, as by a server that was restored, stays.
        let is_told = |stored: &StoredEntity| {
            let mut told = revoked.iter().chain(&batch.put_entities);
            told.any(|other| other.entity == stored.entity) && holds(Safeguard::RevocationTakenBack)
        };
        let standing = self.state.entities.values();
        let standing = standing.filter(|stored| stored.revoked.is_some() && !is_told(stored));
        let standing: Vec<StoredEntity> = standing.cloned().collect();
        for stored in revoked.iter().chain(&standing) {
            self.drop_or_keep(stored, held, response.server_time, batch);
        }
    }

    /// Drops what is no longer for this device, unless it was taken away lately, or work hangs on it
    /// that the server does not hold; it holds the log up to `held`.
    fn drop_or_keep(&self, stored: &StoredEntity, held: u64, now: Millis, batch: &mut WriteBatch) {
        let may_stay = stored
            .revoked
            .as_ref()
            .is_some_and(|revoked| revoked.keep_until_uploaded);
        let is_recent = may_stay && now.saturating_sub(stored.revoked_at) < self.config.keep_revoked_ms;
        let has_unsent_work = match &stored.body {
            Body::Submission(body) => {
                let is_sent = |blob: &StoredBlob| {
                    let mut put = batch.put_blobs.iter().rev();
                    put.find(|put| put.key() == blob.key())
                        .is_some_and(|put| put.state != BlobState::Stored)
                };
                self.state.has_work_after(held, body.document, is_sent)
            }
            // Which submission it belongs to is not known here; so it stays as long as anything waits.
            Body::Record(_) => {
                may_stay && self.config.keep_revoked_ms > 0 && self.state.is_unsent_after(held)
            }
        };
        if is_recent || (has_unsent_work && holds(Safeguard::KeepRevokedUntilSent)) {
            batch.put_entities.push(stored.clone());
        } else if !batch.drop_entities.contains(&stored.entity) {
            batch.drop_entities.push(stored.entity.clone());
        }
    }
}

/// A server that lost operations may have lost files too, and may take what it refused.
pub(super) const fn is_lost(state: BlobState) -> bool {
    matches!(state, BlobState::Complete | BlobState::Freed) || is_refused(state)
}

/// A server that was started again may take larger files, or have room again.
const fn is_refused(state: BlobState) -> bool {
    matches!(state, BlobState::Refused)
}

pub(super) fn acknowledge(device: &mut DeviceState, upto: u64, outcome: &mut Outcome) {
    if upto < device.acknowledged && holds(Safeguard::WithdrawAcknowledgement) {
        outcome.notices.push(Notice::AcknowledgementWithdrawn(upto));
    } else if upto > device.acknowledged {
        outcome.notices.push(Notice::Acknowledged(upto));
    }
    if upto > device.acknowledged || holds(Safeguard::WithdrawAcknowledgement) {
        device.acknowledged = upto;
    }
}

/// Whether a place names an operation: as what stands there, or as what was replaced or removed.
fn is_named(cell: &Cell, id: OpId) -> bool {
    let (register, elements) = (&cell.register, &cell.elements);
    register.heads.iter().any(|head| head.op == id)
        || register.superseded.contains(&id)
        || elements.present.contains_key(&id)
        || elements.removed.contains(&id)
}
