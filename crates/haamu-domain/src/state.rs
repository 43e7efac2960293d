//! The states of the glossary, and the transitions between them.
//!
//! ```mermaid
//! stateDiagram-v2
//!     state "assignment" as a {
//!         [*] --> planned
//!         planned --> open: open
//!         open --> applied: apply
//!         planned --> assigned: assign
//!         open --> assigned: assign
//!         applied --> assigned: assign
//!         assigned --> accepted: accept
//!         assigned --> declined: decline
//!         assigned --> expired: expire
//!         assigned --> cancelled: cancel
//!         accepted --> cancelled: cancel
//!     }
//!     state "programme" as p {
//!         [*] --> draft
//!         draft --> active: activate
//!         active --> closing: close
//!         closing --> closed: finish
//!     }
//!     state "visit" as v {
//!         [*] --> planned_
//!         planned_ --> accepted_: accept
//!         accepted_ --> in_progress: start
//!         in_progress --> submitted: submit
//!         submitted --> in_review: begin_review
//!         in_review --> returned: return
//!         returned --> submitted: submit
//!         in_review --> approved: approve
//!         approved --> released: release
//!         released --> disputed: dispute
//!         disputed --> released: settle_dispute
//!         released --> closed: close
//!         submitted --> voided: void
//!     }
//! ```
//!
//! A visit is `planned` until an assignment of it is accepted, and again when
//! that assignment is cancelled before work was handed in; `void` is possible
//! from every state from `submitted` on but `closed` and `voided`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state does not allow the transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible in state {state}")]
pub struct TransitionError {
    /// The present state.
    pub state: &'static str,
    /// What was attempted.
    pub event: &'static str,
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in code, JSON and SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The one with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

states! {
    /// Where an assignment is in its life.
    AssignmentState {
        /// Not offered yet.
        Planned = "planned",
        /// On the job board.
        Open = "open",
        /// A shopper asked for it.
        Applied = "applied",
        /// Offered to one shopper.
        Assigned = "assigned",
        /// The shopper took it.
        Accepted = "accepted",
        /// The shopper refused it.
        Declined = "declined",
        /// The shopper did not answer in time.
        Expired = "expired",
        /// The coordinator withdrew it.
        Cancelled = "cancelled",
    }
}

states! {
    /// Where a visit is in its life.
    VisitState {
        /// No assignment of it is accepted.
        Planned = "planned",
        /// A shopper will carry it out.
        Accepted = "accepted",
        /// The shopper has begun to fill in the evaluation.
        InProgress = "in_progress",
        /// The evaluation is handed in.
        Submitted = "submitted",
        /// A reviewer checks it.
        InReview = "in_review",
        /// It was sent back to the shopper.
        Returned = "returned",
        /// The reviewer has found it sound.
        Approved = "approved",
        /// The client may see it.
        Released = "released",
        /// The client queries it.
        Disputed = "disputed",
        /// Nothing more happens to it.
        Closed = "closed",
        /// It was removed from results, with a reason.
        Voided = "voided",
    }
}

states! {
    /// Where a programme is in its life.
    ProgrammeState {
        /// Being planned.
        Draft = "draft",
        /// Measuring.
        Active = "active",
        /// No new rounds.
        Closing = "closing",
        /// Ended.
        Closed = "closed",
    }
}

states! {
    /// Where a checklist version is in its life.
    ChecklistState {
        /// Being written.
        Draft = "draft",
        /// In use and unchangeable.
        Published = "published",
        /// Not offered for new rounds.
        Withdrawn = "withdrawn",
    }
}

states! {
    /// What can happen to an assignment.
    AssignmentEvent {
        /// It is put on the job board.
        Open = "open",
        /// A shopper asks for it.
        Apply = "apply",
        /// It is offered to a shopper.
        Assign = "assign",
        /// The shopper takes it.
        Accept = "accept",
        /// The shopper refuses it.
        Decline = "decline",
        /// The time to answer is over.
        Expire = "expire",
        /// The coordinator withdraws it.
        Cancel = "cancel",
    }
}

states! {
    /// What can happen to a programme.
    ProgrammeEvent {
        /// It begins to measure.
        Activate = "activate",
        /// It takes no new rounds any more.
        Close = "close",
        /// All its visits are done with.
        Finish = "finish",
    }
}

states! {
    /// What can happen to a visit.
    VisitEvent {
        /// A shopper accepts it.
        Accept = "accept",
        /// The assignment falls away before anything was handed in.
        FallBack = "fall_back",
        /// The first answer arrives.
        Start = "start",
        /// The evaluation is handed in.
        Submit = "submit",
        /// It is complete enough to be reviewed.
        BeginReview = "begin_review",
        /// The reviewer sends it back.
        Return = "return",
        /// The reviewer finds it sound.
        Approve = "approve",
        /// Work that came late is adopted before the client has seen anything.
        Reopen = "reopen",
        /// The client may see it.
        Release = "release",
        /// The client queries it.
        Dispute = "dispute",
        /// The query is decided.
        SettleDispute = "settle_dispute",
        /// The time for queries is over.
        Close = "close",
        /// It is removed from results.
        Void = "void",
    }
}

impl AssignmentState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where the diagram has no such edge.
    pub const fn after(self, event: AssignmentEvent) -> Result<Self, TransitionError> {
        use AssignmentEvent as E;
        Ok(match (self, event) {
            (Self::Planned, E::Open) => Self::Open,
            (Self::Open, E::Apply) => Self::Applied,
            (Self::Planned | Self::Open | Self::Applied, E::Assign) => Self::Assigned,
            (Self::Assigned, E::Accept) => Self::Accepted,
            (Self::Assigned, E::Decline) => Self::Declined,
            (Self::Assigned, E::Expire) => Self::Expired,
            (Self::Planned | Self::Open | Self::Applied | Self::Assigned | Self::Accepted, E::Cancel) => {
                Self::Cancelled
            }
            _ => {
                return Err(TransitionError {
                    state: self.as_str(),
                    event: event.as_str(),
                });
            }
        })
    }

    /// Whether the shopper may still work on it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Assigned | Self::Accepted)
    }
}

impl VisitState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where the diagram has no such edge.
    pub const fn after(self, event: VisitEvent) -> Result<Self, TransitionError> {
        use VisitEvent as E;
        Ok(match (self, event) {
            (Self::Planned, E::Accept) => Self::Accepted,
            (Self::Accepted | Self::InProgress, E::FallBack) => Self::Planned,
            (Self::Accepted, E::Start) => Self::InProgress,
            (Self::InProgress | Self::Returned, E::Submit) => Self::Submitted,
            (Self::Submitted, E::BeginReview) => Self::InReview,
            (Self::InReview, E::Return) => Self::Returned,
            (Self::InReview, E::Approve) => Self::Approved,
            (Self::Approved, E::Reopen) => Self::InReview,
            (Self::Approved, E::Release) => Self::Released,
            (Self::Released, E::Dispute) => Self::Disputed,
            (Self::Disputed, E::SettleDispute) => Self::Released,
            (Self::Released, E::Close) => Self::Closed,
            (
                Self::Submitted
                | Self::InReview
                | Self::Returned
                | Self::Approved
                | Self::Released
                | Self::Disputed,
                E::Void,
            ) => Self::Voided,
            _ => {
                return Err(TransitionError {
                    state: self.as_str(),
                    event: event.as_str(),
                });
            }
        })
    }

    /// Whether somebody has something to do yet: work on it, review it, release it or decide a query.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::InProgress
                | Self::Submitted
                | Self::InReview
                | Self::Returned
                | Self::Approved
                | Self::Disputed
        )
    }

    /// Whether the content of the evaluation is settled: what arrives now is late.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Released | Self::Disputed | Self::Closed | Self::Voided
        )
    }

    /// Whether the client may see the visit's report.
    #[must_use]
    pub const fn is_visible_to_client(self) -> bool {
        matches!(self, Self::Released | Self::Disputed | Self::Closed)
    }
}

impl ProgrammeState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where the diagram has no such edge.
    pub const fn after(self, event: ProgrammeEvent) -> Result<Self, TransitionError> {
        use ProgrammeEvent as E;
        Ok(match (self, event) {
            (Self::Draft, E::Activate) => Self::Active,
            (Self::Active, E::Close) => Self::Closing,
            (Self::Closing, E::Finish) => Self::Closed,
            _ => {
                return Err(TransitionError {
                    state: self.as_str(),
                    event: event.as_str(),
                });
            }
        })
    }

    /// Whether rounds may be opened.
    #[must_use]
    pub const fn takes_rounds(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether visits may be planned and assigned in the rounds that are there.
    #[must_use]
    pub const fn takes_visits(self) -> bool {
        matches!(self, Self::Active | Self::Closing)
    }
}

#[cfg(test)]
mod tests {
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
}
