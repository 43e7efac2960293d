//! What devices ask of the real server.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_client::native::upload_failure_of;
use haamu_domain::SubmissionId;
use haamu_domain::receipt::{PublicKeys, Receipt};
use haamu_sim::Invariant;
use haamu_sim::backend::{Encoding, Inspection, Part, Reply, Requests, Session, Taken};
use haamu_sync::engine::{Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{BlobHash, Bytes, DocumentId, Frame, PROTO_HEADER, SyncRequest, SyncResponse};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::wire::PUBLIC_KEY;

use super::RealServer;
use super::exchange::{Asking, Exchange};

/// Where bodies must be small, more than so many bytes of operations are refused.
const SMALL_BODY: usize = 1_000;
/// With every so manieth request a job is done.
const REQUESTS_OF_A_JOB: u64 = 3;

impl Requests for RealServer {
    fn sign_in(&mut self, user: usize, now: u64) -> Session {
        self.families += 1;
        let mut session = Session::new(user, self.families);
        let body = json!({"email": self.template.shopper(user).email, "password": crate::PASSWORD});
        let answer = self.send(Asking::post("/v1/sessions", &body), now);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        self.take_tokens(&mut session, &answer.json());
        session
    }

    fn refresh(&mut self, session: &Session, now: u64) -> Result<Session, Failure> {
        let body = json!({"refresh_token": session.refresh});
        let answer = self.send(Asking::post("/v1/sessions/refresh", &body), now);
        if answer.status != 200 {
            return Err(answer.failure());
        }
        let mut renewed = Session {
            is_valid: true,
            ..session.clone()
        };
        self.take_tokens(&mut renewed, &answer.json());
        Ok(renewed)
    }

    fn end_session(&mut self, session: &Session, now: u64) {
        let end = |token: &str| Asking::new(Method::DELETE, "/v1/sessions/current").bearer(token);
        let ended = self.send(end(&self.shown(session)), now);
        // Whoever has no good token any more asks for one, to sign out.
        if ended.status == 401
            && let Ok(renewed) = self.refresh(session, now)
        {
            let _ = self.send(end(&renewed.access), now);
        }
    }

    fn enrol(&mut self, session: &Session, enrolment: &Enrolment, now: u64) -> Result<Session, Failure> {
        let cloned_from = enrolment.cloned_from.map(|device| device.to_string());
        let body = json!({"device": enrolment.device.to_string(), "public_key": PUBLIC_KEY,
            "platform": "sim", "build": "sim", "cloned_from": cloned_from});
        let token = self.shown(session);
        let answer = self.send(Asking::post("/v1/devices", &body).bearer(&token), now);
        if answer.status != 200 {
            return Err(answer.failure());
        }
        let access = text(&answer.json()["access_token"]);
        Ok(Session {
            device: Some(enrolment.device),
            access,
            ..session.clone()
        })
    }

    fn sync(&mut self, session: &Session, body: &[u8], encoding: Encoding, now: u64) -> Reply {
        if self.is_small && is_too_large(body, encoding) {
            return Reply::refusal(Failure::TooLarge);
        }
        let media_type = match encoding {
            Encoding::Cbor => "application/cbor",
            Encoding::Json => "application/json",
        };
        let asking = Asking::new(Method::POST, "/v1/sync").bearer(&self.shown(session));
        let answer = self.send(asking.body(media_type, Body::from(body.to_vec())), now);
        if self.requests.is_multiple_of(REQUESTS_OF_A_JOB) {
            self.do_a_job();
        }
        let is_ours = answer.header(PROTO_HEADER).is_some();
        if answer.status != 200 {
            return Reply {
                outcome: Err(answer.failure()),
                is_ours,
            };
        }
        self.watch_custody(body, &answer.body, encoding);
        Reply {
            outcome: Ok(answer.body),
            is_ours,
        }
    }

    fn part(&mut self, session: &Session, part: &Part<'_>, now: u64) -> Result<Taken, UploadFailure> {
        let Part { upload, arrived, .. } = *part;
        let bytes = self.bytes_of(upload);
        let is_last = upload.offset + upload.length == upload.total;
        let mut asking = Asking::new(Method::PATCH, &upload.url)
            .bearer(&self.shown(session))
            .header("content-length", &upload.length.to_string())
            .header("upload-draft-interop-version", "8")
            .header("upload-offset", &upload.offset.to_string())
            .header("upload-complete", if is_last { "?1" } else { "?0" });
        if self.has_digests {
            let digest = STANDARD.encode(Sha256::digest(&bytes));
            asking = asking.header("content-digest", &format!("sha-256=:{digest}:"));
        }
        let body = body_of(bytes, arrived, part.is_sound);
        let answer = self.send(asking.body("application/partial-upload", body), now);
        let offset = answer.header("upload-offset").and_then(|text| text.parse().ok());
        if !answer.status.is_success() {
            return Err(upload_failure_of(answer.status, offset, answer.failure()));
        }
        let held = offset.ok_or(UploadFailure::Request(Failure::NotOurServer))?;
        Ok(Taken {
            held,
            receipt: self.receipt_in(upload, &answer),
        })
    }
}

impl RealServer {
    /// Access tokens that have expired, one of each person: they signed in a day before the world began.
    pub(super) fn expire_tokens(&mut self, users: usize) {
        let day_before = haamu_sim::START - 24 * 3_600 * 1_000;
        let at = |millis: u64| i64::try_from(millis).expect("a time");
        for user in 0..users {
            self.clock
                .millis
                .store(at(day_before), std::sync::atomic::Ordering::SeqCst);
            let session = self.sign_in(user, day_before);
            self.expired.push(session.access);
        }
        self.clock.tick(haamu_sim::START);
    }

    fn take_tokens(&mut self, session: &mut Session, answer: &Value) {
        session.access = text(&answer["access_token"]);
        session.refresh = text(&answer["refresh_token"]);
        self.secrets.push(session.refresh.clone());
    }

    /// The bytes of a part.
    fn bytes_of(&self, upload: &Upload) -> Vec<u8> {
        let file = self.template.file(upload.sha256);
        let index = |place: u64| usize::try_from(place).expect("a place in memory");
        file[index(upload.offset)..index(upload.offset + upload.length)].to_vec()
    }

    /// What the server acknowledges is committed.
    fn watch_custody(&mut self, request: &[u8], answer: &[u8], encoding: Encoding) {
        let (Some(request), Some(answer)) = (
            read::<SyncRequest>(request, encoding),
            read::<SyncResponse>(answer, encoding),
        ) else {
            return;
        };
        let observer = &self.running.observer;
        let backend = observer.get_database_backend();
        let select = Statement::from_sql_and_values(
            backend,
            if backend == sea_orm::DbBackend::Postgres {
                "SELECT count(*) AS held FROM op WHERE device = $1 AND seq <= $2"
            } else {
                "SELECT count(*) AS held FROM op WHERE device = ? AND seq <= ?"
            },
            [
                request.device.as_bytes().to_vec().into(),
                i64::try_from(answer.have.seq).unwrap_or(i64::MAX).into(),
            ],
        );
        let held = self.runtime.block_on(observer.query_one_raw(select));
        let held = held.expect("the log").expect("a row");
        let held: i64 = held.try_get("", "held").expect("a number");
        if u64::try_from(held) != Ok(answer.have.seq) {
            let what = format!(
                "{} operations are acknowledged and {held} committed",
                answer.have.seq
            );
            self.violated(Invariant::CommittedFirst, what);
        }
    }

    /// Whoever has sent all of a file gets the server's word for it.
    fn receipt_in(&mut self, upload: &Upload, answer: &Exchange) -> Option<(DocumentId, Bytes)> {
        if answer.header("upload-complete") != Some("?1") {
            return None;
        }
        let submission: Uuid = upload.url.split("submission=").nth(1)?.parse().ok()?;
        let document = SubmissionId::from_uuid(submission).document();
        let receipt = answer.header("haamu-receipt").unwrap_or_default();
        let receipt = Bytes(receipt.as_bytes().into());
        // Whatever becomes of the answer: it must be genuine.
        let fault = self.fault_of_receipt(&receipt, (upload.sha256, document), upload.total);
        if let Some(fault) = fault {
            self.violated(Invariant::Receipts, format!("{}: {fault}", upload.url));
        }
        Some((document, receipt))
    }
}

/// What is wrong with a receipt, if anything is.
pub(super) fn fault_of(
    receipt: &str,
    keys: &PublicKeys,
    sha256: BlobHash,
    length: u64,
    submission: &str,
) -> Option<String> {
    let receipt = match Receipt::parse(receipt) {
        Ok(receipt) => receipt,
        Err(error) => return Some(error.to_string()),
    };
    let statement = match receipt.verify(keys) {
        Ok(statement) => statement,
        Err(error) => return Some(error.to_string()),
    };
    let is_true = (statement.sha256(), statement.length(), statement.submission())
        == (sha256.to_string().as_str(), length, submission);
    (!is_true).then(|| format!("it says {statement:?}"))
}

fn read<F: Frame>(body: &[u8], encoding: Encoding) -> Option<F> {
    match encoding {
        Encoding::Cbor => F::from_cbor(body).ok(),
        Encoding::Json => F::from_json(body).ok(),
    }
}

/// Whether something on the way refuses a request for its size.
fn is_too_large(body: &[u8], encoding: Encoding) -> bool {
    read::<SyncRequest>(body, encoding).is_some_and(|request| {
        let bytes: usize = request.ops.iter().map(|raw| raw.0.len()).sum();
        request.ops.len() > 1 && bytes > SMALL_BODY
    })
}

/// A body of which so many bytes arrive, and then the connection breaks if these are not all.
fn body_of(mut bytes: Vec<u8>, arrived: u64, is_sound: bool) -> Body {
    let whole = bytes.len();
    bytes.truncate(usize::try_from(arrived).unwrap_or(usize::MAX));
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle).filter(|_| !is_sound) {
        *byte ^= 1;
    }
    if bytes.len() == whole {
        return Body::from(bytes);
    }
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(futures::stream::iter([Ok(bytes), Err(broken)]))
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
