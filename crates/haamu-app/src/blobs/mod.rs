//! Files of submissions: their bytes arrive in parts, are verified and kept.

use bytes::Bytes;
use haamu_domain::brief::submission_entity;
use haamu_domain::{Actor, AuditEvent, Code, SubmissionId, Target, Verb};
use haamu_store::repo::blobs::{self, Blob};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::submissions;
use haamu_store::{StagedPart, Staging, Tx};
use haamu_sync::BlobHash;
use sha2::{Digest, Sha256};

use crate::context::require;
use crate::jobs::Job;
use crate::visits::scope_of;
use crate::{App, Error};

/// How much of a file the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// So many bytes from the start.
    pub offset: u64,
    /// Whether that is all of it, verified.
    pub is_complete: bool,
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
        if let Some(length) = self.received_length(actor, submission, sha256).await? {
            return Ok(UploadState {
                offset: length,
                is_complete: true,
            });
        }
        let staging = Staging {
            agency: actor.agency,
            submission,
            sha256,
        };
        let parts = self.inner.files.list_parts(&staging).await?;
        Ok(UploadState {
            offset: held_upto(&parts),
            is_complete: false,
        })
    }

    /// Takes in a part of a file. A part that is here already is accepted once more.
    ///
    /// # Errors
    /// The submission is not the actor's, [`Code::WrongOffset`] if the part
    /// leaves a gap, [`Code::DigestMismatch`] if the part or the whole file does
    /// not have its hash (then all parts are dropped), [`Code::PayloadTooLarge`].
    pub async fn upload(&self, actor: &Actor, part: UploadPart) -> Result<UploadState, Error> {
        let UploadPart {
            submission,
            sha256,
            offset,
            ..
        } = part;
        if let Some(length) = self.received_length(actor, submission, sha256).await? {
            return Ok(UploadState {
                offset: length,
                is_complete: true,
            });
        }
        if part
            .digest
            .is_some_and(|digest| digest != <[u8; 32]>::from(Sha256::digest(&part.bytes)))
        {
            return Err(Error::because(
                Code::DigestMismatch,
                "The part does not have the digest that came with it.",
            ));
        }
        let end = offset.saturating_add(part.bytes.len() as u64);
        if end > self.settings().max_file_bytes {
            let detail = format!("A file has at most {} bytes.", self.settings().max_file_bytes);
            return Err(Error::because(Code::PayloadTooLarge, detail));
        }
        let staging = Staging {
            agency: actor.agency,
            submission,
            sha256,
        };
        let parts = self.inner.files.list_parts(&staging).await?;
        let held = held_upto(&parts);
        if offset > held {
            return Err(wrong_offset(held));
        }
        if end > held || (end == held && parts.is_empty()) {
            if offset < held {
                // Parts that overlap would leave two truths about the same bytes.
                return Err(wrong_offset(held));
            }
            self.inner.files.put_part(&staging, offset, part.bytes).await?;
        }
        if !part.is_last || end < held {
            return Ok(UploadState {
                offset: end.max(held),
                is_complete: false,
            });
        }
        self.complete(actor, &staging, end).await
    }

    /// Verifies a file of which all parts are here, and keeps it.
    async fn complete(&self, actor: &Actor, staging: &Staging, length: u64) -> Result<UploadState, Error> {
        let files = &self.inner.files;
        let parts = files.list_parts(staging).await?;
        let held = held_upto(&parts);
        if held != length {
            return Err(wrong_offset(held));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        for part in contiguous(&parts) {
            bytes.extend_from_slice(&files.read_part(staging, part.offset).await?);
        }
        let bytes = Bytes::from(bytes);
        let digest = <[u8; 32]>::from(Sha256::digest(&bytes));
        if BlobHash::from_bytes(digest) != staging.sha256 {
            files.drop_parts(staging).await?;
            return Err(Error::because(
                Code::DigestMismatch,
                "The file is to be sent again from its start.",
            ));
        }
        let media_type = sniff(&bytes);
        // Bytes before reference: once the row is there, the file is.
        files.put_blob(staging.agency, staging.sha256, bytes).await?;
        let blob = Blob {
            sha256: staging.sha256,
            length,
            media_type: media_type.to_owned(),
        };
        let blob = &blob;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            blobs::insert(tx, actor.agency, blob, self.now()).await?;
            self.own(tx, actor, staging.submission, staging.sha256).await?;
            let detail = serde_json::json!({"submission": staging.submission.to_string(), "bytes": length});
            let event = AuditEvent::of(Verb::UploadBlob, "blob", staging.sha256).with(detail);
            Ok(((), event))
        })
        .await?;
        files.drop_parts(staging).await?;
        Ok(UploadState {
            offset: length,
            is_complete: true,
        })
    }

    /// Notes that a file which the actor has sent before belongs to a further submission too.
    pub(crate) async fn note_received(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<(), Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            self.own(tx, actor, submission, sha256).await?;
            let detail = serde_json::json!({"submission": submission.to_string(), "again": true});
            Ok(((), AuditEvent::of(Verb::UploadBlob, "blob", sha256).with(detail)))
        })
        .await
    }

    async fn own(
        &self,
        tx: &Tx,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<(), Error> {
        let now = self.now();
        blobs::insert_owner(tx, actor.agency, submission, actor.user, sha256, now).await?;
        let job = Job::MakeRendition { sha256, submission };
        self.enqueue(tx, actor.agency, &job, now).await?;
        // A server that is restored to before this moment must be found out: it would otherwise seem to
        // be where the device left it, and the file be missed by nobody.
        let change = FeedChange {
            entity: submission_entity(submission),
            revoked: None,
        };
        let is_live = self.is_in_feed(tx, actor, submission).await?;
        let changes = if is_live { vec![change] } else { Vec::new() };
        Ok(feed::append(tx, actor.agency, &scope_of(actor.agency, actor.user), &changes).await?)
    }

    /// Whether a submission is one of those that its shopper's devices hold.
    async fn is_in_feed(&self, tx: &Tx, actor: &Actor, submission: SubmissionId) -> Result<bool, Error> {
        let scope = scope_of(actor.agency, actor.user);
        let row = feed::find(tx, &scope, &submission_entity(submission)).await?;
        Ok(row.is_some_and(|row| row.revoked.is_none()))
    }

    /// The length of a file that has arrived for a submission of the actor.
    async fn received_length(
        &self,
        actor: &Actor,
        id: SubmissionId,
        sha256: BlobHash,
    ) -> Result<Option<u64>, Error> {
        self.look(|tx: Tx| async move {
            let tx = &tx;
            let submission = submissions::find(tx, actor.agency, id).await?;
            let submission = submission.ok_or_else(|| Error::not_found("submission"))?;
            let target = Target::owned(actor.agency, submission.shopper);
            require(actor, Verb::UploadBlob, &target, "submission")?;
            if !blobs::list_received(tx, actor.agency, id, None)
                .await?
                .contains(&sha256)
            {
                return Ok(None);
            }
            Ok(blobs::find(tx, actor.agency, sha256)
                .await?
                .map(|blob| blob.length))
        })
        .await
    }
}

fn wrong_offset(held: u64) -> Error {
    Error::because(Code::WrongOffset, held.to_string())
}

/// How far parts reach from the start without a gap.
pub(crate) fn held_upto(parts: &[StagedPart]) -> u64 {
    contiguous(parts)
        .last()
        .map_or(0, |part| part.offset + part.length)
}

/// The parts from the start up to the first gap, each beginning where the last one ends.
fn contiguous(parts: &[StagedPart]) -> impl Iterator<Item = &StagedPart> {
    let mut end = 0;
    parts
        .iter()
        .filter(|part| part.length > 0 || part.offset == 0)
        .take_while(move |part| {
            let fits = part.offset == end;
            end = part.offset + part.length;
            fits
        })
}

/// What the bytes of a file say that it is.
fn sniff(bytes: &[u8]) -> &'static str {
    image::guess_format(bytes).map_or("application/octet-stream", |format| format.to_mime_type())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_count_up_to_the_first_gap() {
        let part = |offset, length| StagedPart { offset, length };
        assert_eq!(held_upto(&[]), 0);
        assert_eq!(held_upto(&[part(0, 10), part(10, 5), part(20, 5)]), 15);
        assert_eq!(held_upto(&[part(5, 5)]), 0);
    }

    #[test]
    fn files_are_what_their_bytes_say() {
        assert_eq!(sniff(&[0xff, 0xd8, 0xff, 0xe0, 0, 0]), "image/jpeg");
        assert_eq!(sniff(b"MZ program"), "application/octet-stream");
        assert_eq!(sniff(b""), "application/octet-stream");
    }
}
