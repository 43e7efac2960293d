mod companions;
mod days;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn date(text: &str) -> LocalDate {
    LocalDate::parse(text).expect("a date")
}

fn place(number: u128) -> LocationId {
    LocationId::from_uuid(Uuid::from_u128(number))
}

fn shopper() -> Candidate {
    Candidate {
        is_active: true,
        born_on: Some(date("1990-05-17")),
        has_agreement: true,
        ..Candidate::default()
    }
}

fn visit() -> OpenVisit {
    OpenVisit {
        location: place(1),
        point: None,
        hours: OpeningHours::default(),
        starts_on: date("2026-11-02"),
        visit_by: date("2026-11-29"),
        daypart: None,
        other_dates: Vec::new(),
        closed_on: None,
    }
}

fn been_at(location: u128, on: &str) -> PastVisit {
    PastVisit {
        location: place(location),
        date: date(on),
        is_of_programme: true,
        is_of_round: true,
        as_companion: false,
        is_done: true,
    }
}

fn found(
    rules: &FieldRules,
    candidate: &Candidate,
    visit: &OpenVisit,
    on: &str,
) -> Vec<(ObstacleCode, Option<String>)> {
    obstacles(rules, candidate, visit, date(on))
        .into_iter()
        .map(|obstacle| (obstacle.code, obstacle.allowed_from.map(|day| day.to_string())))
        .collect()
}

#[test]
fn an_ordinary_shopper_may_make_an_ordinary_visit() {
    assert_eq!(
        found(&FieldRules::default(), &shopper(), &visit(), "2026-11-10"),
        []
    );
}

#[test]
fn what_a_person_lacks_is_named() {
    let rules = FieldRules {
        languages: BTreeSet::from(["fi".to_owned(), "sv".to_owned()]),
        qualifications: BTreeSet::from(["driving_licence".to_owned()]),
        least_rating_tenths: Some(70),
        greatest_age: Some(30),
        certification: true,
        ..FieldRules::default()
    };
    let person = Candidate {
        is_active: false,
        has_agreement: false,
        languages: BTreeSet::from(["fi".to_owned()]),
        rating_tenths: Some(65),
        ..shopper()
    };
    let said: Vec<_> = obstacles(&rules, &person, &visit(), date("2026-11-10"))
        .into_iter()
        .map(|obstacle| (obstacle.code.as_str(), obstacle.detail))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        said,
        [
            ("not_active", None),
            ("agreement_missing", None),
            ("certification_missing", None),
            ("too_old", None),
            ("language_missing", text("sv")),
            ("qualification_missing", text("driving_licence")),
            ("rating_too_low", text("6.5")),
        ]
    );
    let unknown = Candidate {
        born_on: None,
        ..shopper()
    };
    assert_eq!(
        found(&FieldRules::default(), &unknown, &visit(), "2026-11-10"),
        [(ObstacleCode::AgeUnknown, None)]
    );
    let minor = Candidate {
        born_on: Some(date("2008-11-20")),
        ..shopper()
    };
    assert_eq!(
        found(&FieldRules::default(), &minor, &visit(), "2026-11-19"),
        [(ObstacleCode::TooYoung, Some("2026-11-20".to_owned()))]
    );
    assert_eq!(found(&FieldRules::default(), &minor, &visit(), "2026-11-20"), []);
}

#[test]
fn nobody_returns_too_early_nor_visits_shortly_before_a_visit_that_is_planned() {
    let rules = FieldRules::default();
    let mut person = shopper();
    person.visits.push(been_at(1, "2026-08-15"));
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-12"),
        [(ObstacleCode::Rotation, Some("2026-11-13".to_owned()))]
    );
    assert_eq!(found(&rules, &person, &visit(), "2026-11-13"), []);
    // One that is planned for later stands in the way as well, and moves the date behind itself.
    person.visits.push(been_at(1, "2026-12-24"));
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-13"),
        [(ObstacleCode::Rotation, Some("2027-03-24".to_owned()))]
    );
    person.visits = vec![PastVisit {
        as_companion: true,
        ..been_at(1, "2026-11-01")
    }];
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-10")[0].0,
        ObstacleCode::RotationAsCompanion
    );
    person.visits = vec![been_at(2, "2026-11-01")];
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-10"),
        [],
        "elsewhere is elsewhere"
    );
}

#[test]
fn days_and_rounds_have_room_for_so_many_visits() {
    let rules = FieldRules {
        visits_per_day: Some(2),
        visits_per_round: Some(4),
        spacing_days: 0,
        ..FieldRules::default()
    };
    let mut person = shopper();
    person.visits = vec![
        been_at(2, "2026-11-10"),
        been_at(3, "2026-11-10"),
        been_at(4, "2026-11-11"),
    ];
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-10"),
        [(ObstacleCode::DayFull, Some("2026-11-11".to_owned()))]
    );
    person.visits.push(been_at(5, "2026-11-11"));
    assert_eq!(
        found(&rules, &person, &visit(), "2026-11-10"),
        [
            (ObstacleCode::DayFull, Some("2026-11-12".to_owned())),
            (ObstacleCode::RoundFull, None)
        ]
    );
    let spaced = FieldRules {
        spacing_days: 3,
        ..FieldRules::default()
    };
    assert_eq!(
        found(&spaced, &person, &visit(), "2026-11-13"),
        [(ObstacleCode::Spacing, Some("2026-11-14".to_owned()))]
    );
    let busy = OpenVisit {
        other_dates: vec![date("2026-11-10")],
        ..visit()
    };
    assert_eq!(
        found(&FieldRules::default(), &shopper(), &busy, "2026-11-10"),
        [(ObstacleCode::LocationBusy, Some("2026-11-11".to_owned()))]
    );
}

#[test]
fn places_have_their_hours_and_rounds_their_dates() {
    let hours: OpeningHours =
        serde_json::from_str(r#"{"weekly": {"mon": ["09:00-12:00"], "wed": ["09:00-20:00"]}}"#)
            .expect("hours");
    let shop = OpenVisit {
        hours,
        daypart: Some(Daypart::Evening),
        ..visit()
    };
    let rules = FieldRules::default();
    // 9 November 2026 is a Monday.
    assert_eq!(
        found(&rules, &shopper(), &shop, "2026-11-09"),
        [(ObstacleCode::PlaceClosed, Some("2026-11-11".to_owned()))]
    );
    assert_eq!(found(&rules, &shopper(), &shop, "2026-11-11"), []);
    assert_eq!(
        found(&rules, &shopper(), &visit(), "2026-10-30"),
        [(ObstacleCode::OutsideRound, Some("2026-11-02".to_owned()))]
    );
    assert_eq!(
        found(&rules, &shopper(), &visit(), "2026-11-30"),
        [(ObstacleCode::OutsideRound, None)]
    );
    assert_eq!(
        first_date(&shop, date("2026-11-09"), |day| !obstacles(
            &rules,
            &shopper(),
            &shop,
            day
        )
        .is_empty()),
        Some(date("2026-11-11"))
    );
    assert_eq!(
        first_date(&shop, date("2026-11-09"), |day| !obstacles(
            &rules,
            &Candidate::default(),
            &shop,
            day
        )
        .is_empty()),
        None
    );
}

#[test]
fn distances_are_those_of_the_earth() {
    let helsinki = Point::parse("60.1699", "24.9384").expect("a point");
    let tampere = Point::parse("61.4978", "23.7610").expect("a point");
    let distance = helsinki.distance_km(tampere);
    assert!((159.0..162.0).contains(&distance), "{distance}");
    assert_eq!(Point::parse("91", "0"), None);
    let rules = FieldRules {
        greatest_distance_km: Some(50),
        ..FieldRules::default()
    };
    let there = OpenVisit {
        point: Some(tampere),
        ..visit()
    };
    let mut person = Candidate {
        places: vec![helsinki],
        ..shopper()
    };
    let far = obstacles(&rules, &person, &there, date("2026-11-10"));
    assert_eq!(
        (far[0].code, far[0].detail.as_deref()),
        (ObstacleCode::TooFar, Some("161 km"))
    );
    person.places.push(tampere);
    assert_eq!(obstacles(&rules, &person, &there, date("2026-11-10")), []);
}

proptest! {
    /// The date that a rule names is one that this rule allows, and no earlier one is after the date that was asked about.
    #[test]
    fn the_date_that_is_named_is_the_first_that_the_rule_allows(
        past in proptest::collection::vec((1_u128..3, 0_u32..200, any::<bool>()), 0..8),
        rotation_days in 0_u32..60,
        spacing_days in 0_u32..10,
        visits_per_day in 1_u32..3,
        asked in 0_u32..200,
    ) {
        let base = date("2026-06-01");
        let rules = FieldRules { rotation_days, spacing_days, visits_per_day: Some(visits_per_day), ..FieldRules::default() };
        let visits = past.iter().map(|(location, day, as_companion)| PastVisit {
            location: place(*location),
            date: base.plus_days(*day),
            is_of_programme: true,
            is_of_round: false,
            as_companion: *as_companion,
            is_done: true,
        });
        let person = Candidate { visits: visits.collect(), ..shopper() };
        let open = OpenVisit { starts_on: base, visit_by: base.plus_days(1_000), ..visit() };
        let asked = base.plus_days(asked);
        for obstacle in obstacles(&rules, &person, &open, asked) {
            let named = obstacle.allowed_from.expect("time cures all of these");
            prop_assert!(named > asked);
            let has = |day| obstacles(&rules, &person, &open, day).iter().any(|other| other.code == obstacle.code);
            prop_assert!(!has(named));
            let mut day = asked;
            while day < named {
                prop_assert!(has(day));
                day = day.plus_days(1);
            }
        }
    }
}
