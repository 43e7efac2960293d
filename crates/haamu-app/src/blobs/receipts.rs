//! Custody receipts: the server's signed word that it has a file.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use haamu_domain::receipt::{PublicKeys, ReceiptKey, Statement};
use haamu_domain::{Actor, AgencyId, SubmissionId, Target, Timestamp, Verb};
use haamu_store::Tx;
use haamu_store::repo::blobs::{self, Blob};
use haamu_store::repo::{purge_files, submissions};
use haamu_sync::BlobHash;

use crate::context::require;
use crate::keys::{KeyRing, StoredKey};
use crate::retention::deleted;
use crate::{App, Error};

/// The keys of receipts; all server processes share them.
pub(crate) type ReceiptKeys = KeyRing<ReceiptKeySet>;

/// The keys that were there at one time: the newest signs, all of them are published.
pub(crate) struct ReceiptKeySet {
    signing: ReceiptKey,
    public: PublicKeys,
}

impl ReceiptKeySet {
    pub(crate) fn read(stored: &[StoredKey]) -> Result<Self, Error> {
        let key = |stored: &StoredKey| SigningKey::from_pkcs8_der(&stored.secret).map(ReceiptKey::new);
        let keys = stored.iter().map(key).collect::<Result<Vec<_>, _>>();
        let mut keys = keys.map_err(|error| Error::internal("read a receipt key", error))?;
        let public = PublicKeys {
            keys: keys.iter().map(ReceiptKey::public).collect(),
        };
        let signing = keys.pop().ok_or_else(|| Error::not_found("receipt key"))?;
        Ok(Self { signing, public })
    }
}

impl App {
    /// The public keys that receipts are checked with.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn receipt_keys(&self) -> Result<PublicKeys, Error> {
        // Another process may sign with a newer key already.
        let keys = self.inner.receipts.reload_sometimes(self.now()).await?;
        Ok(keys.public.clone())
    }

    /// The receipt of a file that was sent for a submission, as JSON.
    ///
    /// # Errors
    /// The submission is not within the actor's reach, or has no such file.
    pub async fn read_receipt(
        &self,
        actor: &Actor,
        id: SubmissionId,
        sha256: BlobHash,
    ) -> Result<String, Error> {
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let submission = submissions::find(tx, actor.agency, id).await?;
            let submission = submission.ok_or_else(|| Error::not_found("submission"))?;
            let target = Target::owned(actor.agency, submission.shopper);
            require(actor, Verb::ReadReceipt, &target, "submission")?;
            if purge_files::is_given_up(tx, actor.agency, id, sha256).await? {
                return Err(deleted("The file was deleted, and its receipt as well."));
            }
            let custody = blobs::find_custody(tx, actor.agency, id, sha256).await?;
            let blob = blobs::find(tx, actor.agency, sha256).await?;
            let (Some(custody), Some(blob)) = (custody, blob) else {
                return Err(Error::not_found("file"));
            };
            Ok(custody
                .receipt
                .unwrap_or_else(|| self.receipt(actor.agency, id, &blob, custody.received_at)))
        })
        .await
    }

    /// Signs that a file has arrived.
    pub(crate) fn receipt(
        &self,
        agency: AgencyId,
        submission: SubmissionId,
        blob: &Blob,
        received_at: Timestamp,
    ) -> String {
        let statement = Statement::new(agency, submission, blob.sha256, blob.length, received_at);
        self.inner.receipts.known().signing.sign(statement).to_json()
    }
}
