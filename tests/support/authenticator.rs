//! An authenticator in software, and the browser around it: it makes passkeys and signs with them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Encoder;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const USER_PRESENT: u8 = 0b0000_0001;
const USER_VERIFIED: u8 = 0b0000_0100;
const ATTESTED: u8 = 0b0100_0000;

/// An authenticator with at most one passkey, at one web address.
#[derive(Debug)]
pub struct Authenticator {
    origin: String,
    relying_party: String,
    key: SigningKey,
    credential_id: [u8; 16],
    user_handle: Vec<u8>,
    /// How often it has signed; 0 does not count.
    pub counter: u32,
    /// Whether it asks for a finger or a code.
    pub verifies_user: bool,
}

impl Authenticator {
    /// An authenticator in a browser at an origin such as `http://localhost:8080`.
    ///
    /// # Panics
    /// The origin is none.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        let url = url::Url::parse(origin).expect("an origin");
        Self {
            origin: origin.to_owned(),
            relying_party: url.host_str().expect("a host").to_owned(),
            key: SigningKey::from_slice(&rand::random::<[u8; 32]>()).expect("a key"),
            credential_id: rand::random(),
            user_handle: Vec::new(),
            counter: 1,
            verifies_user: true,
        }
    }

    /// What `navigator.credentials.create` gives for these options.
    ///
    /// # Panics
    /// The options are none.
    #[must_use]
    pub fn create(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["rp"]["id"], self.relying_party.as_str());
        self.user_handle = decode(&options["user"]["id"]);
        let client_data = self.client_data("webauthn.create", &options["challenge"]);
        let mut data = self.data(ATTESTED);
        data.extend([0; 16]);
        data.extend((self.credential_id.len() as u16).to_be_bytes());
        data.extend(self.credential_id);
        data.extend(self.public_key());
        let mut attestation = Encoder::new(Vec::new());
        let written = attestation.map(3).and_then(|e| {
            e.str("fmt")?
                .str("none")?
                .str("attStmt")?
                .map(0)?
                .str("authData")?
                .bytes(&data)
        });
        written.expect("CBOR in memory");
        let id = encode(&self.credential_id);
        json!({"id": id, "rawId": id, "type": "public-key", "extensions": {}, "response": {
            "attestationObject": encode(attestation.writer()),
            "clientDataJSON": encode(&client_data),
        }})
    }

    /// What `navigator.credentials.get` gives for these options.
    #[must_use]
    pub fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", &options["publicKey"]["challenge"]);
        if self.counter > 0 {
            self.counter += 1;
        }
        let data = self.data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        let id = encode(&self.credential_id);
        json!({"id": id, "rawId": id, "type": "public-key", "extensions": {}, "response": {
            "authenticatorData": encode(&data),
            "clientDataJSON": encode(&client_data),
            "signature": encode(signature.to_der().as_bytes()),
            "userHandle": encode(&self.user_handle),
        }})
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.verifies_user { USER_VERIFIED } else { 0 };
        let mut data = Sha256::digest(self.relying_party.as_bytes()).to_vec();
        data.push(USER_PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE (RFC 9053): ES256 on P-256.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().expect("a point"), point.y().expect("a point"));
        let mut cose = Encoder::new(Vec::new());
        let written = cose.map(5).and_then(|e| {
            e.i8(1)?
                .i8(2)?
                .i8(3)?
                .i8(-7)?
                .i8(-1)?
                .i8(1)?
                .i8(-2)?
                .bytes(x)?
                .i8(-3)?
                .bytes(y)
        });
        written.expect("CBOR in memory");
        cose.into_writer()
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(value.as_str().expect("base64url"))
        .expect("base64url")
}
