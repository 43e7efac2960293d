//! What travels over Haamu's HTTP API.
//!
//! Requests are `…In` and refuse unknown fields; responses are `…Out`.
//! Identifiers are UUIDs, moments are RFC 3339 texts in UTC, dates are
//! `2026-11-22`. The frames of the sync endpoint are types of `haamu-sync`,
//! which this crate re-exports.

mod access;
mod account;
mod agreements;
mod audit;
mod checklists;
mod evaluations;
mod failed_jobs;
mod filling;
mod hierarchies;
mod organisations;
mod panel;
mod patch;
mod problem;
mod programme_parts;
mod programmes;
mod proposals;
mod registration;
mod reports;
mod retention;
mod sessions;
mod set_aside;
mod shoppers;
mod terms;
mod training;
mod visits;

pub use access::{
    AcceptInvitationIn, IdentityProviderIn, IdentityProviderOut, InvitationIn, InvitationOut, InvitationsOut,
    InvitedOut, MailOut, MailsOut, RoleIn, SecondFactorRolesIn, SecondFactorRolesOut, ServiceTokenCreatedOut,
    ServiceTokenIn, ServiceTokenOut, ServiceTokensOut,
};
pub use account::{
    CeremonyOut, ChallengeOut, ConfirmEmailIn, EmailIn, LinkIn, OidcBeginIn, OidcBegunOut, OidcCompleteIn,
    PasskeyAddedOut, PasskeyIn, PasskeyOut, PasskeySignInIn, PasswordIn, PasswordResetIn,
    PasswordResetRequestIn, RecoveryCodesOut, SecondFactorIn, SecondFactorsOut, SessionItemOut, SessionsOut,
    TotpIn, TotpOut,
};
pub use agreements::{
    AcceptanceOut, AcceptancesOut, AgreementHeadOut, AgreementHeadsOut, AgreementVersionOut,
};
pub use audit::{AuditActorOut, AuditEntryOut, AuditOut, AuditTargetOut};
pub use checklists::{ChecklistVersionOut, ChecklistsOut, FindingOut};
pub use evaluations::{
    AnswerOut, ApproveIn, ConfirmCriticalIn, EvaluationOut, FileOut, FollowUpOut, ReturnIn, ScoreOut,
    TriggerOut, VisitScenarioOut,
};
pub use failed_jobs::{FailedJobOut, FailedJobsOut};
pub use filling::{
    AcceptIn, AssignmentsIn, BulkAssignIn, ChangedOut, EligibilityOut, ExtendIn, GenerateVisitsIn,
    GeneratedOut, InviteShoppersIn, JobIn, JobLocationOut, JobOut, JobScenarioOut, JobsOut, ObstacleReportIn,
    PostVisitsIn, Quotas, ReasonIn, RescheduleIn, VisitPlanOut, VisitPlanPatch,
};
pub use haamu_sync as sync;
pub use hierarchies::{
    HierarchiesOut, HierarchyIn, HierarchyOut, HierarchyPatch, MemberUnitOut, MemberUnitsIn, MemberUnitsOut,
    PlaceLocationsIn, UnitIn, UnitOut, UnitPatch, UnitsOut,
};
pub use organisations::{
    ClientOrganisationIn, ClientOrganisationOut, ClientOrganisationPatch, ClientOrganisationsOut, ImportOut,
    LocationOut, LocationPatch, LocationsOut, RowErrorOut,
};
pub use panel::{
    AgreementIn, AgreementOut, AgreementTextOut, CompanionIn, CompanionOut, CompanionsOut, OwnProfilePatch,
    PastVisitOut, PastVisitsOut, ProfileOut, ProfilePatch, TieIn, TieOut, TiesOut,
};
pub use patch::Patch;
pub use problem::{IssueOut, ObstacleOut, Problem};
pub use programme_parts::{
    BriefingIn, BriefingOut, BriefingReceiptOut, BriefingReceiptsOut, BriefingsOut, Certification,
    QuizAttemptIn, QuizAttemptOut, QuizOut, ScenarioIn, ScenarioOut, ScenarioPatch, ScenariosOut,
};
pub use programmes::{
    CellProgressOut, ProgrammeIn, ProgrammeOut, ProgrammePatch, ProgrammesOut, QuotaProgress, RoundIn,
    RoundOut, RoundPatch, RoundProgressOut, RoundsOut, StaffNoticeIn, StaffNoticeOut, StaffNoticesOut,
};
pub use proposals::{
    CombinationOut, ProposalOut, ProposalSummaryOut, ProposalsOut, ProposedVisitOut, RefusedVisitOut,
    RelaxationOut, UnfilledVisitOut,
};
pub use registration::{
    ConfirmRegistrationIn, PublicRegistrationOut, RegistrationConditions, RegistrationIn, RegistrationOut,
    RegistrationStateOut, RegistrationsOut,
};
pub use reports::{
    BandOut, LocalisedOut, ReportAnswerOut, ReportCriticalOut, ReportLossOut, ReportPhotoOut, ReportScoreOut,
    ReportSectionOut, ReportSummaryOut, ReportTagOut, ReportVisitOut, ReportsOut, VisitReportOut,
};
pub use retention::{
    HoldIn, HoldOut, PurgeOut, PurgesOut, RetentionIn, RetentionOut, RetentionRuleIn, RetentionRuleOut,
};
pub use sessions::{
    DeviceIn, DeviceOut, DevicesOut, EnrolledOut, MeOut, MePatch, RefreshIn, Secret, SessionOut, SetupIn,
    SignInIn, UserIn, UserOut, UsersOut,
};
pub use set_aside::{
    AdoptIn, DecidedOut, DiscardIn, LeftOut, OperationContentOut, SetAsideCountOut, SetAsideDecisionOut,
    SetAsideDetailOut, SetAsideOperationOut, SetAsideOut, SetAsideVisitOut, SetAsidesOut,
};
pub use shoppers::{
    CandidateOut, CandidatesOut, OwnApplicationOut, OwnApplicationsOut, ShopperOut, ShoppersOut,
};
pub use terms::{ApplicationOut, ApplicationsOut, EndOut, TermsOut, VisitAssignmentOut, VisitAssignmentsOut};
pub use training::{TraineeOut, TraineesIn, TraineesOut, TrainingOut, TrainingsOut};
pub use visits::{AssignIn, AssignmentOut, PlannedVisitIn, ReportDueOut, VisitOut, VisitsIn, VisitsOut};
