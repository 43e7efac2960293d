//! Whoever comes along, and what counts of it for their own visits.

use super::*;

fn along(location: u128, on: &str) -> PastVisit {
    PastVisit {
        as_companion: true,
        ..been_at(location, on)
    }
}

fn companion_found(rules: &FieldRules, companion: &Companion, on: &str) -> Vec<String> {
    let obstacles = companion_obstacles(rules, companion, place(1), date(on));
    let said = obstacles.iter().map(|one| match (&one.detail, one.allowed_from) {
        (Some(detail), _) => format!("{} {detail}", one.code.as_str()),
        (None, Some(day)) => format!("{} {day}", one.code.as_str()),
        (None, None) => one.code.as_str().to_owned(),
    });
    said.collect()
}

#[test]
fn days_between_visits_are_counted_in_both_roles() {
    let rules = FieldRules {
        rotation_days: 0,
        spacing_days: 7,
        ..FieldRules::default()
    };
    let mut person = shopper();
    person.visits = vec![along(2, "2026-11-10")];
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-11"),
        [(ObstacleCode::Spacing, Some("2026-11-17".to_owned()))]
    );
    let companion = Companion {
        visits: vec![been_at(2, "2026-11-09")],
        account: None,
    };
    assert_eq!(
        companion_found(&rules, &companion, "2026-11-10"),
        ["companion_spacing 2026-11-16"]
    );
    assert_eq!(companion_found(&rules, &companion, "2026-11-16"), [""; 0]);
    let elsewhere = Companion {
        visits: vec![PastVisit {
            is_of_programme: false,
            ..along(2, "2026-11-09")
        }],
        account: None,
    };
    assert_eq!(companion_found(&rules, &elsewhere, "2026-11-10"), [""; 0]);
}

#[test]
fn a_companion_with_an_account_keeps_the_rules_for_people() {
    let rules = FieldRules {
        rotation_days: 30,
        greatest_age: Some(70),
        ..FieldRules::default()
    };
    let minor = Candidate {
        is_active: false,
        born_on: Some(date("2010-11-20")),
        ties: BTreeSet::from([place(1)]),
        ..shopper()
    };
    let companion = Companion {
        visits: vec![been_at(1, "2026-11-01")],
        account: Some(minor),
    };
    assert_eq!(
        companion_found(&rules, &companion, "2026-11-10"),
        [
            "companion_rotation 2026-12-01",
            "companion_not_active",
            "companion_age too_young",
            "companion_not_independent"
        ]
    );
    let sound = Companion {
        visits: Vec::new(),
        account: Some(shopper()),
    };
    assert_eq!(companion_found(&rules, &sound, "2026-11-10"), [""; 0]);
    let client = Candidate {
        is_tied: true,
        ..shopper()
    };
    let tied = Companion {
        account: Some(client),
        ..sound
    };
    assert_eq!(
        companion_found(&rules, &tied, "2026-11-10"),
        ["companion_not_independent"]
    );
}
