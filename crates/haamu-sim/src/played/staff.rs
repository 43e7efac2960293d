//! What the server does besides syncing: taking in files, and what the staff do.

use haamu_sync::engine::{Failure, UploadFailure};
use haamu_sync::server::Incoming;
use haamu_sync::{
    Action, BlobHash, Bytes, Disposition, DocumentId, Hlc, Lane, Need, Op, OpIds, RegisterKey, SyncRequest,
    Value, clock, codec,
};

use crate::backend::{FileState, Part, Session, Taken};
use crate::plan::Act;
use crate::safeguard::Duty;

use super::db::Stage;
use super::{REVIEWER, STAFF, Server};

impl Server {
    /// Which of the offered files the server wants.
    pub(super) fn needs(&mut self, request: &SyncRequest, user: usize) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut arrived = Vec::new();
        for offer in &request.offers {
            let file = self.db.files.entry((offer.sha256, offer.document)).or_default();
            if !file.is_complete && self.db.sent.contains(&(user, offer.sha256)) {
                *file = FileState {
                    held: offer.length,
                    is_complete: true,
                    is_sound: true,
                };
                arrived.push(offer.document);
            }
            if !file.is_complete {
                needs.push(Need {
                    sha256: offer.sha256,
                    document: offer.document,
                    offset: file.held,
                    url: offer.document.to_string(),
                    expires: 0,
                });
            }
        }
        if self.removed != Some(Duty::FileInFeed) {
            for document in arrived {
                self.publish(document, false);
            }
        }
        needs
    }

    pub(super) fn take_part(&mut self, session: &Session, part: &Part<'_>) -> Result<Taken, UploadFailure> {
        let Part {
            upload,
            arrived,
            is_sound,
        } = *part;
        if !session.is_valid {
            return Err(UploadFailure::Request(Failure::Unauthorised));
        }
        let document = upload.url.parse::<DocumentId>();
        let document = document.map_err(|_| UploadFailure::Refused)?;
        if !self.db.submissions.contains_key(&document) {
            return Err(UploadFailure::Refused);
        }
        let file = self.db.files.entry((upload.sha256, document)).or_default();
        let end = upload.offset + arrived;
        if file.is_complete || end <= file.held {
            return Ok(taken(file, upload.sha256, document));
        }
        if upload.offset != file.held {
            return Err(UploadFailure::WrongOffset(file.held));
        }
        if !is_sound && self.removed != Some(Duty::DigestVerified) {
            *file = FileState::default();
            return Err(UploadFailure::DigestMismatch);
        }
        file.is_sound = is_sound && (file.is_sound || file.held == 0);
        file.held = end;
        file.is_complete = end == upload.total;
        let (is_complete, is_sound) = (file.is_complete, file.is_sound);
        if is_complete && is_sound {
            self.db.sent.insert((session.user, upload.sha256));
        }
        let answer = taken(file, upload.sha256, document);
        if is_complete && self.removed != Some(Duty::FileInFeed) {
            self.publish(document, false);
        }
        Ok(answer)
    }

    /// The staff do something. Returns whether anything changed.
    pub(super) fn decide(&mut self, document: DocumentId, place: &str, act: Act, now: u64) -> bool {
        let Some(submission) = self.db.submissions.get_mut(&document) else {
            return false;
        };
        match (act, submission.stage) {
            (Act::Review, Stage::Open | Stage::Submitted) => return self.review(document, place, now),
            (Act::Approve, Stage::Submitted) => {
                submission.stage = Stage::Approved;
                submission.settled = Some(submission.document.clone());
            }
            (Act::Return, Stage::Submitted) => {
                submission.stage = Stage::Open;
                submission.cycle += 1;
            }
            (Act::Revoke, stage) if stage != Stage::Revoked => submission.stage = Stage::Revoked,
            (Act::Brief, stage) if stage != Stage::Revoked => submission.brief += 1,
            _ => return false,
        }
        self.publish(document, act == Act::Brief);
        true
    }

    /// A reviewer corrects an answer, naming the shopper's heads and their own.
    fn review(&mut self, document: DocumentId, place: &str, now: u64) -> bool {
        let Some(submission) = self.db.submissions.get(&document) else {
            return false;
        };
        let Some(row) = self.db.devices.get(&STAFF) else {
            return false;
        };
        let key = RegisterKey {
            lane: Lane::Review,
            ..RegisterKey::shopper(place)
        };
        let mut base = submission.document.visible_heads(&RegisterKey::shopper(place));
        base.extend(submission.document.visible_heads(&key).iter().copied());
        let seq = row.head().seq + 1;
        let op = Op {
            origin_device: STAFF,
            origin_seq: seq,
            hlc: Hlc::at(now),
            confidence: clock::ClockConfidence::Wall,
            document,
            lane: Lane::Review,
            register: place.into(),
            instance: OpIds::new(),
            action: Action::Set(Value {
                tag: 1,
                bytes: Bytes::from(seq.to_be_bytes().to_vec()),
            }),
            form_version: None,
            author: REVIEWER,
            base,
        };
        let raw = codec::encode(&op, STAFF, seq);
        let id = codec::op_id(&raw, STAFF, seq);
        let incoming = Incoming {
            head: row.head().then(id),
            id,
            op: codec::decode(&raw, STAFF, seq),
            raw: raw.into(),
        };
        let touched = self.log(STAFF, incoming, (Disposition::Applied, "applied"), now);
        if let Some(document) = touched {
            self.publish(document, false);
        }
        touched.is_some()
    }
}

/// The answer to a part of a file that the server has now.
fn taken(file: &FileState, sha256: BlobHash, document: DocumentId) -> Taken {
    Taken {
        held: file.held,
        receipt: file.is_complete.then(|| (document, receipt(sha256, document))),
    }
}

/// The played server's word that it has a file.
pub(super) fn receipt(sha256: BlobHash, document: DocumentId) -> Bytes {
    Bytes(format!("{sha256} of {document}").into_bytes().into())
}
