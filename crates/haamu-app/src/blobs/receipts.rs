//! Custody receipts: the server's signed word that it has a file.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use haamu_domain::receipt::{PublicKeys, ReceiptKey, Statement};
use haamu_domain::{Actor, AgencyId, SubmissionId, Target, Timestamp, Verb};
use haamu_store::repo::blobs::{self, Blob};
use haamu_store::repo::{purge_files, submissions};
use haamu_store::{Files, Tx};
use haamu_sync::BlobHash;
use rand::RngExt;

use crate::context::require;
use crate::retention::deleted;
use crate::{App, Error};

/// The secrets of receipt keys; the last by name signs, all of them are published.
const FOLDER: &str = "receipt-keys";

/// The keys of receipts; all server processes share them.
pub(crate) struct ReceiptKeys {
    signing: ReceiptKey,
    public: PublicKeys,
}

impl ReceiptKeys {
    pub(crate) async fn load_or_create(files: &Files) -> Result<Self, Error> {
        let mut stored = files.list_secrets(FOLDER).await?;
        if stored.is_empty() {
            let fresh = SigningKey::from_bytes(&rand::rng().random());
            let fresh = fresh
                .to_pkcs8_der()
                .map_err(|error| Error::internal("make a receipt key", error))?;
            stored.push(
                files
                    .secret(&format!("{FOLDER}/0001.der"), fresh.as_bytes())
                    .await?,
            );
        }
        let key = |der: &Vec<u8>| SigningKey::from_pkcs8_der(der).map(ReceiptKey::new);
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
    #[must_use]
    pub fn receipt_keys(&self) -> &PublicKeys {
        &self.inner.receipts.public
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
        self.look(|tx: Tx| async move {
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
        self.inner.receipts.signing.sign(statement).to_json()
    }
}
