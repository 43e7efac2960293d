//! Client organisations and their locations.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ClientOrganisationId, LocationId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::identity::client_organisation;
use crate::entity::programmes::location;
use crate::{StoreError, Tx};

use super::{in_list, page};

/// A company whose encounters are measured.
#[derive(Clone, Debug)]
pub struct ClientOrganisation {
    /// Its id.
    pub id: ClientOrganisationId,
    /// Its name.
    pub name: String,
}

/// A place of business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Whose it is.
    pub client_organisation: ClientOrganisationId,
    /// The client's own key for it.
    pub external_id: String,
    /// The name over the door.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// ISO 3166 code.
    pub country: String,
    /// Degrees north.
    pub latitude: Option<String>,
    /// Degrees east.
    pub longitude: Option<String>,
    /// The name of its time zone.
    pub time_zone: String,
    /// How many people usually serve at a time.
    pub typical_staff_on_shift: Option<u32>,
}

/// Adds a client organisation.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the agency has one of this name.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    client: &ClientOrganisation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = client_organisation::ActiveModel {
        id: Set(client.id.uuid()),
        agency_id: Set(agency.uuid()),
        name: Set(client.name.clone()),
        created_at: Set(now.millis()),
    };
    client_organisation::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A client organisation of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(
    tx: &Tx,
    agency: AgencyId,
    id: ClientOrganisationId,
) -> Result<Option<ClientOrganisation>, StoreError> {
    let row = client_organisation::Entity::find_by_id(id.uuid())
        .filter(client_organisation::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(client))
}

/// Client organisations of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[ClientOrganisationId],
) -> Result<Vec<ClientOrganisation>, StoreError> {
    let rows = client_organisation::Entity::find()
        .filter(client_organisation::Column::AgencyId.eq(agency.uuid()))
        .filter(client_organisation::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(client).collect())
}

/// Client organisations of the agency after one, by id; only one, where the reader belongs to it.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    only: Option<ClientOrganisationId>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<ClientOrganisation>, bool), StoreError> {
    let mut select = client_organisation::Entity::find()
        .filter(client_organisation::Column::AgencyId.eq(agency.uuid()))
        .order_by_asc(client_organisation::Column::Id);
    if let Some(only) = only {
        select = select.filter(client_organisation::Column::Id.eq(only.uuid()));
    }
    if let Some(after) = after {
        select = select.filter(client_organisation::Column::Id.gt(after));
    }
    let (rows, has_more) = page(tx, select, limit).await?;
    Ok((rows.into_iter().map(client).collect(), has_more))
}

/// Adds a location.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the client organisation has one with this external id.
pub async fn insert_location(
    tx: &Tx,
    agency: AgencyId,
    new: &Location,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut row = location_row(new);
    row.agency_id = Set(agency.uuid());
    row.client_organisation_id = Set(new.client_organisation.uuid());
    row.created_at = Set(now.millis());
    location::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Overwrites what a location is like.
///
/// # Errors
/// The database failed.
pub async fn update_location(tx: &Tx, changed: &Location) -> Result<(), StoreError> {
    location::Entity::update(location_row(changed))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// A location of the agency.
///
/// # Errors
/// The database failed.
pub async fn find_location(
    tx: &Tx,
    agency: AgencyId,
    id: LocationId,
) -> Result<Option<Location>, StoreError> {
    let row = location::Entity::find_by_id(id.uuid())
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(place).transpose()
}

/// Locations of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_locations_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[LocationId],
) -> Result<Vec<Location>, StoreError> {
    let rows = location::Entity::find()
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    rows.into_iter().map(place).collect()
}

/// The names of locations, by id.
///
/// # Errors
/// The database failed.
pub async fn list_location_names(
    tx: &Tx,
    agency: AgencyId,
    ids: Vec<LocationId>,
) -> Result<BTreeMap<LocationId, String>, StoreError> {
    let rows = location::Entity::find()
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::Id.is_in(ids.into_iter().map(LocationId::uuid)))
        .all(tx.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (LocationId::from_uuid(row.id), row.name))
        .collect())
}

/// The location of a client organisation with this external id.
///
/// # Errors
/// The database failed.
pub async fn find_location_by_external_id(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    external_id: &str,
) -> Result<Option<Location>, StoreError> {
    let row = location::Entity::find()
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::ClientOrganisationId.eq(client.uuid()))
        .filter(location::Column::ExternalId.eq(external_id))
        .one(tx.connection())
        .await?;
    row.map(place).transpose()
}

/// Locations of a client organisation after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list_locations(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Location>, bool), StoreError> {
    let mut select = location::Entity::find()
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::ClientOrganisationId.eq(client.uuid()))
        .order_by_asc(location::Column::Id);
    if let Some(after) = after {
        select = select.filter(location::Column::Id.gt(after));
    }
    let (rows, has_more) = page(tx, select, limit).await?;
    let places: Result<Vec<_>, _> = rows.into_iter().map(place).collect();
    Ok((places?, has_more))
}

fn client(row: client_organisation::Model) -> ClientOrganisation {
    ClientOrganisation {
        id: ClientOrganisationId::from_uuid(row.id),
        name: row.name,
    }
}

/// All columns but those that never change.
fn location_row(of: &Location) -> location::ActiveModel {
    location::ActiveModel {
        id: Set(of.id.uuid()),
        external_id: Set(of.external_id.clone()),
        name: Set(of.name.clone()),
        address: Set(of.address.clone()),
        postal_code: Set(of.postal_code.clone()),
        city: Set(of.city.clone()),
        country: Set(of.country.clone()),
        latitude: Set(of.latitude.clone()),
        longitude: Set(of.longitude.clone()),
        time_zone: Set(of.time_zone.clone()),
        typical_staff_on_shift: Set(of.typical_staff_on_shift.map(u32::cast_signed)),
        ..Default::default()
    }
}

fn place(row: location::Model) -> Result<Location, StoreError> {
    let staff = row.typical_staff_on_shift.map(u32::try_from).transpose();
    Ok(Location {
        id: LocationId::from_uuid(row.id),
        client_organisation: ClientOrganisationId::from_uuid(row.client_organisation_id),
        external_id: row.external_id,
        name: row.name,
        address: row.address,
        postal_code: row.postal_code,
        city: row.city,
        country: row.country,
        latitude: row.latitude,
        longitude: row.longitude,
        time_zone: row.time_zone,
        typical_staff_on_shift: staff.map_err(|_| StoreError::Corrupt("location"))?,
    })
}
