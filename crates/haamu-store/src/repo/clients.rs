//! Client organisations and their locations.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::attribute::Attributes;
use haamu_domain::opening::OpeningHours;
use haamu_domain::{AgencyId, ClientOrganisationId, LocalDate, LocationId, OperatorKind, Timestamp};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::identity::client_organisation;
use crate::entity::programmes::location;
use crate::{StoreError, Tx};

use super::programmes::date;
use super::{in_list, page_after};

/// A company whose encounters are measured.
#[derive(Clone, Debug)]
pub struct ClientOrganisation {
    /// Its id.
    pub id: ClientOrganisationId,
    /// Its name.
    pub name: String,
    /// Counts changes.
    pub row_version: i64,
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
    /// Who runs it.
    pub operator_kind: OperatorKind,
    /// When it is open.
    pub opening_hours: OpeningHours,
    /// What else conditions of checklists and filters may ask of it, by names of the client.
    pub attributes: Attributes,
    /// The first day on which it is not there any more.
    pub closed_on: Option<LocalDate>,
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
        row_version: Set(client.row_version),
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

/// Renames a client organisation that was locked in this transaction, and counts the change.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the agency has another one of this name.
pub async fn rename(tx: &Tx, changed: &ClientOrganisation) -> Result<(), StoreError> {
    let row = client_organisation::ActiveModel {
        id: Set(changed.id.uuid()),
        name: Set(changed.name.clone()),
        row_version: Set(changed.row_version + 1),
        ..Default::default()
    };
    client_organisation::Entity::update(row)
        .exec(tx.connection())
        .await?;
    Ok(())
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
    let mut select =
        client_organisation::Entity::find().filter(client_organisation::Column::AgencyId.eq(agency.uuid()));
    if let Some(only) = only {
        select = select.filter(client_organisation::Column::Id.eq(only.uuid()));
    }
    let (rows, has_more) = page_after(tx, select, client_organisation::Column::Id, after, limit).await?;
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

/// The attributes of the agency's locations that have any.
///
/// # Errors
/// The database failed.
pub async fn list_attributes(tx: &Tx, agency: AgencyId) -> Result<Vec<Attributes>, StoreError> {
    let rows: Vec<Option<String>> = location::Entity::find()
        .select_only()
        .column(location::Column::Attributes)
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::Attributes.is_not_null())
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.iter().map(|row| from_json(row.as_deref())).collect()
}

/// Locations of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_locations_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[LocationId],
) -> Result<BTreeMap<LocationId, Location>, StoreError> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(super::MAX_IDS) {
        let rows = location::Entity::find()
            .filter(location::Column::AgencyId.eq(agency.uuid()))
            .filter(location::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
            .all(tx.connection())
            .await?;
        for row in rows {
            let place = place(row)?;
            found.insert(place.id, place);
        }
    }
    Ok(found)
}

/// A client organisation, locked: its name and what is known of its locations are changed by one at a time. Visits of
/// these locations may be added meanwhile.
///
/// # Errors
/// The database failed.
pub async fn lock(
    tx: &Tx,
    agency: AgencyId,
    id: ClientOrganisationId,
) -> Result<Option<ClientOrganisation>, StoreError> {
    let row = client_organisation::Entity::find_by_id(id.uuid())
        .filter(client_organisation::Column::AgencyId.eq(agency.uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx.connection())
        .await?;
    Ok(row.map(client))
}

/// Locks a location: its visits are given out one after the other.
///
/// # Errors
/// The database failed.
pub async fn lock_location(tx: &Tx, agency: AgencyId, id: LocationId) -> Result<(), StoreError> {
    location::Entity::find_by_id(id.uuid())
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
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

/// Locations of a client organisation after one, by id; only some of them, where the reader sees no others.
///
/// # Errors
/// The database failed.
pub async fn list_locations(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    only: Option<&BTreeSet<LocationId>>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Location>, bool), StoreError> {
    let mut select = location::Entity::find()
        .filter(location::Column::AgencyId.eq(agency.uuid()))
        .filter(location::Column::ClientOrganisationId.eq(client.uuid()));
    if let Some(only) = only {
        select = select.filter(location::Column::Id.is_in(only.iter().map(|id| id.uuid())));
    }
    let (rows, has_more) = page_after(tx, select, location::Column::Id, after, limit).await?;
    let places: Result<Vec<_>, _> = rows.into_iter().map(place).collect();
    Ok((places?, has_more))
}

/// How many of these are locations of the client organisation.
///
/// # Errors
/// The database failed.
pub async fn count_locations(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    ids: &[LocationId],
) -> Result<usize, StoreError> {
    let mut count = 0;
    for chunk in ids.chunks(500) {
        count += location::Entity::find()
            .filter(location::Column::AgencyId.eq(agency.uuid()))
            .filter(location::Column::ClientOrganisationId.eq(client.uuid()))
            .filter(location::Column::Id.is_in(chunk.iter().map(|id| id.uuid())))
            .count(tx.connection())
            .await?;
    }
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn client(row: client_organisation::Model) -> ClientOrganisation {
    ClientOrganisation {
        id: ClientOrganisationId::from_uuid(row.id),
        name: row.name,
        row_version: row.row_version,
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
        operator_kind: Set(of.operator_kind.as_str().to_owned()),
        opening_hours: Set(of.opening_hours.is_known().then(|| json(&of.opening_hours))),
        attributes: Set((!of.attributes.is_empty()).then(|| json(&of.attributes))),
        closed_on: Set(of.closed_on.map(|date| date.to_string())),
        ..Default::default()
    }
}

pub(super) fn json(of: &impl serde::Serialize) -> String {
    serde_json::to_string(of).expect("these have texts for keys and hold nothing that JSON cannot")
}

pub(super) fn from_json<T: serde::de::DeserializeOwned + Default>(
    text: Option<&str>,
) -> Result<T, StoreError> {
    let read = text.map(serde_json::from_str).transpose();
    Ok(read
        .map_err(|_| StoreError::Corrupt("location"))?
        .unwrap_or_default())
}

pub(super) fn place(row: location::Model) -> Result<Location, StoreError> {
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
        operator_kind: OperatorKind::from_name(&row.operator_kind).ok_or(StoreError::Corrupt("location"))?,
        opening_hours: from_json(row.opening_hours.as_deref())?,
        attributes: from_json(row.attributes.as_deref())?,
        closed_on: row.closed_on.as_deref().map(date).transpose()?,
    })
}
