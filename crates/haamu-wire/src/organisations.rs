//! Client organisations and their locations.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A client organisation to be added.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientOrganisationIn {
    /// Its name, unique in the agency.
    pub name: String,
}

/// A company whose encounters are measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientOrganisationOut {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A page of client organisations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientOrganisationsOut {
    /// The organisations, by id.
    pub items: Vec<ClientOrganisationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A place of business.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocationOut {
    /// Its id.
    pub id: Uuid,
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
    /// ISO 3166 code of the country.
    pub country: String,
    /// Degrees north, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    /// Degrees east, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
    /// The name of its time zone.
    pub time_zone: String,
    /// How many people usually serve customers at a time, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_staff_on_shift: Option<u32>,
}

/// A page of locations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocationsOut {
    /// The locations, by id.
    pub items: Vec<LocationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What an import did, or would do in a dry run. With errors, nothing was changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportOut {
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// Rows that became new locations.
    pub created: u32,
    /// Rows that changed a location with the same `external_id`.
    pub updated: u32,
    /// Rows that were as they are already.
    pub unchanged: u32,
    /// What is wrong, row by row.
    pub errors: Vec<RowErrorOut>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowErrorOut {
    /// The line of the file, the heading being 1.
    pub row: u64,
    /// The column.
    pub column: String,
    /// A stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}
