//! Ties of shoppers to client organisations.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{AgencyId, ClientOrganisationId, LocationId, TieId, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::filling::tie;
use crate::{StoreError, Tx};

/// A declared tie of a shopper to a client organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Its id.
    pub id: TieId,
    /// Whose it is.
    pub user: UserId,
    /// To whom.
    pub client_organisation: ClientOrganisationId,
    /// To one location only.
    pub location: Option<LocationId>,
    /// What it is, in the words of whoever told of it.
    pub reason: String,
    /// Whoever of the agency learned of it; none where the shopper declared it.
    pub recorded_by: Option<UserId>,
}

/// Adds a tie.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Tie, now: Timestamp) -> Result<(), StoreError> {
    let row = tie::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        user_id: Set(new.user.uuid()),
        client_organisation_id: Set(new.client_organisation.uuid()),
        location_id: Set(new.location.map(LocationId::uuid)),
        reason: Set(new.reason.clone()),
        declared_at: Set(now.millis()),
        ended_at: Set(None),
        recorded_by: Set(new.recorded_by.map(UserId::uuid)),
    };
    tie::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The ties of a shopper that hold, by id.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, agency: AgencyId, user: UserId) -> Result<Vec<Tie>, StoreError> {
    let rows = tie::Entity::find()
        .filter(tie::Column::AgencyId.eq(agency.uuid()))
        .filter(tie::Column::UserId.eq(user.uuid()))
        .filter(tie::Column::EndedAt.is_null())
        .order_by_asc(tie::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// All ties to a client organisation that hold: those to all of it, and those to single locations.
///
/// # Errors
/// The database failed.
pub async fn list_to(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
) -> Result<BTreeMap<UserId, BTreeSet<Option<LocationId>>>, StoreError> {
    let rows = tie::Entity::find()
        .filter(tie::Column::AgencyId.eq(agency.uuid()))
        .filter(tie::Column::ClientOrganisationId.eq(client.uuid()))
        .filter(tie::Column::EndedAt.is_null())
        .all(tx.connection())
        .await?;
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows.into_iter().map(record) {
        found.entry(row.user).or_default().insert(row.location);
    }
    Ok(found)
}

/// A tie of a shopper that holds.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, user: UserId, id: TieId) -> Result<Option<Tie>, StoreError> {
    let row = tie::Entity::find_by_id(id.uuid())
        .filter(tie::Column::AgencyId.eq(agency.uuid()))
        .filter(tie::Column::UserId.eq(user.uuid()))
        .filter(tie::Column::EndedAt.is_null())
        .one(tx.connection())
        .await?;
    Ok(row.map(record))
}

/// Ends a tie.
///
/// # Errors
/// The database failed.
pub async fn end(tx: &Tx, id: TieId, now: Timestamp) -> Result<(), StoreError> {
    let row = tie::ActiveModel {
        id: Set(id.uuid()),
        ended_at: Set(Some(now.millis())),
        ..Default::default()
    };
    tie::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

fn record(row: tie::Model) -> Tie {
    Tie {
        id: TieId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        client_organisation: ClientOrganisationId::from_uuid(row.client_organisation_id),
        location: row.location_id.map(LocationId::from_uuid),
        reason: row.reason,
        recorded_by: row.recorded_by.map(UserId::from_uuid),
    }
}
