//! Rules over days: visits as they were made, what ends, and what is said of many days.

use super::*;
use crate::LocalMinute;

fn made(visit: &OpenVisit, on: &str, hour: u16) -> Vec<&'static str> {
    let at = LocalMinute {
        date: date(on),
        minute: hour * 60 + 30,
    };
    let made = MadeVisit {
        date: at.business_date(),
        at: Some(at),
    };
    let broken = breaches(&FieldRules::default(), &shopper(), None, visit, made);
    broken.iter().map(|one| one.code.as_str()).collect()
}

#[test]
fn a_visit_is_judged_by_the_minute_at_which_it_was_made() {
    let hours = r#"{"weekly": {"mon": ["09:00-18:00"], "fri": ["20:00-02:00"]}}"#;
    let shop = OpenVisit {
        hours: serde_json::from_str(hours).expect("hours"),
        ..visit()
    };
    // 9 November 2026 is a Monday.
    assert_eq!(made(&shop, "2026-11-09", 10), [""; 0]);
    assert_eq!(made(&shop, "2026-11-09", 19), ["place_closed"]);
    assert_eq!(made(&shop, "2026-11-14", 1), [""; 0], "the night of Friday");
    assert_eq!(made(&shop, "2026-11-14", 2), ["place_closed"]);
    assert_eq!(made(&visit(), "2026-11-01", 12), ["outside_round"]);
    assert_eq!(
        made(&visit(), "2026-11-30", 1),
        [""; 0],
        "the night of the last day"
    );
    assert_eq!(made(&visit(), "2026-11-30", 6), ["outside_round"]);
    assert_eq!(
        made(&visit(), "2026-11-02", 1),
        [""; 0],
        "the first day has begun"
    );
    let evening = OpenVisit {
        daypart: Some(Daypart::Evening),
        ..visit()
    };
    assert_eq!(made(&evening, "2026-11-09", 19), [""; 0]);
    assert_eq!(made(&evening, "2026-11-09", 10), ["other_daypart"]);
}

#[test]
fn a_visit_is_judged_by_the_day_on_which_it_was_made() {
    let rules = FieldRules {
        rotation_days: 30,
        spacing_days: 5,
        visits_per_round: Some(1),
        open_visits: Some(1),
        ..FieldRules::default()
    };
    let person = Candidate {
        visits: vec![been_at(1, "2026-10-29"), been_at(2, "2026-11-06")],
        ..Candidate::default()
    };
    let broken = |on| {
        let made = MadeVisit {
            date: date(on),
            at: None,
        };
        let broken = breaches(&rules, &person, None, &visit(), made);
        broken.iter().map(|one| one.code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(broken("2026-11-02"), ["rotation", "spacing"]);
    assert_eq!(broken("2026-11-29"), [""; 0], "caps were for whoever took it");
}

#[test]
fn what_ends_is_judged_on_the_day_of_the_visit() {
    let rules = FieldRules {
        certification: true,
        qualifications: BTreeSet::from(["car".to_owned(), "forklift".to_owned()]),
        ..FieldRules::default()
    };
    let person = Candidate {
        certified: Certified::Until(date("2026-11-10")),
        qualifications: rules.qualifications.clone(),
        qualification_ends: BTreeMap::from([("car".to_owned(), date("2026-11-12"))]),
        ..shopper()
    };
    let said = |person: &Candidate, on| {
        let found = obstacles(&rules, person, &visit(), date(on)).into_iter();
        found
            .map(|one| format!("{} {}", one.code.as_str(), one.detail.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&person, "2026-11-10"), [""; 0]);
    assert_eq!(
        said(&person, "2026-11-12"),
        ["certification_missing until 2026-11-10"]
    );
    let renewed = Candidate {
        certified: Certified::Always,
        ..person
    };
    assert_eq!(said(&renewed, "2026-11-12"), [""; 0]);
    assert_eq!(said(&renewed, "2026-11-13"), ["qualification_missing car"]);
    let never = Candidate {
        certified: Certified::default(),
        ..renewed
    };
    assert_eq!(said(&never, "2026-11-10"), ["certification_missing "]);
}

#[test]
fn of_many_days_every_rule_is_named() {
    let rules = FieldRules {
        rotation_days: 30,
        spacing_days: 7,
        ..FieldRules::default()
    };
    let mut person = shopper();
    person.visits = vec![
        been_at(1, "2026-10-11"),
        been_at(2, "2026-11-12"),
        been_at(2, "2026-11-19"),
        been_at(2, "2026-11-26"),
    ];
    let on = |day| obstacles(&rules, &person, &visit(), day);
    let days = (0..28).map(|days| visit().starts_on.plus_days(days));
    let said: Vec<_> = summary(days, on)
        .into_iter()
        .map(|one| {
            (
                one.code.as_str(),
                one.days,
                one.allowed_from.map(|day| day.to_string()),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("rotation", Some(8), Some("2026-11-10".to_owned())),
            ("spacing", Some(24), Some("2026-12-03".to_owned()))
        ]
    );
    assert_eq!(
        first_free(visit().starts_on, on),
        Some(date("2026-12-03")),
        "beyond the round"
    );
    let nobody = Candidate::default();
    assert_eq!(
        first_free(visit().starts_on, |day| obstacles(&rules, &nobody, &visit(), day)),
        None
    );
}

proptest! {
    /// Of two certificates that are both asked for, a day is covered if both cover it.
    #[test]
    fn certificates_that_are_both_asked_for_hold_while_both_do(one in 0_u32..7, other in 0_u32..7, asked in 0_u32..6) {
        let first = date("2026-11-02");
        let certificate = |number: u32| match number {
            0 => Certified::No,
            6 => Certified::Always,
            days => Certified::Until(first.plus_days(days)),
        };
        let holds = |certified: Certified| {
            let rules = FieldRules { certification: true, ..FieldRules::default() };
            let person = Candidate { certified, ..shopper() };
            of_person(&rules, &person, first.plus_days(asked)).is_empty()
        };
        let (one, other) = (certificate(one), certificate(other));
        prop_assert_eq!(holds(one.and(other)), holds(one) && holds(other));
    }

    /// On every day that a summary counts the rule stands in the way, and every rule that does is counted.
    #[test]
    fn a_summary_counts_the_days_of_every_rule(
        past in proptest::collection::vec((1_u128..3, 0_u32..60), 0..5),
        rotation_days in 0_u32..20,
        spacing_days in 0_u32..8,
    ) {
        let base = date("2026-11-02");
        let rules = FieldRules { rotation_days, spacing_days, ..FieldRules::default() };
        let visits = past.iter().map(|(location, day)| PastVisit { date: base.plus_days(*day), ..been_at(*location, "2026-11-02") });
        let person = Candidate { visits: visits.collect(), ..shopper() };
        let on = |day| obstacles(&rules, &person, &visit(), day);
        let days: Vec<_> = (0..28).map(|days| base.plus_days(days)).collect();
        let told = summary(days.iter().copied(), on);
        for code in ObstacleCode::ALL {
            let counted: u32 = told.iter().filter(|one| one.code == *code).filter_map(|one| one.days).sum();
            let naive = days.iter().filter(|day| on(**day).iter().any(|one| one.code == *code)).count();
            prop_assert_eq!(counted as usize, naive, "{}", code.as_str());
        }
        let free = days.iter().copied().find(|day| on(*day).is_empty());
        prop_assert!(free.is_none() || first_free(base, on) == free);
    }
}
