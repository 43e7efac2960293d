//! Devices that write the sync protocol by hand, to send what the real client never would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use haamu_domain::binding::{answer_key, set_json};
use haamu_sync::frame::PROTO_HEADER;
use haamu_sync::{
    AuthorId, ChainHead, ClockConfidence, Cursor, DeviceId, DocumentId, Hlc, Lane, Millis, Offer, Op, OpIds,
    PROTO, SyncRequest, SyncResponse, codec,
};
use haamu_wire::sync::Frame;
use serde_json::json;

use crate::agency::Person;
use crate::server::{Answer, TestServer};

/// An Ed25519 public key; what is signed with it is another suite's business.
pub const PUBLIC_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// The private key to [`PUBLIC_KEY`]: both are the example of RFC 8037.
///
/// # Panics
/// Never: it is one.
#[must_use]
pub fn private_key() -> SigningKey {
    let bytes = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let bytes: [u8; 32] = bytes.expect("base64").try_into().expect("32 bytes");
    SigningKey::from_bytes(&bytes)
}

/// A device whose every byte the test chooses.
#[derive(Debug)]
pub struct WireDevice<'a> {
    server: &'a TestServer,
    /// Its access token, bound to it.
    pub token: String,
    /// Its name.
    pub id: DeviceId,
    /// Its person.
    pub author: AuthorId,
    /// The end of its log, as far as it was sent.
    pub head: ChainHead,
    /// Where its copy of the feed ends.
    pub cursor: Option<Cursor>,
}

impl<'a> WireDevice<'a> {
    /// An enrolled device.
    pub async fn enrol(server: &'a TestServer, person: &Person) -> Self {
        let id = DeviceId::from_bytes(rand::random());
        let session = server.sign_in(person).await;
        let token = session["access_token"].as_str().expect("a token");
        let body = json!({"device": id.to_string(), "public_key": PUBLIC_KEY, "platform": "test", "build": "test/1"});
        let enrolled = server.post("/v1/devices", body).bearer(token).send().await.ok();
        Self {
            server,
            token: enrolled["access_token"].as_str().expect("a token").to_owned(),
            id,
            author: AuthorId::from_bytes(*person.id.as_bytes()),
            head: ChainHead::default(),
            cursor: None,
        }
    }

    /// The stamp of an operation: the present moment, and its number to tell it from the others.
    fn stamp(&self, seq: u64) -> Hlc {
        let now = Millis::try_from(self.server.clock.millis()).expect("a time");
        Hlc::from_bits(Hlc::at(now).bits() + seq)
    }

    /// An answer to a question, as the operation with this number.
    #[must_use]
    pub fn op(&self, seq: u64, document: DocumentId, question: &str, json: &str) -> Vec<u8> {
        let op = Op {
            origin_device: self.id,
            origin_seq: seq,
            hlc: self.stamp(seq),
            confidence: ClockConfidence::default(),
            document,
            lane: Lane::Shopper,
            register: answer_key(Lane::Shopper, question).register,
            instance: OpIds::new(),
            action: set_json(json),
            form_version: None,
            author: self.author,
            base: OpIds::new(),
        };
        codec::encode(&op, self.id, seq)
    }

    /// A request that continues the log.
    #[must_use]
    pub fn request(&self, ops: &[Vec<u8>]) -> SyncRequest {
        SyncRequest {
            proto: PROTO,
            build: "test/1".to_owned(),
            device: self.id,
            from_seq: self.head.seq + 1,
            prev_chain: self.head.chain,
            ops: ops
                .iter()
                .map(|raw| haamu_sync::Bytes::from(raw.clone()))
                .collect(),
            cursor: self.cursor,
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: haamu_sync::ClockReading::default(),
            folds: false,
        }
    }

    /// A request that offers files.
    #[must_use]
    pub fn offering(&self, offers: Vec<Offer>) -> SyncRequest {
        SyncRequest {
            offers,
            ..self.request(&[])
        }
    }

    /// Sends bytes as a frame.
    pub async fn post(&self, media_type: &str, frame: Vec<u8>) -> Answer {
        let call = self.server.request(axum::http::Method::POST, "/v1/sync");
        call.body(media_type, frame).bearer(&self.token).send().await
    }

    /// Sends a request as CBOR, and follows the answer.
    pub async fn send(&mut self, request: &SyncRequest) -> SyncResponse {
        let answer = self.post("application/cbor", request.to_cbor()).await;
        let answer = answer.expect(axum::http::StatusCode::OK);
        assert!(
            answer.header(PROTO_HEADER).is_some(),
            "every answer says that it is Haamu's"
        );
        let response = SyncResponse::from_cbor(&answer.body).expect("a frame");
        self.head = response.have.head();
        self.cursor = Some(response.cursor);
        response
    }
}
