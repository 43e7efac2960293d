//! Skipping one item, whatever is in it.
//!
//! What an operation of an unknown kind is named depends on where its parts end, and names never
//! change. So this is as lenient as the decoder by which the first operations were named, also with
//! bytes that are not sound: an end mark where nothing is open counts as an item, for instance.
//! Tests compare the two.

use super::reader::{ARRAY, BREAK, BYTES, INDEFINITE, MAP, Reader, TEXT, UNSIGNED};
use crate::codec::DecodeError;

const NEGATIVE: u8 = 1;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// What is left to be skipped: so many items, the end marks of so many open-ended arrays and maps in
/// which they stand, and around them what stood open when an open-ended one began among others.
#[derive(Default)]
struct Left {
    items: u64,
    ends: u64,
    /// So many items, or all up to an end mark.
    around: Vec<Option<u64>>,
}

pub(super) fn skip_any(input: &mut Reader<'_>) -> Result<(), DecodeError> {
    let mut left = Left {
        items: 1,
        ..Left::default()
    };
    loop {
        let first = *input.rest().first().ok_or(DecodeError::Malformed)?;
        let (major, is_open_ended) = (first >> 5, first & 31 == INDEFINITE);
        match major {
            UNSIGNED | NEGATIVE => drop(input.definite(major)?),
            BYTES | TEXT if is_open_ended => {
                input.takes(first);
                while !input.takes(BREAK) {
                    skip_string(input, major)?;
                }
            }
            BYTES | TEXT => skip_string(input, major)?,
            ARRAY => left.open(input.open(ARRAY)?),
            MAP => left.open(input.open(MAP)?.map(|entries| entries.saturating_mul(2))),
            TAG => {
                input.definite(TAG)?;
                // Not an item, but the head of one.
                continue;
            }
            _ if first == BREAK => {
                input.takes(BREAK);
                left.end();
            }
            _ => drop(input.definite(SIMPLE)?),
        }
        if !left.is_more_after_one() {
            return Ok(());
        }
    }
}

fn skip_string(input: &mut Reader<'_>, major: u8) -> Result<(), DecodeError> {
    let length = input.definite(major)?;
    let bytes = input.take(length)?;
    if major == TEXT && std::str::from_utf8(bytes).is_err() {
        return Err(DecodeError::Malformed);
    }
    Ok(())
}

impl Left {
    const fn is_inside(&self) -> bool {
        self.items > 0 || self.ends > 0
    }

    /// So many items begin, or all up to an end mark.
    fn open(&mut self, items: Option<u64>) {
        match items {
            Some(0) => {}
            _ if !self.is_inside() => self.around.push(items),
            Some(items) => self.items = self.items.saturating_add(items),
            None if self.items < 2 => self.ends = self.ends.saturating_add(1),
            None => {
                self.around.extend((0..self.ends).map(|_| None));
                self.around.extend([Some(self.items - 1), None]);
                (self.items, self.ends) = (0, 0);
            }
        }
    }

    /// An end mark.
    fn end(&mut self) {
        if self.is_inside() {
            self.ends = self.ends.saturating_sub(1);
        } else if self.around.last() == Some(&None) {
            self.around.pop();
        }
    }

    /// Counts one item, and says whether another is to follow.
    fn is_more_after_one(&mut self) -> bool {
        if self.is_inside() {
            self.items = self.items.saturating_sub(1);
        } else {
            while self.around.last() == Some(&Some(0)) {
                self.around.pop();
            }
            if let Some(Some(items)) = self.around.last_mut() {
                *items -= 1;
            }
        }
        self.is_inside() || !self.around.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are often heads of arrays, maps and tags, end marks, and open ends.
    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(0x9f),
            Just(0xbf),
            Just(0xff),
            Just(0x5f),
            Just(0x7f),
            Just(0x80),
            Just(0x81),
            Just(0x82),
            Just(0xa1),
            Just(0xc0),
            Just(0xf6),
            Just(0x41),
            Just(0x62),
            0_u8..4,
            any::<u8>(),
        ];
        proptest::collection::vec(byte, 0..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

        #[test]
        fn it_ends_where_the_first_decoder_ended(bytes in any_bytes(), items in 1_u64..4) {
            let mut first = minicbor::Decoder::new(&bytes);
            let expected = (0..items).try_for_each(|_| first.skip()).is_ok().then(|| first.position());
            let mut input = Reader::new(&bytes);
            let skipped = (0..items).try_for_each(|_| skip_any(&mut input));
            prop_assert_eq!(skipped.is_ok().then(|| bytes.len() - input.rest().len()), expected);
            let mut input = Reader::new(&bytes);
            let skipped = input.skip(items);
            prop_assert_eq!(skipped.is_ok().then(|| bytes.len() - input.rest().len()), expected);
        }
    }
}
