//! The use cases of Haamu.
//!
//! One method of [`App`] is one use case: it asks the policy, works in one
//! transaction, and leaves its audit entry and its jobs in the same
//! transaction. Input and output are domain types and records; no web
//! framework and no database type is named here. What happens after a commit
//! happens in jobs, which [`App::run_next_job`] does.

mod audit;
mod blobs;
mod checklists;
mod clients;
mod context;
mod daily;
mod devices;
mod error;
mod evaluation;
mod filling;
mod identity;
mod imports;
mod jobs;
mod keys;
mod mail;
mod ports;
mod programmes;
mod reports;
mod retention;
mod review;
mod seal;
mod set_aside;
mod sync;
mod visits;

pub use audit::AuditView;
pub use blobs::{NewUpload, Turn, UploadPart, UploadState};
pub use checklists::ChecklistView;
pub use clients::{LocationPatch, UnitInput, UnitPatch, UnitView};
pub use context::{App, AppSettings, Page};
pub use devices::DeviceInput;
pub use error::{Error, Issue, Refusal};
pub use filling::{
    AcceptanceView, AgreementView, ApplicationView, CandidateQuery, CandidateView, CandidatesView,
    CellProgress, CompanionInput, EligibilityQuery, EligibilityView, ExtendInput, GenerateInput,
    GenerateReport, JobInput, JobQuery, JobView, OfferInput, OwnApplicationView, OwnProfilePatch,
    ProfilePatch, RoundPatch, RoundProgress, RoundView, ShopperQuery, ShopperView, TieInput, VisitPlanPatch,
};
pub use identity::{
    AgencyInput, AgencyView, Bearer, CeremonyView, ChallengeView, FactorsView, Hashing, IdentitySettings,
    InvitationInput, InvitationView, Issued, JoinInput, Me, MePatch, MemberView, OidcRedirect, OidcReturn,
    Origin, Proof, ProviderInput, ProviderView, PublicConditions, RefreshInput, RegisteredPerson,
    RegistrationInput, RegistrationView, ServiceTokenInput, SessionView, SetupInput, ShownPassword,
    SignInInput, SignedIn, TotpEnrolment, UserInput, UserQuery,
};
pub use imports::{ImportReport, RowError, TableFile};
pub use jobs::error_chain;
pub use keys::{KeyKind, rotate_key};
pub use mail::MailQuery;
pub use ports::{
    Clock, MailFailure, MailPort, OutgoingMail, PortFuture, Ports, SystemClock, WebAnswer, WebFailure,
    WebPort, WebRequest,
};
pub use programmes::{
    AttemptView, BriefingInput, BriefingView, PartView, Passed, ProgrammeInput, ProgrammePart,
    ProgrammePatch, QuizView, ReceiptView, RoundInput, ScenarioInput, ScenarioPatch, StaffNoticeInput,
    TraineeView, TrainingView,
};
pub use reports::{ReportQuery, TreeOf};
pub use retention::PurgeCount;
pub use review::{AnswerView, ApproveInput, EvaluationView, FileView, FollowUpView, ScoreView, TriggerView};
pub use set_aside::{
    DecidedView, OperationPage, OperationView, SetAsideChoice, SetAsideQuery, SetAsideView, SetAsideVisit,
};
pub use sync::CustodyReport;
pub use visits::{
    AcceptInput, AssignInput, AssignmentView, PlannedVisit, ReportDue, TermsView, VisitAssignmentView,
    VisitQuery, VisitView,
};

/// Records of the store that use cases return as they are.
pub mod record {
    pub use haamu_store::repo::agreements::{Acceptance, Agreement, AgreementHead};
    pub use haamu_store::repo::audit::{AuditFilter, AuditRow};
    pub use haamu_store::repo::briefings::Briefing;
    pub use haamu_store::repo::certifications::Certification;
    pub use haamu_store::repo::clients::{ClientOrganisation, Location};
    pub use haamu_store::repo::devices::Device;
    pub use haamu_store::repo::hierarchies::{HierarchyRecord, Unit};
    pub use haamu_store::repo::invitations::Invitation;
    pub use haamu_store::repo::job_invitations::Invited;
    pub use haamu_store::repo::jobs::{ClaimedJob, FailedJob};
    pub use haamu_store::repo::mails::Mail;
    pub use haamu_store::repo::panel::{Companion, ProfileRecord};
    pub use haamu_store::repo::passkeys::PasskeyRecord;
    pub use haamu_store::repo::past_visits::PastVisit;
    pub use haamu_store::repo::plans::VisitPlan;
    pub use haamu_store::repo::programmes::{Programme, Round};
    pub use haamu_store::repo::proposals::{Proposal, ProposalSummary, RefusedVisit};
    pub use haamu_store::repo::purge_log::Purge;
    pub use haamu_store::repo::registrations::Registration;
    pub use haamu_store::repo::retention::Hold;
    pub use haamu_store::repo::scenarios::ScenarioRecord;
    pub use haamu_store::repo::service_tokens::ServiceToken;
    pub use haamu_store::repo::sessions::Session;
    pub use haamu_store::repo::set_aside::{Decision, SetAside};
    pub use haamu_store::repo::staff_notices::StaffNotice;
    pub use haamu_store::repo::ties::Tie;
}
