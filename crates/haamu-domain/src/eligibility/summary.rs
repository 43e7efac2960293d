//! What rules say over many days.

use super::{Obstacle, ObstacleCode};
use crate::LocalDate;

/// So many days ahead are searched for one that all rules allow.
pub const DAYS_AHEAD: u32 = 366;

/// What stands in the way on some days, put together: every rule once, as on the first day on which it does, with on
/// how many of the days it does. What is missing or too much tells rules apart as well, such as cells of quotas.
#[must_use]
pub fn summary(
    days: impl IntoIterator<Item = LocalDate>,
    on: impl Fn(LocalDate) -> Vec<Obstacle>,
) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = Vec::new();
    for obstacle in days.into_iter().flat_map(on) {
        let is_same = |one: &&mut Obstacle| (one.code, &one.detail) == (obstacle.code, &obstacle.detail);
        match found.iter_mut().find(is_same) {
            Some(known) => known.days = known.days.map(|days| days + 1),
            None => found.push(Obstacle {
                days: Some(1),
                ..obstacle
            }),
        }
    }
    found
}

/// The first day, from one on and within [`DAYS_AHEAD`], on which nothing stands in the way but that the visit is not
/// planned for it.
#[must_use]
pub fn first_free(from: LocalDate, on: impl Fn(LocalDate) -> Vec<Obstacle>) -> Option<LocalDate> {
    let is_free = |day: &LocalDate| {
        let mut obstacles = on(*day).into_iter();
        obstacles.all(|obstacle| obstacle.code == ObstacleCode::OutsideRound)
    };
    (0..=DAYS_AHEAD).map(|days| from.plus_days(days)).find(is_free)
}
