//! A place of a submission as bytes, as servers and devices store it.
//!
//! The bytes are those that `minicbor_serde` makes of a [`Cell`], and whatever it reads is read.
//! Nearly all places hold one answer and nothing else; those are written and read here in one pass,
//! word by word, and all others by `minicbor_serde` itself.

use minicbor::Encoder;

use super::{Cell, Elements, Head, Register};
use crate::codec::reader::Reader;
use crate::{AuthorId, Bytes, ClockConfidence, DeviceId, Hlc, IdSet, OpId, OpIds, Value};

/// The bytes are not a place of a submission.
#[derive(Debug, thiserror::Error)]
#[error("not a stored place of a submission: {0}")]
pub struct CellError(#[from] minicbor_serde::error::DecodeError);

/// No instances and no attachments, as they end nearly every place.
const NO_ELEMENTS: &[u8] = b"\x68elements\xa2\x67present\xa0\x67removed\x80";

impl Cell {
    /// The place as CBOR.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        if self.elements == Elements::default() {
            let heads = self.register.heads.iter().map(size_of).sum::<usize>();
            let mut out = Vec::with_capacity(96 + heads + self.register.superseded.len() * 17);
            write_cell(&mut out, &self.register);
            out
        } else {
            minicbor_serde::to_vec(self).expect("places hold nothing that CBOR cannot")
        }
    }

    /// Reads a place from CBOR.
    ///
    /// # Errors
    /// [`CellError`].
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, CellError> {
        match read_cell(bytes) {
            Some(register) => Ok(Self {
                register,
                elements: Elements::default(),
            }),
            None => Ok(minicbor_serde::from_slice(bytes)?),
        }
    }
}

/// About the bytes of a head.
fn size_of(head: &Head) -> usize {
    160 + head.value.as_ref().map_or(0, |value| value.bytes.0.len()) + head.base.len() * 17
}

fn write_cell(out: &mut Vec<u8>, register: &Register) {
    out.extend_from_slice(b"\xa2\x68register\xa2\x65heads");
    number(out, |out| out.array(register.heads.len() as u64).map(drop));
    for head in &register.heads {
        out.extend_from_slice(b"\xa7\x62op");
        write_id(out, head.op.as_bytes());
        out.extend_from_slice(b"\x69effective");
        number(out, |out| out.u64(head.effective.bits()).map(drop));
        out.extend_from_slice(b"\x6aconfidence");
        out.extend_from_slice(confidence_word(head.confidence));
        out.extend_from_slice(b"\x66author");
        write_id(out, head.author.as_bytes());
        out.extend_from_slice(b"\x66device");
        write_id(out, head.device.as_bytes());
        out.extend_from_slice(b"\x65value");
        match &head.value {
            Some(value) => {
                out.extend_from_slice(b"\xa2\x63tag");
                number(out, |out| out.u8(value.tag).map(drop));
                out.extend_from_slice(b"\x65bytes");
                number(out, |out| out.bytes(&value.bytes.0).map(drop));
            }
            None => out.push(0xf6),
        }
        out.extend_from_slice(b"\x64base");
        number(out, |out| out.array(head.base.len() as u64).map(drop));
        head.base.iter().for_each(|id| write_id(out, id.as_bytes()));
    }
    out.extend_from_slice(b"\x6asuperseded");
    number(out, |out| out.array(register.superseded.len() as u64).map(drop));
    let replaced = register.superseded.iter();
    replaced.for_each(|id| write_id(out, id.as_bytes()));
    out.extend_from_slice(NO_ELEMENTS);
}

/// Writes what has a length or a number at its head.
fn number(
    out: &mut Vec<u8>,
    write: impl FnOnce(
        &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>>,
) {
    write(&mut Encoder::new(out)).expect("writing to memory cannot fail");
}

fn write_id(out: &mut Vec<u8>, id: &[u8; 16]) {
    out.push(0x50);
    out.extend_from_slice(id);
}

const fn confidence_word(confidence: ClockConfidence) -> &'static [u8] {
    match confidence {
        ClockConfidence::Anchored => b"\x68anchored",
        ClockConfidence::Offset => b"\x66offset",
        ClockConfidence::Wall => b"\x64wall",
    }
}

/// Reads a place that was written just as [`write_cell`] does; none if it was not.
fn read_cell(bytes: &[u8]) -> Option<Register> {
    let mut input = Reader::new(bytes);
    let mut register = Register::default();
    input.word(b"\xa2\x68register\xa2\x65heads")?;
    let heads = input.array().ok()??;
    for _ in 0..heads {
        let head = read_head(&mut input)?;
        register.heads.reserve_exact(1);
        register.heads.push(head);
    }
    input.word(b"\x6asuperseded")?;
    register.superseded = read_ids::<IdSet>(&mut input)?;
    input.word(NO_ELEMENTS)?;
    input.rest().is_empty().then_some(register)
}

fn read_head(input: &mut Reader<'_>) -> Option<Head> {
    input.word(b"\xa7\x62op")?;
    let op = OpId::from_slice(input.bytes().ok()?)?;
    input.word(b"\x69effective")?;
    let effective = Hlc::from_bits(input.u64().ok()?);
    input.word(b"\x6aconfidence")?;
    let all = [
        ClockConfidence::Anchored,
        ClockConfidence::Offset,
        ClockConfidence::Wall,
    ];
    let confidence = all
        .into_iter()
        .find(|one| input.word(confidence_word(*one)).is_some())?;
    input.word(b"\x66author")?;
    let author = AuthorId::from_slice(input.bytes().ok()?)?;
    input.word(b"\x66device")?;
    let device = DeviceId::from_slice(input.bytes().ok()?)?;
    input.word(b"\x65value")?;
    let value = if input.null() {
        None
    } else {
        input.word(b"\xa2\x63tag")?;
        let tag = input.u8().ok()?;
        input.word(b"\x65bytes")?;
        let bytes = Bytes::from(input.bytes().ok()?);
        Some(Value { tag, bytes })
    };
    input.word(b"\x64base")?;
    Some(Head {
        op,
        effective,
        confidence,
        author,
        device,
        value,
        base: read_ids::<OpIds>(input)?,
    })
}

fn read_ids<L: FromIterator<OpId>>(input: &mut Reader<'_>) -> Option<L> {
    let count = input.array().ok()??;
    (0..count)
        .map(|_| OpId::from_slice(input.bytes().ok()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::{Content, Element};

    fn any_id() -> impl Strategy<Value = OpId> {
        any::<[u8; 16]>().prop_map(OpId::from_bytes)
    }

    fn any_head() -> impl Strategy<Value = Head> {
        let value = proptest::option::of((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..300)));
        let base = proptest::collection::vec(any_id(), 0..30);
        (any_id(), any::<u64>(), 0_u8..3, any::<[u8; 16]>(), value, base).prop_map(
            |(op, effective, confidence, author, value, base)| Head {
                op,
                effective: Hlc::from_bits(effective),
                confidence: ClockConfidence::from_code(confidence).unwrap_or_default(),
                author: AuthorId::from_bytes(author),
                device: DeviceId::from_bytes(author),
                value: value.map(|(tag, bytes)| Value {
                    tag,
                    bytes: bytes.into(),
                }),
                base: base.into(),
            },
        )
    }

    fn any_cell() -> impl Strategy<Value = Cell> {
        let superseded = proptest::collection::vec(any_id(), 0..40);
        let removed = proptest::collection::vec(any_id(), 0..2);
        let present = proptest::option::of(any_id());
        (
            proptest::collection::vec(any_head(), 0..4),
            superseded,
            present,
            removed,
        )
            .prop_map(|(heads, superseded, present, removed)| {
                let mut cell = Cell::default();
                cell.register.heads = heads;
                cell.register.superseded = superseded.into_iter().collect();
                cell.elements.removed = removed.into_iter().collect();
                let element = Element {
                    content: Content::Instance(Value::default()),
                    effective: Hlc::default(),
                    author: AuthorId::default(),
                };
                cell.elements.present = present.into_iter().map(|id| (id, element.clone())).collect();
                cell
            })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_serde(cell in any_cell()) {
            let bytes = cell.to_cbor();
            prop_assert_eq!(&bytes, &minicbor_serde::to_vec(&cell).expect("cbor"));
            prop_assert_eq!(Cell::from_cbor(&bytes).expect("the same"), cell);
        }

        #[test]
        fn whatever_serde_reads_is_read(
            cell in any_cell(),
            edits in proptest::collection::vec((any::<usize>(), 0_usize..3, proptest::collection::vec(any::<u8>(), 0..3)), 0..3),
        ) {
            let mut bytes = cell.to_cbor();
            for (at, removed, put) in edits {
                let at = at % (bytes.len() + 1);
                let end = bytes.len().min(at + removed);
                bytes.splice(at..end, put);
            }
            let by_serde = minicbor_serde::from_slice::<Cell>(&bytes);
            prop_assert_eq!(Cell::from_cbor(&bytes).ok(), by_serde.ok());
        }
    }
}
