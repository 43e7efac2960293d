//! The members of an agency, and changing what one is.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ClientOrganisationId, Role, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::identity::{membership, user_account};
use crate::{StoreError, Tx};

use super::identity::{Membership, User, member, user};
use super::page_after;

/// The people of an agency, or those with one role, after a person, by id.
///
/// # Errors
/// The database failed.
pub async fn list_members(
    tx: &Tx,
    agency: AgencyId,
    role: Option<Role>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<(User, Membership)>, bool), StoreError> {
    let mut select = membership::Entity::find().filter(membership::Column::AgencyId.eq(agency.uuid()));
    if let Some(role) = role {
        select = select.filter(membership::Column::Role.eq(role.as_str()));
    }
    let (rows, has_more) = page_after(tx, select, membership::Column::UserId, after, limit).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
    let users = user_account::Entity::find()
        .filter(user_account::Column::Id.is_in(ids))
        .all(tx.connection())
        .await?;
    let mut users: BTreeMap<Uuid, _> = users.into_iter().map(|account| (account.id, account)).collect();
    let mut members = Vec::with_capacity(rows.len());
    for row in &rows {
        let account = users.remove(&row.user_id).ok_or(StoreError::Missing("user"))?;
        members.push((user(account), member(row)?));
    }
    Ok((members, has_more))
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
