//! Visits: planning, offering them to shoppers, and reading them.

mod accept;
mod assign;
mod briefs;
mod read;
mod report_due;
mod terms;

pub use accept::AcceptInput;
pub use assign::{AssignInput, PlannedVisit};
pub use read::{AssignmentView, VisitQuery, VisitView};
pub(crate) use read::{current_assignment, views};
pub use report_due::ReportDue;
pub use terms::{TermsView, VisitAssignmentView};

pub(crate) use assign::scope_of;
pub(crate) use briefs::{brief, briefs, distinct};
