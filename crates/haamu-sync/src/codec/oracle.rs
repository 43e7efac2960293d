//! The reading of operations as it was at first: by a general decoder, and encoded again to be
//! compared. Whatever the bytes, the reading in one pass must come to the same.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use super::{CANONICAL_ITEMS, DecodeError, MAX_OP_BYTES, encode};
use crate::{
    Action, Attachment, AuthorId, BlobHash, Bytes, ClockConfidence, DeviceId, DocumentId, FormVersion, Hlc,
    Lane, Op, OpId, Submit, Value,
};

impl From<minicbor::decode::Error> for DecodeError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

pub(super) fn decode(raw: &[u8], device: DeviceId, seq: u64) -> Result<Op, DecodeError> {
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

pub(super) fn op_id(raw: &[u8], device: DeviceId, seq: u64) -> OpId {
    let mut hasher = blake3::Hasher::new();
    match outline(raw, device, seq) {
        Some((origin_device, origin_seq, items)) => {
            let mut head = Encoder::new(Vec::with_capacity(32));
            head.array(CANONICAL_ITEMS + 2)
                .and_then(|head| head.bytes(origin_device.as_bytes()))
                .and_then(|head| head.u64(origin_seq))
                .expect("writing to memory cannot fail");
            hasher.update(&head.into_writer());
            hasher.update(items);
        }
        None => {
            hasher.update(raw);
        }
    }
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    OpId::from_bytes(half)
}

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

const MAX_LIST: u64 = 10_000;
const MAX_NAME_BYTES: usize = 256;
const MAX_NESTING: usize = 8;

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
        register: register.into(),
        instance: instance.into(),
        action,
        form_version,
        author,
        base: base.into(),
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
                capture: Bytes::from(input.bytes()?.to_vec()),
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
        7 => Action::Note(Bytes::from(input.bytes()?.to_vec())),
        kind => return Err(DecodeError::UnknownKind(kind)),
    })
}

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
        bytes: Bytes::from(input.bytes()?.to_vec()),
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
