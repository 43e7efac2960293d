//! The life of a background job.

use crate::machine::TransitionError;
use crate::names::names;

names! {
    /// Where a job is in its life.
    JobState {
        /// It is to be done, from a time on.
        Waiting = "waiting",
        /// A process does it, or has died over it.
        Claimed = "claimed",
        /// It was done.
        Finished = "finished",
        /// It was given up.
        Failed = "failed",
    }
}

names! {
    /// What can happen to a job.
    JobEvent {
        /// A process takes it; also one that was taken so long ago that its process must have died.
        Claim = "claim",
        /// It is done.
        Finish = "finish",
        /// It failed, and is tried again.
        TryAgain = "try_again",
        /// It failed for the last time.
        GiveUp = "give_up",
        /// Somebody lets it be tried anew.
        Retry = "retry",
    }
}

impl JobState {
    /// The state of a job of which these times are noted.
    #[must_use]
    pub const fn of(is_claimed: bool, is_finished: bool, is_failed: bool) -> Self {
        match (is_finished, is_failed, is_claimed) {
            (true, ..) => Self::Finished,
            (_, true, _) => Self::Failed,
            (.., true) => Self::Claimed,
            _ => Self::Waiting,
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where it has no such edge.
    pub const fn after(self, event: JobEvent) -> Result<Self, TransitionError> {
        use JobEvent as E;
        Ok(match (self, event) {
            (Self::Waiting | Self::Claimed, E::Claim) => Self::Claimed,
            (Self::Claimed, E::Finish) => Self::Finished,
            (Self::Claimed, E::TryAgain) | (Self::Failed, E::Retry) => Self::Waiting,
            (Self::Claimed, E::GiveUp) => Self::Failed,
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
        })
    }
}
