//! Photos and other files of an evaluation.

use haamu_domain::binding::{self, Capture};
use haamu_form::QuestionKind;
use haamu_sync::engine::BlobState;
use haamu_sync::{Action, Attachment, BlobHash, OpId};

use crate::driver::Device;
use crate::fieldwork::{FieldworkError, MAX_FILE_BYTES, OpenVisit};
use crate::ports::{FileStore, LocalStore, Platform, Transport};

/// The longest preview of a photo.
pub const MAX_PREVIEW_BYTES: usize = 40_000;
/// A photo to be added.
#[derive(Clone, Debug)]
pub struct Photo<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its media type.
    pub media_type: &'a str,
    /// The name of its file.
    pub file_name: Option<&'a str>,
    /// What it shows, in the shopper's words.
    pub caption: Option<&'a str>,
    /// A small picture of it, of at most 40 kB, which is sent before the photo itself.
    pub preview: Option<&'a [u8]>,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Adds a photo to a question. Its bytes are durable before the answer refers to them.
    ///
    /// Adding the same photo once more changes nothing but its caption, so that
    /// a caller who does not know whether it was saved can just repeat it.
    ///
    /// # Errors
    /// There is no such question, or it could not be saved.
    pub async fn add_photo(
        &mut self,
        open: &OpenVisit,
        question: &str,
        photo: Photo<'_>,
    ) -> Result<OpId, FieldworkError> {
        let slot = open.slot(question)?;
        let asked = &open.checklist.questions()[slot.question];
        let takes_evidence = asked.photo_evidence.is_some() || asked.file_evidence.is_some();
        let is_picture = photo.media_type.starts_with("image/");
        let is_fitting = match &asked.kind {
            QuestionKind::Photo(_) | QuestionKind::Receipt(_) | QuestionKind::Signature => is_picture,
            QuestionKind::File(rules) => {
                rules.media_types.is_empty()
                    || rules.media_types.iter().any(|taken| taken == photo.media_type)
            }
            kind => kind.is_media() || takes_evidence,
        };
        if !is_fitting {
            return Err(FieldworkError::TakesNoFile(question.to_owned()));
        }
        if photo.bytes.len() > MAX_FILE_BYTES {
            return Err(FieldworkError::FileTooLarge);
        }
        let document = open.visit.brief.submission.document();
        let sha256 = self.keep_file(photo.bytes).await?;
        let preview = self.keep_preview(photo.preview).await?;
        let capture = Capture {
            file_name: photo.file_name.map(str::to_owned),
            caption: photo.caption.map(str::to_owned),
            preview: preview.map(|(sha256, _)| sha256),
        };
        let attachment = Attachment {
            sha256,
            length: photo.bytes.len() as u64,
            media_type: photo.media_type.to_owned(),
            capture: capture.to_bytes(),
        };
        let is_damaged = self.engine().blobs().any(|blob| {
            blob.sha256 == sha256 && blob.document == document && blob.state == BlobState::Damaged
        });
        let there = open.bound.files.get(&slot).into_iter().flatten();
        let (same, stale): (Vec<_>, Vec<_>) = there
            .filter(|(_, file)| file.sha256 == sha256)
            .partition(|(_, file)| *file == attachment && !is_damaged);
        let key = open.key(slot, binding::files_key);
        let added = match same.first() {
            Some((op, _)) if !is_damaged => *op,
            _ => {
                self.record_with(open, key.clone(), Action::Attach(attachment), preview)
                    .await?
            }
        };
        if !stale.is_empty() {
            let stale = stale.into_iter().map(|(op, _)| *op).collect();
            self.record(open, key, Action::Detach(stale)).await?;
        }
        Ok(added)
    }

    /// Takes all photos of a question away. Those that were sent stay in the log.
    ///
    /// # Errors
    /// There is no such question, or it could not be saved.
    pub async fn remove_photos(&mut self, open: &OpenVisit, question: &str) -> Result<usize, FieldworkError> {
        let slot = open.slot(question)?;
        let files = open.bound.files.get(&slot).map(Vec::as_slice).unwrap_or_default();
        if files.is_empty() {
            return Ok(0);
        }
        let ops = files.iter().map(|(op, _)| *op).collect();
        let key = open.key(slot, binding::files_key);
        self.record(open, key, Action::Detach(ops)).await?;
        Ok(files.len())
    }

    /// Keeps a preview; one that is too large to be of use as such is left out.
    async fn keep_preview(
        &mut self,
        preview: Option<&[u8]>,
    ) -> Result<Option<(BlobHash, u64)>, FieldworkError> {
        match preview.filter(|bytes| bytes.len() <= MAX_PREVIEW_BYTES) {
            Some(bytes) => Ok(Some((self.keep_file(bytes).await?, bytes.len() as u64))),
            None => Ok(None),
        }
    }
}
