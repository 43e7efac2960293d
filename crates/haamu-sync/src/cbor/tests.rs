//! The reading and writing of `serde`, which has to come to the same.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::engine::{BlobKind, BlobState, DeviceState, StoredBlob, StoredEntity, StoredOp};
use crate::{
    Attachment, AuthorId, BlobHash, Body, Cell, CellEntry, ChainHead, ChainValue, Change, ClockAnchor,
    ClockConfidence, ClockReading, Confirmation, Content, Cursor, DepositResponse, DeviceId, Disposition,
    DocumentId, Element, Entity, Exception, FeedEntry, Have, Head, Hlc, Incarnation, Lane, Need, Network,
    Networks, Offer, OpId, Policy, RegisterKey, Revocation, SubmissionBody, SyncRequest, SyncResponse, Value,
};

/// Draws for whatever is needed, one after the other.
struct Draws(Vec<u64>, usize);

impl Draws {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        self.0
            .get(self.1 % self.0.len().max(1))
            .copied()
            .unwrap_or_default()
            .rotate_left(self.1 as u32)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bool(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Numbers of all lengths that CBOR has.
    fn number(&mut self) -> u64 {
        let bits = [4, 5, 8, 16, 32, 64][self.below(6) as usize];
        self.next() >> (64 - bits)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = [0, 1, 20, 23, 24, 40, 255, 300][self.below(8) as usize];
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn text(&mut self) -> String {
        [
            "",
            "a",
            "hyvä",
            "answer/greeting",
            "a name that is longer than twenty-three bytes",
            "🙂",
        ][self.below(6) as usize]
            .to_owned()
    }

    fn id<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        std::array::from_fn(|_| self.next() as u8)
    }

    fn list<T>(&mut self, most: u64, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| one(self)).collect()
    }

    fn option<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.bool() { Some(one(self)) } else { None }
    }

    fn one_of<T: Copy, const COUNT: usize>(&mut self, all: [T; COUNT]) -> T {
        all[self.below(COUNT as u64) as usize]
    }

    fn op_id(&mut self) -> OpId {
        OpId::from_bytes(self.id())
    }

    fn value(&mut self) -> Value {
        Value {
            tag: self.number() as u8,
            bytes: self.bytes().into(),
        }
    }

    fn clock(&mut self) -> ClockReading {
        ClockReading {
            wall: self.number(),
            monotonic: self.number(),
            boot: self.number(),
        }
    }

    fn disposition(&mut self) -> Disposition {
        self.one_of([
            Disposition::Applied,
            Disposition::Duplicate,
            Disposition::Late,
            Disposition::Orphaned,
            Disposition::UnknownForm,
            Disposition::Unparseable,
        ])
    }

    fn head(&mut self) -> Head {
        Head {
            op: self.op_id(),
            effective: Hlc::from_bits(self.number()),
            confidence: self.one_of([
                ClockConfidence::Anchored,
                ClockConfidence::Offset,
                ClockConfidence::Wall,
            ]),
            author: AuthorId::from_bytes(self.id()),
            device: DeviceId::from_bytes(self.id()),
            value: self.option(Self::value),
            base: self.list(3, Self::op_id).into(),
        }
    }

    fn element(&mut self) -> Element {
        let content = if self.bool() {
            Content::Instance(self.value())
        } else {
            Content::Attachment(Attachment {
                sha256: BlobHash::from_bytes(self.id()),
                length: self.number(),
                media_type: self.text(),
                capture: self.bytes().into(),
            })
        };
        Element {
            content,
            effective: Hlc::from_bits(self.number()),
            author: AuthorId::from_bytes(self.id()),
        }
    }

    fn cell(&mut self) -> Cell {
        let mut cell = Cell::default();
        cell.register.heads = self.list(2, Self::head);
        cell.register.superseded = self.list(20, Self::op_id).into_iter().collect();
        cell.elements.present = self
            .list(2, |draws| (draws.op_id(), draws.element()))
            .into_iter()
            .collect();
        cell.elements.removed = self.list(2, Self::op_id).into_iter().collect();
        cell
    }

    fn key(&mut self) -> RegisterKey {
        RegisterKey {
            lane: self.one_of([Lane::Shopper, Lane::Review]),
            register: self.text().into(),
            instance: self.list(2, Self::op_id).into(),
        }
    }

    fn entity(&mut self) -> Entity {
        Entity {
            kind: self.text(),
            id: self.text(),
        }
    }

    fn revocation(&mut self) -> Revocation {
        Revocation {
            reason: self.text(),
            keep_until_uploaded: self.bool(),
        }
    }

    fn body(&mut self) -> Body {
        if self.bool() {
            return Body::Record(self.bytes().into());
        }
        Body::Submission(SubmissionBody {
            document: DocumentId::from_bytes(self.id()),
            state: self.text(),
            cycle: self.number() as u32,
            cells: self.list(3, |draws| CellEntry {
                key: draws.key(),
                cell: draws.cell(),
            }),
        })
    }

    fn entry(&mut self) -> FeedEntry {
        let entity = self.entity();
        let change = match self.number() % 3 {
            0 => Change::Upsert(self.body()),
            1 => Change::Revoke(self.revocation()),
            _ => Change::Confirm(Confirmation {
                state: self.text(),
                cycle: self.number() as u32,
            }),
        };
        FeedEntry { entity, change }
    }

    fn have(&mut self) -> Have {
        Have {
            seq: self.number(),
            chain: ChainValue::from_bytes(self.id()),
            common: self.number(),
        }
    }

    fn exception(&mut self) -> Exception {
        Exception {
            seq: self.number(),
            disposition: self.disposition(),
            code: self.text(),
        }
    }

    fn cursor(&mut self) -> Cursor {
        Cursor {
            pos: self.number(),
            seen_head: self.number(),
            incarnation: Incarnation::from_bytes(self.id()),
        }
    }

    fn need(&mut self) -> Need {
        Need {
            sha256: BlobHash::from_bytes(self.id()),
            document: DocumentId::from_bytes(self.id()),
            offset: self.number(),
            url: self.text(),
            expires: self.number(),
        }
    }

    fn policy(&mut self) -> Policy {
        Policy {
            min_build: self.text(),
            retry_after_ms: self.number(),
            networks: self.one_of([Networks::Any, Networks::PhotosUnmetered]),
            thumbnails: self.one_of([Network::Any, Network::Unmetered]),
            originals: self.one_of([Network::Any, Network::Unmetered]),
            originals_any_hours: self.number() as u32,
            low_battery_percent: self.number() as u8,
        }
    }

    fn request(&mut self) -> SyncRequest {
        SyncRequest {
            proto: self.number() as u32,
            build: self.text(),
            device: DeviceId::from_bytes(self.id()),
            from_seq: self.number(),
            prev_chain: ChainValue::from_bytes(self.id()),
            ops: self.list(3, |draws| draws.bytes().into()),
            cursor: self.option(Self::cursor),
            refetch: self.list(2, Self::entity),
            offers: self.list(2, |draws| Offer {
                sha256: BlobHash::from_bytes(draws.id()),
                length: draws.number(),
                document: DocumentId::from_bytes(draws.id()),
            }),
            clock: self.clock(),
            folds: self.bool(),
        }
    }

    fn response(&mut self) -> SyncResponse {
        SyncResponse {
            proto: self.number() as u32,
            server_time: self.number(),
            have: self.have(),
            exceptions: self.list(2, Self::exception),
            reset: self.bool(),
            page: self.list(2, Self::entry),
            fetched: self.list(1, Self::entry),
            cursor: self.cursor(),
            more: self.bool(),
            needs: self.list(2, Self::need),
            custody_upto: self.number(),
            policy: self.policy(),
        }
    }

    fn deposit(&mut self) -> DepositResponse {
        DepositResponse {
            proto: self.number() as u32,
            server_time: self.number(),
            have: self.have(),
            exceptions: self.list(2, Self::exception),
            needs: self.list(2, Self::need),
        }
    }

    fn device(&mut self) -> DeviceState {
        DeviceState {
            enrolled: self.bool(),
            cloned_from: self.option(|draws| DeviceId::from_bytes(draws.id())),
            start: ChainHead {
                seq: self.number(),
                chain: ChainValue::from_bytes(self.id()),
            },
            acknowledged: self.number(),
            included: self.number(),
            hlc: Hlc::from_bits(self.number()),
            anchor: self.option(|draws| ClockAnchor {
                server: draws.number(),
                device: draws.clock(),
            }),
            cursor: self.option(Self::cursor),
            generation: self.number(),
            next_effect: self.number(),
            policy: self.policy(),
            held_since: self.list(3, |draws| (draws.number(), draws.number())),
            ..DeviceState::new(DeviceId::from_bytes(self.id()), AuthorId::from_bytes(self.id()))
        }
    }

    fn stored_op(&mut self) -> StoredOp {
        StoredOp {
            seq: self.number(),
            raw: self.bytes().into(),
            set_aside: self.option(Self::disposition),
        }
    }

    fn stored_entity(&mut self) -> StoredEntity {
        StoredEntity {
            entity: self.entity(),
            generation: self.number(),
            body: self.body(),
            revoked: self.option(Self::revocation),
            revoked_at: self.number(),
        }
    }

    fn stored_blob(&mut self) -> StoredBlob {
        let kind = self.one_of([BlobKind::Preview, BlobKind::Original]);
        let document = DocumentId::from_bytes(self.id());
        StoredBlob {
            state: self.one_of([
                BlobState::Stored,
                BlobState::Complete,
                BlobState::Damaged,
                BlobState::Refused,
                BlobState::Freed,
            ]),
            completed_at: self.option(Self::number),
            receipt: self.option(|draws| draws.bytes().into()),
            ..StoredBlob::new(BlobHash::from_bytes(self.id()), self.number(), document, kind)
        }
    }
}

/// Changes of bytes: where, how many go, and what comes instead.
type Edits = Vec<(usize, usize, Vec<u8>)>;

fn agrees<T>(value: &T, edits: &Edits) -> Result<(), TestCaseError>
where
    T: Cbor + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let mut bytes = to_vec(value);
    prop_assert_eq!(&bytes, &minicbor_serde::to_vec(value).expect("cbor"));
    prop_assert_eq!(&from_slice::<T>(&bytes).expect("the same"), value);
    for (at, removed, put) in edits {
        let at = at % (bytes.len() + 1);
        let end = bytes.len().min(at + removed);
        bytes.splice(at..end, put.iter().copied());
    }
    // `serde` takes a little more: a choice without its map.
    if let Ok(read) = from_slice::<T>(&bytes) {
        prop_assert_eq!(minicbor_serde::from_slice::<T>(&bytes).ok(), Some(read));
    }
    Ok(())
}

proptest! {
    #[test]
    fn all_of_it_is_as_serde_has_it(
        draws in proptest::collection::vec(any::<u64>(), 1..40),
        edits in proptest::collection::vec((any::<usize>(), 0_usize..4, proptest::collection::vec(any::<u8>(), 0..4)), 0..3),
    ) {
        let mut draws = Draws(draws, 0);
        agrees(&draws.cell(), &edits)?;
        agrees(&draws.request(), &edits)?;
        agrees(&draws.response(), &edits)?;
        agrees(&draws.deposit(), &edits)?;
        agrees(&draws.device(), &edits)?;
        agrees(&draws.stored_op(), &edits)?;
        agrees(&draws.stored_entity(), &edits)?;
        agrees(&draws.stored_blob(), &edits)?;
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = from_slice::<SyncRequest>(&bytes);
        let _ = from_slice::<SyncResponse>(&bytes);
        let _ = from_slice::<Cell>(&bytes);
    }
}

#[test]
fn unknown_keys_any_order_and_open_ends_are_read() {
    // {_ "whence": [1, {2: h'03'}], "seen_head": 5, "incarnation": h'01…', "pos": 4}
    let mut bytes = b"\xbf\x66whence\x82\x01\xa1\x02\x41\x03\x69seen_head\x05\x6bincarnation\x50".to_vec();
    bytes.extend_from_slice(&[1; 16]);
    bytes.extend_from_slice(b"\x63pos\x18\x04\xff");
    let cursor = Cursor {
        pos: 4,
        seen_head: 5,
        incarnation: Incarnation::from_bytes([1; 16]),
    };
    assert_eq!(from_slice(&bytes), Ok(cursor));
    assert_eq!(minicbor_serde::from_slice::<Cursor>(&bytes).ok(), Some(cursor));
    // A field twice, one missing, and one of another kind.
    for wrong in [
        &b"\xa2\x64wall\x01\x64wall\x01"[..],
        b"\xa2\x64wall\x01\x69monotonic\x02",
        b"\xa3\x64wall\x01\x69monotonic\x02\x64boot\x20",
    ] {
        assert!(from_slice::<ClockReading>(wrong).is_err());
        assert!(minicbor_serde::from_slice::<ClockReading>(wrong).is_err());
    }
}
