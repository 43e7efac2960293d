//! Uploads as tus 1.0 has them: created with their length, then filled. Parts, room
//! and completion are those of every upload.

use haamu_domain::{Actor, Code, SubmissionId};
use haamu_sync::BlobHash;

use crate::{App, Error};

use super::{UploadState, kept, wrong_offset};

/// An upload to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// The submission that the file is sent for.
    pub submission: SubmissionId,
    /// The file's name.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// What the client says about the file, as it was written.
    pub metadata: String,
}

impl App {
    /// Creates an upload, or finds the one that was created before. A file without bytes is complete at once.
    ///
    /// # Errors
    /// The submission is not the actor's, [`Code::Conflict`] if the file was
    /// announced with another length, [`Code::PayloadTooLarge`], [`Code::QuotaExceeded`].
    pub async fn create_upload(&self, actor: &Actor, new: &NewUpload) -> Result<UploadState, Error> {
        let found = self.find_upload(actor, new.submission, new.sha256).await?;
        if let Some((blob, custody)) = &found.received {
            if blob.length == new.length {
                return Ok(kept(blob, custody.clone()));
            }
            let detail = format!("The file has arrived, and has {} bytes.", blob.length);
            return Err(Error::because(Code::Conflict, detail));
        }
        self.refuse_too_long(new.length)?;
        let upload = self.reserve(&found.staging, 0, Some(new)).await?;
        if new.length == 0 {
            return self.complete(actor, &found.staging, 0).await;
        }
        let state = self.state_of(&found).await?;
        Ok(self.arriving(state.offset, Some(&upload)))
    }

    /// How much there is of an upload that was created, or of a file that has arrived.
    ///
    /// # Errors
    /// The submission is not the actor's, or no such upload was created.
    pub async fn created_upload(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<UploadState, Error> {
        let found = self.find_upload(actor, submission, sha256).await?;
        let state = self.state_of(&found).await?;
        if state.length.is_none() {
            return Err(Error::not_found("upload"));
        }
        Ok(state)
    }

    /// Whether so many bytes may be added to an upload at an offset, if their number is known; returns how many more it takes.
    ///
    /// # Errors
    /// As [`App::created_upload`], [`Code::WrongOffset`], and
    /// [`Code::PayloadTooLarge`] for bytes beyond the length.
    pub async fn room_for_part(
        &self,
        actor: &Actor,
        submission: SubmissionId,
        sha256: BlobHash,
        offset: u64,
        bytes: Option<u64>,
    ) -> Result<u64, Error> {
        let state = self.created_upload(actor, submission, sha256).await?;
        if state.offset != offset {
            return Err(wrong_offset(state.offset));
        }
        let room = state.length.unwrap_or_default().saturating_sub(offset);
        if bytes.is_some_and(|bytes| bytes > room) {
            let detail = format!("The upload has room for {room} bytes more.");
            return Err(Error::because(Code::PayloadTooLarge, detail));
        }
        Ok(room)
    }
}
