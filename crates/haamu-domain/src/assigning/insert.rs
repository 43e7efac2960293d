//! The first plan: the hardest visits first.

use std::cmp::Reverse;

use super::parts::Placement;
use super::state::State;

/// Of how many shoppers it makes a difference whether a visit has one more.
const MANY: u32 = 64;

/// What is left for a visit.
#[derive(Clone, Copy, Default)]
struct Outlook {
    /// How many shoppers, up to [`MANY`].
    options: u32,
    /// Whoever costs least, and what.
    best: Option<(u64, usize)>,
    /// Whoever comes next.
    second: Option<(u64, usize)>,
}

impl Outlook {
    /// Few shoppers come first, and then what loses most without its best one.
    fn urgency(&self, visit: usize) -> (u32, Reverse<u64>, usize) {
        let best = self.best.map_or(0, |(cost, _)| cost);
        let regret = self.second.map_or(u64::MAX, |(cost, _)| cost - best);
        (self.options.max(1).ilog2(), Reverse(regret), visit)
    }

    fn needs(&self, shopper: usize) -> bool {
        [self.best, self.second]
            .iter()
            .flatten()
            .any(|(_, one)| *one == shopper)
    }
}

/// Places what can be placed without moving anything.
pub(super) fn fill(state: &mut State, progress: &mut dyn FnMut(usize, usize)) {
    let total = state.visits.len();
    let mut waiting: Vec<(usize, Outlook)> = Vec::with_capacity(total);
    waiting.extend((0..total).map(|visit| (visit, outlook(state, visit))));
    loop {
        progress(total - waiting.len(), total);
        waiting.retain(|(_, outlook)| outlook.best.is_some());
        let next = waiting.iter().enumerate();
        let next = next.min_by_key(|(_, (visit, outlook))| outlook.urgency(*visit));
        let Some((at, _)) = next else { break };
        let (visit, found) = waiting.swap_remove(at);
        let turns = state.quotas.turns();
        let Some(shopper) = place_with(state, visit, found) else {
            continue;
        };
        let place = state.visits[visit].place;
        let has_turned = state.quotas.turns() != turns;
        for (other, outlook_of) in &mut waiting {
            if has_turned || outlook_of.needs(shopper) || state.visits[*other].place == place {
                *outlook_of = outlook(state, *other);
            }
        }
    }
}

/// Gives a visit to whoever costs least.
fn place_with(state: &mut State, visit: usize, found: Outlook) -> Option<usize> {
    let (_, shopper) = found.best?;
    let days = state.day_codes(visit);
    let day = state.best_day(&days, visit, shopper)?;
    state.place(visit, Placement { shopper, day });
    Some(shopper)
}

fn outlook(state: &State, visit: usize) -> Outlook {
    let days = state.day_codes(visit);
    let place = state.visits[visit].place;
    let mut found = Outlook::default();
    for near in &state.places[place].near {
        let is_settled = |second: (u64, usize)| second.0 <= u64::from(near.cost);
        if found.options >= MANY && found.second.is_some_and(is_settled) {
            break;
        }
        let shopper = near.shopper();
        if !state.may(&days, visit, shopper) {
            continue;
        }
        found.options += 1;
        // What is added here is never less than nothing: who comes later in the list costs at least `near.cost`.
        let added = u64::from(state.wish_cost(visit, shopper)) + state.load_cost(shopper);
        let this = (u64::from(near.cost) + added, shopper);
        if found.best.is_none_or(|best| this < best) {
            found.second = found.best.replace(this);
        } else if found.second.is_none_or(|second| this < second) {
            found.second = Some(this);
        }
    }
    found
}

/// Gives a visit to whoever costs least, if anybody may make it now.
pub(super) fn place_now(state: &mut State, visit: usize) -> bool {
    let found = outlook(state, visit);
    place_with(state, visit, found).is_some()
}
