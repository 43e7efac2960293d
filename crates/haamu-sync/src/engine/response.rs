//! What an answer of the server means for the device.

use crate::clock::ClockAnchor;
use crate::codec::encode;
use crate::safeguards::{Safeguard, holds};
use crate::{Body, ChainHead, Change, DeviceId, Disposition, FeedEntry, SyncResponse};

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
        if (have.seq < device.acknowledged || response.reset) && holds(Safeguard::OfferAgain) {
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
        if !response.more || !holds(Safeguard::IncludeAfterLastPage) {
            device.included = device.acknowledged;
        }
        let in_custody = if holds(Safeguard::KeepUntilCustody) {
            response.custody_upto
        } else {
            device.acknowledged
        };
        let forgettable = in_custody.min(device.acknowledged).min(device.included);
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
                .filter(|_| holds(Safeguard::OriginOnReissue))
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
            if stored.generation < device.generation && !is_mentioned && holds(Safeguard::ResetDrops) {
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
        if has_unsent_work && holds(Safeguard::KeepRevokedUntilSent) {
            batch.put_entities.push(stored.clone());
        } else if !batch.drop_entities.contains(&stored.entity) {
            batch.drop_entities.push(stored.entity.clone());
        }
    }
}

fn acknowledge(device: &mut DeviceState, have: ChainHead, outcome: &mut Outcome) {
    if have.seq < device.acknowledged && holds(Safeguard::WithdrawAcknowledgement) {
        outcome.notices.push(Notice::AcknowledgementWithdrawn(have.seq));
        if holds(Safeguard::ShowWithdrawn) {
            device.included = device.included.min(have.seq);
        }
    } else if have.seq > device.acknowledged {
        outcome.notices.push(Notice::Acknowledged(have.seq));
    }
    if have.seq > device.acknowledged || holds(Safeguard::WithdrawAcknowledgement) {
        device.acknowledged = have.seq;
    }
}
