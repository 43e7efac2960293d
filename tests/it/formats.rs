//! Every persisted and transmitted format, as it was fixed in its version 1.

use std::fmt::Write as _;

use haamu_domain::{AssignmentBrief, Code, Role, Verb};
use haamu_form::trace::TraceOutput;
use haamu_form::{Checklist, ContentHash, Decisions, ScoreOutput, parse_answers_file, score, trace};
use haamu_sync::{
    Action, Attachment, AuthorId, BlobHash, Body, Bytes, Cell, CellEntry, ChainHead, ChainValue, Change,
    ClockConfidence, ClockReading, Confirmation, Cursor, DepositResponse, DeviceId, Disposition, DocumentId,
    Entity, Exception, FeedEntry, FormVersion, Have, Hlc, Incarnation, Lane, Need, Offer, Op, OpId, OpIds,
    PROTO, Policy, RegisterKey, Revocation, SubmissionBody, Submit, SyncRequest, SyncResponse, Value, codec,
};
use haamu_tests::golden::{assert_golden, golden, hex, unhex};
use haamu_wire::Problem;
use haamu_wire::sync::Frame;
use serde_json::json;

const CHECKLISTS: [(&str, &str); 3] = [
    (
        "retail-store-visit",
        include_str!("../../deploy/examples/checklists/retail-store-visit.json"),
    ),
    (
        "restaurant-visit",
        include_str!("../../deploy/examples/checklists/restaurant-visit.json"),
    ),
    (
        "remote-service-contact",
        include_str!("../../deploy/examples/checklists/remote-service-contact.json"),
    ),
];
const ANSWERS: [(&str, usize, &str); 3] = [
    (
        "retail-disrespect",
        0,
        include_str!("../../deploy/examples/answers/retail-disrespect.json"),
    ),
    (
        "restaurant-recovered",
        1,
        include_str!("../../deploy/examples/answers/restaurant-recovered.json"),
    ),
    (
        "remote-phone-complaint",
        2,
        include_str!("../../deploy/examples/answers/remote-phone-complaint.json"),
    ),
];

pub(super) fn device() -> DeviceId {
    DeviceId::from_bytes(*b"device-of-golden")
}

pub(super) fn document() -> DocumentId {
    DocumentId::from_bytes(*b"submission-no-01")
}

pub(super) fn op(register: &str, action: Action) -> Op {
    Op {
        origin_device: device(),
        origin_seq: 1,
        hlc: Hlc::at(1_795_176_000_000),
        confidence: ClockConfidence::default(),
        document: document(),
        lane: Lane::Shopper,
        register: register.into(),
        instance: OpIds::new(),
        action,
        form_version: Some(FormVersion::from_bytes([0x0f; 32])),
        author: AuthorId::from_bytes(*b"the-shopper-no-1"),
        base: [OpId::from_bytes([0xba; 16])].into(),
    }
}

pub(super) fn ops() -> Vec<(&'static str, Op)> {
    let value = || Value {
        tag: 1,
        bytes: Bytes::from(b"\"yes\"".to_vec()),
    };
    let file = Attachment {
        sha256: BlobHash::from_bytes([0xab; 32]),
        length: 197_842,
        media_type: "image/jpeg".to_owned(),
        capture: Bytes::from(b"{}".to_vec()),
    };
    let submit = Submit {
        stage: "main".to_owned(),
        cycle: 1,
        frontier: vec![(device(), 7)],
    };
    let seen = || vec![OpId::from_bytes([0x5e; 16])];
    let reviewed = Op {
        lane: Lane::Review,
        form_version: None,
        base: OpIds::new(),
        ..op("answer/greeted", Action::Clear)
    };
    let nested = Op {
        instance: seen().into(),
        ..op("answer/tone", Action::Set(value()))
    };
    let reissued = Op {
        origin_device: DeviceId::from_bytes([1; 16]),
        origin_seq: 9,
        ..op("answer/greeted", Action::Clear)
    };
    vec![
        ("set", op("answer/greeted", Action::Set(value()))),
        ("clear in review", reviewed),
        ("add instance", op("repeat/staff", Action::AddInstance(value()))),
        (
            "remove instance",
            op("repeat/staff", Action::RemoveInstance(seen())),
        ),
        ("set in an instance", nested),
        ("attach", op("files/door", Action::Attach(file))),
        ("detach", op("files/door", Action::Detach(seen()))),
        ("submit", op("submit", Action::Submit(submit))),
        (
            "note",
            op("note", Action::Note(Bytes::from(b"battery 3 %".to_vec()))),
        ),
        ("reissued by a clone", reissued),
    ]
}

#[test]
fn operations_their_names_and_their_chain() {
    let mut lines = String::new();
    let mut head = ChainHead::default();
    for (name, op) in ops() {
        let raw = codec::encode(&op, device(), 1);
        assert_eq!(codec::decode(&raw, device(), 1).as_ref(), Ok(&op), "{name}");
        let id = codec::op_id(&raw, device(), 1);
        head = head.then(id);
        let bytes = hex(&raw).replace('\n', "");
        writeln!(
            lines,
            "{name}\n  bytes {bytes}\n  name  {id}\n  chain {}",
            head.chain
        )
        .expect("a string");
    }
    assert_golden("operation/v1.txt", &lines);
}

fn request() -> SyncRequest {
    SyncRequest {
        proto: PROTO,
        build: "haamu-cli/0.1.0".to_owned(),
        device: device(),
        from_seq: 3,
        prev_chain: ChainValue::from_bytes([0xc4; 16]),
        ops: vec![Bytes::from(codec::encode(&ops()[0].1, device(), 3))],
        cursor: Some(cursor()),
        refetch: vec![entity("form", "0f0f")],
        offers: vec![Offer {
            sha256: BlobHash::from_bytes([0xab; 32]),
            length: 197_842,
            document: document(),
        }],
        clock: ClockReading {
            wall: 1_795_176_000_000,
            monotonic: 12_345,
            boot: 2,
        },
        folds: false,
    }
}

fn cursor() -> Cursor {
    Cursor {
        pos: 17,
        seen_head: 20,
        incarnation: Incarnation::from_bytes([0x1c; 16]),
    }
}

fn entity(kind: &str, id: &str) -> Entity {
    Entity {
        kind: kind.to_owned(),
        id: id.to_owned(),
    }
}

fn response() -> SyncResponse {
    let submission = SubmissionBody {
        document: document(),
        state: "in_progress".to_owned(),
        cycle: 0,
        cells: vec![CellEntry {
            key: RegisterKey::shopper("answer/greeted"),
            cell: Cell::default(),
        }],
    };
    let revoked = Revocation {
        reason: "reassigned".to_owned(),
        keep_until_uploaded: true,
    };
    SyncResponse {
        proto: PROTO,
        server_time: 1_795_176_000_123,
        have: Have {
            seq: 3,
            chain: ChainValue::from_bytes([0xc5; 16]),
            common: 3,
        },
        exceptions: vec![Exception {
            seq: 3,
            disposition: Disposition::Late,
            code: "settled".to_owned(),
        }],
        reset: false,
        page: vec![
            FeedEntry {
                entity: entity("submission", "1"),
                change: Change::Upsert(Body::Submission(submission)),
            },
            FeedEntry {
                entity: entity("assignment", "2"),
                change: Change::Revoke(revoked),
            },
            FeedEntry {
                entity: entity("form", "3"),
                change: Change::Upsert(Body::Record(Bytes::from(b"{}".to_vec()))),
            },
        ],
        fetched: Vec::new(),
        cursor: cursor(),
        more: true,
        needs: vec![Need {
            sha256: BlobHash::from_bytes([0xab; 32]),
            document: document(),
            offset: 65_536,
            url: "/v1/blobs/ab?submission=1".to_owned(),
            expires: 1_795_780_800_000,
        }],
        custody_upto: 2,
        policy: Policy::default(),
    }
}

#[test]
fn frames() {
    let (request, response) = (request(), response());
    assert_golden("sync-request/v1.cbor.hex", &hex(&request.to_cbor()));
    assert_golden(
        "sync-request/v1.json",
        &String::from_utf8(request.to_json()).expect("text"),
    );
    // What version 1 wrote has fewer words of policy.
    assert_golden("sync-response/v2.cbor.hex", &hex(&response.to_cbor()));
    assert_golden(
        "sync-response/v2.json",
        &String::from_utf8(response.to_json()).expect("text"),
    );
    let deposit = deposit_response();
    assert_golden("deposit-response/v1.cbor.hex", &hex(&deposit.to_cbor()));
    assert_golden(
        "deposit-response/v1.json",
        &String::from_utf8(deposit.to_json()).expect("text"),
    );
}

fn deposit_response() -> DepositResponse {
    let SyncResponse {
        proto,
        server_time,
        have,
        exceptions,
        needs,
        ..
    } = response();
    DepositResponse {
        proto,
        server_time,
        have,
        exceptions,
        needs,
    }
}

#[test]
fn frames_of_all_versions_are_read() {
    let bytes = unhex(&golden("sync-request/v1.cbor.hex"));
    assert_eq!(SyncRequest::from_cbor(&bytes).expect("a frame"), request());
    let text = golden("sync-request/v1.json");
    assert_eq!(
        SyncRequest::from_json(text.as_bytes()).expect("a frame"),
        request()
    );
    for version in ["v1", "v2"] {
        let bytes = unhex(&golden(&format!("sync-response/{version}.cbor.hex")));
        assert_eq!(SyncResponse::from_cbor(&bytes).expect("a frame"), response());
        let text = golden(&format!("sync-response/{version}.json"));
        assert_eq!(
            SyncResponse::from_json(text.as_bytes()).expect("a frame"),
            response()
        );
    }
    let bytes = unhex(&golden("deposit-response/v1.cbor.hex"));
    assert_eq!(
        DepositResponse::from_cbor(&bytes).expect("a frame"),
        deposit_response()
    );
}

#[test]
fn what_a_device_that_folds_says_and_hears() {
    let request = SyncRequest {
        folds: true,
        ..request()
    };
    assert_golden("sync-request/v1-folds.cbor.hex", &hex(&request.to_cbor()));
    let bytes = unhex(&golden("sync-request/v1-folds.cbor.hex"));
    assert_eq!(SyncRequest::from_cbor(&bytes).expect("a frame"), request);
    let entry = FeedEntry {
        entity: entity("submission", "1"),
        change: Change::Confirm(Confirmation {
            state: "submitted".to_owned(),
            cycle: 0,
        }),
    };
    let text = serde_json::to_string_pretty(&entry).expect("JSON") + "\n";
    assert_golden("sync-response/v1-confirmation.json", &text);
    let read: FeedEntry = serde_json::from_str(&text).expect("an entry");
    assert_eq!(read, entry);
}

#[test]
fn a_frame_of_a_newer_sender_is_read() {
    let mut later = serde_json::to_value(request()).expect("JSON");
    later["something_new"] = json!({"of": "version 2"});
    assert_eq!(
        SyncRequest::from_json(later.to_string().as_bytes()).expect("a frame"),
        request()
    );
}

#[test]
fn checklist_hashes() {
    let mut lines = String::new();
    for (name, document) in CHECKLISTS {
        let hash = ContentHash::of(document).expect(name);
        writeln!(lines, "{name} {hash}").expect("a string");
    }
    assert_golden("checklist/v1.txt", &lines);
}

#[test]
fn scores_and_their_traces() {
    for (name, checklist, answers) in ANSWERS {
        let checklist = Checklist::parse(CHECKLISTS[checklist].1).expect(name);
        let file: serde_json::Value = serde_json::from_str(answers).expect("JSON");
        let shorthand = json!({"answers": file["answers"]}).to_string();
        let (answers, voided) = parse_answers_file(&checklist, &shorthand).expect(name);
        let scored = score(
            &checklist,
            &answers,
            Decisions {
                voided: &voided,
                ..Decisions::default()
            },
        );
        let traced = trace(&checklist, &answers, &scored);
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
        let result = serde_json::to_value(ScoreOutput::new(&checklist, &scored)).expect("JSON");
        assert_golden(&format!("score/v1/{name}.json"), &pretty(&result));
        let trace = serde_json::to_value(TraceOutput::new(&checklist, &traced)).expect("JSON");
        assert_golden(&format!("trace/v1/{name}.json"), &pretty(&trace));
    }
}

#[test]
fn what_a_device_is_told_of_an_assignment() {
    let text = include_str!("../golden/assignment-brief/v1.json");
    let brief: AssignmentBrief = serde_json::from_str(text).expect("a brief");
    assert_eq!(serde_json::to_string_pretty(&brief).expect("JSON") + "\n", text);
}

#[test]
fn problems() {
    let text = include_str!("../golden/problem/v1.json");
    let problem: Problem = serde_json::from_str(text).expect("a problem");
    assert_eq!(serde_json::to_string_pretty(&problem).expect("JSON") + "\n", text);
}

#[test]
fn names_in_the_audit_trail_and_in_storage() {
    let mut lines = String::new();
    for code in Code::ALL {
        writeln!(lines, "code {}", code.as_str()).expect("a string");
    }
    for verb in Verb::ALL {
        writeln!(lines, "verb {}", verb.as_str()).expect("a string");
    }
    for role in Role::ALL {
        writeln!(lines, "role {}", role.as_str()).expect("a string");
    }
    // Names may be added; the ones that are there stay.
    for line in include_str!("../golden/names/v1.txt").lines() {
        assert!(lines.lines().any(|name| name == line), "{line} is gone");
    }
}
