//! Names of operations, in lists and in sets, which are mostly very short.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::OpId;

/// A list of names of operations. There is mostly one, or none, which takes no allocation.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpIds(SmallVec<[OpId; 1]>);

impl OpIds {
    /// No names.
    #[must_use]
    pub const fn new() -> Self {
        Self(SmallVec::new_const())
    }

    /// Puts a name at the end.
    pub fn push(&mut self, id: OpId) {
        self.0.push(id);
    }

    /// Puts names at the end.
    pub fn extend_from_slice(&mut self, ids: &[OpId]) {
        self.0.extend_from_slice(ids);
    }

    /// The names.
    #[must_use]
    pub fn as_slice(&self) -> &[OpId] {
        &self.0
    }

    /// The names as an ordinary list.
    #[must_use]
    pub fn into_vec(self) -> Vec<OpId> {
        self.0.into_vec()
    }
}

impl Clone for OpIds {
    fn clone(&self) -> Self {
        // Copied in one piece, which the derived one does not do.
        Self::from(&self[..])
    }
}

impl fmt::Debug for OpIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Deref for OpIds {
    type Target = [OpId];

    fn deref(&self) -> &[OpId] {
        &self.0
    }
}

impl From<&[OpId]> for OpIds {
    fn from(ids: &[OpId]) -> Self {
        Self(SmallVec::from_slice(ids))
    }
}

impl From<Vec<OpId>> for OpIds {
    fn from(ids: Vec<OpId>) -> Self {
        Self(ids.into())
    }
}

impl<const COUNT: usize> From<[OpId; COUNT]> for OpIds {
    fn from(ids: [OpId; COUNT]) -> Self {
        Self::from(&ids[..])
    }
}

impl FromIterator<OpId> for OpIds {
    fn from_iter<I: IntoIterator<Item = OpId>>(ids: I) -> Self {
        Self(ids.into_iter().collect())
    }
}

impl Extend<OpId> for OpIds {
    fn extend<I: IntoIterator<Item = OpId>>(&mut self, ids: I) {
        self.0.extend(ids);
    }
}

impl IntoIterator for OpIds {
    type Item = OpId;
    type IntoIter = smallvec::IntoIter<[OpId; 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a OpIds {
    type Item = &'a OpId;
    type IntoIter = std::slice::Iter<'a, OpId>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Up to so many stand in one sorted list.
const FEW: usize = 16;

/// Names of operations, each once, in their order.
///
/// Nearly all sets hold none, one or two; those take no allocation. Large ones are trees, so that
/// nobody makes the server slow by naming many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSet(Ids);

/// Names never go, so a set is a list exactly as long as it has room as a list, and equal sets are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ids {
    Few(OpIds),
    Many(BTreeSet<OpId>),
}

impl Default for IdSet {
    fn default() -> Self {
        Self(Ids::Few(OpIds::new()))
    }
}

impl IdSet {
    /// Puts in one name; says whether it was new.
    pub fn insert(&mut self, id: OpId) -> bool {
        match &mut self.0 {
            Ids::Few(few) => {
                let Err(place) = few.binary_search(&id) else {
                    return false;
                };
                if few.len() < FEW {
                    few.0.insert(place, id);
                } else {
                    let mut many = BTreeSet::new();
                    many.extend(few.iter().copied().chain([id]));
                    self.0 = Ids::Many(many);
                }
                true
            }
            Ids::Many(many) => many.insert(id),
        }
    }

    /// Whether a name is in it.
    #[must_use]
    pub fn contains(&self, id: &OpId) -> bool {
        match &self.0 {
            Ids::Few(few) => few.contains(id),
            Ids::Many(many) => many.contains(id),
        }
    }

    /// The number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Ids::Few(few) => few.len(),
            Ids::Many(many) => many.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &OpId> {
        let (few, many) = match &self.0 {
            Ids::Few(few) => (Some(few), None),
            Ids::Many(many) => (None, Some(many)),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }
}

impl FromIterator<OpId> for IdSet {
    fn from_iter<I: IntoIterator<Item = OpId>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

impl Serialize for IdSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ids::Few(few) => few.serialize(serializer),
            Ids::Many(many) => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for IdSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Written in order, so that each goes to the end.
        let ids = OpIds::deserialize(deserializer)?;
        Ok(ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_in_order_however_large(
            numbers in proptest::collection::vec(0_u8..40, 0..60),
            others in proptest::collection::vec(0_u8..40, 0..60),
        ) {
            let named = |numbers: &[u8]| numbers.iter().map(|number| OpId::from_bytes([*number; 16])).collect::<Vec<_>>();
            let (ids, others) = (named(&numbers), named(&others));
            let expected: BTreeSet<OpId> = ids.iter().copied().collect();
            let set: IdSet = ids.iter().copied().collect();
            prop_assert!(set.iter().eq(&expected));
            prop_assert_eq!((set.len(), set.is_empty()), (expected.len(), expected.is_empty()));
            for id in ids.iter().chain(&others) {
                prop_assert_eq!(set.contains(id), expected.contains(id));
            }
            let other: IdSet = others.iter().copied().collect();
            prop_assert_eq!(set == other, expected == others.into_iter().collect());
            let cbor = minicbor_serde::to_vec(&set).expect("cbor");
            prop_assert_eq!(&cbor, &minicbor_serde::to_vec(&expected).expect("cbor"));
            prop_assert_eq!(minicbor_serde::from_slice::<IdSet>(&cbor).expect("the same"), set);
        }
    }
}
