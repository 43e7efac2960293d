//! The life of visits, and names.

use proptest::prelude::*;

use super::*;

#[test]
fn the_ordinary_life_of_a_visit() {
    use VisitEvent as E;
    let mut state = VisitState::Planned;
    for event in [
        E::Accept,
        E::Start,
        E::Submit,
        E::BeginReview,
        E::Return,
        E::Submit,
        E::BeginReview,
        E::Approve,
        E::Reopen,
        E::Approve,
        E::Release,
        E::Dispute,
        E::SettleDispute,
        E::Close,
    ] {
        state = state.after(event).expect("an edge of the diagram");
    }
    assert_eq!(state, VisitState::Closed);
    let error = state.after(E::Void).expect_err("closed is closed");
    assert_eq!(error.to_string(), "void is not possible in state closed");
}

#[test]
fn lists_of_states_are_what_the_questions_say() {
    for state in VisitState::ALL {
        assert_eq!(VisitState::TO_DO.contains(state), state.is_to_do(), "{state}");
        assert_eq!(VisitState::OWED.contains(state), state.is_owed(), "{state}");
        assert!(
            !state.is_owed() || state.after(VisitEvent::FallBack).is_ok(),
            "what is owed can be given back"
        );
    }
}

#[test]
fn names_and_states_correspond() {
    for state in VisitState::ALL {
        assert_eq!(VisitState::from_name(state.as_str()), Some(*state));
        let json = serde_json::to_string(state).expect("json");
        assert_eq!(json, format!("\"{state}\""));
    }
    assert_eq!(AssignmentState::from_name("lost"), None);
}

proptest! {
    #[test]
    fn the_client_sees_nothing_before_a_release(picks in proptest::collection::vec(0..VisitEvent::ALL.len(), 0..30)) {
        let mut state = VisitState::Planned;
        let mut was_released = false;
        for pick in picks {
            let event = VisitEvent::ALL[pick];
            if let Ok(next) = state.after(event) {
                was_released |= event == VisitEvent::Release;
                state = next;
            }
            prop_assert!(!state.is_visible_to_client() || was_released);
            prop_assert!(!state.is_visible_to_client() || state.is_settled());
        }
    }
}
