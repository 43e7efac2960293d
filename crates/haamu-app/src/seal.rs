//! What the database must not be able to tell is sealed with a key of the object store.
//!
//! A sealed text is the number of its key (4 bytes), a random nonce (24) and
//! the ciphertext of XChaCha20-Poly1305. It is bound to its place: moved to
//! another row, it does not open.

use std::collections::BTreeMap;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use haamu_sync::OpId;
use rand::RngExt;
use sha2::{Digest, Sha256};

use crate::keys::{KeyRing, StoredKey};
use crate::{App, Error};

const NUMBER_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// A text cannot be opened: its key is gone, it was changed, or it belongs elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("a sealed text cannot be opened")]
struct CannotOpen;

/// The keys of sealed texts; all server processes share them.
pub(crate) type SealKeys = KeyRing<Seal>;

/// The keys that were there at one time: the newest seals, all of them open.
pub(crate) struct Seal {
    keys: BTreeMap<u32, XChaCha20Poly1305>,
    newest: u32,
    /// What hashes are keyed with that must not be guessed from the database alone.
    hash_key: [u8; 32],
}

impl Seal {
    pub(crate) fn read(stored: &[StoredKey]) -> Result<Self, Error> {
        let mut keys = BTreeMap::new();
        let mut hash_key = None;
        for key in stored {
            let bytes = <[u8; 32]>::try_from(key.secret.as_slice())
                .map_err(|error| Error::internal("read a sealing key", error))?;
            // The first key stays, so that hashes stay comparable when another one seals.
            hash_key.get_or_insert_with(|| Sha256::digest([b"haamu keyed hash".as_slice(), &bytes].concat()));
            keys.insert(key.number, XChaCha20Poly1305::new(&bytes.into()));
        }
        let (Some(newest), Some(hash_key)) = (keys.keys().next_back().copied(), hash_key) else {
            return Err(Error::not_found("sealing key"));
        };
        Ok(Self {
            keys,
            newest,
            hash_key: hash_key.into(),
        })
    }

    /// Whether the key is known that a text was sealed with.
    fn knows(&self, sealed: &[u8]) -> bool {
        let number = sealed.first_chunk::<NUMBER_BYTES>();
        number.is_none_or(|number| self.keys.contains_key(&u32::from_be_bytes(*number)))
    }

    fn seal(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, Error> {
        let cannot_seal = || Error::internal("seal a text", CannotOpen);
        let key = self.keys.get(&self.newest).ok_or_else(cannot_seal)?;
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let sealed = key
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| cannot_seal())?;
        Ok([&self.newest.to_be_bytes()[..], &nonce, &sealed].concat())
    }

    fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let opened = || {
            let (number, rest) = sealed.split_at_checked(NUMBER_BYTES)?;
            let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES)?;
            let number = u32::from_be_bytes(number.try_into().ok()?);
            let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
            let payload = Payload {
                msg: ciphertext,
                aad: place.as_bytes(),
            };
            self.keys
                .get(&number)?
                .decrypt(&XNonce::from(nonce), payload)
                .ok()
        };
        opened().ok_or_else(|| Error::internal("open a sealed text", CannotOpen))
    }

    fn keyed_hash(&self, text: &str) -> Vec<u8> {
        let mut hasher = Sha256::new_with_prefix(self.hash_key);
        hasher.update(text.as_bytes());
        hasher.finalize().to_vec()
    }

    /// A commitment to what is deleted of an operation: who has the database alone cannot compare it with guesses.
    pub(crate) fn commit(&self, op: OpId, value: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(self.hash_key);
        hasher.update(b"deleted value");
        hasher.update(op.as_bytes());
        hasher.update(value);
        hasher.finalize().into()
    }
}

impl App {
    /// Seals a text for a place, such as `mail:{id}`.
    pub(crate) fn seal(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, Error> {
        self.inner.seal.known().seal(place, text)
    }

    /// Opens a text that was sealed for this place.
    pub(crate) async fn unseal(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let mut seal = self.inner.seal.known();
        if !seal.knows(sealed) {
            // Another process may seal with a newer key already.
            seal = self.inner.seal.reload().await?;
        }
        seal.open(place, sealed)
    }

    /// A hash that nobody can compare with guesses who has the database alone.
    pub(crate) fn keyed_hash(&self, text: &str) -> Vec<u8> {
        self.inner.seal.known().keyed_hash(text)
    }
}
