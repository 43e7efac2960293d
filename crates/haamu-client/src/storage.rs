//! Room on the device: keeping files, and making room by removing those that the server has.

use std::collections::BTreeSet;

use haamu_domain::binding::Capture;
use haamu_sync::engine::{BlobState, Event, StoredBlob};
use haamu_sync::{Action, BlobHash, Bytes, Millis, clock};
use sha2::{Digest, Sha256};

use crate::driver::{ClientError, Device};
use crate::ports::{FileStore, LocalStore, Platform, Transport};

/// The server has had the file for at least so long, unless its person wants the room.
const KEEP_FILES_MS: Millis = 7 * 24 * 60 * 60 * 1_000;
/// So many receipts are asked for after a sync.
const RECEIPTS_AT_ONCE: usize = 20;

/// Which files may be removed from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// Those that the server has had for seven days, and that its operator holds in a backup besides, or that it
    /// has had for as long as the device keeps what nobody holds.
    Old,
    /// All that the server has; the person said so. Of a server that is restored to before it had them they are
    /// missed.
    AllSent,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Keeps a file. Its bytes are durable before anything refers to them.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn keep_file(&mut self, bytes: &[u8]) -> Result<BlobHash, ClientError> {
        let sha256 = BlobHash::from_bytes(Sha256::digest(bytes).into());
        self.files.put(sha256, bytes).await?;
        Ok(sha256)
    }

    /// How many files may be removed, and their bytes.
    pub fn freeable(&self, which: Free) -> (usize, u64) {
        let files = self.to_free(which);
        (files.len(), files.iter().map(|(_, length)| length).sum())
    }

    /// Removes files that the server has, and says how many and how many bytes. Their hashes, their
    /// receipts and what refers to them stay.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn free_space(&mut self, which: Free) -> Result<(usize, u64), ClientError> {
        let files = self.to_free(which);
        for (sha256, _) in &files {
            // Noted first: a file that is gone and was not noted would count as damaged.
            self.handle(Event::Freed(*sha256));
            self.carry_out(&mut |_| {}).await?;
            let mut blobs = self.engine.blobs();
            let is_noted = blobs.all(|blob| blob.sha256 != *sha256 || blob.state == BlobState::Freed);
            if !is_noted {
                return Err(ClientError::NotSaved);
            }
            self.files.delete(*sha256).await?;
        }
        Ok((files.len(), files.iter().map(|(_, length)| length).sum()))
    }

    /// Files of which every submission's copy is on the server.
    fn to_free(&self, which: Free) -> Vec<(BlobHash, u64)> {
        let (now, _) = clock::estimate(self.engine.device().anchor, self.platform.now());
        let referred_to = self.kept_references();
        let may_go = |blob: &StoredBlob| {
            let is_old = !referred_to.contains(&blob.sha256)
                && blob
                    .completed_at
                    .is_some_and(|since| since.saturating_add(KEEP_FILES_MS) <= now);
            blob.state == BlobState::Freed
                || (blob.state == BlobState::Complete && (which == Free::AllSent || is_old))
        };
        let all = || self.engine.blobs();
        let mut files: Vec<_> = all()
            .filter(|blob| blob.state == BlobState::Complete)
            .filter(|blob| all().all(|other| other.sha256 != blob.sha256 || may_go(other)))
            .map(|blob| (blob.sha256, blob.length))
            .collect();
        files.dedup();
        files
    }

    /// The files that operations name which the device keeps itself: as long as it does, the server may lose both.
    fn kept_references(&self) -> BTreeSet<BlobHash> {
        let attached = self.engine.kept_ops().filter_map(|op| match &op.action {
            Action::Attach(file) => Some(file),
            _ => None,
        });
        let named = attached.flat_map(|file| {
            let preview = Capture::from_bytes(&file.capture).preview;
            [Some(file.sha256), preview]
        });
        named.flatten().collect()
    }

    /// The server's receipts, of files that have one here.
    pub fn receipts(&self) -> impl Iterator<Item = (&StoredBlob, &Bytes)> {
        let blobs = self.engine.blobs();
        blobs.filter_map(|blob| Some((blob, blob.receipt.as_ref()?)))
    }

    /// Asks for receipts that did not come with the last part of their files: those of files that
    /// were on the server already, and those whose answer was lost.
    pub(crate) async fn fetch_receipts(&mut self) -> Result<(), ClientError> {
        let is_missing = |blob: &&StoredBlob| {
            blob.receipt.is_none() && matches!(blob.state, BlobState::Complete | BlobState::Freed)
        };
        let missing = self.engine.blobs().filter(is_missing).map(StoredBlob::key);
        let missing: Vec<_> = missing.take(RECEIPTS_AT_ONCE).collect();
        for (sha256, document) in missing {
            let session = self.session.as_ref().ok_or(ClientError::SignedOut)?;
            let Ok(receipt) = self.transport.receipt(session, sha256, document).await else {
                // The next sync asks again.
                return Ok(());
            };
            self.handle(Event::Receipt(sha256, document, Bytes::from(receipt)));
            self.carry_out(&mut |_| {}).await?;
        }
        Ok(())
    }
}
