//! What becomes of a device with an answer of the server: vectors for clients in other languages.
//!
//! The engine of the devices makes them; a vector that is there never changes.

use haamu_sync::engine::{
    BlobKind, BlobState, Config, DeviceState, Effect, Enrolment, Event, Notice, Snapshot, StoredBlob,
    StoredEntity, StoredOp,
};
use haamu_sync::{
    Action, AuthorId, BlobHash, Body, Bytes, CellEntry, ChainHead, ChainValue, Change, ClockReading,
    Confirmation, Cursor, Disposition, Document, DocumentId, Engine, Entity, Exception, FeedEntry, Have,
    Incarnation, Need, Op, PROTO, Policy, Revocation, SubmissionBody, SyncRequest, SyncResponse, codec,
};
use haamu_wire::sync::Frame;
use serde_json::{Value as Json, json};

use super::formats::{device, document, op};
use super::sync_vectors::{assert_vectors, hex};

/// Operations in the device's log; the server has the first two, and put the second aside.
const LOG: u64 = 4;
const ACKNOWLEDGED: u64 = 2;

fn raw(seq: u64) -> Vec<u8> {
    let written = Op {
        origin_seq: seq,
        ..op(&format!("answer/q{seq}"), Action::Clear)
    };
    codec::encode(&written, device(), seq)
}

/// The device's chain up to a number.
fn head(seq: u64) -> ChainHead {
    (1..=seq).fold(ChainHead::default(), |head, seq| {
        head.then(codec::op_id(&raw(seq), device(), seq))
    })
}

fn cursor(number: u8) -> Cursor {
    Cursor {
        pos: 17,
        seen_head: 20,
        incarnation: Incarnation::from_bytes([number; 16]),
    }
}

fn entity(kind: &str, id: &str) -> Entity {
    Entity {
        kind: kind.to_owned(),
        id: id.to_owned(),
    }
}

/// The copy of a submission in which these operations took effect.
fn submission(of: DocumentId, applied: &[u64]) -> Body {
    let mut content = Document::default();
    for seq in applied {
        let raw = raw(*seq);
        let op = codec::decode(&raw, device(), *seq).expect("an operation");
        content.fold(&op, codec::op_id(&raw, device(), *seq), op.hlc);
    }
    let cells = content.cells.into_iter();
    Body::Submission(SubmissionBody {
        document: of,
        state: "in_progress".to_owned(),
        cycle: 0,
        cells: cells.map(|(key, cell)| CellEntry { key, cell }).collect(),
    })
}

/// What the feed says of the submission that the operations are on.
fn applied(seqs: &[u64]) -> Vec<FeedEntry> {
    let upsert = Change::Upsert(submission(document(), seqs));
    vec![said(entity("submission", "1"), upsert)]
}

fn file(number: u8) -> BlobHash {
    BlobHash::from_bytes([number; 32])
}

/// What the device holds before each case.
fn before() -> Snapshot {
    let author = AuthorId::from_bytes(*b"the-shopper-no-1");
    let row = DeviceState {
        enrolled: true,
        acknowledged: ACKNOWLEDGED,
        included: ACKNOWLEDGED,
        cursor: Some(cursor(1)),
        ..DeviceState::new(device(), author)
    };
    let stored = |seq| StoredOp {
        seq,
        raw: raw(seq).into(),
        set_aside: (seq == 2).then_some(Disposition::Late),
    };
    let held = |entity: Entity, body| StoredEntity {
        entity,
        generation: 0,
        body,
        revoked: None,
        revoked_at: 0,
    };
    let blob = |number, state| StoredBlob {
        state,
        ..StoredBlob::new(file(number), 100, document(), BlobKind::Original)
    };
    Snapshot {
        device: Some(row),
        ops: (1..=LOG).map(stored).collect(),
        entities: vec![
            held(entity("form", "3"), Body::Record(Bytes::from(b"{}".to_vec()))),
            held(entity("submission", "1"), submission(document(), &[1])),
            held(
                entity("submission", "2"),
                submission(DocumentId::from_bytes([2; 16]), &[]),
            ),
        ],
        blobs: vec![
            blob(0xaa, BlobState::Stored),
            blob(0xbb, BlobState::Complete),
            blob(0xcc, BlobState::Refused),
        ],
    }
}

/// An answer by which all of the request is taken in, and nothing else has happened.
fn plain() -> SyncResponse {
    SyncResponse {
        proto: PROTO,
        server_time: 1_795_176_000_123,
        have: Have {
            seq: LOG,
            chain: head(LOG).chain,
            common: LOG,
        },
        exceptions: Vec::new(),
        reset: false,
        page: applied(&[1, 3, 4]),
        fetched: Vec::new(),
        cursor: Cursor {
            pos: 21,
            seen_head: 21,
            ..cursor(1)
        },
        more: false,
        needs: vec![Need {
            sha256: file(0xaa),
            document: document(),
            offset: 0,
            url: "/v1/blobs/aa?submission=1".to_owned(),
            expires: 1_795_780_800_000,
        }],
        custody_upto: 0,
        policy: Policy::default(),
    }
}

/// A device that carries its effects out, but for requests.
struct Device {
    engine: Engine,
    notices: Vec<Notice>,
    enrolment: Option<Enrolment>,
}

impl Device {
    fn handle(&mut self, event: Event) {
        let reading = ClockReading {
            wall: 1_795_176_000_000,
            monotonic: 5_000,
            boot: 1,
        };
        self.engine.handle(reading, event);
    }

    /// The next request; files that are wanted are sent without success.
    fn next_request(&mut self) -> Option<(u64, Box<SyncRequest>)> {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Commit(id, _) => self.handle(Event::Committed(id)),
                Effect::Enrol(id, enrolment) => {
                    self.enrolment = Some(enrolment);
                    self.handle(Event::Enrolled(id, Ok(())));
                }
                Effect::Sync(id, request) => return Some((id, request)),
                Effect::Notify(notice) => self.notices.push(notice),
                _ => {}
            }
        }
        None
    }
}

fn asked(request: &SyncRequest) -> Json {
    let offers = request.offers.iter().map(|offer| offer.sha256.to_string());
    json!({"from_seq": request.from_seq, "ops": request.ops.len(),
        "cursor": request.cursor.map(|cursor| json!({"pos": cursor.pos, "seen_head": cursor.seen_head,
            "incarnation": cursor.incarnation.to_string()})),
        "offers": offers.collect::<Vec<_>>()})
}

/// What the device holds afterwards.
fn after(device: &Device) -> Json {
    let engine = &device.engine;
    let row = engine.device();
    let entities = engine.entities().map(|stored| {
        let revoked = stored.revoked.as_ref().map(|revoked| revoked.reason.as_str());
        json!([stored.entity.kind, stored.entity.id, revoked])
    });
    let blobs = engine
        .blobs()
        .map(|blob| json!([blob.sha256.to_string(), blob.state]));
    let backlog = engine.backlog();
    let shown = engine.document(document());
    let shown = shown.cells.keys().map(|key| key.register.to_string());
    json!({"acknowledged": row.acknowledged, "included": row.included, "first_kept": row.start.seq + 1,
        "set_aside": backlog.set_aside, "entities": entities.collect::<Vec<_>>(),
        "files": blobs.collect::<Vec<_>>(), "shown_of_submission_1": shown.collect::<Vec<_>>()})
}

fn case(name: &str, response: &SyncResponse) -> Json {
    let mut device = Device {
        engine: Engine::new(
            Config::new("vectors", [7; 32]),
            before(),
            DeviceState::new(device(), AuthorId::default()),
        ),
        notices: Vec::new(),
        enrolment: None,
    };
    device.handle(Event::SyncNow);
    let (id, first) = device.next_request().expect("it asks");
    device.handle(Event::Synced(id, Ok(Box::new(response.clone()))));
    let (at_once, next) = match device.next_request() {
        Some((_, next)) => (true, next),
        None => {
            let held = after(&device);
            device.handle(Event::SyncNow);
            let next = device.next_request().expect("it asks");
            return told(name, &first, response, &device, (held, false, &next.1));
        }
    };
    let held = after(&device);
    told(name, &first, response, &device, (held, at_once, &next))
}

fn told(
    name: &str,
    first: &SyncRequest,
    response: &SyncResponse,
    device: &Device,
    (held, at_once, next): (Json, bool, &SyncRequest),
) -> Json {
    let response_json: Json = serde_json::from_slice(&response.to_json()).expect("JSON");
    json!({"name": name, "request": asked(first), "response": response_json, "response_cbor": hex(&response.to_cbor()),
        "takes_a_new_name": device.enrolment.is_some(),
        "after": held, "next_request_follows_at_once": at_once, "next_request": asked(next)})
}

fn with(change: impl FnOnce(&mut SyncResponse)) -> SyncResponse {
    let mut response = plain();
    change(&mut response);
    response
}

fn said(entity: Entity, change: Change) -> FeedEntry {
    FeedEntry { entity, change }
}

fn of_the_log() -> Vec<Json> {
    let have = |seq, common| Have {
        seq,
        chain: head(seq).chain,
        common,
    };
    vec![
        case("all is taken in", &plain()),
        case(
            "one operation is put aside",
            &with(|answer| {
                answer.page = applied(&[1, 3]);
                answer.exceptions.push(Exception {
                    seq: 4,
                    disposition: Disposition::Late,
                    code: "settled".to_owned(),
                });
            }),
        ),
        case(
            "the server has more than it compared: only what agrees is acknowledged",
            &with(|answer| {
                answer.have = have(4, 3);
                answer.page = applied(&[1, 3]);
            }),
        ),
        case(
            "the server has lost something: what was acknowledged is withdrawn, and files are offered again",
            &with(|answer| {
                answer.have = have(1, 1);
                answer.page = Vec::new();
            }),
        ),
        case(
            "somebody else writes under this name",
            &with(|answer| {
                answer.have = Have {
                    seq: 3,
                    chain: ChainValue::from_bytes([9; 16]),
                    common: 2,
                };
                answer.page = Vec::new();
            }),
        ),
        case(
            "a backup holds the first three: they are forgotten",
            &with(|answer| answer.custody_upto = 3),
        ),
    ]
}

fn of_the_feed() -> Vec<Json> {
    let first = entity("submission", "1");
    let confirmation = Confirmation {
        state: "submitted".to_owned(),
        cycle: 0,
    };
    let revocation = Revocation {
        reason: "reassigned".to_owned(),
        keep_until_uploaded: true,
    };
    vec![
        case(
            "more pages follow: the copies do not include what was acknowledged yet",
            &with(|answer| {
                answer.more = true;
                answer.page = Vec::new();
            }),
        ),
        case(
            "the copy of a submission is confirmed: what was sent is folded into it",
            &with(|answer| {
                let confirm = Change::Confirm(confirmation);
                answer.page = vec![said(first.clone(), confirm)];
            }),
        ),
        case(
            "a submission is revoked: it stays while something of it is unsent",
            &with(|answer| {
                answer.page = vec![said(first.clone(), Change::Revoke(revocation.clone()))];
            }),
        ),
        case(
            "the feed starts over: what it does not mention is dropped, and all that is kept is compared again",
            &with(|answer| {
                answer.reset = true;
                answer.cursor.incarnation = cursor(2).incarnation;
            }),
        ),
        case(
            "the server was started again: what was put aside is compared again, and what it refused is offered again",
            &with(|answer| answer.cursor.incarnation = cursor(2).incarnation),
        ),
    ]
}

#[test]
fn answers() {
    let held = before();
    let operations = held.ops.iter().map(|stored| hex(&stored.raw.0));
    let mut cases = vec![
        json!({"name": "what the device holds before each case", "device": device().to_string(),
        "operations": operations.collect::<Vec<_>>(), "chain": (1..=LOG).map(|seq| head(seq).chain.to_string()).collect::<Vec<_>>(),
        "acknowledged": ACKNOWLEDGED, "included": ACKNOWLEDGED, "set_aside": [2],
        "cursor": {"pos": 17, "seen_head": 20, "incarnation": cursor(1).incarnation.to_string()},
        "entities": [["form", "3"], ["submission", "1"], ["submission", "2"]],
        "files": [[file(0xaa).to_string(), "stored"], [file(0xbb).to_string(), "complete"], [file(0xcc).to_string(), "refused"]]}),
    ];
    cases.extend(of_the_log());
    cases.extend(of_the_feed());
    let about = "A device with four operations, of which the server has two, and what an answer makes of it. `ops` are \
        counts, `files` go with their state on the device, `entities` with the reason for which they were revoked. No file that is \
        wanted arrives in these cases. A new name is random, and is not told.";
    assert_vectors("answers.json", about, &cases);
}
