//! The domain rules of Haamu that need no storage and no network.
//!
//! Identifiers, roles and the policy table, the state machines of the
//! glossary, problem codes, audit events, the binding of checklists to the
//! sync engine, custody receipts, signed requests, and what privacy asks of texts and times. Pure: time and
//! randomness are arguments.

pub mod assigning;
mod audit;
pub mod binding;
pub mod brief;
mod code;
pub mod eligibility;
pub mod filling;
pub mod hierarchy;
mod ids;
pub mod opening;
mod operator;
pub mod panel;
mod policy;
mod privacy;
pub mod programme_parts;
pub mod quiz;
pub mod receipt;
mod role;
pub mod scenario;
pub mod signature;
pub mod stages;
mod state;
mod time;

pub use audit::AuditEvent;
pub use brief::{AssignmentBrief, LocationBrief};
pub use code::Code;
pub use ids::{
    AgencyId, AgreementId, AssignmentId, AuditId, BriefingId, ChecklistId, ChecklistVersionId,
    ClientOrganisationId, CompanionId, HierarchyId, JobId, LocationId, ParseIdError, ProgrammeId, ProposalId,
    RefreshTokenId, RoundId, ScenarioId, ScoreId, SessionId, SetAsideId, StaffNoticeId, SubmissionId, TieId,
    UnitId, UserId, VisitId,
};
pub use operator::OperatorKind;
pub use policy::{Actor, Decision, Target, Verb, deals_with, decide};
pub use privacy::{MASK, Redactor};
pub use role::Role;
pub use state::{
    AssignmentEvent, AssignmentState, ChecklistState, ProgrammeEvent, ProgrammeState, TransitionError,
    VisitEvent, VisitState,
};
pub use time::{CoarseTime, Daypart, LocalDate, LocalMinute, Timestamp, WallClock, Weekday, Zone};
