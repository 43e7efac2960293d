//! Custody receipts: the server's signed word that it has a file.
//!
//! A receipt says which bytes arrived, when, and for which submission. What is
//! signed (Ed25519) is the statement in the canonical form of RFC 8785, so that
//! white space and the order of keys do not matter, and anybody can check a
//! receipt without Haamu.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use haamu_sync::BlobHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AgencyId, SubmissionId, Timestamp};

/// The format of version 1; as a part of the statement it is signed too.
pub const FORMAT: &str = "haamu-receipt/1";

/// What a receipt says.
///
/// The fields stay the texts that they were, so that exactly what stands in
/// the receipt is checked. They are in the order of RFC 8785.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The agency that keeps the file.
    agency: String,
    /// [`FORMAT`].
    format: String,
    /// The file's length in bytes.
    length: u64,
    /// When the file was complete and verified, in RFC 3339.
    received_at: String,
    /// The file's SHA-256, hexadecimal.
    sha256: String,
    /// The submission that it was sent for.
    submission: String,
}

/// A statement with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The key that it was signed with.
    key_id: String,
    /// Ed25519 over the canonical statement, base64url.
    signature: String,
    statement: Statement,
}

/// Why a receipt is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The text is no receipt.
    #[error("this is no receipt: {0}")]
    Unreadable(String),
    /// The receipt is of another version.
    #[error("the receipt's format is {0}, and this program knows {FORMAT}")]
    UnknownFormat(String),
    /// None of the keys has the receipt's key id.
    #[error("the receipt was signed with key {0}, which is none of the given keys")]
    UnknownKey(String),
    /// The signature does not belong to the statement.
    #[error("the signature does not belong to the statement: one of them was changed")]
    WrongSignature,
}

/// The key that the server signs receipts with.
#[derive(Clone)]
pub struct ReceiptKey {
    signing: SigningKey,
    id: String,
}

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key itself never shows.
        f.debug_struct("ReceiptKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A public key, as a JSON Web Key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PublicKey {
    /// `OKP`.
    kty: String,
    /// `Ed25519`.
    #[serde(default)]
    crv: String,
    /// The key, base64url.
    #[serde(default)]
    x: String,
    /// The key id: the RFC 7638 thumbprint.
    #[serde(default)]
    kid: String,
}

/// Public keys, as a JSON Web Key Set (RFC 7517).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct PublicKeys {
    /// The keys. Those of other kinds are left alone.
    pub keys: Vec<PublicKey>,
}

impl Statement {
    /// A statement about a file that has arrived.
    #[must_use]
    pub fn new(
        agency: AgencyId,
        submission: SubmissionId,
        sha256: BlobHash,
        length: u64,
        received_at: Timestamp,
    ) -> Self {
        Self {
            agency: agency.to_string(),
            format: FORMAT.to_owned(),
            length,
            received_at: received_at.to_rfc3339(),
            sha256: sha256.to_string(),
            submission: submission.to_string(),
        }
    }

    /// The bytes that are signed: the statement in the canonical form of RFC 8785.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // Fields in order, no white space, and texts escaped as RFC 8785 asks: all of it is serde_json's way.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The file's SHA-256, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file's length in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// When the file was complete and verified, in RFC 3339.
    #[must_use]
    pub fn received_at(&self) -> &str {
        &self.received_at
    }

    /// The submission that the file was sent for.
    #[must_use]
    pub fn submission(&self) -> &str {
        &self.submission
    }

    /// The agency that keeps the file.
    #[must_use]
    pub fn agency(&self) -> &str {
        &self.agency
    }
}

impl ReceiptKey {
    /// The key of a secret.
    #[must_use]
    pub fn new(signing: SigningKey) -> Self {
        let id = PublicKey::of(&signing.verifying_key()).kid;
        Self { signing, id }
    }

    /// Signs a statement.
    #[must_use]
    pub fn sign(&self, statement: Statement) -> Receipt {
        let signature = self.signing.sign(&statement.canonical());
        Receipt {
            key_id: self.id.clone(),
            signature: URL_SAFE_NO_PAD.encode(signature.to_bytes()),
            statement,
        }
    }

    /// What others check receipts with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.signing.verifying_key())
    }
}

impl Receipt {
    /// Reads a receipt; whether it is genuine, [`Receipt::verify`] tells.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`].
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        serde_json::from_str(text).map_err(|error| ReceiptError::Unreadable(error.to_string()))
    }

    /// The receipt as one line of JSON, ASCII only.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the receipt says, if one of the keys has signed it.
    ///
    /// # Errors
    /// Everything but [`ReceiptError::Unreadable`].
    pub fn verify(&self, keys: &PublicKeys) -> Result<&Statement, ReceiptError> {
        if self.statement.format != FORMAT {
            return Err(ReceiptError::UnknownFormat(self.statement.format.clone()));
        }
        let key = keys.keys.iter().find_map(|key| key.verifying(&self.key_id));
        let key = key.ok_or_else(|| ReceiptError::UnknownKey(self.key_id.clone()))?;
        let signature = URL_SAFE_NO_PAD.decode(&self.signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or(ReceiptError::WrongSignature)?;
        key.verify_strict(&self.statement.canonical(), &signature)
            .map_err(|_| ReceiptError::WrongSignature)?;
        Ok(&self.statement)
    }

    /// The key that the receipt says it was signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl PublicKey {
    /// The key id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// The key as others know it.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x,
            kid,
        }
    }

    /// The key, if it is an Ed25519 key of this id.
    fn verifying(&self, id: &str) -> Option<VerifyingKey> {
        if self.kid != id || self.kty != "OKP" || self.crv != "Ed25519" {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()
    }
}

impl PublicKeys {
    /// Reads a JSON Web Key Set.
    ///
    /// # Errors
    /// The text is none.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn key(seed: u8) -> ReceiptKey {
        ReceiptKey::new(SigningKey::from_bytes(&[seed; 32]))
    }

    fn keys(seeds: &[u8]) -> PublicKeys {
        PublicKeys {
            keys: seeds.iter().map(|seed| key(*seed).public()).collect(),
        }
    }

    fn statement(length: u64) -> Statement {
        Statement::new(
            AgencyId::from_uuid(Uuid::from_u128(1)),
            SubmissionId::from_uuid(Uuid::from_u128(2)),
            BlobHash::from_bytes([7; 32]),
            length,
            Timestamp::from_millis(1_795_348_800_000),
        )
    }

    #[test]
    fn a_receipt_is_verified_by_its_key_and_no_other() {
        let receipt = key(1).sign(statement(10));
        assert_eq!(receipt.verify(&keys(&[2, 1])), Ok(&statement(10)));
        let unknown = receipt.verify(&keys(&[2]));
        assert!(matches!(unknown, Err(ReceiptError::UnknownKey(_))), "{unknown:?}");
        let mut forged = keys(&[2]);
        forged.keys[0].kid.clone_from(&receipt.key_id);
        assert_eq!(receipt.verify(&forged), Err(ReceiptError::WrongSignature));
    }

    #[test]
    fn white_space_and_the_order_of_keys_do_not_matter() {
        let receipt = key(1).sign(statement(10));
        let value: serde_json::Value = serde_json::from_str(&receipt.to_json()).expect("JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        let again = Receipt::parse(&pretty).expect("a receipt");
        assert_eq!(again.verify(&keys(&[1])), Ok(&statement(10)));
    }

    #[test]
    fn a_statement_that_says_something_twice_is_none() {
        let text = key(1).sign(statement(10)).to_json();
        let twice = text.replace("\"length\":10", "\"length\":10,\"length\":10");
        assert!(matches!(Receipt::parse(&twice), Err(ReceiptError::Unreadable(_))));
    }

    #[test]
    fn another_format_is_named() {
        let mut later = statement(10);
        later.format = "haamu-receipt/2".to_owned();
        let receipt = key(1).sign(later);
        assert_eq!(
            receipt.verify(&keys(&[1])),
            Err(ReceiptError::UnknownFormat("haamu-receipt/2".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn any_changed_byte_of_the_statement_fails(
            length in any::<u32>(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let receipt = key(1).sign(statement(u64::from(length)));
            let canonical = receipt.statement.canonical();
            let mut changed = canonical.clone();
            let place = place.index(changed.len());
            prop_assume!(changed[place] != byte);
            changed[place] = byte;
            let text = receipt.to_json().into_bytes();
            let start = text.windows(canonical.len()).position(|part| part == canonical).expect("the statement");
            let mut document = text;
            document[start..start + canonical.len()].copy_from_slice(&changed);
            let is_genuine = std::str::from_utf8(&document)
                .ok()
                .and_then(|text| Receipt::parse(text).ok())
                .is_some_and(|receipt| receipt.verify(&keys(&[1])).is_ok());
            prop_assert!(!is_genuine);
        }

        #[test]
        fn any_changed_byte_of_the_signature_fails(place in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut receipt = key(1).sign(statement(10));
            let mut signature = URL_SAFE_NO_PAD.decode(&receipt.signature).expect("base64");
            let place = place.index(signature.len());
            signature[place] ^= 1 << bit;
            receipt.signature = URL_SAFE_NO_PAD.encode(signature);
            prop_assert_eq!(receipt.verify(&keys(&[1])), Err(ReceiptError::WrongSignature));
        }
    }
}
