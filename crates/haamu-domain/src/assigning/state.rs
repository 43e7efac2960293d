//! A plan under construction, with what the rules say to each person, place and day at this point.

use std::collections::BTreeMap;

use crate::eligibility::{FieldRules, of_place, of_rotation};
use crate::{LocalDate, VisitId};

use super::codes::Codes;
use super::parts::{Near, Place, Placement, Shopper, Visit, past_visit, remove_last};
use super::quota::Quotas;
use super::wishes::Wishes;
use super::{OpenRound, Preferences, ProposedVisit, UnassignedVisit};

/// A round is planned at most so many days ahead.
const MAX_DAYS: u32 = 400;
/// Of a location, so many shoppers are kept by how well they suit it. Who lies behind them is still asked
/// before a visit is left open.
const MAX_NEAR: usize = 4_000;

pub(super) struct State {
    rules: FieldRules,
    preferences: Preferences,
    pub(super) dates: Vec<LocalDate>,
    pub(super) shoppers: Vec<Shopper>,
    pub(super) visits: Vec<Visit>,
    pub(super) places: Vec<Place>,
    pub(super) quotas: Quotas,
    /// How many visits of the plan each day has.
    day_load: Vec<u32>,
}

impl State {
    pub(super) fn new(round: OpenRound) -> Self {
        let dates = horizon(&round.visits);
        let wishes = Wishes::new(&round);
        let quotas = Quotas::new(&round.quotas, &round.taken, round.starts_on, &dates);
        let mut numbers = BTreeMap::new();
        let mut places = Vec::new();
        let mut visits = Vec::with_capacity(round.visits.len());
        for visit in &round.visits {
            let place = *numbers.entry(visit.open.location).or_insert_with(|| {
                places.push(Place::new(&round.rules, &visit.open, &dates));
                places.len() - 1
            });
            visits.push(Visit::new(visit, place, &dates));
        }
        for (visit, wished) in visits.iter_mut().zip(wishes) {
            visit.wishes = wished;
        }
        let ratings = round.shoppers.iter();
        let ratings = ratings.filter_map(|shopper| shopper.candidate.rating_tenths);
        let best = ratings.max().unwrap_or(0);
        let shoppers = round.shoppers.into_iter().map(|shopper| {
            let below = shopper
                .candidate
                .rating_tenths
                .map_or(0, |rating| u32::from(best - rating));
            let rating_metres = below.saturating_mul(round.preferences.metres_per_rating_tenth);
            Shopper::new(
                &round.rules,
                (shopper.id, shopper.candidate),
                rating_metres,
                &numbers,
                &dates,
            )
        });
        let mut state = Self {
            shoppers: shoppers.collect(),
            day_load: vec![0; dates.len()],
            rules: round.rules,
            preferences: round.preferences,
            dates,
            visits,
            places,
            quotas,
        };
        for place in 0..state.places.len() {
            state.places[place].near = state.near(place);
        }
        state
    }

    fn near(&self, place: usize) -> Vec<Near> {
        let mut near = Vec::new();
        for (number, shopper) in self.shoppers.iter().enumerate() {
            let may_ever = shopper.of_person.iter().any(|codes| codes.is_empty());
            if may_ever && self.place_codes(place, number).is_empty() {
                near.push(Near {
                    cost: self.cost(place, number),
                    shopper: u32::try_from(number).unwrap_or(u32::MAX),
                });
            }
        }
        near.sort_by_key(|near| (near.cost, near.shopper));
        near.truncate(MAX_NEAR);
        near
    }

    /// What a shopper has to do with a place, whatever the day.
    pub(super) fn place_codes(&self, place: usize, shopper: usize) -> Codes {
        let candidate = &self.shoppers[shopper].candidate;
        Codes::among(&of_place(&self.rules, candidate, &self.places[place].open))
    }

    /// What the way to a place and the shopper's grades cost.
    pub(super) fn cost(&self, place: usize, shopper: usize) -> u32 {
        let metres = self.metres(place, shopper);
        let metres = metres.unwrap_or(self.preferences.unknown_metres);
        metres.saturating_add(self.shoppers[shopper].rating_metres)
    }

    fn metres(&self, place: usize, shopper: usize) -> Option<u32> {
        let point = self.places[place].open.point;
        let Some(point) = point else { return Some(0) };
        let kilometres = self.shoppers[shopper].candidate.distance_km(point)?;
        // No distance on Earth comes near the limit.
        Some((kilometres * 1_000.0).round() as u32)
    }

    /// What it costs that a shopper did not ask for a visit that others did ask for.
    pub(super) fn wish_cost(&self, visit: usize, shopper: usize) -> u32 {
        self.visits[visit].wishes.cost(shopper, &self.preferences)
    }

    /// What one more visit of a shopper costs, by how many they have.
    pub(super) fn load_cost(&self, shopper: usize) -> u64 {
        u64::from(self.shoppers[shopper].load) * u64::from(self.preferences.metres_per_visit)
    }

    /// What a visit of the plan costs, the next of its shopper being the dearest.
    pub(super) fn cost_of(&self, visit: usize, placement: Placement) -> u64 {
        let cost = u64::from(self.cost(self.visits[visit].place, placement.shopper))
            + u64::from(self.wish_cost(visit, placement.shopper));
        let before = self.shoppers[placement.shopper].load - 1;
        cost + u64::from(before) * u64::from(self.preferences.metres_per_visit)
    }

    /// What stands in the way of a visit by itself, day by day. The visit is not placed.
    pub(super) fn day_codes(&self, visit: usize) -> Vec<Codes> {
        let visit = &self.visits[visit];
        let full = self.quotas.full(visit.part).iter();
        let busy = self.places[visit.place].busy.iter();
        let codes = visit.codes.iter().zip(busy).zip(full);
        codes
            .map(|((of_day, busy), full)| *of_day | *busy | *full)
            .collect()
    }

    /// What a shopper breaks on a day, but for ties and distance.
    pub(super) fn shopper_codes(&self, place: usize, shopper: usize, day: usize) -> Codes {
        let found = &self.shoppers[shopper];
        if !found.places.contains(&place) {
            return found.codes[day];
        }
        let location = self.places[place].open.location;
        let rotation = of_rotation(&self.rules, &found.candidate, location, self.dates[day]);
        found.codes[day] | Codes::among(&rotation)
    }

    /// Whether a shopper who is near may make a visit with these codes of days on any of them.
    pub(super) fn may(&self, days: &[Codes], visit: usize, shopper: usize) -> bool {
        !self.visits[visit].wishes.excludes(shopper)
            && self.is_allowed(days, self.visits[visit].place, shopper)
    }

    /// Whether rules allow a shopper who is near a visit to a place with these codes of days on any of them.
    pub(super) fn is_allowed(&self, days: &[Codes], place: usize, shopper: usize) -> bool {
        let found = &self.shoppers[shopper];
        let mut both = days.iter().zip(&found.codes);
        if !found.places.contains(&place) {
            return both.any(|(day, own)| (*day | *own).is_empty());
        }
        let is_free = |day: usize| (days[day] | self.shopper_codes(place, shopper, day)).is_empty();
        (0..days.len()).any(is_free)
    }

    /// Whether a shopper, near or not, may make a visit that is not placed.
    pub(super) fn may_have(&self, visit: usize, shopper: usize) -> bool {
        let place = self.visits[visit].place;
        let days = self.day_codes(visit);
        self.may(&days, visit, shopper) && self.place_codes(place, shopper).is_empty()
    }

    /// Whether nothing but the days of other visits in the plan keeps a shopper who is near from a visit with
    /// these codes of days.
    pub(super) fn may_in_time(&self, days: &[Codes], place: usize, shopper: usize) -> bool {
        let of_person = &self.shoppers[shopper].of_person;
        let in_time = |day: usize| {
            let codes = days[day] | self.shopper_codes(place, shopper, day);
            (of_person[day] | codes.without(Codes::IN_TIME)).is_empty()
        };
        (0..days.len()).any(in_time)
    }

    /// The best day for a shopper who is near.
    pub(super) fn best_day(&self, days: &[Codes], visit: usize, shopper: usize) -> Option<usize> {
        self.free(days, visit, shopper)
            .min_by_key(|day| self.rank(visit, shopper, *day))
    }

    /// All days for a shopper who is near, the best first. The visit is not placed.
    pub(super) fn free_days(&self, visit: usize, shopper: usize) -> Vec<usize> {
        let days = self.day_codes(visit);
        let mut free: Vec<_> = self.free(&days, visit, shopper).collect();
        free.sort_by_cached_key(|day| self.rank(visit, shopper, *day));
        free
    }

    fn free<'a>(
        &'a self,
        days: &'a [Codes],
        visit: usize,
        shopper: usize,
    ) -> impl Iterator<Item = usize> + 'a {
        let place = self.visits[visit].place;
        let is_free = move |day: &usize| (days[*day] | self.shopper_codes(place, shopper, *day)).is_empty();
        let is_for_them = !self.visits[visit].wishes.excludes(shopper);
        (0..days.len()).filter(move |_| is_for_them).filter(is_free)
    }

    /// How good a day is, less being better: whether the shopper named another one, how many other days of the shopper it takes, whether quotas are
    /// tight, how much the plan has on it, and which comes first.
    fn rank(&self, visit: usize, shopper: usize, day: usize) -> (bool, usize, u32, u32, usize) {
        let own = &self.shoppers[shopper].codes;
        let spacing = usize::try_from(self.rules.spacing_days).unwrap_or(usize::MAX);
        let until = day.saturating_add(spacing).min(own.len());
        let from = (day + 1).saturating_sub(spacing);
        let near = own.get(from..until).unwrap_or_default();
        let lost = near.iter().filter(|codes| codes.is_empty()).count();
        let room = self.quotas.room(self.visits[visit].part, day);
        let is_other = self.visits[visit].wishes.is_other_day(shopper, self.dates[day]);
        (is_other, lost, u32::MAX - room, self.day_load[day], day)
    }

    /// Gives a visit that nobody has to a shopper.
    pub(super) fn place(&mut self, visit: usize, placement: Placement) {
        let Placement { shopper, day } = placement;
        let (place, part, date) = (self.visits[visit].place, self.visits[visit].part, self.dates[day]);
        self.visits[visit].placed = Some(placement);
        self.quotas.add(part, day);
        self.day_load[day] += 1;
        let at = &mut self.places[place];
        at.dates.push(date);
        at.placed.push(visit);
        at.recount(&self.rules, date, day);
        let past = past_visit(at.open.location, date);
        let of = &mut self.shoppers[shopper];
        of.candidate.visits.push(past);
        of.holds.push(visit);
        of.places.push(place);
        of.load += 1;
        of.recount(&self.rules, &self.dates);
    }

    /// Takes a visit back from whoever has it.
    pub(super) fn lift(&mut self, visit: usize) -> Option<Placement> {
        let placement = self.visits[visit].placed.take()?;
        let Placement { shopper, day } = placement;
        let (place, part, date) = (self.visits[visit].place, self.visits[visit].part, self.dates[day]);
        self.quotas.remove(part, day);
        self.day_load[day] -= 1;
        let at = &mut self.places[place];
        remove_last(&mut at.dates, &date);
        remove_last(&mut at.placed, &visit);
        at.recount(&self.rules, date, day);
        let past = past_visit(at.open.location, date);
        let of = &mut self.shoppers[shopper];
        remove_last(&mut of.candidate.visits, &past);
        remove_last(&mut of.holds, &visit);
        remove_last(&mut of.places, &place);
        of.load -= 1;
        of.recount(&self.rules, &self.dates);
        Some(placement)
    }

    /// The visits that nobody has.
    pub(super) fn open(&self) -> Vec<usize> {
        let visits = self.visits.iter().enumerate();
        let open = visits.filter(|(_, visit)| visit.placed.is_none());
        open.map(|(number, _)| number).collect()
    }

    pub(super) fn visit_id(&self, visit: usize) -> VisitId {
        self.visits[visit].id
    }

    pub(super) fn assignments(&self) -> Vec<ProposedVisit> {
        let proposed = self.visits.iter().filter_map(|visit| {
            let Placement { shopper, day } = visit.placed?;
            let is_placed = self.places[visit.place].open.point.is_some();
            Some(ProposedVisit {
                visit: visit.id,
                shopper: self.shoppers[shopper].id,
                date: self.dates[day],
                metres: self.metres(visit.place, shopper).filter(|_| is_placed),
            })
        });
        proposed.collect()
    }
}

/// The days that are planned: from the first to the last on which any of the visits can be made.
fn horizon(visits: &[UnassignedVisit]) -> Vec<LocalDate> {
    let first = |visit: &UnassignedVisit| visit.open.starts_on.max(visit.not_before);
    let from = visits.iter().map(first).min();
    let until = visits.iter().map(|visit| visit.open.visit_by).max();
    let (Some(from), Some(until)) = (from, until) else {
        return Vec::new();
    };
    let days = (0..MAX_DAYS).map(|days| from.plus_days(days));
    days.take_while(|date| *date <= until).collect()
}
