//! A device without storage, which sends prepared evaluations as fast as it is answered.

use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use haamu_domain::AssignmentBrief;
use haamu_domain::binding::{MAIN_STAGE, SUBMIT_REGISTER, answer_key, set_json};
use haamu_sync::{
    Action, AuthorId, Body, ChainHead, Change, ClockConfidence, ClockReading, Cursor, DeviceId, Frame, Hlc,
    Lane, Op, OpIds, PROTO, RegisterKey, Submit, SyncRequest, SyncResponse, codec,
};
use haamu_tests::PASSWORD;
use haamu_tests::evaluation::full_answers;
use haamu_tests::wire::PUBLIC_KEY;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) struct BenchDevice {
    http: reqwest::Client,
    url: String,
    token: String,
    id: DeviceId,
    author: AuthorId,
    head: ChainHead,
    cursor: Option<Cursor>,
    /// The last stamp, in milliseconds.
    stamp: u64,
    visits: Vec<AssignmentBrief>,
}

impl BenchDevice {
    /// A device of a shopper, enrolled and with all their visits.
    pub(crate) async fn start(url: &str, email: &str) -> Self {
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

    /// Sends so many evaluations in one request; how many milliseconds that took.
    pub(crate) async fn push(&mut self, visits: usize) -> f64 {
        let mut ops = Vec::new();
        for _ in 0..visits {
            let brief = self.visits.pop().expect("a visit is left");
            for (question, value) in full_answers(self.head.seq + ops.len() as u64) {
                let key = answer_key(Lane::Shopper, &question);
                ops.push(self.op(&brief, ops.len(), key, set_json(&value.to_string())));
            }
            let submit = Submit {
                stage: MAIN_STAGE.to_owned(),
                cycle: 0,
                frontier: vec![(self.id, self.head.seq + ops.len() as u64)],
            };
            let key = RegisterKey::shopper(SUBMIT_REGISTER);
            ops.push(self.op(&brief, ops.len(), key, Action::Submit(submit)));
        }
        let seq = self.head.seq + ops.len() as u64;
        let (took, answer) = self.send(&self.request(ops)).await;
        assert_eq!(
            (answer.have.seq, answer.exceptions.len()),
            (seq, 0),
            "all of it took effect"
        );
        took
    }

    fn op(
        &mut self,
        brief: &AssignmentBrief,
        place: usize,
        key: RegisterKey,
        action: Action,
    ) -> haamu_sync::Bytes {
        let seq = self.head.seq + place as u64 + 1;
        self.stamp += 7;
        let op = Op {
            origin_device: self.id,
            origin_seq: seq,
            hlc: Hlc::at(self.stamp),
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
