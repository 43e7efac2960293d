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
//!     state "checklist version" as c {
//!         [*] --> draft_
//!         draft_ --> published: publish
//!         published --> withdrawn: withdraw
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

use crate::machine::TransitionError;
use crate::names::names;

names! {
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

names! {
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

names! {
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

names! {
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

names! {
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

names! {
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

names! {
    /// What can happen to a checklist version.
    ChecklistEvent {
        /// From now on it can be used and never changes.
        Publish = "publish",
        /// It is not offered for new rounds any more.
        Withdraw = "withdraw",
    }
}

names! {
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
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
        })
    }

    /// Whether the shopper may still work on it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Assigned | Self::Accepted)
    }
}

impl VisitState {
    /// The states in which nobody has handed the evaluation in: the visit can be given, moved and called off.
    pub const TO_DO: [Self; 3] = [Self::Planned, Self::Accepted, Self::InProgress];
    /// The states in which a shopper owes the report.
    pub const OWED: [Self; 2] = [Self::Accepted, Self::InProgress];

    /// Whether nobody has handed the evaluation in.
    #[must_use]
    pub const fn is_to_do(self) -> bool {
        matches!(self, Self::Planned | Self::Accepted | Self::InProgress)
    }

    /// Whether a shopper has accepted the visit, and has not handed the evaluation in.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Accepted | Self::InProgress)
    }

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
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
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

impl ChecklistState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where the diagram has no such edge.
    pub const fn after(self, event: ChecklistEvent) -> Result<Self, TransitionError> {
        match (self, event) {
            (Self::Draft, ChecklistEvent::Publish) => Ok(Self::Published),
            (Self::Published, ChecklistEvent::Withdraw) => Ok(Self::Withdrawn),
            _ => Err(TransitionError::new(self.as_str(), event.as_str())),
        }
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
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
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
mod tests;
