//! Rules about a place: who may go there, when it is open, and how many visits it gets.

use super::{Candidate, FieldRules, Obstacle, ObstacleCode, OpenVisit};
use crate::{LocalDate, LocationId};

/// What the person has to do with the place.
pub(crate) fn of_place(rules: &FieldRules, candidate: &Candidate, visit: &OpenVisit) -> Vec<Obstacle> {
    let mut found: Vec<_> = of_ties(candidate, visit.location).into_iter().collect();
    if let (Some(greatest), Some(point)) = (rules.greatest_distance_km, visit.point) {
        let nearest = candidate.distance_km(point);
        if nearest.is_none_or(|nearest| nearest > f64::from(greatest)) {
            let detail = nearest.map(|nearest| format!("{nearest:.0} km"));
            found.push(Obstacle {
                detail,
                ..Obstacle::new(ObstacleCode::TooFar)
            });
        }
    }
    found
}

/// What stands between the person and the place, however far away it is.
pub(super) fn of_ties(candidate: &Candidate, location: LocationId) -> Option<Obstacle> {
    let is_tied = candidate.is_tied || candidate.ties.contains(&location);
    is_tied.then(|| Obstacle::new(ObstacleCode::NotIndependent))
}

/// What the date is to the place.
pub(crate) fn of_date(visit: &OpenVisit, date: LocalDate) -> Vec<Obstacle> {
    let mut found = of_window(visit, date);
    let is_open = |day| match visit.daypart {
        _ if !visit.hours.is_known() => true,
        Some(part) => {
            let (from, until) = part.minutes();
            visit.hours.is_open_between(day, from, until)
        }
        None => visit.hours.is_open_on(day),
    };
    if !is_open(date) {
        found.push(Obstacle {
            allowed_from: next_day(date, is_open),
            ..Obstacle::new(ObstacleCode::PlaceClosed)
        });
    }
    found
}

/// What the date is to the days of the visit and of the place.
pub(super) fn of_window(visit: &OpenVisit, date: LocalDate) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if date < visit.starts_on {
        found.push(Obstacle::until(ObstacleCode::OutsideRound, visit.starts_on));
    } else if date > visit.visit_by {
        found.push(Obstacle::new(ObstacleCode::OutsideRound));
    }
    if visit.closed_on.is_some_and(|closed| date >= closed) {
        found.push(Obstacle::new(ObstacleCode::LocationClosed));
    }
    found
}

/// What other visits to the location are to the date.
pub(crate) fn of_location(
    rules: &FieldRules,
    other_dates: &[LocalDate],
    date: LocalDate,
) -> Option<Obstacle> {
    let is_busy = |day| {
        let others = other_dates.iter().filter(|other| **other == day);
        others.count() >= rules.location_visits_per_day as usize
    };
    is_busy(date).then(|| Obstacle {
        allowed_from: next_day(date, |day| !is_busy(day)),
        ..Obstacle::new(ObstacleCode::LocationBusy)
    })
}

/// The first day after a date that is well. A month ahead says enough: rounds are seldom longer, and a place
/// that is closed so long is closed.
fn next_day(date: LocalDate, is_well: impl Fn(LocalDate) -> bool) -> Option<LocalDate> {
    (1..=31)
        .map(|days| date.plus_days(days))
        .find(|day| is_well(*day))
}
