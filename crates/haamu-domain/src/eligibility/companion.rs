//! Rules about whoever comes along to a visit. They are those of shoppers, as far as companions can break them.

use super::calendar::{of_spacing, too_near};
use super::person::of_age;
use super::place::of_ties;
use super::{Candidate, FieldRules, Obstacle, ObstacleCode, PastVisit};
use crate::{LocalDate, LocationId};

/// Somebody who comes along to a visit, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Companion {
    /// Visits that they came along to, and those that they made or took themselves, if they are a shopper.
    pub visits: Vec<PastVisit>,
    /// What the agency knows of them, if they are a shopper of it. Of others it knows no more than their visits.
    pub account: Option<Candidate>,
}

/// What stands in the way of somebody coming along.
#[must_use]
pub fn companion_obstacles(
    rules: &FieldRules,
    companion: &Companion,
    location: LocationId,
    date: LocalDate,
) -> Vec<Obstacle> {
    let visits = &companion.visits;
    let there = visits.iter().filter(|past| past.location == location);
    let rotation = too_near(ObstacleCode::CompanionRotation, there, rules.rotation_days, date);
    let spacing = of_spacing(rules, visits, ObstacleCode::CompanionSpacing, date);
    let mut found: Vec<_> = rotation.into_iter().chain(spacing).collect();
    let Some(account) = &companion.account else {
        return found;
    };
    if !account.is_active {
        found.push(Obstacle::new(ObstacleCode::CompanionNotActive));
    }
    let age = of_age(rules, account, date);
    found.extend(age.map(|age| Obstacle {
        detail: Some(age.code.as_str().to_owned()),
        code: ObstacleCode::CompanionAge,
        ..age
    }));
    if of_ties(account, location).is_some() {
        found.push(Obstacle::new(ObstacleCode::CompanionNotIndependent));
    }
    found
}
