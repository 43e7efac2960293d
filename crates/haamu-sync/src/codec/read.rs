//! Bytes to operations.

use super::DecodeError;
use super::reader::Reader;
use crate::{
    Action, Attachment, AuthorId, BlobHash, Bytes, ClockConfidence, DeviceId, DocumentId, FormVersion, Hlc,
    Lane, Op, OpId, Submit, Value,
};

/// The most ids that a list inside an operation may have.
const MAX_LIST: u64 = 10_000;
/// The longest name of a register, a stage or a media type, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// The most repeated groups that lie in each other.
const MAX_NESTING: usize = 8;

/// Reads the ten items; what stands outside of them is left at its default.
pub(super) fn read_items(input: &mut Reader<'_>) -> Result<Op, DecodeError> {
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
    let form_version = if input.null() {
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

fn read_action(input: &mut Reader<'_>) -> Result<Action, DecodeError> {
    Ok(match input.u8()? {
        0 => Action::Set(read_value(input)?),
        1 if input.null() => Action::Clear,
        1 => return Err(DecodeError::Malformed),
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
fn read_name(input: &mut Reader<'_>) -> Result<String, DecodeError> {
    let name = input.text()?;
    if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(DecodeError::Malformed);
    }
    Ok(name.to_owned())
}

fn read_value(input: &mut Reader<'_>) -> Result<Value, DecodeError> {
    read_array(input, 2)?;
    Ok(Value {
        tag: input.u8()?,
        bytes: Bytes(input.bytes()?.to_vec()),
    })
}

fn read_array(input: &mut Reader<'_>, length: u64) -> Result<(), DecodeError> {
    if input.array()? == Some(length) {
        Ok(())
    } else {
        Err(DecodeError::Malformed)
    }
}

fn read_list<'b, T>(
    input: &mut Reader<'b>,
    mut read: impl FnMut(&mut Reader<'b>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let length = input.array()?.ok_or(DecodeError::NotCanonical)?;
    if length > MAX_LIST {
        return Err(DecodeError::TooLong);
    }
    (0..length).map(|_| read(input)).collect()
}

fn read_ids(input: &mut Reader<'_>) -> Result<Vec<OpId>, DecodeError> {
    read_list(input, |input| read_id(input, OpId::from_slice))
}

pub(super) fn read_id<T>(
    input: &mut Reader<'_>,
    from_slice: fn(&[u8]) -> Option<T>,
) -> Result<T, DecodeError> {
    from_slice(input.bytes()?).ok_or(DecodeError::Malformed)
}
