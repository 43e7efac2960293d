//! Frames, and what servers and devices store of submissions, as CBOR: maps by the names of fields.
//!
//! The bytes are those that `serde` makes of the same types through `minicbor_serde`, and JSON still
//! comes from there. But this is what a server does for every push and pull, and what a browser has
//! to load before it can do either: written out by hand it takes a fraction of the time, and of the
//! bytes of code. Tests hold it to `serde`'s reading.
//!
//! Unknown keys are skipped, fields may come in any order, and arrays and maps may be open-ended. A
//! field that a type gains must be named here too; without that it does not compile.

mod frames;
mod places;
pub(crate) mod reader;
mod stored;

use std::collections::BTreeMap;

use reader::{ARRAY, BYTES, FALSE, MAP, NULL, Reader, TEXT, TRUE, UNSIGNED};

use crate::codec::DecodeError;
use crate::{Bytes, Name};

/// The bytes are not CBOR, or CBOR of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not CBOR of the expected shape, at byte {0}")]
pub struct CborError(usize);

/// What can be written as CBOR and read from it.
pub trait Cbor: Sized {
    /// Writes the value.
    fn write(&self, out: &mut Writer);
    /// Reads a value.
    ///
    /// # Errors
    /// It is not CBOR of this shape.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// The value of a field that is not there, if it need not be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// A value as CBOR.
#[must_use]
pub fn to_vec(value: &impl Cbor) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(256));
    value.write(&mut out);
    out.0
}

/// A value from CBOR.
///
/// # Errors
/// [`CborError`].
pub fn from_slice<T: Cbor>(bytes: &[u8]) -> Result<T, CborError> {
    let mut input = Reader::new(bytes);
    let read = T::read(&mut input);
    read.map_err(|_| CborError(bytes.len() - input.rest().len()))
}

/// Bytes that are written.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Goes on behind these bytes.
    pub(crate) const fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn into_vec(self) -> Vec<u8> {
        self.0
    }

    fn head(&mut self, major: u8, number: u64) {
        self.0.extend_from_slice(head(major, number, &mut [0; 9]));
    }

    pub(crate) fn unsigned(&mut self, number: u64) {
        self.head(UNSIGNED, number);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn array(&mut self, items: u64) {
        self.head(ARRAY, items);
    }

    fn map(&mut self, entries: u64) {
        self.head(MAP, entries);
    }

    pub(crate) fn null(&mut self) {
        self.0.push(NULL);
    }
}

/// The head of an item: its major type, and a number or length in its shortest form.
pub(crate) fn head(major: u8, number: u64, out: &mut [u8; 9]) -> &[u8] {
    let major = major << 5;
    let (code, length) = match number {
        0..24 => {
            out[0] = major | number.to_le_bytes()[0];
            return &out[..1];
        }
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    out[0] = major | code;
    out[1..=length].copy_from_slice(&number.to_be_bytes()[8 - length..]);
    &out[..=length]
}

/// Writes items with their number before them.
fn write_items<'a, T: Cbor + 'a>(out: &mut Writer, items: impl ExactSizeIterator<Item = &'a T>) {
    out.array(items.len() as u64);
    items.for_each(|item| item.write(out));
}

/// Reads the items of an array one by one.
fn read_items<T: Cbor>(input: &mut Reader<'_>, mut take: impl FnMut(T)) -> Result<(), DecodeError> {
    let mut items = input.open(ARRAY)?;
    while input.has_more(&mut items)? {
        take(T::read(input)?);
    }
    Ok(())
}

impl Cbor for bool {
    fn write(&self, out: &mut Writer) {
        out.0.push(if *self { TRUE } else { FALSE });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.bool()
    }
}

impl Cbor for u64 {
    fn write(&self, out: &mut Writer) {
        out.unsigned(*self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u64()
    }
}

impl Cbor for u32 {
    fn write(&self, out: &mut Writer) {
        out.unsigned(u64::from(*self));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u32()
    }
}

impl Cbor for u8 {
    fn write(&self, out: &mut Writer) {
        out.unsigned(u64::from(*self));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u8()
    }
}

impl Cbor for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(input.text()?.to_owned())
    }
}

impl Cbor for Name {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self::new(input.text()?))
    }
}

impl Cbor for Bytes {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(input.bytes()?.into())
    }
}

impl<T: Cbor> Cbor for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.null(),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if input.null() {
            Ok(None)
        } else {
            T::read(input).map(Some)
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Cbor> Cbor for Vec<T> {
    fn write(&self, out: &mut Writer) {
        write_items(out, self.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut items = Self::new();
        read_items(input, |item| items.push(item))?;
        Ok(items)
    }
}

impl<A: Cbor, B: Cbor> Cbor for (A, B) {
    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if input.array()? != Some(2) {
            return Err(DecodeError::Malformed);
        }
        Ok((A::read(input)?, B::read(input)?))
    }
}

impl<K: Cbor + Ord, V: Cbor> Cbor for BTreeMap<K, V> {
    fn write(&self, out: &mut Writer) {
        out.map(self.len() as u64);
        for (key, value) in self {
            key.write(out);
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        let mut entries = input.open(MAP)?;
        while input.has_more(&mut entries)? {
            let key = K::read(input)?;
            map.insert(key, V::read(input)?);
        }
        Ok(map)
    }
}

/// A map by the names of fields. `field = value` gives what a field is when it is not there;
/// `field = value, unless is_empty` leaves it out where it is that.
macro_rules! fields {
    ($type:ty { $($field:ident $(= $absent:expr)? $(, unless $left_out:ident)?;)* }) => {
        impl $crate::cbor::Cbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                // All fields by name, so that none is forgotten.
                let Self { $($field),* } = self;
                let left_out: u64 = 0 $($(+ u64::from($field.$left_out()))?)*;
                out.map([$(stringify!($field)),*].len() as u64 - left_out);
                $(if true $(&& !$field.$left_out())? {
                    out.text(stringify!($field));
                    $crate::cbor::Cbor::write($field, out);
                })*
            }

            fn read(
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                use $crate::cbor::absent;
                $(let mut $field = None;)*
                let mut entries = input.open($crate::cbor::MAP)?;
                while input.has_more(&mut entries)? {
                    let key = input.text_bytes()?;
                    $(if key == stringify!($field).as_bytes() {
                        input.once(&mut $field)?;
                        continue;
                    })*
                    input.skip_unknown(key)?;
                }
                Ok(Self { $($field: absent($field, || None $(.or(Some($absent)))?)?),* })
            }
        }
    };
}

/// The value of a field, or of one that is not there.
fn absent<T: Cbor>(read: Option<T>, absent: impl FnOnce() -> Option<T>) -> Result<T, DecodeError> {
    read.or_else(absent)
        .or_else(T::absent)
        .ok_or(DecodeError::Malformed)
}

/// Words for the variants of an enum that has nothing in it.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal,)* }) => {
        impl $crate::cbor::Cbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.text(match self {
                    $(Self::$variant => $word,)*
                });
            }

            fn read(
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                let word = input.text_bytes()?;
                $(if word == $word.as_bytes() {
                    return Ok(Self::$variant);
                })*
                Err($crate::codec::DecodeError::Malformed)
            }
        }
    };
}

/// An enum whose variants hold one thing each: a map with one word.
macro_rules! choices {
    ($type:ty { $($variant:ident = $word:literal,)* }) => {
        impl $crate::cbor::Cbor for $type {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.map(1);
                match self {
                    $(Self::$variant(inner) => {
                        out.text($word);
                        inner.write(out);
                    })*
                }
            }

            fn read(
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<Self, $crate::codec::DecodeError> {
                if input.open($crate::cbor::MAP)? != Some(1) {
                    return Err($crate::codec::DecodeError::Malformed);
                }
                let word = input.text_bytes()?;
                $(if word == $word.as_bytes() {
                    return $crate::cbor::Cbor::read(input).map(Self::$variant);
                })*
                Err($crate::codec::DecodeError::Malformed)
            }
        }
    };
}

pub(crate) use {choices, fields, words};

#[cfg(test)]
mod tests;
