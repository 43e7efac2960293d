//! Byte strings that are mostly short.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// The longest byte string that needs no allocation.
const INLINE: usize = 30;

/// A byte string; a short one, such as nearly every answer, takes no allocation.
#[derive(Clone, Debug)]
pub struct ShortBytes(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Inline(u8, [u8; INLINE]),
    Heap(Vec<u8>),
}

impl ShortBytes {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(length, bytes) => &bytes[..usize::from(*length)],
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl Default for ShortBytes {
    fn default() -> Self {
        Self(Repr::Inline(0, [0; INLINE]))
    }
}

impl From<&[u8]> for ShortBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut inline = [0; INLINE];
        match (inline.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(space), Ok(length)) => {
                space.copy_from_slice(bytes);
                Self(Repr::Inline(length, inline))
            }
            _ => Self(Repr::Heap(bytes.to_vec())),
        }
    }
}

impl From<Vec<u8>> for ShortBytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() > INLINE {
            Self(Repr::Heap(bytes))
        } else {
            Self::from(bytes.as_slice())
        }
    }
}

impl Deref for ShortBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for ShortBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for ShortBytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for ShortBytes {}

impl PartialOrd for ShortBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for ShortBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ones_are_alike() {
        for length in [0, 1, INLINE - 1, INLINE, INLINE + 1, 255, 256, 300] {
            let bytes: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let short = ShortBytes::from(bytes.clone());
            assert_eq!((short.as_slice(), short.len()), (bytes.as_slice(), length));
            assert_eq!(short, ShortBytes::from(bytes.as_slice()));
            assert!(matches!(short.0, Repr::Inline(..)) == (length <= INLINE));
            assert!(short < ShortBytes::from([bytes, vec![0]].concat()));
        }
        assert_eq!(size_of::<ShortBytes>(), 32);
    }
}
