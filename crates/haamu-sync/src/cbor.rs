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
mod skip;
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
    /// A value to be read over. What the bytes do not mention stays as it is here.
    #[must_use]
    fn blank() -> Self;
    /// Reads over a blank value: the bytes go to their places, and nothing is moved afterwards.
    ///
    /// # Errors
    /// It is not CBOR of this shape; the value is of no use then.
    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError>;
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
    let read = read(&mut input);
    read.map_err(|_| CborError(bytes.len() - input.rest().len()))
}

/// Reads a value.
fn read<T: Cbor>(input: &mut Reader<'_>) -> Result<T, DecodeError> {
    let mut value = T::blank();
    value.fill(input)?;
    Ok(value)
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

    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn unsigned(&mut self, number: u64) {
        self.head(UNSIGNED, number);
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn array(&mut self, items: u64) {
        self.head(ARRAY, items);
    }

    fn map(&mut self, entries: u64) {
        self.head(MAP, entries);
    }

    fn bool(&mut self, is_true: bool) {
        self.0.push(if is_true { TRUE } else { FALSE });
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
        take(read(input)?);
    }
    Ok(())
}

/// A value that is written and read in one piece.
macro_rules! piece {
    ($type:ty, |$value:ident, $out:ident| $write:expr, |$input:ident| $read:expr, $blank:expr) => {
        impl $crate::cbor::Cbor for $type {
            fn write(&self, $out: &mut $crate::cbor::Writer) {
                let $value = self;
                $write;
            }

            fn blank() -> Self {
                $blank
            }

            fn fill(
                &mut self,
                $input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<(), $crate::codec::DecodeError> {
                *self = $read;
                Ok(())
            }
        }
    };
}

piece!(bool, |value, out| out.bool(*value), |input| input.bool()?, false);
piece!(u64, |value, out| out.unsigned(*value), |input| input.u64()?, 0);
piece!(
    u32,
    |value, out| out.unsigned((*value).into()),
    |input| input.u32()?,
    0
);
piece!(
    u8,
    |value, out| out.unsigned((*value).into()),
    |input| input.u8()?,
    0
);
piece!(
    String,
    |value, out| out.text(value),
    |input| input.text()?.to_owned(),
    Self::new()
);
piece!(
    Name,
    |value, out| out.text(value),
    |input| Self::new(input.text()?),
    Self::default()
);
piece!(
    Bytes,
    |value, out| out.bytes(&value.0),
    |input| input.bytes()?.into(),
    Self::default()
);

impl<T: Cbor> Cbor for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.null(),
        }
    }

    fn blank() -> Self {
        None
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        if input.null() {
            Ok(())
        } else {
            self.insert(T::blank()).fill(input)
        }
    }
}

impl<T: Cbor> Cbor for Vec<T> {
    fn write(&self, out: &mut Writer) {
        write_items(out, self.iter());
    }

    fn blank() -> Self {
        Self::new()
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut items = input.open(ARRAY)?;
        // Mostly there are few; nobody makes this take much memory by saying that there are many.
        self.reserve_exact(items.map_or(0, |items| items.min(16) as usize));
        while input.has_more(&mut items)? {
            self.push(read(input)?);
        }
        Ok(())
    }
}

impl<A: Cbor, B: Cbor> Cbor for (A, B) {
    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.0.write(out);
        self.1.write(out);
    }

    fn blank() -> Self {
        (A::blank(), B::blank())
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        if input.array()? != Some(2) {
            return Err(DecodeError::Malformed);
        }
        self.0.fill(input)?;
        self.1.fill(input)
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

    fn blank() -> Self {
        Self::new()
    }

    fn fill(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let mut entries = input.open(MAP)?;
        while input.has_more(&mut entries)? {
            let key = read(input)?;
            self.insert(key, read(input)?);
        }
        Ok(())
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

            fn blank() -> Self {
                Self { $($field: $crate::cbor::fields!(blank $($absent)?)),* }
            }

            fn fill(
                &mut self,
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<(), $crate::codec::DecodeError> {
                #[allow(non_camel_case_types)]
                enum Field { $($field),* }
                const REQUIRED: u32 = 0 $(| $crate::cbor::fields!(required $field $($absent)?))*;
                let mut entries = input.open($crate::cbor::MAP)?;
                let mut seen = 0;
                // What was written here has its fields in order. Where code must be small, nothing is made of that.
                'in_order: {
                    if cfg!(target_family = "wasm") {
                        break 'in_order;
                    }
                    $(if !input.takes_name(&mut entries, stringify!($field)) {
                        break 'in_order;
                    }
                    seen |= 1 << Field::$field as u32;
                    self.$field.fill(input)?;)*
                }
                let names = &[$(stringify!($field)),*];
                $crate::cbor::read_fields(input, entries, &mut seen, names, &mut |index, input| {
                    $(if index == Field::$field as usize {
                        return self.$field.fill(input);
                    })*
                    Ok(())
                })?;
                if seen | REQUIRED == seen { Ok(()) } else { Err($crate::codec::DecodeError::Malformed) }
            }
        }
    };
    (blank) => { $crate::cbor::Cbor::blank() };
    (blank $absent:expr) => { $absent };
    (required $field:ident) => { 1 << Field::$field as u32 };
    (required $field:ident $absent:expr) => { 0 };
}

/// Reads the rest of the entries of a map; `take` reads the value of the field of an index, which is
/// noted as seen and comes once at most. This is one function for all types, for there are many.
fn read_fields(
    input: &mut Reader<'_>,
    mut entries: Option<u64>,
    seen: &mut u32,
    names: &[&str],
    take: &mut dyn FnMut(usize, &mut Reader<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while input.has_more(&mut entries)? {
        let key = input.text_bytes()?;
        match names.iter().position(|name| name.as_bytes() == key) {
            Some(index) if *seen & 1 << index == 0 => {
                *seen |= 1 << index;
                take(index, input)?;
            }
            Some(_) => return Err(DecodeError::Malformed),
            None => input.skip_unknown(key)?,
        }
    }
    Ok(())
}

/// Reads one of some words; gives its index.
fn read_word(input: &mut Reader<'_>, words: &[&str]) -> Result<usize, DecodeError> {
    let word = input.text_bytes()?;
    words
        .iter()
        .position(|known| known.as_bytes() == word)
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

            fn blank() -> Self {
                [$(Self::$variant),*][0]
            }

            fn fill(
                &mut self,
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<(), $crate::codec::DecodeError> {
                const ALL: &[$type] = &[$(<$type>::$variant),*];
                *self = ALL[$crate::cbor::read_word(input, &[$($word),*])?];
                Ok(())
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

            fn blank() -> Self {
                [$((|| Self::$variant($crate::cbor::Cbor::blank())) as fn() -> Self),*][0]()
            }

            fn fill(
                &mut self,
                input: &mut $crate::cbor::reader::Reader<'_>,
            ) -> Result<(), $crate::codec::DecodeError> {
                enum Choice { $($variant),* }
                if input.open($crate::cbor::MAP)? != Some(1) {
                    return Err($crate::codec::DecodeError::Malformed);
                }
                let choice = $crate::cbor::read_word(input, &[$($word),*])?;
                $(if choice == Choice::$variant as usize {
                    *self = Self::$variant($crate::cbor::read(input)?);
                })*
                Ok(())
            }
        }
    };
}

pub(crate) use {choices, fields, piece, words};

#[cfg(test)]
mod tests;
