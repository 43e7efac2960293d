//! Visits as they were made: which rules they broke, whatever was promised.

use super::calendar::{of_calendar, of_rotation};
use super::companion::{Companion, companion_obstacles};
use super::place::of_window;
use super::{Candidate, FieldRules, Obstacle, ObstacleCode, OpenVisit};
use crate::{LocalDate, LocalMinute};

/// When a visit was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeVisit {
    /// The day that it counts to.
    pub date: LocalDate,
    /// The minute at the place, where the shopper told it.
    pub at: Option<LocalMinute>,
}

/// The rules about days and hours that a visit broke as it was made. `candidate` has the other visits that its
/// shopper has made.
///
/// The visit's own days, its part of the day and the hours of the place are judged by the minute at which the shopper
/// says they were there; where they said none, nobody knows more than when the evaluation was handed in.
#[must_use]
pub fn breaches(
    rules: &FieldRules,
    candidate: &Candidate,
    companion: Option<&Companion>,
    visit: &OpenVisit,
    made: MadeVisit,
) -> Vec<Obstacle> {
    let mut found = of_rotation(rules, candidate, visit.location, made.date);
    let of_days = [ObstacleCode::Spacing, ObstacleCode::DayFull];
    let calendar = of_calendar(rules, candidate, made.date).into_iter();
    found.extend(calendar.filter(|obstacle| of_days.contains(&obstacle.code)));
    if let Some(companion) = companion {
        found.extend(companion_obstacles(rules, companion, visit.location, made.date));
    }
    if let Some(at) = made.at {
        found.extend(of_minute(visit, at));
    }
    found
}

fn of_minute(visit: &OpenVisit, at: LocalMinute) -> Vec<Obstacle> {
    // Whoever was there between midnight and six on the first day of the visit was there on that day as well.
    let in_time = of_window(visit, at.date).is_empty();
    let mut found = match in_time {
        true => Vec::new(),
        false => of_window(visit, at.business_date()),
    };
    if visit.daypart.is_some_and(|part| part != at.daypart()) {
        found.push(Obstacle::of(ObstacleCode::OtherDaypart, at.daypart().as_str()));
    }
    if visit.hours.is_known() && !visit.hours.is_open_at(at) {
        found.push(Obstacle::new(ObstacleCode::PlaceClosed));
    }
    found
}
