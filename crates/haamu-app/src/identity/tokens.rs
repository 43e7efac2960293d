//! Access tokens: short-lived JWTs, signed with the server's Ed25519 key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use haamu_domain::{Actor, AgencyId, ClientOrganisationId, Code, Role, SessionId, Timestamp, UserId};
use haamu_store::Files;
use haamu_sync::DeviceId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{App, Error};

const ISSUER: &str = "haamu";

/// The keys that tokens are signed and checked with; all server processes share them.
pub(crate) struct TokenKeys {
    signing: EncodingKey,
    checking: DecodingKey,
    key_id: String,
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
}

/// Who a token speaks for, and in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub actor: Actor,
    /// The session.
    pub session: SessionId,
    /// Until when the token is good.
    pub expires_at: Timestamp,
}

impl TokenKeys {
    pub(crate) async fn load_or_create(files: &Files) -> Result<Self, Error> {
        let fresh = SigningKey::from_bytes(&rand::rng().random());
        let fresh = fresh
            .to_pkcs8_der()
            .map_err(|error| Error::internal("make a signing key", error))?;
        let stored = files.secret("jwt-ed25519.der", fresh.as_bytes()).await?;
        let key = SigningKey::from_pkcs8_der(&stored)
            .map_err(|error| Error::internal("read the signing key", error))?;
        let public = key.verifying_key();
        Ok(Self {
            signing: EncodingKey::from_ed_der(&stored),
            checking: DecodingKey::from_ed_der(public.as_bytes()),
            key_id: URL_SAFE_NO_PAD.encode(&Sha256::digest(public.as_bytes())[..12]),
        })
    }
}

impl App {
    pub(crate) fn sign(&self, bearer: &Bearer) -> Result<String, Error> {
        let keys = &self.inner.tokens;
        let now = self.now().millis() / 1000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: bearer.actor.user,
            iat: now,
            exp: bearer.expires_at.millis() / 1000,
            sid: bearer.session,
            agc: bearer.actor.agency,
            rol: bearer.actor.role,
            cli: bearer.actor.client_organisation,
            did: bearer.actor.device,
        };
        let header = Header {
            kid: Some(keys.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, &claims, &keys.signing).map_err(|error| Error::internal("sign a token", error))
    }

    /// Who a token speaks for.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`]: it is not a token of this server, or no longer good.
    pub fn authenticate(&self, token: &str) -> Result<Bearer, Error> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // The library reads the machine's clock; ours is an argument.
        validation.validate_exp = false;
        let refused = || Error::refused(Code::Unauthenticated);
        let claims = decode::<Claims>(token, &self.inner.tokens.checking, &validation)
            .map_err(|_| refused())?
            .claims;
        if Timestamp::from_millis(claims.exp.saturating_mul(1000)) <= self.now() {
            return Err(refused());
        }
        let actor = Actor {
            user: claims.sub,
            agency: claims.agc,
            role: claims.rol,
            client_organisation: claims.cli,
            device: claims.did,
        };
        Ok(Bearer {
            actor,
            session: claims.sid,
            expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1000)),
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
