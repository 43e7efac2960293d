//! Trees over the locations of a client organisation, with their history.
//!
//! A client organisation has several at once: districts, brands, franchisees.
//! Every node knows its parents and its locations by date, so that results can
//! be read by the tree as it was at the visit, and by the tree as it is now.

use std::collections::{BTreeMap, BTreeSet};

use crate::{LocalDate, LocationId, UnitId};

/// A tree has at most so many levels.
pub const MAX_DEPTH: usize = 12;

/// From when until when something held; it ends before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first day.
    pub from: LocalDate,
    /// The first day on which it did not hold any more; none if it still does.
    pub until: Option<LocalDate>,
}

impl Span {
    /// Whether it held on a date.
    #[must_use]
    pub fn has(self, date: LocalDate) -> bool {
        self.from <= date && self.until.is_none_or(|until| date < until)
    }
}

/// Where a unit hung in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitSpan {
    /// The unit.
    pub unit: UnitId,
    /// Its parent; none at the top.
    pub parent: Option<UnitId>,
    /// When.
    pub span: Span,
}

/// Which unit a location belonged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceSpan {
    /// The location.
    pub location: LocationId,
    /// The unit.
    pub unit: UnitId,
    /// When.
    pub span: Span,
}

/// One tree with all its history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hierarchy {
    /// Where units hung.
    pub units: Vec<UnitSpan>,
    /// Where locations belonged.
    pub places: Vec<PlaceSpan>,
}

/// A stretch of time in which a part of a tree had the same locations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    /// When.
    pub span: Span,
    /// The locations.
    pub locations: BTreeSet<LocationId>,
}

/// Why a unit cannot hang there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The unit would come to lie below itself.
    #[error("a unit cannot lie below itself")]
    Cycle,
    /// The tree would become too deep.
    #[error("a tree has at most {MAX_DEPTH} levels")]
    TooDeep,
    /// The parent was not there on that day, or is not later.
    #[error("the parent does not exist in all of that time")]
    NoParent,
}

impl Hierarchy {
    /// The parent of each unit on a date.
    #[must_use]
    pub fn parents(&self, on: LocalDate) -> BTreeMap<UnitId, Option<UnitId>> {
        let there = self.units.iter().filter(|unit| unit.span.has(on));
        there.map(|unit| (unit.unit, unit.parent)).collect()
    }

    /// A unit and all below it, on a date; nothing if it was not there.
    #[must_use]
    pub fn subtree(&self, top: UnitId, on: LocalDate) -> BTreeSet<UnitId> {
        let parents = self.parents(on);
        let is_below = |unit: &UnitId| {
            let mut next = Some(*unit);
            // A tree that is damaged ends the walk all the same.
            for _ in 0..=MAX_DEPTH {
                match next {
                    Some(unit) if unit == top => return true,
                    Some(unit) => next = parents.get(&unit).copied().flatten(),
                    None => return false,
                }
            }
            false
        };
        parents.keys().filter(|unit| is_below(unit)).copied().collect()
    }

    /// The locations of a unit and all below it, on a date.
    #[must_use]
    pub fn locations(&self, top: UnitId, on: LocalDate) -> BTreeSet<LocationId> {
        let units = self.subtree(top, on);
        let there = self.places.iter().filter(|place| place.span.has(on));
        there
            .filter(|place| units.contains(&place.unit))
            .map(|place| place.location)
            .collect()
    }

    /// The locations of a unit and all below it through time, in stretches within which nothing changed.
    /// Stretches without locations are left out.
    #[must_use]
    pub fn eras(&self, top: UnitId) -> Vec<Era> {
        let spans = self.units.iter().map(|unit| unit.span);
        let spans = spans.chain(self.places.iter().map(|place| place.span));
        let days = spans.flat_map(|span| [Some(span.from), span.until]).flatten();
        let days: BTreeSet<LocalDate> = days.collect();
        let ends = days.iter().skip(1).copied().map(Some).chain([None]);
        let mut eras: Vec<Era> = Vec::new();
        for (from, until) in days.iter().copied().zip(ends) {
            let locations = self.locations(top, from);
            match eras.last_mut() {
                Some(last) if last.locations == locations && last.span.until == Some(from) => {
                    last.span.until = until;
                }
                _ if locations.is_empty() => {}
                _ => eras.push(Era {
                    span: Span { from, until },
                    locations,
                }),
            }
        }
        eras
    }

    /// Whether a unit, new or not, may hang below a parent from a day on.
    ///
    /// # Errors
    /// [`MoveError`].
    pub fn check_move(&self, unit: UnitId, parent: Option<UnitId>, from: LocalDate) -> Result<(), MoveError> {
        let changes = self.units.iter().map(|unit| unit.span.from);
        let days = changes.filter(|day| *day > from).chain([from]);
        for day in days {
            let mut parents = self.parents(day);
            if parent.is_some_and(|parent| !parents.contains_key(&parent)) {
                return Err(MoveError::NoParent);
            }
            parents.insert(unit, parent);
            for start in parents.keys() {
                check_path(&parents, *start)?;
            }
        }
        Ok(())
    }
}

/// Whether the way from a unit to the top is short and does not meet the unit again.
fn check_path(parents: &BTreeMap<UnitId, Option<UnitId>>, start: UnitId) -> Result<(), MoveError> {
    let mut seen = BTreeSet::from([start]);
    let mut next = parents.get(&start).copied().flatten();
    while let Some(unit) = next {
        if !seen.insert(unit) {
            return Err(MoveError::Cycle);
        }
        if seen.len() > MAX_DEPTH {
            return Err(MoveError::TooDeep);
        }
        next = parents.get(&unit).copied().flatten();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn unit(number: u128) -> UnitId {
        UnitId::from_uuid(Uuid::from_u128(number))
    }

    fn place(number: u128) -> LocationId {
        LocationId::from_uuid(Uuid::from_u128(number))
    }

    fn day(number: u32) -> LocalDate {
        LocalDate::parse("2026-01-01").expect("a date").plus_days(number)
    }

    fn hangs(number: u128, parent: Option<u128>, from: u32, until: Option<u32>) -> UnitSpan {
        UnitSpan {
            unit: unit(number),
            parent: parent.map(unit),
            span: Span {
                from: day(from),
                until: until.map(day),
            },
        }
    }

    fn belongs(location: u128, to: u128, from: u32, until: Option<u32>) -> PlaceSpan {
        PlaceSpan {
            location: place(location),
            unit: unit(to),
            span: Span {
                from: day(from),
                until: until.map(day),
            },
        }
    }

    /// Two districts below the top; the second's shop moves to the first on day 50, and the first moves below the second on day 80.
    fn moved() -> Hierarchy {
        Hierarchy {
            units: vec![
                hangs(1, None, 0, None),
                hangs(2, Some(1), 0, Some(80)),
                hangs(3, Some(1), 0, None),
                hangs(2, Some(3), 80, None),
            ],
            places: vec![
                belongs(21, 2, 0, None),
                belongs(31, 3, 0, Some(50)),
                belongs(31, 2, 50, None),
            ],
        }
    }

    #[test]
    fn the_tree_is_read_as_it_was_and_as_it_is() {
        let tree = moved();
        assert_eq!(tree.locations(unit(2), day(10)), BTreeSet::from([place(21)]));
        assert_eq!(
            tree.locations(unit(2), day(60)),
            BTreeSet::from([place(21), place(31)])
        );
        assert_eq!(tree.locations(unit(3), day(60)), BTreeSet::new());
        assert_eq!(
            tree.locations(unit(3), day(90)),
            BTreeSet::from([place(21), place(31)])
        );
        let eras: Vec<_> = tree
            .eras(unit(3))
            .into_iter()
            .map(|era| (era.span, era.locations.len()))
            .collect();
        let span = |from, until: Option<u32>| Span {
            from: day(from),
            until: until.map(day),
        };
        assert_eq!(eras, [(span(0, Some(50)), 1), (span(80, None), 2)]);
        assert_eq!(tree.eras(unit(1)).len(), 1, "for the whole nothing changed");
    }

    #[test]
    fn a_unit_never_comes_to_lie_below_itself() {
        let tree = moved();
        assert_eq!(
            tree.check_move(unit(1), Some(unit(2)), day(10)),
            Err(MoveError::Cycle)
        );
        assert_eq!(
            tree.check_move(unit(3), Some(unit(2)), day(85)),
            Err(MoveError::Cycle)
        );
        // On day 60 it would be well, but later the second district comes to lie below the third.
        assert_eq!(
            tree.check_move(unit(3), Some(unit(2)), day(60)),
            Err(MoveError::Cycle)
        );
        assert_eq!(tree.check_move(unit(9), Some(unit(2)), day(60)), Ok(()));
        assert_eq!(
            tree.check_move(unit(9), Some(unit(77)), day(60)),
            Err(MoveError::NoParent)
        );
        let deep: Vec<_> = (1..=12)
            .map(|number| hangs(number, (number > 1).then(|| number - 1), 0, None))
            .collect();
        let deep = Hierarchy {
            units: deep,
            places: Vec::new(),
        };
        assert_eq!(
            deep.check_move(unit(99), Some(unit(12)), day(0)),
            Err(MoveError::TooDeep)
        );
    }

    proptest! {
        /// Whatever is allowed keeps every unit on a way to the top, and eras say the same as single days.
        #[test]
        fn allowed_moves_keep_a_tree_and_eras_agree_with_days(
            moves in proptest::collection::vec((0_u128..6, proptest::option::of(0_u128..6), 0_u32..40), 0..12),
            places in proptest::collection::vec((0_u128..5, 0_u128..6, 0_u32..40), 0..6),
            asked in 0_u128..6,
        ) {
            let mut tree = Hierarchy { units: (0..6).map(|number| hangs(number, None, 0, None)).collect(), places: Vec::new() };
            for (number, parent, from) in moves {
                let (moving, from) = (unit(number), day(from));
                // Only what holds last is moved, as the use cases do.
                let last = tree.units.iter().position(|span| span.unit == moving && span.span.until.is_none()).expect("one");
                if tree.units[last].span.from >= from || tree.check_move(moving, parent.map(unit), from).is_err() {
                    continue;
                }
                tree.units[last].span.until = Some(from);
                tree.units.push(UnitSpan { unit: moving, parent: parent.map(unit), span: Span { from, until: None } });
            }
            tree.places = places.into_iter().map(|(location, to, from)| belongs(location, to, from, None)).collect();
            for number in 0..45 {
                let parents = tree.parents(day(number));
                for start in parents.keys() {
                    prop_assert!(check_path(&parents, *start).is_ok());
                }
                let eras = tree.eras(unit(asked));
                let era = eras.iter().find(|era| era.span.has(day(number)));
                let of_era = era.map(|era| era.locations.clone()).unwrap_or_default();
                prop_assert_eq!(of_era, tree.locations(unit(asked), day(number)));
            }
        }
    }
}
