//! A server of the crate's own functions, and devices whose stores survive their processes.

use std::collections::{BTreeMap, BTreeSet};

use haamu_sync::engine::{
    Config, DeviceState, Edit, Effect, Event, Failure, Notice, Snapshot, UploadFailure, WriteBatch,
};
use haamu_sync::server::{FeedHead, Standing, admit, dispose, resume};
use haamu_sync::{
    Action, Attachment, AuthorId, BlobHash, Body, Bytes, CellEntry, ChainHead, ChainValue, Change,
    ClockReading, Cursor, DepositResponse, DeviceId, Disposition, Document, DocumentId, Engine, Entity,
    Exception, FeedEntry, Incarnation, Lane, Need, OpId, PROTO, Policy, RegisterKey, SubmissionBody,
    SyncRequest, SyncResponse, Value, clock,
};

pub(crate) const VISIT: DocumentId = DocumentId::from_bytes([7; 16]);
pub(crate) const AUTHOR: AuthorId = AuthorId::from_bytes([8; 16]);

/// A server with one submission and one scope.
#[derive(Clone, Default)]
pub(crate) struct Server {
    pub(crate) heads: BTreeMap<DeviceId, Vec<ChainHead>>,
    pub(crate) applied: BTreeSet<OpId>,
    pub(crate) document: Document,
    pub(crate) files: BTreeMap<BlobHash, u64>,
    pub(crate) pos: u64,
    pub(crate) incarnation: Incarnation,
    pub(crate) standing_settled: bool,
    pub(crate) policy: Policy,
    pub(crate) custody_upto: u64,
    /// The files that were sent, part by part.
    pub(crate) uploads: Vec<BlobHash>,
}

impl Server {
    pub(crate) fn answer(&mut self, request: &SyncRequest, now: u64) -> SyncResponse {
        let heads = self
            .heads
            .entry(request.device)
            .or_insert_with(|| vec![ChainHead::default()]);
        let head = *heads.last().expect("the empty log");
        let stored = |seq: u64| heads.iter().find(|head| head.seq == seq).map(|head| head.chain);
        let lookup: &dyn Fn(u64) -> Option<ChainValue> = &stored;
        let admission = admit(head, lookup, request);
        let mut exceptions = Vec::new();
        for incoming in admission.new {
            heads.push(incoming.head);
            let standing = if self.standing_settled {
                Standing::Settled
            } else {
                Standing::Open
            };
            let (disposition, code) = dispose(&incoming.op, standing, Lane::Shopper, |_| true);
            let is_new = self.applied.insert(incoming.id);
            match (&incoming.op, disposition) {
                (Ok(op), Disposition::Applied) if is_new => {
                    let effective = clock::effective(op.hlc, now, None, []);
                    self.document.fold(op, incoming.id, effective);
                    self.pos += 1;
                }
                (_, Disposition::Applied) => {}
                (_, disposition) => {
                    exceptions.push(Exception {
                        seq: incoming.head.seq,
                        disposition,
                        code: code.to_owned(),
                    });
                }
            }
        }
        let feed_head = FeedHead {
            pos: self.pos,
            incarnation: self.incarnation,
        };
        let from = resume(request.cursor, feed_head, |_| Some(self.incarnation));
        let page = if from.after < self.pos || from.reset {
            vec![self.entry()]
        } else {
            Vec::new()
        };
        let offered = request.offers.iter();
        let needs = offered
            .filter(|offer| self.files.get(&offer.sha256) != Some(&offer.length))
            .map(|offer| Need {
                document: offer.document,
                sha256: offer.sha256,
                offset: self.files.get(&offer.sha256).copied().unwrap_or_default(),
                url: format!("/v1/blobs/{}", offer.sha256),
                expires: 0,
            });
        SyncResponse {
            proto: PROTO,
            server_time: now,
            have: admission.have,
            exceptions,
            reset: from.reset,
            page,
            fetched: Vec::new(),
            cursor: Cursor {
                pos: self.pos,
                seen_head: self.pos,
                incarnation: self.incarnation,
            },
            more: false,
            needs: needs.collect(),
            custody_upto: self.custody_upto,
            policy: self.policy.clone(),
        }
    }

    /// Takes the push half of a request in, and puts all of it aside.
    pub(crate) fn deposit(&mut self, request: &SyncRequest, now: u64) -> DepositResponse {
        let heads = self
            .heads
            .entry(request.device)
            .or_insert_with(|| vec![ChainHead::default()]);
        let first = heads.last().expect("the empty log").seq;
        let settled = std::mem::replace(&mut self.standing_settled, true);
        let answer = self.answer(request, now);
        self.standing_settled = settled;
        let aside = (first + 1..=answer.have.seq).map(|seq| Exception {
            seq,
            disposition: Disposition::Orphaned,
            code: "deposited".to_owned(),
        });
        DepositResponse {
            proto: PROTO,
            server_time: now,
            have: answer.have,
            exceptions: aside.collect(),
            needs: answer.needs,
        }
    }

    pub(crate) fn entry(&self) -> FeedEntry {
        let cells = self.document.cells.iter();
        let cells = cells
            .map(|(key, cell)| CellEntry {
                key: key.clone(),
                cell: cell.clone(),
            })
            .collect();
        let body = SubmissionBody {
            document: VISIT,
            state: "in_progress".to_owned(),
            cycle: 0,
            cells,
        };
        FeedEntry {
            entity: Entity {
                kind: "submission".to_owned(),
                id: VISIT.to_string(),
            },
            change: Change::Upsert(Body::Submission(body)),
        }
    }

    pub(crate) fn value(&self, register: &str) -> Option<u8> {
        self.document
            .cell(&RegisterKey::shopper(register))?
            .register
            .value()
            .map(|value| value.bytes.0[0])
    }
}

/// A device: its durable store, and an engine that may die.
pub(crate) struct Device {
    pub(crate) stored: Snapshot,
    pub(crate) engine: Engine,
    pub(crate) notices: Vec<Notice>,
    pub(crate) now: u64,
}

impl Device {
    pub(crate) fn new(name: u8) -> Self {
        let row = DeviceState::new(DeviceId::from_bytes([name; 16]), AUTHOR);
        Self::start(
            Snapshot {
                device: Some(row),
                ..Snapshot::default()
            },
            name,
        )
    }

    pub(crate) fn start(stored: Snapshot, seed: u8) -> Self {
        let config = Config::new("test", [seed; 32]);
        let row = stored.device.clone().expect("a row");
        let engine = Engine::new(config, stored.clone(), row);
        Self {
            stored,
            engine,
            notices: Vec::new(),
            now: 1_000,
        }
    }

    /// The process dies and starts again: only what is durable remains.
    pub(crate) fn kill(&mut self, seed: u8) {
        *self = Self::start(self.stored.clone(), seed);
    }

    pub(crate) fn write(&mut self, batch: WriteBatch) {
        let stored = &mut self.stored;
        stored.device = batch.device.or(stored.device.take());
        if batch.replace_log {
            stored.ops.clear();
        }
        stored.ops.retain(|op| op.seq > batch.forget_ops_upto);
        for op in batch.put_ops {
            stored.ops.retain(|other| other.seq != op.seq);
            stored.ops.push(op);
        }
        stored.ops.sort_by_key(|op| op.seq);
        for entity in batch.put_entities {
            stored.entities.retain(|other| other.entity != entity.entity);
            stored.entities.push(entity);
        }
        stored
            .entities
            .retain(|entity| !batch.drop_entities.contains(&entity.entity));
        for blob in batch.put_blobs {
            stored.blobs.retain(|other| other.sha256 != blob.sha256);
            stored.blobs.push(blob);
        }
    }

    pub(crate) fn handle(&mut self, event: Event) {
        self.now += 10;
        let reading = ClockReading {
            wall: self.now,
            monotonic: self.now,
            boot: 1,
        };
        self.engine.handle(reading, event);
    }

    /// Attaches a photo, with a preview if one is named.
    pub(crate) fn attach(&mut self, name: u8, length: u64, preview: Option<(u8, u64)>) {
        self.handle(Event::Edit(Edit {
            document: VISIT,
            key: RegisterKey::shopper("files/entrance"),
            action: Action::Attach(photo(name, length)),
            form_version: None,
            preview: preview.map(|(name, length)| (BlobHash::from_bytes([name; 32]), length)),
        }));
    }

    pub(crate) fn edit(&mut self, register: &str, action: Action) {
        let key = RegisterKey::shopper(register);
        self.handle(Event::Edit(Edit {
            document: VISIT,
            key,
            action,
            form_version: None,
            preview: None,
        }));
    }

    pub(crate) fn set(&mut self, register: &str, value: u8) {
        self.edit(
            register,
            Action::Set(Value {
                tag: 1,
                bytes: Bytes::from(vec![value]),
            }),
        );
    }

    /// Carries out effects until none is left or `budget` is used up. `lose` says which requests
    /// get no answer although the server took them in.
    pub(crate) fn run(&mut self, server: &mut Server, budget: usize, mut lose: impl FnMut() -> bool) {
        for _ in 0..budget {
            let Some(effect) = self.engine.poll_effect() else {
                let Some(at) = self.engine.poll_timeout() else {
                    return;
                };
                self.now = self.now.max(at);
                self.handle(Event::Timeout);
                continue;
            };
            self.carry_out(server, effect, &mut lose);
        }
    }

    /// Carries out what the engine wants now, and does not wait for anything.
    pub(crate) fn drain(&mut self, server: &mut Server) {
        while let Some(effect) = self.engine.poll_effect() {
            self.carry_out(server, effect, &mut || false);
        }
    }

    fn carry_out(&mut self, server: &mut Server, effect: Effect, lose: &mut impl FnMut() -> bool) {
        match effect {
            Effect::Commit(id, batch) => {
                self.write(*batch);
                self.handle(Event::Committed(id));
            }
            Effect::Enrol(id, _) => self.handle(Event::Enrolled(id, Ok(()))),
            Effect::Sync(id, request) => {
                let response = server.answer(&request, self.now);
                let outcome = if lose() {
                    Err(Failure::Network)
                } else {
                    Ok(Box::new(response))
                };
                self.handle(Event::Synced(id, outcome));
            }
            Effect::Upload(id, upload) => {
                server.uploads.push(upload.sha256);
                let held = server.files.entry(upload.sha256).or_default();
                let outcome = if *held == upload.offset {
                    *held += upload.length;
                    Ok(*held)
                } else {
                    Err(UploadFailure::WrongOffset(*held))
                };
                let outcome = if lose() {
                    Err(UploadFailure::Request(Failure::Network))
                } else {
                    outcome
                };
                self.handle(Event::Uploaded(id, outcome));
            }
            Effect::Deposit(id, request) => {
                let response = server.deposit(&request, self.now);
                let outcome = if lose() {
                    Err(Failure::Network)
                } else {
                    Ok(Box::new(response))
                };
                self.handle(Event::Deposited(id, outcome));
            }
            Effect::RefreshAuth(id) => self.handle(Event::AuthRefreshed(id, Ok(()))),
            Effect::Notify(notice) => self.notices.push(notice),
        }
    }

    pub(crate) fn sync(&mut self, server: &mut Server) {
        self.handle(Event::SyncNow);
        self.run(server, 500, || false);
        assert!(self.engine.is_idle(), "the device comes to rest");
    }

    pub(crate) fn value(&self, register: &str) -> Option<u8> {
        let document = self.engine.document(VISIT);
        document
            .cell(&RegisterKey::shopper(register))?
            .register
            .value()
            .map(|value| value.bytes.0[0])
    }
}

pub(crate) fn photo(name: u8, length: u64) -> Attachment {
    Attachment {
        sha256: BlobHash::from_bytes([name; 32]),
        length,
        media_type: "image/jpeg".to_owned(),
        capture: Bytes::default(),
    }
}
