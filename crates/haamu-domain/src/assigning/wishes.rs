//! Who asked for which visit, was invited to it, or gave it up.

use std::collections::BTreeMap;

use super::{OpenRound, Preferences};
use crate::LocalDate;

/// The shoppers of one visit who asked for it, were invited or gave it up, by their numbers.
#[derive(Default)]
pub(super) struct Wishes {
    /// Sorted.
    asked_by: Vec<usize>,
    /// On which day some of them would go.
    asked_on: BTreeMap<usize, LocalDate>,
    /// Sorted; without those who asked.
    invited: Vec<usize>,
    /// Sorted.
    given_up_by: Vec<usize>,
}

impl Wishes {
    /// Those of each visit of a round.
    pub(super) fn new(round: &OpenRound) -> Vec<Self> {
        let numbers = round.shoppers.iter().enumerate();
        let numbers: BTreeMap<_, _> = numbers.map(|(number, shopper)| (shopper.id, number)).collect();
        let sorted = |mut of: Vec<usize>| {
            of.sort_unstable();
            of
        };
        let wishes = round.visits.iter().map(|visit| {
            let asked_by = visit.asked_by.iter().filter_map(|id| numbers.get(id).copied());
            let others = visit.invited.difference(&visit.asked_by);
            let invited = others.filter_map(|id| numbers.get(id).copied());
            let given_up_by = visit.given_up_by.iter();
            let given_up_by = given_up_by.filter_map(|id| numbers.get(id).copied());
            let asked_on = visit.asked_on.iter();
            let asked_on = asked_on.filter_map(|(id, day)| Some((*numbers.get(id)?, *day)));
            Self {
                asked_on: asked_on.collect(),
                asked_by: sorted(asked_by.collect()),
                invited: sorted(invited.collect()),
                given_up_by: sorted(given_up_by.collect()),
            }
        });
        wishes.collect()
    }

    /// Whether a shopper named another day when they asked for the visit.
    pub(super) fn is_other_day(&self, shopper: usize, day: LocalDate) -> bool {
        self.asked_on.get(&shopper).is_some_and(|asked| *asked != day)
    }

    /// Whether the visit is not for a shopper, who had it and gave it up.
    pub(super) fn excludes(&self, shopper: usize) -> bool {
        self.given_up_by.binary_search(&shopper).is_ok()
    }

    /// What it costs that a shopper did not ask for the visit; nothing where nobody did and nobody was invited.
    pub(super) fn cost(&self, shopper: usize, preferences: &Preferences) -> u32 {
        let has = |of: &[usize]| of.binary_search(&shopper).is_ok();
        if (self.asked_by.is_empty() && self.invited.is_empty()) || has(&self.asked_by) {
            0
        } else if has(&self.invited) {
            preferences.metres_invited
        } else {
            preferences.metres_unasked
        }
    }
}
