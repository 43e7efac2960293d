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

use std::convert::Infallible;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::{
    Action, Attachment, AuthorId, BlobHash, Bytes, ClockConfidence, DeviceId, DocumentId, FormVersion, Hlc,
    Lane, Op, OpId, Submit, Value,
};

/// The longest operation that is understood, in bytes; longer ones are kept raw.
pub const MAX_OP_BYTES: usize = 256 * 1024;
/// The most ids that a list inside an operation may have.
const MAX_LIST: u64 = 10_000;
/// The longest name of a register, a stage or a media type, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// The most repeated groups that lie in each other.
const MAX_NESTING: usize = 8;
const CANONICAL_ITEMS: u64 = 10;

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

impl From<minicbor::decode::Error> for DecodeError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// Encodes an operation that `device` sends. The origin is written only where it is another one.
#[must_use]
pub fn encode(op: &Op, device: DeviceId, seq: u64) -> Vec<u8> {
    let mut out = Encoder::new(Vec::with_capacity(160));
    write_op(&mut out, op, device, seq).expect("writing to memory cannot fail");
    out.into_writer()
}

/// Decodes an operation that `device` sent as its number `seq`.
///
/// # Errors
/// [`DecodeError`]; the bytes can still be kept and named by [`op_id`].
pub fn decode(raw: &[u8], device: DeviceId, seq: u64) -> Result<Op, DecodeError> {
    if raw.len() > MAX_OP_BYTES {
        return Err(DecodeError::TooLong);
    }
    let mut input = Decoder::new(raw);
    let parts = input.array()?.ok_or(DecodeError::NotCanonical)?;
    if input.array()? != Some(CANONICAL_ITEMS) {
        return Err(DecodeError::Malformed);
    }
    let mut op = read_items(&mut input)?;
    op.confidence = ClockConfidence::from_code(input.u8()?).ok_or(DecodeError::Malformed)?;
    (op.origin_device, op.origin_seq) = match parts {
        2 => (device, seq),
        4 => (read_id(&mut input, DeviceId::from_slice)?, input.u64()?),
        _ => return Err(DecodeError::Malformed),
    };
    if input.position() != raw.len() {
        return Err(DecodeError::Malformed);
    }
    if encode(&op, device, seq) != raw {
        return Err(DecodeError::NotCanonical);
    }
    Ok(op)
}

/// The name of the operation that `device` sent in these bytes as its number `seq`.
#[must_use]
pub fn op_id(raw: &[u8], device: DeviceId, seq: u64) -> OpId {
    let mut hasher = blake3::Hasher::new();
    match outline(raw, device, seq) {
        Some((origin_device, origin_seq, items)) => {
            let mut head = Encoder::new(Vec::with_capacity(32));
            write_head(&mut head, origin_device, origin_seq).expect("writing to memory cannot fail");
            hasher.update(&head.into_writer());
            hasher.update(items);
        }
        None => {
            hasher.update(raw);
        }
    }
    OpId::from_bytes(first_half(&hasher))
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
        let mut out = Encoder::new(again);
        out.bytes(device.as_bytes())
            .and_then(|out| out.u64(seq))
            .expect("writing to memory cannot fail");
        again = out.into_writer();
    }
    again
}

/// The first 16 bytes of a BLAKE3 hash.
pub(crate) fn first_half(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    half
}

/// The origin, and the bytes of the items of the inner array.
fn outline(raw: &[u8], device: DeviceId, seq: u64) -> Option<(DeviceId, u64, &[u8])> {
    let mut input = Decoder::new(raw);
    let parts = input.array().ok()??;
    if input.array().ok()?? != CANONICAL_ITEMS {
        return None;
    }
    let start = input.position();
    for _ in 0..CANONICAL_ITEMS {
        input.skip().ok()?;
    }
    let items = raw.get(start..input.position())?;
    input.skip().ok()?;
    let (origin_device, origin_seq) = match parts {
        2 => (device, seq),
        4 => (read_id(&mut input, DeviceId::from_slice).ok()?, input.u64().ok()?),
        _ => return None,
    };
    (input.position() == raw.len()).then_some((origin_device, origin_seq, items))
}

type Out = Encoder<Vec<u8>>;
type Written = Result<(), minicbor::encode::Error<Infallible>>;

fn write_head(out: &mut Out, origin_device: DeviceId, origin_seq: u64) -> Written {
    out.array(CANONICAL_ITEMS + 2)?
        .bytes(origin_device.as_bytes())?
        .u64(origin_seq)?;
    Ok(())
}

fn write_op(out: &mut Out, op: &Op, device: DeviceId, seq: u64) -> Written {
    let is_reissued = (op.origin_device, op.origin_seq) != (device, seq);
    out.array(if is_reissued { 4 } else { 2 })?
        .array(CANONICAL_ITEMS)?;
    out.u64(op.hlc.bits())?.bytes(op.document.as_bytes())?;
    out.u8(match op.lane {
        Lane::Shopper => 0,
        Lane::Review => 1,
    })?;
    out.str(&op.register)?;
    write_ids(out, &op.instance)?;
    write_action(out, &op.action)?;
    match &op.form_version {
        Some(version) => out.bytes(version.as_bytes())?,
        None => out.null()?,
    };
    out.bytes(op.author.as_bytes())?;
    write_ids(out, &op.base)?;
    out.u8(op.confidence.code())?;
    if is_reissued {
        out.bytes(op.origin_device.as_bytes())?.u64(op.origin_seq)?;
    }
    Ok(())
}

fn write_ids(out: &mut Out, ids: &[OpId]) -> Written {
    out.array(ids.len() as u64)?;
    ids.iter().try_for_each(|id| out.bytes(id.as_bytes()).map(drop))
}

/// The items `kind` and `value`.
fn write_action(out: &mut Out, action: &Action) -> Written {
    match action {
        Action::Set(value) => write_value(out.u8(0)?, value),
        Action::Clear => out.u8(1)?.null().map(drop),
        Action::AddInstance(value) => write_value(out.u8(2)?, value),
        Action::RemoveInstance(observed) => write_ids(out.u8(3)?, observed),
        Action::Attach(file) => {
            out.u8(4)?
                .array(4)?
                .bytes(file.sha256.as_bytes())?
                .u64(file.length)?;
            out.str(&file.media_type)?.bytes(&file.capture.0).map(drop)
        }
        Action::Detach(observed) => write_ids(out.u8(5)?, observed),
        Action::Submit(submit) => {
            out.u8(6)?.array(3)?.str(&submit.stage)?.u32(submit.cycle)?;
            out.array(submit.frontier.len() as u64)?;
            submit
                .frontier
                .iter()
                .try_for_each(|(device, seq)| out.array(2)?.bytes(device.as_bytes())?.u64(*seq).map(drop))
        }
        Action::Note(text) => out.u8(7)?.bytes(&text.0).map(drop),
    }
}

fn write_value(out: &mut Out, value: &Value) -> Written {
    out.array(2)?.u8(value.tag)?.bytes(&value.bytes.0).map(drop)
}

/// Reads the ten items; what stands outside of them is left at its default.
fn read_items(input: &mut Decoder<'_>) -> Result<Op, DecodeError> {
    let hlc = Hlc::from_bits(input.u64()?);
    let document = read_id(input, DocumentId::from_slice)?;
    let lane = match input.u8()? {
        0 => Lane::Shopper,
        1 => Lane::Review,
        _ => return Err(DecodeError::Malformed),
    };
    let register = read_name(input)?;
    let instance = read_ids(input)?;
    if instance.len() > MAX_NESTING {
        return Err(DecodeError::TooLong);
    }
    let action = read_action(input)?;
    let form_version = if input.datatype()? == Type::Null {
        input.null()?;
        None
    } else {
        Some(read_id(input, FormVersion::from_slice)?)
    };
    let author = read_id(input, AuthorId::from_slice)?;
    let base = read_ids(input)?;
    Ok(Op {
        origin_device: DeviceId::default(),
        origin_seq: 0,
        hlc,
        confidence: ClockConfidence::default(),
        document,
        lane,
        register,
        instance,
        action,
        form_version,
        author,
        base,
    })
}

fn read_action(input: &mut Decoder<'_>) -> Result<Action, DecodeError> {
    Ok(match input.u8()? {
        0 => Action::Set(read_value(input)?),
        1 => {
            input.null()?;
            Action::Clear
        }
        2 => Action::AddInstance(read_value(input)?),
        3 => Action::RemoveInstance(read_ids(input)?),
        4 => {
            read_array(input, 4)?;
            Action::Attach(Attachment {
                sha256: read_id(input, BlobHash::from_slice)?,
                length: input.u64()?,
                media_type: read_name(input)?,
                capture: Bytes(input.bytes()?.to_vec()),
            })
        }
        5 => Action::Detach(read_ids(input)?),
        6 => {
            read_array(input, 3)?;
            let stage = read_name(input)?;
            let cycle = input.u32()?;
            let frontier = read_list(input, |input| {
                read_array(input, 2)?;
                Ok((read_id(input, DeviceId::from_slice)?, input.u64()?))
            })?;
            Action::Submit(Submit {
                stage,
                cycle,
                frontier,
            })
        }
        7 => Action::Note(Bytes(input.bytes()?.to_vec())),
        kind => return Err(DecodeError::UnknownKind(kind)),
    })
}

/// A name that every database can hold and index.
fn read_name(input: &mut Decoder<'_>) -> Result<String, DecodeError> {
    let name = input.str()?;
    if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(DecodeError::Malformed);
    }
    Ok(name.to_owned())
}

fn read_value(input: &mut Decoder<'_>) -> Result<Value, DecodeError> {
    read_array(input, 2)?;
    Ok(Value {
        tag: input.u8()?,
        bytes: Bytes(input.bytes()?.to_vec()),
    })
}

fn read_array(input: &mut Decoder<'_>, length: u64) -> Result<(), DecodeError> {
    if input.array()? == Some(length) {
        Ok(())
    } else {
        Err(DecodeError::Malformed)
    }
}

fn read_list<'b, T>(
    input: &mut Decoder<'b>,
    mut read: impl FnMut(&mut Decoder<'b>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let length = input.array()?.ok_or(DecodeError::NotCanonical)?;
    if length > MAX_LIST {
        return Err(DecodeError::TooLong);
    }
    (0..length).map(|_| read(input)).collect()
}

fn read_ids(input: &mut Decoder<'_>) -> Result<Vec<OpId>, DecodeError> {
    read_list(input, |input| read_id(input, OpId::from_slice))
}

fn read_id<T>(input: &mut Decoder<'_>, from_slice: fn(&[u8]) -> Option<T>) -> Result<T, DecodeError> {
    from_slice(input.bytes()?).ok_or(DecodeError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

    fn op(action: Action) -> Op {
        Op {
            origin_device: DEVICE,
            origin_seq: 3,
            hlc: Hlc::at(1_700_000_000_000),
            confidence: ClockConfidence::Anchored,
            document: DocumentId::from_bytes([2; 16]),
            lane: Lane::Shopper,
            register: "answer/greeting".to_owned(),
            instance: Vec::new(),
            action,
            form_version: Some(FormVersion::from_bytes([3; 32])),
            author: AuthorId::from_bytes([4; 16]),
            base: vec![OpId::from_bytes([5; 16])],
        }
    }

    fn any_action() -> impl Strategy<Value = Action> {
        let value =
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(tag, bytes)| Value {
                tag,
                bytes: Bytes(bytes),
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
                    capture: Bytes(vec![1, 2]),
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
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|text| Action::Note(Bytes(text))),
        ]
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
            prop_assert_eq!(op_id(&raw, DEVICE, 1), op_id(&raw, DEVICE, 1));
        }

        #[test]
        fn damaged_operations_are_named_and_never_panic(action in any_action(), at in any::<usize>(), byte in any::<u8>()) {
            let mut raw = encode(&op(action), DEVICE, 3);
            let at = at % raw.len();
            raw[at] = byte;
            if let Ok(op) = decode(&raw, DEVICE, 3) {
                prop_assert_eq!(encode(&op, DEVICE, 3), raw);
            }
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
        let known = encode(&op(Action::Note(Bytes(vec![0xaa]))), DEVICE, 3);
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
        let known = op(Action::Note(Bytes(vec![0xaa])));
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
            bytes: Bytes(b"\"yes\"".to_vec()),
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
