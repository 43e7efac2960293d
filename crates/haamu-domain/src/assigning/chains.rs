//! Room for visits that found none: others move, and make others move.

use super::insert::place_now;
use super::parts::Placement;
use super::state::State;

/// How many visits move for one, in one round of attempts after the other.
const DEPTHS: [u32; 3] = [1, 3, 8];
/// So many moves are tried in all; each takes some microseconds.
const MAX_MOVES: u32 = 600_000;
/// Of these, so many to find days for the visits of one shopper.
const MAX_TRIES: u32 = 60;

/// The search for room.
struct Search<'a> {
    state: &'a mut State,
    /// Visits that nobody had when all of them were last gone through.
    open: Vec<usize>,
    /// Visits that were moved in vain since the plan last changed.
    tried: Vec<bool>,
    moves: u32,
}

/// Places what it can of the visits that are open by moving others.
pub(super) fn make_room(state: &mut State, progress: &mut dyn FnMut(usize, usize)) {
    let count = state.visits.len();
    let mut search = Search {
        open: state.open(),
        state,
        tried: vec![false; count],
        moves: 0,
    };
    let total = search.open.len();
    for (turn, depth) in DEPTHS.into_iter().enumerate() {
        let mut has_changed = true;
        while has_changed && search.moves < MAX_MOVES {
            has_changed = false;
            search.tried.fill(false);
            for (number, visit) in search.open.clone().into_iter().enumerate() {
                progress(turn * total + number, DEPTHS.len() * total);
                // It may have found somebody together with another one.
                if search.state.visits[visit].placed.is_some() {
                    continue;
                }
                search.tried[visit] = true;
                if search.settle(visit, depth) {
                    has_changed = true;
                    search.tried.fill(false);
                }
            }
            search.open = search.state.open();
        }
    }
    progress(1, 1);
}

impl Search<'_> {
    /// Places a visit, moving up to `depth` others in a row, so that one more has somebody. If it cannot,
    /// everything is as it was.
    fn settle(&mut self, visit: usize, depth: u32) -> bool {
        if place_now(self.state, visit) {
            return true;
        }
        if depth == 0 {
            return false;
        }
        self.take_from_calendars(visit)
            || self.take_from_shoppers(visit, depth)
            || self.take_from_days(visit, depth)
    }

    /// A shopper makes this visit besides those that they have, all of which may move to other days.
    fn take_from_calendars(&mut self, visit: usize) -> bool {
        let place = self.state.visits[visit].place;
        let days = self.state.day_codes(visit);
        for number in 0..self.state.places[place].near.len() {
            let shopper = self.state.places[place].near[number].shopper();
            let held = self.state.shoppers[shopper].holds.clone();
            let is_worth_it = !held.is_empty() && self.state.may_in_time(&days, place, shopper);
            if !is_worth_it || self.moves >= MAX_MOVES {
                continue;
            }
            let were: Vec<_> = held
                .iter()
                .map(|other| (*other, self.state.lift(*other)))
                .collect();
            let mut all = held;
            all.push(visit);
            let mut tries = MAX_TRIES;
            if self.schedule(shopper, &all, &mut tries) {
                return true;
            }
            for (other, was) in were {
                if let Some(was) = was {
                    self.state.place(other, was);
                }
            }
        }
        false
    }

    /// Finds days for visits that one shopper makes. If it cannot, everything is as it was.
    fn schedule(&mut self, shopper: usize, visits: &[usize], tries: &mut u32) -> bool {
        let free = visits.iter().enumerate();
        let free = free.map(|(at, visit)| (self.state.free_days(*visit, shopper), at));
        let Some((days, at)) = free.min_by_key(|(days, at)| (days.len(), *at)) else {
            return true;
        };
        let mut rest = visits.to_vec();
        let visit = rest.remove(at);
        for day in days {
            if *tries == 0 {
                return false;
            }
            *tries -= 1;
            self.moves += 1;
            self.state.place(visit, Placement { shopper, day });
            if self.schedule(shopper, &rest, tries) {
                return true;
            }
            self.state.lift(visit);
        }
        false
    }

    /// A shopper makes this visit in place of one that they have.
    fn take_from_shoppers(&mut self, visit: usize, depth: u32) -> bool {
        let place = self.state.visits[visit].place;
        for number in 0..self.state.places[place].near.len() {
            let shopper = self.state.places[place].near[number].shopper();
            for other in self.state.shoppers[shopper].holds.clone() {
                let Some(was) = self.try_lifting(other) else {
                    continue;
                };
                for (number, day) in self.state.free_days(visit, shopper).into_iter().enumerate() {
                    self.state.place(visit, Placement { shopper, day });
                    // A long chain is followed from the best day only.
                    let depth = if number == 0 { depth - 1 } else { 0 };
                    if self.settle(other, depth) || self.place_another(visit, shopper) {
                        return true;
                    }
                    self.state.lift(visit);
                }
                self.state.place(other, was);
            }
        }
        false
    }

    /// Gives a shopper an open visit besides one that they have just got: two for the one that they lost.
    fn place_another(&mut self, visit: usize, shopper: usize) -> bool {
        for number in 0..self.open.len() {
            let other = self.open[number];
            let is_open = other != visit && self.state.visits[other].placed.is_none();
            if is_open && self.state.may_have(other, shopper) {
                let day = self.state.free_days(other, shopper).first().copied();
                if let Some(day) = day {
                    self.state.place(other, Placement { shopper, day });
                    return true;
                }
            }
        }
        false
    }

    /// Whoever may, makes this visit on a day on which the place or a quota had no room for it.
    fn take_from_days(&mut self, visit: usize, depth: u32) -> bool {
        for other in self.in_the_way(visit) {
            let Some(was) = self.try_lifting(other) else {
                continue;
            };
            if place_now(self.state, visit) {
                if self.settle(other, depth - 1) {
                    return true;
                }
                self.state.lift(visit);
            }
            self.state.place(other, was);
        }
        false
    }

    /// Placed visits to the same location, and those in a quota that is full with one of this visit's days.
    fn in_the_way(&self, visit: usize) -> Vec<usize> {
        let state = &self.state;
        let this = &state.visits[visit];
        let mut found = state.places[this.place].placed.clone();
        let full = state.quotas.full(this.part).iter().enumerate();
        let full: Vec<_> = full.filter(|(_, codes)| !codes.is_empty()).collect();
        if full.is_empty() {
            return found;
        }
        for (number, other) in state.visits.iter().enumerate() {
            let Some(placement) = other.placed else { continue };
            let theirs = (other.part, placement.day);
            let shares = |day: usize| state.quotas.share_cell((this.part, day), theirs);
            if other.place != this.place && full.iter().any(|(day, _)| shares(*day)) {
                found.push(number);
            }
        }
        found
    }

    /// Lifts a visit that was not moved in vain before, as long as there is time.
    fn try_lifting(&mut self, visit: usize) -> Option<Placement> {
        if self.tried[visit] || self.moves >= MAX_MOVES {
            return None;
        }
        self.tried[visit] = true;
        self.moves += 1;
        self.state.lift(visit)
    }
}
