//! Names of operations, in lists and in sets, which are mostly very short.

use std::fmt;
use std::ops::Deref;

use serde::ser::SerializeSeq;
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

/// Up to so many stand in one sorted list, and as many as that in each of several.
const FEW: usize = 16;
const RUN: usize = 512;

/// Names of operations, each once, in their order.
///
/// Nearly all sets hold none, one or two; those take no allocation. Large ones are in several lists,
/// so that nobody makes the server slow by naming many.
#[derive(Clone, Debug)]
pub struct IdSet(Ids);

#[derive(Clone, Debug)]
enum Ids {
    Few(OpIds),
    /// Sorted lists, none of them empty, one behind the other.
    Many(Vec<Vec<OpId>>),
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
                few.0.insert(place, id);
                if few.len() > FEW {
                    let run = std::mem::take(few).into_vec();
                    self.0 = Ids::Many(vec![run]);
                }
                true
            }
            Ids::Many(runs) => {
                let at = run_of(runs, &id);
                let Err(place) = runs[at].binary_search(&id) else {
                    return false;
                };
                runs[at].insert(place, id);
                if runs[at].len() > RUN {
                    let behind = runs[at].split_off(RUN / 2);
                    runs.insert(at + 1, behind);
                }
                true
            }
        }
    }

    /// Whether a name is in it.
    #[must_use]
    pub fn contains(&self, id: &OpId) -> bool {
        match &self.0 {
            Ids::Few(few) => few.contains(id),
            Ids::Many(runs) => runs[run_of(runs, id)].binary_search(id).is_ok(),
        }
    }

    /// The number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Ids::Few(few) => few.len(),
            Ids::Many(runs) => runs.iter().map(Vec::len).sum(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &OpId> {
        let (few, runs): (&[OpId], &[Vec<OpId>]) = match &self.0 {
            Ids::Few(few) => (few, &[]),
            Ids::Many(runs) => (&[], runs),
        };
        few.iter().chain(runs.iter().flatten())
    }
}

/// The list that a name would stand in, of one list at least.
fn run_of(runs: &[Vec<OpId>], id: &OpId) -> usize {
    let behind = runs.partition_point(|run| run.first() <= Some(id));
    behind.saturating_sub(1)
}

impl PartialEq for IdSet {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for IdSet {}

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
        // With its length before it, which an iterator does not know.
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|id| list.serialize_element(id))?;
        list.end()
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
    use std::collections::BTreeSet;

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

        #[test]
        fn large_sets_are_sets_too(numbers in proptest::collection::vec(0_u16..4_000, 500..3_000)) {
            let named = |number: &u16| {
                let mut id = [0; 16];
                id[..2].copy_from_slice(&number.to_be_bytes());
                OpId::from_bytes(id)
            };
            let (mut set, mut expected) = (IdSet::default(), BTreeSet::new());
            for id in numbers.iter().map(named) {
                prop_assert_eq!(set.insert(id), expected.insert(id));
            }
            prop_assert!(set.iter().eq(&expected));
            prop_assert_eq!(set.len(), expected.len());
            prop_assert!((0..4_000).map(|number| named(&number)).all(|id| set.contains(&id) == expected.contains(&id)));
        }
    }
}
