//! Who may do what, asked one by one.

use uuid::Uuid;

use super::*;
use crate::VerbSet;

fn agency(number: u128) -> AgencyId {
    AgencyId::from_uuid(Uuid::from_u128(number))
}

fn client(number: u128) -> ClientOrganisationId {
    ClientOrganisationId::from_uuid(Uuid::from_u128(number))
}

fn actor(role: Role) -> Actor {
    let client = role.is_client().then(|| client(1));
    Actor::person(UserId::from_uuid(Uuid::from_u128(1)), agency(1), role, client)
}

#[test]
fn nobody_reaches_into_another_agency() {
    for role in Role::ALL {
        for verb in Verb::ALL {
            let decision = decide(&actor(role), *verb, &Target::agency(agency(2)));
            assert_ne!(decision, Decision::Allowed, "{role:?} {verb:?}");
        }
    }
}

#[test]
fn a_client_sees_only_its_own() {
    let viewer = actor(Role::ClientViewer);
    let own = Target::of_client(agency(1), client(1));
    let other = Target::of_client(agency(1), client(2));
    assert_eq!(decide(&viewer, Verb::ReadReport, &own), Decision::Allowed);
    assert_eq!(decide(&viewer, Verb::ReadReport, &other), Decision::OutOfScope);
    assert_eq!(
        decide(&viewer, Verb::ReleaseEvaluation, &own),
        Decision::RoleForbids
    );
    assert_eq!(
        decide(&actor(Role::Reviewer), Verb::ReadReport, &other),
        Decision::Allowed
    );
}

#[test]
fn a_shopper_acts_only_on_their_own() {
    let somebody_else = UserId::from_uuid(Uuid::from_u128(2));
    let shopper = actor(Role::Shopper);
    let own = Target::owned(agency(1), shopper.user);
    let other = Target::owned(agency(1), somebody_else);
    assert_eq!(decide(&shopper, Verb::AcceptAssignment, &own), Decision::Allowed);
    assert_eq!(
        decide(&shopper, Verb::AcceptAssignment, &other),
        Decision::OutOfScope
    );
}

#[test]
fn reviewers_deal_with_what_came_late_and_nobody_with_what_took_effect() {
    for role in Role::ALL {
        let is_coordinating = matches!(role, Role::Administrator | Role::Coordinator);
        assert_eq!(deals_with(role, Disposition::Orphaned), is_coordinating);
        assert_eq!(
            deals_with(role, Disposition::Late),
            is_coordinating || role == Role::Reviewer
        );
        assert!(!deals_with(role, Disposition::Applied));
    }
}

#[test]
fn what_a_session_is_limited_to_is_all_that_it_may_do() {
    for role in Role::ALL {
        let limited = Actor {
            only: Some(VerbSet::FACTORLESS),
            ..actor(role)
        };
        for verb in Verb::ALL {
            let is_allowed = permits(&limited, *verb) == Decision::Allowed;
            let is_named = matches!(
                verb,
                Verb::ReadMe | Verb::ManageSecondFactors | Verb::ManageSessions
            );
            assert_eq!(is_allowed, is_named, "{role:?} {verb:?}");
        }
    }
}

#[test]
fn every_verb_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    assert_eq!(names.len(), Verb::ALL.len());
    assert!(Verb::ALL.iter().all(|verb| !verb.roles().is_empty()));
}
