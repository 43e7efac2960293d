//! The parts of CBOR that operations consist of, read in one pass.
//!
//! The reader takes any sound encoding and notes whether it was the deterministic one (RFC 8949,
//! 4.2.1): then bytes need not be encoded again to be compared.

use super::DecodeError;

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const NULL: u8 = 0xf6;
const INDEFINITE: u8 = 31;

/// Reads from the front of some bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'b> {
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

    #[inline(always)]
    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.definite(UNSIGNED)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.u64()?.try_into().map_err(|_| DecodeError::Malformed)
    }

    #[inline(always)]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.u64()?.try_into().map_err(|_| DecodeError::Malformed)
    }

    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        let length = self.definite(BYTES)?;
        self.take(length)
    }

    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<&'b str, DecodeError> {
        let length = self.definite(TEXT)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Malformed)
    }

    /// The number of items of an array; none if it is open-ended.
    #[inline(always)]
    pub(crate) fn array(&mut self) -> Result<Option<u64>, DecodeError> {
        if self.rest.first() == Some(&(ARRAY << 5 | INDEFINITE)) {
            self.rest = &self.rest[1..];
            return Ok(None);
        }
        self.definite(ARRAY).map(Some)
    }

    /// Takes a null, if one is next.
    #[inline(always)]
    pub(crate) fn null(&mut self) -> bool {
        let is_null = self.rest.first() == Some(&NULL);
        if is_null {
            self.rest = &self.rest[1..];
        }
        is_null
    }

    /// The number in the head of an item of this major type.
    #[inline(always)]
    fn definite(&mut self, major: u8) -> Result<u64, DecodeError> {
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
    #[inline(always)]
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

    #[inline(always)]
    fn take(&mut self, length: u64) -> Result<&'b [u8], DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes just these bytes, if they are next.
    #[inline(always)]
    pub(crate) fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    /// Skips items, as far as they are of the kinds above; false if one of them is not.
    pub(crate) fn skip(&mut self, items: u64) -> bool {
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
