//! Rules about what a person is, or lacks.

use std::collections::BTreeSet;

use super::{Candidate, Certified, FieldRules, Obstacle, ObstacleCode};
use crate::LocalDate;

/// What the person is, or lacks.
pub(crate) fn of_person(rules: &FieldRules, candidate: &Candidate, date: LocalDate) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if !candidate.is_active {
        found.push(Obstacle::new(ObstacleCode::NotActive));
    }
    if !candidate.has_agreement {
        found.push(Obstacle::new(ObstacleCode::AgreementMissing));
    }
    if rules.certification {
        found.extend(of_certification(candidate.certified, date));
    }
    found.extend(of_age(rules, candidate, date));
    let missing = |wanted: &BTreeSet<String>, has: &BTreeSet<String>, code| {
        let missing: Vec<_> = wanted.difference(has).cloned().collect();
        missing.into_iter().map(move |name| Obstacle::of(code, name))
    };
    found.extend(missing(
        &rules.languages,
        &candidate.languages,
        ObstacleCode::LanguageMissing,
    ));
    let holds = |name: &&String| {
        let last = candidate.qualification_ends.get(*name);
        last.is_none_or(|last| date <= *last)
    };
    let held = candidate.qualifications.iter().filter(holds).cloned().collect();
    found.extend(missing(
        &rules.qualifications,
        &held,
        ObstacleCode::QualificationMissing,
    ));
    if let (Some(least), Some(rating)) = (rules.least_rating_tenths, candidate.rating_tenths)
        && rating < least
    {
        found.push(Obstacle::of(
            ObstacleCode::RatingTooLow,
            format!("{}.{}", rating / 10, rating % 10),
        ));
    }
    found
}

fn of_certification(certified: Certified, date: LocalDate) -> Option<Obstacle> {
    match certified {
        Certified::Always => None,
        Certified::Until(last) if date <= last => None,
        // A pass that is over by then is named: what is missing is another one.
        Certified::Until(last) => Some(Obstacle::of(
            ObstacleCode::CertificationMissing,
            format!("until {last}"),
        )),
        Certified::No => Some(Obstacle::new(ObstacleCode::CertificationMissing)),
    }
}

pub(super) fn of_age(rules: &FieldRules, candidate: &Candidate, date: LocalDate) -> Option<Obstacle> {
    let asks = rules.least_age > 0 || rules.greatest_age.is_some();
    let Some(born_on) = candidate.born_on else {
        return asks.then(|| Obstacle::new(ObstacleCode::AgeUnknown));
    };
    let age = born_on.years_until(date);
    if age < i16::from(rules.least_age) {
        let birthday = born_on.plus_years(rules.least_age);
        return Some(Obstacle::until(ObstacleCode::TooYoung, birthday));
    }
    let is_too_old = rules
        .greatest_age
        .is_some_and(|greatest| age > i16::from(greatest));
    is_too_old.then(|| Obstacle::new(ObstacleCode::TooOld))
}
