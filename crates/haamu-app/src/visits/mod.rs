//! Visits: planning, offering them to shoppers, and reading them.

mod accept;
mod assign;
mod briefs;
mod read;
mod report_due;
mod terms;
mod view;

pub use accept::AcceptInput;
pub use assign::{AssignInput, PlannedVisit};
pub use read::VisitQuery;
pub use report_due::ReportDue;
pub use terms::{TermsView, VisitAssignmentView};
pub use view::{AssignmentView, VisitView};

pub(crate) use assign::scope_of;
pub(crate) use briefs::{brief, briefs, distinct};
pub(crate) use report_due::first_handed_in;
pub(crate) use view::current_assignment;
