//! What is said of visits that a plan leaves open, and whom it leaves aside.

use super::*;

#[test]
fn rules_that_keep_a_visit_open_together_are_named() {
    let mut shoppers = vec![shopper(1), shopper(1), shopper(1), shopper(1)];
    for (number, shopper) in shoppers.iter_mut().enumerate() {
        shopper.id = UserId::from_uuid(Uuid::from_u128(number as u128));
        shopper.candidate.has_agreement = false;
    }
    shoppers[0].candidate.is_tied = true;
    shoppers[1].candidate.is_active = false;
    shoppers[2].candidate.is_active = false;
    // Three at once: there are others whom two free.
    shoppers[3].candidate.is_active = false;
    shoppers[3].candidate.is_tied = true;
    let found = plan(&round(FieldRules::default(), vec![visit(1, 1, 5)], shoppers));
    let combination = |codes: &[ObstacleCode], shoppers| Combination {
        codes: codes.to_vec(),
        shoppers,
    };
    let named = [
        combination(&[ObstacleCode::NotActive, ObstacleCode::AgreementMissing], 2),
        combination(&[ObstacleCode::AgreementMissing, ObstacleCode::NotIndependent], 1),
    ];
    assert_eq!(found.unfilled[0].combinations, named);
    assert_eq!(found.unfilled[0].relaxations, []);
}

#[test]
fn nobody_is_given_what_they_gave_up() {
    let given_up = |by: &[u128]| UnassignedVisit {
        given_up_by: by.iter().map(|number| shopper(*number).id).collect(),
        ..visit(1, 1, 5)
    };
    let shoppers = || vec![shopper(1), shopper(2)];
    assert_eq!(
        winner(&round(free(), vec![given_up(&[1])], shoppers())),
        shopper(2).id
    );
    let left = plan(&round(free(), vec![given_up(&[1, 2])], shoppers()));
    assert!(left.assignments.is_empty(), "{left:?}");
    assert_eq!(
        (left.unfilled[0].gave_up, left.unfilled[0].relaxations.len()),
        (2, 0)
    );
    // Neither chains nor swaps bring it back to them.
    let rules = FieldRules {
        visits_per_round: Some(1),
        ..free()
    };
    let both = vec![given_up(&[1]), visit(2, 2, 5)];
    let found = chosen(&round(rules, both, shoppers()));
    let who: Vec<_> = found
        .into_iter()
        .map(|(visit, shopper, _)| (visit, shopper))
        .collect();
    assert_eq!(who, [(1, 2), (2, 1)]);
}
