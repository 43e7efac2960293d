mod left;
mod random;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::LocationId;
use crate::eligibility::{Obstacle, PastVisit, Point, obstacles};
use crate::filling::{cells, full_cells};
use crate::opening::OpeningHours;

fn date(text: &str) -> LocalDate {
    LocalDate::parse(text).expect("a date")
}

/// A Monday.
fn first() -> LocalDate {
    date("2026-11-02")
}

fn location(number: u128) -> LocationId {
    LocationId::from_uuid(Uuid::from_u128(number))
}

fn visit(number: u128, at: u128, days: u32) -> UnassignedVisit {
    UnassignedVisit {
        id: VisitId::from_uuid(Uuid::from_u128(number)),
        open: OpenVisit {
            location: location(at),
            point: Some(Point {
                latitude: 60.0 + at as f64 / 10.0,
                longitude: 25.0,
            }),
            hours: OpeningHours::default(),
            starts_on: first(),
            visit_by: first().plus_days(days - 1),
            daypart: None,
            other_dates: Vec::new(),
            closed_on: None,
        },
        not_before: first(),
        asked_by: BTreeSet::new(),
        asked_on: BTreeMap::new(),
        invited: BTreeSet::new(),
        given_up_by: BTreeSet::new(),
    }
}

fn shopper(number: u128) -> PanelShopper {
    PanelShopper {
        id: UserId::from_uuid(Uuid::from_u128(number)),
        candidate: Candidate {
            is_active: true,
            born_on: Some(date("1990-05-17")),
            has_agreement: true,
            places: vec![Point {
                latitude: 60.0 + number as f64 / 10.0,
                longitude: 25.0,
            }],
            ..Candidate::default()
        },
    }
}

fn round(rules: FieldRules, visits: Vec<UnassignedVisit>, shoppers: Vec<PanelShopper>) -> OpenRound {
    OpenRound {
        starts_on: first(),
        rules,
        quotas: BTreeMap::new(),
        taken: BTreeMap::new(),
        visits,
        shoppers,
        preferences: Preferences::default(),
    }
}

fn free() -> FieldRules {
    FieldRules {
        rotation_days: 0,
        location_visits_per_day: 99,
        ..FieldRules::default()
    }
}

fn plan(round: &OpenRound) -> Plan {
    propose(round.clone(), &mut |_| ())
}

/// (Which visit, which shopper, which day), each by its place in the round.
type Choice = (usize, usize, LocalDate);

/// What stands in the way of one choice while others hold, by the functions that offers are checked with alone.
fn broken(round: &OpenRound, others: &[Choice], (visit, shopper, on): Choice) -> Vec<Obstacle> {
    let mut open = round.visits[visit].open.clone();
    let mut candidate = round.shoppers[shopper].candidate.clone();
    let mut taken = round.taken.clone();
    for (other, by, date) in others.iter().copied().filter(|(other, ..)| *other != visit) {
        let there = &round.visits[other].open;
        if there.location == open.location {
            open.other_dates.push(date);
        }
        if by == shopper {
            candidate.visits.push(PastVisit {
                location: there.location,
                date,
                is_of_programme: true,
                is_of_round: true,
                as_companion: false,
                is_done: false,
            });
        }
        for cell in cells(round.starts_on, date, there.daypart) {
            *taken.entry(cell).or_default() += 1;
        }
    }
    let mut found = obstacles(&round.rules, &candidate, &open, on);
    let full = full_cells(&round.quotas, &taken, round.starts_on, on, open.daypart);
    found.extend(full.iter().map(|(kind, cell)| Obstacle::quota(*kind, cell, None)));
    found
}

fn choices(round: &OpenRound, plan: &Plan) -> Vec<Choice> {
    let choice = |one: &ProposedVisit| {
        let visit = round.visits.iter().position(|visit| visit.id == one.visit);
        let shopper = round
            .shoppers
            .iter()
            .position(|shopper| shopper.id == one.shopper);
        (
            visit.expect("of the round"),
            shopper.expect("of the panel"),
            one.date,
        )
    };
    plan.assignments.iter().map(choice).collect()
}

/// Everything that a plan promises.
fn check(round: &OpenRound, plan: &Plan) {
    let chosen = choices(round, plan);
    let visits: BTreeSet<_> = chosen.iter().map(|(visit, ..)| *visit).collect();
    assert_eq!(visits.len(), chosen.len(), "each visit once");
    assert_eq!(chosen.len() + plan.unfilled.len(), round.visits.len());
    for choice in &chosen {
        assert_eq!(broken(round, &chosen, *choice), [], "{choice:?} of {chosen:?}");
        assert!(choice.2 >= round.visits[choice.0].not_before);
    }
    for left in &plan.unfilled {
        let visit = round.visits.iter().position(|visit| visit.id == left.visit);
        check_relaxations(round, &chosen, visit.expect("of the round"), left);
    }
}

/// The rules that are named, and no others, alone or the fewest together, keep as many shoppers from the visit as is
/// said.
fn check_relaxations(round: &OpenRound, chosen: &[Choice], visit: usize, left: &UnfilledVisit) {
    let latest = round.visits.iter().map(|visit| visit.open.visit_by).max();
    let first = round
        .visits
        .iter()
        .map(|visit| visit.open.starts_on.max(visit.not_before))
        .min();
    let mut expected: BTreeMap<BTreeSet<ObstacleCode>, u32> = BTreeMap::new();
    for shopper in 0..round.shoppers.len() {
        let mut of_shopper = BTreeSet::new();
        let dates = (0..60).map(|days| first.expect("visits").plus_days(days));
        let dates = dates.take_while(|day| Some(*day) <= latest);
        for day in dates.filter(|day| *day >= round.visits[visit].not_before) {
            let found = broken(round, chosen, (visit, shopper, day));
            assert!(
                !found.is_empty(),
                "shopper {shopper} may make visit {visit} on {day}"
            );
            let codes: BTreeSet<_> = found.iter().map(|obstacle| obstacle.code).collect();
            of_shopper.insert(codes);
        }
        let fewest = of_shopper.iter().map(BTreeSet::len).min();
        for codes in of_shopper.into_iter().filter(|codes| Some(codes.len()) == fewest) {
            *expected.entry(codes).or_default() += 1;
        }
    }
    let fewest = expected.keys().map(BTreeSet::len).min();
    expected.retain(|codes, _| Some(codes.len()) == fewest);
    let alone = left.relaxations.iter();
    let mut said: Vec<_> = alone
        .map(|one| (BTreeSet::from([one.code]), one.shoppers))
        .collect();
    let together = left.combinations.iter();
    said.extend(together.map(|one| (one.codes.iter().copied().collect(), one.shoppers)));
    assert!(said.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    assert_eq!(said.len(), expected.len().min(10));
    let is_expected = |(codes, shoppers): &(BTreeSet<_>, u32)| expected.get(codes) == Some(shoppers);
    assert!(said.iter().all(is_expected), "{said:?} of {expected:?}");
}

fn chosen(round: &OpenRound) -> Vec<(u128, u128, String)> {
    let plan = plan(round);
    let one = |one: &ProposedVisit| {
        let (visit, shopper) = (one.visit.uuid().as_u128(), one.shopper.uuid().as_u128());
        (visit, shopper, one.date.to_string())
    };
    plan.assignments.iter().map(one).collect()
}

#[test]
fn visits_go_to_whoever_is_near_and_work_is_spread() {
    let shoppers = vec![shopper(1), shopper(2), shopper(3)];
    let visits = vec![visit(1, 3, 1), visit(2, 1, 1), visit(3, 2, 1)];
    let near = round(free(), visits, shoppers.clone());
    let who: Vec<_> = chosen(&near).into_iter().map(|(_, shopper, _)| shopper).collect();
    assert_eq!(who, [3, 1, 2]);
    // About eleven kilometres to the next: that is more than one visit weighs, and less than three do.
    let many = round(
        free(),
        (1..=9).map(|number| visit(number, 2, 3)).collect(),
        shoppers,
    );
    let mut counts = BTreeMap::new();
    for (_, shopper, _) in chosen(&many) {
        *counts.entry(shopper).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(1, 2), (2, 5), (3, 2)]));
}

#[test]
fn better_grades_count_like_a_shorter_way() {
    let mut shoppers = vec![shopper(1), shopper(1)];
    shoppers[1].id = UserId::from_uuid(Uuid::from_u128(2));
    shoppers[0].candidate.rating_tenths = Some(35);
    shoppers[1].candidate.rating_tenths = Some(50);
    let graded = round(free(), vec![visit(1, 1, 1)], shoppers);
    assert_eq!(chosen(&graded)[0].1, 2);
}

#[test]
fn one_shopper_has_their_visits_so_far_apart_that_all_fit() {
    let rules = FieldRules {
        spacing_days: 7,
        ..free()
    };
    let visits: Vec<_> = (1..=4).map(|number| visit(number, number, 22)).collect();
    let days: BTreeSet<_> = chosen(&round(rules, visits, vec![shopper(1)]))
        .into_iter()
        .map(|(.., day)| day)
        .collect();
    assert_eq!(
        days.into_iter().collect::<Vec<_>>(),
        ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]
    );
}

#[test]
fn others_make_room_for_a_visit_that_one_shopper_alone_may_make() {
    let rules = FieldRules {
        visits_per_round: Some(1),
        ..free()
    };
    // The second shopper has a tie to the second place, and the third to both others.
    let mut shoppers = vec![shopper(1), shopper(2), shopper(3)];
    shoppers[1].candidate.ties.insert(location(2));
    shoppers[2].candidate.ties.extend([location(1), location(2)]);
    let visits = vec![visit(1, 1, 1), visit(2, 2, 1), visit(3, 3, 1)];
    assert_eq!(chosen(&round(rules, visits, shoppers)).len(), 3);
}

#[test]
fn what_alone_keeps_a_visit_open_is_named() {
    let mut shoppers = vec![shopper(1), shopper(1), shopper(1), shopper(1)];
    for (number, shopper) in shoppers.iter_mut().enumerate() {
        shopper.id = UserId::from_uuid(Uuid::from_u128(number as u128));
    }
    shoppers[0].candidate.has_agreement = false;
    shoppers[1].candidate.visits.push(PastVisit {
        location: location(1),
        date: date("2026-10-01"),
        is_of_programme: false,
        is_of_round: false,
        as_companion: true,
        is_done: true,
    });
    shoppers[2].candidate.has_agreement = false;
    // Two rules at once: neither alone would help.
    shoppers[3].candidate.has_agreement = false;
    shoppers[3].candidate.is_tied = true;
    let rules = FieldRules::default();
    let found = plan(&round(rules.clone(), vec![visit(1, 1, 5)], shoppers));
    let relaxation = |code, shoppers| Relaxation { code, shoppers };
    let named = [
        relaxation(ObstacleCode::AgreementMissing, 2),
        relaxation(ObstacleCode::RotationAsCompanion, 1),
    ];
    assert_eq!(found.unfilled[0].relaxations, named);
    assert_eq!(found.unfilled[0].combinations, []);
    let nobody = plan(&round(rules, vec![visit(1, 1, 5)], Vec::new()));
    assert_eq!(nobody.unfilled[0].relaxations, []);
}

#[test]
fn progress_grows_to_the_end_and_days_that_are_over_are_left_alone() {
    let mut late = visit(1, 1, 3);
    late.not_before = late.open.visit_by.plus_days(1);
    let mut told = Vec::new();
    let found = propose(
        round(free(), vec![late, visit(2, 1, 3)], vec![shopper(1)]),
        &mut |done| told.push(done),
    );
    assert_eq!((found.assignments.len(), found.unfilled.len()), (1, 1));
    assert_eq!(found.unfilled[0].relaxations, []);
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(told.last(), Some(&1_000));
    let empty = propose(round(free(), Vec::new(), vec![shopper(1)]), &mut |_| ());
    assert_eq!(empty, Plan::default());
}

/// A visit and three shoppers, of whom the second lives farther away from it than the first, and the third farther
/// still.
fn wished(asked_by: &[u128], invited: &[u128]) -> OpenRound {
    let ids = |of: &[u128]| of.iter().map(|number| shopper(*number).id).collect();
    let wanted = UnassignedVisit {
        asked_by: ids(asked_by),
        invited: ids(invited),
        ..visit(1, 1, 5)
    };
    round(free(), vec![wanted], vec![shopper(1), shopper(2), shopper(3)])
}

fn winner(round: &OpenRound) -> UserId {
    plan(round).assignments[0].shopper
}

#[test]
fn whoever_asked_for_a_visit_is_preferred_to_a_neighbour() {
    // The places lie a tenth of a degree apart, which is eleven kilometres.
    assert_eq!(winner(&wished(&[], &[])), shopper(1).id);
    assert_eq!(winner(&wished(&[2], &[])), shopper(2).id);
    // Twenty-two kilometres are more than the wish is worth.
    assert_eq!(winner(&wished(&[3], &[])), shopper(1).id);
    let more = Preferences {
        metres_unasked: 30_000,
        ..Preferences::default()
    };
    let eager = OpenRound {
        preferences: more,
        ..wished(&[3], &[])
    };
    assert_eq!(winner(&eager), shopper(3).id);
}

#[test]
fn an_applicant_comes_before_somebody_invited_and_both_before_others() {
    // An invitation is worth ten kilometres: less than the way from the next place.
    assert_eq!(winner(&wished(&[2], &[1])), shopper(1).id);
    assert_eq!(winner(&wished(&[1], &[2])), shopper(1).id);
    let near = |number, metres: f64| {
        let mut found = shopper(number);
        found.candidate.places[0].latitude = 60.1 + metres / 111_000.0;
        found
    };
    let mut close = wished(&[2], &[3]);
    close.shoppers = vec![near(1, 0.0), near(2, 4_000.0), near(3, 2_000.0)];
    assert_eq!(winner(&close), shopper(2).id);
    close.visits[0].asked_by.clear();
    assert_eq!(winner(&close), shopper(3).id);
}

#[test]
fn an_applicant_gets_the_day_that_they_named_if_it_is_allowed() {
    let mut asked = wished(&[2], &[]);
    let day = |round: &OpenRound| plan(round).assignments[0].date;
    let named = first().plus_days(3);
    assert_ne!(day(&asked), named, "the test asks for nothing");
    asked.visits[0].asked_on.insert(shopper(2).id, named);
    assert_eq!((winner(&asked), day(&asked)), (shopper(2).id, named));
    // What others named is theirs.
    asked.visits[0].asked_on = BTreeMap::from([(shopper(3).id, named)]);
    assert_ne!(day(&asked), named);
    // A day on which rules do not let them go keeps the visit from nobody.
    asked.visits[0].asked_on = BTreeMap::from([(shopper(2).id, first().plus_days(30))]);
    assert_eq!(winner(&asked), shopper(2).id);
    assert!(plan(&asked).unfilled.is_empty());
}

#[test]
fn a_wish_keeps_no_visit_from_being_filled() {
    // The second shopper asked for both visits and may make one; the first may make the first of them only.
    let rules = FieldRules {
        visits_per_round: Some(1),
        greatest_distance_km: Some(12),
        ..free()
    };
    let wanted = |number, at| UnassignedVisit {
        asked_by: BTreeSet::from([shopper(2).id]),
        ..visit(number, at, 5)
    };
    let tight = round(
        rules,
        vec![wanted(1, 1), wanted(2, 3)],
        vec![shopper(1), shopper(2)],
    );
    let found = plan(&tight);
    assert!(found.unfilled.is_empty(), "{found:?}");
    let by = |visit: usize| found.assignments[visit].shopper;
    assert_eq!((by(0), by(1)), (shopper(1).id, shopper(2).id));
}
