//! Who acts.

use haamu_sync::DeviceId;

use crate::{AgencyId, ClientOrganisationId, Role, ServiceTokenId, UserId, VerbSet};

/// A signed-in person, or an integration, in one agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who; for an integration, the account that stands for its token.
    pub user: UserId,
    /// In which agency.
    pub agency: AgencyId,
    /// As what.
    pub role: Role,
    /// The client organisation that a client's person belongs to.
    pub client_organisation: Option<ClientOrganisationId>,
    /// The device that the token is bound to.
    pub device: Option<DeviceId>,
    /// The token of an integration; none for a person.
    pub token: Option<ServiceTokenId>,
    /// All that may be done, where that is less than what the role may do.
    pub only: Option<VerbSet>,
}

impl Actor {
    /// A person, as a member of an agency.
    #[must_use]
    pub const fn person(
        user: UserId,
        agency: AgencyId,
        role: Role,
        client_organisation: Option<ClientOrganisationId>,
    ) -> Self {
        Self {
            user,
            agency,
            role,
            client_organisation,
            device: None,
            token: None,
            only: None,
        }
    }
}
