//! Reviewing evaluations: reading, confirming, returning, approving, releasing.

mod breaches;
mod decide;
mod notices;
mod own;
mod read;

pub(crate) use decide::ACCEPTED_INCOMPLETE;
pub use decide::ApproveInput;
pub(crate) use own::require_others_work;
pub(crate) use read::submission_of;
pub use read::{AnswerView, EvaluationView, FileView, FollowUpView, ScoreView, TriggerView};
