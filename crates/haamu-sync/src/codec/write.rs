//! Operations to bytes.

use super::CANONICAL_ITEMS;
use crate::cbor::Writer;
use crate::{Action, DeviceId, Lane, Op, OpId, Value};

pub(super) fn write_op(out: &mut Writer, op: &Op, device: DeviceId, seq: u64) {
    let is_reissued = (op.origin_device, op.origin_seq) != (device, seq);
    out.array(if is_reissued { 4 } else { 2 });
    out.array(CANONICAL_ITEMS);
    out.unsigned(op.hlc.bits());
    out.bytes(op.document.as_bytes());
    out.unsigned(match op.lane {
        Lane::Shopper => 0,
        Lane::Review => 1,
    });
    out.text(&op.register);
    write_ids(out, &op.instance);
    write_action(out, &op.action);
    match &op.form_version {
        Some(version) => out.bytes(version.as_bytes()),
        None => out.null(),
    }
    out.bytes(op.author.as_bytes());
    write_ids(out, &op.base);
    out.unsigned(op.confidence.code().into());
    if is_reissued {
        out.bytes(op.origin_device.as_bytes());
        out.unsigned(op.origin_seq);
    }
}

fn write_ids(out: &mut Writer, ids: &[OpId]) {
    out.array(ids.len() as u64);
    ids.iter().for_each(|id| out.bytes(id.as_bytes()));
}

/// The items `kind` and `value`.
fn write_action(out: &mut Writer, action: &Action) {
    match action {
        Action::Set(value) => write_value(out, 0, value),
        Action::Clear => {
            out.unsigned(1);
            out.null();
        }
        Action::AddInstance(value) => write_value(out, 2, value),
        Action::RemoveInstance(observed) => {
            out.unsigned(3);
            write_ids(out, observed);
        }
        Action::Attach(file) => {
            out.unsigned(4);
            out.array(4);
            out.bytes(file.sha256.as_bytes());
            out.unsigned(file.length);
            out.text(&file.media_type);
            out.bytes(&file.capture.0);
        }
        Action::Detach(observed) => {
            out.unsigned(5);
            write_ids(out, observed);
        }
        Action::Submit(submit) => {
            out.unsigned(6);
            out.array(3);
            out.text(&submit.stage);
            out.unsigned(submit.cycle.into());
            out.array(submit.frontier.len() as u64);
            for (device, seq) in &submit.frontier {
                out.array(2);
                out.bytes(device.as_bytes());
                out.unsigned(*seq);
            }
        }
        Action::Note(text) => {
            out.unsigned(7);
            out.bytes(&text.0);
        }
    }
}

fn write_value(out: &mut Writer, kind: u64, value: &Value) {
    out.unsigned(kind);
    out.array(2);
    out.unsigned(value.tag.into());
    out.bytes(&value.bytes.0);
}
