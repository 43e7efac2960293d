//! Bytes to operations.

use super::DecodeError;
use crate::cbor::reader::Reader;
use crate::{
    Action, Attachment, AuthorId, BlobHash, Bytes, DeviceId, DocumentId, FormVersion, Hlc, Lane, Name, Op,
    OpId, OpIds, Submit, Value,
};

/// The most ids that a list inside an operation may have.
const MAX_LIST: u64 = 10_000;
/// The longest name of a register, a stage or a media type, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// The most repeated groups that lie in each other.
const MAX_NESTING: usize = 8;

/// Reads the ten items into an operation; what stands outside of them is left as it is.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn read_items(input: &mut Reader<'_>, op: &mut Op) -> Result<(), DecodeError> {
    op.hlc = Hlc::from_bits(input.u64()?);
    op.document = read_id(input, DocumentId::from_slice)?;
    op.lane = match input.u8()? {
        0 => Lane::Shopper,
        1 => Lane::Review,
        _ => return Err(DecodeError::Malformed),
    };
    op.register = Name::new(read_name(input)?);
    op.instance = read_few_ids(input)?;
    if op.instance.len() > MAX_NESTING {
        return Err(DecodeError::TooLong);
    }
    op.action = read_action(input)?;
    op.form_version = if input.null() {
        None
    } else {
        Some(read_id(input, FormVersion::from_slice)?)
    };
    op.author = read_id(input, AuthorId::from_slice)?;
    op.base = read_few_ids(input)?;
    Ok(())
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
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
                media_type: read_name(input)?.to_owned(),
                capture: Bytes::from(input.bytes()?),
            })
        }
        5 => Action::Detach(read_ids(input)?),
        6 => {
            read_array(input, 3)?;
            let stage = read_name(input)?.to_owned();
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
        7 => Action::Note(Bytes::from(input.bytes()?)),
        kind => return Err(DecodeError::UnknownKind(kind)),
    })
}

/// A name that every database can hold and index.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn read_name<'b>(input: &mut Reader<'b>) -> Result<&'b str, DecodeError> {
    let name = input.text()?;
    // Nearly all names are ASCII, of which that is quickly said.
    let has_control = if name.is_ascii() {
        name.bytes().any(|byte| byte.is_ascii_control())
    } else {
        name.chars().any(char::is_control)
    };
    if name.len() > MAX_NAME_BYTES || has_control {
        return Err(DecodeError::Malformed);
    }
    Ok(name)
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn read_value(input: &mut Reader<'_>) -> Result<Value, DecodeError> {
    read_array(input, 2)?;
    Ok(Value {
        tag: input.u8()?,
        bytes: Bytes::from(input.bytes()?),
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

/// As [`read_ids`], without an allocation for one of them.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn read_few_ids(input: &mut Reader<'_>) -> Result<OpIds, DecodeError> {
    let length = input.array()?.ok_or(DecodeError::NotCanonical)?;
    if length > MAX_LIST {
        return Err(DecodeError::TooLong);
    }
    let mut ids = OpIds::new();
    if length == 1 {
        return Ok([read_id(input, OpId::from_slice)?].into());
    }
    for _ in 0..length {
        ids.push(read_id(input, OpId::from_slice)?);
    }
    Ok(ids)
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn read_id<T>(
    input: &mut Reader<'_>,
    from_slice: fn(&[u8]) -> Option<T>,
) -> Result<T, DecodeError> {
    from_slice(input.bytes()?).ok_or(DecodeError::Malformed)
}
