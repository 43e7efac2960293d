//! Visits: planning, offering them to shoppers, and reading them.

mod assign;
mod briefs;
mod read;
mod report_due;

pub use assign::{AcceptInput, PlannedVisit};
pub use read::{AssignmentView, VisitQuery, VisitView};
pub(crate) use read::{current_assignment, views};
pub use report_due::ReportDue;

pub(crate) use assign::scope_of;
pub(crate) use briefs::{brief, briefs, distinct};
