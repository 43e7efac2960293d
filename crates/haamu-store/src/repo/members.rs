//! Changing what a person is in an agency.

use haamu_domain::{AgencyId, ClientOrganisationId, Role, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::entity::identity::membership;
use crate::{StoreError, Tx};

/// How many administrators an agency has who are let in.
///
/// # Errors
/// The database failed.
pub async fn count_administrators(tx: &Tx, id: AgencyId) -> Result<u64, StoreError> {
    let select = membership::Entity::find()
        .filter(membership::Column::AgencyId.eq(id.uuid()))
        .filter(membership::Column::Role.eq(Role::Administrator.as_str()))
        .filter(membership::Column::DisabledAt.is_null());
    Ok(select.count(tx.connection()).await?)
}

/// Makes a member something else.
///
/// # Errors
/// The database failed.
pub async fn set_role(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    role: Role,
    client: Option<ClientOrganisationId>,
) -> Result<(), StoreError> {
    let row = membership::ActiveModel {
        agency_id: Set(agency.uuid()),
        user_id: Set(user.uuid()),
        role: Set(role.as_str().to_owned()),
        client_organisation_id: Set(client.map(ClientOrganisationId::uuid)),
        ..Default::default()
    };
    membership::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Keeps a member out, or lets them in again.
///
/// # Errors
/// The database failed.
pub async fn set_disabled(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    disabled_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let row = membership::ActiveModel {
        agency_id: Set(agency.uuid()),
        user_id: Set(user.uuid()),
        disabled_at: Set(disabled_at.map(Timestamp::millis)),
        ..Default::default()
    };
    membership::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}
