//! Fuzz targets of what a server reads from anybody: under the test runner some thousand mutations
//! of sound bytes; `cargo bolero test <name> -p haamu-sync` runs one under a coverage-guided fuzzer.

use bolero::check;
use haamu_sync::server::{Standing, admit, dispose};
use haamu_sync::{
    Action, Attachment, AuthorId, BlobHash, Bytes, ChainHead, ClockConfidence, ClockReading, DeviceId,
    Disposition, Document, DocumentId, Frame, Hlc, Lane, Op, OpId, OpIds, PROTO, Submit, SyncRequest,
    SyncResponse, Value, clock, codec,
};

const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

/// One change of some bytes: where, how many go, what comes instead.
type Edit = (u32, u8, u8);

fn mutated(sound: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for (place, removed, put) in edits {
        let start = usize::try_from(*place).unwrap_or_default() % (bytes.len() + 1);
        let end = bytes.len().min(start + usize::from(removed % 8));
        bytes.splice(start..end, std::iter::once(*put));
    }
    bytes
}

fn sound_op(kind: u8, seq: u64) -> Vec<u8> {
    let value = Value {
        tag: 1,
        bytes: Bytes::from(b"\"yes\"".to_vec()),
    };
    let action = match kind % 8 {
        0 => Action::Set(value),
        1 => Action::Clear,
        2 => Action::AddInstance(value),
        3 => Action::RemoveInstance(vec![OpId::from_bytes([6; 16])]),
        4 => Action::Attach(Attachment {
            sha256: BlobHash::from_bytes([7; 32]),
            length: 400_000,
            media_type: "image/jpeg".to_owned(),
            capture: Bytes::default(),
        }),
        5 => Action::Detach(vec![OpId::from_bytes([8; 16])]),
        6 => Action::Submit(Submit {
            stage: "main".to_owned(),
            cycle: 1,
            frontier: vec![(DEVICE, 4)],
        }),
        _ => Action::Note(Bytes::from(b"seen".to_vec())),
    };
    let op = Op {
        origin_device: DEVICE,
        origin_seq: seq,
        hlc: Hlc::at(1_700_000_000_000),
        confidence: ClockConfidence::Anchored,
        document: DocumentId::from_bytes([2; 16]),
        lane: Lane::Shopper,
        register: "answer/greeting".into(),
        instance: OpIds::new(),
        action,
        form_version: None,
        author: AuthorId::from_bytes([3; 16]),
        base: [OpId::from_bytes([4; 16])].into(),
    };
    codec::encode(&op, DEVICE, seq)
}

fn request(ops: Vec<Bytes>, from_seq: u64) -> SyncRequest {
    SyncRequest {
        proto: PROTO,
        build: "fuzz".to_owned(),
        device: DEVICE,
        from_seq,
        prev_chain: haamu_sync::ChainValue::default(),
        ops,
        cursor: None,
        refetch: Vec::new(),
        offers: Vec::new(),
        clock: ClockReading::default(),
        folds: false,
    }
}

#[test]
fn operations_are_read_or_refused() {
    check!().with_type::<(u8, Vec<Edit>)>().for_each(|(kind, edits)| {
        let bytes = mutated(&sound_op(*kind, 3), edits);
        let name = codec::op_id(&bytes, DEVICE, 3);
        assert_eq!(codec::op_id(&bytes, DEVICE, 3), name);
        let again = codec::reissue(&bytes, DEVICE, 3);
        let clone = DeviceId::from_bytes([9; 16]);
        assert_eq!(codec::op_id(&again, clone, 1), name, "a name outlives its device");
        if let Ok(op) = codec::decode(&bytes, DEVICE, 3) {
            assert_eq!(codec::encode(&op, DEVICE, 3), bytes, "there is one encoding");
            let reissued = codec::decode(&again, clone, 1).expect("readable as before");
            assert_eq!(reissued, op);
        }
    });
}

#[test]
fn frames_in_cbor_are_read_or_refused() {
    let sound = request(vec![Bytes::from(sound_op(0, 1))], 1).to_cbor();
    check!().with_type::<Vec<Edit>>().for_each(|edits| {
        let bytes = mutated(&sound, edits);
        if let Ok(frame) = SyncRequest::from_cbor(&bytes) {
            let again = SyncRequest::from_cbor(&frame.to_cbor()).expect("what was written can be read");
            assert_eq!(again, frame);
        }
        let _ = SyncResponse::from_cbor(&bytes);
    });
}

#[test]
fn frames_in_json_are_read_or_refused() {
    let frame = request(vec![Bytes::from(sound_op(0, 1))], 1);
    let sound = serde_json::to_vec(&frame).expect("json");
    check!().with_type::<Vec<Edit>>().for_each(|edits| {
        let bytes = mutated(&sound, edits);
        if let Ok(frame) = serde_json::from_slice::<SyncRequest>(&bytes) {
            let json = serde_json::to_vec(&frame).expect("json");
            let again: SyncRequest = serde_json::from_slice(&json).expect("what was written can be read");
            assert_eq!(again, frame);
        }
        let _ = serde_json::from_slice::<SyncResponse>(&bytes);
    });
}

#[test]
fn everything_in_a_sound_frame_is_kept() {
    check!().with_type::<Vec<(u8, Vec<Edit>)>>().for_each(|pushed| {
        let ops = pushed
            .iter()
            .zip(1_u64..)
            .map(|((kind, edits), seq)| Bytes::from(mutated(&sound_op(*kind, seq), edits)));
        let request = request(ops.collect(), 1);
        let admission = admit(ChainHead::default(), &|_| None, &request);
        assert_eq!(admission.new.len(), request.ops.len(), "custody of all");
        assert_eq!(admission.have.seq, request.ops.len() as u64);
        let mut document = Document::default();
        for (incoming, raw) in admission.new.iter().zip(&request.ops) {
            assert_eq!(*incoming.raw, *raw.0, "as it came");
            let (place, code) = dispose(&incoming.op, Standing::Open, Lane::Shopper, |_| true);
            assert!(!code.is_empty());
            if let (Ok(op), Disposition::Applied) = (&incoming.op, place) {
                let effective = clock::effective(op.hlc, 1_700_000_000_000, None, []);
                document.fold(op, incoming.id, effective);
            }
        }
        // What was taken in once is known from then on, however it is cut.
        let heads: Vec<ChainHead> = admission.new.iter().map(|incoming| incoming.head).collect();
        let stored = |seq: u64| {
            heads
                .get(usize::try_from(seq).ok()?.checked_sub(1)?)
                .map(|head| head.chain)
        };
        let head = heads.last().copied().unwrap_or_default();
        assert_eq!(admit(head, &stored, &request).new, []);
    });
}

#[test]
fn arbitrary_requests_are_answered() {
    check!()
        .with_type::<(u64, u64, Vec<Vec<u8>>, [u8; 16])>()
        .for_each(|(head_seq, from_seq, ops, chain)| {
            let chain = haamu_sync::ChainValue::from_bytes(*chain);
            let ops = ops.iter().cloned().map(Bytes::from).collect();
            // At the far end of the numbers nothing is to be had; a server's log is shorter.
            let head = ChainHead {
                seq: head_seq >> 8,
                chain,
            };
            let request = SyncRequest {
                prev_chain: chain,
                ..request(ops, *from_seq)
            };
            let admission = admit(head, &|_| Some(chain), &request);
            assert!(admission.have.seq >= head.seq, "nothing is forgotten");
            assert!(admission.have.common <= admission.have.seq);
        });
}
