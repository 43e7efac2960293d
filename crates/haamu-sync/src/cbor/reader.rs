//! The parts of CBOR that operations and frames consist of, read in one pass.
//!
//! The reader takes any sound encoding and notes whether it was the deterministic one (RFC 8949,
//! 4.2.1): then bytes need not be encoded again to be compared.

use super::skip::skip_any;
use crate::codec::DecodeError;

pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const MAP: u8 = 5;
pub(crate) const FALSE: u8 = 0xf4;
pub(crate) const TRUE: u8 = 0xf5;
pub(crate) const NULL: u8 = 0xf6;
pub(super) const INDEFINITE: u8 = 31;
pub(super) const BREAK: u8 = 0xff;

/// Reads from the front of some bytes.
#[derive(Clone, Debug)]
pub struct Reader<'b> {
    rest: &'b [u8],
    /// Whether all numbers and lengths so far were written in their shortest form.
    pub(crate) is_shortest: bool,
}

impl<'b> Reader<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            is_shortest: true,
        }
    }

    /// What has not been read.
    pub(crate) const fn rest(&self) -> &'b [u8] {
        self.rest
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.definite(UNSIGNED)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.u64()?.try_into().map_err(|_| DecodeError::Malformed)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.u64()?.try_into().map_err(|_| DecodeError::Malformed)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        let length = self.definite(BYTES)?;
        self.take(length)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn text(&mut self) -> Result<&'b str, DecodeError> {
        let length = self.definite(TEXT)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Malformed)
    }

    /// A text whose bytes need not be looked at as a text.
    pub(crate) fn text_bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        let length = self.definite(TEXT)?;
        self.take(length)
    }

    /// The number of items of an array; none if it is open-ended.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn array(&mut self) -> Result<Option<u64>, DecodeError> {
        self.open(ARRAY)
    }

    /// The number of items of an array, or of entries of a map; none if it is open-ended.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn open(&mut self, major: u8) -> Result<Option<u64>, DecodeError> {
        if self.takes(major << 5 | INDEFINITE) {
            return Ok(None);
        }
        self.definite(major).map(Some)
    }

    /// Whether there is one more item or entry; counts it.
    pub(crate) fn has_more(&mut self, left: &mut Option<u64>) -> Result<bool, DecodeError> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(!self.takes(BREAK)),
        }
    }

    /// Takes a short name, if an entry is left and that is its key.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn takes_name(&mut self, left: &mut Option<u64>, name: &str) -> bool {
        let is_short = name.len() < 24 && *left != Some(0);
        let head = TEXT << 5 | name.len() as u8;
        let Some(rest) = self.rest.strip_prefix(&[head]).filter(|_| is_short) else {
            return false;
        };
        let Some(rest) = rest.strip_prefix(name.as_bytes()) else {
            return false;
        };
        self.rest = rest;
        *left = left.map(|left| left - 1);
        true
    }

    pub(crate) fn bool(&mut self) -> Result<bool, DecodeError> {
        if self.takes(TRUE) {
            Ok(true)
        } else if self.takes(FALSE) {
            Ok(false)
        } else {
            Err(DecodeError::Malformed)
        }
    }

    /// Takes a null, if one is next.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn null(&mut self) -> bool {
        self.takes(NULL)
    }

    /// Takes this byte, if it is next.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    /// The number in the head of an item of this major type.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn definite(&mut self, major: u8) -> Result<u64, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Malformed)?;
        if first >> 5 != major {
            return Err(DecodeError::Malformed);
        }
        self.rest = rest;
        match first & 31 {
            small @ 0..24 => Ok(u64::from(small)),
            24 => self.longer::<1>(24),
            25 => self.longer::<2>(1 << 8),
            26 => self.longer::<4>(1 << 16),
            27 => self.longer::<8>(1 << 32),
            _ => Err(DecodeError::Malformed),
        }
    }

    /// A number of so many bytes; a smaller one than `least` has a shorter form.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn longer<const LENGTH: usize>(&mut self, least: u64) -> Result<u64, DecodeError> {
        let (digits, rest) = self
            .rest
            .split_first_chunk::<LENGTH>()
            .ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        let mut wide = [0; 8];
        wide[8 - LENGTH..].copy_from_slice(digits);
        let number = u64::from_be_bytes(wide);
        self.is_shortest &= number >= least;
        Ok(number)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn take(&mut self, length: u64) -> Result<&'b [u8], DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Skips the value of a key that is not known.
    pub(crate) fn skip_unknown(&mut self, key: &[u8]) -> Result<(), DecodeError> {
        std::str::from_utf8(key).map_err(|_| DecodeError::Malformed)?;
        self.skip(1)
    }

    /// Skips items, of whatever kind.
    pub(crate) fn skip(&mut self, items: u64) -> Result<(), DecodeError> {
        let mut simple = self.clone();
        if simple.skip_simple(items) {
            *self = simple;
            return Ok(());
        }
        // A newer version may use more of CBOR than this one.
        (0..items).try_for_each(|_| skip_any(self))
    }

    /// Skips items, as far as they are of the kinds that operations consist of; false if one is not.
    fn skip_simple(&mut self, items: u64) -> bool {
        let mut left = items;
        while left > 0 {
            left -= 1;
            let Some(first) = self.rest.first() else {
                return false;
            };
            let skipped = match first >> 5 {
                UNSIGNED => self.u64().is_ok(),
                BYTES => self.bytes().is_ok(),
                TEXT => self.text().is_ok(),
                ARRAY => match self.array() {
                    Ok(Some(length)) => {
                        left = left.saturating_add(length);
                        true
                    }
                    _ => false,
                },
                _ => self.null(),
            };
            if !skipped {
                return false;
            }
        }
        true
    }
}
