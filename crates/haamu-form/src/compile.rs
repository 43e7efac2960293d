//! The form compiler: everything that can be said of a checklist before anybody fills it in.
//!
//! [`check`] unites three readings: what publishing asks for
//! ([`Checklist::publish_check`]), how questions are put ([`lint()`]), and what
//! conditions and points amount to ([`analyse()`]).

mod analyse;
mod cases;
mod estimate;
mod lint;
mod reach;

use crate::{Checklist, Finding};

pub use analyse::analyse;
pub use estimate::estimated_minutes;
pub use lint::{RuleSet, lint};

/// All findings of a checklist: those of publishing first, then those of its questions' wording, which
/// never keep it from being published, then those of its conditions and points.
#[must_use]
pub fn check(checklist: &Checklist) -> Vec<Finding> {
    let mut findings = checklist.publish_check();
    let of_wording = lint(checklist, RuleSet::of(checklist));
    findings.extend(of_wording.into_iter().map(Finding::into_warning));
    findings.extend(analyse(checklist));
    findings
}
