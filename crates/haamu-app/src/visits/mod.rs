//! Visits: planning, offering them to shoppers, and reading them.

mod assign;
mod read;

pub use assign::PlannedVisit;
pub(crate) use read::views;
pub use read::{AssignmentView, VisitQuery, VisitView};

pub(crate) use assign::{brief, scope_of};
