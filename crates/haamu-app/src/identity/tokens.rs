//! Access tokens: short-lived JWTs, signed with the server's Ed25519 keys.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use haamu_domain::receipt::{PublicKey, PublicKeys};
use haamu_domain::{
    Actor, AgencyId, ClientOrganisationId, Code, Role, SessionId, Timestamp, UserId, VerbSet,
};
use haamu_sync::DeviceId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::{KeyRing, StoredKey};
use crate::{App, Error};

use super::service_tokens;

const ISSUER: &str = "haamu";

/// The keys that tokens are signed and checked with; all server processes share them.
pub(crate) type TokenKeys = KeyRing<KeySet>;

/// The keys that were there at one time.
pub(crate) struct KeySet {
    /// The newest.
    signing: EncodingKey,
    key_id: String,
    /// All of them, by id.
    checking: BTreeMap<String, DecodingKey>,
    public: PublicKeys,
}

/// What a session is limited to.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Limit {
    /// The person has to set a second factor up first.
    SecondFactor,
}

/// What a token says.
#[derive(Debug, Deserialize, Serialize)]
struct Claims {
    iss: String,
    sub: UserId,
    iat: i64,
    exp: i64,
    /// The session.
    sid: SessionId,
    /// The agency.
    agc: AgencyId,
    rol: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cli: Option<ClientOrganisationId>,
    /// The device that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    did: Option<DeviceId>,
    /// What the token is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lim: Option<Limit>,
}

/// Who a token speaks for, and in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The person, or the integration.
    pub actor: Actor,
    /// The session of a person.
    pub session: Option<SessionId>,
    /// Until when the token is good.
    pub expires_at: Timestamp,
}

impl Bearer {
    /// The session; integrations have none.
    pub(crate) fn require_session(&self) -> Result<SessionId, Error> {
        self.session.ok_or_else(|| Error::refused(Code::ScopeMissing))
    }
}

impl KeySet {
    pub(crate) fn read(stored: &[StoredKey]) -> Result<Self, Error> {
        let unreadable = |error| Error::internal("read a signing key", error);
        let mut newest = None;
        let mut checking = BTreeMap::new();
        let mut public = PublicKeys::default();
        for stored in stored {
            let key = SigningKey::from_pkcs8_der(&stored.secret).map_err(unreadable)?;
            let shown = PublicKey::of(&key.verifying_key());
            let id = shown.id().to_owned();
            checking.insert(
                id.clone(),
                DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            );
            public.keys.push(shown);
            newest = Some((EncodingKey::from_ed_der(&stored.secret), id));
        }
        let (signing, key_id) = newest.ok_or_else(|| Error::not_found("signing key"))?;
        Ok(Self {
            signing,
            key_id,
            checking,
            public,
        })
    }
}

impl App {
    pub(crate) fn sign(&self, bearer: &Bearer) -> Result<String, Error> {
        let keys = self.inner.tokens.known();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: bearer.actor.user,
            iat: self.now().millis() / 1000,
            exp: bearer.expires_at.millis() / 1000,
            sid: bearer.require_session()?,
            agc: bearer.actor.agency,
            rol: bearer.actor.role,
            cli: bearer.actor.client_organisation,
            did: bearer.actor.device,
            lim: bearer.actor.only.map(|_| Limit::SecondFactor),
        };
        let header = Header {
            kid: Some(keys.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, &claims, &keys.signing).map_err(|error| Error::internal("sign a token", error))
    }

    /// The public keys that access tokens are checked with, the newest last.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn token_keys(&self) -> Result<PublicKeys, Error> {
        let keys = self.inner.tokens.reload_sometimes(self.now()).await?;
        Ok(keys.public.clone())
    }

    /// Who a token speaks for: a person's access token, or an integration's.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`]: it is not a token of this server, or no longer good.
    pub async fn authenticate(&self, token: &str) -> Result<Bearer, Error> {
        if token.starts_with(service_tokens::PREFIX) {
            return self.authenticate_service(token).await;
        }
        let refused = || Error::refused(Code::Unauthenticated);
        let header = decode_header(token).map_err(|_| refused())?;
        let key_id = header.kid.ok_or_else(refused)?;
        let mut keys = self.inner.tokens.known();
        if !keys.checking.contains_key(&key_id) {
            // Another process may sign with a newer key already.
            keys = self.inner.tokens.reload_sometimes(self.now()).await?;
        }
        let key = keys.checking.get(&key_id).ok_or_else(refused)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // The library reads the machine's clock; ours is an argument.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation)
            .map_err(|_| refused())?
            .claims;
        let expires_at = Timestamp::from_millis(claims.exp.saturating_mul(1000));
        if expires_at <= self.now() {
            return Err(refused());
        }
        let person = Actor::person(claims.sub, claims.agc, claims.rol, claims.cli);
        Ok(Bearer {
            actor: Actor {
                device: claims.did,
                only: claims.lim.map(|Limit::SecondFactor| VerbSet::FACTORLESS),
                ..person
            },
            session: Some(claims.sid),
            expires_at,
        })
    }

    /// Until when a token that is made now is good.
    pub(super) fn token_expiry(&self) -> Timestamp {
        let lifetime = i64::try_from(self.settings().access_token.as_secs()).unwrap_or(i64::MAX);
        self.now().plus_seconds(lifetime)
    }
}

/// A random secret as text, and the hash that is kept of it.
pub(super) fn fresh_secret() -> (String, Vec<u8>) {
    let bytes: [u8; 32] = rand::rng().random();
    let text = URL_SAFE_NO_PAD.encode(bytes);
    let hash = hash_secret(&text);
    (text, hash)
}

/// The hash of a secret that is random enough to need no salt.
pub(super) fn hash_secret(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
