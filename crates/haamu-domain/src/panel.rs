//! What an agency knows of a shopper of its panel.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::LocalDate;
use crate::eligibility::Point;

/// A shopper has at most so many places, languages and qualifications of their own.
const MAX_ENTRIES: usize = 50;

/// A place that a shopper starts from: home, work, the summer cottage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnPlace {
    /// What the shopper calls it.
    pub name: String,
    /// Degrees north, as a decimal; two digits behind the point are enough, about a kilometre.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
}

/// What an agency knows of a shopper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Whether they take visits at present, as they say themselves.
    pub is_active: bool,
    /// Whether the agency gives them none, whatever they say.
    pub is_suspended: bool,
    /// Their date of birth.
    pub born_on: Option<LocalDate>,
    /// Languages that they speak, by their tags.
    pub languages: BTreeSet<String>,
    /// Qualifications that the agency has checked, by the agency's names for them.
    pub qualifications: BTreeSet<String>,
    /// The last day of each of them that ends, such as that of a licence.
    pub qualification_ends: BTreeMap<String, LocalDate>,
    /// Places that they start from.
    pub places: Vec<OwnPlace>,
    /// The mean grade of their reports, in tenths.
    pub rating_tenths: Option<u16>,
}

impl Profile {
    /// Whether they may be given visits: they take some, and the agency has not suspended them.
    #[must_use]
    pub const fn takes_visits(&self) -> bool {
        self.is_active && !self.is_suspended
    }

    /// Of whom nothing is known but that they are there.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            is_active: true,
            ..Self::default()
        }
    }

    /// The path of the first field that is wrong, its code, and why.
    #[must_use]
    pub fn problem(&self, today: LocalDate) -> Option<(String, &'static str, &'static str)> {
        let is_born = |born: LocalDate| born < today && born.years_until(today) < 130;
        if self.born_on.is_some_and(|born| !is_born(born)) {
            return Some(("born_on".to_owned(), "out_of_range", "not a date of birth"));
        }
        for (path, names) in [
            ("languages", &self.languages),
            ("qualifications", &self.qualifications),
        ] {
            if names.len() > MAX_ENTRIES || names.iter().any(|name| haamu_form::Id::new(name).is_none()) {
                let message = "at most 50 names, written as ids of questions are";
                return Some((path.to_owned(), "bad_name", message));
            }
        }
        let is_held = |name: &&String| self.qualifications.contains(*name);
        if let Some(name) = self.qualification_ends.keys().find(|name| !is_held(name)) {
            let path = format!("qualification_ends.{name}");
            return Some((path, "not_found", "only a qualification that they have ends"));
        }
        if self.places.len() > MAX_ENTRIES {
            return Some(("places".to_owned(), "too_many", "at most 50 places"));
        }
        let wrong = self.places.iter().position(|place| {
            let is_named = (1..=100).contains(&place.name.trim().chars().count());
            !is_named || Point::parse(&place.latitude, &place.longitude).is_none()
        });
        wrong.map(|index| {
            let message = "a place has a name of at most 100 characters, and its degrees";
            (format!("places[{index}]"), "bad_place", message)
        })
    }

    /// The places as points.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let points = self.places.iter();
        points
            .filter_map(|place| Point::parse(&place.latitude, &place.longitude))
            .collect()
    }
}

/// Whether two names are of one person as far as anybody can tell: they differ in blanks and in capital letters at
/// most. No name is nobody's.
#[must_use]
pub fn is_same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> { name.split_whitespace().map(str::to_lowercase).collect() };
    let one = words(one);
    !one.is_empty() && one == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text).expect("a date")
    }

    fn place(name: &str, latitude: &str) -> OwnPlace {
        OwnPlace {
            name: name.to_owned(),
            latitude: latitude.to_owned(),
            longitude: "24.94".to_owned(),
        }
    }

    #[test]
    fn profiles_are_checked_field_by_field() {
        let today = day("2026-11-29");
        let sound = Profile {
            born_on: Some(day("1990-01-01")),
            languages: BTreeSet::from(["fi".to_owned()]),
            places: vec![place("Koti", "60.17")],
            ..Profile::unknown()
        };
        assert_eq!(sound.problem(today), None);
        assert_eq!(sound.points().len(), 1);
        let code = |profile: Profile| profile.problem(today).map(|(path, code, _)| (path, code));
        let wrong = |path: &str, code| Some((path.to_owned(), code));
        let unborn = Profile {
            born_on: Some(today),
            ..sound.clone()
        };
        assert_eq!(code(unborn), wrong("born_on", "out_of_range"));
        let ancient = Profile {
            born_on: Some(day("1850-01-01")),
            ..sound.clone()
        };
        assert_eq!(code(ancient), wrong("born_on", "out_of_range"));
        let spoken = Profile {
            languages: BTreeSet::from(["two words".to_owned()]),
            ..sound.clone()
        };
        assert_eq!(code(spoken), wrong("languages", "bad_name"));
        let ends = Profile {
            qualification_ends: BTreeMap::from([("car".to_owned(), today)]),
            ..sound.clone()
        };
        assert_eq!(code(ends.clone()), wrong("qualification_ends.car", "not_found"));
        let held = Profile {
            qualifications: BTreeSet::from(["car".to_owned()]),
            ..ends
        };
        assert_eq!(code(held), None);
        let lost = Profile {
            places: vec![place("Koti", "60.17"), place("Mökki", "160")],
            ..sound
        };
        assert_eq!(code(lost), wrong("places[1]", "bad_place"));
    }

    #[test]
    fn names_are_of_one_person_whatever_their_case_and_blanks() {
        assert!(is_same_name("Äiti  Virtanen", " äiti virtanen "));
        assert!(!is_same_name("Äiti Virtanen", "Isä Virtanen"));
        assert!(!is_same_name(" ", ""), "nobody");
    }
}
