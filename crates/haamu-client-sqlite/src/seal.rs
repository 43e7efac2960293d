//! Encryption of what lies on the device.
//!
//! A sealed device stores every value and file encrypted with XChaCha20-Poly1305
//! under one key, which the app keeps in the platform's keystore. What a row is
//! named by (numbers, kinds, ids, hashes of files) stays readable; what it says
//! does not. Each value is bound to its row, so that rows cannot be exchanged.

use std::fmt;

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// The bytes of a nonce.
const NONCE: usize = 24;
/// The bytes of a file's nonce; the others count its segments.
const FILE_NONCE: usize = 19;
/// Files are encrypted in segments of so many bytes.
const SEGMENT: usize = 64 * 1024;
/// What encryption adds to each segment.
const TAG: usize = 16;

/// The key of a sealed device.
#[derive(Clone)]
pub struct DeviceKey(XChaCha20Poly1305);

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey")
    }
}

/// What was to be opened is not what the key sealed: another key, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unopened;

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was sealed with another key, or has been changed")
    }
}

impl std::error::Error for Unopened {}

impl DeviceKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(*bytes)))
    }

    /// Seals a value for the place that is named so.
    pub(crate) fn seal(&self, place: &str, value: &[u8]) -> Vec<u8> {
        let nonce = XNonce::generate();
        let payload = Payload {
            msg: value,
            aad: place.as_bytes(),
        };
        let sealed = self.0.encrypt(&nonce, payload);
        // Only values of more than 256 GiB cannot be encrypted.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    /// Opens what was sealed for the place that is named so.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Unopened)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Unopened)
    }

    /// Seals a file, segment by segment (STREAM): a segment can neither be moved nor left out.
    pub(crate) fn seal_file(&self, bytes: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut nonce = [0; FILE_NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Unopened)?;
        let mut encryptor = EncryptorBE32::from_aead(self.0.clone(), &nonce.into());
        let (full, last) = bytes.split_at(last_segment(bytes.len(), SEGMENT));
        let mut sealed = nonce.to_vec();
        for segment in full.chunks(SEGMENT) {
            sealed.extend(encryptor.encrypt_next(segment).map_err(|_| Unopened)?);
        }
        sealed.extend(encryptor.encrypt_last(last).map_err(|_| Unopened)?);
        Ok(sealed)
    }

    /// Opens a sealed file.
    pub(crate) fn open_file(&self, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let (nonce, sealed) = sealed.split_first_chunk::<FILE_NONCE>().ok_or(Unopened)?;
        let mut decryptor = DecryptorBE32::from_aead(self.0.clone(), &(*nonce).into());
        let (full, last) = sealed.split_at(last_segment(sealed.len(), SEGMENT + TAG));
        let mut bytes = Vec::with_capacity(sealed.len());
        for segment in full.chunks(SEGMENT + TAG) {
            bytes.extend(decryptor.decrypt_next(segment).map_err(|_| Unopened)?);
        }
        bytes.extend(decryptor.decrypt_last(last).map_err(|_| Unopened)?);
        Ok(bytes)
    }
}

/// Where the last segment starts; it is empty only where everything is.
const fn last_segment(length: usize, segment: usize) -> usize {
    length.saturating_sub(1) / segment * segment
}

/// How values are kept: as they are, or sealed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seal(Option<DeviceKey>);

impl Seal {
    pub(crate) const fn new(key: Option<DeviceKey>) -> Self {
        Self(key)
    }

    pub(crate) const fn is_sealing(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn write(&self, place: &str, value: Vec<u8>) -> Vec<u8> {
        match &self.0 {
            Some(key) => key.seal(place, &value),
            None => value,
        }
    }

    pub(crate) fn read(&self, place: &str, stored: Vec<u8>) -> Result<Vec<u8>, Unopened> {
        match &self.0 {
            Some(key) => key.open(place, &stored),
            None => Ok(stored),
        }
    }

    pub(crate) fn write_file(&self, bytes: &[u8]) -> Result<Vec<u8>, Unopened> {
        match &self.0 {
            Some(key) => key.seal_file(bytes),
            None => Ok(bytes.to_vec()),
        }
    }

    pub(crate) fn read_file(&self, stored: Vec<u8>) -> Result<Vec<u8>, Unopened> {
        match &self.0 {
            Some(key) => key.open_file(&stored),
            None => Ok(stored),
        }
    }
}
