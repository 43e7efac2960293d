//! Shorter ways, better grades and work spread more evenly, with as many visits filled as before.

use super::parts::Placement;
use super::state::State;

/// So often every visit is looked at, at most.
const PASSES: usize = 6;
/// With so many shoppers who suit a place best, visits change places.
const BEST: usize = 12;

/// Moves visits, and lets them change places, as long as it makes the plan better.
pub(super) fn improve(state: &mut State, progress: &mut dyn FnMut(usize, usize)) {
    let total = state.visits.len() * PASSES;
    for pass in 0..PASSES {
        let mut has_changed = false;
        for visit in 0..state.visits.len() {
            progress(pass * state.visits.len() + visit, total);
            has_changed |= relocate(state, visit);
            has_changed |= exchange(state, visit);
        }
        if !has_changed {
            break;
        }
    }
    progress(total, total);
}

/// Moves a visit to whoever costs least, if that is less than now.
fn relocate(state: &mut State, visit: usize) -> bool {
    let Some(was) = state.visits[visit].placed else {
        return false;
    };
    let mut least = state.cost_of(visit, was);
    state.lift(visit);
    let days = state.day_codes(visit);
    let place = state.visits[visit].place;
    let mut better = None;
    for near in &state.places[place].near {
        if u64::from(near.cost) >= least {
            break;
        }
        let shopper = near.shopper();
        let added = u64::from(state.wish_cost(visit, shopper)) + state.load_cost(shopper);
        let cost = u64::from(near.cost) + added;
        if cost < least && shopper != was.shopper && state.may(&days, visit, shopper) {
            least = cost;
            better = Some(shopper);
        }
    }
    let better = better.and_then(|shopper| {
        let day = state.best_day(&days, visit, shopper)?;
        Some(Placement { shopper, day })
    });
    state.place(visit, better.unwrap_or(was));
    better.is_some()
}

/// Gives a visit to a shopper who suits it better, for one of theirs, if both together cost less then.
fn exchange(state: &mut State, visit: usize) -> bool {
    let Some(was) = state.visits[visit].placed else {
        return false;
    };
    let place = state.visits[visit].place;
    let cost = u64::from(state.cost(place, was.shopper)) + u64::from(state.wish_cost(visit, was.shopper));
    let near = state.places[place].near.iter().take(BEST).copied();
    let nearer: Vec<_> = near.take_while(|near| u64::from(near.cost) < cost).collect();
    for near in nearer {
        let shopper = near.shopper();
        let then_here = u64::from(near.cost) + u64::from(state.wish_cost(visit, shopper));
        for other in state.shoppers[shopper].holds.clone() {
            let at = state.visits[other].place;
            let there = |who| u64::from(state.cost(at, who)) + u64::from(state.wish_cost(other, who));
            let now = cost + there(shopper);
            let then = then_here + there(was.shopper);
            if then < now && state.place_codes(at, was.shopper).is_empty() && swap(state, visit, other) {
                return true;
            }
        }
    }
    false
}

/// Lets two visits change their shoppers, if rules allow it. If not, everything is as it was.
fn swap(state: &mut State, one: usize, other: usize) -> bool {
    let (Some(first), Some(second)) = (state.lift(one), state.lift(other)) else {
        return false;
    };
    let days = state.day_codes(one);
    if let Some(day) = state.best_day(&days, one, second.shopper) {
        let shopper = second.shopper;
        state.place(one, Placement { shopper, day });
        let days = state.day_codes(other);
        if let Some(day) = state.best_day(&days, other, first.shopper) {
            let shopper = first.shopper;
            state.place(other, Placement { shopper, day });
            return true;
        }
        state.lift(one);
    }
    state.place(one, first);
    state.place(other, second);
    false
}
