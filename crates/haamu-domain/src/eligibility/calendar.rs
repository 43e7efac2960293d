//! Rules about the days between the visits of a person.

use super::{Candidate, FieldRules, Obstacle, ObstacleCode, PastVisit};
use crate::{LocalDate, LocationId};

/// When the person was or will be at the place.
pub(crate) fn of_rotation(
    rules: &FieldRules,
    candidate: &Candidate,
    location: LocationId,
    date: LocalDate,
) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for (as_companion, code) in [
        (false, ObstacleCode::Rotation),
        (true, ObstacleCode::RotationAsCompanion),
    ] {
        let there = candidate.visits.iter();
        let there = there.filter(|past| past.location == location && past.as_companion == as_companion);
        found.extend(too_near(code, there, rules.rotation_days, date));
    }
    found
}

/// What the person does at that time already.
pub(crate) fn of_calendar(rules: &FieldRules, candidate: &Candidate, date: LocalDate) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let own = || candidate.visits.iter().filter(|past| !past.as_companion);
    let of_programme = || own().filter(|past| past.is_of_programme);
    found.extend(of_spacing(rules, &candidate.visits, ObstacleCode::Spacing, date));
    if let Some(most) = rules.visits_per_day {
        let count = |day| of_programme().filter(|past| past.date == day).count();
        if count(date) >= most as usize {
            let mut next = date;
            while count(next) >= most as usize {
                next = next.plus_days(1);
            }
            found.push(Obstacle::until(ObstacleCode::DayFull, next));
        }
    }
    if let Some(most) = rules.visits_per_round
        && own().filter(|past| past.is_of_round).count() >= most as usize
    {
        found.push(Obstacle::new(ObstacleCode::RoundFull));
    }
    if let Some(most) = rules.open_visits
        && own().filter(|past| !past.is_done).count() >= most as usize
    {
        found.push(Obstacle::new(ObstacleCode::TooManyOpen));
    }
    found
}

/// How near in time other visits of the person in the programme are: those that they make, and those that they come
/// along to, for people who serve them see them in both.
pub(super) fn of_spacing(
    rules: &FieldRules,
    visits: &[PastVisit],
    code: ObstacleCode,
    date: LocalDate,
) -> Option<Obstacle> {
    let of_programme = visits.iter().filter(|past| past.is_of_programme);
    too_near(code, of_programme, rules.spacing_days, date)
}

/// Whether a date lies within so many days of a visit, before or after it, and the first later one that does not.
pub(super) fn too_near<'a>(
    code: ObstacleCode,
    visits: impl Iterator<Item = &'a PastVisit>,
    days: u32,
    date: LocalDate,
) -> Option<Obstacle> {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let mut dates: Vec<LocalDate> = visits.map(|past| past.date).collect();
    dates.sort_unstable();
    let is_near = |day: LocalDate, other: LocalDate| day.days_since(other).abs() < days;
    if !dates.iter().any(|other| is_near(date, *other)) {
        return None;
    }
    let mut free = date;
    for other in dates {
        if is_near(free, other) {
            free = other.plus_days(days.unsigned_abs());
        }
    }
    Some(Obstacle::until(code, free))
}
