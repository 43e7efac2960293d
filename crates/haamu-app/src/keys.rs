//! The server's own keys: files of the object store, below `secrets/`.
//!
//! The keys of a kind are numbered; the newest is used, all of them are
//! recognised. A further file is a rotation, and nothing is ever overwritten.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use haamu_domain::Timestamp;
use haamu_store::Files;
use rand::RngExt;

use crate::Error;

/// Whoever asks often makes keys be looked for at most this often.
const RELOAD_SECONDS: i64 = 10;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs access tokens.
    Tokens,
    /// Signs receipts.
    Receipts,
    /// Seals what the database must not tell.
    Seal,
}

/// A key as it is kept.
pub(crate) struct StoredKey {
    pub(crate) number: u32,
    pub(crate) secret: Vec<u8>,
}

impl KeyKind {
    const fn folder(self) -> &'static str {
        match self {
            Self::Tokens => "jwt-keys",
            Self::Receipts => "receipt-keys",
            Self::Seal => "seal-keys",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Tokens | Self::Receipts => "der",
            Self::Seal => "key",
        }
    }

    fn path(self, number: u32) -> String {
        format!("{}/{number:04}.{}", self.folder(), self.ending())
    }

    fn fresh(self) -> Result<Vec<u8>, Error> {
        let bytes: [u8; 32] = rand::rng().random();
        match self {
            Self::Tokens | Self::Receipts => {
                let key = SigningKey::from_bytes(&bytes).to_pkcs8_der();
                let key = key.map_err(|error| Error::internal("make a signing key", error))?;
                Ok(key.as_bytes().to_vec())
            }
            Self::Seal => Ok(bytes.to_vec()),
        }
    }
}

/// The keys of a kind as this process knows them. Another one that was started later may use a newer key already:
/// whoever meets something of a key that is not known looks again.
pub(crate) struct KeyRing<T> {
    files: Files,
    kind: KeyKind,
    read: fn(&[StoredKey]) -> Result<T, Error>,
    set: RwLock<Arc<T>>,
    looked_at: Mutex<Timestamp>,
}

impl<T> KeyRing<T> {
    /// The keys of a kind, made into what they are used as.
    pub(crate) async fn load_or_create(
        files: &Files,
        kind: KeyKind,
        read: fn(&[StoredKey]) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let set = read(&load_keys(files, kind).await?)?;
        Ok(Self {
            files: files.clone(),
            kind,
            read,
            set: RwLock::new(Arc::new(set)),
            looked_at: Mutex::new(Timestamp::from_millis(0)),
        })
    }

    /// The keys that are known.
    pub(crate) fn known(&self) -> Arc<T> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks for keys that were added since.
    pub(crate) async fn reload(&self) -> Result<Arc<T>, Error> {
        let fresh = Arc::new((self.read)(&load_keys(&self.files, self.kind).await?)?);
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }

    /// The same, but not at every call: for what anybody can bring about.
    pub(crate) async fn reload_sometimes(&self, now: Timestamp) -> Result<Arc<T>, Error> {
        {
            let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            if now < looked_at.plus_seconds(RELOAD_SECONDS) {
                return Ok(self.known());
            }
            *looked_at = now;
        }
        self.reload().await
    }
}

/// The keys of a kind, the oldest first; the first one is made if there is none. Processes that start together
/// agree on it.
async fn load_keys(files: &Files, kind: KeyKind) -> Result<Vec<StoredKey>, Error> {
    let stored = list_keys(files, kind).await?;
    if !stored.is_empty() {
        return Ok(stored);
    }
    // Earlier versions had one key of tokens, under another name.
    let earlier = match kind {
        KeyKind::Tokens => files.find_secret("jwt-ed25519.der").await?,
        KeyKind::Receipts | KeyKind::Seal => None,
    };
    let first = match earlier {
        Some(earlier) => earlier,
        None => kind.fresh()?,
    };
    files.create_secret(&kind.path(1), &first).await?;
    list_keys(files, kind).await
}

async fn list_keys(files: &Files, kind: KeyKind) -> Result<Vec<StoredKey>, Error> {
    let named = files.list_named_secrets(kind.folder()).await?;
    let keys = named.into_iter().map(|(name, secret)| {
        let number = name.split('.').next().and_then(|stem| stem.parse().ok());
        let number = number.ok_or_else(|| Error::internal("read the name of a key", NotNumbered(name)))?;
        Ok(StoredKey { number, secret })
    });
    let mut keys = keys.collect::<Result<Vec<_>, Error>>()?;
    keys.sort_by_key(|key| key.number);
    Ok(keys)
}

/// The name of a key's file is no number.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not called by a number, such as 0002.der")]
struct NotNumbered(String);

/// Adds a key, which is used from the next start of a server process on. Returns its number.
///
/// # Errors
/// The object store failed.
pub async fn rotate_key(files: &Files, kind: KeyKind) -> Result<u32, Error> {
    loop {
        let keys = load_keys(files, kind).await?;
        let number = keys.last().map_or(1, |key| key.number.saturating_add(1));
        // Of two who rotate at once, the second goes on from the first one's.
        if files.create_secret(&kind.path(number), &kind.fresh()?).await? {
            return Ok(number);
        }
    }
}
