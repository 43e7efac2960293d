//! Who may do what: one table, from which the guard of a route, the API
//! document and the authorisation test all read.

use haamu_sync::Disposition;

use crate::{Actor, AgencyId, ClientOrganisationId, Role, UserId};

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($role:ident)|+;)*) => {
        /// Something that a person may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $($(#[$doc])* $name,)*
        }

        impl Verb {
            /// All verbs.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the API document and in the audit trail.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The roles that may do it, on what lies within their reach.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role),+],)*
                }
            }
        }
    };
}

verbs! {
    /// Read who one is.
    ReadMe = "me.read":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | Shopper | ClientManager | ClientViewer;
    /// Add a person to the agency.
    CreateUser = "user.create": Administrator | Coordinator;
    /// List the agency's people.
    ListUsers = "user.list": Administrator | Coordinator;
    /// End the sessions of a person, and see them.
    EndSessions = "user.end_sessions": Administrator;
    /// Keep a person out, and let them in again.
    DisableUser = "user.disable": Administrator;
    /// Make a person something else.
    ChangeRole = "user.change_role": Administrator;
    /// Take the second factors from a person who has lost them.
    ResetSecondFactors = "user.reset_second_factors": Administrator;
    /// Read a person's devices.
    ListDevices = "device.list": Administrator | Coordinator;
    /// Invite people, and take invitations back.
    Invite = "invitation.manage": Administrator | Coordinator;
    /// Change one's own name, password and e-mail address.
    ManageAccount = "account.manage":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | Shopper | ClientManager | ClientViewer;
    /// Read and end one's own sessions.
    ManageSessions = "session.manage":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | Shopper | ClientManager | ClientViewer;
    /// Set up and take away one's own second factors.
    ManageSecondFactors = "second_factor.manage":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | Shopper | ClientManager | ClientViewer;
    /// Say which roles need a second factor, and who vouches for members.
    ManageSecurity = "agency.manage_security": Administrator;
    /// Make and revoke tokens of integrations.
    ManageServiceTokens = "service_token.manage": Administrator;
    /// Read the audit trail.
    ReadAudit = "audit.read": Administrator;
    /// Read which mails were sent.
    ReadMails = "mail.read": Administrator;
    /// See background jobs that were given up, and let them be tried anew.
    ManageFailedJobs = "failed_job.manage": Administrator;
    /// Say how long data is kept, and read what was deleted.
    ManageRetention = "agency.manage_retention": Administrator;
    /// Keep anything of a visit from being deleted.
    HoldVisit = "visit.hold": Administrator;
    /// Add a client organisation.
    CreateClientOrganisation = "client_organisation.create": Administrator | Coordinator;
    /// Rename a client organisation.
    UpdateClientOrganisation = "client_organisation.update": Administrator | Coordinator;
    /// Read client organisations.
    ReadClientOrganisations = "client_organisation.read":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | ClientManager | ClientViewer;
    /// Import locations.
    ImportLocations = "location.import": Administrator | Coordinator;
    /// Read locations.
    ReadLocations = "location.read":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | ClientManager | ClientViewer;
    /// Change what is known of a location.
    UpdateLocation = "location.update": Administrator | Coordinator;
    /// Make trees over the locations of a client organisation.
    ManageHierarchies = "hierarchy.manage": Administrator | Coordinator;
    /// Read trees over the locations of a client organisation.
    ReadHierarchies = "hierarchy.read":
        Administrator | ProgrammeDesigner | Coordinator | Reviewer | ClientManager | ClientViewer;
    /// Make a client's person responsible for units.
    AssignUnits = "member.assign_units": Administrator | Coordinator;
    /// Add a checklist version.
    CreateChecklist = "checklist.create": Administrator | ProgrammeDesigner | Coordinator;
    /// Publish or withdraw a checklist version.
    PublishChecklist = "checklist.publish": Administrator | ProgrammeDesigner | Coordinator;
    /// Read checklists.
    ReadChecklists = "checklist.read": Administrator | ProgrammeDesigner | Coordinator | Reviewer;
    /// Add a programme.
    CreateProgramme = "programme.create": Administrator | ProgrammeDesigner | Coordinator;
    /// Change the name of a programme, and its terms as long as it is a draft.
    UpdateProgramme = "programme.update": Administrator | ProgrammeDesigner | Coordinator;
    /// Write the journey, standards, method, rules, fees, scenarios, briefings and quiz of a programme.
    DesignProgramme = "programme.design": Administrator | ProgrammeDesigner | Coordinator;
    /// Read the briefings of a programme: for shoppers, of one that they have to do with.
    ReadBriefings = "briefing.read": Administrator | ProgrammeDesigner | Coordinator | Reviewer | Shopper;
    /// Let shoppers read the briefings and take the quiz of a programme before they have to do with it, and give them
    /// tries back.
    OpenTraining = "training.open": Administrator | Coordinator;
    /// Confirm that one has read a briefing.
    ConfirmBriefing = "briefing.confirm": Shopper;
    /// Take the quiz of a programme.
    TakeQuiz = "certification.take": Shopper;
    /// End a programme.
    CloseProgramme = "programme.close": Administrator | Coordinator;
    /// Record that staff were informed, and withdraw what was recorded by mistake.
    RecordStaffNotice = "programme.record_staff_notice": Administrator | Coordinator;
    /// Make a programme active.
    ActivateProgramme = "programme.activate": Administrator | Coordinator;
    /// Read programmes and rounds.
    ReadProgrammes = "programme.read": Administrator | ProgrammeDesigner | Coordinator | Reviewer;
    /// Open a round.
    CreateRound = "round.create": Administrator | ProgrammeDesigner | Coordinator;
    /// Change the name, the dates and the quotas of a round.
    UpdateRound = "round.update": Administrator | ProgrammeDesigner | Coordinator;
    /// Call a round off.
    CancelRound = "round.cancel": Administrator | Coordinator;
    /// Plan visits.
    CreateVisits = "visit.create": Administrator | Coordinator;
    /// Offer a visit to a shopper.
    AssignVisit = "visit.assign": Administrator | Coordinator;
    /// Have a plan proposed for a round, and read it.
    ProposePlan = "plan.propose": Administrator | Coordinator;
    /// Have the visits of a proposed plan offered.
    ApplyPlan = "plan.apply": Administrator | Coordinator;
    /// Ask why somebody may not make a visit; a shopper asks about themselves.
    AskEligibility = "eligibility.ask": Administrator | Coordinator | Shopper;
    /// Look for visits on the job board.
    FindJobs = "job.find": Shopper;
    /// Ask for a visit on the job board, or take it.
    ApplyForJob = "job.apply": Shopper;
    /// Read who asked for visits, and on what terms they were offered and given up.
    ReadApplications = "application.read": Administrator | Coordinator;
    /// Ask shoppers whether they want a visit.
    InviteShoppers = "job.invite": Administrator | Coordinator;
    /// Decline, give back or move one's own visits, or report why one cannot be made.
    ChangeOwnAssignment = "assignment.change_own": Shopper;
    /// Read and write one's own profile, companions and ties, and accept the shopper agreement.
    ManageOwnProfile = "profile.own": Shopper;
    /// Read the shopper agreement in force.
    ReadAgreement = "agreement.read": Administrator | Coordinator | Shopper;
    /// Read and write the profiles of the shopper panel, its ties and the shopper agreement, and read its companions.
    ManagePanel = "panel.manage": Administrator | Coordinator;
    /// Open and close the registration of shoppers, and set its conditions.
    ManageRegistration = "registration.manage": Administrator;
    /// Read who asked to become a shopper, and decide about them.
    DecideRegistrations = "registration.decide": Administrator | Coordinator;
    /// Import people of the shopper panel.
    ImportShoppers = "shopper.import": Administrator | Coordinator;
    /// Import visits from before Haamu, read and remove them.
    ImportPastVisits = "past_visit.import": Administrator | Coordinator;
    /// Read visits.
    ReadVisits = "visit.read": Administrator | ProgrammeDesigner | Coordinator | Reviewer;
    /// Accept one's own assignment.
    AcceptAssignment = "assignment.accept": Shopper;
    /// Enrol a device of one's own.
    EnrolDevice = "device.enrol": Shopper;
    /// Read one's own devices.
    ReadDevices = "device.read": Shopper;
    /// Shut a device out: one's own, or anybody's.
    RevokeDevice = "device.revoke": Administrator | Coordinator | Shopper;
    /// Exchange work with a device of one's own.
    Sync = "submission.sync": Shopper;
    /// Send a file of one's own submission.
    UploadBlob = "blob.upload": Shopper;
    /// Read the receipt of a file.
    ReadReceipt = "blob.read_receipt": Administrator | Coordinator | Reviewer | Shopper;
    /// Read evaluations with everything that belongs to review.
    ReadEvaluation = "evaluation.read": Administrator | Coordinator | Reviewer;
    /// Confirm a critical answer.
    ConfirmCritical = "evaluation.confirm_critical": Reviewer;
    /// Approve an evaluation.
    ApproveEvaluation = "evaluation.approve": Reviewer;
    /// Send an evaluation back to its shopper.
    ReturnEvaluation = "evaluation.return": Reviewer;
    /// Make an evaluation visible to the client.
    ReleaseEvaluation = "evaluation.release": Reviewer;
    /// Read work that was set aside, as far as [`deals_with`] allows.
    ReadSetAside = "set_aside.read": Administrator | Coordinator | Reviewer;
    /// Take over work that was set aside, as far as [`deals_with`] allows.
    AdoptSetAside = "set_aside.adopt": Administrator | Coordinator | Reviewer;
    /// Decide that work that was set aside is of no use, as far as [`deals_with`] allows.
    DiscardSetAside = "set_aside.discard": Administrator | Coordinator | Reviewer;
    /// Read released visit reports.
    ReadReport = "visit_report.read": Administrator | Coordinator | Reviewer | ClientManager | ClientViewer;
}

impl Verb {
    /// The verb of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verb| verb.as_str() == name)
    }
}

/// Whether a role has to do with work that was put there: reviewers with what came late, coordinators
/// and administrators with all that was set aside.
#[must_use]
pub const fn deals_with(role: Role, disposition: Disposition) -> bool {
    match disposition {
        Disposition::Applied | Disposition::Duplicate => false,
        Disposition::Late => matches!(role, Role::Administrator | Role::Coordinator | Role::Reviewer),
        Disposition::Orphaned | Disposition::UnknownForm | Disposition::Unparseable => {
            matches!(role, Role::Administrator | Role::Coordinator)
        }
    }
}

/// What an action is on, as far as the decision needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The agency that it belongs to.
    pub agency: AgencyId,
    /// The client organisation that it belongs to, if it belongs to one.
    pub client_organisation: Option<ClientOrganisationId>,
    /// The person whose own it is, where only that person may act on it.
    pub owner: Option<UserId>,
}

impl Target {
    /// Something of the actor's agency that belongs to no client and no person.
    #[must_use]
    pub const fn agency(agency: AgencyId) -> Self {
        Self {
            agency,
            client_organisation: None,
            owner: None,
        }
    }

    /// Something that belongs to a client organisation.
    #[must_use]
    pub const fn of_client(agency: AgencyId, client_organisation: ClientOrganisationId) -> Self {
        Self {
            agency,
            client_organisation: Some(client_organisation),
            owner: None,
        }
    }

    /// Something that is one person's own.
    #[must_use]
    pub const fn owned(agency: AgencyId, owner: UserId) -> Self {
        Self {
            agency,
            client_organisation: None,
            owner: Some(owner),
        }
    }
}

/// Whether an action is allowed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is.
    Allowed,
    /// The role may not do this to anything.
    RoleForbids,
    /// The role may, but not this session or token.
    Limited,
    /// The actor must not even know that the target exists.
    OutOfScope,
}

/// Decides whether `actor` may do `verb` to anything at all.
pub fn permits(actor: &Actor, verb: Verb) -> Decision {
    if !verb.roles().contains(&actor.role) {
        Decision::RoleForbids
    } else if actor.only.is_some_and(|only| !only.contains(verb)) {
        Decision::Limited
    } else {
        Decision::Allowed
    }
}

/// Decides whether `actor` may do `verb` to `target`.
pub fn decide(actor: &Actor, verb: Verb, target: &Target) -> Decision {
    let is_out_of_reach = actor.agency != target.agency
        || (actor.role.is_client()
            && target.client_organisation.is_some()
            && actor.client_organisation != target.client_organisation)
        || target
            .owner
            .is_some_and(|owner| owner != actor.user && actor.role == Role::Shopper);
    let permitted = permits(actor, verb);
    if permitted != Decision::Allowed {
        permitted
    } else if is_out_of_reach {
        Decision::OutOfScope
    } else {
        Decision::Allowed
    }
}

#[cfg(test)]
mod tests;
