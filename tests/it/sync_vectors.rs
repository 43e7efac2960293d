//! The conformance vectors of the sync protocol, for clients and servers in other languages.
//!
//! They are made by the functions that device and server use, and committed in
//! `openapi/sync-vectors`; a vector that is there never changes.

use std::path::Path;

use haamu_sync::server::{FeedHead, Standing, admit, dispose, resume};
use haamu_sync::{
    Action, Attachment, BlobHash, Bytes, ChainHead, ChainValue, ClockReading, Cursor, DeviceId, Document,
    Hlc, Incarnation, Lane, Op, OpId, PROTO, SyncRequest, Value, clock, codec,
};
use serde_json::{Value as Json, json};

use super::formats::{device, op, ops};

/// Compares with a file of vectors. `HAAMU_WRITE_GOLDEN=1` writes one that is missing.
#[track_caller]
pub(super) fn assert_vectors(name: &str, about: &str, cases: &[Json]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../openapi/sync-vectors")
        .join(name);
    let text = serde_json::to_string_pretty(&json!({"about": about, "proto": PROTO, "cases": cases}));
    let text = text.expect("JSON") + "\n";
    if !path.exists() && std::env::var_os("HAAMU_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, &text).expect("a file of vectors");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{name} differs; it would now be\n{text}");
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(text: &str) -> Value {
    Value {
        tag: 1,
        bytes: Bytes::from(text.as_bytes().to_vec()),
    }
}

/// What an operation says, in words.
fn said(op: &Op) -> Json {
    let ids = |ids: &[OpId]| json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>());
    let value = |value: &Value| json!({"tag": value.tag, "bytes": hex(&value.bytes.0)});
    let action = match &op.action {
        Action::Set(given) => json!({"set": value(given)}),
        Action::Clear => json!("clear"),
        Action::AddInstance(given) => json!({"add_instance": value(given)}),
        Action::RemoveInstance(seen) => json!({"remove_instance": ids(seen)}),
        Action::Attach(file) => json!({"attach": {"sha256": file.sha256.to_string(), "length": file.length,
            "media_type": file.media_type, "capture": hex(&file.capture.0)}}),
        Action::Detach(seen) => json!({"detach": ids(seen)}),
        Action::Submit(submit) => {
            let frontier = submit
                .frontier
                .iter()
                .map(|(device, seq)| json!([device.to_string(), seq]));
            json!({"submit": {"stage": submit.stage, "cycle": submit.cycle, "frontier": frontier.collect::<Vec<_>>()}})
        }
        Action::Note(bytes) => json!({"note": hex(&bytes.0)}),
    };
    json!({
        "origin": [op.origin_device.to_string(), op.origin_seq], "hlc": op.hlc.bits(),
        "document": op.document.to_string(), "lane": op.lane, "register": op.register, "instance": ids(&op.instance),
        "action": action, "form_version": op.form_version.map(|form| form.to_string()),
        "author": op.author.to_string(), "base": ids(&op.base),
    })
}

#[test]
fn operations_and_chains() {
    let mut head = ChainHead::default();
    let cases = ops().into_iter().map(|(name, op)| {
        let raw = codec::encode(&op, device(), 1);
        let id = codec::op_id(&raw, device(), 1);
        let before = head.chain;
        head = head.then(id);
        json!({"name": name, "device": device().to_string(), "seq": 1, "bytes": hex(&raw), "says": said(&op),
            "op_id": id.to_string(), "chain_before": before.to_string(), "chain_after": head.chain.to_string()})
    });
    let about = "An operation's bytes as they stand in `ops`, what they say, its name, and the chain value after it. \
        Each case goes on from the chain of the one before. Device and number come from the frame; `origin` is in the \
        bytes only where it differs from them.";
    assert_vectors("operations.json", about, &cases.collect::<Vec<_>>());
}

#[test]
fn bytes_that_cannot_be_read() {
    let good = codec::encode(&op("answer/greeted", Action::Clear), device(), 1);
    let mut longer = good.clone();
    longer.push(0);
    let cut = good[..good.len() / 2].to_vec();
    let cases = [
        ("nothing", Vec::new()),
        ("a text", b"not an operation".to_vec()),
        ("cut short", cut),
        ("something behind it", longer),
        ("an empty array", vec![0x80]),
    ];
    let cases = cases.into_iter().map(|(name, raw)| {
        let read = codec::decode(&raw, device(), 4);
        let (disposition, reason) = dispose(&read, Standing::Open, Lane::Shopper, |_| true);
        json!({"name": name, "device": device().to_string(), "seq": 4, "bytes": hex(&raw),
            "op_id": codec::op_id(&raw, device(), 4).to_string(),
            "disposition": disposition.as_str(), "reason": reason})
    });
    let about = "What a server cannot read it keeps, names, chains and acknowledges all the same.";
    assert_vectors("unreadable.json", about, &cases.collect::<Vec<_>>());
}

/// An operation of a device with a clock, and its name.
fn written(number: u8, at: u64, action: Action, base: &[OpId]) -> (Op, OpId) {
    let origin_device = DeviceId::from_bytes([number; 16]);
    let op = Op {
        origin_device,
        hlc: Hlc::at(at),
        base: base.into(),
        ..op("answer/greeted", action)
    };
    let id = codec::op_id(&codec::encode(&op, origin_device, 1), origin_device, 1);
    (op, id)
}

fn merged(name: &str, history: &[(Op, OpId)]) -> Json {
    let fold = |order: &mut dyn Iterator<Item = &(Op, OpId)>| {
        let mut document = Document::default();
        for (op, id) in order {
            document.fold(op, *id, op.hlc);
        }
        document
    };
    let document = fold(&mut history.iter());
    assert_eq!(
        document,
        fold(&mut history.iter().rev().chain(history)),
        "{name}: any order, any number of times"
    );
    let cell = document.cells.values().next().expect("a cell");
    let heads = cell.register.heads.iter().map(|head| head.op.to_string());
    let operations = history
        .iter()
        .map(|(op, id)| json!({"op_id": id.to_string(), "effective": op.hlc.bits(), "says": said(op)}));
    json!({"name": name, "operations": operations.collect::<Vec<_>>(), "heads": heads.collect::<Vec<_>>(),
        "shown": cell.register.value().map(|value| hex(&value.bytes.0)), "in_conflict": cell.register.is_in_conflict(),
        "present": cell.elements.present.keys().map(ToString::to_string).collect::<Vec<_>>()})
}

#[test]
fn merges() {
    let set = |text: &str| Action::Set(value(text));
    let first = written(1, 10, set("1"), &[]);
    let after = written(2, 20, set("2"), &[first.1]);
    let early = written(3, 5, set("3"), &[first.1]);
    let same = written(4, 30, set("2"), &[first.1]);
    let settled = written(5, 6, set("4"), &[after.1, early.1]);
    let cleared = written(6, 40, Action::Clear, &[after.1]);
    let file = |number: u8| {
        let file = Attachment {
            sha256: BlobHash::from_bytes([number; 32]),
            length: 3,
            media_type: "image/jpeg".to_owned(),
            capture: Bytes::default(),
        };
        written(number, number.into(), Action::Attach(file), &[])
    };
    let (photo, unseen) = (file(7), file(8));
    let detach = written(9, 50, Action::Detach(vec![photo.1]), &[]);
    let cases = vec![
        merged("one after another", &[first.clone(), after.clone()]),
        merged(
            "two that did not know of each other: the later one is shown",
            &[first.clone(), after.clone(), early.clone()],
        ),
        merged(
            "two that say the same are no conflict",
            &[first.clone(), after.clone(), same],
        ),
        merged(
            "whoever saw both settles it, whatever the clock says",
            &[first.clone(), after.clone(), early, settled],
        ),
        merged(
            "a predecessor that arrives late changes nothing",
            &[after.clone(), first.clone()],
        ),
        merged("taken away", &[first, after, cleared]),
        merged(
            "an addition that the removal had not seen stays",
            &[photo, unseen, detach],
        ),
    ];
    let about = "Operations on one register in any order, the heads that remain, which value is shown (the head with the \
        greatest effective stamp, then the greatest name), whether the heads differ, and what is in the set.";
    assert_vectors("merges.json", about, &cases);
}

#[test]
fn pushes() {
    let raw: Vec<Vec<u8>> = (1..=4)
        .map(|seq| {
            codec::encode(
                &Op {
                    origin_seq: seq,
                    ..op("answer/greeted", Action::Clear)
                },
                device(),
                seq,
            )
        })
        .collect();
    let mut chains = vec![ChainHead::default()];
    for (seq, raw) in (1..).zip(&raw) {
        let id = codec::op_id(raw, device(), seq);
        chains.push(chains[chains.len() - 1].then(id));
    }
    let other = ChainValue::from_slice(&[9; 16]).expect("16 bytes");
    let case = |name: &str, held: usize, from: usize, count: usize, prev: ChainValue| {
        let request = SyncRequest {
            device: device(),
            from_seq: from as u64,
            prev_chain: prev,
            ops: raw
                .iter()
                .skip(from - 1)
                .take(count)
                .map(|raw| Bytes::from(raw.clone()))
                .collect(),
            proto: PROTO,
            build: "vectors".to_owned(),
            cursor: None,
            refetch: Vec::new(),
            offers: Vec::new(),
            clock: ClockReading::default(),
            folds: false,
        };
        let stored = |seq: u64| {
            chains
                .get(usize::try_from(seq).expect("small"))
                .map(|head| head.chain)
        };
        let admission = admit(chains[held], &stored, &request);
        json!({"name": name,
            "server_holds": chains[1..=held].iter().map(|head| head.chain.to_string()).collect::<Vec<_>>(),
            "from_seq": from, "prev_chain": prev.to_string(),
            "ops": request.ops.iter().map(|raw| hex(&raw.0)).collect::<Vec<_>>(),
            "new": admission.new.iter().map(|incoming| incoming.head.seq).collect::<Vec<_>>(),
            "have": {"seq": admission.have.seq, "chain": admission.have.chain.to_string(), "common": admission.have.common}})
    };
    let cases = vec![
        case("the first push", 0, 1, 2, chains[0].chain),
        case("going on", 2, 3, 2, chains[2].chain),
        case("sent again", 4, 1, 4, chains[0].chain),
        case("partly sent again", 2, 1, 4, chains[0].chain),
        case("a gap: the server was restored", 1, 4, 1, chains[3].chain),
        case("another phone writes under this name", 2, 3, 1, other),
        case("nothing new", 3, 4, 0, chains[3].chain),
    ];
    let about = "What a server answers to a push: `server_holds` are the chain values of the device's log as the server has \
        it. `new` are the numbers that it takes in, `have` goes back to the device.";
    assert_vectors("pushes.json", about, &cases);
}

#[test]
fn stamps_and_cursors() {
    let cases = [
        ("an honest clock", 1_000, 1_050, None, vec![]),
        ("too far ahead", 900_000, 1_000, None, vec![]),
        (
            "behind what the same device wrote before",
            1_000,
            2_000,
            Some(1_500),
            vec![],
        ),
        (
            "behind what its author had seen",
            1_000,
            2_000,
            None,
            vec![1_800, 1_200],
        ),
    ];
    let stamps = cases.into_iter().map(|(name, stamp, received, previous, bases): (_, u64, u64, Option<u64>, Vec<u64>)| {
        let at = |ms: u64| Hlc::at(ms);
        let effective = clock::effective(at(stamp), received, previous.map(at), bases.iter().map(|ms| at(*ms)));
        json!({"name": name, "hlc": at(stamp).bits(), "received_ms": received, "previous": previous.map(|ms| at(ms).bits()),
            "bases": bases.iter().map(|ms| at(*ms).bits()).collect::<Vec<_>>(), "effective": effective.bits()})
    });
    let about = "The effective stamp of an operation, which orders heads that do not know of each other: at most five minutes \
        ahead of the server, and above what its author had seen or written before. A stamp is 48 bits of milliseconds and 16 of a counter.";
    assert_vectors("stamps.json", about, &stamps.collect::<Vec<_>>());

    let line = |number: u8| Incarnation::from_slice(&[number; 16]).expect("16 bytes");
    let head = FeedHead {
        pos: 10,
        incarnation: line(2),
    };
    let cursor = |pos, seen_head, number| Cursor {
        pos,
        seen_head,
        incarnation: line(number),
    };
    let cases = [
        ("no cursor", None, None),
        ("in the same timeline", Some(cursor(7, 9, 2)), Some(line(2))),
        (
            "what was seen belongs to an earlier timeline that goes on here",
            Some(cursor(4, 5, 1)),
            Some(line(1)),
        ),
        (
            "what was seen belongs to a timeline that is lost",
            Some(cursor(4, 8, 1)),
            Some(line(2)),
        ),
        (
            "from a future that this server does not have",
            Some(cursor(11, 12, 2)),
            None,
        ),
    ];
    let cursors = cases.into_iter().map(|(name, cursor, at_seen): (_, Option<Cursor>, Option<Incarnation>)| {
        let from = resume(cursor, head, |_| at_seen);
        json!({"name": name,
            "cursor": cursor.map(|cursor| json!({"pos": cursor.pos, "seen_head": cursor.seen_head, "incarnation": cursor.incarnation.to_string()})),
            "feed": {"pos": head.pos, "incarnation": head.incarnation.to_string()},
            "incarnation_at_seen_head": at_seen.map(|line| line.to_string()), "after": from.after, "reset": from.reset})
    });
    let about = "Where a pull goes on. After a reset, what the feed does not mention is no longer there.";
    assert_vectors("cursors.json", about, &cursors.collect::<Vec<_>>());
}
