//! The domain rules of Haamu that need no storage and no network.
//!
//! Identifiers, roles and the policy table, the state machines of the
//! glossary, problem codes, audit events, the binding of checklists to the
//! sync engine, custody receipts, signed requests, and what privacy asks of texts and times. Pure: time and
//! randomness are arguments.

mod access;
mod actor;
pub mod assigning;
pub mod attribute;
mod audit;
pub mod binding;
pub mod brief;
mod code;
pub mod daily;
pub mod deadline;
pub mod eligibility;
pub mod filling;
pub mod hierarchy;
mod ids;
pub mod job;
pub mod lockout;
mod machine;
mod names;
pub mod opening;
pub mod opening_text;
mod operator;
pub mod panel;
pub mod password;
mod policy;
mod privacy;
pub mod programme_parts;
pub mod quiz;
pub mod receipt;
pub mod registration;
pub mod renewal;
pub mod retention;
mod role;
pub mod scenario;
mod scope;
pub mod signature;
pub mod stages;
mod state;
mod time;

pub use access::{InvitationEvent, InvitationState, MailEvent, MailState, SecretPurpose, SignInMethod};
pub use actor::Actor;
pub use audit::AuditEvent;
pub use brief::{AssignmentBrief, FeesBrief, LocationBrief, ScenarioBrief};
pub use code::Code;
pub use ids::{
    AgencyId, AgreementId, AssignmentId, AuditId, BriefingId, ChecklistId, ChecklistVersionId,
    ClientOrganisationId, CompanionId, HierarchyId, InvitationId, JobId, LocationId, MailId, ParseIdError,
    PasskeyId, PendingId, ProgrammeId, ProposalId, PurgeId, RefreshTokenId, RegistrationId, RoundId,
    ScenarioId, ScoreId, ServiceTokenId, SessionId, SetAsideId, StaffNoticeId, SubmissionId, TieId, UnitId,
    UserId, VisitId,
};
pub use machine::TransitionError;
pub use operator::OperatorKind;
pub use policy::{Decision, Target, Verb, deals_with, decide, permits};
pub use privacy::{MASK, Redactor};
pub use role::Role;
pub use scope::VerbSet;
pub use state::{
    AssignmentEvent, AssignmentState, ChecklistEvent, ChecklistState, ProgrammeEvent, ProgrammeState,
    VisitEvent, VisitState,
};
pub use time::{CoarseTime, Daypart, LocalDate, LocalMinute, Timestamp, WallClock, Weekday, Zone};
