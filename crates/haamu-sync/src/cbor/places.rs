//! What submissions hold.

use crate::cbor::reader::Reader;
use crate::cbor::{Cbor, Writer, choices, fields, read_items, words, write_items};
use crate::codec::DecodeError;
use crate::{
    Attachment, Cell, ClockAnchor, ClockConfidence, ClockReading, Content, Element, Elements, Head, Hlc,
    IdSet, Lane, OpId, OpIds, Register, RegisterKey, Value,
};

impl Cbor for Hlc {
    fn write(&self, out: &mut Writer) {
        self.bits().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self::from_bits(input.u64()?))
    }
}

impl Cbor for OpIds {
    fn write(&self, out: &mut Writer) {
        write_items(out, self.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut ids = Self::new();
        read_items(input, |id| ids.push(id))?;
        Ok(ids)
    }
}

impl Cbor for IdSet {
    fn write(&self, out: &mut Writer) {
        out.array(self.len() as u64);
        self.iter().for_each(|id| id.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut ids = Self::default();
        read_items(input, |id: OpId| {
            ids.insert(id);
        })?;
        Ok(ids)
    }
}

words!(ClockConfidence {
    Anchored = "anchored",
    Offset = "offset",
    Wall = "wall",
});

words!(Lane {
    Shopper = "shopper",
    Review = "review",
});

fields!(ClockReading {
    wall;
    monotonic;
    boot;
});

fields!(ClockAnchor {
    server;
    device;
});

fields!(Value {
    tag;
    bytes;
});

fields!(Attachment {
    sha256;
    length;
    media_type;
    capture;
});

fields!(RegisterKey {
    lane;
    register;
    instance = OpIds::new(), unless is_empty;
});

fields!(Head {
    op;
    effective;
    confidence;
    author;
    device;
    value;
    base;
});

fields!(Register {
    heads;
    superseded;
});

choices!(Content {
    Instance = "instance",
    Attachment = "attachment",
});

fields!(Element {
    content;
    effective;
    author;
});

fields!(Elements {
    present;
    removed;
});

fields!(Cell {
    register = Register::default();
    elements = Elements::default();
});
