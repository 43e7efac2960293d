//! What the audit trail says about an action.

use std::fmt::Display;

use crate::Verb;

/// One entry of the audit trail, but for who and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// What was done: a verb of the policy, or the name of a background job.
    pub action: &'static str,
    /// The kind of thing it was done to, such as `visit`.
    pub target_kind: &'static str,
    /// Which one.
    pub target_id: String,
    /// What else is worth knowing; never answers, names, tokens or e-mail addresses.
    pub detail: serde_json::Value,
}

impl AuditEvent {
    /// An entry about an action of a person.
    #[must_use]
    pub fn of(verb: Verb, target_kind: &'static str, target_id: impl Display) -> Self {
        Self::named(verb.as_str(), target_kind, target_id)
    }

    /// An entry about an action that no person took, such as a job's.
    #[must_use]
    pub fn named(action: &'static str, target_kind: &'static str, target_id: impl Display) -> Self {
        let target_id = target_id.to_string();
        Self {
            action,
            target_kind,
            target_id,
            detail: serde_json::Value::Null,
        }
    }

    /// The entry with more to know.
    #[must_use]
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }
}
