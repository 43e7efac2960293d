//! The seven roles of the glossary.

use serde::{Deserialize, Serialize};

/// What a person is in one agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the installation for the agency: people and settings.
    Administrator,
    /// Plans method, scenario and checklist.
    ProgrammeDesigner,
    /// Opens assignments, picks shoppers, follows deadlines.
    Coordinator,
    /// Checks evaluations before release.
    Reviewer,
    /// Acts as a customer and evaluates.
    Shopper,
    /// Reads results of a client organisation and acts on them.
    ClientManager,
    /// Reads results of a client organisation.
    ClientViewer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Administrator,
        Self::ProgrammeDesigner,
        Self::Coordinator,
        Self::Reviewer,
        Self::Shopper,
        Self::ClientManager,
        Self::ClientViewer,
    ];

    /// The name in code, JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::ProgrammeDesigner => "programme_designer",
            Self::Coordinator => "coordinator",
            Self::Reviewer => "reviewer",
            Self::Shopper => "shopper",
            Self::ClientManager => "client_manager",
            Self::ClientViewer => "client_viewer",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether the person belongs to a client organisation and sees nothing beyond it.
    #[must_use]
    pub const fn is_client(self) -> bool {
        matches!(self, Self::ClientManager | Self::ClientViewer)
    }

    /// Whether the person works at the agency and sees all its clients.
    #[must_use]
    pub const fn is_agency_staff(self) -> bool {
        matches!(
            self,
            Self::Administrator | Self::ProgrammeDesigner | Self::Coordinator | Self::Reviewer
        )
    }
}
