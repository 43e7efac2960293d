//! Versions of a checklist: what differs, what becomes of a draft, and what an
//! edit would do to scores.
//!
//! Questions and options are recognised by their ids, which are never used
//! again for something else.

mod compare;
mod impact;
mod migrate;

pub use compare::{
    Change, Fate, OptionDifference, QuestionDifference, SectionDifference, VersionDifference, difference,
};
pub use impact::{Impact, impact};
pub use migrate::{Aside, Migration, Reason, migrate};
