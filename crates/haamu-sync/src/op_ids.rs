//! Names of operations, in lists and in sets, which are mostly very short.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::OpId;

/// A list of names of operations. There is mostly one, or none, which takes no allocation.
#[derive(Clone, Default)]
pub struct OpIds(List);

#[derive(Clone, Default)]
enum List {
    #[default]
    None,
    One(OpId),
    /// However many.
    Many(Vec<OpId>),
}

impl OpIds {
    /// No names.
    #[must_use]
    pub const fn new() -> Self {
        Self(List::None)
    }

    /// The names.
    #[must_use]
    pub fn as_slice(&self) -> &[OpId] {
        match &self.0 {
            List::None => &[],
            List::One(id) => std::slice::from_ref(id),
            List::Many(ids) => ids,
        }
    }

    /// Puts a name at the end.
    pub fn push(&mut self, id: OpId) {
        self.insert(self.len(), id);
    }

    /// Puts names at the end.
    pub fn extend_from_slice(&mut self, ids: &[OpId]) {
        ids.iter().for_each(|id| self.push(*id));
    }

    /// The names as an ordinary list.
    #[must_use]
    pub fn into_vec(self) -> Vec<OpId> {
        match self.0 {
            List::None => Vec::new(),
            List::One(id) => vec![id],
            List::Many(ids) => ids,
        }
    }

    /// Puts a name at a place, which is not behind the end.
    fn insert(&mut self, place: usize, id: OpId) {
        match &mut self.0 {
            List::None => self.0 = List::One(id),
            List::One(other) => {
                let ids = if place == 0 {
                    vec![id, *other]
                } else {
                    vec![*other, id]
                };
                self.0 = List::Many(ids);
            }
            List::Many(ids) => ids.insert(place, id),
        }
    }
}

impl fmt::Debug for OpIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl Deref for OpIds {
    type Target = [OpId];

    fn deref(&self) -> &[OpId] {
        self.as_slice()
    }
}

impl PartialEq for OpIds {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for OpIds {}

impl PartialOrd for OpIds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OpIds {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for OpIds {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl From<&[OpId]> for OpIds {
    fn from(ids: &[OpId]) -> Self {
        Self(match ids {
            [] => List::None,
            [id] => List::One(*id),
            ids => List::Many(ids.to_vec()),
        })
    }
}

impl From<Vec<OpId>> for OpIds {
    fn from(ids: Vec<OpId>) -> Self {
        if ids.len() > 1 {
            Self(List::Many(ids))
        } else {
            Self::from(ids.as_slice())
        }
    }
}

impl<const COUNT: usize> From<[OpId; COUNT]> for OpIds {
    fn from(ids: [OpId; COUNT]) -> Self {
        Self::from(&ids[..])
    }
}

impl FromIterator<OpId> for OpIds {
    fn from_iter<I: IntoIterator<Item = OpId>>(ids: I) -> Self {
        let mut list = Self::new();
        list.extend(ids);
        list
    }
}

impl Extend<OpId> for OpIds {
    fn extend<I: IntoIterator<Item = OpId>>(&mut self, ids: I) {
        ids.into_iter().for_each(|id| self.push(id));
    }
}

impl<'a> IntoIterator for &'a OpIds {
    type Item = &'a OpId;
    type IntoIter = std::slice::Iter<'a, OpId>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

impl Serialize for OpIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OpIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into())
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
                few.insert(place, id);
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
        let ids = Vec::deserialize(deserializer)?;
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
