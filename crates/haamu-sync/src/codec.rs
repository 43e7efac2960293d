//! Operations as bytes: deterministic CBOR (RFC 8949, 4.2.1), and their names.
//!
//! An encoded operation is an array:
//!
//! ```text
//! [ [hlc, document, lane, register, instance, kind, value, form_version, author, base],
//!   clock confidence,
//!   origin device, origin seq ]      the last two only when a clone re-issues an operation
//! ```
//!
//! The name of an operation is BLAKE3-128 over the canonical array
//! `[origin_device, origin_seq, …the ten items of the inner array]`. Since the
//! inner array is encoded just as it stands there, a receiver can name an
//! operation whose kind it does not know. Bytes that do not even have this
//! outline are named by their own hash. So every receiver computes the same
//! chain, whatever it understands.

#[cfg(test)]
mod oracle;
mod read;
mod write;

use self::read::{read_id, read_items};
use self::write::write_op;
use crate::cbor::reader::{ARRAY, BYTES, Reader, UNSIGNED};
use crate::cbor::{Writer, head};
use crate::{Action, AuthorId, ClockConfidence, DeviceId, DocumentId, Hlc, Lane, Name, Op, OpId, OpIds};

/// The longest operation that is understood, in bytes; longer ones are kept raw.
pub const MAX_OP_BYTES: usize = 256 * 1024;
const CANONICAL_ITEMS: u64 = 10;
/// The longest head of the canonical array with its two items of the origin.
const MAX_CANONICAL_HEAD: usize = 1 + 1 + DeviceId::LENGTH + 9;

/// Why bytes are not an operation that this version understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than [`MAX_OP_BYTES`].
    #[error("the operation is too long")]
    TooLong,
    /// Not the outline of an operation.
    #[error("not an encoded operation")]
    Malformed,
    /// An operation of a kind that a newer version introduced.
    #[error("unknown kind of operation: {0}")]
    UnknownKind(u8),
    /// Sound, but not encoded in the one deterministic way.
    #[error("not deterministically encoded")]
    NotCanonical,
}

/// Encodes an operation that `device` sends. The origin is written only where it is another one.
#[must_use]
pub fn encode(op: &Op, device: DeviceId, seq: u64) -> Vec<u8> {
    let mut out = Writer::of(Vec::with_capacity(192));
    write_op(&mut out, op, device, seq);
    out.into_vec()
}

/// Decodes an operation that `device` sent as its number `seq`.
///
/// # Errors
/// [`DecodeError`]; the bytes can still be kept and named by [`op_id`].
pub fn decode(raw: &[u8], device: DeviceId, seq: u64) -> Result<Op, DecodeError> {
    let mut op = blank();
    read_op(raw, device, seq, &mut op)?;
    Ok(op)
}

/// The name of the operation that `device` sent in these bytes as its number `seq`.
#[must_use]
pub fn op_id(raw: &[u8], device: DeviceId, seq: u64) -> OpId {
    match outline(raw, device, seq) {
        Some((origin_device, origin_seq, items)) => name(origin_device, origin_seq, items),
        None => OpId::from_bytes(first_half(&blake3::hash(raw))),
    }
}

/// Both [`op_id`] and [`decode`], in one pass.
pub fn read(raw: &[u8], device: DeviceId, seq: u64) -> (OpId, Result<Op, DecodeError>) {
    let mut op = Ok(blank());
    (read_into(&mut op, raw, device, seq), op)
}

/// As [`read()`], into an operation that is already where it is to be.
pub(crate) fn read_into(slot: &mut Result<Op, DecodeError>, raw: &[u8], device: DeviceId, seq: u64) -> OpId {
    let Ok(op) = slot else {
        return op_id(raw, device, seq);
    };
    match read_op(raw, device, seq, op) {
        Ok(items) => name(op.origin_device, op.origin_seq, items),
        Err(error) => {
            *slot = Err(error);
            op_id(raw, device, seq)
        }
    }
}

/// An operation to be read into, for it is too large to be handed around.
pub(crate) const fn blank() -> Op {
    Op {
        origin_device: DeviceId::from_bytes([0; DeviceId::LENGTH]),
        origin_seq: 0,
        hlc: Hlc::from_bits(0),
        confidence: ClockConfidence::Wall,
        document: DocumentId::from_bytes([0; DocumentId::LENGTH]),
        lane: Lane::Shopper,
        register: Name::new_static(""),
        instance: OpIds::new(),
        action: Action::Clear,
        form_version: None,
        author: AuthorId::from_bytes([0; AuthorId::LENGTH]),
        base: OpIds::new(),
    }
}

/// Reads an operation, and returns the bytes of the items of its inner array.
#[inline]
fn read_op<'b>(raw: &'b [u8], device: DeviceId, seq: u64, op: &mut Op) -> Result<&'b [u8], DecodeError> {
    if raw.len() > MAX_OP_BYTES {
        return Err(DecodeError::TooLong);
    }
    let mut input = Reader::new(raw);
    let parts = input.array()?.ok_or(DecodeError::NotCanonical)?;
    if input.array()? != Some(CANONICAL_ITEMS) {
        return Err(DecodeError::Malformed);
    }
    let from = input.rest();
    read_items(&mut input, op)?;
    let items = &from[..from.len() - input.rest().len()];
    op.confidence = ClockConfidence::from_code(input.u8()?).ok_or(DecodeError::Malformed)?;
    (op.origin_device, op.origin_seq) = match parts {
        2 => (device, seq),
        4 => (read_id(&mut input, DeviceId::from_slice)?, input.u64()?),
        _ => return Err(DecodeError::Malformed),
    };
    if !input.rest().is_empty() {
        return Err(DecodeError::Malformed);
    }
    let is_needless = parts == 4 && (op.origin_device, op.origin_seq) == (device, seq);
    if is_needless || !input.is_shortest {
        return Err(DecodeError::NotCanonical);
    }
    Ok(items)
}

/// The bytes under which a device sends an operation again after it took a new name: `device` had
/// sent them as its number `seq`. The operation keeps its name, also where its kind is not known.
#[must_use]
pub fn reissue(raw: &[u8], device: DeviceId, seq: u64) -> Vec<u8> {
    const ARRAY_OF_TWO: u8 = 0x82;
    const ARRAY_OF_FOUR: u8 = 0x84;
    let mut again = raw.to_vec();
    // With four parts its origin is in it; without the outline of an operation it has none.
    if outline(raw, device, seq).is_some()
        && let Some(head) = again.first_mut().filter(|head| **head == ARRAY_OF_TWO)
    {
        *head = ARRAY_OF_FOUR;
        let mut out = Writer::of(again);
        out.bytes(device.as_bytes());
        out.unsigned(seq);
        again = out.into_vec();
    }
    again
}

/// Whether the bytes have the outline of an operation, so that they can say where they come from.
pub(crate) fn has_outline(raw: &[u8]) -> bool {
    outline(raw, DeviceId::default(), 0).is_some()
}

/// BLAKE3-128 over the canonical array: its head and the origin, then the items as they stand.
fn name(origin_device: DeviceId, origin_seq: u64, items: &[u8]) -> OpId {
    // What is at hand in one piece is hashed much faster; only a long operation takes an allocation.
    let (mut short, mut long) = ([0; 256], Vec::new());
    let room = items.len() + MAX_CANONICAL_HEAD;
    let canonical = match short.get_mut(..room) {
        Some(space) => space,
        None => {
            long.resize(room, 0);
            &mut long[..]
        }
    };
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        canonical[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    put(head(ARRAY, CANONICAL_ITEMS + 2, &mut [0; 9]));
    put(head(BYTES, DeviceId::LENGTH as u64, &mut [0; 9]));
    put(origin_device.as_bytes());
    put(head(UNSIGNED, origin_seq, &mut [0; 9]));
    put(items);
    OpId::from_bytes(first_half(&blake3::hash(&canonical[..length])))
}

/// The first 16 bytes of a BLAKE3 hash.
pub(crate) fn first_half(hash: &blake3::Hash) -> [u8; 16] {
    let (half, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    *half
}

/// The origin, and the bytes of the items of the inner array.
fn outline(raw: &[u8], device: DeviceId, seq: u64) -> Option<(DeviceId, u64, &[u8])> {
    let mut input = Reader::new(raw);
    let parts = input.array().ok()??;
    if input.array().ok()?? != CANONICAL_ITEMS {
        return None;
    }
    let from = input.rest();
    input.skip(CANONICAL_ITEMS).ok()?;
    let items = from.len() - input.rest().len();
    input.skip(1).ok()?;
    let (origin_device, origin_seq) = match parts {
        2 => (device, seq),
        4 => (read_id(&mut input, DeviceId::from_slice).ok()?, input.u64().ok()?),
        _ => return None,
    };
    input
        .rest()
        .is_empty()
        .then_some((origin_device, origin_seq, &from[..items]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Attachment, BlobHash, Bytes, FormVersion, Submit, Value};

    const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

    fn op(action: Action) -> Op {
        Op {
            origin_device: DEVICE,
            origin_seq: 3,
            hlc: Hlc::at(1_700_000_000_000),
            confidence: ClockConfidence::Anchored,
            document: DocumentId::from_bytes([2; 16]),
            lane: Lane::Shopper,
            register: "answer/greeting".into(),
            instance: OpIds::new(),
            action,
            form_version: Some(FormVersion::from_bytes([3; 32])),
            author: AuthorId::from_bytes([4; 16]),
            base: [OpId::from_bytes([5; 16])].into(),
        }
    }

    fn any_action() -> impl Strategy<Value = Action> {
        let value =
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(tag, bytes)| Value {
                tag,
                bytes: Bytes::from(bytes),
            });
        let ids = proptest::collection::vec(any::<[u8; 16]>().prop_map(OpId::from_bytes), 0..4);
        let frontier = proptest::collection::vec(
            (any::<[u8; 16]>().prop_map(DeviceId::from_bytes), any::<u64>()),
            0..3,
        );
        prop_oneof![
            value.clone().prop_map(Action::Set),
            Just(Action::Clear),
            value.prop_map(Action::AddInstance),
            ids.clone().prop_map(Action::RemoveInstance),
            (any::<[u8; 32]>(), any::<u64>(), "[a-zåäö/🙂]{0,20}").prop_map(|(hash, length, media_type)| {
                let sha256 = BlobHash::from_bytes(hash);
                Action::Attach(Attachment {
                    sha256,
                    length,
                    media_type,
                    capture: Bytes::from(vec![1, 2]),
                })
            }),
            ids.prop_map(Action::Detach),
            ("[a-zåäö_🙂]{0,10}", any::<u32>(), frontier).prop_map(
                |(stage, cycle, frontier)| Action::Submit(Submit {
                    stage,
                    cycle,
                    frontier
                })
            ),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|text| Action::Note(Bytes::from(text))),
        ]
    }

    fn assert_read_as_ever(raw: &[u8], seq: u64) -> Result<(), TestCaseError> {
        let before = (oracle::op_id(raw, DEVICE, seq), oracle::decode(raw, DEVICE, seq));
        prop_assert_eq!(&(op_id(raw, DEVICE, seq), decode(raw, DEVICE, seq)), &before);
        prop_assert_eq!(read(raw, DEVICE, seq), before);
        Ok(())
    }

    proptest! {
        #[test]
        fn operations_round_trip(action in any_action(), seq in 1_u64..9) {
            let op = op(action);
            let raw = encode(&op, DEVICE, seq);
            prop_assert_eq!(decode(&raw, DEVICE, seq), Ok(op));
        }

        #[test]
        fn arbitrary_bytes_are_named_and_never_panic(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&raw, DEVICE, 1);
            assert_read_as_ever(&raw, 1)?;
        }

        #[test]
        fn damaged_operations_are_named_and_never_panic(action in any_action(), at in any::<usize>(), byte in any::<u8>()) {
            let mut raw = encode(&op(action), DEVICE, 3);
            let at = at % raw.len();
            raw[at] = byte;
            if let Ok(op) = decode(&raw, DEVICE, 3) {
                prop_assert_eq!(encode(&op, DEVICE, 3), &raw[..]);
            }
            assert_read_as_ever(&raw, 3)?;
        }

        #[test]
        fn one_pass_comes_to_what_two_came_to(
            action in any_action(), seq in 1_u64..5, origin in any::<bool>(),
            edits in proptest::collection::vec((any::<usize>(), 0_usize..3, proptest::collection::vec(any::<u8>(), 0..3)), 0..4),
        ) {
            let mut op = op(action);
            if origin {
                op.origin_device = DeviceId::from_bytes([8; 16]);
            }
            let mut raw = encode(&op, DEVICE, seq);
            for (at, removed, put) in edits {
                let at = at % (raw.len() + 1);
                let end = raw.len().min(at + removed);
                raw.splice(at..end, put);
            }
            assert_read_as_ever(&raw, seq)?;
        }

        #[test]
        fn heads_of_any_length_are_read_as_ever(
            action in any_action(), at in any::<usize>(), wide in 0_usize..4, parts in any::<bool>(),
        ) {
            // Makes one head longer than it need be, wherever that is still an encoding of something.
            let raw = encode(&op(action), DEVICE, if parts { 3 } else { 4 });
            let at = at % raw.len();
            let (major, number) = (raw[at] & 0xe0, raw[at] & 0x1f);
            let mut longer = raw[..at].to_vec();
            longer.push(major | (24 + wide as u8));
            longer.extend(std::iter::repeat_n(0, (1 << wide) - 1));
            longer.push(number);
            longer.extend_from_slice(&raw[at + 1..]);
            assert_read_as_ever(&longer, 3)?;
        }
    }

    #[test]
    fn a_reissued_operation_keeps_its_name() {
        let op = op(Action::Clear);
        let first = encode(&op, DEVICE, 3);
        let clone = DeviceId::from_bytes([9; 16]);
        let again = encode(&op, clone, 1);
        assert_ne!(first, again);
        assert_eq!(op_id(&first, DEVICE, 3), op_id(&again, clone, 1));
        assert_ne!(op_id(&first, DEVICE, 3), op_id(&first, DEVICE, 4));
    }

    #[test]
    fn an_operation_of_an_unknown_kind_has_the_name_that_its_author_gives_it() {
        let known = encode(&op(Action::Note(Bytes::from(vec![0xaa]))), DEVICE, 3);
        let kind_at = known
            .windows(3)
            .position(|window| window == [7, 0x41, 0xaa])
            .expect("kind and value");
        let mut unknown = known.clone();
        unknown[kind_at] = 17;
        assert_eq!(decode(&unknown, DEVICE, 3), Err(DecodeError::UnknownKind(17)));
        let outline = outline(&unknown, DEVICE, 3).expect("the outline is sound");
        assert_eq!(
            outline.2.len(),
            known.len() - 3,
            "all but the two array heads and the confidence"
        );
    }

    #[test]
    fn there_is_one_encoding_only() {
        let raw = encode(&op(Action::Clear), DEVICE, 3);
        // The outer array of two with its length in a further byte is sound CBOR, but not deterministic.
        let mut longer = vec![0x98, 0x02];
        longer.extend_from_slice(&raw[1..]);
        assert_eq!(decode(&longer, DEVICE, 3), Err(DecodeError::NotCanonical));
        let mut trailing = raw.clone();
        trailing.push(0);
        assert_eq!(decode(&trailing, DEVICE, 3), Err(DecodeError::Malformed));
        assert_eq!(
            decode(&vec![0; MAX_OP_BYTES + 1], DEVICE, 3),
            Err(DecodeError::TooLong)
        );
    }

    #[test]
    fn an_operation_keeps_its_name_under_another_device() {
        let clone = DeviceId::from_bytes([9; 16]);
        let known = op(Action::Note(Bytes::from(vec![0xaa])));
        let raw = encode(&known, DEVICE, 3);
        let again = reissue(&raw, DEVICE, 3);
        assert_eq!(again, encode(&known, clone, 1));
        assert_eq!(reissue(&again, clone, 1), again);
        let kind_at = raw
            .windows(3)
            .position(|window| window == [7, 0x41, 0xaa])
            .expect("kind and value");
        let mut unknown = raw;
        unknown[kind_at] = 17;
        assert_eq!(
            op_id(&reissue(&unknown, DEVICE, 3), clone, 1),
            op_id(&unknown, DEVICE, 3)
        );
        assert_eq!(reissue(b"poison", DEVICE, 3), b"poison");
    }

    /// The bytes and the name of an operation are a persisted format: they never change.
    #[test]
    fn the_encoding_is_frozen() {
        let value = Value {
            tag: 1,
            bytes: Bytes::from(b"\"yes\"".to_vec()),
        };
        let raw = encode(&op(Action::Set(value)), DEVICE, 3);
        let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = concat!(
            "828a1b018bcfe5680000005002020202020202020202020202020202",
            "006f616e737765722f6772656574696e67800082014522796573225820",
            "0303030303030303030303030303030303030303030303030303030303030303",
            "500404040404040404040404040404040481500505050505050505050505050505050500",
        );
        assert_eq!(hex, expected);
        assert_eq!(op_id(&raw, DEVICE, 3).to_string(), "rsZFEaiSFT0mpNS7dztEaA");
    }
}
