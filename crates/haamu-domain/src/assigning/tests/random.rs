//! Rounds drawn by lot: no plan of them breaks a rule, and small ones are held against all plans that there are.

use proptest::prelude::*;

use super::*;
use crate::Daypart;

fn days(visit: &UnassignedVisit) -> Vec<LocalDate> {
    let from = visit.open.starts_on.max(visit.not_before);
    let days = (0..60).map(|days| from.plus_days(days));
    days.take_while(|day| *day <= visit.open.visit_by).collect()
}

/// The most visits that any plan fills, by trying all.
fn most(round: &OpenRound, from: usize, chosen: &mut Vec<Choice>, best: &mut usize) {
    *best = (*best).max(chosen.len());
    if from == round.visits.len() || chosen.len() + round.visits.len() - from <= *best {
        return;
    }
    for shopper in 0..round.shoppers.len() {
        for day in days(&round.visits[from]) {
            // Rules look both ways and caps only fill up: what fits behind all before it fits among them.
            if broken(round, chosen, (from, shopper, day)).is_empty() {
                chosen.push((from, shopper, day));
                most(round, from + 1, chosen, best);
                chosen.pop();
            }
        }
    }
    most(round, from + 1, chosen, best);
}

fn optimum(round: &OpenRound) -> usize {
    let mut best = 0;
    most(round, 0, &mut Vec::new(), &mut best);
    best
}

fn some_rules() -> impl Strategy<Value = FieldRules> {
    let caps = (
        prop::option::of(1_u32..3),
        prop::option::of(1_u32..4),
        prop::option::of(1_u32..4),
        1_u32..3,
    );
    (0_u32..4, 0_u32..4, caps, prop::option::of(5_u32..60)).prop_map(
        |(rotation_days, spacing_days, (per_day, per_round, open, at_location), km)| FieldRules {
            rotation_days,
            spacing_days,
            visits_per_day: per_day,
            visits_per_round: per_round,
            open_visits: open,
            location_visits_per_day: at_location,
            greatest_distance_km: km,
            languages: BTreeSet::from(["fi".to_owned()]),
            least_rating_tenths: Some(30),
            ..FieldRules::default()
        },
    )
}

fn some_visit() -> impl Strategy<Value = UnassignedVisit> {
    (
        1_u128..4,
        1_u32..5,
        0_u32..2,
        prop::option::of(0_usize..2),
        any::<u8>(),
    )
        .prop_map(|(at, days, late, part, chance)| {
            let mut one = visit(0, at, days);
            one.open.daypart = part.map(|part| Daypart::ALL[part]);
            one.not_before = first().plus_days(late);
            if chance < 60 {
                one.open.starts_on = first().plus_days(1);
                one.open.visit_by = one.open.visit_by.max(one.open.starts_on);
            }
            one
        })
}

fn some_shopper() -> impl Strategy<Value = PanelShopper> {
    let past = (1_u128..4, 0_u32..8, any::<[bool; 3]>());
    (any::<u8>(), 1_u128..4, prop::collection::vec(past, 0..2)).prop_map(|(chance, tie, visits)| {
        let mut one = shopper(1);
        let candidate = &mut one.candidate;
        candidate.places[0].latitude = 60.0 + f64::from(chance % 5) / 10.0;
        candidate.has_agreement = chance % 16 != 3;
        candidate.rating_tenths = (chance % 3 == 0).then_some(u16::from(chance % 50) + 20);
        if chance % 8 != 5 {
            candidate.languages.insert("fi".to_owned());
        }
        if chance % 7 == 1 {
            candidate.ties.insert(location(tie));
        }
        let past = visits
            .into_iter()
            .map(|(at, ago, [is_of_programme, as_companion, is_done])| PastVisit {
                location: location(at),
                date: first().minus_days(3).plus_days(ago),
                is_of_programme,
                is_of_round: is_of_programme && !is_done,
                as_companion,
                is_done,
            });
        candidate.visits = past.collect();
        one
    })
}

fn some_round(visits: usize, shoppers: usize) -> impl Strategy<Value = OpenRound> {
    let quotas = (
        prop::option::of(0_u32..4),
        prop::option::of(0_u32..4),
        prop::option::of(0_u32..6),
    );
    (
        some_rules(),
        prop::collection::vec(some_visit(), 1..=visits),
        prop::collection::vec(some_shopper(), 0..=shoppers),
        quotas,
    )
        .prop_map(|(rules, mut visits, mut shoppers, (tuesdays, mornings, week))| {
            for (number, visit) in visits.iter_mut().enumerate() {
                visit.id = VisitId::from_uuid(Uuid::from_u128(number as u128 + 1));
            }
            for (number, shopper) in shoppers.iter_mut().enumerate() {
                shopper.id = UserId::from_uuid(Uuid::from_u128(number as u128 + 1));
            }
            let mut round = round(rules, visits, shoppers);
            let mut limit = |kind, cell: &str, most: Option<u32>| {
                round
                    .quotas
                    .extend(most.map(|most| ((kind, cell.to_owned()), most)));
            };
            limit(QuotaKind::Weekday, "tue", tuesdays);
            limit(QuotaKind::Daypart, "morning", mornings);
            limit(QuotaKind::Week, "1", week);
            round.taken.insert((QuotaKind::Weekday, "tue".to_owned()), 1);
            round
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_plan_breaks_a_rule_and_every_open_visit_is_explained(round in some_round(14, 8)) {
        check(&round, &plan(&round));
    }

    #[test]
    fn small_rounds_are_filled_as_well_as_any_plan_can_but_for_one_visit(round in some_round(5, 4)) {
        let filled = plan(&round).assignments.len();
        let best = optimum(&round);
        prop_assert!(filled <= best, "no plan can fill more than the best");
        prop_assert!(filled + 1 >= best, "{filled} of {best}");
    }

    #[test]
    fn another_shopper_does_not_make_fewer_fillable(round in some_round(5, 3), another in some_shopper()) {
        let before = optimum(&round);
        let mut more = round;
        more.shoppers.push(PanelShopper { id: UserId::from_uuid(Uuid::from_u128(99)), ..another });
        let after = plan(&more);
        check(&more, &after);
        prop_assert!(after.assignments.len() + 1 >= before);
    }

    #[test]
    fn the_same_round_gives_the_same_plan(round in some_round(10, 6)) {
        prop_assert_eq!(plan(&round), plan(&round));
    }
}
