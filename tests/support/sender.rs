//! A device without storage, which sends prepared evaluations as fast as it is answered.

use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use haamu_domain::AssignmentBrief;
use haamu_domain::binding::{Capture, MAIN_STAGE, SUBMIT_REGISTER, answer_key, files_key, set_json};
use haamu_sync::{
    Action, Attachment, AuthorId, BlobHash, Body, ChainHead, Change, ClockConfidence, ClockReading, Cursor,
    DeviceId, Frame, Hlc, Lane, Op, OpIds, PROTO, RegisterKey, Submit, SyncRequest, SyncResponse, codec,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agency::PASSWORD;
use crate::evaluation::{PHOTO_QUESTIONS, full_answers, full_photo};
use crate::upload::sha256;
use crate::wire::PUBLIC_KEY;

#[derive(Debug)]
pub struct Sender {
    http: reqwest::Client,
    url: String,
    /// Its access token, bound to it.
    pub token: String,
    id: DeviceId,
    author: AuthorId,
    head: ChainHead,
    cursor: Option<Cursor>,
    /// The last stamp, in milliseconds.
    stamp: u64,
    /// The visits that it has not sent yet.
    pub visits: Vec<AssignmentBrief>,
}

/// A photo that an evaluation refers to.
#[derive(Clone, Debug)]
pub struct SentPhoto {
    /// The submission that it belongs to.
    pub submission: Uuid,
    /// Its name.
    pub name: BlobHash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Sender {
    /// A device of a shopper, enrolled and with all their visits.
    ///
    /// # Panics
    /// The server refused something.
    pub async fn start(url: &str, email: &str) -> Self {
        let http = reqwest::Client::new();
        let credentials = json!({"email": email, "password": PASSWORD});
        let session = post(&http, &format!("{url}/v1/sessions"), None, &credentials).await;
        let id = DeviceId::from_bytes(rand::random());
        let enrolment = json!({"device": id.to_string(), "public_key": PUBLIC_KEY, "platform": "bench", "build": "bench/1"});
        let token = session["access_token"].as_str();
        let enrolled = post(&http, &format!("{url}/v1/devices"), token, &enrolment).await;
        let user: Uuid = session["me"]["user"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a UUID");
        let mut device = Self {
            http,
            url: url.to_owned(),
            token: enrolled["access_token"].as_str().expect("a token").to_owned(),
            id,
            author: AuthorId::from_bytes(*user.as_bytes()),
            head: ChainHead::default(),
            cursor: None,
            // In the past, as work without network is.
            stamp: now() - 3_600_000,
            visits: Vec::new(),
        };
        loop {
            let answer = device.send(&device.request(Vec::new())).await.1;
            for entry in &answer.page {
                if let Change::Upsert(Body::Record(bytes)) = &entry.change
                    && entry.entity.kind == "assignment"
                {
                    device
                        .visits
                        .push(serde_json::from_slice(&bytes.0).expect("a brief"));
                }
            }
            if !answer.more {
                return device;
            }
        }
    }

    /// Sends to another server process from now on.
    pub fn turn_to(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    /// Asks what is new in the feed; how many entries there are.
    pub async fn pull(&mut self) -> usize {
        self.send(&self.request(Vec::new())).await.1.page.len()
    }

    /// Sends so many evaluations in one request; how many milliseconds that took.
    pub async fn push(&mut self, visits: usize) -> f64 {
        let mut ops = Vec::new();
        for _ in 0..visits {
            let brief = self.visits.pop().expect("a visit is left");
            self.fill_in(&brief, &mut ops);
            self.hand_in(&brief, &mut ops);
        }
        self.send_ops(ops).await
    }

    /// Sends an evaluation with a photo whose bytes are sent afterwards; how many milliseconds that took.
    pub async fn push_with_photo(&mut self) -> (f64, SentPhoto) {
        let brief = self.visits.pop().expect("a visit is left");
        let mut ops = Vec::new();
        self.fill_in(&brief, &mut ops);
        let submission = brief.submission.uuid();
        let bytes = full_photo(submission.as_u64_pair().1, 0);
        let attachment = Attachment {
            sha256: BlobHash::from_bytes(sha256(&bytes)),
            length: bytes.len() as u64,
            media_type: "image/jpeg".to_owned(),
            capture: Capture::default().to_bytes(),
        };
        let name = attachment.sha256;
        let key = files_key(PHOTO_QUESTIONS[0]);
        ops.push(self.op(&brief, ops.len(), key, Action::Attach(attachment)));
        self.hand_in(&brief, &mut ops);
        let photo = SentPhoto {
            submission,
            name,
            bytes,
        };
        (self.send_ops(ops).await, photo)
    }

    /// Sends a photo from an offset up to an end, which is the photo's last byte if it is its length. How far the
    /// server has it then; none where the request failed.
    pub async fn upload(&self, photo: &SentPhoto, from: usize, to: usize) -> Option<usize> {
        let is_last = to == photo.bytes.len();
        let request = self.http.patch(self.address_of(photo)).bearer_auth(&self.token);
        let request = request
            .header("content-type", "application/partial-upload")
            .header("upload-offset", from)
            .header("upload-complete", if is_last { "?1" } else { "?0" })
            .body(photo.bytes[from..to].to_vec());
        held(&request.send().await.ok()?)
    }

    /// How much the server has of a photo; none where the request failed.
    pub async fn uploaded(&self, photo: &SentPhoto) -> Option<usize> {
        let request = self.http.head(self.address_of(photo)).bearer_auth(&self.token);
        held(&request.send().await.ok()?)
    }

    fn address_of(&self, photo: &SentPhoto) -> String {
        format!(
            "{}/v1/blobs/{}?submission={}",
            self.url, photo.name, photo.submission
        )
    }

    fn fill_in(&self, brief: &AssignmentBrief, ops: &mut Vec<haamu_sync::Bytes>) {
        for (question, value) in full_answers(self.head.seq + ops.len() as u64) {
            let key = answer_key(Lane::Shopper, &question);
            ops.push(self.op(brief, ops.len(), key, set_json(&value.to_string())));
        }
    }

    fn hand_in(&self, brief: &AssignmentBrief, ops: &mut Vec<haamu_sync::Bytes>) {
        let submit = Submit {
            stage: MAIN_STAGE.to_owned(),
            cycle: 0,
            frontier: vec![(self.id, self.head.seq + ops.len() as u64)],
        };
        let key = RegisterKey::shopper(SUBMIT_REGISTER);
        ops.push(self.op(brief, ops.len(), key, Action::Submit(submit)));
    }

    async fn send_ops(&mut self, ops: Vec<haamu_sync::Bytes>) -> f64 {
        let seq = self.head.seq + ops.len() as u64;
        self.stamp += 7 * ops.len() as u64;
        let (took, answer) = self.send(&self.request(ops)).await;
        assert_eq!(
            (answer.have.seq, answer.exceptions.len()),
            (seq, 0),
            "all of it took effect"
        );
        took
    }

    fn op(
        &self,
        brief: &AssignmentBrief,
        place: usize,
        key: RegisterKey,
        action: Action,
    ) -> haamu_sync::Bytes {
        let seq = self.head.seq + place as u64 + 1;
        let op = Op {
            origin_device: self.id,
            origin_seq: seq,
            // Each a little later than the one before.
            hlc: Hlc::at(self.stamp + 7 * (place as u64 + 1)),
            confidence: ClockConfidence::default(),
            document: brief.submission.document(),
            lane: Lane::Shopper,
            register: key.register,
            instance: OpIds::default(),
            action,
            form_version: Some(brief.form),
            author: self.author,
            base: OpIds::default(),
        };
        haamu_sync::Bytes(codec::encode(&op, self.id, seq).into())
    }

    fn request(&self, ops: Vec<haamu_sync::Bytes>) -> SyncRequest {
        SyncRequest {
            proto: PROTO,
            build: "bench/1".to_owned(),
            device: self.id,
            from_seq: self.head.seq + 1,
            prev_chain: self.head.chain,
            ops,
            cursor: self.cursor,
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: ClockReading::default(),
            folds: true,
        }
    }

    async fn send(&mut self, request: &SyncRequest) -> (f64, SyncResponse) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&request.to_cbor()).expect("memory");
        let body = encoder.finish().expect("memory");
        let started = Instant::now();
        let request = self
            .http
            .post(format!("{}/v1/sync", self.url))
            .bearer_auth(&self.token);
        let request = request
            .header("content-type", "application/cbor")
            .header("content-encoding", "gzip");
        let answer = request.body(body).send().await.expect("an answer");
        let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        assert!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&bytes)
        );
        let answer = SyncResponse::from_cbor(&bytes).expect("a frame");
        self.head = answer.have.head();
        self.cursor = Some(answer.cursor);
        (took, answer)
    }
}

/// How far the server says that it has a file.
fn held(answer: &reqwest::Response) -> Option<usize> {
    let offset = answer.headers().get("upload-offset")?;
    offset.to_str().ok()?.parse().ok()
}

fn now() -> u64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since_1970.expect("after 1970").as_millis()).expect("before the year 292 277 026 596")
}

async fn post(http: &reqwest::Client, url: &str, token: Option<&str>, body: &Value) -> Value {
    let request = http.post(url).json(body);
    let request = token
        .into_iter()
        .fold(request, reqwest::RequestBuilder::bearer_auth);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.expect("JSON")
}
