//! The people, visits and places of a plan under construction, each with what the rules say to its days.

use std::collections::BTreeMap;

use crate::eligibility::{
    Candidate, FieldRules, OpenVisit, PastVisit, of_calendar, of_date, of_location, of_person,
};
use crate::{LocalDate, LocationId, UserId, VisitId};

use super::UnassignedVisit;
use super::codes::Codes;
use super::quota::part_number;
use super::wishes::Wishes;

/// Somebody of the panel.
pub(super) struct Shopper {
    pub(super) id: UserId,
    pub(super) candidate: Candidate,
    /// What their person breaks, day by day.
    pub(super) of_person: Vec<Codes>,
    /// The same with what their calendar breaks.
    pub(super) codes: Vec<Codes>,
    /// Places of the round that they were or will be at, once for each time.
    pub(super) places: Vec<usize>,
    /// Visits of the plan that they have.
    pub(super) holds: Vec<usize>,
    /// Visits that they have in the round or to hand in, those of the plan included.
    pub(super) load: u32,
    /// What their grades cost.
    pub(super) rating_metres: u32,
}

/// A visit that is to be given to somebody.
pub(super) struct Visit {
    pub(super) id: VisitId,
    pub(super) place: usize,
    pub(super) part: usize,
    /// Who asked for it.
    pub(super) wishes: Wishes,
    /// What the days break by themselves.
    pub(super) codes: Vec<Codes>,
    pub(super) placed: Option<Placement>,
}

/// Who makes a visit on which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) shopper: usize,
    pub(super) day: usize,
}

/// A shopper who has no tie to a place and does not live too far away.
#[derive(Clone, Copy)]
pub(super) struct Near {
    /// What the way and the shopper's grades cost, in metres.
    pub(super) cost: u32,
    pub(super) shopper: u32,
}

impl Near {
    pub(super) const fn shopper(self) -> usize {
        self.shopper as usize
    }
}

/// A location with visits.
pub(super) struct Place {
    pub(super) open: OpenVisit,
    /// Who might go there, whoever costs least first.
    pub(super) near: Vec<Near>,
    /// Dates of other visits, those of the plan included.
    pub(super) dates: Vec<LocalDate>,
    /// The days on which it has enough visits.
    pub(super) busy: Vec<Codes>,
    /// The visits of the plan that are placed there.
    pub(super) placed: Vec<usize>,
}

impl Shopper {
    pub(super) fn new(
        rules: &FieldRules,
        (id, candidate): (UserId, Candidate),
        rating_metres: u32,
        numbers: &BTreeMap<LocationId, usize>,
        dates: &[LocalDate],
    ) -> Self {
        let of_person = dates
            .iter()
            .map(|date| Codes::among(&of_person(rules, &candidate, *date)));
        let been = candidate.visits.iter();
        let places = been.filter_map(|past| numbers.get(&past.location).copied());
        let own = candidate.visits.iter().filter(|past| !past.as_companion);
        let load = own.filter(|past| past.is_of_round || !past.is_done).count();
        let mut shopper = Self {
            id,
            of_person: of_person.collect(),
            codes: vec![Codes::NONE; dates.len()],
            places: places.collect(),
            holds: Vec::new(),
            load: u32::try_from(load).unwrap_or(u32::MAX),
            rating_metres,
            candidate,
        };
        shopper.recount(rules, dates);
        shopper
    }

    pub(super) fn recount(&mut self, rules: &FieldRules, dates: &[LocalDate]) {
        for (number, date) in dates.iter().enumerate() {
            let of_person = self.of_person[number];
            // Who may not come at all needs no calendar but for the explanation.
            let of_calendar = of_calendar(rules, &self.candidate, *date);
            self.codes[number] = of_person | Codes::among(&of_calendar);
        }
    }
}

impl Visit {
    pub(super) fn new(visit: &UnassignedVisit, place: usize, dates: &[LocalDate]) -> Self {
        let codes = dates.iter().map(|date| match *date < visit.not_before {
            true => Codes::PAST,
            false => Codes::among(&of_date(&visit.open, *date)),
        });
        Self {
            id: visit.id,
            place,
            part: part_number(visit.open.daypart),
            wishes: Wishes::default(),
            codes: codes.collect(),
            placed: None,
        }
    }
}

impl Place {
    pub(super) fn new(rules: &FieldRules, open: &OpenVisit, dates: &[LocalDate]) -> Self {
        let mut place = Self {
            open: open.clone(),
            near: Vec::new(),
            dates: open.other_dates.clone(),
            busy: vec![Codes::NONE; dates.len()],
            placed: Vec::new(),
        };
        for (number, date) in dates.iter().enumerate() {
            place.recount(rules, *date, number);
        }
        place
    }

    pub(super) fn recount(&mut self, rules: &FieldRules, date: LocalDate, day: usize) {
        self.busy[day] = Codes::among(&of_location(rules, &self.dates, date));
    }
}

/// A visit of the plan as rules will see it once it is offered.
pub(super) fn past_visit(location: LocationId, date: LocalDate) -> PastVisit {
    PastVisit {
        location,
        date,
        is_of_programme: true,
        is_of_round: true,
        as_companion: false,
        is_done: false,
    }
}

pub(super) fn remove_last<T: PartialEq>(list: &mut Vec<T>, item: &T) {
    if let Some(at) = list.iter().rposition(|one| one == item) {
        list.remove(at);
    }
}
