//! Who may make a visit, and if not, why and from when on.
//!
//! One function, [`obstacles`], answers for the job board, for coordinators
//! who assign, for the auto-assigner and for "why not?". It knows everything
//! by its arguments, so that all of them come to the same.

mod calendar;
mod companion;
mod made;
mod obstacle;
mod person;
mod place;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::opening::OpeningHours;
use crate::{Daypart, LocalDate, LocationId};

pub(crate) use calendar::{of_calendar, of_rotation};
pub use companion::{Companion, companion_obstacles};
pub use made::{MadeVisit, breaches};
pub use obstacle::{Obstacle, ObstacleCode};
pub(crate) use person::of_person;
pub(crate) use place::{of_date, of_location, of_place};
pub use summary::{DAYS_AHEAD, first_free, summary};

/// The Earth's mean radius in kilometres (IUGG).
const EARTH_RADIUS_KM: f64 = 6_371.008_8;

/// What a programme asks of shoppers and visits. Fields that are absent ask nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FieldRules {
    /// Days before the same shopper or companion may come back to a location; 30 to 90 are usual.
    pub rotation_days: u32,
    /// Days between two visits of a person in the programme, at whatever location; made or come along to.
    pub spacing_days: u32,
    /// How many visits of the programme a shopper makes on one day.
    pub visits_per_day: Option<u32>,
    /// How many visits of a round a shopper makes.
    pub visits_per_round: Option<u32>,
    /// How many visits a location gets on one day.
    pub location_visits_per_day: u32,
    /// The least age of a shopper in years.
    pub least_age: u8,
    /// The oldest a shopper may be, in years.
    pub greatest_age: Option<u8>,
    /// Languages that a shopper speaks, by their tags.
    pub languages: BTreeSet<String>,
    /// Qualifications that a shopper has, by the agency's names for them.
    pub qualifications: BTreeSet<String>,
    /// The least mean grade of a shopper's reports, in tenths; new shoppers have none, and may come.
    pub least_rating_tenths: Option<u16>,
    /// How far a location may lie from the nearest of a shopper's own places, in kilometres.
    pub greatest_distance_km: Option<u32>,
    /// Whether briefing and certification must be passed first.
    pub certification: bool,
    /// How many visits that are not handed in yet a shopper may hold at a time.
    pub open_visits: Option<u32>,
    /// How many hours a shopper has to answer an offer; never longer than the visit's days.
    pub respond_hours: u32,
    /// So many days before a visit's days are over, whoever has not begun it is reminded; nobody, if null.
    pub remind_days: Option<u32>,
    /// So many days after a visit's days are over, it is taken back from whoever has not begun it, as far as the
    /// server knows: what they recorded and have not sent by then is set aside. Nothing is taken back, if null.
    pub take_back_days: Option<u32>,
}

impl Default for FieldRules {
    fn default() -> Self {
        Self {
            rotation_days: 90,
            spacing_days: 0,
            visits_per_day: None,
            visits_per_round: None,
            location_visits_per_day: 1,
            least_age: 18,
            greatest_age: None,
            languages: BTreeSet::new(),
            qualifications: BTreeSet::new(),
            least_rating_tenths: None,
            greatest_distance_km: None,
            certification: false,
            open_visits: None,
            respond_hours: 48,
            remind_days: Some(2),
            take_back_days: None,
        }
    }
}

/// A point on the Earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North.
    pub latitude: f64,
    /// East.
    pub longitude: f64,
}

impl Point {
    /// Reads decimals of degrees.
    #[must_use]
    pub fn parse(latitude: &str, longitude: &str) -> Option<Self> {
        let point = Self {
            latitude: latitude.parse().ok()?,
            longitude: longitude.parse().ok()?,
        };
        let is_on_earth =
            (-90.0..=90.0).contains(&point.latitude) && (-180.0..=180.0).contains(&point.longitude);
        is_on_earth.then_some(point)
    }

    /// The distance along the surface in kilometres, by the haversine formula on a sphere.
    #[must_use]
    pub fn distance_km(self, other: Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |difference: f64| (difference.to_radians() / 2.0).sin().powi(2);
        let chord =
            half(other.latitude - self.latitude) + a.cos() * b.cos() * half(other.longitude - self.longitude);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
    }
}

/// A visit that a person made, will make, or came along to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastVisit {
    /// Where.
    pub location: LocationId,
    /// On which day, or by which day at the latest where none is fixed.
    pub date: LocalDate,
    /// Whether it belongs to the same programme.
    pub is_of_programme: bool,
    /// Whether it belongs to the same round.
    pub is_of_round: bool,
    /// Whether the person came along as somebody's companion.
    pub as_companion: bool,
    /// Whether it has been handed in.
    pub is_done: bool,
}

/// Whether somebody passed briefing and certification of a programme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certified {
    /// They did not, or there is nothing to pass.
    #[default]
    No,
    /// They did; this is the last day on which it holds.
    Until(LocalDate),
    /// They did, and it does not end.
    Always,
}

impl Certified {
    /// What is left where both are asked for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Always, other) | (other, Self::Always) => other,
            (Self::Until(one), Self::Until(other)) => Self::Until(one.min(other)),
        }
    }
}

/// A person who might make a visit, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Whether the panel has them as active.
    pub is_active: bool,
    /// Their date of birth, where they told it.
    pub born_on: Option<LocalDate>,
    /// Languages that they speak.
    pub languages: BTreeSet<String>,
    /// Qualifications that they have.
    pub qualifications: BTreeSet<String>,
    /// The last day of each of them that ends.
    pub qualification_ends: BTreeMap<String, LocalDate>,
    /// Their mean grade in tenths; none before the first.
    pub rating_tenths: Option<u16>,
    /// Their own places: home, work, the summer cottage.
    pub places: Vec<Point>,
    /// Whether they accepted the shopper agreement as it is now.
    pub has_agreement: bool,
    /// Whether they passed briefing and certification of the programme, and for how long.
    pub certified: Certified,
    /// Whether they declared a tie to the client organisation as a whole.
    pub is_tied: bool,
    /// Locations that they declared a tie to.
    pub ties: BTreeSet<LocationId>,
    /// Visits that they made or took, and those that they came along to.
    pub visits: Vec<PastVisit>,
}

impl Candidate {
    /// How far a point lies from the nearest of the person's own places, in kilometres.
    #[must_use]
    pub fn distance_km(&self, point: Point) -> Option<f64> {
        let places = self.places.iter().map(|place| place.distance_km(point));
        places.min_by(f64::total_cmp)
    }
}

/// A visit that somebody is to make.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenVisit {
    /// Where.
    pub location: LocationId,
    /// Where that is on the Earth; none for remote contacts.
    pub point: Option<Point>,
    /// When the place is open, in its own time zone.
    pub hours: OpeningHours,
    /// The first day of visits.
    pub starts_on: LocalDate,
    /// The last day of visits.
    pub visit_by: LocalDate,
    /// The part of the day that it is planned for.
    pub daypart: Option<Daypart>,
    /// The dates of other visits that this location gets.
    pub other_dates: Vec<LocalDate>,
    /// The first day on which the place is not there any more.
    pub closed_on: Option<LocalDate>,
}

/// What stands in the way of a person making a visit on a date. Nothing, if the list is empty.
#[must_use]
pub fn obstacles(
    rules: &FieldRules,
    candidate: &Candidate,
    visit: &OpenVisit,
    date: LocalDate,
) -> Vec<Obstacle> {
    let mut found = of_person(rules, candidate, date);
    found.extend(of_place(rules, candidate, visit));
    found.extend(of_rotation(rules, candidate, visit.location, date));
    found.extend(of_calendar(rules, candidate, date));
    found.extend(of_date(visit, date));
    found.extend(of_location(rules, &visit.other_dates, date));
    found
}

/// The first date of a visit, from a day on, on which nothing stands in the way, if there is one.
#[must_use]
pub fn first_date(
    visit: &OpenVisit,
    from: LocalDate,
    stands_in_the_way: impl Fn(LocalDate) -> bool,
) -> Option<LocalDate> {
    let mut date = from.max(visit.starts_on);
    while date <= visit.visit_by {
        if !stands_in_the_way(date) {
            return Some(date);
        }
        date = date.plus_days(1);
    }
    None
}

/// The last date of a visit, not before a day, on which nothing stands in the way, if there is one.
#[must_use]
pub fn last_date(
    visit: &OpenVisit,
    from: LocalDate,
    stands_in_the_way: impl Fn(LocalDate) -> bool,
) -> Option<LocalDate> {
    let first = from.max(visit.starts_on);
    let mut date = visit.visit_by;
    while date >= first {
        if !stands_in_the_way(date) {
            return Some(date);
        }
        date = date.minus_days(1);
    }
    None
}

#[cfg(test)]
mod tests;
