//! Identifiers: one type for each kind of thing, a UUIDv7 inside.

use std::fmt;
use std::str::FromStr;

use haamu_sync::{AuthorId, DocumentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl $name {
                /// From a UUID that is known to name such a thing.
                #[must_use]
                pub const fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }

                /// The UUID.
                #[must_use]
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&self.0.hyphenated(), f)
                }
            }

            impl FromStr for $name {
                type Err = ParseIdError;

                fn from_str(text: &str) -> Result<Self, ParseIdError> {
                    Uuid::parse_str(text).map(Self).map_err(|_| ParseIdError)
                }
            }
        )*
    };
}

ids! {
    /// An agency: the tenant.
    AgencyId
    /// A person's account, which may belong to several agencies.
    UserId
    /// A company whose encounters are measured.
    ClientOrganisationId
    /// A place of business.
    LocationId
    /// One of several trees over the locations of a client organisation.
    HierarchyId
    /// A node of such a tree: a district, a brand, a franchisee.
    UnitId
    /// A checklist with all its versions.
    ChecklistId
    /// One version of a checklist.
    ChecklistVersionId
    /// A measuring programme.
    ProgrammeId
    /// What a shopper does and says.
    ScenarioId
    /// Instructions of a programme in one version.
    BriefingId
    /// The agreement of an agency with its shoppers, in one version and language.
    AgreementId
    /// Somebody who comes along to visits of a shopper.
    CompanionId
    /// A declared tie of a shopper to a client organisation.
    TieId
    /// One measuring period of a programme.
    RoundId
    /// A visit, planned or carried out.
    VisitId
    /// The offer of a visit to one shopper.
    AssignmentId
    /// A proposed plan of a round.
    ProposalId
    /// The evaluation that one assignment leads to; the document of the sync engine.
    SubmissionId
    /// A score record.
    ScoreId
    /// A background job.
    JobId
    /// An entry of the audit trail.
    AuditId
    /// A family of refresh tokens: one sign-in on one device.
    SessionId
    /// One refresh token.
    RefreshTokenId
    /// Operations that were set aside together, which somebody has to decide about.
    SetAsideId
    /// A record of a notice to staff.
    StaffNoticeId
    /// A mail to one person.
    MailId
    /// An invitation into an agency.
    InvitationId
    /// That somebody asked to become a shopper of an agency by themselves.
    RegistrationId
    /// A one-time secret, a challenge or a ceremony that somebody has to complete.
    PendingId
    /// A passkey of a person.
    PasskeyId
    /// A token of an integration.
    ServiceTokenId
    /// What a night deleted of one class of data.
    PurgeId
}

impl SubmissionId {
    /// The name by which the sync engine knows the submission.
    #[must_use]
    pub const fn document(self) -> DocumentId {
        DocumentId::from_bytes(*self.0.as_bytes())
    }

    /// The submission that the sync engine knows by this name.
    #[must_use]
    pub const fn from_document(document: DocumentId) -> Self {
        Self(Uuid::from_bytes(*document.as_bytes()))
    }
}

impl UserId {
    /// The name by which the sync engine knows the person.
    #[must_use]
    pub const fn author(self) -> AuthorId {
        AuthorId::from_bytes(*self.0.as_bytes())
    }

    /// The person whom the sync engine knows by this name.
    #[must_use]
    pub const fn from_author(author: AuthorId) -> Self {
        Self(Uuid::from_bytes(*author.as_bytes()))
    }
}
