//! Files of submissions: their bytes arrive in parts, are verified and kept.

mod receipts;
mod room;
mod staged;
mod turns;
mod tus;

pub(crate) use receipts::{ReceiptKeySet, ReceiptKeys};
pub(crate) use staged::held_upto;
pub use turns::Turn;
pub(crate) use turns::Turns;
pub use tus::NewUpload;

use bytes::Bytes;
use haamu_domain::brief::submission_entity;
use haamu_domain::{Actor, AuditEvent, Code, SubmissionId, Target, Timestamp, Verb};
use haamu_store::repo::blobs::{self, Blob, Custody};
use haamu_store::repo::feed;
use haamu_store::repo::purge_files;
use haamu_store::repo::submissions;
use haamu_store::repo::uploads::{self, Upload};
use haamu_store::{Staging, Tx};
use haamu_sync::BlobHash;
use sha2::{Digest, Sha256};

use crate::context::require;
use crate::jobs::Job;
use crate::visits::scope_of;
use crate::{App, Error};

/// How much of a file the server has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadState {
    /// So many bytes from the start.
    pub offset: u64,
    /// Whether that is all of it, verified.
    pub is_complete: bool,
    /// The length of the whole file, where it is known.
    pub length: Option<u64>,
    /// What a tus client said about the file, as long as it is arriving.
    pub metadata: Option<String>,
    /// When what has arrived is forgotten, unless more arrives.
    pub expires_at: Option<Timestamp>,
    /// The receipt of a file that is complete, as JSON; one that arrived before there were receipts is asked for.
    pub receipt: Option<String>,
}

/// A part of a file.
#[derive(Clone, Debug)]
pub struct UploadPart {
    /// The submission that it is sent for.
    pub submission: SubmissionId,
    /// The file's name.
    pub sha256: BlobHash,
    /// Where the part starts.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether the file ends with it.
    pub is_last: bool,
    /// The SHA-256 of the part, where the device sent one along.
    pub digest: Option<[u8; 32]>,
}

/// What the database knows of a file that somebody sends.
struct Found {
    staging: Staging,
    /// The file, if it has arrived.
    received: Option<(Blob, Custody)>,
    /// Whether the file was deleted since, because its time was over.
    is_given_up: bool,
    /// The upload, if it is under way.
    upload: Option<Upload>,
}

impl App {
    /// How much of a file the server has.
    ///
    /// # Errors
    /// The submission is not the actor's.
    pub async fn upload_state(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<UploadState, Error> {
        let found = self.find_upload(actor, submission, sha256).await?;
        self.state_of(&found).await
    }

    /// Takes in a part of a file. Bytes that are here already are accepted once
    /// more if they are the same.
    ///
    /// # Errors
    /// The submission is not the actor's, [`Code::WrongOffset`] if the part
    /// leaves a gap or differs from what is here, [`Code::DigestMismatch`] if
    /// the part or the whole file does not have its hash (in the second case all
    /// parts are dropped), [`Code::PayloadTooLarge`], [`Code::QuotaExceeded`].
    pub async fn upload(&self, actor: &Actor, part: UploadPart) -> Result<UploadState, Error> {
        let found = self.find_upload(actor, part.submission, part.sha256).await?;
        if part
            .digest
            .is_some_and(|digest| digest != <[u8; 32]>::from(Sha256::digest(&part.bytes)))
        {
            return Err(Error::because(
                Code::DigestMismatch,
                "The part does not have the digest that came with it.",
            ));
        }
        if found.received.is_some() {
            return self.take_again(&found, &part).await;
        }
        let end = part.offset.saturating_add(part.bytes.len() as u64);
        self.refuse_too_long(end)?;
        let staging = &found.staging;
        // Whoever leaves a gap takes no room by it.
        let held = held_upto(&self.inner.files.list_parts(staging).await?);
        if part.offset > held {
            return Err(wrong_offset(held));
        }
        let upload = self.reserve(staging, end, None).await?;
        let held = self.stage(staging, part.offset, part.bytes).await?;
        if !part.is_last || held > end {
            return Ok(self.arriving(held, Some(&upload)));
        }
        self.complete(actor, staging, end).await
    }

    /// Gives up an upload that is under way: what has arrived of it is forgotten.
    ///
    /// # Errors
    /// The submission is not the actor's, there is no such upload, or
    /// [`Code::NotPossibleInState`] if the file has arrived: it is testimony then.
    pub async fn cancel_upload(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<(), Error> {
        let found = self.find_upload(actor, submission, sha256).await?;
        if found.received.is_some() {
            let detail = "The file has arrived and is kept.";
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        if found.upload.is_none() {
            return Err(Error::not_found("upload"));
        }
        let staging = &found.staging;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            uploads::delete(tx, staging).await?;
            let detail = serde_json::json!({"submission": submission.to_string(), "cancelled": true});
            Ok(((), AuditEvent::of(Verb::UploadBlob, "blob", sha256).with(detail)))
        })
        .await?;
        Ok(self.inner.files.drop_parts(staging).await?)
    }

    /// Verifies a file of which all parts are here, and keeps it.
    async fn complete(&self, actor: &Actor, staging: &Staging, length: u64) -> Result<UploadState, Error> {
        let files = &self.inner.files;
        let bytes = self.read_staged(staging).await?;
        if bytes.len() as u64 != length {
            return Err(wrong_offset(bytes.len() as u64));
        }
        let digest = <[u8; 32]>::from(Sha256::digest(&bytes));
        if BlobHash::from_bytes(digest) != staging.sha256 {
            self.forget(staging).await?;
            return Err(Error::because(
                Code::DigestMismatch,
                "The file is to be sent again from its start.",
            ));
        }
        let blob = Blob {
            sha256: staging.sha256,
            length,
            media_type: sniff(&bytes).to_owned(),
        };
        // Bytes before reference: once the row is there, the file is.
        files
            .put_blob(staging.agency, staging.sha256, bytes.clone())
            .await?;
        let (blob, bytes) = (&blob, &bytes);
        let custody = self
            .act(actor, |tx: Tx| async move {
                let tx = &tx;
                let was_deleted = blobs::insert(tx, actor.agency, blob, self.now()).await?;
                // It had been deleted for another visit, perhaps since it was put there just now, and perhaps by
                // a purge whose transaction failed after that.
                if was_deleted || !files.has_blob(staging.agency, staging.sha256).await? {
                    files
                        .put_blob(staging.agency, staging.sha256, bytes.clone())
                        .await?;
                }
                let custody = self.own(tx, actor, staging.submission, blob).await?;
                uploads::delete(tx, staging).await?;
                let detail =
                    serde_json::json!({"submission": staging.submission.to_string(), "bytes": length});
                let event = AuditEvent::of(Verb::UploadBlob, "blob", staging.sha256).with(detail);
                Ok((custody, event))
            })
            .await?;
        files.drop_parts(staging).await?;
        Ok(kept(blob, custody))
    }

    /// Notes that a file which the actor has sent before belongs to a further submission too. Returns false if its
    /// bytes are not here any more: a purge may have deleted them since somebody looked.
    pub(crate) async fn note_received(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<bool, Error> {
        let event = AuditEvent::of(Verb::UploadBlob, "blob", sha256);
        let event = &event;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let blob = match blobs::lock(tx, actor.agency, sha256).await? {
                Some(blob) if self.inner.files.has_blob(actor.agency, sha256).await? => blob,
                _ => {
                    let detail = serde_json::json!({"submission": submission.to_string(), "deleted": true});
                    return Ok((false, event.clone().with(detail)));
                }
            };
            self.own(tx, actor, submission, &blob).await?;
            let detail = serde_json::json!({"submission": submission.to_string(), "again": true});
            Ok((true, event.clone().with(detail)))
        })
        .await
    }

    /// Notes whose file it is, with a receipt; what was noted before stands.
    async fn own(
        &self,
        tx: &Tx,
        actor: &Actor,
        submission: SubmissionId,
        blob: &Blob,
    ) -> Result<Custody, Error> {
        let now = self.now();
        let receipt = self.receipt(actor.agency, submission, blob, now);
        let new = Custody {
            submission,
            user: actor.user,
            sha256: blob.sha256,
            received_at: now,
            receipt: Some(receipt),
        };
        blobs::insert_owner(tx, actor.agency, &new).await?;
        let sha256 = blob.sha256;
        let job = Job::MakeRendition { sha256, submission };
        self.enqueue(tx, actor.agency, &job, now).await?;
        // A server that is restored to before this moment must be found out: it would otherwise seem to
        // be where the device left it, and the file be missed by nobody.
        let scope = scope_of(actor.agency, actor.user);
        feed::touch(tx, actor.agency, &scope, submission_entity(submission)).await?;
        let noted = blobs::find_custody(tx, actor.agency, submission, sha256).await?;
        Ok(noted.unwrap_or(new))
    }

    /// What is known of a file that the actor sends for a submission of theirs.
    async fn find_upload(&self, actor: &Actor, id: SubmissionId, sha256: BlobHash) -> Result<Found, Error> {
        let staging = Staging {
            agency: actor.agency,
            submission: id,
            sha256,
        };
        let looking = self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let submission = submissions::find(tx, actor.agency, id).await?;
            let submission = submission.ok_or_else(|| Error::not_found("submission"))?;
            let target = Target::owned(actor.agency, submission.shopper);
            require(actor, Verb::UploadBlob, &target, "submission")?;
            let custody = blobs::find_custody(tx, actor.agency, id, sha256).await?;
            let received = match custody {
                Some(custody) => blobs::find(tx, actor.agency, sha256)
                    .await?
                    .map(|blob| (blob, custody)),
                None => None,
            };
            Ok(Found {
                staging,
                received,
                is_given_up: purge_files::is_given_up(tx, actor.agency, id, sha256).await?,
                upload: uploads::find(tx, &staging).await?,
            })
        });
        let mut found = looking.await?;
        // Lost with an object store, say: it is taken in once more, and its receipt stands.
        if found.received.is_some()
            && !found.is_given_up
            && !self.inner.files.has_blob(actor.agency, sha256).await?
        {
            found.received = None;
        }
        Ok(found)
    }

    async fn state_of(&self, found: &Found) -> Result<UploadState, Error> {
        if let Some((blob, custody)) = &found.received {
            return Ok(kept(blob, custody.clone()));
        }
        let parts = self.inner.files.list_parts(&found.staging).await?;
        Ok(self.arriving(held_upto(&parts), found.upload.as_ref()))
    }

    /// The state of a file that is arriving.
    fn arriving(&self, held: u64, upload: Option<&Upload>) -> UploadState {
        UploadState {
            offset: held,
            length: upload.and_then(|upload| upload.length),
            metadata: upload.and_then(|upload| upload.metadata.clone()),
            expires_at: upload.map(|upload| self.expiry_of(upload)),
            ..UploadState::default()
        }
    }
}

/// The state of a file that is kept.
fn kept(blob: &Blob, custody: Custody) -> UploadState {
    UploadState {
        offset: blob.length,
        is_complete: true,
        length: Some(blob.length),
        receipt: custody.receipt,
        ..UploadState::default()
    }
}

fn wrong_offset(held: u64) -> Error {
    Error::because(Code::WrongOffset, held.to_string())
}

/// What the bytes of a file say that it is.
fn sniff(bytes: &[u8]) -> &'static str {
    image::guess_format(bytes).map_or("application/octet-stream", |format| format.to_mime_type())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_their_bytes_say() {
        assert_eq!(sniff(&[0xff, 0xd8, 0xff, 0xe0, 0, 0]), "image/jpeg");
        assert_eq!(sniff(b"MZ program"), "application/octet-stream");
        assert_eq!(sniff(b""), "application/octet-stream");
    }
}
