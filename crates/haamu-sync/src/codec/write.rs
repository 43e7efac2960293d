//! Operations to bytes.

use std::convert::Infallible;

use minicbor::Encoder;

use super::CANONICAL_ITEMS;
use crate::{Action, DeviceId, Lane, Op, OpId, Value};

pub(super) type Out = Encoder<Vec<u8>>;
pub(super) type Written = Result<(), minicbor::encode::Error<Infallible>>;

pub(super) fn write_op(out: &mut Out, op: &Op, device: DeviceId, seq: u64) -> Written {
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
