//! What several answers together must not be.

use crate::finding::Severity;
use crate::{Id, Texts};

use super::Condition;

/// A rule over several answers, such as "departure is not before arrival".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// The identifier, unique in the checklist: the code under which a violation is found again.
    pub id: Id,
    /// The rule is broken where this holds. With a missing answer comparisons do not hold,
    /// so nothing is complained of before it was said.
    pub fail_if: Condition,
    /// What the shopper reads.
    pub message: Texts,
    /// The question at which the message is shown: the named one, else the last that the rule looks at.
    pub question: usize,
    /// Whether a broken rule blocks submission, or is shown as a warning.
    pub severity: Severity,
}
