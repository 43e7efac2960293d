//! What submissions hold.

use crate::cbor::reader::Reader;
use crate::cbor::{Cbor, Writer, choices, fields, piece, read_items, words, write_items};
use crate::codec::DecodeError;
use crate::{
    Attachment, Cell, ClockAnchor, ClockConfidence, ClockReading, Content, Element, Elements, Head, Hlc,
    IdSet, Lane, OpIds, Register, RegisterKey, Value,
};

piece!(
    Hlc,
    |value, out| out.unsigned(value.bits()),
    |input| Self::from_bits(input.u64()?),
    Self::default()
);

impl Cbor for OpIds {
    fn write(&self, out: &mut Writer) {
        write_items(out, self.iter());
    }

    fn blank() -> Self {
        Self::new()
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        read_items(input, |id| self.push(id))
    }
}

impl Cbor for IdSet {
    fn write(&self, out: &mut Writer) {
        out.array(self.len() as u64);
        self.iter().for_each(|id| id.write(out));
    }

    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        read_items(input, |id| {
            self.insert(id);
        })
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
    value = None;
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
