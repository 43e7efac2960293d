//! Changing what a person is in an agency.

use haamu_domain::{AgencyId, ClientOrganisationId, Role, Timestamp, UserId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::entity::identity::{agency, membership};
use crate::{StoreError, Tx};

/// Locks an agency's row, so that its administrators change one after the other. Whoever refers to it meanwhile, as a
/// sign-in does, is not kept waiting.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn lock_agency(tx: &Tx, id: AgencyId) -> Result<(), StoreError> {
    let row = agency::Entity::find_by_id(id.uuid())
        .lock(LockType::NoKeyUpdate)
        .one(tx.connection())
        .await?;
    row.map(drop).ok_or(StoreError::Missing("agency"))
}

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
