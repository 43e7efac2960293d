//! What all state machines have in common: the refusal of an edge that is not there.

/// The state does not allow the transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible in state {state}")]
pub struct TransitionError {
    /// The present state.
    pub state: &'static str,
    /// What was attempted.
    pub event: &'static str,
}

impl TransitionError {
    pub(crate) const fn new(state: &'static str, event: &'static str) -> Self {
        Self { state, event }
    }
}
