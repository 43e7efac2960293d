//! Why a visit is still open: the rules that keep it so, alone or together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::codes::Codes;
use super::parts::Placement;
use super::state::State;
use super::{Combination, Relaxation, UnfilledVisit};

/// So many combinations of rules are named of one visit.
const MOST_NAMED: usize = 10;

/// Says of every visit that is open which rules keep it so, after asking the whole panel once more.
pub(super) fn explain(state: &mut State, progress: &mut dyn FnMut(usize, usize)) -> Vec<UnfilledVisit> {
    let mut unfilled = Vec::new();
    let mut open = state.open();
    // Whoever lies behind the nearest few thousand has not been asked yet.
    open.retain(|visit| !place_with_anybody(state, *visit));
    for (number, visit) in open.iter().copied().enumerate() {
        progress(number, open.len());
        unfilled.push(why(state, visit));
    }
    unfilled
}

fn place_with_anybody(state: &mut State, visit: usize) -> bool {
    let days = state.day_codes(visit);
    for shopper in 0..state.shoppers.len() {
        if state.may_have(visit, shopper)
            && let Some(day) = state.best_day(&days, visit, shopper)
        {
            state.place(visit, Placement { shopper, day });
            return true;
        }
    }
    false
}

/// What keeps a visit open: rules alone or together, and shoppers whom it is not for.
fn why(state: &State, visit: usize) -> UnfilledVisit {
    let days = state.day_codes(visit);
    let place = state.visits[visit].place;
    let mut gave_up = 0;
    let mut counts: BTreeMap<Codes, u32> = BTreeMap::new();
    for shopper in 0..state.shoppers.len() {
        if state.visits[visit].wishes.excludes(shopper) {
            let is_near = state.place_codes(place, shopper).is_empty();
            gave_up += u32::from(is_near && state.is_allowed(&days, place, shopper));
            continue;
        }
        for codes in fewest_rules(state, &days, place, shopper) {
            *counts.entry(codes).or_default() += 1;
        }
    }
    let fewest = counts.keys().filter_map(|codes| codes.count()).min();
    let mut found: Vec<_> = counts.into_iter().collect();
    found.retain(|(codes, _)| codes.count() == fewest);
    found.sort_by_key(|(codes, shoppers)| (Reverse(*shoppers), codes.rules()));
    let mut unfilled = UnfilledVisit {
        visit: state.visit_id(visit),
        relaxations: Vec::new(),
        combinations: Vec::new(),
        gave_up,
        reason: None,
    };
    for (codes, shoppers) in found {
        match codes.rules().as_slice() {
            [code] => unfilled.relaxations.push(Relaxation {
                code: *code,
                shoppers,
            }),
            _ if unfilled.combinations.len() == MOST_NAMED => break,
            codes => unfilled.combinations.push(Combination {
                codes: codes.to_vec(),
                shoppers,
            }),
        }
    }
    unfilled
}

/// The sets of rules that keep a shopper from a visit, of the days on which these are fewest; each once.
fn fewest_rules(state: &State, days: &[Codes], place: usize, shopper: usize) -> BTreeSet<Codes> {
    let of_place = state.place_codes(place, shopper);
    let mut found = BTreeSet::new();
    let mut fewest = u32::MAX;
    for (day, of_day) in days.iter().enumerate() {
        let codes = of_place | *of_day | state.shopper_codes(place, shopper, day);
        let Some(count) = codes.count().filter(|count| *count <= fewest) else {
            continue;
        };
        if count < fewest {
            fewest = count;
            found.clear();
        }
        found.insert(codes);
    }
    found
}
