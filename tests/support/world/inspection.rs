//! What a world may know of the real server: read from its database, its objects, and its own feed.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{SubmissionId, UserId};
use haamu_sim::Invariant;
use haamu_sim::backend::{
    Encoding, FileState, Inspection, Logged, ReadOut, Requests, SubmissionState, Terms,
};
use haamu_store::repo::{feed, registers};
use haamu_store::{Reach, StoreError, Tx};
use haamu_sync::engine::Enrolment;
use haamu_sync::server::resume;
use haamu_sync::{
    BlobHash, Body, Bytes, ChainHead, ChainValue, Change, ClockReading, Cursor, DeviceId, Disposition,
    Document, DocumentId, Entity, Frame, Hlc, OpId, PROTO, SyncRequest, SyncResponse, codec,
};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::RealServer;
use super::requests::fault_of;

/// The auditors' devices, one for each person.
const AUDITOR: u8 = 0xa0;

impl Inspection for RealServer {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn documents(&self) -> Vec<DocumentId> {
        self.planned.iter().map(|planned| planned.document).collect()
    }

    fn head(&mut self, user: usize) -> u64 {
        let scope = self.scope(user);
        let scope = &scope;
        self.look(|tx: Tx| async move { Ok(feed::head(&tx, scope).await?.pos) })
    }

    fn continues(&mut self, user: usize, cursor: Option<Cursor>) -> bool {
        let scope = self.scope(user);
        let scope = &scope;
        self.look(|tx: Tx| async move {
            let head = feed::head(&tx, scope).await?;
            let seen = cursor.map_or(0, |cursor| cursor.seen_head);
            let at_seen = feed::incarnation_at(&tx, scope, seen).await?;
            Ok(!resume(cursor, head, |_| at_seen).reset)
        })
    }

    fn is_shut_out(&mut self, device: DeviceId) -> bool {
        let rows = self.rows("SELECT id FROM device WHERE revoked_at IS NOT NULL");
        rows.iter().any(|row| device_of(&bytes(row, "id")) == device)
    }

    fn has(&mut self, id: OpId) -> bool {
        self.operations().contains(&id)
    }

    fn backup_has(&mut self, id: OpId) -> bool {
        let backup = self.backup.as_ref();
        backup.is_some_and(|backup| backup.operations.contains(&id))
    }

    fn fault_of_receipt(
        &mut self,
        receipt: &Bytes,
        (sha256, document): (BlobHash, DocumentId),
        length: u64,
    ) -> Option<String> {
        let keys = self.runtime.block_on(self.running.app.receipt_keys());
        let keys = keys.expect("keys");
        let submission = SubmissionId::from_document(document).to_string();
        let text = String::from_utf8_lossy(&receipt.0);
        fault_of(&text, &keys, sha256, length, &submission)
    }

    fn read_out(&mut self, now: u64) -> ReadOut {
        let feeds = (0..self.terms.authors.len())
            .map(|user| self.audit(user, now))
            .collect();
        let log = self.log();
        let submissions = self.submissions();
        let files = self.files();
        self.check_jobs();
        self.check_logs();
        let staff = self.rows("SELECT device FROM server_log").into_iter();
        let staff = staff.map(|row| device_of(&bytes(&row, "device")));
        let reviewers = ["coordinator", "reviewer", "administrator"].map(|who| self.author_of(who));
        ReadOut {
            log,
            devices: self.heads(),
            submissions,
            files,
            feeds,
            staff: staff.collect(),
            reviewers: reviewers.into(),
            violations: std::mem::take(&mut self.violations),
        }
    }
}

impl RealServer {
    /// The names of all operations that are committed.
    pub(super) fn operations(&self) -> BTreeSet<OpId> {
        let rows = self.rows("SELECT op_id FROM op").into_iter();
        rows.map(|row| OpId::from_slice(&bytes(&row, "op_id")).expect("a name"))
            .collect()
    }

    /// The content of a submission.
    pub(super) fn document(&self, document: DocumentId) -> Document {
        let (agency, id) = (self.template.agency_id(), SubmissionId::from_document(document));
        self.look(|tx: Tx| async move {
            let cells = registers::list_of(&tx, agency, &[id]).await?.remove(&id);
            Ok(Document {
                cells: cells.unwrap_or_default().cells.into_iter().collect(),
            })
        })
    }

    fn look<T, F, R>(&self, work: F) -> T
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, StoreError>>,
    {
        let read = self.running.reader.read(Reach::Server, work);
        self.runtime.block_on(read).expect("the database answers")
    }

    fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let observer = &self.running.observer;
        let statement = Statement::from_string(observer.get_database_backend(), sql);
        let rows = self.runtime.block_on(observer.query_all_raw(statement));
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Changes something as an operator does, past the server.
    pub(super) fn execute(&self, sql: &str) {
        let done = self.running.observer.execute_unprepared(sql);
        self.runtime
            .block_on(done)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn scope(&self, user: usize) -> String {
        let shopper = UserId::from_uuid(self.template.shopper(user).id);
        format!("{}/{shopper}", self.template.agency_id())
    }

    fn author_of(&self, who: &str) -> haamu_sync::AuthorId {
        let role = haamu_domain::Role::from_name(who).expect("a role");
        UserId::from_uuid(self.template.agency.person(role).id).author()
    }

    /// What a new device of a person is told, page by page.
    fn audit(&mut self, user: usize, now: u64) -> BTreeMap<Entity, Body> {
        let device = DeviceId::from_bytes([AUDITOR + u8::try_from(user).expect("few"); 16]);
        let enrolment = Enrolment {
            device,
            cloned_from: None,
        };
        let session = self.sign_in(user, now);
        let session = self.enrol(&session, &enrolment, now).expect("enrolled");
        let mut found = BTreeMap::new();
        let mut cursor = None;
        loop {
            let request = SyncRequest {
                proto: PROTO,
                build: "auditor".to_owned(),
                device,
                from_seq: 1,
                prev_chain: ChainValue::default(),
                ops: Vec::new(),
                cursor,
                refetch: Vec::new(),
                offers: Vec::new(),
                clock: ClockReading::default(),
                folds: false,
            };
            let reply = self.sync(&session, &request.to_cbor(), Encoding::Cbor, now);
            let body = reply.outcome.expect("an answer");
            let response = SyncResponse::from_cbor(&body).expect("a frame");
            for entry in response.page {
                match entry.change {
                    Change::Upsert(body) => found.insert(entry.entity, body),
                    Change::Revoke(_) => found.remove(&entry.entity),
                    Change::Confirm(_) => panic!("nobody said that this is understood"),
                };
            }
            cursor = Some(response.cursor);
            if !response.more {
                return found;
            }
        }
    }

    /// The log of all devices. Every request had a time of its own.
    fn log(&self) -> Vec<Logged> {
        let sql = "SELECT device, seq, op_id, raw, disposition, reason, effective, received_at FROM op \
            ORDER BY received_at, device, seq";
        self.rows(sql).iter().map(logged).collect()
    }

    fn heads(&self) -> BTreeMap<DeviceId, ChainHead> {
        let rows = self
            .rows("SELECT id, head_seq, head_chain FROM device")
            .into_iter();
        rows.map(|row| {
            let head = ChainHead {
                seq: unsigned(number(&row, "head_seq")),
                chain: ChainValue::from_slice(&bytes(&row, "head_chain")).expect("a chain value"),
            };
            (device_of(&bytes(&row, "id")), head)
        })
        .collect()
    }

    fn submissions(&self) -> BTreeMap<DocumentId, SubmissionState> {
        let mut submits: BTreeMap<Uuid, Vec<u32>> = BTreeMap::new();
        for row in self.rows("SELECT submission_id, cycle FROM submission_stage WHERE stage = 'main'") {
            let cycle: i32 = row.try_get("", "cycle").expect("a number");
            let of = submits.entry(uuid(&row, "submission_id")).or_default();
            of.push(u32::try_from(cycle).expect("a cycle"));
        }
        let sql = "SELECT submission.id AS id, visit.state AS state FROM submission \
            JOIN visit ON visit.id = submission.visit_id";
        let rows = self.rows(sql).into_iter();
        rows.map(|row| {
            let id = uuid(&row, "id");
            let document = SubmissionId::from_uuid(id).document();
            let is_approved = text(&row, "state") == "approved";
            let state = SubmissionState {
                document: self.document(document),
                submits: submits.remove(&id).unwrap_or_default(),
                settled: self.settled.get(&document).filter(|_| is_approved).cloned(),
            };
            (document, state)
        })
        .collect()
    }

    /// The files that have arrived, each with its receipt.
    fn files(&mut self) -> BTreeMap<(BlobHash, DocumentId), FileState> {
        let sql = "SELECT owner.submission_id AS submission, owner.sha256 AS sha256, owner.receipt AS receipt, \
            blob.length AS length FROM blob_owner owner \
            LEFT JOIN blob ON blob.sha256 = owner.sha256 AND blob.agency_id = owner.agency_id";
        let keys = self.runtime.block_on(self.running.app.receipt_keys());
        let keys = keys.expect("keys");
        let mut found = BTreeMap::new();
        for row in self.rows(sql) {
            let sha256 = BlobHash::from_slice(&bytes(&row, "sha256")).expect("a hash");
            let submission = uuid(&row, "submission");
            let length = unsigned(number(&row, "length"));
            let receipt: Option<String> = row.try_get("", "receipt").expect("a text");
            let submission_text = submission.to_string();
            let fault = fault_of(
                &receipt.unwrap_or_default(),
                &keys,
                sha256,
                length,
                &submission_text,
            );
            if let Some(fault) = fault {
                self.violated(Invariant::Receipts, format!("{sha256} of {submission}: {fault}"));
            }
            let path = format!("blobs/{}/{sha256}", self.template.agency_id());
            let kept = self.runtime.block_on(self.running.objects.read(&path));
            let kept = kept.expect("memory does not fail");
            let is_sound =
                kept.is_some_and(|kept| BlobHash::from_bytes(Sha256::digest(&kept).into()) == sha256);
            let state = FileState {
                held: length,
                is_complete: true,
                is_sound,
            };
            found.insert((sha256, SubmissionId::from_uuid(submission).document()), state);
        }
        found
    }

    /// No job has failed, if nothing was done to what it works on.
    fn check_jobs(&mut self) {
        for row in self.rows("SELECT kind, last_error FROM job WHERE last_error IS NOT NULL") {
            if !self.was_troubled {
                let what = format!("a job {}: {}", text(&row, "kind"), text(&row, "last_error"));
                self.violated(Invariant::NoFailure, what);
            }
        }
    }

    fn check_logs(&mut self) {
        let found = self.template.logs().find(&self.secrets);
        if let Some(line) = found {
            self.violated(Invariant::Discretion, line);
        }
    }
}

fn logged(row: &QueryResult) -> Logged {
    let (device, seq) = (device_of(&bytes(row, "device")), unsigned(number(row, "seq")));
    let raw = bytes(row, "raw");
    Logged {
        device,
        seq,
        id: OpId::from_slice(&bytes(row, "op_id")).expect("a name"),
        op: codec::decode(&raw, device, seq).ok(),
        raw: Bytes(raw.into()),
        disposition: Disposition::from_name(&text(row, "disposition")).expect("a disposition"),
        code: text(row, "reason"),
        effective: Hlc::from_bits(number(row, "effective").cast_unsigned()),
        received_at: unsigned(number(row, "received_at")),
    }
}

fn bytes(row: &QueryResult, column: &str) -> Vec<u8> {
    row.try_get("", column).expect("bytes")
}

fn number(row: &QueryResult, column: &str) -> i64 {
    row.try_get("", column).expect("a number")
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).expect("a text")
}

fn uuid(row: &QueryResult, column: &str) -> Uuid {
    row.try_get("", column).expect("an id")
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).expect("not negative")
}

fn device_of(id: &[u8]) -> DeviceId {
    DeviceId::from_slice(id).expect("a device")
}
