//! Why a visit is still open: the single rules that keep it so.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::eligibility::ObstacleCode;

use super::codes::Codes;
use super::parts::Placement;
use super::state::State;
use super::{Relaxation, UnfilledVisit};

/// Says of every visit that is open which rules keep it so, after asking the whole panel once more.
pub(super) fn explain(state: &mut State, progress: &mut dyn FnMut(usize, usize)) -> Vec<UnfilledVisit> {
    let mut unfilled = Vec::new();
    let mut open = state.open();
    // Whoever lies behind the nearest few thousand has not been asked yet.
    open.retain(|visit| !place_with_anybody(state, *visit));
    for (number, visit) in open.iter().copied().enumerate() {
        progress(number, open.len());
        unfilled.push(UnfilledVisit {
            visit: state.visit_id(visit),
            relaxations: relaxations(state, visit),
        });
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

fn relaxations(state: &State, visit: usize) -> Vec<Relaxation> {
    let days = state.day_codes(visit);
    let place = state.visits[visit].place;
    let mut counts: BTreeMap<ObstacleCode, u32> = BTreeMap::new();
    for shopper in 0..state.shoppers.len() {
        for code in single_rules(state, &days, place, shopper) {
            *counts.entry(code).or_default() += 1;
        }
    }
    let found = counts.into_iter();
    let mut found: Vec<_> = found
        .map(|(code, shoppers)| Relaxation { code, shoppers })
        .collect();
    found.sort_by_key(|one| (Reverse(one.shoppers), one.code));
    found
}

/// The rules of which one alone keeps a shopper from a visit on some day, each once.
fn single_rules(state: &State, days: &[Codes], place: usize, shopper: usize) -> Vec<ObstacleCode> {
    let of_place = state.place_codes(place, shopper);
    let mut found = Vec::new();
    for (day, of_day) in days.iter().enumerate() {
        let codes = of_place | *of_day | state.shopper_codes(place, shopper, day);
        if let Some(code) = codes.single()
            && !found.contains(&code)
        {
            found.push(code);
        }
    }
    found
}
